"""What became of a trade: which of three barriers its price met first.

References
----------
López de Prado, M. (2018). Advances in Financial Machine Learning, chapter 3.
"""

from dataclasses import dataclass
from typing import Final

import numpy as np

from engine.types import BoolArray, FloatArray

WORST: Final = -0.99  # a return no logarithm is taken below


@dataclass(frozen=True, kw_only=True)
class Outcome:
    """The end of a trade: how many bars after its fill, whether it won, and its simple return."""

    bars: int
    won: bool
    gain: float  # gross, of the side taken


def triple_barrier(
    fill: float,
    high: FloatArray,
    low: FloatArray,
    close: FloatArray,
    *,
    upper: float,
    lower: float,
    horizon: int,
    cost: float,
    short: bool = False,
) -> Outcome | None:
    """Return how a trade ended, or None while it has not.

    Parameters
    ----------
    fill : float
        Price at which it was opened, on the first of the bars.
    high, low, close : ndarray of shape (k,)
        Bars from the one it was filled on, oldest first. NaN where there is none: it meets no
        barrier. Where only the close is known, high and low are the close.
    upper, lower : float
        Distances of the barriers as fractions of the fill, above 0: gain taken, loss cut.
    horizon : int
        Bars after the fill at which the trade ends by itself: it has won if it gained more than
        ``cost``, the fraction that going in and out takes.

    Notes
    -----
    Where one bar meets both barriers the loss is taken to have come first. A trade whose bars have
    ended before its horizon ends with its last close.
    """
    best, worst = (low, high) if short else (high, low)
    rows = slice(0, horizon + 1)
    lost, won = _gain(worst[rows], fill, short) <= -lower, _gain(best[rows], fill, short) >= upper
    met = np.flatnonzero(lost | won)
    if len(met):
        return _met(int(met[0]), lost, upper=upper, lower=lower)
    if len(close) <= horizon:
        return None
    gains = _gain(close[rows], fill, short)
    last = float(gains[np.isfinite(gains)][-1]) if np.isfinite(gains).any() else 0.0
    return Outcome(bars=horizon, won=last > cost, gain=last)


def _met(row: int, lost: BoolArray, *, upper: float, lower: float) -> Outcome:
    if lost[row]:
        return Outcome(bars=row, won=False, gain=max(-lower, WORST))
    return Outcome(bars=row, won=True, gain=upper)


def _gain(price: FloatArray, fill: float, short: bool) -> FloatArray:
    change: FloatArray = price / fill - 1.0
    return -change if short else change
