"""What a search maximises, computed from returns; NaN where undefined, which ranks last."""

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from statistics import variance
from typing import Final

import numpy as np

from engine import overfitting, ratios
from engine.metrics import Metrics, Moments
from engine.types import SESSIONS_PER_YEAR, FloatArray, IntArray


@dataclass(frozen=True, kw_only=True)
class Stretch:
    """Some sessions of one trial."""

    returns: FloatArray  # (t,) simple
    excess: FloatArray  # (t,) over the risk-free rate
    peer_sharpes: FloatArray  # (N,) Sharpe ratios per session of all trials over them


def best_of(returns: FloatArray, rf: FloatArray, rows: IntArray | slice, objective: str) -> int:
    """Return the trial of the highest objective on some rows; of equal ones the first.

    `returns` (T, N) and `rf` (T,) have no NaN. Where it is undefined for all, the first trial.
    """
    scores = scores_of(returns[rows], rf[rows], objective)
    return 0 if np.isnan(scores).all() else int(np.nanargmax(scores))


def scores_of(returns: FloatArray, rf: FloatArray, objective: str) -> FloatArray:
    """Return the objective of each column of returns (t, N), shape (N,); NaN where undefined."""
    excess = returns - rf[:, None]
    sharpes = _sharpes(excess)
    if objective == "sharpe":
        annual: FloatArray = sharpes * math.sqrt(SESSIONS_PER_YEAR)
        return annual
    score = SCORES[objective]
    columns = zip(returns.T, excess.T, strict=True)
    found = [score(Stretch(returns=r, excess=e, peer_sharpes=sharpes)) for r, e in columns]
    return np.array(found, np.float64)


def _sharpes(excess: FloatArray) -> FloatArray:
    mean = excess.mean(axis=0)
    deviation = excess.std(axis=0, ddof=1) if len(excess) > 1 else np.zeros_like(mean)
    undefined = np.full_like(mean, np.nan)
    varies = deviation > ratios.ZERO_DEVIATION
    sharpes: FloatArray = np.divide(mean, deviation, out=undefined, where=varies)
    return sharpes


def _growth(stretch: Stretch) -> float:
    return float(np.prod(1.0 + stretch.returns))


def _yearly(stretch: Stretch) -> float:
    grown, sessions = _growth(stretch), len(stretch.returns)
    return float(grown ** (SESSIONS_PER_YEAR / sessions)) - 1.0 if grown > 0.0 else -1.0


def _drawdown(stretch: Stretch) -> float:
    level = np.concatenate([[1.0], np.cumprod(1.0 + stretch.returns)])
    return float((level / np.maximum.accumulate(level)).min()) - 1.0


def _calmar(stretch: Stretch) -> float:
    fall = _drawdown(stretch)
    return _yearly(stretch) / -fall if fall < 0.0 else math.nan


def _over_cvar(stretch: Stretch) -> float:
    lost = ratios.conditional_value_at_risk(stretch.returns)
    return ratios.mean_return(stretch.returns) / lost if lost > 0.0 else math.nan


def _deflated(stretch: Stretch) -> float:
    sharpe = ratios.sharpe_per_session(stretch.excess)
    peers = stretch.peer_sharpes[np.isfinite(stretch.peer_sharpes)]
    if math.isnan(sharpe):
        return math.nan
    spread = variance(peers.tolist()) if len(peers) > 1 else 0.0
    found = overfitting.psr(
        sharpe,
        sessions=len(stretch.excess),
        skew=ratios.skewness(stretch.excess),
        kurtosis=ratios.kurtosis(stretch.excess),
        threshold=overfitting.expected_maximum(spread, len(peers)),
    )
    return math.nan if found is None else found


SCORES: Final[Mapping[str, Callable[[Stretch], float]]] = {
    "sortino": lambda stretch: ratios.sortino_ratio(stretch.excess),
    "calmar": _calmar,
    "cagr": _yearly,
    "totalReturn": lambda stretch: _growth(stretch) - 1.0,
    "maxDrawdown": _drawdown,
    "returnOverCvar": _over_cvar,
    "deflatedSharpe": _deflated,
}


def value_of(metrics: Metrics, moments: Moments, objective: str) -> float | None:
    """Return the objective of one trial on its own; a lone trial is deflated by nobody."""
    match objective:
        case "returnOverCvar":
            return _ratio(metrics.mean_return, metrics.cvar95)
        case "deflatedSharpe":
            return _probability(moments)
        case "totalReturn":
            return metrics.total_return
        case "maxDrawdown":
            return metrics.max_drawdown
    found: float | None = getattr(metrics, objective)
    return found


def _ratio(above: float | None, below: float | None) -> float | None:
    return None if above is None or below is None or below <= 0.0 else above / below


def _probability(moments: Moments) -> float | None:
    sharpe, skew, kurtosis = moments.sharpe, moments.skew, moments.kurtosis
    if sharpe is None or skew is None or kurtosis is None:
        return None
    return overfitting.psr(sharpe, sessions=moments.sessions, skew=skew, kurtosis=kurtosis)
