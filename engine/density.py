"""Groups of points that lie close together, found by density; whoever lies apart is in none."""

import numpy as np

from engine.types import FloatArray, IntArray

NOISE = -1


def dbscan(points: FloatArray, *, eps: float, min_samples: int) -> IntArray:
    """Return the cluster of each point, counted from 0 in order of first member; NOISE for none.

    Parameters
    ----------
    points : ndarray of shape (m, d)
        No NaN.
    eps : float
        Distance up to which two points are neighbours.
    min_samples : int
        Neighbours, itself included, that make a point the core of a cluster.

    References
    ----------
    Ester, M. et al. (1996). A Density-Based Algorithm for Discovering Clusters. KDD-96.
    """
    if not len(points):
        return np.empty(0, np.int64)
    square = (points**2).sum(axis=1)
    distance = np.maximum(square[:, None] + square - 2.0 * points @ points.T, 0.0)
    near = distance <= eps**2
    np.fill_diagonal(near, True)
    core = near.sum(axis=1) >= min_samples
    labels = np.full(len(points), NOISE, np.int64)
    found = 0
    for first in np.flatnonzero(core).tolist():
        if labels[first] != NOISE:
            continue
        reached = np.zeros(len(points), np.bool_)
        reached[first] = True
        while True:
            grown = near[reached & core].any(axis=0)
            if (grown <= reached).all():
                break
            reached |= grown
        labels[reached & (labels == NOISE)] = found
        found += 1
    return labels
