"""Volatility scaling: engine.md 2.12, after Barroso and Santa-Clara (2015)."""

from dataclasses import replace

import numpy as np
import pytest

from engine.backtest import decide_within_limits, run
from engine.costs import CostModel
from engine.errors import InvalidParameters
from engine.overlay import VolatilityTerms, volatility_scales
from engine.schedule import DecisionClock
from engine.strategies.vol_scaling import VolScaling, VolScalingParameters
from tests.engine.panels import ASX_CLOSE, ASX_OPEN, DAY, make_closes, make_panel
from tests.engine.test_backtest import Fixed, backtest, make_request, month_ends

TERMS = VolatilityTerms(target=0.12)


def swinging(sessions, by):
    """Equity whose returns alternate between plus and minus `by`."""
    returns = np.where(np.arange(sessions) % 2 == 0, by, -by)
    return np.concatenate([[1.0], np.cumprod(1.0 + returns)])


def test_one_percent_a_day_is_scaled_to_twelve_a_year():
    """126 returns of +-1 %: 0.1587451 a year, and 0.12 over it is 0.7559289."""
    scales, warming = volatility_scales(swinging(126, 0.01), np.array([126]), TERMS)

    assert scales[0] == pytest.approx(0.7559289, abs=1e-7)
    assert not warming


@pytest.mark.parametrize(("by", "scale"), [(0.1, TERMS.least), (0.001, TERMS.most), (0.0, 1.0)])
def test_a_scale_stays_within_its_bounds(by, scale):
    scales, _ = volatility_scales(swinging(126, by), np.array([126]), TERMS)

    assert scales.tolist() == [scale]


def test_too_short_a_history_is_not_scaled_and_said():
    scales, warming = volatility_scales(
        swinging(300, 0.01), np.array([-1, TERMS.window - 1, 300]), TERMS
    )

    assert scales[:2].tolist() == [1.0, 1.0]
    assert scales[2] < 1.0
    assert warming


def test_what_comes_later_scales_nothing_before():
    equity = swinging(300, 0.01)
    altered = equity.copy()
    altered[201:] *= 3.0

    before, _ = volatility_scales(equity, np.array([150, 200]), TERMS)
    after, _ = volatility_scales(altered, np.array([150, 200]), TERMS)

    np.testing.assert_array_equal(before, after)


def test_a_run_is_scaled_by_the_account_it_would_have_been():
    panel = make_panel(make_closes(sessions=400, assets=2))

    plain = backtest(panel, [0.6, 0.4])
    scaled = backtest(panel, [0.6, 0.4], overlay_vol_target=0.05)

    asked = scaled.weights.sum(axis=1)
    late = np.searchsorted(plain.session, plain.decisions) >= TERMS.window
    assert np.all(asked[~late] == 1.0)
    assert np.all(asked[late] < 1.0)
    last = np.searchsorted(plain.session, plain.decisions)
    expected, _ = volatility_scales(plain.equity, last, VolatilityTerms(target=0.05))
    np.testing.assert_allclose(asked, expected, rtol=1e-12)
    assert "overlay_warming_up" in scaled.guards.flags
    assert "overlay_warming_up" not in plain.guards.flags


def test_at_the_asx_close_the_day_s_worth_is_not_yet_known():
    panel = make_panel(make_closes(sessions=400, assets=2))
    clock = {"clock": DecisionClock.ASX_CLOSE}

    plain = backtest(panel, [0.6, 0.4], **clock)
    scaled = backtest(panel, [0.6, 0.4], overlay_vol_target=0.05, **clock)

    last = np.searchsorted(plain.session, plain.decisions) - 1
    expected, _ = volatility_scales(plain.equity, last, VolatilityTerms(target=0.05))
    np.testing.assert_allclose(scaled.weights.sum(axis=1), expected, rtol=1e-12)


def test_prices_that_come_later_change_no_scale_before():
    closes = make_closes(sessions=400, assets=2)
    altered = closes.copy()
    altered[300:] *= np.linspace(0.5, 2.0, 2)

    before = backtest(make_panel(closes), [0.6, 0.4], overlay_vol_target=0.05)
    after = backtest(make_panel(altered), [0.6, 0.4], overlay_vol_target=0.05)

    known = before.decisions < make_panel(closes).session[300]
    np.testing.assert_array_equal(before.weights[known], after.weights[known])
    assert not np.array_equal(before.weights, after.weights)


def test_recent_returns_weigh_more_under_the_ewma_estimator():
    """Of two returns, the newer at half-life 1 weighs 2/3: sqrt(12 * 21 * (r0 + 2 r1) / 3)."""
    equity = np.cumprod([1.0, *[1.01] * 20, 1.02])
    terms = VolatilityTerms(target=0.12, window=21, estimator="ewma", halflife=1)
    squares = np.array([0.01] * 20 + [0.02]) ** 2
    weights = 0.5 ** np.arange(21)[::-1] / (2.0 - 0.5**20)

    scales, _ = volatility_scales(equity, np.array([21]), terms)

    assert scales[0] == pytest.approx(0.12 / np.sqrt(252.0 * (weights @ squares)), rel=1e-12)


def test_a_deep_drawdown_of_the_scaled_curve_lowers_the_target_until_it_has_passed():
    """Down 3 % a day for six days at scale 0.63 is -10.8 %; at scale 0.3 it would be -5.3 %."""
    returns = np.concatenate([[0.01, -0.01] * 63, [-0.03] * 6, [0.05] * 8])
    equity = np.concatenate([[1.0], np.cumprod(1.0 + returns)])
    last = np.array([126, 131, 132, 140])
    plain, _ = volatility_scales(equity, last, VolatilityTerms(target=0.10))
    guarded, _ = volatility_scales(equity, last, VolatilityTerms(target=0.10, drawdown_target=0.05))
    timid, _ = volatility_scales(equity, last, VolatilityTerms(target=0.04, drawdown_target=0.02))

    fallen = (1.0 - 0.03 * plain[0]) ** 5 * (1.0 - 0.03 * plain[1]) - 1.0
    assert -0.11 < fallen < -0.1
    assert (1.0 - 0.03 * plain[0]) ** 5 - 1.0 > -0.1
    np.testing.assert_allclose(guarded, plain * [1.0, 1.0, 0.5, 1.0], rtol=1e-12)
    np.testing.assert_allclose(timid, 0.4 * plain, rtol=1e-12)


def overlay(**changes):
    return VolScaling(
        VolScalingParameters(primary="equal_weight", target=0.05, min_price=0.0, **changes)
    )


def run_of(panel, strategy, **changes):
    request = make_request(panel, [], strategy=strategy, **changes)
    return run(panel, request, checkpoint=lambda *_: None)


def test_the_strategy_is_its_primary_scaled_by_an_account_that_began_a_window_earlier():
    panel = make_panel(make_closes(sessions=400, assets=2))
    window = month_ends(panel)[5] - 1  # so that its first decision is on the primary's calendar too
    strategy = overlay(window=window)

    scaled = run_of(panel, strategy)
    own = run_of(panel, strategy.primary, first_row=1)

    assert scaled.decisions[0] == panel.session[strategy.warmup - 1]
    last = np.searchsorted(own.session, scaled.decisions)
    terms = VolatilityTerms(target=0.05, window=window)
    expected, warming = volatility_scales(own.equity, last, terms)
    assert not warming
    assert "overlay_warming_up" not in scaled.guards.flags
    np.testing.assert_allclose(scaled.weights.sum(axis=1), expected, rtol=1e-12)
    assert scaled.guards.lookahead_free


def test_at_the_asx_close_the_first_scale_is_known_too():
    close = make_closes(sessions=400, assets=2)
    session = make_panel(close).session
    sydney = {
        "markets": ("XASX",),
        "opens_at": (session * DAY + ASX_OPEN)[:, None],
        "closes_at": (session * DAY + ASX_CLOSE)[:, None],
        "known_at": np.repeat((session * DAY + ASX_CLOSE)[:, None], 2, axis=1),
    }

    scaled = run_of(make_panel(close, **sydney), overlay(), clock=DecisionClock.ASX_CLOSE)

    assert "overlay_warming_up" not in scaled.guards.flags
    assert 0.0 < scaled.weights.sum(axis=1)[0] < 0.5


class Waiting(Fixed):
    """In cash until a session, then invested."""

    def __init__(self, until):
        super().__init__([0.5, 0.5])
        self.until = until

    def decide(self, window, state):
        decision, state = super().decide(window, state)
        held = float(window.session[-1] >= self.until)
        return replace(decision, weights=decision.weights * held), state


def test_a_window_of_nothing_but_interest_is_not_scaled():
    """Engine.md 2.12: of cash alone the highest scale is meaningless. Interest is no volatility."""
    panel = make_panel(make_closes(sessions=400, assets=2))
    begins = int(panel.session[month_ends(panel)[12]])
    strategy = overlay(max_lev=3.0)
    strategy.primary = Waiting(begins)

    scaled = run_of(panel, strategy, costs=CostModel(cash_rate=0.04))

    asked, invested = scaled.weights.sum(axis=1), scaled.decisions >= begins
    assert (asked[~invested] == 0.0).all()
    assert asked[invested][0] == 1.0
    assert (asked[invested][1:] != 1.0).all()


def test_beyond_one_the_excess_is_borrowed():
    panel = make_panel(make_closes(sessions=400, assets=2))
    strategy = VolScaling(
        VolScalingParameters(primary="equal_weight", target=0.4, max_lev=2.0, min_price=0.0)
    )

    scaled = run_of(panel, strategy)

    assert scaled.weights.sum(axis=1).max() == 2.0
    assert "borrowed_cash" in scaled.guards.flags


def test_a_search_trades_towards_the_same_scaled_weights():
    panel = make_panel(make_closes(sessions=400, assets=2))

    scaled = run_of(panel, overlay())
    targets, _ = decide_within_limits(panel, make_request(panel, [], strategy=overlay()))

    np.testing.assert_array_equal(targets.weights, scaled.weights)


def test_two_targets_at_once_are_refused():
    panel = make_panel(make_closes(sessions=400, assets=2))

    with pytest.raises(InvalidParameters, match="vol_scaling has a target; give one of them"):
        run_of(panel, overlay(), overlay_vol_target=0.1)


def test_a_target_for_drawdowns_lies_below_the_other():
    with pytest.raises(ValueError, match=r"dd_target was 0\.2; it must be below target"):
        VolScalingParameters(dd_target=0.2)
