"""The nearest weights that are non-negative and sum to one."""

import numpy as np

from engine.types import FloatArray


def nearest_on_simplex(values: FloatArray) -> FloatArray:
    """Return the Euclidean projection of ``values`` (m,), m >= 1, on the unit simplex.

    It lowers every value by the same amount and cuts at zero, so it also buys what was asked for
    at zero: for limits on a strategy's own choice use `engine.constraints.project`.

    References
    ----------
    Duchi, J., Shalev-Shwartz, S., Singer, Y. & Chandra, T. (2008). Efficient Projections onto the
    l1-Ball for Learning in High Dimensions.
    """
    # Only distances count. Those from the largest keep the sum at one however far the values are.
    below = values - values.max()
    descending = np.sort(below)[::-1]
    excess = descending.cumsum() - 1.0
    kept = int(np.count_nonzero(descending * np.arange(1, len(values) + 1) > excess))
    nearest: FloatArray = np.maximum(below - excess[kept - 1] / kept, 0.0)
    return nearest
