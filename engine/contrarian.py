"""Bets against what moved most: weights opposite to returns relative to those of the others."""

import numpy as np

from engine.ranking import quantise
from engine.types import BoolArray, FloatArray, IntArray


def contrarian_weights(returns: FloatArray, group: IntArray, *, count: int) -> FloatArray:
    """Return weights proportional to how far each return lies below the mean of its group.

    Parameters
    ----------
    returns : ndarray of shape (k,)
        Ordered by asset id, which breaks ties; no NaN.
    group : ndarray of shape (k,)
        Number of the group whose mean is subtracted.
    count : int
        Names kept on either side, the largest bets first.

    Returns
    -------
    ndarray of shape (k,)
        Bought positive, sold negative; each side sums to one in size, or to zero when no return
        differs from its group's mean.

    References
    ----------
    Lehmann, B. N. (1990). Fads, Martingales, and Market Efficiency.
    """
    below = _below_mean(returns, group)
    bought, sold = _largest(below, count), _largest(-below, count)
    return _share(np.where(bought, below, 0.0)) - _share(np.where(sold, -below, 0.0))


def _below_mean(returns: FloatArray, group: IntArray) -> FloatArray:
    _, place = np.unique(group, return_inverse=True)
    means = np.bincount(place, returns) / np.maximum(np.bincount(place), 1)
    # Rounded first: equal returns have a mean that differs from them in the last bits.
    return quantise(means)[place] - quantise(returns)


def _largest(values: FloatArray, count: int) -> BoolArray:
    best = np.argsort(-values, kind="stable")[:count]
    kept = np.zeros(len(values), np.bool_)
    kept[best] = values[best] > 0.0
    return kept


def _share(raw: FloatArray) -> FloatArray:
    total = raw.sum()
    return raw / total if total > 0.0 else np.zeros_like(raw)
