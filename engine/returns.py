"""Returns between sessions, and what a missing bar does to them."""

from typing import Final

import numpy as np

from engine.types import FloatArray, IntArray

MAX_GAP: Final = 5  # missing sessions a return may span
END_TOLERANCE: Final = 3  # sessions an end point may lie from its nominal row


def carry_forward(values: FloatArray) -> FloatArray:
    """Return ``values`` (n, m) with each NaN replaced by the last number above it.

    NaN before the first number of a column stays.
    """
    if np.isfinite(values).all():
        return values
    columns = np.arange(values.shape[1])
    filled: FloatArray = values[_last_valid(values), columns]
    return filled


def simple_returns(prices: FloatArray, *, max_gap: int = MAX_GAP) -> FloatArray:
    """Return simple returns between the rows of ``prices``.

    Parameters
    ----------
    prices : ndarray of shape (n, m)
        Levels, NaN where there is no bar.
    max_gap : int
        Missing rows a return may span. After a longer gap the first return is NaN.

    Returns
    -------
    ndarray of shape (n - 1, m)
        Decimal fractions; NaN on a missing row and where no earlier price is near enough.
    """
    if np.isfinite(prices).all():
        return prices[1:] / prices[:-1] - 1.0
    last = _last_valid(prices)[:-1]
    rows = np.arange(1, len(prices))[:, None]
    before = prices[last, np.arange(prices.shape[1])]
    near = rows - last - 1 <= max_gap
    return np.where(near, prices[1:] / before - 1.0, np.nan)


def log_returns(prices: FloatArray, *, max_gap: int = MAX_GAP) -> FloatArray:
    """Return ``ln(1 + simple return)``, shape (n - 1, m), with the same NaN policy."""
    returns: FloatArray = np.log1p(simple_returns(prices, max_gap=max_gap))
    return returns


def forward_factors(close: FloatArray, split: FloatArray, dividend: FloatArray) -> FloatArray:
    """Return the total-return factors of raw prices, shape (n, m), 1.0 on each first bar.

    ``close * factor`` is a total-return level to which a later action never reaches back, unlike a
    vendor's adjusted close, which rewrites history at each action.

    Parameters
    ----------
    close : ndarray of shape (n, m)
        Raw closes, NaN where there is no bar; the factor carries over such rows.
    split, dividend : ndarray of shape (n, m)
        New shares per old (1.0 = none) and cash per post-split share (0.0 = none), on rows that
        have a bar. An action before or on the first bar does not count.
    """
    bar = np.isfinite(close)
    held = np.logical_or.accumulate(bar, axis=0)
    held[1:], held[:1] = held[:-1].copy(), False
    step: FloatArray = np.where(bar & held, split * (close + dividend) / close, 1.0)
    factors: FloatArray = np.cumprod(step, axis=0, dtype=np.float64)
    return factors


def trailing_return(prices: FloatArray, *, lookback: int, skip: int) -> FloatArray:
    """Return ``P[t - skip] / P[t - lookback] - 1`` per column, t the last row.

    Parameters
    ----------
    prices : ndarray of shape (n, m), n > lookback
        Total-return levels, NaN where there is no bar.

    Returns
    -------
    ndarray of shape (m,)
        An end point without a bar moves inwards or back by at most three sessions; NaN when no
        real bar is that near, so that no return is measured from a price nobody could trade.

    References
    ----------
    Jegadeesh, N. & Titman, S. (1993). Returns to Buying Winners and Selling Losers.
    """
    first, last = len(prices) - 1 - lookback, len(prices) - 1 - skip
    starts = prices[first : min(first + END_TOLERANCE + 1, last)]
    ends = prices[max(last - END_TOLERANCE, first + 1) : last + 1]
    start, start_row = _nearest(starts)
    end, end_row = _nearest(ends[::-1])
    ordered = first + start_row < last - end_row
    return np.where(ordered, end / start - 1.0, np.nan)


def trailing_rate(rates: FloatArray, *, lookback: int, skip: int) -> tuple[float, bool]:
    """Return what cash earned over the sessions of a `trailing_return`.

    Parameters
    ----------
    rates : ndarray of shape (n,), n >= lookback
        Simple return per session; NaN unknown, which counts as 0.

    Returns
    -------
    The compounded return, a decimal fraction, and whether a rate among them was unknown.
    """
    taken = rates[-lookback : len(rates) - skip]
    known = np.where(np.isnan(taken), 0.0, taken)
    return float(np.prod(1.0 + known) - 1.0), bool(np.isnan(taken).any())


def _nearest(rows: FloatArray) -> tuple[FloatArray, IntArray]:
    """Return the first number of each column and its row; NaN where there is none."""
    found = np.argmax(np.isfinite(rows), axis=0)
    return rows[found, np.arange(rows.shape[1])], found


def _last_valid(values: FloatArray) -> IntArray:
    """Return, per cell, the row of the last number at or above it; 0 where there is none."""
    rows = np.where(np.isfinite(values), np.arange(len(values))[:, None], 0)
    latest: IntArray = np.maximum.accumulate(rows, axis=0)
    return latest
