"""Volatility scaling: engine.md 2.12, after Barroso and Santa-Clara (2015)."""

import numpy as np
import pytest

from engine.overlay import LEAST, MOST, WINDOW, volatility_scales
from engine.schedule import DecisionClock
from tests.engine.panels import make_closes, make_panel
from tests.engine.test_backtest import backtest


def swinging(sessions, by):
    """Equity whose returns alternate between plus and minus `by`."""
    returns = np.where(np.arange(sessions) % 2 == 0, by, -by)
    return np.concatenate([[1.0], np.cumprod(1.0 + returns)])


def test_one_percent_a_day_is_scaled_to_twelve_a_year():
    """126 returns of +-1 %: 0.1587451 a year, and 0.12 over it is 0.7559289."""
    scales, warming = volatility_scales(swinging(126, 0.01), np.array([126]), target=0.12)

    assert scales[0] == pytest.approx(0.7559289, abs=1e-7)
    assert not warming


@pytest.mark.parametrize(("by", "scale"), [(0.1, LEAST), (0.001, MOST), (0.0, 1.0)])
def test_a_scale_stays_within_its_bounds(by, scale):
    scales, _ = volatility_scales(swinging(126, by), np.array([126]), target=0.12)

    assert scales.tolist() == [scale]


def test_too_short_a_history_is_not_scaled_and_said():
    scales, warming = volatility_scales(
        swinging(300, 0.01), np.array([-1, WINDOW - 1, 300]), target=0.12
    )

    assert scales[:2].tolist() == [1.0, 1.0]
    assert scales[2] < 1.0
    assert warming


def test_what_comes_later_scales_nothing_before():
    equity = swinging(300, 0.01)
    altered = equity.copy()
    altered[201:] *= 3.0

    before, _ = volatility_scales(equity, np.array([150, 200]), target=0.12)
    after, _ = volatility_scales(altered, np.array([150, 200]), target=0.12)

    np.testing.assert_array_equal(before, after)


def test_a_run_is_scaled_by_the_account_it_would_have_been():
    panel = make_panel(make_closes(sessions=400, assets=2))

    plain = backtest(panel, [0.6, 0.4])
    scaled = backtest(panel, [0.6, 0.4], overlay_vol_target=0.05)

    asked = scaled.weights.sum(axis=1)
    late = np.searchsorted(plain.session, plain.decisions) >= WINDOW
    assert np.all(asked[~late] == 1.0)
    assert np.all(asked[late] < 1.0)
    last = np.searchsorted(plain.session, plain.decisions)
    expected, _ = volatility_scales(plain.equity, last, target=0.05)
    np.testing.assert_allclose(asked, expected, rtol=1e-12)
    assert "overlay_warming_up" in scaled.guards.flags
    assert "overlay_warming_up" not in plain.guards.flags


def test_at_the_asx_close_the_day_s_worth_is_not_yet_known():
    panel = make_panel(make_closes(sessions=400, assets=2))
    clock = {"clock": DecisionClock.ASX_CLOSE}

    plain = backtest(panel, [0.6, 0.4], **clock)
    scaled = backtest(panel, [0.6, 0.4], overlay_vol_target=0.05, **clock)

    last = np.searchsorted(plain.session, plain.decisions) - 1
    expected, _ = volatility_scales(plain.equity, last, target=0.05)
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
