"""Each row of the rolling figures is the plain figure of its own window."""

import math

import numpy as np
import pytest

from engine import ratios
from engine.rolling import WINDOWS, rolling_figures

SESSIONS = 300


def make_curve(seed):
    steps = np.random.default_rng(seed).normal(0.0005, 0.01, SESSIONS - 1)
    return 100.0 * np.concatenate([[1.0], np.cumprod(1.0 + steps)])


EQUITY, MARKET = make_curve(1), make_curve(2)
RATE = np.random.default_rng(3).uniform(0.0, 0.0003, SESSIONS)


@pytest.mark.parametrize("window", WINDOWS)
def test_a_row_is_the_figure_of_the_returns_up_to_it(window):
    found = rolling_figures(EQUITY, rf=RATE, benchmark=MARKET, window=window)

    for row in (window, window + 1, SESSIONS - 1):
        first = row - window
        returns = ratios.session_returns(EQUITY[first : row + 1])
        others = ratios.session_returns(MARKET[first : row + 1])
        rate = RATE[first + 1 : row + 1]
        expected = [
            EQUITY[row] / EQUITY[first] - 1.0,
            ratios.volatility(returns),
            ratios.sharpe_ratio(returns - rate),
            ratios.sortino_ratio(returns - rate),
            ratios.beta(returns - rate, others - rate),
        ]
        figures = (
            found.total_return,
            found.volatility,
            found.sharpe,
            found.sortino,
            found.beta,
        )
        np.testing.assert_allclose([each[row] for each in figures], expected, rtol=1e-10)


def test_a_window_of_three_worked_by_hand():
    """Returns .01 -.02 .03 0: means 1/150 and 1/300, squared deviations 1.2667e-3 twice."""
    equity = np.concatenate([[1.0], np.cumprod([1.01, 0.98, 1.03, 1.0])])

    found = rolling_figures(equity, rf=np.zeros(5), window=3)

    spread = math.sqrt(0.00126666666666666667 / 2)
    np.testing.assert_allclose(found.total_return[3:], [0.019494, 0.0094], rtol=1e-12)
    np.testing.assert_allclose(found.volatility[3:], [math.sqrt(252) * spread] * 2, rtol=1e-12)
    sharpe = [math.sqrt(252) * mean / spread for mean in (1 / 150, 1 / 300)]
    np.testing.assert_allclose(found.sharpe[3:], sharpe, rtol=1e-12)
    assert found.window == 3


def test_rows_before_a_full_window_are_undefined():
    found = rolling_figures(EQUITY, rf=RATE, benchmark=MARKET, window=63)

    for values in (found.total_return, found.volatility, found.sharpe, found.beta):
        assert values.shape == (SESSIONS,)
        assert np.isnan(values[:63]).all()
        assert np.isfinite(values[63:]).all()


@pytest.mark.parametrize("sessions", [0, 1, 63])
def test_a_run_shorter_than_the_window_has_no_row(sessions):
    found = rolling_figures(EQUITY[:sessions], rf=RATE[:sessions], window=63)

    for values in (found.total_return, found.volatility, found.sharpe, found.beta):
        assert values.shape == (sessions,)
        assert np.isnan(values).all()


def test_what_is_unknown_in_a_window_leaves_only_its_rows_undefined():
    rate, late = RATE.copy(), MARKET.copy()
    rate[100] = np.nan
    late[:50] = np.nan

    found = rolling_figures(EQUITY, rf=rate, benchmark=late, window=63)

    assert np.flatnonzero(np.isnan(found.sharpe[63:])).tolist() == list(range(37, 100))
    assert np.flatnonzero(np.isfinite(found.beta))[[0, -1]].tolist() == [163, SESSIONS - 1]
    assert np.isnan(found.beta[:163]).all()
    assert np.isfinite(found.total_return[63:]).all()
    assert np.isfinite(found.volatility[63:]).all()


def test_what_stands_still_has_neither_sharpe_nor_beta():
    flat = np.full(SESSIONS, 100.0)

    standing = rolling_figures(flat, rf=np.zeros(SESSIONS), benchmark=MARKET, window=63)
    against = rolling_figures(EQUITY, rf=np.zeros(SESSIONS), benchmark=flat, window=63)
    alone = rolling_figures(EQUITY, rf=np.zeros(SESSIONS), window=63)

    cash = rolling_figures(flat, rf=np.linspace(0.0, 1e-4, SESSIONS), benchmark=MARKET, window=63)

    assert np.isnan(standing.sharpe).all()
    for values in (cash.sharpe, cash.sortino, cash.beta):
        assert np.isnan(values).all()
    assert standing.volatility[63:].tolist() == [0.0] * (SESSIONS - 63)
    assert np.isnan(against.beta).all()
    assert np.isnan(alone.beta).all()


def test_no_session_below_the_rate_has_no_sortino():
    equity = np.cumprod(np.full(5, 1.01))

    found = rolling_figures(equity, rf=np.zeros(5), window=3)

    assert np.isnan(found.sortino).all()
