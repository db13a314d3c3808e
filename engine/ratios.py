"""Figures of a series of session returns, one convention each; NaN where undefined.

Returns are simple decimal fractions per session, shape (n,), no NaN. Moments are annualised by
252 sessions, standard deviations take ddof 1, skewness and kurtosis are the population's.
"""

import math
from typing import Final

import numpy as np

from engine.types import SESSIONS_PER_YEAR, BoolArray, FloatArray

ZERO_DEVIATION: Final = 1e-12
DAYS_PER_YEAR: Final = 365.25


def session_returns(equity: FloatArray) -> FloatArray:
    """Return V_t / V_{t-1} - 1 of equity (k,), shape (k - 1,); NaN beside a NaN level."""
    return equity[1:] / equity[:-1] - 1.0


def mean_return(returns: FloatArray) -> float:
    """Return 252 times the arithmetic mean per session; NaN with fewer than two returns."""
    return SESSIONS_PER_YEAR * float(np.mean(returns)) if len(returns) > 1 else math.nan


def deviation(returns: FloatArray) -> float:
    """Return the sample standard deviation per session; NaN with fewer than two returns."""
    return float(np.std(returns, ddof=1)) if len(returns) > 1 else math.nan


def volatility(returns: FloatArray) -> float:
    """Return the annualised standard deviation; NaN with fewer than two returns."""
    return math.sqrt(SESSIONS_PER_YEAR) * deviation(returns)


def autocorrelation(returns: FloatArray) -> float:
    """Return the correlation of each return with the one before it; NaN when they do not vary."""
    centred = returns - returns.mean() if len(returns) else returns
    varied = float(centred @ centred)
    moves = varied > len(returns) * ZERO_DEVIATION**2
    return float(centred[1:] @ centred[:-1]) / varied if moves else math.nan


def sharpe_per_session(excess: FloatArray) -> float:
    """Return mean over standard deviation of excess returns; NaN when they do not vary.

    References
    ----------
    Sharpe, W. F. (1994). The Sharpe Ratio. Journal of Portfolio Management, 21(1).
    """
    sd = deviation(excess)
    return float(np.mean(excess)) / sd if sd > ZERO_DEVIATION else math.nan


def sharpe_ratio(excess: FloatArray) -> float:
    """Return the annualised Sharpe ratio; NaN when returns do not vary."""
    return math.sqrt(SESSIONS_PER_YEAR) * sharpe_per_session(excess)


def downside_deviation(excess: FloatArray) -> float:
    """Return the root mean square shortfall per session, over all sessions."""
    return math.sqrt(np.mean(np.square(np.minimum(excess, 0.0)))) if len(excess) else math.nan


def sortino_ratio(excess: FloatArray) -> float:
    """Return the annualised mean over downside deviation; NaN when no session falls short.

    References
    ----------
    Sortino, F. & Price, L. (1994). Performance Measurement in a Downside Risk Framework.
    """
    below = downside_deviation(excess)
    if not below > 0.0:
        return math.nan
    return math.sqrt(SESSIONS_PER_YEAR) * float(np.mean(excess)) / below


def omega_ratio(excess: FloatArray) -> float:
    """Return gains over losses; NaN when there is no loss.

    References
    ----------
    Keating, C. & Shadwick, W. (2002). A Universal Performance Measure.
    """
    loss = float(-np.minimum(excess, 0.0).sum())
    return float(np.maximum(excess, 0.0).sum()) / loss if loss > 0.0 else math.nan


def cagr(first: float, last: float, days: int) -> float:
    """Return the compound annual growth rate; NaN under 365 days, -1 when nothing is left."""
    if days < 365:
        return math.nan
    return float((last / first) ** (DAYS_PER_YEAR / days)) - 1.0 if last > 0.0 else -1.0


def tail_ratio(returns: FloatArray) -> float:
    """Return the 95 % quantile over the absolute 5 % quantile, linear; NaN when that is zero."""
    low, high = np.quantile(returns, [0.05, 0.95]) if len(returns) else (0.0, 0.0)
    return float(high / abs(low)) if low != 0.0 else math.nan


def value_at_risk(returns: FloatArray, level: float = 0.95) -> float:
    """Return the historical loss not exceeded with probability ``level``, positive for a loss.

    NaN when the tail holds less than one return.
    """
    tail = _tail(returns, level)
    return float(-np.sort(returns)[math.ceil(tail) - 1]) if tail >= 1.0 else math.nan


def conditional_value_at_risk(returns: FloatArray, level: float = 0.95) -> float:
    """Return the mean loss beyond ``level``, the return at the edge counted in part.

    NaN when the tail holds less than one return.

    References
    ----------
    Acerbi, C. & Tasche, D. (2002). On the Coherence of Expected Shortfall.
    """
    tail = _tail(returns, level)
    if not tail >= 1.0:
        return math.nan
    ordered = np.sort(returns)
    whole = math.floor(tail)
    return -float(ordered[:whole].sum() + (tail - whole) * ordered[whole]) / tail


def _tail(returns: FloatArray, level: float) -> float:
    # 20 * (1 - 0.9) is a hair below 2 in binary; the tail is two returns.
    return round(len(returns) * (1.0 - level), 9)


def skewness(returns: FloatArray) -> float:
    """Return the population skewness; NaN with fewer than four returns or no variance."""
    return _standard_moment(returns, 3)


def kurtosis(returns: FloatArray) -> float:
    """Return the raw population kurtosis (normal = 3); NaN as for skewness."""
    return _standard_moment(returns, 4)


def _standard_moment(returns: FloatArray, order: int) -> float:
    if len(returns) < 4:
        return math.nan
    centred = returns - np.mean(returns)
    sd = math.sqrt(np.mean(np.square(centred)))
    return float(np.mean((centred / sd) ** order)) if sd > ZERO_DEVIATION else math.nan


def hit_rate(returns: FloatArray) -> float:
    """Return the share of gains among the returns that are not zero; NaN when all are."""
    moved = int(np.count_nonzero(returns))
    return float(np.count_nonzero(returns > 0.0)) / moved if moved else math.nan


def longest_run(happened: BoolArray) -> int:
    """Return the greatest number of sessions in a row for which (n,) is true; 0 if none is."""
    edges = np.flatnonzero(np.diff(happened.astype(np.int8), prepend=0, append=0))
    return int((edges[1::2] - edges[::2]).max(initial=0))


def beta(excess: FloatArray, market: FloatArray) -> float:
    """Return cov / var of two series of excess returns, ddof 1; NaN when the market stands."""
    if not deviation(market) > ZERO_DEVIATION:
        return math.nan
    covariance = np.cov(excess, market, ddof=1)
    return float(covariance[0, 1] / covariance[1, 1])


def alpha(excess: FloatArray, market: FloatArray) -> float:
    """Return Jensen's alpha a year: 252 (mean excess - beta mean market excess)."""
    intercept = np.mean(excess) - beta(excess, market) * np.mean(market)
    return float(SESSIONS_PER_YEAR * intercept)


def correlation(returns: FloatArray, others: FloatArray) -> float:
    """Return Pearson's correlation of two series, -1 to 1; NaN unless both vary."""
    if not min(deviation(returns), deviation(others)) > ZERO_DEVIATION:
        return math.nan
    return float(np.corrcoef(returns, others)[0, 1])


def r_squared(excess: FloatArray, market: FloatArray) -> float:
    """Return the share of variance that the regression of `beta` and `alpha` explains, 0 to 1.

    It is beta^2 var(market) / var(excess), with one regressor the correlation's square; NaN
    unless both vary.
    """
    return correlation(excess, market) ** 2


def tracking_error(active: FloatArray) -> float:
    """Return the annualised standard deviation of return over benchmark."""
    return volatility(active)


def information_ratio(active: FloatArray) -> float:
    """Return the annualised mean active return over tracking error; NaN when that is zero."""
    return sharpe_ratio(active)
