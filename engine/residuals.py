"""What known factors leave of returns: batched regressions of many assets on the same factors.

Months are counted from January 1970. Assets that lack the same months share one factorisation.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Final, Literal

import numpy as np

from engine.returns import MAX_GAP
from engine.types import BoolArray, FloatArray, IntArray

Standardise = Literal["formation", "regression"]

ZERO_DEVIATION: Final = 1e-8  # a month; below it a fit is exact and its residuals are rounding
RANK_TOLERANCE: Final = 1e-10


@dataclass(frozen=True, kw_only=True)
class Residuals:
    """The fit of each asset, NaN where it has too few months."""

    months: IntArray  # (m,) with a return and factors
    alpha: FloatArray  # (m,) a month
    betas: FloatArray  # (f, m)
    r_squared: FloatArray  # (m,) NaN where the returns did not vary
    residual: FloatArray  # (r, m) NaN in a month the asset lacks
    deficient: bool  # some factor followed from the others

    def take(self, columns: IntArray) -> "Residuals":
        """Return the assets in another order."""
        return replace(
            self,
            months=self.months[columns],
            alpha=self.alpha[columns],
            betas=self.betas[:, columns],
            r_squared=self.r_squared[columns],
            residual=self.residual[:, columns],
        )


def months_of(day: IntArray) -> IntArray:
    """Return the months of days since 1970-01-01."""
    return day.astype("datetime64[D]").astype("datetime64[M]").astype(np.int64)


def monthly_returns(level: FloatArray, session: IntArray, months: IntArray) -> FloatArray:
    """Return simple returns by month, shape (r, m).

    Parameters
    ----------
    level : ndarray of shape (k, m)
        Total-return levels by session, NaN without a bar.
    months : ndarray of shape (r,)
        Ascending. A return runs from the end of the month before to that of the month itself.

    Returns
    -------
    ndarray of shape (r, m)
        NaN where one of the ends has no bar in the last six sessions of its month.
    """
    return _month_ends(level, session, months) / _month_ends(level, session, months - 1) - 1.0


def _month_ends(level: FloatArray, session: IntArray, months: IntArray) -> FloatArray:
    ends = np.searchsorted(months_of(session), months, side="right")
    begins = np.searchsorted(months_of(session), months)
    found = np.full((len(months), level.shape[1]), np.nan)
    for back in range(1, MAX_GAP + 2):
        there = ends - back >= begins
        row = level[ends[there] - back]
        found[there] = np.where(np.isnan(found[there]), row, found[there])
    return found


def regress_on(returns: FloatArray, factors: FloatArray, *, min_months: int) -> Residuals:
    """Regress each column on an intercept and the factors, over the months it has.

    Parameters
    ----------
    returns : ndarray of shape (r, m)
        Excess returns, decimal fractions, NaN where a month is missing.
    factors : ndarray of shape (r, f)
        Decimal fractions; a month with NaN is missing for every asset.

    Returns
    -------
    Residuals
        By least squares; factors that follow from each other share the coefficient of least
        length, and `deficient` says so. The intercept is no part of a residual.
    """
    r, m = returns.shape
    f = factors.shape[1]
    known = np.isfinite(returns) & np.isfinite(factors).all(axis=1)[:, None]
    months = known.sum(axis=0)
    alpha, betas = np.full(m, np.nan), np.full((f, m), np.nan)
    residual = np.full((r, m), np.nan)
    deficient = False
    design = np.column_stack([np.ones(r), factors])
    for rows, columns in _alike(known, months >= max(min_months, 1)):
        y = returns[np.ix_(rows, columns)]
        inverse, whole = _left_inverse(design[rows])
        coefficients = inverse @ y
        alpha[columns], betas[:, columns] = coefficients[0], coefficients[1:]
        residual[np.ix_(rows, columns)] = y - design[rows] @ coefficients
        deficient = deficient or not whole
    return Residuals(
        months=months,
        alpha=alpha,
        betas=betas,
        r_squared=_explained(np.where(known, returns, np.nan), residual),
        residual=residual,
        deficient=deficient,
    )


def formation_scores(
    residual: FloatArray, *, form: int, skip: int, standardise: Standardise
) -> FloatArray:
    """Return the sum of the residuals of the formation months over their deviation, (m,).

    Formation are the last `form` months without the newest `skip`. The deviation (n - 1) is that of
    the same residuals, or of the whole regression's. NaN where a formation month is missing, and
    where the deviation is 1e-8 or less: a fit that is exact leaves nothing to rank.

    References
    ----------
    Blitz, D., Huij, J. & Martens, M. (2011). Residual Momentum. Journal of Empirical Finance, 18.
    """
    formed = residual[len(residual) - form : len(residual) - skip]
    deviation = _deviation(formed if standardise == "formation" else residual)
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.where(deviation > ZERO_DEVIATION, formed.sum(axis=0) / deviation, np.nan)


def volatility(residual: FloatArray) -> FloatArray:
    """Return the deviation (n - 1) of residuals (r, m) a year, twelve months each."""
    return _deviation(residual) * np.sqrt(12.0)


def _alike(known: BoolArray, enough: BoolArray) -> Iterator[tuple[IntArray, IntArray]]:
    """Yield the rows and columns of each pattern of months among the columns that have enough."""
    columns = np.flatnonzero(enough)
    if not len(columns):
        return
    complete = known[:, columns].all(axis=0)
    if complete.any():
        yield np.arange(len(known)), columns[complete]
    holed = columns[~complete]
    patterns, group = np.unique(known[:, holed], axis=1, return_inverse=True)
    for i in range(patterns.shape[1]):
        yield np.flatnonzero(patterns[:, i]), holed[group == i]


def _left_inverse(design: FloatArray) -> tuple[FloatArray, bool]:
    """Return the matrix that turns y into coefficients, and whether they are unique."""
    size = np.linalg.norm(design, axis=0)
    size = np.where(size > 0.0, size, 1.0)
    u, scale, v = np.linalg.svd(design / size, full_matrices=False)
    kept = scale > RANK_TOLERANCE * scale[0]
    inverse: FloatArray = (v[kept].T / scale[kept]) @ u[:, kept].T / size[:, None]
    return inverse, bool(kept.all()) and len(design) >= design.shape[1]


def _explained(returns: FloatArray, residual: FloatArray) -> FloatArray:
    known = np.isfinite(residual)
    count = np.maximum(known.sum(axis=0), 1)
    own = np.where(known, returns, 0.0)
    away = np.where(known, own - own.sum(axis=0) / count, 0.0)
    total, left = np.square(away).sum(axis=0), np.square(np.where(known, residual, 0.0)).sum(axis=0)
    varied = total > count * ZERO_DEVIATION**2
    return np.where(varied, 1.0 - left / np.where(varied, total, 1.0), np.nan)


def _deviation(values: FloatArray) -> FloatArray:
    """Return the deviation (n - 1) of the numbers of each column, NaN with fewer than two."""
    known = np.isfinite(values)
    count = known.sum(axis=0)
    mean = np.where(known, values, 0.0).sum(axis=0) / np.maximum(count, 1)
    squares = np.square(np.where(known, values - mean, 0.0)).sum(axis=0)
    variance = np.where(count > 1, squares / np.maximum(count - 1, 1), np.nan)
    return np.sqrt(variance)
