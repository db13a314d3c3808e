"""Which shares move together: candidates by what drives them, screened by what is left between."""

from dataclasses import dataclass
from itertools import combinations
from typing import Final, Literal, Protocol, TypeAlias

import numpy as np

from engine.cointegration import crossings, engle_granger, fit_line, half_life, is_significant
from engine.density import NOISE, dbscan
from engine.kalman import Hedge
from engine.ranking import quantise
from engine.returns import carry_forward
from engine.types import SESSIONS_PER_YEAR, FloatArray, IntArray

Clustering: TypeAlias = Literal["pca_dbscan", "distance"]

MOST_COMPONENTS: Final = 15
CROSSINGS_PER_YEAR: Final = 12


class Rules(Protocol):
    @property
    def cluster(self) -> Clustering: ...
    @property
    def var_share(self) -> float: ...
    @property
    def eps(self) -> float: ...
    @property
    def min_samples(self) -> int: ...
    @property
    def n_pairs(self) -> int: ...
    @property
    def p_max(self) -> float: ...
    @property
    def hl_min(self) -> int: ...
    @property
    def hl_max(self) -> int: ...


@dataclass(frozen=True, kw_only=True)
class Formation:
    """Pairs that passed, the most certain first; (p,) each."""

    y: IntArray  # columns
    x: IntArray
    hedge: Hedge  # the line of the formation, as belief about the next session
    deviation: FloatArray  # of the spread around that line
    half_life: FloatArray  # sessions
    tested: int  # pairs that were tested for it
    centre: FloatArray  # (m,) log level that each column was measured from


def form_pairs(levels: FloatArray, group: IntArray, rules: Rules) -> Formation:
    """Return the pairs of columns that are cointegrated enough to trade.

    Parameters
    ----------
    levels : ndarray of shape (n, m)
        Logarithms of total-return levels, no NaN, none constant, columns by ascending id.
    group : ndarray of shape (m,)
        Market and currency; both legs must share it.

    References
    ----------
    Gatev, E., Goetzmann, W. & Rouwenhorst, K. G. (2006). Pairs Trading. Review of Financial
    Studies, 19(3). Sarmento, S. M. & Horta, N. (2020). Enhancing a Pairs Trading Strategy with the
    Application of Machine Learning. Expert Systems with Applications, 158.
    """
    propose = _alike if rules.cluster == "pca_dbscan" else _nearest
    first, second = propose(levels, group, rules)
    return _screen(levels, first, second, rules)


def whole_levels(levels: FloatArray) -> FloatArray:
    """Return log levels (n, m) without a gap: a missing bar is a return of zero.

    A column without any number stays NaN.
    """
    whole = carry_forward(levels)
    first = np.argmax(np.isfinite(whole), axis=0)
    return np.where(np.isnan(whole), whole[first, np.arange(whole.shape[1])], whole)


def loadings(returns: FloatArray, var_share: float) -> FloatArray:
    """Return the loading of each column (m, k) on what explains `var_share`, at length one.

    Returns (n, m) are standardised first; at most 15 components count.
    """
    scaled = (returns - returns.mean(axis=0)) / returns.std(axis=0, ddof=1)
    _, sizes, components = np.linalg.svd(scaled, full_matrices=False)
    explained = np.cumsum(sizes**2) / np.sum(sizes**2)
    count = min(int(np.searchsorted(explained, var_share)) + 1, MOST_COMPONENTS)
    chosen = components[:count].T
    length = np.linalg.norm(chosen, axis=1)[:, None]
    unit: FloatArray = chosen / np.where(length > 0.0, length, 1.0)
    return unit


def _alike(levels: FloatArray, group: IntArray, rules: Rules) -> tuple[IntArray, IntArray]:
    """Propose every pair within a cluster of assets with like loadings."""
    if levels.shape[1] < 2:
        return _listed([])
    points = loadings(np.diff(levels, axis=0), rules.var_share)
    labels = dbscan(points, eps=rules.eps, min_samples=rules.min_samples)
    proposed: list[tuple[int, int]] = []
    for label in range(int(labels.max(initial=NOISE)) + 1):
        members = np.flatnonzero(labels == label).tolist()
        proposed += [(a, b) for a, b in combinations(members, 2) if group[a] == group[b]]
    return _listed(proposed)


def _nearest(levels: FloatArray, group: IntArray, rules: Rules) -> tuple[IntArray, IntArray]:
    """Propose the pairs whose normalised prices stayed closest."""
    price = np.exp(levels - levels[0]).T
    square = (price**2).sum(axis=1)
    distance = quantise(np.maximum(square[:, None] + square - 2.0 * price @ price.T, 0.0))
    first, second = np.triu_indices(len(price), 1)
    same = group[first] == group[second]
    first, second = first[same], second[same]
    closest = np.argsort(distance[first, second], kind="stable")[: rules.n_pairs]
    return first[closest], second[closest]


def _listed(pairs: list[tuple[int, int]]) -> tuple[IntArray, IntArray]:
    columns = np.array(pairs, np.int64).reshape(-1, 2)
    return columns[:, 0], columns[:, 1]


def _screen(levels: FloatArray, first: IntArray, second: IntArray, rules: Rules) -> Formation:
    # Around their means, so that the unit of a price changes nothing.
    centre = levels.mean(axis=0)
    series = (levels - centre).T
    y, x = np.concatenate([first, second]), np.concatenate([second, first])
    line = fit_line(series[y], series[x])
    _, p = engle_granger(line)
    straight, turned = np.arange(len(first)), np.arange(len(first)) + len(first)
    best = np.where(p[turned] < p[straight], turned, straight)
    spread = line.residual[best]
    life = half_life(spread)
    often = crossings(spread) * SESSIONS_PER_YEAR >= CROSSINGS_PER_YEAR * len(levels)
    passed = is_significant(p[best], rules.p_max) & (line.slope[best] > 0.0) & often
    passed &= (life >= rules.hl_min) & (life <= rules.hl_max)
    kept = np.flatnonzero(passed)
    kept = kept[np.lexsort((second[kept], first[kept], quantise(p[best][kept])))]
    chosen = best[kept]
    return Formation(
        y=y[chosen],
        x=x[chosen],
        hedge=Hedge(
            np.stack([line.intercept[chosen], line.slope[chosen]], axis=1),
            line.covariance[chosen],
            line.variance[chosen],
        ),
        deviation=np.sqrt(line.variance[chosen]),
        half_life=life[kept],
        tested=len(first),
        centre=centre,
    )
