"""Figures of the last so many sessions, at each session of a run."""

import math
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view

from engine.ratios import ZERO_DEVIATION, session_returns
from engine.types import SESSIONS_PER_YEAR, FloatArray

WINDOWS: Final = (63, 126, 252)  # a quarter, half a year, a year


@dataclass(frozen=True, kw_only=True)
class Rolling:
    """One value per session, shape (k,); NaN before the first full window."""

    window: int  # returns in it
    total_return: FloatArray  # compounded over the window, not annualised
    volatility: FloatArray  # annualised
    sharpe: FloatArray  # annualised
    sortino: FloatArray  # annualised
    beta: FloatArray


def rolling_figures(
    equity: FloatArray, *, rf: FloatArray, benchmark: FloatArray | None = None, window: int
) -> Rolling:
    """Return the figures of each session's last `window` returns, by the formulas of `ratios`.

    Parameters
    ----------
    equity, rf : ndarray of shape (k,)
        Net equity above 0, and the simple risk-free return per session, of which the first is
        not used.
    benchmark : ndarray of shape (k,), optional
        Its level; NaN before it exists. Without it beta is NaN.
    window : int, at least 2
        Returns each figure rests on; the first row that has one is row `window`.

    Returns
    -------
    Rolling
        NaN too where the window holds an unknown rate (Sharpe, Sortino, beta) or an unknown level
        (beta), where the run's returns (all three) or the benchmark (beta) do not vary in it, and
        where no session falls short of the rate (Sortino).
    """
    returns = session_returns(equity)
    level = np.full(len(equity), np.nan) if benchmark is None else benchmark
    excess, market = returns - rf[1:], session_returns(level) - rf[1:]
    own = _deviation(_windows(returns, window))
    # A window that stood still, all cash, only mirrors the bill rate.
    moved = own > ZERO_DEVIATION
    spread = np.where(moved, _deviation(_windows(excess, window)), np.nan)
    fall = np.where(moved, _downside(excess, window), np.nan)
    mean = _windows(excess, window).mean(axis=1)
    beta = _beta(_windows(excess, window), _windows(market, window))
    grown = equity[window:] / equity[: max(len(equity) - window, 0)] - 1.0
    year = math.sqrt(SESSIONS_PER_YEAR)
    return Rolling(
        window=window,
        total_return=_from_row(grown, len(equity)),
        volatility=_from_row(year * own, len(equity)),
        sharpe=_from_row(year * _ratio(mean, spread, floor=ZERO_DEVIATION), len(equity)),
        sortino=_from_row(year * _ratio(mean, fall, floor=0.0), len(equity)),
        beta=_from_row(np.where(moved, beta, np.nan), len(equity)),
    )


def _windows(values: FloatArray, window: int) -> FloatArray:
    """Return each run of `window` values as a row, (n - window + 1, window), without a copy."""
    if len(values) < window:
        return np.empty((0, window))
    view: FloatArray = sliding_window_view(values, window)
    return view


def _deviation(windows: FloatArray) -> FloatArray:
    deviation: FloatArray = np.std(windows, axis=1, ddof=1)
    return deviation


def _downside(excess: FloatArray, window: int) -> FloatArray:
    short = np.square(np.minimum(excess, 0.0))
    downside: FloatArray = np.sqrt(_windows(short, window).mean(axis=1))
    return downside


def _beta(excess: FloatArray, market: FloatArray) -> FloatArray:
    ours = excess - excess.mean(axis=1, keepdims=True)
    theirs = market - market.mean(axis=1, keepdims=True)
    shared = np.einsum("nw,nw->n", ours, theirs)
    own = np.einsum("nw,nw->n", theirs, theirs)
    return _ratio(shared, own, floor=(market.shape[1] - 1) * ZERO_DEVIATION**2)


def _ratio(above: FloatArray, below: FloatArray, *, floor: float) -> FloatArray:
    """Return above / below, NaN where below is no more than rounding."""
    unknown = np.full_like(below, np.nan)
    ratio: FloatArray = np.divide(above, below, out=unknown, where=below > floor)
    return ratio


def _from_row(values: FloatArray, length: int) -> FloatArray:
    """Return the values as the last of `length` rows; those before are NaN."""
    return np.concatenate([np.full(length - len(values), np.nan), values])
