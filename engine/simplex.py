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
    below = values - np.maximum.reduce(values)
    # What is further from the largest than all the weight there is gets none.
    near = below[below > -1.0]
    lowered = _lowered(near.tolist()) if len(near) > 1 else -1.0
    nearest: FloatArray = np.maximum(below - lowered, 0.0)
    return nearest


def _lowered(near: list[float]) -> float:
    """Return by how much values are lowered, of which the largest is 0."""
    total, lowered = 0.0, 0.0
    for count, value in enumerate(sorted(near, reverse=True), start=1):
        total += value
        if value * count <= total - 1.0:
            break
        lowered = (total - 1.0) / count
    return lowered
