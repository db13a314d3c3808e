"""Whether two Sharpe ratios differ by more than chance. Plain Python: pages ask for it too.

The error of a difference is that of the mean of one series: what each session adds to one ratio
less what it adds to the other, by the delta method. Its variance in the long run allows for what
follows what and for volatility that comes in clusters.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import islice
from operator import mul
from statistics import NormalDist
from typing import Final

LEAST: Final = 250  # returns; with fewer nothing is said
NO_DEVIATION: Final = 1e-12
LARGEST_ROOT: Final = 0.97  # of what is taken out before the kernel looks
# Weights that Andrews' rule gives the kernel of Parzen, and the estimates it costs.
PARZEN_RATE: Final = 2.6614
ESTIMATES: Final = 4


@dataclass(frozen=True, kw_only=True)
class Influences:
    """A Sharpe ratio per session, and what each session adds to it; their mean is 0."""

    sharpe: float
    added: Sequence[float]


@dataclass(frozen=True, kw_only=True)
class Difference:
    """A difference of two Sharpe ratios per session with its standard error."""

    value: float
    error: float

    @property
    def p_value(self) -> float:
        """Chance of a difference as large, either way, if there were none."""
        return 2.0 * NormalDist().cdf(-abs(self.value) / self.error)


def influences(excess: Sequence[float]) -> Influences | None:
    """Return the Sharpe ratio of excess returns (n,) per session; None where they do not vary."""
    n = len(excess)
    if not n:
        return None
    mean = math.fsum(excess) / n
    square = math.fsum(map(mul, excess, excess)) / n
    variance = square - mean * mean
    if variance <= NO_DEVIATION**2:
        return None
    cube = variance**1.5
    added = [(square * (r - mean) - 0.5 * mean * (r * r - square)) / cube for r in excess]
    return Influences(sharpe=mean / math.sqrt(variance), added=added)


def difference(one: Influences, other: Influences) -> Difference | None:
    """Return how much the first ratio is above the second, over the same sessions.

    None with fewer than 250 of them, or where both ratios are of one and the same series.

    References
    ----------
    Ledoit, O. & Wolf, M. (2008). Robust Performance Hypothesis Testing with the Sharpe Ratio.
    Journal of Empirical Finance, 15(5).
    """
    n = len(one.added)
    if n < LEAST:
        return None
    apart = [a - b for a, b in zip(one.added, other.added, strict=True)]
    variance = long_run_variance(apart) * n / (n - ESTIMATES)
    if variance <= NO_DEVIATION:
        return None
    return Difference(value=one.sharpe - other.sharpe, error=math.sqrt(variance / n))


def long_run_variance(series: Sequence[float]) -> float:
    """Return n times the variance of the mean of a series (n,) whose mean is 0.

    An autoregression is taken out first, what it leaves weighed by the kernel of Parzen over as
    many lags as suit it, and the autoregression put back.

    References
    ----------
    Andrews, D. W. K. & Monahan, J. C. (1992). An Improved Heteroskedasticity and Autocorrelation
    Consistent Covariance Matrix Estimator. Econometrica, 60(4).
    """
    root = max(-LARGEST_ROOT, min(LARGEST_ROOT, _root(series)))
    left = [now - root * was for was, now in zip(series, islice(series, 1, None), strict=False)]
    n = len(left)
    second = _root(left)
    curvature = 4.0 * second**2 / (1.0 - second) ** 4
    width = PARZEN_RATE * (curvature * n) ** 0.2
    total = math.fsum(map(mul, left, left))
    for lag in range(1, min(math.ceil(width), n)):
        total += 2.0 * _parzen(lag / width) * math.fsum(map(mul, left, islice(left, lag, None)))
    return max(total, 0.0) / n / (1.0 - root) ** 2


def _root(series: Sequence[float]) -> float:
    """Return the coefficient of a series on what it was a session before."""
    before = math.fsum(map(mul, series, series)) - series[-1] ** 2
    if before <= 0.0:
        return 0.0
    return math.fsum(map(mul, series, islice(series, 1, None))) / before


def _parzen(x: float) -> float:
    return 1.0 - 6.0 * x**2 + 6.0 * x**3 if x <= 0.5 else 2.0 * (1.0 - x) ** 3
