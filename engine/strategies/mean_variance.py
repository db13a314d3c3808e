"""Mean-variance optimisation as a strategy of its own."""

from collections import Counter
from typing import Any, ClassVar, Literal

import numpy as np
from pydantic import Field

from engine.black_litterman import equilibrium, posterior, score_alphas, views_of_scores
from engine.covariance import CovarianceEstimator, estimate_covariance, require_invertible
from engine.eligibility import least_bars, screen
from engine.mean_variance import (
    maximum_sharpe,
    maximum_utility,
    minimum_variance,
    shrunk_mean,
    target_return,
)
from engine.panel import Window
from engine.returns import trailing_return
from engine.strategies.base import Decision, Parameters, Strategy, register
from engine.types import SESSIONS_PER_YEAR, FloatArray
from engine.weighting import Sample, cap, optimised

SCORED = ("momentum_score", "black_litterman")
SKIP = 21  # sessions a momentum score leaves out, because short-term returns reverse


class MeanVarianceParameters(Parameters):
    lookback: int = Field(
        252,
        ge=63,
        le=1260,
        title="Lookback",
        description="Sessions over which risk and expected returns are estimated.",
    )
    objective: Literal["min_variance", "max_sharpe", "max_utility", "target_return"] = Field(
        "min_variance",
        title="Objective",
        description="Least variance; most excess return for its risk; return less a penalty on "
        "risk; or least variance for a target return.",
    )
    expected: Literal["shrunk_mean", "momentum_score", "black_litterman", "sample_mean"] = Field(
        "shrunk_mean",
        title="Expected returns",
        description="Means drawn together after James and Stein; what momentum promises; that "
        "as views on equal weights; or the raw means, which mislead and are flagged.",
    )
    cov: CovarianceEstimator = Field(
        "ledoit_wolf",
        title="Covariance",
        description="How it is estimated; Ledoit and Wolf shrink it to equal variances without "
        "correlation. The sample's own is refused where there are not more sessions than assets.",
    )
    risk_aversion: float = Field(
        2.5,
        ge=0.1,
        le=100.0,
        title="Risk aversion",
        description="Return a year given up for one unit of variance, twice; of the utility only.",
    )
    target: float = Field(
        0.10,
        ge=0.0,
        le=1.0,
        title="Target return",
        description="Expected excess return a year to reach within the largest weight; more than "
        "that attains is refused by name.",
    )
    trade_cost: float = Field(
        0.0,
        ge=0.0,
        le=0.05,
        title="Cost of trading",
        description="Utility that a whole turnover of the weights decided before costs.",
    )
    max_weight: float = Field(
        0.30,
        gt=0.0,
        le=1.0,
        title="Largest weight",
        description="No asset above this share; what finds no room stays in cash.",
    )


@register
class MeanVariance(Strategy[MeanVarianceParameters]):
    """Weigh all members by expected return and covariance, for the objective that is chosen.

    Needs closes alone. Optimisation magnifies errors of the estimates: expected returns matter
    most and are known least, so the default uses none. Least variance holds few, quiet names; the
    other objectives jump between decisions where returns are close to each other.
    """

    key: ClassVar = "mean_variance"
    name: ClassVar = "Mean-variance"
    family: ClassVar = "RISK_PARITY"
    references: ClassVar = (
        "Markowitz, H. (1952). Portfolio Selection. Journal of Finance, 7(1).",
        "Jorion, P. (1986). Bayes-Stein Estimation for Portfolio Analysis. JFQA, 21(3).",
        (
            "Ledoit, O. & Wolf, M. (2004). Honey, I Shrunk the Sample Covariance Matrix. Journal "
            "of Portfolio Management, 30(4)."
        ),
    )
    history: ClassVar = ((1, {"lookback": 1}),)
    parameters_type: ClassVar = MeanVarianceParameters

    def decide(self, window: Window, state: Any) -> tuple[Decision, tuple[tuple[int, float], ...]]:
        """Return the weights; the state is what was decided, by asset id. Raises Refused."""
        p = self.parameters
        scores = trailing_return(window.total_return, lookback=p.lookback, skip=SKIP)
        found = screen(window, p, length=p.lookback + 1, min_obs=least_bars(p.lookback))
        if self._expects and p.expected in SCORED:
            found = found.without(np.isfinite(scores), "no_end_point")
        held = _held(window, state)
        shares = optimised(
            window,
            np.flatnonzero(found.passed),
            lambda sample: self._solve(sample, scores[sample.asset], held[sample.asset]),
            method="mean_variance",
            lookback=p.lookback,
        )
        weights = np.zeros(len(window.symbols))
        weights[shares.chosen] = cap(shares.weights, p.max_weight)
        flags = ("raw_means",) if self._expects and p.expected == "sample_mean" else ()
        reasons = Counter(found.reasons) + Counter(shares.reasons)
        return Decision(weights, reasons, flags=flags), _by_id(window, weights)

    @property
    def _expects(self) -> bool:
        return self.parameters.objective != "min_variance"

    def _solve(self, sample: Sample, scores: FloatArray, held: FloatArray) -> FloatArray:
        p = self.parameters
        covariance = estimate_covariance(sample.returns, p.cov)
        require_invertible(covariance, observations=len(sample.returns))
        if p.objective == "min_variance":
            return minimum_variance(covariance)
        expected = SESSIONS_PER_YEAR * self._expected(sample, covariance, scores)
        covariance *= SESSIONS_PER_YEAR
        if p.objective == "max_sharpe":
            return maximum_sharpe(covariance, expected)
        if p.objective == "target_return":
            return target_return(covariance, expected, target=p.target, most=p.max_weight)
        return maximum_utility(
            covariance, expected, risk_aversion=p.risk_aversion, held=held, cost=p.trade_cost
        )

    def _expected(self, sample: Sample, covariance: FloatArray, scores: FloatArray) -> FloatArray:
        """Return what the assets are expected to earn above cash, per session."""
        method = self.parameters.expected
        if method == "shrunk_mean":
            return shrunk_mean(sample.returns) - sample.rate
        if method == "sample_mean":
            return np.asarray(sample.returns.mean(axis=0) - sample.rate)
        size = len(covariance)
        prior = equilibrium(covariance, np.full(size, 1.0 / size))
        if method == "momentum_score":
            return prior + score_alphas(covariance, scores)
        return posterior(covariance, prior, views_of_scores(covariance, prior, scores)).expected


def _held(window: Window, state: tuple[tuple[int, float], ...] | None) -> FloatArray:
    """Return the weights decided before, (m,); of what has left the window nothing is known."""
    before = dict(state or ())
    return np.array([before.get(asset, 0.0) for asset in window.asset_id.tolist()])


def _by_id(window: Window, weights: FloatArray) -> tuple[tuple[int, float], ...]:
    kept = np.flatnonzero(weights)
    named = zip(window.asset_id[kept].tolist(), weights[kept].tolist(), strict=True)
    return tuple(sorted(named))
