"""Linear regression whose t-statistics allow for autocorrelated, uneven residuals."""

from dataclasses import dataclass
from typing import Final

import numpy as np

from engine.ratios import ZERO_DEVIATION
from engine.types import FloatArray

MONTHS_PER_YEAR: Final = 12
MIN_MONTHS: Final = 24
MONTHLY_LAGS: Final = 6


@dataclass(frozen=True, kw_only=True)
class Fit:
    """Least squares on an intercept and f regressors; the intercept comes first."""

    coefficients: FloatArray  # (f + 1,)
    t_statistics: FloatArray  # (f + 1,)
    r_squared: float
    observations: int


@dataclass(frozen=True, kw_only=True)
class FactorRegression:
    """What known factors explain of a run's monthly excess returns, and what they leave."""

    alpha: float  # a year, decimal fraction
    alpha_t_stat: float
    loadings: FloatArray  # (f,) in the order of the factors
    loading_t_stats: FloatArray  # (f,)
    r_squared: float
    months: int


def regress(y: FloatArray, regressors: FloatArray, *, lags: int) -> Fit:
    """Return the least-squares fit with the t-statistics of Newey and West.

    The covariance of the coefficients weighs the autocovariances of the scores by
    ``1 - l / (lags + 1)``, with no correction for small samples.

    Parameters
    ----------
    y : ndarray of shape (n,)
        What is to be explained, in order of time, no NaN.
    regressors : ndarray of shape (n, f)
        What explains it, without a column for the intercept, no NaN.
    lags : int
        Longest lag that counts; 0 leaves White's estimator.

    Returns
    -------
    Fit
        All NaN when n <= f + 1 or one regressor follows from the others. The t-statistics are
        NaN when the fit is exact, R^2 when y does not vary.

    References
    ----------
    Newey, W. K. & West, K. D. (1987). A Simple, Positive Semi-Definite, Heteroskedasticity and
    Autocorrelation Consistent Covariance Matrix. Econometrica, 55(3).
    """
    x = np.column_stack([np.ones(len(y)), regressors])
    inverse = _left_inverse(x)
    if inverse is None:
        unknown = np.full(x.shape[1], np.nan)
        return Fit(
            coefficients=unknown, t_statistics=unknown, r_squared=np.nan, observations=len(y)
        )
    coefficients = inverse @ y
    residual = y - x @ coefficients
    return Fit(
        coefficients=coefficients,
        t_statistics=_t_statistics(coefficients, inverse * residual, residual, lags),
        r_squared=_explained(y, residual),
        observations=len(y),
    )


def factor_regression(
    returns: FloatArray, rf: FloatArray, factors: FloatArray, *, lags: int = MONTHLY_LAGS
) -> FactorRegression:
    """Return the loadings of monthly excess returns on factors, and the alpha they leave.

    Parameters
    ----------
    returns, rf : ndarray of shape (n,)
        Return of the run and of the risk-free asset by calendar month, in order of time.
    factors : ndarray of shape (n, f)
        Returns of the factors, already over the risk-free rate or long minus short, such as
        market, size and value. All are decimal fractions; months in which anything is NaN are
        left out, and should lie at the ends, as the lags count what remains.
    lags : int, default 6
        Months over which autocorrelation of the residuals is allowed for.

    Returns
    -------
    FactorRegression
        Alpha is twelve times the monthly intercept. Every figure but `months` is NaN with fewer
        than 24 months or with factors that follow from each other.

    References
    ----------
    Fama, E. F. & French, K. R. (1993). Common Risk Factors in the Returns on Stocks and Bonds.
    """
    excess = returns - rf
    known = np.isfinite(excess) & np.isfinite(factors).all(axis=1)
    months = int(known.sum())
    if months < MIN_MONTHS:
        known = np.zeros_like(known)
    fit = regress(excess[known], factors[known], lags=lags)
    return FactorRegression(
        alpha=float(MONTHS_PER_YEAR * fit.coefficients[0]),
        alpha_t_stat=float(fit.t_statistics[0]),
        loadings=fit.coefficients[1:],
        loading_t_stats=fit.t_statistics[1:],
        r_squared=fit.r_squared,
        months=months,
    )


def _left_inverse(x: FloatArray) -> FloatArray | None:
    """Return the (p, n) matrix that turns y into coefficients, None where it is not unique."""
    size = np.linalg.norm(x, axis=0)
    if len(x) <= x.shape[1] or not (size > 0.0).all():
        return None
    # Columns of one length: a factor of small returns must not pass for one that is not there.
    u, scale, v = np.linalg.svd(x / size, full_matrices=False)
    if scale[-1] <= scale[0] * len(x) * np.finfo(np.float64).eps:
        return None
    inverse: FloatArray = (v.T / scale) @ u.T / size[:, None]
    return inverse


def _t_statistics(
    coefficients: FloatArray, scores: FloatArray, residual: FloatArray, lags: int
) -> FloatArray:
    """Return each coefficient over its standard error; scores (p, n) sum to its sampling error."""
    if not np.abs(residual).max() > ZERO_DEVIATION:
        return np.full(len(coefficients), np.nan)
    variance = np.square(scores).sum(axis=1)
    for lag in range(1, min(lags, len(residual) - 1) + 1):
        shared = (scores[:, lag:] * scores[:, :-lag]).sum(axis=1)
        variance += 2.0 * (1.0 - lag / (lags + 1)) * shared
    known = variance > 0.0  # the weights allow nothing below, save by rounding
    error = np.sqrt(np.where(known, variance, np.nan))
    t_statistics: FloatArray = coefficients / error
    return t_statistics


def _explained(y: FloatArray, residual: FloatArray) -> float:
    total = float(np.square(y - y.mean()).sum())
    moved = total > len(y) * ZERO_DEVIATION**2
    return 1.0 - float(np.square(residual).sum()) / total if moved else np.nan
