"""How far a Sharpe ratio can be believed. Pure Python: the API computes these without arrays.

Every Sharpe ratio here is per session, un-annualised, of excess returns; skewness is the
population's and kurtosis is raw (normal = 3). An undefined figure is None.
"""

import math
from collections.abc import Sequence
from statistics import NormalDist, variance
from typing import Final

NORMAL: Final = NormalDist()
EULER_GAMMA: Final = 0.5772156649015329
MIN_SESSIONS: Final = 30
SESSIONS_PER_YEAR: Final = 252  # as in engine.types, which brings numpy
STRONG, MODERATE = 0.95, 0.90
FEW_TRIALS: Final = 10  # below it the expected maximum is rough
SIGNIFICANT: Final = 0.95


def psr(
    sharpe: float,
    *,
    sessions: float,
    skew: float,
    kurtosis: float,
    threshold: float = 0.0,
    min_sessions: int = MIN_SESSIONS,
) -> float | None:
    """Return the probability that the true Sharpe ratio exceeds ``threshold``.

    None with fewer than ``min_sessions`` returns, or where the moments leave no variance.

    References
    ----------
    Bailey, D. & López de Prado, M. (2012). The Sharpe Ratio Efficient Frontier. Journal of Risk.
    """
    spread = _spread(sharpe, skew, kurtosis)
    if spread is None or sessions < max(min_sessions, 2):
        return None
    return NORMAL.cdf((sharpe - threshold) * math.sqrt(sessions - 1) / spread)


def min_track_record_length(
    sharpe: float,
    *,
    skew: float,
    kurtosis: float,
    threshold: float = 0.0,
    confidence: float = 0.95,
) -> float | None:
    """Return the sessions needed to believe ``sharpe > threshold``; None when it is not above."""
    spread = _spread(sharpe, skew, kurtosis)
    if spread is None or sharpe <= threshold:
        return None
    return 1.0 + (spread * NORMAL.inv_cdf(confidence) / (sharpe - threshold)) ** 2


def independent_sessions(sessions: int, autocorrelation: float | None) -> float | None:
    """Return how many independent returns so many are worth of which each follows the last.

    ``T (1 - rho) / (1 + rho)`` for a first autocorrelation rho above zero that white noise would
    show in fewer than one series of twenty; None for any other.
    """
    if autocorrelation is None or sessions < 1:
        return None
    noise = NORMAL.inv_cdf(0.5 + SIGNIFICANT / 2.0) / math.sqrt(sessions)
    if autocorrelation <= noise:
        return None
    return sessions * (1.0 - autocorrelation) / (1.0 + autocorrelation)


def is_rough(trials: int) -> bool:
    """Tell whether what the best of so many is expected to show is known only roughly."""
    return 1 < trials < FEW_TRIALS


def sharpe_interval(
    sharpe: float, *, sessions: int, skew: float, kurtosis: float, confidence: float = 0.95
) -> tuple[float, float] | None:
    """Return the two-sided confidence interval of the Sharpe ratio, annualised by √252.

    The standard error is the one inside ``psr``; None where that is.
    """
    spread = _spread(sharpe, skew, kurtosis)
    if spread is None or sessions < MIN_SESSIONS:
        return None
    margin = NORMAL.inv_cdf(0.5 + confidence / 2.0) * spread / math.sqrt(sessions - 1)
    year = math.sqrt(SESSIONS_PER_YEAR)
    return (sharpe - margin) * year, (sharpe + margin) * year


def expected_maximum(trial_variance: float, trials: int) -> float:
    """Return the Sharpe ratio the best of ``trials`` skill-less trials would be expected to show.

    0 for a single trial or trials that do not differ. Below ten trials (`is_rough`) the formula is
    rough: at two its bracket is 0.5198 where the exact expectation is 0.5642.

    References
    ----------
    Bailey, D. & López de Prado, M. (2014). The Deflated Sharpe Ratio. Journal of Portfolio
    Management, 40(5).
    """
    if trials < 2 or trial_variance <= 0.0:
        return 0.0
    best = NORMAL.inv_cdf(1.0 - 1.0 / trials)
    next_best = NORMAL.inv_cdf(1.0 - 1.0 / (trials * math.e))
    return math.sqrt(trial_variance) * ((1.0 - EULER_GAMMA) * best + EULER_GAMMA * next_best)


def deflated_sharpe(
    sharpe: float,
    *,
    sessions: int,
    skew: float,
    kurtosis: float,
    trial_sharpes: Sequence[float],
    min_sessions: int = MIN_SESSIONS,
) -> float | None:
    """Return the probability that ``sharpe`` is more than the luck of the best trial.

    ``trial_sharpes`` are the per-session Sharpe ratios of every distinct trial of the family, the
    selected one among them: how many and how different they are is observed, never declared.
    """
    spread = variance(trial_sharpes) if len(trial_sharpes) > 1 else 0.0
    return psr(
        sharpe,
        sessions=sessions,
        skew=skew,
        kurtosis=kurtosis,
        threshold=expected_maximum(spread, len(trial_sharpes)),
        min_sessions=min_sessions,
    )


def verdict(probability: float | None) -> str:
    """Return the band a deflated Sharpe ratio falls in."""
    if probability is None:
        return "unknown"
    if probability >= STRONG:
        return "strong"
    return "moderate" if probability >= MODERATE else "weak"


def _spread(sharpe: float, skew: float, kurtosis: float) -> float | None:
    """Return the standard deviation of the estimate of ``sharpe``, times √(T - 1)."""
    radicand = 1.0 - skew * sharpe + (kurtosis - 1.0) / 4.0 * sharpe**2
    # A comparison with NaN is false, so an unknown moment gives None too.
    return math.sqrt(radicand) if radicand > 0.0 else None
