"""Indicators of practitioners: moving means, RSI, MACD and ATR, for each row of (n, m) prices.

A row without a price is NaN in and NaN out, and a recursion starts anew after it; `last_bars` puts
an asset's own bars side by side first, so that another market's holiday is no such row.
"""

from collections.abc import Callable
from functools import lru_cache
from typing import Final

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view

from engine.types import BoolArray, FloatArray

NO_MOVE: Final = 50.0  # RSI where nothing rose and nothing fell


def last_bars(values: FloatArray, count: int) -> FloatArray:
    """Return the last ``count`` numbers of each column, oldest first, shape (count, m).

    Where a column has fewer, or ``values`` has fewer rows, its first rows are NaN.
    """
    recent = values[-count:]
    if len(recent) == count and np.isfinite(recent).all():
        return recent
    last = np.full((count, values.shape[1]), np.nan)
    last[count - len(recent) :] = recent
    holed = np.flatnonzero(~np.isfinite(last).all(axis=0))
    known = values[:, holed]
    # Stable: numbers keep their order, and those there are end in the last rows.
    order = np.argsort(np.isfinite(known), axis=0, kind="stable")[-count:]
    last[:, holed] = np.nan
    kept = np.take_along_axis(np.where(np.isfinite(known), known, np.nan), order, axis=0)
    last[count - len(kept) :, holed] = kept
    return last


def sma(values: FloatArray, window: int) -> FloatArray:
    """Return the mean of the last ``window`` rows, shape (n, m); NaN while one is missing."""
    means = np.full_like(values, np.nan)
    if len(values) >= window:
        means[window - 1 :] = sliding_window_view(values, window, axis=0).mean(axis=-1)
    return means


def ema(values: FloatArray, window: int) -> FloatArray:
    """Return the exponential mean with factor ``2 / (window + 1)``, shape (n, m).

    It is seeded with the simple mean of the first ``window`` values, NaN before, and seeded anew
    after a NaN.
    """
    return _recursive_mean(values, window, 2.0 / (window + 1.0))


def rsi(close: FloatArray, window: int) -> FloatArray:
    """Return the relative strength index, shape (n, m), between 0 and 100.

    The averages are seeded with the simple mean of the first ``window`` changes. Without a loss it
    is 100, without a gain 0, without either 50; NaN before the seed and anew after a NaN.

    References
    ----------
    Wilder, J. W. (1978). New Concepts in Technical Trading Systems.
    """
    changes = np.diff(close, axis=0, prepend=np.nan)
    gain = _recursive_mean(np.maximum(changes, 0.0), window, 1.0 / window)
    loss = _recursive_mean(np.maximum(-changes, 0.0), window, 1.0 / window)
    return _index(gain, loss)


def macd_histogram(close: FloatArray, *, fast: int, slow: int, signal: int) -> FloatArray:
    """Return the MACD line less its exponential mean, shape (n, m), in units of the price.

    The line is the fast exponential mean less the slow one (Appel); NaN until the signal is seeded,
    which takes ``slow + signal - 1`` rows.
    """
    line = ema(close, fast) - ema(close, slow)
    return line - ema(line, signal)


def true_range(high: FloatArray, low: FloatArray, close: FloatArray) -> FloatArray:
    """Return each row's range, the close before it included, shape (n, m); NaN in the first row."""
    before = np.concatenate([np.full((1, close.shape[1]), np.nan), close[:-1]])
    reach: FloatArray = np.maximum(high, before) - np.minimum(low, before)
    return reach


def atr(high: FloatArray, low: FloatArray, close: FloatArray, window: int) -> FloatArray:
    """Return the average true range, shape (n, m), by Wilder's mean.

    Seeded with the simple mean of the first ``window`` true ranges; NaN before, and anew after a
    row of which high, low or close is missing.

    References
    ----------
    Wilder, J. W. (1978). New Concepts in Technical Trading Systems.
    """
    return _recursive_mean(true_range(high, low, close), window, 1.0 / window)


def latest_rsi(close: FloatArray, window: int) -> FloatArray:
    """Return the last row of `rsi`, shape (m,), of closes as `last_bars` puts them; much faster."""

    def of_bars(bars: FloatArray) -> FloatArray:
        changes = np.diff(bars, axis=0)
        weights = _mean_weights(len(changes), window, 1.0 / window)
        return _index(
            _weighed(weights, np.maximum(changes, 0.0)),
            _weighed(weights, np.maximum(-changes, 0.0)),
        )

    return _by_count(close, of_bars, least=window + 1)


def latest_macd_histogram(close: FloatArray, *, fast: int, slow: int, signal: int) -> FloatArray:
    """Return the last row of `macd_histogram`, shape (m,), of closes as `last_bars` puts them."""

    def of_bars(bars: FloatArray) -> FloatArray:
        return _weighed(_histogram_weights(len(bars), fast, slow, signal), bars)

    return _by_count(close, of_bars, least=slow + signal - 1)


def _index(gain: FloatArray, loss: FloatArray) -> FloatArray:
    moved = gain + loss
    still = moved == 0.0
    return np.where(still, NO_MOVE, 100.0 * gain / np.where(still, 1.0, moved))


def _by_count(
    close: FloatArray, of_bars: Callable[[FloatArray], FloatArray], *, least: int
) -> FloatArray:
    """Return `of_bars` of the columns that have equally many bars, together; NaN below `least`."""
    found = np.full(close.shape[1], np.nan)
    counts = np.isfinite(close).sum(axis=0)
    for count in np.unique(counts[counts >= least]).tolist():
        columns = np.flatnonzero(counts == count)
        found[columns] = of_bars(close[-count:, columns])
    return found


def _weighed(weights: FloatArray, values: FloatArray) -> FloatArray:
    # Row after row, not by a matrix product, whose last bits may depend on the other columns.
    total: FloatArray = (weights[:, None] * values).sum(axis=0)
    return total


@lru_cache(maxsize=512)
def _mean_weights(count: int, window: int, factor: float) -> FloatArray:
    """Return the weight of each of ``count`` rows in the last recursive mean.

    The recursion is linear: run over unit impulses it gives its own weights.
    """
    weights: FloatArray = _recursive_mean(np.eye(count), window, factor)[-1]
    return weights


@lru_cache(maxsize=512)
def _histogram_weights(count: int, fast: int, slow: int, signal: int) -> FloatArray:
    weights: FloatArray = macd_histogram(np.eye(count), fast=fast, slow=slow, signal=signal)[-1]
    return weights


def _recursive_mean(values: FloatArray, window: int, factor: float) -> FloatArray:
    """Return ``mean += factor * (value - mean)`` by row, seeded with a simple mean of `window`."""
    means = np.full_like(values, np.nan)
    known = np.isfinite(values)
    first = int(np.argmax(known.any(axis=1))) if known.any() else len(values)
    whole = known[first:].all(axis=0)
    if whole.any():
        means[first:, whole] = _without_gaps(values[first:, whole], window, factor)
    if not whole.all():
        means[:, ~whole] = _with_gaps(values[:, ~whole], known[:, ~whole], window, factor)
    return means


def _without_gaps(values: FloatArray, window: int, factor: float) -> FloatArray:
    means = np.full_like(values, np.nan)
    if len(values) < window:
        return means
    mean = np.cumsum(values[:window], axis=0)[-1] / window  # in order, as with gaps
    means[window - 1] = mean
    for row in range(window, len(values)):
        mean = mean + factor * (values[row] - mean)
        means[row] = mean
    return means


def _with_gaps(values: FloatArray, known: BoolArray, window: int, factor: float) -> FloatArray:
    means = np.full_like(values, np.nan)
    mean, total, run = np.zeros((3, values.shape[1]))
    for row in range(len(values)):
        value = np.where(known[row], values[row], 0.0)
        run = np.where(known[row], run + 1.0, 0.0)
        total = np.where(run > 0.0, total + value, 0.0)
        mean = np.where(run == window, total / window, mean + factor * (value - mean))
        means[row] = np.where(run >= window, mean, np.nan)
    return means
