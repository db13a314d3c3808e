"""Do two prices move together: the test of Engle and Granger, for many pairs at once.

Regress y on x and a constant, and ask whether the residual returns to zero: a Dickey-Fuller
regression whose number of lags has the least information criterion. As the residual was fitted, its
t-statistic is held against the distribution of a cointegrating regression, not a plain one.
"""

import math
from dataclasses import dataclass
from typing import Final

import numpy as np

from engine.types import BoolArray, FloatArray, IntArray

PART: Final = 512  # regressions solved at once
COLLINEAR: Final = 1e-6  # unexplained share of y below which no residual is left to test

# Two variables and a constant, MacKinnon (1994): polynomials in the statistic, lowest power first.
LEAST: Final = -18.86
TURN: Final = -2.62
MOST: Final = 0.92
BELOW_TURN: Final = (2.92, 1.5012, 0.039796)
ABOVE_TURN: Final = (2.1945, 0.64695, -0.29198, -0.042377)
# The same, MacKinnon (2010): powers of 1 / observations, by size of the test.
CRITICAL: Final = {
    0.01: (-3.89644, -10.9519, -33.527),
    0.05: (-3.33613, -6.1101, -6.823),
    0.10: (-3.04445, -4.2412, -2.72),
}


@dataclass(frozen=True, kw_only=True)
class Line:
    """``y = intercept + slope * x`` by least squares, one per row; shapes (p,) or (p, n)."""

    intercept: FloatArray
    slope: FloatArray
    residual: FloatArray
    variance: FloatArray  # of the residual, n - 2 degrees of freedom
    covariance: FloatArray  # (p, 2, 2) of intercept and slope
    collinear: BoolArray  # nothing is left to explain


def fit_line(y: FloatArray, x: FloatArray) -> Line:
    """Fit each row of y (p, n) on that of x; NaN where x does not move."""
    n = y.shape[1]
    mean = x.mean(axis=1)
    away, apart = x - mean[:, None], y - y.mean(axis=1)[:, None]
    with np.errstate(divide="ignore", invalid="ignore"):
        spread = (away**2).sum(axis=1)
        slope = (away * apart).sum(axis=1) / spread
        intercept = y.mean(axis=1) - slope * mean
        residual = apart - slope[:, None] * away
        left = (residual**2).sum(axis=1)
        variance = left / (n - 2)
        at_mean = np.stack([1.0 / n + mean**2 / spread, -mean / spread, 1.0 / spread], axis=1)
        total = (apart**2).sum(axis=1)
    return Line(
        intercept=intercept,
        slope=slope,
        residual=residual,
        variance=variance,
        covariance=(variance[:, None] * at_mean)[:, [0, 1, 1, 2]].reshape(-1, 2, 2),
        collinear=~(left > COLLINEAR * total),
    )


def engle_granger(line: Line) -> tuple[FloatArray, FloatArray]:
    """Return the statistic and its p-value, (p,) each, of every fitted pair.

    A pair with nothing left to test gets NaN and a p-value of 1.

    References
    ----------
    Engle, R. F. & Granger, C. W. J. (1987). Co-Integration and Error Correction. Econometrica,
    55(2). MacKinnon, J. G. (1994). Approximate Asymptotic Distribution Functions for Unit-Root and
    Cointegration Tests. Journal of Business & Economic Statistics, 12(2).
    """
    statistic = np.full(len(line.slope), np.nan)
    [real] = np.nonzero(~line.collinear)
    for start in range(0, len(real), PART):
        part = real[start : start + PART]
        statistic[part] = dickey_fuller(line.residual[part])
    return statistic, p_value(statistic)


def dickey_fuller(series: FloatArray) -> FloatArray:
    """Return the augmented Dickey-Fuller t-statistic of each row (p, n), without a constant.

    The number of lagged differences, up to ``12 (n / 100)^(1/4)``, is the one of least AIC.
    """
    most = min(math.ceil(12.0 * (series.shape[1] / 100.0) ** 0.25), series.shape[1] // 2 - 1)
    change, design = _lagged(series, most)
    lags = _least_criterion(change, design)
    statistic = np.empty(len(series))
    for lag in np.unique(lags).tolist():
        chosen = lags == lag
        statistic[chosen] = _first_t(*_lagged(series[chosen], lag))
    return statistic


def p_value(statistic: FloatArray) -> FloatArray:
    """Return the p-value of statistics (p,) of two variables with a constant; 1 where NaN."""
    left = np.polynomial.polynomial.polyval(statistic, BELOW_TURN)
    right = np.polynomial.polynomial.polyval(statistic, ABOVE_TURN)
    argument = np.where(statistic <= TURN, left, right)
    argument = np.where(statistic < LEAST, -np.inf, argument)
    argument = np.where(statistic <= MOST, argument, np.inf)
    return np.array([0.5 * math.erfc(-each / math.sqrt(2.0)) for each in argument.tolist()])


def critical_value(size: float, observations: float = math.inf) -> float:
    """Return the statistic below which a test of `size` rejects, 0.01, 0.05 or 0.10.

    References
    ----------
    MacKinnon, J. G. (2010). Critical Values for Cointegration Tests. Queen's University, 1227.
    """
    constant, first, second = CRITICAL[size]
    return constant + first / observations + second / observations**2


def is_significant(p: FloatArray, level: float) -> BoolArray:
    """Tell which of the tests (p,) hold when a false discovery may be one in ``1 / level``.

    References
    ----------
    Benjamini, Y. & Hochberg, Y. (1995). Controlling the False Discovery Rate. Journal of the Royal
    Statistical Society B, 57(1).
    """
    ordered = np.sort(p)
    below = np.flatnonzero(ordered <= level * np.arange(1, len(p) + 1) / max(len(p), 1))
    bound = ordered[below[-1]] if len(below) else -1.0
    significant: BoolArray = p <= bound
    return significant


def half_life(spread: FloatArray) -> FloatArray:
    """Return the sessions in which half of a deviation of each row (p, n) is gone.

    ``ln 2 / -ln phi`` of a first-order autoregression with a constant; NaN unless 0 < phi < 1.
    """
    phi = fit_line(spread[:, 1:], spread[:, :-1]).slope
    returns = (phi > 0.0) & (phi < 1.0)
    life: FloatArray = math.log(2.0) / -np.log(np.where(returns, phi, 0.5))
    return np.where(returns, life, np.nan)


def crossings(spread: FloatArray) -> IntArray:
    """Return how often each row (p, n) went from one side of its mean to the other."""
    above = spread > spread.mean(axis=1)[:, None]
    count: IntArray = np.count_nonzero(above[:, 1:] != above[:, :-1], axis=1)
    return count


def _lagged(series: FloatArray, lags: int) -> tuple[FloatArray, FloatArray]:
    """Return changes (p, k) and what explains them: the level, then past changes."""
    change = np.diff(series, axis=1)
    k = change.shape[1] - lags
    columns = [series[:, lags:-1]]
    columns += [change[:, lags - lag : lags - lag + k] for lag in range(1, lags + 1)]
    return change[:, lags:], np.stack(columns, axis=2)


def _least_criterion(change: FloatArray, design: FloatArray) -> IntArray:
    """Return the number of lags of least AIC, every choice judged on the same observations."""
    k, columns = design.shape[1:]
    base = np.linalg.qr(design)[0]
    explained = np.cumsum((change[:, None, :] @ base)[:, 0, :] ** 2, axis=1)
    left = np.maximum((change**2).sum(axis=1)[:, None] - explained, np.finfo(np.float64).tiny)
    criterion = k * np.log(left / k) + 2.0 * np.arange(1, columns + 1)
    lags: IntArray = np.argmin(criterion, axis=1)
    return lags


def _first_t(change: FloatArray, design: FloatArray) -> FloatArray:
    """Return the t-statistic of the first column's coefficient."""
    k, columns = design.shape[1:]
    base, triangle = np.linalg.qr(design)
    projected = (change[:, None, :] @ base)[:, 0, :]
    inverse = np.linalg.inv(triangle)[:, 0, :]
    left = (change**2).sum(axis=1) - (projected**2).sum(axis=1)
    error = np.sqrt(np.maximum(left, 0.0) / (k - columns) * (inverse**2).sum(axis=1))
    with np.errstate(divide="ignore", invalid="ignore"):
        statistic: FloatArray = (inverse * projected).sum(axis=1) / error
    return statistic
