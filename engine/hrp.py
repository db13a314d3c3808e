"""Hierarchical risk parity.

1. Distances between assets from their correlations, a tree by linkage, its leaves in order.
2. Bisect that order by position, level by level, until every segment is one asset.
3. At each split give the halves shares inverse to their variance under inverse-variance
   weights; an asset's weight is the product of the shares on its way down.

A segment's variance needs the sum of a block of ``C_ij / (C_ii C_jj)``. The blocks of a level
are sums of blocks of the level below, so adding the matrix up level by level gives all of them:
nothing is summed twice and, unlike with differences of prefix sums, nothing cancels.

References
----------
López de Prado, M. (2016). Building Diversified Portfolios that Outperform Out of Sample.
Journal of Portfolio Management, 42(4).
"""

from typing import Literal

import numpy as np

from engine.covariance import require_variance, sample_covariance
from engine.types import FloatArray, IntArray

Linkage = Literal["single", "average", "ward"]


def hrp_weights(returns: FloatArray, *, linkage: Linkage = "ward") -> FloatArray:
    """Return hierarchical-risk-parity weights of the assets in `returns`.

    Parameters
    ----------
    returns : ndarray of shape (n_sessions, n_assets)
        Simple returns as decimal fractions, columns ascending by asset id (equal distances are
        joined in column order), no NaN, no column without variance.

    Returns
    -------
    ndarray of shape (n_assets,)
        Positive, summing to one; empty for no assets.
    """
    if returns.shape[1] < 2:
        return np.ones(returns.shape[1])
    return hrp_from_covariance(sample_covariance(returns), linkage=linkage)


def hrp_from_covariance(covariance: FloatArray, *, linkage: Linkage = "ward") -> FloatArray:
    """Return the weights for a covariance of shape (n_assets, n_assets); see `hrp_weights`."""
    order = leaf_order(covariance, linkage=linkage)
    weights = np.empty(len(order))
    weights[order] = _bisect(covariance.take(order, axis=0).take(order, axis=1))
    return weights


def leaf_order(covariance: FloatArray, *, linkage: Linkage = "ward") -> IntArray:
    """Return the columns in the order of the tree's leaves, on distances sqrt((1 - corr) / 2)."""
    # Importing the clustering costs about a second, which only runs that allocate should pay.
    from scipy.cluster import hierarchy
    from scipy.spatial.distance import squareform

    deviation = require_variance(covariance)
    correlation = squareform(covariance / np.outer(deviation, deviation), checks=False)
    distance = np.sqrt((1.0 - np.clip(correlation, -1.0, 1.0)) / 2.0)
    return hierarchy.leaves_list(hierarchy.linkage(distance, linkage)).astype(np.int64)


def _bisect(covariance: FloatArray) -> FloatArray:
    """Return weights by position, for a covariance whose assets stand in leaf order."""
    precision = 1.0 / covariance.diagonal()
    blocks = covariance * precision[:, None]
    blocks *= precision
    splits = _splits(len(precision))
    variances = []
    for starts in reversed(splits):
        variances.append(blocks.diagonal() / precision**2)
        blocks = np.add.reduceat(np.add.reduceat(blocks, starts, axis=0), starts, axis=1)
        precision = np.add.reduceat(precision, starts)
    weights = np.ones(1)
    for starts, variance in zip(splits, reversed(variances), strict=True):
        weights = _share(weights, variance, starts)
    return weights


def _splits(n_assets: int) -> list[IntArray]:
    """Return, per level from the top, where each segment's parts begin among all parts."""
    sizes = np.array([n_assets])
    splits = []
    while sizes.max() > 1:
        parts = np.column_stack([sizes // 2, sizes - sizes // 2])
        splits.append(np.cumsum(1 + (sizes > 1)) - 1 - (sizes > 1))
        sizes = parts[parts > 0]
    return splits


def _share(weights: FloatArray, variance: FloatArray, starts: IntArray) -> FloatArray:
    """Hand each segment's weight down to its one or two parts, inverse to their variance."""
    counts = np.diff(starts, append=len(variance))
    shares = np.repeat(weights, counts)
    left = starts[counts == 2]
    total = variance[left] + variance[left + 1]
    shares[left] *= variance[left + 1] / total
    shares[left + 1] *= variance[left] / total
    return shares
