"""Fewer points for a chart that look like all of them."""

from itertools import pairwise

import numpy as np

from engine.types import FloatArray, IntArray


def largest_triangle_three_buckets(values: FloatArray, points: int) -> IntArray:
    """Pick the rows that keep the shape of a curve.

    Parameters
    ----------
    values : ndarray of shape (n,)
        The curve at equally spaced rows, no NaN.
    points : int
        How many rows to keep, at least 3; all are kept when ``n <= points``.

    Returns
    -------
    ndarray of shape (min(n, points),)
        Ascending rows; the first and the last are always among them.

    References
    ----------
    Steinarsson, S. (2013). Downsampling Time Series for Visual Representation. Thesis,
    University of Iceland.
    """
    n = len(values)
    if n <= points:
        return np.arange(n)
    edges = np.linspace(1, n - 1, points - 1).astype(np.int64)
    kept = np.zeros(points, dtype=np.int64)
    kept[-1] = n - 1
    for bucket in range(points - 2):
        start, end = edges[bucket], edges[bucket + 1]
        after = edges[bucket + 2] if bucket + 2 < len(edges) else n
        centre_x = (end + after - 1) / 2.0
        centre_y = values[end:after].mean()
        x, y = kept[bucket], values[kept[bucket]]
        area = np.abs(
            (x - centre_x) * (values[start:end] - y) - (x - np.arange(start, end)) * (centre_y - y)
        )
        kept[bucket + 1] = start + int(area.argmax())
    return kept


def deepest_per_bucket(values: FloatArray, points: int) -> IntArray:
    """Pick the lowest row of each bucket, so that no drawdown's trough is lost.

    Parameters
    ----------
    values : ndarray of shape (n,)
        A curve of drawdowns, no NaN.
    points : int
        How many rows to keep, at least 3; all are kept when ``n <= points``.

    Returns
    -------
    ndarray of shape (min(n, points),)
        Ascending rows; the first and the last are always among them.
    """
    n = len(values)
    if n <= points:
        return np.arange(n)
    edges = np.linspace(1, n - 1, points - 1).astype(np.int64)
    lowest = [start + int(values[start:end].argmin()) for start, end in pairwise(edges)]
    return np.array([0, *lowest, n - 1])
