"""Scale a strategy by its own recent volatility; what is taken off lies in cash."""

import math
from typing import Final

import numpy as np

from engine.types import FloatArray, IntArray

WINDOW: Final = 126  # half a year of sessions
MONTH: Final = 21
LEAST: Final = 0.1
MOST: Final = 1.0  # a cash account borrows nothing


def volatility_scales(
    equity: FloatArray, last: IntArray, *, target: float
) -> tuple[FloatArray, bool]:
    """Return the scale of each decision, and whether some had too short a history to be scaled.

    Parameters
    ----------
    equity : ndarray of shape (k,)
        Net equity of the strategy itself, unscaled, above 0.
    last : ndarray of shape (d,)
        Per decision the index of the last equity known to it; -1 for none.
    target : float
        Annual volatility to aim at.

    Returns
    -------
    ndarray of shape (d,), bool
        Within LEAST and MOST; 1 where fewer than WINDOW returns are known or none moved.

    References
    ----------
    Barroso, P. & Santa-Clara, P. (2015). Momentum Has Its Moments. JFE, 116(1).
    """
    squares = np.square(equity[1:] / equity[:-1] - 1.0)
    scales = np.ones(len(last))
    for i, end in enumerate(last.tolist()):
        if end >= WINDOW:
            month = MONTH * float(squares[end - WINDOW : end].mean())
            scales[i] = _scale(target, math.sqrt(12.0 * month))
    return scales, bool((last < WINDOW).any())


def _scale(target: float, volatility: float) -> float:
    return min(max(target / volatility, LEAST), MOST) if volatility > 0.0 else 1.0
