"""Clusters of what moves alike: assets of a portfolio, and how many of many trials differ."""

from dataclasses import dataclass
from typing import Final, Literal

import numpy as np

from engine.types import FloatArray, IntArray

Linkage = Literal["single", "average", "ward"]

MOST_CLUSTERS: Final = 50
LEAST_SILHOUETTE: Final = 0.1  # below it there are no clusters to speak of
MOST_TRIALS: Final = 2_000  # the distances of more are not held at once
STILL: Final = 1e-12


@dataclass(frozen=True, kw_only=True)
class Clusters:
    """The number of different trials, and how much their Sharpe ratios differ."""

    count: int
    variance: float  # of the clusters' Sharpe ratios per session, ddof 1


def effective_trials(returns: FloatArray) -> Clusters:
    """Return how many different trials there are among the columns of `returns` (T, N), no NaN.

    Average linkage on the distance ``sqrt((1 - rho) / 2)``, cut where the mean of the silhouettes
    over their deviation is greatest; a cluster counts by the Sharpe ratio of its members weighted
    by inverse variance. Where no cut is convincing, each trial is its own cluster. Of more than
    two thousand trials as many are taken, evenly spaced.

    References
    ----------
    López de Prado, M. & Lewis, M. (2019). Detection of False Investment Strategies Using
    Unsupervised Learning Methods. Quantitative Finance, 19(9).
    """
    total = returns.shape[1]
    if total > MOST_TRIALS:
        returns = returns[:, np.linspace(0, total - 1, MOST_TRIALS).astype(np.int64)]
    moving = returns.std(axis=0) > STILL
    if np.count_nonzero(moving) < 3:
        return _each_its_own(returns, total)
    correlation = np.atleast_2d(np.corrcoef(returns[:, moving], rowvar=False))
    distances = correlation_distances(correlation)
    labels = best_cut(
        distances, linkage="average", most=MOST_CLUSTERS, least_silhouette=LEAST_SILHOUETTE
    )
    if labels is None:
        return _each_its_own(returns, total)
    clusters = [returns[:, moving][:, labels == label] for label in np.unique(labels)]
    sharpes = [_sharpe(_pooled(members)) for members in clusters]
    return Clusters(count=len(clusters), variance=float(np.var(sharpes, ddof=1)))


def _each_its_own(returns: FloatArray, total: int) -> Clusters:
    sharpes = [_sharpe(column) for column in returns.T]
    spread = float(np.var(sharpes, ddof=1)) if len(sharpes) > 1 else 0.0
    return Clusters(count=total, variance=spread)


def correlation_distances(correlation: FloatArray) -> FloatArray:
    """Return ``sqrt((1 - rho) / 2)`` of correlations (N, N): 0 moves alike, 1 opposite."""
    distances: FloatArray = np.sqrt((1.0 - np.clip(correlation, -1.0, 1.0)) / 2.0)
    np.fill_diagonal(distances, 0.0)
    return distances


def best_cut(
    distances: FloatArray,
    *,
    linkage: Linkage,
    most: int,
    least_silhouette: float = -1.0,
) -> IntArray | None:
    """Return the cluster (N,) of each, by the cut of a tree into 2 to `most` that parts best.

    Best is the greatest mean of the silhouettes over their deviation. None where all distances
    are zero, there are fewer than three to part, or no mean reaches `least_silhouette`.
    """
    from scipy.cluster import hierarchy  # two seconds when cold
    from scipy.spatial.distance import squareform

    if np.max(distances, initial=0.0) < STILL:
        return None
    tree = hierarchy.linkage(squareform(distances, checks=False), method=linkage)
    best: IntArray | None = None
    best_score = -np.inf
    for count in range(2, min(len(distances) - 1, most) + 1):
        labels: IntArray = hierarchy.fcluster(tree, count, criterion="maxclust").astype(np.int64)
        if labels.max() == 1:  # joined all at once: no cut makes so many
            continue
        silhouettes = _silhouettes(distances, labels)
        mean, spread = float(silhouettes.mean()), float(silhouettes.std())
        score = mean / spread if spread > STILL else np.inf
        if mean >= least_silhouette and score > best_score:
            best, best_score = labels, score
    return best


def _silhouettes(distances: FloatArray, labels: IntArray) -> FloatArray:
    """Return the silhouette of each; 0 for one that is alone in its cluster."""
    names, place = np.unique(labels, return_inverse=True)
    member = np.zeros((len(labels), len(names)))
    member[np.arange(len(labels)), place] = 1.0
    sizes = member.sum(axis=0)
    sums = distances @ member
    own = sizes[place]
    within = sums[np.arange(len(labels)), place] / np.maximum(own - 1.0, 1.0)
    others = np.where(member > 0.0, np.inf, sums / sizes)
    nearest = others.min(axis=1)
    widest = np.maximum(within, nearest)
    found = np.divide(nearest - within, widest, out=np.zeros_like(widest), where=widest > 0.0)
    return np.where(own > 1.0, found, 0.0)


def _pooled(members: FloatArray) -> FloatArray:
    """Return the returns of the members weighted by inverse variance."""
    weights = 1.0 / members.var(axis=0)
    pooled: FloatArray = members @ (weights / weights.sum())
    return pooled


def _sharpe(returns: FloatArray) -> float:
    spread = float(returns.std(ddof=1))
    return float(returns.mean()) / spread if spread > STILL else 0.0
