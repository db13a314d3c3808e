"""Hierarchical risk parity.

1. Distances between assets from their correlations, a tree by linkage, its leaves in order.
2. Bisect that order by position, level by level, until every segment is one asset.
3. At each split give the halves shares inverse to their variance under inverse-variance
   weights; an asset's weight is the product of the shares on its way down.

A segment's variance needs the sum of a block of ``C_ij / (C_ii C_jj)``. In a full binary tree,
with empty places where a segment ends early, the blocks of a level are sums of two by two blocks
of the level below: nothing is summed twice and, unlike with differences of prefix sums, nothing
cancels. The reordered matrix itself is never made, only that of its pairs.

References
----------
López de Prado, M. (2016). Building Diversified Portfolios that Outperform Out of Sample.
Journal of Portfolio Management, 42(4).
"""

from typing import Literal

import numpy as np

from engine.covariance import correlate, require_variance
from engine.types import BoolArray, FloatArray, IntArray

Linkage = Literal["single", "average", "ward"]


def hrp_weights(
    returns: FloatArray, *, linkage: Linkage = "ward", distance_of_distances: bool = False
) -> FloatArray:
    """Return hierarchical-risk-parity weights of the assets in `returns`.

    Parameters
    ----------
    returns : ndarray of shape (n_sessions, n_assets)
        Simple returns as decimal fractions, columns ascending by asset id (equal distances are
        joined in column order), no NaN, no column without variance.
    distance_of_distances : bool
        Cluster by how alike two assets' distances to all assets are, as the paper's own example
        does, and not by the distance between the two.

    Returns
    -------
    ndarray of shape (n_assets,)
        Positive, summing to one; empty for no assets.
    """
    if returns.shape[1] < 2:
        return np.ones(returns.shape[1])
    correlation, deviation = correlate(returns)
    order = leaf_order(correlation, linkage=linkage, distance_of_distances=distance_of_distances)
    return _allocate(correlation, deviation, order)


def hrp_from_covariance(covariance: FloatArray, *, linkage: Linkage = "ward") -> FloatArray:
    """Return the weights for a covariance of two assets or more; see `hrp_weights`."""
    deviation = np.sqrt(covariance.diagonal())
    require_variance(deviation)
    correlation = covariance / np.outer(deviation, deviation)
    return _allocate(correlation, deviation, leaf_order(correlation, linkage=linkage))


def leaf_order(
    correlation: FloatArray, *, linkage: Linkage = "ward", distance_of_distances: bool = False
) -> IntArray:
    """Return the columns in the order of the tree's leaves, on distances sqrt((1 - corr) / 2).

    Or on the Euclidean distances between the columns of these.
    """
    # Importing the clustering costs about a second, which only runs that allocate should pay.
    from scipy.cluster import hierarchy
    from scipy.spatial.distance import pdist, squareform

    distance = squareform(correlation, checks=False)
    np.clip(distance, -1.0, 1.0, out=distance)
    np.subtract(1.0, distance, out=distance)
    distance *= 0.5
    np.sqrt(distance, out=distance)
    if distance_of_distances:
        distance = pdist(squareform(distance))
    return hierarchy.leaves_list(hierarchy.linkage(distance, linkage)).astype(np.int64)


def _allocate(correlation: FloatArray, deviation: FloatArray, order: IntArray) -> FloatArray:
    taken = _places(len(order))
    columns = np.zeros(len(taken), dtype=np.int64)
    columns[taken] = order
    scale = np.where(taken, 1.0 / deviation[columns], 0.0)
    weights = np.empty(len(order))
    weights[order] = _bisect(_sum_pairs(correlation, columns, scale), np.square(scale))[taken]
    return weights


def _places(n_assets: int) -> BoolArray:
    """Mark the leaves of the full binary tree at which bisection by position ends."""
    sizes = np.array([n_assets])
    while sizes.max() > 1:
        sizes = np.column_stack([sizes // 2, sizes - sizes // 2]).ravel()
    return sizes > 0


def _sum_pairs(correlation: FloatArray, columns: IntArray, scale: FloatArray) -> FloatArray:
    """Return ``scale_i corr_ij scale_j`` by leaf, summed over two by two leaves."""
    rows = correlation.take(columns[::2], axis=0)
    rows *= scale[::2, None]
    odd = correlation.take(columns[1::2], axis=0)
    odd *= scale[1::2, None]
    rows += odd
    leaves = rows.take(columns, axis=1)
    leaves *= scale
    return leaves[:, ::2] + leaves[:, 1::2]


def _bisect(blocks: FloatArray, precision: FloatArray) -> FloatArray:
    """Return the weight of each leaf, from the blocks of pairs and 1 / variance of the leaves."""
    # A leaf's own block is C_ii / C_ii^2, its precision.
    shares = [_shares(precision, precision)]
    precision = precision[::2] + precision[1::2]
    while len(blocks) > 1:
        shares.append(_shares(blocks.diagonal(), precision))
        rows = blocks[::2] + blocks[1::2]
        blocks = rows[:, ::2] + rows[:, 1::2]
        precision = precision[::2] + precision[1::2]
    weights = np.ones(1)
    for share in reversed(shares):
        weights = (weights[:, None] * share).ravel()
    return weights


def _shares(sums: FloatArray, precision: FloatArray) -> FloatArray:
    """Return what each pair of segments shares out, (pairs, 2); an empty left one gets nothing."""
    variance = np.divide(sums, np.square(precision), out=np.zeros_like(sums), where=precision > 0.0)
    left, right = variance[::2], variance[1::2]
    both = precision[::2] > 0.0
    share = np.column_stack([np.zeros(len(left)), np.ones(len(left))])
    np.divide(right, left + right, out=share[:, 0], where=both)
    np.divide(left, left + right, out=share[:, 1], where=both)
    return share
