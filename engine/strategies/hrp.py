"""Hierarchical risk parity as a strategy of its own."""

from collections import Counter
from typing import ClassVar

import numpy as np
from pydantic import Field

from engine.eligibility import least_bars, screen
from engine.panel import Window
from engine.strategies.base import Decision, Parameters, Strategy, register
from engine.weighting import Linkage, cap, hierarchical


class HrpParameters(Parameters):
    lookback: int = Field(
        252, ge=63, le=1260, title="Lookback", description="Sessions over which risk is estimated."
    )
    linkage: Linkage = Field(
        "ward", title="Linkage", description="How the distance between two clusters is measured."
    )
    distance_of_distances: bool = Field(
        False,
        title="Distance of distances",
        description="Cluster by how alike the distances of two assets to all others are, as in the "
        "paper's example, and not by the distance between the two.",
    )
    max_weight: float = Field(
        0.30,
        gt=0.0,
        le=1.0,
        title="Largest weight",
        description="No asset above this share; what finds no room stays in cash.",
    )


@register
class Hrp(Strategy[HrpParameters]):
    """Spread risk over a tree of correlated clusters, without inverting a covariance matrix.

    Needs closes alone. The tree rests on estimated correlations, which rise together in a crisis;
    segments are split by position in the tree, not by its branches.
    """

    key: ClassVar = "hrp"
    name: ClassVar = "Hierarchical risk parity"
    family: ClassVar = "RISK_PARITY"
    references: ClassVar = (
        (
            "López de Prado, M. (2016). Building Diversified Portfolios that Outperform Out of "
            "Sample. Journal of Portfolio Management, 42(4)."
        ),
    )
    history: ClassVar = ((1, {"lookback": 1}),)
    parameters_type: ClassVar = HrpParameters

    def decide(self, window: Window, state: None) -> tuple[Decision, None]:
        p = self.parameters
        found = screen(window, p, length=p.lookback + 1, min_obs=least_bars(p.lookback))
        members = np.flatnonzero(found.passed)
        shares = hierarchical(
            window,
            members,
            lookback=p.lookback,
            linkage=p.linkage,
            distance_of_distances=p.distance_of_distances,
        )
        weights = np.zeros(len(window.symbols))
        weights[shares.chosen] = cap(shares.weights, p.max_weight)
        return Decision(weights, Counter(found.reasons) + Counter(shares.reasons)), state
