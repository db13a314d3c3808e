"""Scale a strategy by its own recent volatility; what is taken off lies in cash."""

import math
from dataclasses import dataclass
from typing import Final, Literal

import numpy as np

from engine.types import FloatArray, IntArray

VolatilityEstimator = Literal["realised", "ewma"]

MONTH: Final = 21
DEEP: Final = 0.1  # drawdown below which the lower target holds
STILL: Final = 1e-12  # of the equity: what rounding alone moves


@dataclass(frozen=True, kw_only=True)
class VolatilityTerms:
    """What an overlay aims at, and how far it may go."""

    target: float  # a year
    window: int = 126  # sessions of the strategy's own returns: half a year
    estimator: VolatilityEstimator = "realised"
    halflife: int = 63  # sessions, of the ewma estimator
    least: float = 0.1
    most: float = 1.0  # a cash account borrows nothing
    drawdown_target: float | None = None  # replaces the target in a deep drawdown


def volatility_scales(
    equity: FloatArray,
    last: IntArray,
    terms: VolatilityTerms,
    *,
    interest: FloatArray | float = 0.0,
) -> tuple[FloatArray, bool]:
    """Return the scale of each decision, and whether some had too short a history to be scaled.

    Parameters
    ----------
    equity : ndarray of shape (k,)
        Net equity of the strategy itself, unscaled, above 0.
    last : ndarray of shape (d,)
        Per decision the index of the last equity known to it, ascending; below 0 for none.
    interest : float or ndarray of shape (k,)
        What cash earned on each session, in the unit of the equity.

    Returns
    -------
    ndarray of shape (d,), bool
        Within `least` and `most`; 1 where fewer than `window` returns are known, or interest alone
        moved them: cash has no volatility that could be aimed at.

    References
    ----------
    Barroso, P. & Santa-Clara, P. (2015). Momentum Has Its Moments. JFE, 116(1).
    """
    returns = equity[1:] / equity[:-1] - 1.0
    earned = np.broadcast_to(interest, equity.shape)[1:]
    moved = np.abs(np.diff(equity) - earned) > STILL * equity[:-1]
    weights, curve = _weights(terms), _Curve()
    scales = np.ones(len(last))
    for i, end in enumerate(last.tolist()):
        if i:
            curve.follow(scales[i - 1] * returns[max(last[i - 1], 0) : max(end, 0)])
        window = slice(end - terms.window, end)
        if end >= terms.window and moved[window].any():
            month = MONTH * float(weights @ np.square(returns[window]))
            scales[i] = _scale(terms, math.sqrt(12.0 * month), deep=curve.drawdown < -DEEP)
    return scales, bool((last < terms.window).any())


class _Curve:
    """The scaled strategy from its first decision on: its returns by the scale in force."""

    def __init__(self) -> None:
        self.level = self.peak = 1.0

    def follow(self, returns: FloatArray) -> None:
        path = self.level * np.cumprod(1.0 + returns)
        if len(path):
            self.level, self.peak = float(path[-1]), max(self.peak, float(path.max()))

    @property
    def drawdown(self) -> float:
        return self.level / self.peak - 1.0


def _weights(terms: VolatilityTerms) -> FloatArray:
    """Return the share of each return of the window, oldest first, summing to 1."""
    if terms.estimator == "realised":
        return np.full(terms.window, 1.0 / terms.window)
    weights = 0.5 ** (np.arange(terms.window)[::-1] / terms.halflife)
    return np.asarray(weights / weights.sum(), np.float64)


def _scale(terms: VolatilityTerms, volatility: float, *, deep: bool) -> float:
    lower = terms.drawdown_target
    target = lower if deep and lower is not None else terms.target
    return min(max(target / volatility, terms.least), terms.most)
