"""A walk of monthly hierarchical risk parity, 500 assets over 20 years, against skfolio's loop."""

import statistics
import warnings
from collections.abc import Iterator

import numpy as np
from skfolio.cluster import HierarchicalClustering
from skfolio.optimization import HierarchicalRiskParity
from skfolio.seriation import HierarchicalSeriation

from engine.decide import Targets, decide
from engine.panel import Panel
from engine.schedule import DecisionClock, Rebalance
from engine.strategies.hrp import Hrp, HrpParameters
from tests.benchmarks.figure import Check, Figure, alternate, spell
from tests.engine.panels import make_panel

ASSETS, YEARS, LOOKBACK = 500, 20, 252
SESSIONS = LOOKBACK + 261 * YEARS + 1  # weekdays
ROUNDS = 5
SAMPLED = 6  # decisions the peer is timed on: all of them would take a quarter of an hour
TARGET = 5.0


def make_market() -> Panel:
    rng = np.random.default_rng(7)
    market = rng.normal(0.0, 0.01, (SESSIONS, 1)) * rng.uniform(0.5, 1.5, ASSETS)
    returns = market + rng.normal(0.0, 1.0, (SESSIONS, ASSETS)) * rng.uniform(0.005, 0.03, ASSETS)
    return make_panel(100.0 * np.cumprod(1.0 + np.maximum(returns, -0.5), axis=0))


def walk(panel: Panel) -> Targets:
    return decide(
        panel,
        Hrp(HrpParameters(lookback=LOOKBACK, max_weight=1.0, min_price=0.0)),
        first_row=LOOKBACK,
        last_row=SESSIONS - 1,
        rebalance=Rebalance.MONTHLY,
        clock=DecisionClock.US_CLOSE,
    )


def make_peer() -> HierarchicalRiskParity:
    """Return skfolio's estimator doing our work only: no count of clusters, leaves as they fall."""
    lean = HierarchicalSeriation(
        hierarchical_clustering_estimator=HierarchicalClustering(max_clusters=2),
        optimal_ordering=False,
    )
    return HierarchicalRiskParity(seriation_estimator=lean)


def figures() -> Iterator[Figure]:
    panel, peer = make_market(), make_peer()
    targets = walk(panel)
    sampled = np.linspace(0, len(targets.rows) - 1, SAMPLED).astype(np.int64).tolist()
    levels = panel.total_return()

    def peer_decides(k: int) -> np.ndarray:
        row = int(targets.rows[k])
        seen = levels[row - LOOKBACK : row + 1]
        return peer.fit(seen[1:] / seen[:-1] - 1.0).weights_

    with warnings.catch_warnings():
        # 252 observations of 500 assets: skfolio says that it mends the covariance.
        warnings.filterwarnings("ignore", message="The covariance matrix is not positive definite")
        error = max(float(np.abs(peer_decides(k) - targets.weights[k]).max()) for k in sampled)
        ours, theirs = alternate(
            [lambda: walk(panel), lambda: [peer_decides(k) for k in sampled]], rounds=ROUNDS
        )
    decisions = len(targets.rows)
    taken = statistics.median(ours)
    whole = statistics.median(theirs) / SAMPLED * decisions
    yield Figure(
        name=f"HRP walk, {ASSETS} x {YEARS} years, monthly",
        ours=spell(taken),
        peer=f"skfolio {spell(whole)}",
        ratio=f"{whole / taken:.0f}x",
        target=f"<= {TARGET:.0f} s",
        met=taken <= TARGET,
        checks=[Check(what="weights equal skfolio's", error=error, bound=1e-8)],
        notes=[
            f"{decisions} decisions, eligibility and windows included",
            f"skfolio is timed on {SAMPLED} of them, evenly spaced, and counted for all",
        ],
    )
