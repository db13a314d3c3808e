"""The on-line reversion strategies on small markets; their wealth is in tests/golden."""

from collections import Counter
from dataclasses import replace

import numpy as np
import pytest
from pydantic import ValidationError

from engine.decide import ask, ask_all, decide, lend
from engine.panel import NEVER
from engine.schedule import DecisionClock, Rebalance, decision_instants
from engine.strategies.olmar import Olmar, OlmarParameters
from engine.strategies.rmr import Rmr, RmrParameters
from tests.contracts.strategy_runs import make_strategy, market, permute
from tests.engine.panels import ASX_CLOSE, DAY, HOUR, make_closes, make_panel

NAN = np.nan
BARS = ("open", "high", "low", "close", "volume")
# Golden 2 of 2.9, prices ten times as high and two sessions more before.
THREE = np.array([[100, 100, 100]] * 4 + [[90, 100, 120]], np.float64)


def window_of(close, **changes):
    close = np.asarray(close, np.float64)
    return make_panel(close, **changes).window(len(close) - 1, len(close), NEVER - 1)


def olmar(**parameters):
    return Olmar(OlmarParameters(**{"window": 3, **parameters}))


def daily(close, strategy, first_row=4):
    return decide(
        make_panel(close),
        strategy,
        first_row=first_row,
        last_row=len(close) - 1,
        rebalance=Rebalance.DAILY,
        clock=DecisionClock.US_CLOSE,
    ).weights


def test_the_first_decision_moves_away_from_equal_weights():
    decision, _ = olmar(epsilon=1.05).decide(window_of(THREE), None)

    assert decision.weights == pytest.approx([0.6328947, 0.3671053, 0.0], abs=5e-8)


def test_the_next_decision_starts_from_the_last_targets():
    strategy = olmar(epsilon=1.0)
    _, state = strategy.decide(window_of(THREE), None)

    again, _ = strategy.decide(window_of(THREE), state)

    assert again.weights == pytest.approx([0.3947368, 0.3421053, 0.2631579], abs=5e-8)


def test_the_drifted_anchor_starts_from_what_the_targets_became():
    """All predictions alike after prices doubled for the first asset only once: nothing moves."""
    flat = np.array([[100.0, 100.0]] * 4)
    moved = np.array([[200.0, 100.0]] * 4)
    by_target, by_drift = olmar(), olmar(anchor="drifted")
    _, state = by_target.decide(window_of(flat), None)

    assert by_target.decide(window_of(moved), state)[0].weights.tolist() == [0.5, 0.5]
    assert by_drift.decide(window_of(moved), state)[0].weights == pytest.approx([2 / 3, 1 / 3])


def test_drift_is_measured_from_the_last_price_where_a_market_was_closed_since():
    """Sydney, the second asset's market, is closed on the session of the first decision."""
    close = np.array([[100.0, 100.0]] * 5 + [[100.0, NAN], [100.0, 200.0]])
    closes_at = np.repeat(make_panel(close).closes_at, 2, axis=1)
    closes_at[5, 1] = NEVER
    changes = {"market": [0, 1], "markets": ("XNYS", "XASX")}
    changes |= {"closes_at": closes_at, "opens_at": closes_at}
    panel, strategy = make_panel(close, **changes), olmar(anchor="drifted", window=2, epsilon=1.0)

    first, state = strategy.decide(panel.window(5, 5, int(closes_at[5, 0])), None)
    _, after = strategy.decide(panel.window(6, 5, int(closes_at[6, 0])), state)
    still = olmar(anchor="drifted", window=2).decide(
        window_of(np.array([[100.0, 200.0]] * 4)), state
    )

    assert first.weights.tolist() == [0.5, 0.5]
    assert after.levels.tolist() == [100.0, 200.0]
    assert still[0].weights == pytest.approx([1 / 3, 2 / 3])


@pytest.mark.parametrize("strategy", [olmar(window=5), Rmr(RmrParameters(epsilon=1.02))])
def test_the_order_of_many_columns_changes_no_bit(strategy):
    close = make_closes(sessions=60, assets=23)
    order = np.random.default_rng(1).permutation(23)

    for row in range(10, 60):
        window = make_panel(close).window(row, 10, NEVER - 1)
        straight, _ = strategy.decide(window, None)
        shuffled, _ = strategy.decide(permute(window, order), None)
        assert shuffled.weights.tobytes() == straight.weights[order].tobytes()


def test_a_cap_on_turnover_ends_the_move_on_its_way():
    """From (1/2, 1/2) all would go to the first; a tenth of the book may be traded."""
    flat = np.array([[100.0, 100.0]] * 4)
    fallen = np.array([[100.0, 100.0], [100.0, 100.0], [80.0, 80.0 * 1.2]])
    free, capped = olmar(), olmar(max_turnover=0.1)
    _, state = free.decide(window_of(flat), None)

    drifted = np.array([0.8, 0.96]) / 1.76
    assert free.decide(window_of(fallen), state)[0].weights.tolist() == [1.0, 0.0]
    assert capped.decide(window_of(fallen), state)[0].weights == pytest.approx(
        drifted + np.array([0.1, -0.1]), abs=1e-12
    )
    assert capped.decide(window_of(fallen), None)[0].weights.tolist() == [1.0, 0.0]


def test_an_asset_without_a_price_hands_its_weight_to_the_others_and_comes_back_with_none():
    """Predictions are all alike, so only gaps move weights."""
    close = np.full((12, 3), 50.0)
    close[6, 2] = NAN

    weights = daily(close, olmar())

    assert weights[0] == pytest.approx([1 / 3] * 3)
    assert weights[2:5] == pytest.approx(np.array([[0.5, 0.5, 0.0]] * 3))
    assert weights[-1] == pytest.approx([0.5, 0.5, 0.0])


def test_a_gap_in_the_window_is_named_until_the_window_is_past_it():
    close = np.full((8, 2), 50.0)
    close[5, 1] = NAN

    decision, _ = olmar().decide(window_of(close), None)
    after, _ = olmar(window=2).decide(window_of(close), None)

    assert decision.reasons == {"gap": 1}
    assert decision.weights.tolist() == [1.0, 0.0]
    assert after.weights.tolist() == [0.5, 0.5]


def test_nobody_with_a_price_is_cash_and_the_targets_are_remembered():
    close = np.full((6, 2), 50.0)
    blind = np.full((6, 2), NAN)
    strategy = olmar()
    _, state = strategy.decide(window_of(THREE[:, :2]), None)

    nothing, kept = strategy.decide(window_of(blind), state)

    assert nothing.weights.tolist() == [0.0, 0.0]
    assert kept is state
    assert strategy.decide(window_of(close), kept)[0].weights.tolist() == state.weights.tolist()


def test_a_stop_leaves_the_fallen_alone_and_shares_their_weight():
    """The second fell by 30 % long ago, the third by 10 %."""
    close = np.full((252, 3), 100.0)
    close[100:, 1], close[100:, 2] = 70.0, 90.0

    plain, _ = olmar().decide(window_of(close), None)
    stopped, _ = olmar(stop_dd=0.2).decide(window_of(close), None)
    tight, _ = olmar(stop_dd=0.05).decide(window_of(close), None)

    assert plain.weights == pytest.approx([1 / 3] * 3)
    assert stopped.weights.tolist() == [0.5, 0.0, 0.5]
    assert stopped.reasons == {"stopped": 1}
    assert tight.weights.tolist() == [1.0, 0.0, 0.0]


def test_when_all_are_stopped_all_is_cash():
    close = np.full((252, 2), 100.0)
    close[100:] = 70.0

    decision, _ = olmar(stop_dd=0.2).decide(window_of(close), None)

    assert decision.weights.tolist() == [0.0, 0.0]


def test_weights_sum_to_one_at_every_decision():
    weights = daily(make_closes(sessions=120, assets=5), olmar(max_turnover=0.3))

    np.testing.assert_allclose(weights.sum(axis=1), 1.0, atol=1e-12)
    assert weights.min() >= 0.0


def test_the_second_variant_reads_a_year_back():
    assert olmar().warmup == 3
    assert olmar(variant=2).warmup == 253
    assert olmar(stop_dd=0.2).warmup == 252


def test_the_median_resists_an_outlying_session_that_moves_the_mean():
    """One spike of the first asset: its mean is 40 % high, its median is where it always was."""
    close = np.full((5, 2), 100.0)
    close[2, 0] = 300.0
    rmr = Rmr(RmrParameters(epsilon=1.01))

    assert rmr.decide(window_of(close), None)[0].weights == pytest.approx([0.5, 0.5])
    assert olmar(window=5).decide(window_of(close), None)[0].weights.tolist() == [1.0, 0.0]


def test_scaled_medians_do_not_depend_on_the_unit_of_a_price():
    close = make_closes(sessions=80, assets=4)
    dear = close * [1.0, 40.0, 1.0, 1.0]
    scaled, raw = RmrParameters(epsilon=1.01), RmrParameters(epsilon=1.01, scale=False)

    np.testing.assert_allclose(daily(dear, Rmr(scaled)), daily(close, Rmr(scaled)), atol=1e-9)
    assert np.abs(daily(dear, Rmr(raw)) - daily(close, Rmr(raw))).max() > 0.01


@pytest.mark.parametrize(
    "parameters", [{"rebalance": "QUARTERLY"}, {"epsilon": 0.9}, {"variant": 3}, {"stop_dd": 1.0}]
)
def test_parameters_out_of_bounds_are_refused(parameters):
    with pytest.raises(ValidationError, match=next(iter(parameters))):
        OlmarParameters(**parameters)


def both_ways(panel, strategy, clock=DecisionClock.US_CLOSE):
    """Return decisions on every session from the warm-up on: asked for together, and one by one."""
    rows = np.arange(strategy.warmup - 1, len(panel.session) - 1)
    instants = decision_instants(panel, rows, clock)
    together = list(ask_all(panel, strategy, rows, instants))
    single, state = [], None
    for row, instant in zip(rows.tolist(), instants.tolist(), strict=True):
        decision, state, _ = ask(strategy, lend(panel, strategy, row, instant), state)
        single.append(decision)
    return [decision for decision, _, _ in together], single, (together[-1][1], state)


def require_the_same(panel, strategy, clock=DecisionClock.US_CLOSE):
    together, single, (behind, state) = both_ways(panel, strategy, clock)
    assert [d.weights.tobytes() for d in together] == [d.weights.tobytes() for d in single]
    counted, apart = (
        sum((Counter(d.reasons) for d in way), Counter()) for way in (together, single)
    )
    assert counted == apart
    if state is not None:
        assert behind.weights.tobytes() == state.weights.tobytes()
        assert behind.levels.tobytes() == state.levels.tobytes()


@pytest.mark.parametrize("seed", range(12))
@pytest.mark.parametrize("key", ["olmar", "rmr"])
def test_decisions_made_together_are_those_made_one_by_one(key, seed):
    """Gaps, a late listing, a delisting, two currencies, and a member that left."""
    require_the_same(market(0), make_strategy(key, seed))


@pytest.mark.parametrize("clock", DecisionClock)
def test_they_are_where_markets_close_apart_and_bars_come_late(clock):
    plain = market(0)
    late = np.random.default_rng(3).random(plain.close.shape) < 0.01
    closes_at = np.stack([plain.session * DAY + ASX_CLOSE, plain.closes_at[:, 0]], axis=1)
    closes_at[100::17, 0] = NEVER
    opens_at = np.where(closes_at == NEVER, NEVER, closes_at - HOUR)
    known_at = closes_at[:, [0, 1] * 3] + late * DAY
    bar = np.isfinite(plain.close) & (closes_at[:, [0, 1] * 3] != NEVER)
    blank = {name: np.where(bar, getattr(plain, name), NAN) for name in BARS}
    two = {"market": [0, 1] * 3, "markets": ("XASX", "XNYS"), "opens_at": opens_at}
    two |= {"closes_at": closes_at, "known_at": np.where(bar, known_at, NEVER)}
    panel = replace(plain, **two, **blank, tradable=bar)
    strategy = olmar(anchor="drifted", max_turnover=0.4, stop_dd=0.1, window=4)

    require_the_same(panel, strategy, clock)

    rows = np.arange(300, 400)
    made, _ = strategy.decide_together(panel, rows, decision_instants(panel, rows, clock), None)
    assert (len(made) > 1) == (clock is DecisionClock.US_CLOSE)


@pytest.mark.parametrize("assets", [0, 1, 40])
def test_they_are_of_any_number_of_assets(assets):
    close = make_closes(sessions=330, assets=assets)
    close[np.random.default_rng(5).random(close.shape) < 0.005] = NAN

    for strategy in (olmar(window=30), olmar(variant=2, window=3), Rmr(RmrParameters())):
        require_the_same(make_panel(close), strategy)
