"""The median of points in many dimensions: the place with the least sum of distances."""

from typing import Final

import numpy as np

from engine.types import BoolArray, FloatArray

MAX_ROUNDS: Final = 200
COINCIDES: Final = 1e-12  # a point this near stands at the estimate: its pull has no direction


def l1_median(points: FloatArray, *, tol: float = 1e-9) -> FloatArray:
    """Return the L1-median of each set of points, by the modified Weiszfeld iteration.

    Parameters
    ----------
    points : ndarray of shape (s, w, m)
        s sets of w points in m dimensions, no NaN.
    tol : float
        Stop a set when a round moves its estimate by no more than this share of its length, both
        measured as sums of absolute values; or after 200 rounds.

    Returns
    -------
    ndarray of shape (s, m)

    References
    ----------
    Vardi, Y. & Zhang, C.-H. (2000). The Multivariate L1-Median and Associated Data Depth.
    """
    estimates: FloatArray = np.median(points, axis=1)
    moving = np.arange(len(points))
    for _ in range(MAX_ROUNDS):
        last = estimates[moving]
        estimates[moving] = moved = _round(points[moving], last)
        far = np.abs(moved - last).sum(axis=1) > tol * np.abs(last).sum(axis=1)
        moving = moving[far]
        if not len(moving):
            break
    return estimates


def _round(points: FloatArray, estimates: FloatArray) -> FloatArray:
    """Return the next estimates: pulled by the points apart from them, held by those they hit."""
    offset = points - estimates[:, None, :]
    distance = np.sqrt(np.square(offset).sum(axis=2))
    apart = distance > COINCIDES
    pull = np.where(apart, 1.0 / np.where(apart, distance, 1.0), 0.0)
    total = pull.sum(axis=1)
    target = (pull[:, :, None] * points).sum(axis=1) / np.where(total > 0.0, total, 1.0)[:, None]
    return target if apart.all() else _held_back(estimates, target, offset, pull, apart)


def _held_back(
    estimates: FloatArray,
    target: FloatArray,
    offset: FloatArray,
    pull: FloatArray,
    apart: BoolArray,
) -> FloatArray:
    hit = (~apart).sum(axis=1)
    force = np.sqrt(np.square((pull[:, :, None] * offset).sum(axis=1)).sum(axis=1))
    # As strong a hold as the pull of the others: the estimate is the median already.
    held = np.where(force > hit, hit / np.where(force > hit, force, 1.0), np.minimum(hit, 1))
    mixed: FloatArray = (1.0 - held)[:, None] * target + held[:, None] * estimates
    return mixed
