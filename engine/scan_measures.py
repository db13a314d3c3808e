"""Figures of each asset's last bars: (m,) each, NaN where a bar or a field it needs is unknown."""

from typing import Final

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view

from engine.scan_view import View
from engine.types import FloatArray

# Wilder's recursion forgets its seed: after 20 windows a share of 2e-9 of it is left.
RSI_WINDOWS: Final = 20
ATR_WINDOW, ATR_MEAN = 14, 20


def trailing(close: FloatArray, sessions: int, *, skip: int = 0) -> FloatArray:
    """Return the simple return over ``sessions`` bars that ends ``skip`` bars before the last."""
    if len(close) <= sessions:
        return _unknown(close)
    grown: FloatArray = close[-1 - skip] / close[-1 - sessions] - 1.0
    return grown


def share_of(above: FloatArray, below: FloatArray) -> FloatArray:
    """Return above / below; NaN where below is zero, of which nothing is a share."""
    there = np.abs(below) > 0.0
    share: FloatArray = np.where(there, above, np.nan) / np.where(there, below, 1.0)
    return share


def mean_of(values: FloatArray, window: int, *, back: int = 0) -> FloatArray:
    """Return the mean of ``window`` bars that ends ``back`` bars before the last."""
    if len(values) < window + back:
        return _unknown(values)
    mean: FloatArray = values[len(values) - window - back : len(values) - back].mean(axis=0)
    return mean


def highest(values: FloatArray, window: int) -> FloatArray:
    """Return the highest of the last ``window`` bars; NaN when one of them is unknown."""
    return _unknown(values) if len(values) < window else values[-window:].max(axis=0)


def lowest(values: FloatArray, window: int) -> FloatArray:
    """Return the lowest of the last ``window`` bars; NaN when one of them is unknown."""
    return _unknown(values) if len(values) < window else values[-window:].min(axis=0)


def slope_of_mean(close: FloatArray, *, window: int, over: int) -> FloatArray:
    """Return the least-squares slope of a moving mean over its last values.

    Per bar, as a fraction of the mean's last value.
    """
    if len(close) < window + over - 1:
        return _unknown(close)
    means = np.stack([mean_of(close, window, back=back) for back in range(over)][::-1])
    time = np.arange(over) - (over - 1) / 2
    slope: FloatArray = (time[:, None] * means).sum(axis=0) / (time**2).sum() / means[-1]
    return slope


def true_ranges(high: FloatArray, low: FloatArray, close: FloatArray) -> FloatArray:
    """Return each bar's true range (Wilder 1978), one row fewer than bars."""
    before = close[:-1]
    reach: FloatArray = np.maximum(high[1:], before) - np.minimum(low[1:], before)
    return reach


def average_true_ranges(view: View, *, values: int, window: int = ATR_WINDOW) -> FloatArray:
    """Return the last ``values`` means of ``window`` true ranges, (values, m), newest last."""
    ranges = true_ranges(view.high, view.low, view.close)
    if len(ranges) < window + values - 1:
        return np.full((values, len(view.symbols)), np.nan)
    windows = sliding_window_view(ranges[-(window + values - 1) :], window, axis=0)
    means: FloatArray = windows.mean(axis=-1)
    return means


def wilder_rsi(close: FloatArray, window: int) -> FloatArray:
    """Return the relative strength index of the last row of ``close`` (k, m), from its first on.

    Wilder, J. W. (1978). New Concepts in Technical Trading Systems. The averages are seeded with
    the simple mean of the first ``window`` changes. Without a loss it is 100, without a gain 0,
    without either 50; NaN where a row is.
    """
    changes = np.diff(close, axis=0)
    gains, losses = np.maximum(changes, 0.0), np.maximum(-changes, 0.0)
    gain, loss = gains[:window].mean(axis=0), losses[:window].mean(axis=0)
    for row in range(window, len(changes)):
        gain = (gain * (window - 1) + gains[row]) / window
        loss = (loss * (window - 1) + losses[row]) / window
    moved = gain + loss
    index: FloatArray = np.where(moved > 0, 100.0 * gain / np.where(moved > 0, moved, 1.0), 50.0)
    return np.where(np.isfinite(moved), index, np.nan)


def rsi(close: FloatArray, window: int) -> FloatArray:
    """Return the relative strength index over a fixed stretch, so that no left edge shows."""
    needed = rsi_bars(window)
    return _unknown(close) if len(close) < needed else wilder_rsi(close[-needed:], window)


def rsi_bars(window: int) -> int:
    """Return how many bars `rsi` reads."""
    return RSI_WINDOWS * window + 1


def spread_of(view: View, first: int, last: int) -> FloatArray:
    """Return the range of bars ``first`` to ``last`` back, the last not included, over its high.

    ``spread_of(view, 20, 0)`` is that of the last twenty bars.
    """
    count = len(view.high)
    if count < first:
        return _unknown(view.high)
    rows = slice(count - first, count - last)
    top: FloatArray = view.high[rows].max(axis=0)
    spread: FloatArray = (top - view.low[rows].min(axis=0)) / top
    return spread


def _unknown(values: FloatArray) -> FloatArray:
    return np.full(values.shape[1], np.nan)
