"""Worked examples of each strategy; what all strategies share is in the contract suite."""

import numpy as np
import pytest
from pydantic import ValidationError

from engine.errors import EngineError, InvalidParameters
from engine.panel import NEVER
from engine.ranking import quantise
from engine.strategies import STRATEGIES, catalogue
from engine.strategies.base import Strategy, register
from engine.strategies.dual_momentum import DualMomentum, DualMomentumParameters
from engine.strategies.equal_weight import EqualWeight, EqualWeightParameters
from engine.strategies.hrp import Hrp, HrpParameters
from engine.strategies.inverse_vol import InverseVol, InverseVolParameters
from engine.strategies.momentum import Momentum, MomentumParameters
from models.backtest import Allocator
from tests.engine.panels import make_closes, make_panel

NAN = np.nan


def window_of(close, **changes):
    close = np.asarray(close, np.float64)
    return make_panel(close, **changes).window(len(close) - 1, len(close), NEVER - 1)


def rising(*returns, sessions=64):
    """Return straight lines from 100 that end with `returns`."""
    path = np.linspace(0.0, 1.0, sessions)[:, None]
    return 100.0 * (1.0 + path * np.array(returns))


def momentum(close, state=None, **parameters):
    parameters = {"lookback": 63, "skip": 0, **parameters}
    return Momentum(MomentumParameters(**parameters)).decide(window_of(close), state)


def dual(close, rf=None, **parameters):
    window = window_of(close, rf=np.zeros(len(close)) if rf is None else rf)
    strategy = DualMomentum(DualMomentumParameters(lookback=63, **parameters))
    return strategy.decide(window, None)[0]


def test_momentum_holds_the_best_at_equal_weight():
    decision, _ = momentum(rising(0.1, 0.3, -0.2, 0.2), top_n=2)

    assert decision.weights.tolist() == [0.0, 0.5, 0.0, 0.5]
    assert decision.reasons == {}


def test_momentum_gives_tied_places_to_the_lower_id():
    decision, _ = momentum(rising(0.21, 0.21), top_n=1)

    assert decision.weights.tolist() == [1.0, 0.0]


def test_places_nobody_fills_stay_in_cash_or_are_spread():
    close = rising(0.1, 0.3)

    assert momentum(close, top_n=4)[0].weights.tolist() == [0.25, 0.25]
    assert momentum(close, top_n=4, fill="spread")[0].weights.tolist() == [0.5, 0.5]


def test_scores_at_or_below_the_lowest_are_turned_away():
    decision, _ = momentum(rising(0.1, 0.3, -0.2), top_n=3, min_score=0.1, fill="spread")

    assert decision.weights.tolist() == [0.0, 1.0, 0.0]
    assert decision.reasons == {"below_min_score": 2}


def test_nobody_above_the_lowest_score_is_all_cash():
    decision, state = momentum(rising(-0.1, -0.3), min_score=0.0, fill="spread")

    assert decision.weights.tolist() == [0.0, 0.0]
    assert state == ()


def test_a_fraction_replaces_the_number_and_rounds_down_to_at_least_one():
    close = rising(0.1, 0.2, 0.3, 0.4, 0.5)

    two, _ = momentum(close, top_fraction=0.5)
    one, _ = momentum(close, top_fraction=0.1)

    assert two.weights.tolist() == [0.0, 0.0, 0.0, 0.5, 0.5]
    assert one.weights.tolist() == [0.0, 0.0, 0.0, 0.0, 1.0]


def test_a_fraction_that_binary_cannot_hold_loses_no_place():
    decision, _ = momentum(rising(*np.linspace(0.01, 1.0, 100)), top_fraction=0.29)

    assert np.count_nonzero(decision.weights) == 29


def test_a_held_name_stays_while_its_rank_is_within_the_buffer():
    close = rising(0.1, 0.2, 0.3, 0.4)

    kept, state = momentum(close, state=(2,), top_n=1, buffer=2)
    dropped, _ = momentum(close, state=(1,), top_n=1, buffer=2)

    assert kept.weights.tolist() == [0.0, 1.0, 0.0, 0.0]
    assert state == (2,)
    assert dropped.weights.tolist() == [0.0, 0.0, 0.0, 1.0]


def test_the_skipped_sessions_do_not_count():
    close = rising(0.1, 0.2)
    close[-1] = [500.0, 1.0]

    decision, _ = momentum(close, skip=1, top_n=1)

    assert decision.weights.tolist() == [0.0, 1.0]


def test_an_end_point_too_far_from_its_row_is_turned_away():
    close = rising(0.1, 0.2)
    close[:4, 1] = NAN

    decision, _ = momentum(close, top_n=1)

    assert decision.weights.tolist() == [1.0, 0.0]
    assert decision.reasons == {"no_end_point": 1}


def test_momentum_weights_by_score():
    decision, _ = momentum(rising(0.1, 0.3), top_n=2, weighting="score")

    np.testing.assert_allclose(decision.weights, [0.25, 0.75], rtol=1e-9)


@pytest.mark.parametrize("weighting", ["inverse_vol", "hrp", "risk_budgeting"])
def test_what_stands_still_takes_no_place_where_places_are_weighed_by_risk(weighting):
    """0.4 rule 1: zero variance is judged before scores are, so the next best name moves up."""
    close = make_closes(sessions=300, assets=4)
    close[:, 0] = 1_000.0
    close[:, 1:] *= np.linspace(1.0, 0.5, 300)[:, None]  # all others fell

    by_risk, _ = momentum(close, top_n=2, weighting=weighting)
    alike, _ = momentum(close, top_n=2)

    assert by_risk.weights[0] == 0.0
    assert np.count_nonzero(by_risk.weights) == 2
    assert by_risk.reasons == {"zero_variance": 1}
    assert alike.weights[0] == 0.5  # alike needs no risk


def test_skip_must_be_below_lookback():
    with pytest.raises(ValidationError, match="skip was 63; it must be below lookback, which was"):
        MomentumParameters(lookback=63, skip=63)


GOLDEN = {"returns": (0.12, 0.03, 0.01), "rf": np.append(np.zeros(63), 0.04), "top_n": 2}


@pytest.mark.parametrize(
    ("cash_floor", "weights"), [(True, [0.5, 0.0, 0.0]), (False, [0.5, 0.0, 0.5])]
)
def test_dual_momentum_golden(cash_floor, weights):
    """2.2: A +12 %, B +3 %, hurdle 4 %, defensive D +1 %: B fails, D earns its place only when
    nothing is asked of it."""
    decision = dual(
        rising(*GOLDEN["returns"]),
        rf=GOLDEN["rf"],
        top_n=2,
        defensive=("S002",),
        cash_floor=cash_floor,
    )

    assert decision.weights.tolist() == weights
    assert decision.reasons == {"below_hurdle": 1}


def test_the_hurdle_compounds_the_rate_over_the_window_of_the_score():
    """1.02 squared less 1 is 4.04 %; the rate of the skipped session does not count."""
    rf = np.zeros(64)
    rf[[30, 40]] = 0.02
    rf[[0, -1]] = 0.5

    below, above = (dual(rising(top), rf=rf, skip=1) for top in (0.0408, 0.0412))

    # Over 62 of 63 sessions the lines have made 4.015 % and 4.055 %.
    assert below.weights.tolist() == [0.0]
    assert above.weights.tolist() == [1.0]


def test_a_return_that_is_the_hurdle_but_for_rounding_does_not_exceed_it():
    """A fund that pays the rate, whose return rounds to a hair above the compounded one."""
    rate = np.full(64, 2e-5)
    fund = 100.0 * 1.00002 ** np.arange(64)[:, None]

    assert quantise(fund[-1] / fund[0] - 1.0)[0] > np.prod(1.0 + rate[1:]) - 1.0
    assert dual(fund, rf=rate).weights.tolist() == [0.0]
    assert dual(fund * 1.0001 ** np.arange(64)[:, None], rf=rate).weights.tolist() == [1.0]


def test_places_without_a_candidate_are_cash_or_are_spread():
    """0.4 rule 4 holds for every strategy of so many names."""
    close = rising(0.1, 0.2)

    assert dual(close, top_n=5).weights.tolist() == [0.2, 0.2]
    assert dual(close, top_n=5, fill="spread").weights.tolist() == [0.5, 0.5]
    failed = dual(rising(0.1, -0.2, 0.05), top_n=5, fill="spread", defensive=("S002",))
    assert failed.weights.tolist() == [0.5, 0.0, 0.5]
    assert dual(close * np.nan, top_n=5, fill="spread").weights.tolist() == [0.0, 0.0]


def test_a_zero_hurdle_asks_no_rate():
    decision = dual(rising(0.03), rf=np.full(64, NAN), hurdle="zero")

    assert decision.weights.tolist() == [1.0]
    assert decision.reasons == {}


def test_an_unknown_rate_counts_as_zero_and_is_flagged():
    decision = dual(rising(0.03), rf=np.full(64, NAN))

    assert decision.weights.tolist() == [1.0]
    assert decision.reasons == {"rf_missing": 1}


def test_the_defensive_asset_above_the_hurdle_takes_every_place_that_failed():
    close = rising(0.01, 0.02, 0.05, 0.06)

    decision = dual(close, rf=GOLDEN["rf"], top_n=2, defensive=("S002", "S003"))

    assert decision.weights.tolist() == [0.0, 0.0, 0.0, 1.0]


def test_without_a_defensive_asset_a_failed_place_is_cash():
    assert dual(rising(-0.1, -0.2), top_n=2).weights.tolist() == [0.0, 0.0]


def test_a_risky_asset_with_a_short_history_is_ineligible_not_negative():
    close = rising(0.1, 0.2, 0.05)
    close[:30, :2] = NAN

    decision = dual(close, top_n=1, defensive=("S002",))

    assert decision.weights.tolist() == [0.0, 0.0, 0.0]
    assert decision.reasons == {"short_history": 2}


def test_risky_names_the_only_assets_chosen_from():
    decision = dual(rising(0.1, 0.3, 0.2), risky=("S000", "S002"))

    assert decision.weights.tolist() == [0.0, 0.0, 1.0]


def test_a_symbol_that_is_not_in_the_run_is_named():
    with pytest.raises(InvalidParameters, match="defensive named BIL, which is not an asset"):
        dual(rising(0.1), defensive=("BIL",))


def test_an_asset_is_risky_or_defensive_but_not_both():
    with pytest.raises(ValidationError, match="defensive also named the risky SPY; list it once"):
        DualMomentumParameters(risky=("SPY",), defensive=("SPY", "BIL"))


def test_equal_weight_holds_who_is_there():
    close = rising(0.1, 0.2, 0.3, 0.4)
    close[-1, 1] = NAN

    decision, _ = EqualWeight(EqualWeightParameters()).decide(window_of(close), None)

    np.testing.assert_allclose(decision.weights, [1 / 3, 0.0, 1 / 3, 1 / 3], rtol=1e-15)
    assert decision.reasons == {"no_bar": 1}


def test_inverse_volatility_golden():
    """2.6: sigma in the ratio 1 : 2 : 4 gives 4/7, 2/7, 1/7, under either estimator."""
    signs = np.where(np.arange(40) % 2 == 0, 1.0, -1.0)[:, None]
    steps = 1.0 + signs * [0.01, 0.02, 0.04]
    close = 100.0 * np.vstack([np.ones(3), np.cumprod(steps, axis=0)])

    for estimator in ("std", "ewma"):
        parameters = InverseVolParameters(lookback=40, estimator=estimator)
        decision, _ = InverseVol(parameters).decide(window_of(close), None)
        np.testing.assert_allclose(decision.weights, [4 / 7, 2 / 7, 1 / 7], rtol=1e-9)


def test_hierarchical_risk_parity_caps_what_the_tree_gives():
    close = make_closes(sessions=64, assets=5)
    close[:, 0] = 100.0 + 0.01 * close[:, 0]

    free = Hrp(HrpParameters(lookback=63, max_weight=1.0)).decide(window_of(close), None)[0]
    capped = Hrp(HrpParameters(lookback=63, max_weight=0.3)).decide(window_of(close), None)[0]
    tight = Hrp(HrpParameters(lookback=63, max_weight=0.1)).decide(window_of(close), None)[0]

    assert free.weights[0] > 0.9
    assert capped.weights.max() == pytest.approx(0.3, abs=1e-12)
    assert capped.weights.sum() == pytest.approx(1.0, abs=1e-12)
    np.testing.assert_allclose(tight.weights, 0.1, atol=1e-12)


def test_a_liquidity_floor_lengthens_the_warm_up():
    assert EqualWeight(EqualWeightParameters()).warmup == 1
    assert EqualWeight(EqualWeightParameters(min_adv=1.0)).warmup == 63
    assert Momentum(MomentumParameters(min_adv=1.0)).warmup == 253


def test_a_key_is_registered_once():
    class Again(Strategy[MomentumParameters]):
        key = "momentum"

    with pytest.raises(EngineError, match="strategy key momentum was registered twice"):
        register(Again)
    assert STRATEGIES["momentum"] is Momentum


def test_the_catalogue_says_what_a_form_needs():
    entries = {entry["key"]: entry for entry in catalogue()["strategies"]}

    momentum_entry = entries["momentum"]
    properties = momentum_entry["parameterSchema"]["properties"]
    assert list(entries) == sorted(STRATEGIES)
    assert momentum_entry["kind"] == "weights"
    assert momentum_entry["history"] == [[1, {"lookback": 1}]]
    assert momentum_entry["minimumHistory"] == 253
    assert momentum_entry["allocators"] == list(Allocator)
    assert momentum_entry["parameterSchema"]["x-lessThan"] == [["skip", "lookback"]]
    assert next(iter(properties)) == "lookback"
    assert properties["top_n"] == {
        "default": 10,
        "description": "Number of assets held, best first.",
        "maximum": 200,
        "minimum": 1,
        "title": "Names held",
        "type": "integer",
    }
    assert properties["min_score"]["type"] == ["number", "null"]
    assert properties["rebalance"]["enum"] == ["DAILY", "WEEKLY", "MONTHLY", "QUARTERLY"]
    assert entries["dual_momentum"]["defaultParameters"]["defensive"] == []
