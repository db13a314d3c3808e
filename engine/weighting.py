"""From a set of chosen assets to their shares of the money they are given."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final, Literal

import numpy as np

from engine.constraints import project
from engine.panel import Window
from engine.returns import simple_returns
from engine.types import BoolArray, FloatArray, IntArray

Weighting = Literal["equal", "inverse_vol", "hrp", "score"]
Estimator = Literal["std", "ewma"]
Linkage = Literal["single", "average", "ward"]

ZERO_VOLATILITY: Final = 1e-8  # per session; below it a share has no risk to measure
MAX_MISSING: Final = 0.2  # share of assets a session may lack and still count
VOLATILITY_SESSIONS: Final = 63
COVARIANCE_SESSIONS: Final = 252


@dataclass(frozen=True)
class Allocation:
    """Shares of the chosen assets: at least 0, summing to 1, or all 0 when nobody qualifies."""

    chosen: IntArray  # (k,) positions in the window, ascending by asset id
    weights: FloatArray  # (k,)
    reasons: Mapping[str, int]


def weigh(method: Weighting, window: Window, chosen: IntArray, scores: FloatArray) -> Allocation:
    """Return shares of ``chosen`` by ``method``; ``scores`` (m,) serve the score method only."""
    chosen = chosen[np.argsort(window.asset_id[chosen], kind="stable")]
    if method == "inverse_vol":
        return inverse_volatility(window, chosen, lookback=VOLATILITY_SESSIONS)
    if method == "hrp":
        return hierarchical(window, chosen, lookback=COVARIANCE_SESSIONS, linkage="ward")
    raw = np.ones(len(chosen)) if method == "equal" else np.maximum(scores[chosen], 0.0)
    unscored = int(np.count_nonzero(raw <= 0.0))
    return Allocation(chosen, _share(raw), {"no_positive_score": unscored} if unscored else {})


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
    window: Window, chosen: IntArray, *, lookback: int, linkage: Linkage
) -> Allocation:
    """Return hierarchical risk parity shares over the last ``lookback`` sessions.

    Sessions on which more than a fifth of the assets are missing are left out; an asset that
    still lacks a return is dropped (``gap``), as is one without variance.

    References
    ----------
    López de Prado, M. (2016). Building Diversified Portfolios that Outperform Out of Sample.
    """
    from engine.hrp import hrp_weights  # brings scipy's clustering, two seconds when cold

    chosen = chosen[np.argsort(window.asset_id[chosen], kind="stable")]
    returns = simple_returns(window.total_return[-lookback - 1 :, chosen])
    returns = returns[np.isnan(returns).sum(axis=1) <= MAX_MISSING * len(chosen)]
    complete = ~np.isnan(returns).any(axis=0) & (len(returns) > 1)
    risky = volatility(returns) > ZERO_VOLATILITY
    kept = complete & risky
    weights = np.zeros(len(chosen))
    if kept.any():
        held = np.ascontiguousarray(returns[:, kept])
        weights[kept] = hrp_weights(held, linkage=linkage)
    return Allocation(chosen, weights, _count(gap=~complete, zero_variance=complete & ~risky))


def volatility(
    returns: FloatArray, *, estimator: Estimator = "std", halflife: int = 21
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
