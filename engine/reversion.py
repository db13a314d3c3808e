"""On-line portfolios that expect each price to return to a centre of its recent past.

A prediction is next session's price over this one's, per asset; `revert` moves a portfolio no
further than it must to expect a growth of epsilon. Predictions are made for s stretches of levels
at once, (s, w, m) of w sessions each, oldest first, and come as (s, m).
"""

from typing import Final

import numpy as np

from engine.median import l1_median
from engine.ranking import quantise
from engine.simplex import nearest_on_simplex
from engine.types import FloatArray

INDIFFERENT: Final = 1e-12  # sum of squared deviations below which predictions are all alike


def mean_reversion(levels: FloatArray) -> FloatArray:
    """Return the mean of each stretch of ``levels`` over its last row: OLMAR-1."""
    return _over_last(levels.mean(axis=1), levels)


def smoothed_reversion(levels: FloatArray, alpha: float) -> FloatArray:
    """Return ``phi = alpha + (1 - alpha) phi / x`` by session, phi = 1 at the start: OLMAR-2.

    phi times the price is the exponential mean of prices that begins at the first one, so it is
    read off as that. An asset whose first rows are NaN begins at its first price.
    """
    begun = np.argmax(np.isfinite(levels), axis=1)[:, None, :]
    prices = np.where(np.isfinite(levels), levels, np.take_along_axis(levels, begun, axis=1))
    age = np.arange(levels.shape[1])[::-1]
    weights = alpha * (1.0 - alpha) ** age
    weights[0] = (1.0 - alpha) ** age[0]
    return _over_last((weights[:, None] * prices).sum(axis=1), prices)


def median_reversion(levels: FloatArray, *, tol: float, scaled: bool) -> FloatArray:
    """Return the L1-median of the rows of each stretch over the last one.

    Scaled, each asset's levels are divided by its last one first: else the dearest asset decides
    what is far.

    References
    ----------
    Huang, D., Zhou, J., Li, B., Hoi, S. C. H. & Zhou, S. (2013). Robust Median Reversion Strategy
    for On-Line Portfolio Selection.
    """
    measured = levels / levels[:, -1:, :] if scaled else levels
    return _over_last(l1_median(measured, tol=tol), measured)


def revert(weights: FloatArray, predicted: FloatArray, epsilon: float) -> FloatArray:
    """Return the weights nearest to ``weights`` (m,) that expect a growth of ``epsilon``.

    They sum to one and none is negative. Where the expectation is met already, or the predictions
    are all alike, the weights stay. An epsilon out of reach moves nearly all to the best predicted.

    References
    ----------
    Li, B. & Hoi, S. C. H. (2012). On-Line Portfolio Selection with Moving Average Reversion.
    """
    apart = predicted - np.add.reduce(predicted) / len(predicted)
    spread = np.add.reduce(apart * apart)
    missing = epsilon - np.add.reduce(weights * predicted)
    if spread < INDIFFERENT or missing <= 0.0:
        return weights
    return nearest_on_simplex(weights + missing / spread * apart)


def walk(weights: FloatArray, predicted: FloatArray, epsilon: float) -> FloatArray:
    """Return the weights after each of ``predicted`` (s, m) in turn, from ``weights`` on, (s, m).

    Each step starts from the targets of the one before, not from what they drifted to.
    """
    walked = np.empty_like(predicted)
    for step, expected in enumerate(predicted):
        walked[step] = weights = revert(weights, expected, epsilon)
    return walked


def _over_last(centre: FloatArray, levels: FloatArray) -> FloatArray:
    return quantise(centre / levels[:, -1])
