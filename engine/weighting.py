"""From a set of chosen assets to their shares of the money they are given."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Final, Literal

import numpy as np

from engine.black_litterman import RISK_AVERSION, equilibrium, posterior, views_of_scores
from engine.constraints import project
from engine.covariance import estimate_covariance
from engine.errors import Infeasible, Refused
from engine.mean_variance import maximum_sharpe, maximum_utility, shrunk_mean
from engine.nco import nco_weights
from engine.panel import Window
from engine.returns import MAX_GAP, simple_returns
from engine.risk_budgeting import risk_budgeting
from engine.types import BoolArray, FloatArray, IntArray

Weighting = Literal[
    "equal",
    "inverse_vol",
    "hrp",
    "score",
    "mean_variance",
    "risk_budgeting",
    "nco",
    "black_litterman",
]
Estimator = Literal["std", "ewma"]
Linkage = Literal["single", "average", "ward"]

ZERO_VOLATILITY: Final = 1e-8  # per session; below it a share has no risk to measure
MAX_MISSING: Final = 0.2  # share of assets a session may lack and still count
VOLATILITY_SESSIONS: Final = 63
COVARIANCE_SESSIONS: Final = 252
_NO_RISK: Final = ("equal", "score")  # weightings that ask for no volatility

# What a strategy that chooses names offers: contract Allocator -> value of its `weighting`.
ALLOCATORS: Final[Mapping[str, Weighting]] = {
    "EQUAL_WEIGHT": "equal",
    "INVERSE_VOLATILITY": "inverse_vol",
    "HRP": "hrp",
    "MEAN_VARIANCE": "mean_variance",
    "RISK_BUDGETING": "risk_budgeting",
    "NCO": "nco",
    "BLACK_LITTERMAN": "black_litterman",
}


@dataclass(frozen=True)
class Allocation:
    """Shares of the chosen assets: at least 0, summing to 1, or all 0 when nobody qualifies."""

    chosen: IntArray  # (k,) positions in the window, ascending by asset id
    weights: FloatArray  # (k,)
    reasons: Mapping[str, int]


@dataclass(frozen=True, kw_only=True)
class Sample:
    """Returns without gaps, and which of the chosen assets have them."""

    returns: FloatArray  # (T, j) of the assets kept
    asset: IntArray  # (j,) their positions in the window
    kept: BoolArray  # (k,)
    rate: float  # mean risk-free return per session, 0 where none is known
    reasons: Mapping[str, int]


Solver = Callable[[Sample], FloatArray]  # to weights (j,)
Scored = Callable[[Sample, FloatArray], FloatArray]  # the same, from scores (j,) too


def weigh(method: Weighting, window: Window, chosen: IntArray, scores: FloatArray) -> Allocation:
    """Return shares of ``chosen`` by ``method``.

    ``scores`` (m,) serve ``score``, and ``black_litterman`` as its views. Methods that need a
    covariance take the last 252 sessions, shrunk after Ledoit and Wolf. Raises Refused when a
    method has no answer for these assets.
    """
    chosen = chosen[np.argsort(window.asset_id[chosen], kind="stable")]
    if method == "inverse_vol":
        return inverse_volatility(window, chosen, lookback=VOLATILITY_SESSIONS)
    if method == "hrp":
        return hierarchical(window, chosen, lookback=COVARIANCE_SESSIONS, linkage="ward")
    if method in _SOLVERS:
        solve = _SOLVERS[method]
        return optimised(
            window,
            chosen,
            lambda sample: solve(sample, scores[sample.asset]),
            method=method,
            lookback=COVARIANCE_SESSIONS,
        )
    raw = np.ones(len(chosen)) if method == "equal" else np.maximum(scores[chosen], 0.0)
    unscored = int(np.count_nonzero(raw <= 0.0))
    return Allocation(chosen, _share(raw), {"no_positive_score": unscored} if unscored else {})


def measurable(method: Weighting, window: Window) -> BoolArray:
    """Tell which assets (m,) have the volatility ``method`` weighs by; all, where it needs none."""
    if method in _NO_RISK:
        return np.ones(len(window.symbols), np.bool_)
    sessions = VOLATILITY_SESSIONS if method == "inverse_vol" else COVARIANCE_SESSIONS
    moved: BoolArray = (
        volatility(simple_returns(window.total_return[-sessions - 1 :])) > ZERO_VOLATILITY
    )
    return moved


def inverse_volatility(
    window: Window,
    chosen: IntArray,
    *,
    lookback: int,
    estimator: Estimator = "std",
    halflife: int = 21,
) -> Allocation:
    """Return shares proportional to 1 / volatility over the last ``lookback`` sessions.

    An asset whose volatility is zero or unknown gets 0 and is counted: its weight would be
    infinite.
    """
    chosen = chosen[np.argsort(window.asset_id[chosen], kind="stable")]
    returns = simple_returns(window.total_return[-lookback - 1 :, chosen])
    sigma = volatility(returns, estimator=estimator, halflife=halflife)
    risky = sigma > ZERO_VOLATILITY
    raw = np.zeros(len(chosen))
    raw[risky] = 1.0 / sigma[risky]
    return Allocation(chosen, _share(raw), _count(zero_variance=~risky))


def hierarchical(
    window: Window,
    chosen: IntArray,
    *,
    lookback: int,
    linkage: Linkage,
    distance_of_distances: bool = False,
) -> Allocation:
    """Return hierarchical risk parity shares over the last ``lookback`` sessions.

    Of the assets without gaps (`complete_sample`).

    References
    ----------
    López de Prado, M. (2016). Building Diversified Portfolios that Outperform Out of Sample.
    """
    from engine.hrp import hrp_weights  # brings scipy's clustering, two seconds when cold

    chosen = chosen[np.argsort(window.asset_id[chosen], kind="stable")]
    sample = complete_sample(window, chosen, lookback=lookback)
    weights = np.zeros(len(chosen))
    if sample.kept.any():
        weights[sample.kept] = hrp_weights(
            sample.returns, linkage=linkage, distance_of_distances=distance_of_distances
        )
    return Allocation(chosen, weights, sample.reasons)


def optimised(
    window: Window,
    chosen: IntArray,
    solve: Solver,
    *,
    method: str,
    lookback: int,
) -> Allocation:
    """Return the shares ``solve`` finds for those of ``chosen`` without gaps.

    Raises
    ------
    Refused
        When it finds none: with the reason, the method and the assets it was asked for.
    """
    chosen = chosen[np.argsort(window.asset_id[chosen], kind="stable")]
    sample = complete_sample(window, chosen, lookback=lookback)
    weights = np.zeros(len(chosen))
    if sample.kept.any():
        try:
            weights[sample.kept] = solve(sample)
        except Infeasible as e:
            weights[sample.kept] = 0.0 if e.nearest is None else e.nearest
            less = {"nearest": weights, "loosened": e.loosened}
            raise Refused(str(e), method=method, chosen=chosen, **less) from e
    return Allocation(chosen, weights, sample.reasons)


def complete_sample(window: Window, chosen: IntArray, *, lookback: int) -> Sample:
    """Return the returns of ``chosen`` over the last ``lookback`` sessions, without a gap.

    Prices are compared across sessions that all their markets held: a holiday of one of them, or a
    close still to come, is no gap. Of these the sessions on which more than a fifth of the assets
    are missing are left out, and every return spans what was left out. An asset that still lacks a
    price is dropped (``gap``), as is one without variance.
    """
    levels = window.total_return[-lookback - 1 :, chosen]
    rows = _compared(np.isfinite(levels), window.due[-lookback - 1 :, chosen])
    levels, near = levels[rows], np.diff(rows) - 1 <= MAX_GAP
    returns: FloatArray = (levels[1:] / levels[:-1] - 1.0)[near]
    missing: IntArray = np.count_nonzero(np.isnan(levels), axis=0)
    complete = (missing == 0) & (len(returns) > 1)
    risky = volatility(returns) > ZERO_VOLATILITY
    kept = complete & risky
    return Sample(
        returns=np.ascontiguousarray(returns[:, kept]),
        asset=chosen[kept],
        kept=kept,
        rate=_mean_rate(window.rf[-lookback - 1 :], rows, near),
        reasons=_count(gap=~complete, zero_variance=complete & ~risky),
    )


def _compared(valid: BoolArray, due: BoolArray) -> IntArray:
    """Return the rows on which all markets had closed and few assets, of (n, k), are missing."""
    few = np.count_nonzero(~valid, axis=1) <= MAX_MISSING * valid.shape[1]
    return np.flatnonzero(due.all(axis=1) & few)


def _mean_rate(rf: FloatArray, rows: IntArray, near: BoolArray) -> float:
    """Return what cash earned, on average, between each row and the next that is ``near``."""
    if not near.any():
        return 0.0
    earned = np.add.reduceat(np.nan_to_num(rf[: rows[-1] + 1]), rows[:-1] + 1)
    return float(earned[near].mean())


def volatility(
    returns: FloatArray, *, estimator: Estimator = "std", halflife: float = 21.0
) -> FloatArray:
    """Return the volatility of each column of ``returns`` (T, k), per session, not annualised.

    ``std`` is the sample standard deviation (ddof 1); ``ewma`` weighs squared deviations from the
    equally decayed mean by 2^(-age / halflife). NaN returns are left out; fewer than two: NaN.
    """
    present = np.isfinite(returns)
    age = np.arange(len(returns))[::-1, None]
    decay = np.ones_like(age, np.float64) if estimator == "std" else 0.5 ** (age / halflife)
    weight = np.where(present, decay, 0.0)
    total = weight.sum(axis=0)
    counts = present.sum(axis=0)
    values = np.where(present, returns, 0.0)
    with np.errstate(divide="ignore", invalid="ignore"):
        mean = (weight * values).sum(axis=0) / total
        squares = (weight * np.square(values - mean)).sum(axis=0)
        variance = squares / (total - 1.0 if estimator == "std" else total)
        return np.where(counts > 1, np.sqrt(variance), np.nan)


def cap(weights: FloatArray, max_weight: float) -> FloatArray:
    """Return ``weights`` with none above ``max_weight``; what finds no room stays in cash."""
    held = int(np.count_nonzero(weights))
    if held == 0 or weights.max() <= max_weight:
        return weights
    total = min(float(weights.sum()), held * max_weight)
    return project(weights, lower=0.0, upper=max_weight, total=total)


def _share(raw: FloatArray) -> FloatArray:
    total = raw.sum()
    return raw / total if total > 0.0 else np.zeros_like(raw)


def _count(**failed: BoolArray) -> dict[str, int]:
    counts = {reason: int(np.count_nonzero(mask)) for reason, mask in failed.items()}
    return {reason: count for reason, count in counts.items() if count}


def _mean_variance(sample: Sample, _: FloatArray) -> FloatArray:
    """Return the greatest Sharpe ratio, expected returns by James and Stein."""
    excess = shrunk_mean(sample.returns) - sample.rate
    return maximum_sharpe(estimate_covariance(sample.returns), excess)


def _risk_budgeting(sample: Sample, _: FloatArray) -> FloatArray:
    return risk_budgeting(estimate_covariance(sample.returns))


def _nco(sample: Sample, _: FloatArray) -> FloatArray:
    return nco_weights(estimate_covariance(sample.returns))


def _black_litterman(sample: Sample, scores: FloatArray) -> FloatArray:
    """Return the greatest utility, equal weights as the reference and the scores as views.

    See `engine.black_litterman.views_of_scores`.
    """
    covariance = estimate_covariance(sample.returns)
    size = len(covariance)
    prior = equilibrium(covariance, np.full(size, 1.0 / size))
    believed = posterior(covariance, prior, views_of_scores(covariance, prior, scores))
    return maximum_utility(believed.covariance, believed.expected, risk_aversion=RISK_AVERSION)


_SOLVERS: Final[Mapping[str, Scored]] = {
    "mean_variance": _mean_variance,
    "risk_budgeting": _risk_budgeting,
    "nco": _nco,
    "black_litterman": _black_litterman,
}
