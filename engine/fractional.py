"""Differences of a fractional order: stationary, and not without memory.

References
----------
López de Prado, M. (2018). Advances in Financial Machine Learning, chapter 5. Hosking, J. R. M.
(1981). Fractional Differencing. Biometrika, 68(1).
"""

from functools import cache

import numpy as np

from engine.types import FloatArray


@cache
def difference_weights(order: float, threshold: float = 1e-3) -> FloatArray:
    """Return the weights of (1 - L)^order, newest first, down to the last of `threshold` or more.

    The window has a fixed width: an expanding one would change the meaning of a figure with age.
    """
    weights = [1.0]
    while True:
        following = -weights[-1] * (order - len(weights) + 1) / len(weights)
        if abs(following) < threshold:
            break
        weights.append(following)
    found = np.array(weights)
    found.flags.writeable = False
    return found


def last_difference(values: FloatArray, order: float) -> FloatArray:
    """Return the fractional difference on the last row of `values` (k, m), shape (m,).

    NaN where one of the rows it needs is missing.
    """
    weights = difference_weights(order)
    if len(values) < len(weights):
        return np.full(values.shape[1], np.nan)
    difference: FloatArray = weights @ values[: -len(weights) - 1 : -1]
    return difference
