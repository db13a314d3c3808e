"""The regime allocator: sleeves by filtered probabilities, and what stands in for these."""

import dataclasses

import numpy as np
import pytest

from engine import hmm
from engine.backtest import run
from engine.decide import decide, lend
from engine.errors import MissingData
from engine.published import Published
from engine.regime_following import smoothed
from engine.regimes import Terms, detect
from engine.schedule import DecisionClock, Rebalance
from engine.strategies.inverse_vol import InverseVol, InverseVolParameters
from engine.strategies.momentum import Momentum, MomentumParameters
from engine.strategies.regime import Regime, RegimeParameters
from engine.strategies.wrapping import last_rows
from tests.engine.panels import DAY, make_closes, make_panel, make_sessions
from tests.engine.test_backtest import make_request
from tests.engine.test_regimes import made_level

SESSIONS = 700
QUICK = {"min_obs": 300, "refit": 100}


def make_market(*, level=None, assets=3, **changes):
    level = made_level(n=SESSIONS) if level is None else level
    close = make_closes(sessions=len(level), assets=assets)
    return make_panel(close, **{"benchmark": level, **changes})


def make_strategy(**changes):
    return Regime(RegimeParameters(**{**QUICK, **changes}))


def decided(panel, row=None, state=None, **changes):
    strategy = make_strategy(**changes)
    row = len(panel.session) - 1 if row is None else row
    return strategy.decide(lend(panel, strategy, row, int(panel.closes_at[row, 0])), state)


def test_sleeves_share_the_money_by_the_smoothed_probabilities():
    panel = make_market()

    decision, _ = decided(panel)

    window = lend(panel, make_strategy(), SESSIONS - 1, int(panel.closes_at[-1, 0]))
    found = detect(window.benchmark, Terms(min_obs=300, refit=100))
    calm, stress = smoothed(found, 5)
    growth, defensive = 0.7 * calm, 0.3 * calm + 0.4 * stress
    sleeves = (Momentum(MomentumParameters()), InverseVol(InverseVolParameters()))
    own = [each.decide(last_rows(window, each), None)[0].weights for each in sleeves]
    expected = growth * own[0] + defensive * own[1]
    np.testing.assert_allclose(decision.weights, expected, atol=1e-10)
    told = decision.diagnostics["regime"]
    assert told["shares"] == pytest.approx(
        {"momentum": growth, "inverse_vol": defensive, "cash": 1.0 - growth - defensive}
    )
    assert told["source"] == "model"
    assert decision.flags == ()


def test_an_index_abroad_is_seen_in_its_own_currency():
    level = made_level(n=SESSIONS)
    rate = make_closes(sessions=SESSIONS, assets=1, seed=9)[:, 0] / 70.0
    abroad = make_market(
        level=level * rate,
        benchmark_own=level,
        benchmark_currency=1,
        currencies=("AUD", "USD"),
        fx=np.column_stack([np.ones(SESSIONS), rate]),
        fx_known_at=np.zeros((SESSIONS, 2)),
    )

    seen, home = (decided(panel)[0] for panel in (abroad, make_market(level=level)))

    assert seen.diagnostics["regime"] == home.diagnostics["regime"]
    assert decided(make_market(level=level * rate))[0].diagnostics != home.diagnostics


def test_states_between_the_ends_have_one_row():
    decision, _ = decided(make_market(), n_states=4, choppy_growth=0.2, choppy_defensive=0.6)

    told = decision.diagnostics["regime"]
    calm, choppy, turbulent, stress = (state["smoothed"] for state in told["states"])
    assert told["shares"]["momentum"] == pytest.approx(0.7 * calm + 0.2 * (choppy + turbulent))
    assert told["shares"]["inverse_vol"] == pytest.approx(
        0.3 * calm + 0.6 * (choppy + turbulent) + 0.4 * stress
    )


def test_the_history_grows_beyond_the_window():
    """With what the state kept, the fits are those of the whole series, not of the window."""
    panel = make_market()
    strategy, state = make_strategy(), None
    first = strategy.warmup - 1
    for row in range(first, SESSIONS, 40):
        instant = int(panel.closes_at[row, 0])
        decision, state = strategy.decide(lend(panel, strategy, row, instant), state)

    begun = lend(panel, strategy, first, int(panel.closes_at[first, 0])).session[0]
    seen = (panel.session >= begun) & (panel.session <= panel.session[row])
    whole = detect(panel.benchmark[seen], Terms(min_obs=300, refit=100))
    alone, _ = decided(panel, row)
    known = [s["probability"] for s in decision.diagnostics["regime"]["states"]]
    np.testing.assert_allclose(known, whole.probability[-1], atol=1e-10)
    assert len(whole.fits) == 4
    assert alone.diagnostics["regime"] != decision.diagnostics["regime"]


def test_a_decision_uses_the_filter_and_never_the_smoother():
    """Golden: sessions 0 and 3 under two states; on the first, 0.857 is known and 0.525 is not."""
    models = hmm.Models(
        start=np.array([[2 / 3], [1 / 3]]),
        transition=np.array([[0.9, 0.1], [0.2, 0.8]])[:, :, None],
        mean=np.zeros((2, 1, 1)),
        covariance=np.array([1.0, 9.0]).reshape(2, 1, 1, 1),
    )
    x = np.array([0.0, 3.0]).reshape(2, 1, 1)

    first = hmm.filtered(models, x[:1], np.array([1]))[0, :, 0]
    both = hmm.filtered(models, x, np.array([2]))[:, :, 0]

    np.testing.assert_allclose(first, [0.8571429, 0.1428571], atol=5e-8)
    np.testing.assert_array_equal(both[0], first)
    np.testing.assert_allclose(first @ models.transition[..., 0], [0.8, 0.2], atol=5e-8)
    np.testing.assert_allclose(both[1], [0.1801852, 0.8198148], atol=5e-8)


def test_before_the_first_fit_a_rule_stands_in_and_is_flagged():
    level = made_level(n=SESSIONS, calm=0.006, stress=0.006)
    holed = level.copy()
    holed[-364:-226:2] = np.nan  # too few sessions of its own for the first fit
    panel = make_market(level=holed)

    decision, _ = decided(panel)

    told = decision.diagnostics["regime"]
    assert decision.flags == ("regime_fallback",)
    assert told["source"] == "fallback"
    calm = told["current"] == "CALM"
    assert told["shares"]["momentum"] == (0.7 if calm else 0.0)
    assert all(state["probability"] is None for state in told["states"])


def test_a_benchmark_that_stands_still_leaves_all_in_cash_and_is_flagged():
    decision, _ = decided(make_market(level=np.full(SESSIONS, 50.0)))

    assert not decision.weights.any()
    assert decision.reasons == {"regime_unknown": 1}
    assert decision.flags == ("regime_unknown",)


def test_a_run_without_a_benchmark_is_refused_by_name():
    with pytest.raises(MissingData, match="benchmark has no level that regime could read"):
        decided(make_market(level=np.full(SESSIONS, np.nan)))


def test_the_vix_is_read_when_asked_for():
    day = make_sessions(SESSIONS)
    value = 20.0 * make_closes(sessions=SESSIONS, assets=1, seed=9) / 100.0
    vix = Published(columns=("value",), day=day, value=value, known_at=day * DAY)
    panel = make_market(extra={"VIX": vix})

    plain, _ = decided(panel)
    with_vix, _ = decided(panel, features="return_vol_vix")

    assert make_strategy().inputs() == ()
    assert make_strategy(features="return_vol_vix").inputs() == ("VIX",)
    assert plain.diagnostics != with_vix.diagnostics


def test_a_correction_of_the_benchmark_replaces_what_was_believed():
    panel = make_market()
    strategy = make_strategy()
    row = SESSIONS - 30
    wrong = np.array(panel.benchmark)
    wrong[row] *= 1.2

    _, state = strategy.decide(
        lend(make_market(level=wrong), strategy, row, int(panel.closes_at[row, 0])), None
    )
    now = lend(panel, strategy, SESSIONS - 1, int(panel.closes_at[-1, 0]))
    mended, _ = strategy.decide(now, state)
    _, right = strategy.decide(lend(panel, strategy, row, int(panel.closes_at[row, 0])), None)
    always, _ = strategy.decide(now, right)

    np.testing.assert_array_equal(mended.weights, always.weights)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"calm_growth": 0.8}, "calm_growth and calm_defensive were 1.1 together; at most 1"),
        ({"growth": "inverse_vol"}, "defensive was inverse_vol, as was growth"),
    ],
)
def test_rows_that_are_no_shares_are_refused(changes, message):
    with pytest.raises(ValueError, match=message):
        RegimeParameters(**changes)


def test_a_whole_run_moves_to_cash_under_stress():
    """Of nine months six are calm and three are wild, over and over."""
    rng = np.random.default_rng(3)
    moves = rng.normal(0.0, np.where(np.arange(900) // 90 % 3 == 2, 0.03, 0.006))
    level = 100.0 * np.exp(np.cumsum(moves))
    panel = make_market(level=level, assets=12)
    strategy = make_strategy()
    request = make_request(
        panel, [], strategy=strategy, first_row=strategy.warmup - 1, rebalance=Rebalance.WEEKLY
    )

    result = run(panel, request, checkpoint=lambda *_: None)

    held = result.weights.sum(axis=1)
    wild = (np.searchsorted(panel.session, result.decisions) // 90) % 3 == 2
    assert held[~wild].mean() > 0.8
    assert held[wild].mean() < 0.65
    assert result.guards.lookahead_free
    assert result.diagnostics["regime"]["source"] == "model"


def test_decisions_are_those_of_any_process():
    panel = make_market()
    spans = {"first_row": 400, "last_row": 600, "rebalance": Rebalance.MONTHLY}
    clock = DecisionClock.US_CLOSE

    once = decide(panel, make_strategy(), clock=clock, **spans)
    again = decide(dataclasses.replace(panel), make_strategy(), clock=clock, **spans)

    assert once.weights.tobytes() == again.weights.tobytes()
