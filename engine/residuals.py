"""What known factors leave of returns: batched regressions of many assets on the same factors.

Months are counted from January 1970. Assets that lack the same months share one factorisation.
"""

import math
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
    published: BoolArray = np.all(np.isfinite(factors), axis=1)
    known = np.isfinite(returns) & published[:, None]
    months = known.sum(axis=0)
    fitted = months >= max(min_months, 1)
    design = np.where(published[:, None], factors, 0.0)
    design = np.column_stack([np.ones(len(design)), design])
    own = np.where(known, returns, 0.0)
    coefficients, whole = _coefficients(design, own, known, fitted)
    residual = np.where(known, own - design @ coefficients, 0.0)
    return Residuals(
        months=months,
        alpha=coefficients[0],
        betas=coefficients[1:],
        r_squared=np.where(fitted, _explained(own, residual, months), np.nan),
        residual=np.where(known & fitted, residual, np.nan),
        deficient=not whole,
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
    varied = deviation > ZERO_DEVIATION
    return np.where(varied, formed.sum(axis=0) / np.where(varied, deviation, 1.0), np.nan)


def volatility(residual: FloatArray) -> FloatArray:
    """Return the deviation (n - 1) of residuals (r, m) a year, twelve months each."""
    return _deviation(residual) * math.sqrt(12.0)


def _coefficients(
    design: FloatArray, own: FloatArray, known: BoolArray, fitted: BoolArray
) -> tuple[FloatArray, bool]:
    """Return the coefficients (f + 1, m), NaN where nothing is fitted, and whether all are unique.

    A month that is missing is a row of zeros on both sides, which changes no fit.
    """
    coefficients = np.full((design.shape[1], own.shape[1]), np.nan)
    complete = known.all(axis=0)
    columns, holed = np.flatnonzero(complete & fitted), np.flatnonzero(~complete & fitted)
    whole = True
    if len(columns):
        inverses, whole = _left_inverses(design[None])
        coefficients[:, columns] = inverses[0] @ own[:, columns]
    if len(holed):
        patterns, group = _patterns(known[:, holed])
        inverses, unique = _left_inverses(design * patterns[:, :, None])
        coefficients[:, holed] = np.matmul(inverses[group], own.T[holed, :, None])[..., 0].T
        whole = whole and unique
    return coefficients, whole


def _patterns(known: BoolArray) -> tuple[BoolArray, IntArray]:
    """Return the patterns of months (g, r) that occur, and which of them each column has."""
    packed = np.ascontiguousarray(np.packbits(known, axis=0).T)
    keys = packed.view(f"V{packed.shape[1]}")[:, 0]
    _, first, group = np.unique(keys, return_index=True, return_inverse=True)
    return known[:, first].T, group


def _left_inverses(designs: FloatArray) -> tuple[FloatArray, bool]:
    """Return the matrix of each design (g, r, p) that gives coefficients, and if all are unique.

    Columns of one length: a factor of small returns must not pass for one that is not there.
    """
    size = np.linalg.norm(designs, axis=1, keepdims=True)
    size = np.where(size > 0.0, size, 1.0)
    u, scale, v = np.linalg.svd(designs / size, full_matrices=False)
    kept = scale > RANK_TOLERANCE * scale[:, :1]
    inverted = np.where(kept, 1.0 / np.where(kept, scale, 1.0), 0.0)
    inverses = (v.transpose(0, 2, 1) * inverted[:, None]) @ u.transpose(0, 2, 1)
    return inverses / size.transpose(0, 2, 1), bool(kept.all())


def _explained(own: FloatArray, residual: FloatArray, months: IntArray) -> FloatArray:
    """Return R^2 by column; what is missing is 0 on both sides."""
    count = np.maximum(months, 1)
    total = np.einsum("rm,rm->m", own, own) - np.square(own.sum(axis=0)) / count
    varied = total > count * ZERO_DEVIATION**2
    left = np.einsum("rm,rm->m", residual, residual)
    return np.where(varied, 1.0 - left / np.where(varied, total, 1.0), np.nan)


def _deviation(values: FloatArray) -> FloatArray:
    """Return the deviation (n - 1) of the numbers of each column, NaN with fewer than two."""
    known = np.isfinite(values)
    count = known.sum(axis=0)
    mean = np.where(known, values, 0.0).sum(axis=0) / np.maximum(count, 1)
    squares = np.square(np.where(known, values - mean, 0.0)).sum(axis=0)
    variance = np.where(count > 1, squares / np.maximum(count - 1, 1), np.nan)
    return np.sqrt(variance)
