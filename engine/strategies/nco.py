"""Nested clustered optimisation as a strategy of its own."""

from collections import Counter
from typing import ClassVar, Literal

import numpy as np
from pydantic import Field

from engine.covariance import estimate_covariance, require_invertible
from engine.eligibility import least_bars, screen
from engine.nco import Inner, Outer, effective_number, nco_weights
from engine.panel import Window
from engine.strategies.base import Decision, Parameters, Strategy, register
from engine.types import FloatArray
from engine.weighting import Sample, cap, optimised


class NcoParameters(Parameters):
    lookback: int = Field(
        504, ge=126, le=1260, title="Lookback", description="Sessions over which risk is estimated."
    )
    max_k: int = Field(
        10, ge=2, le=30, title="Most clusters", description="Largest number of clusters tried."
    )
    inner: Inner = Field(
        "min_variance", title="Inside clusters", description="How the assets of a cluster share."
    )
    outer: Outer = Field(
        "erc", title="Among clusters", description="How the clusters share the money."
    )
    cov: Literal["sample", "ledoit_wolf", "denoise"] = Field(
        "ledoit_wolf",
        title="Covariance",
        description="How it is estimated; Ledoit and Wolf shrink it to equal variances without "
        "correlation. The sample's own is refused where there are not more sessions than assets.",
    )
    long_only: bool = Field(
        True,
        title="Long only",
        description="Otherwise least variance may sell short, and weights are scaled until their "
        "sizes sum to 1.",
    )
    max_weight: float = Field(
        0.30,
        gt=0.0,
        le=1.0,
        title="Largest weight",
        description="No asset above this share; what finds no room stays in cash.",
    )


@register
class Nco(Strategy[NcoParameters]):
    """Optimise within clusters of correlated assets, then among the clusters.

    Needs closes alone. An error in a correlation stays within its cluster, but the clusters are
    themselves estimated: their number may jump from one decision to the next and turn the whole
    portfolio over. Least variance holds few names of each cluster.
    """

    key: ClassVar = "nco"
    name: ClassVar = "Nested clustered optimisation"
    family: ClassVar = "RISK_PARITY"
    references: ClassVar = (
        "López de Prado, M. (2019). A Robust Estimator of the Efficient Frontier. SSRN 3469961.",
        (
            "López de Prado, M. (2020). Machine Learning for Asset Managers. Cambridge University "
            "Press."
        ),
    )
    history: ClassVar = ((1, {"lookback": 1}),)
    parameters_type: ClassVar = NcoParameters

    @property
    def shorts(self) -> bool:
        """Whether least variance may sell short."""
        return not self.parameters.long_only

    def decide(self, window: Window, state: None) -> tuple[Decision, None]:
        """Return the weights of all eligible members. Raises Refused, naming why."""
        p = self.parameters
        found = screen(window, p, length=p.lookback + 1, min_obs=least_bars(p.lookback))
        shares = optimised(
            window,
            np.flatnonzero(found.passed),
            self._solve,
            method="nco",
            lookback=p.lookback,
        )
        weights = np.zeros(len(window.symbols))
        weights[shares.chosen] = _cap_either_way(shares.weights, p.max_weight)
        diagnostics = {"nco": {"effective_number": effective_number(weights)}}
        reasons = Counter(found.reasons) + Counter(shares.reasons)
        return Decision(weights, reasons, diagnostics=diagnostics), state

    def _solve(self, sample: Sample) -> FloatArray:
        p = self.parameters
        covariance = estimate_covariance(sample.returns, p.cov)
        require_invertible(covariance, observations=len(sample.returns))
        return nco_weights(
            covariance, most_clusters=p.max_k, inner=p.inner, outer=p.outer, long_only=p.long_only
        )


def _cap_either_way(weights: FloatArray, max_weight: float) -> FloatArray:
    """Return weights whose sizes sum to 1 at most, none of them above ``max_weight``."""
    size = np.abs(weights)
    gross = max(float(size.sum()), 1.0)
    return np.sign(weights) * cap(size / gross, max_weight)
