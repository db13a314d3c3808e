"""Hierarchical risk parity against skfolio, 500 assets over 252 sessions, Ward linkage."""

import statistics
import warnings
from collections.abc import Iterator

import numpy as np
from skfolio.cluster import HierarchicalClustering
from skfolio.optimization import HierarchicalRiskParity
from skfolio.seriation import HierarchicalSeriation

from engine.hrp import hrp_weights
from tests.benchmarks.figure import Check, Figure, alternate, median_ratio, spell

ROUNDS = 5
REPEATS = 40  # of ours per round, about a third of one run of the peer's
TARGET = 100.0


def make_returns(*, sessions: int = 252, assets: int = 500) -> np.ndarray:
    rng = np.random.default_rng(7)
    market = rng.normal(0.0, 0.01, (sessions, 1)) * rng.uniform(0.5, 1.5, assets)
    return market + rng.normal(0.0, 1.0, (sessions, assets)) * rng.uniform(0.005, 0.03, assets)


def make_peers() -> dict[str, HierarchicalRiskParity]:
    """Return skfolio's estimator doing our work only, with its cluster count, and as it comes."""
    lean = HierarchicalSeriation(
        hierarchical_clustering_estimator=HierarchicalClustering(max_clusters=2),
        optimal_ordering=False,
    )
    counted = HierarchicalSeriation(optimal_ordering=False)
    return {
        "same work": HierarchicalRiskParity(seriation_estimator=lean),
        "with its count of clusters": HierarchicalRiskParity(seriation_estimator=counted),
        "as it comes, leaves reordered too": HierarchicalRiskParity(),
    }


def figures() -> Iterator[Figure]:
    returns, peers = make_returns(), make_peers()
    with warnings.catch_warnings():
        # 252 observations of 500 assets: skfolio says that it mends the covariance.
        warnings.filterwarnings("ignore", message="The covariance matrix is not positive definite")
        weights = hrp_weights(returns)
        error = np.abs(weights - peers["same work"].fit(returns).weights_).max()
        runs = [lambda peer=peer: peer.fit(returns) for peer in peers.values()]
        [single] = alternate([lambda: hrp_weights(returns)], rounds=1)
        ours, *theirs = alternate(
            [lambda: hrp_weights(returns), *runs], rounds=ROUNDS, repeats=REPEATS
        )
    ratios = [median_ratio(taken, ours) for taken in theirs]
    yield Figure(
        name="HRP, 500 x 252, ward",
        ours=spell(statistics.median(ours)),
        peer=f"skfolio {spell(statistics.median(theirs[0]))}",
        ratio=f"{ratios[0]:.0f}x",
        target=f">= {TARGET:.0f}x",
        met=ratios[0] >= TARGET,
        checks=[Check(what="weights equal skfolio's", error=float(error), bound=1e-8)],
        notes=[
            f"ours is the mean of {REPEATS} runs in a row; a single one: {spell(single[0])}",
            *(
                f"skfolio {name}: {spell(statistics.median(taken))}, {ratio:.0f}x"
                for name, taken, ratio in zip(peers, theirs, ratios, strict=True)
            ),
        ],
    )
