"""Nested clustered optimisation.

1. Cluster the assets by the distance of their correlations (`engine.clusters.best_cut`).
2. Optimise within each cluster, which gives it the variance and covariances of one asset.
3. Optimise among the clusters; an asset's weight is the product of both.

The large matrix is never inverted, only those of clusters and the small one between them, so that
an estimation error stays within its cluster.

References
----------
López de Prado, M. (2019). A Robust Estimator of the Efficient Frontier.
López de Prado, M. (2020). Machine Learning for Asset Managers. Cambridge University Press.
"""

from collections.abc import Callable, Mapping
from typing import Final, Literal

import numpy as np

from engine.clusters import best_cut, correlation_distances
from engine.covariance import require_variance
from engine.mean_variance import free_minimum_variance, minimum_variance
from engine.risk_budgeting import risk_budgeting
from engine.types import FloatArray, IntArray

Inner = Literal["min_variance", "erc", "equal"]
Outer = Literal["erc", "min_variance", "inverse_vol"]


def nco_weights(
    covariance: FloatArray,
    *,
    most_clusters: int = 10,
    inner: Inner = "min_variance",
    outer: Outer = "erc",
    long_only: bool = True,
) -> FloatArray:
    """Return nested-clustered weights (k,), summing to one; positive or zero if `long_only`.

    Parameters
    ----------
    covariance : ndarray of shape (k, k)
        Assets ascending by id, positive definite.
    """
    if len(covariance) < 2:
        return np.ones(len(covariance))
    labels = cluster_assets(covariance, most=most_clusters)
    return nest(covariance, labels, inner=inner, outer=outer, long_only=long_only)


def cluster_assets(covariance: FloatArray, *, most: int) -> IntArray:
    """Return the cluster (k,) of each asset; all in one where nothing tells them apart."""
    deviation = np.sqrt(covariance.diagonal())
    require_variance(deviation)
    distances = correlation_distances(covariance / np.outer(deviation, deviation))
    labels = best_cut(distances, linkage="ward", most=most)
    return np.zeros(len(covariance), np.int64) if labels is None else labels


def nest(
    covariance: FloatArray, labels: IntArray, *, inner: Inner, outer: Outer, long_only: bool
) -> FloatArray:
    """Return the weights (k,) for given clusters; see `nco_weights`."""
    names = np.unique(labels)
    within = np.zeros((len(names), len(labels)))
    for place, name in enumerate(names.tolist()):
        members = np.flatnonzero(labels == name)
        block = covariance[np.ix_(members, members)]
        within[place, members] = _optimise(inner, block, long_only=long_only)
    reduced = within @ covariance @ within.T
    between = _optimise(outer, (reduced + reduced.T) / 2.0, long_only=long_only)
    weights: FloatArray = between @ within
    return weights


def effective_number(weights: FloatArray) -> float | None:
    """Return ``1 / sum(w^2)``, how many equal holdings are as spread; None of nothing held."""
    squares = float(np.square(weights).sum())
    return 1.0 / squares if squares > 0.0 else None


def _optimise(method: str, covariance: FloatArray, *, long_only: bool) -> FloatArray:
    if len(covariance) == 1:
        return np.ones(1)
    if method == "min_variance" and not long_only:
        return free_minimum_variance(covariance)
    return _METHODS[method](covariance)


def _equal(covariance: FloatArray) -> FloatArray:
    return np.full(len(covariance), 1.0 / len(covariance))


def _inverse_volatility(covariance: FloatArray) -> FloatArray:
    raw = 1.0 / np.sqrt(covariance.diagonal())
    weights: FloatArray = raw / raw.sum()
    return weights


_METHODS: Final[Mapping[str, Callable[[FloatArray], FloatArray]]] = {
    "min_variance": minimum_variance,
    "erc": risk_budgeting,
    "equal": _equal,
    "inverse_vol": _inverse_volatility,
}
