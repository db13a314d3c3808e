"""Mean-variance portfolios: least variance, greatest Sharpe ratio or utility, a target return.

All are long only and fully invested unless said; expected returns are an input of their own and
never assumed to be the sample means (`shrunk_mean`). Units are free as long as expected returns
and covariance share them.

References
----------
Markowitz, H. (1952). Portfolio Selection. Journal of Finance, 7(1).
"""

from typing import Final

import numpy as np

from engine.errors import Infeasible
from engine.quadratic import Limit, at_least, budget, minimise
from engine.types import FloatArray

ROUNDING: Final = 1e-12  # by which a target may miss what is attainable


def free_minimum_variance(covariance: FloatArray) -> FloatArray:
    """Return the weights (k,) of least variance with short sales, summing to one.

    ``inverse(C) 1 / (1' inverse(C) 1)``. The covariance must be invertible
    (`engine.covariance.require_invertible`).
    """
    raw = np.linalg.solve(covariance, np.ones(len(covariance)))
    weights: FloatArray = raw / raw.sum()
    return weights


def minimum_variance(covariance: FloatArray) -> FloatArray:
    """Return the weights (k,) of least variance, non-negative and summing to one."""
    # Least for weights that sum to one: the greatest ratio where all are expected to earn the same.
    return _steepest(covariance, np.ones(len(covariance)))


def maximum_sharpe(covariance: FloatArray, expected: FloatArray) -> FloatArray:
    """Return the weights (k,) with the greatest ratio of excess return to deviation.

    Parameters
    ----------
    expected : ndarray of shape (k,)
        Expected returns above the risk-free rate.

    Raises
    ------
    Infeasible
        When no expected return is above zero: every portfolio would be worse than cash.
    """
    best = float(expected.max(initial=-np.inf))
    if not best > 0.0:
        raise Infeasible(
            f"no expected return is above zero; the best of {len(expected)} is {best:.2%}"
        )
    return _steepest(covariance, expected)


def maximum_utility(
    covariance: FloatArray,
    expected: FloatArray,
    *,
    risk_aversion: float,
    held: FloatArray | None = None,
    cost: float = 0.0,
) -> FloatArray:
    """Return the weights (k,) with the greatest ``w'm - risk_aversion / 2 w'Cw - cost * turnover``.

    Turnover is ``sum |w - held| / 2`` and needs the weights `held` (k,) before; cost is that of
    one unit of it, in the unit of `expected`.
    """
    size = len(expected)
    if held is None or cost == 0.0:
        limits = [budget(size), at_least(np.zeros(size))]
        return _tidy(minimise(risk_aversion * covariance, -expected, limits))
    return _tidy(_utility_after_costs(risk_aversion * covariance, expected, held, cost))


def target_return(
    covariance: FloatArray, expected: FloatArray, *, target: float, most: float = 1.0
) -> FloatArray:
    """Return the weights (k,) of least variance among those that expect `target` or more.

    None is above `most`. They sum to one, or to what so many of `most` come to; cash, from which
    `expected` is measured, adds nothing.

    Raises
    ------
    Infeasible
        When no such weights expect that much; the nearest are those that expect most.
    """
    size = len(expected)
    highest = _highest(expected, most)
    best = float(expected @ highest)
    if target > best + ROUNDING:
        raise Infeasible(
            f"target return {target:.1%} > best attainable {best:.1%}",
            nearest=highest,
            loosened=f"target return {target:.1%} relaxed to {best:.1%}",
        )
    # In units of the largest expectation, so that the row is no smaller than the others.
    unit = float(np.abs(expected).max()) or 1.0
    total = min(1.0, most * size)
    limits = [
        budget(size, total),
        at_least(np.zeros(size)),
        Limit(
            name=f"target return {target:.1%}",
            rows=-expected[None] / unit,
            most=np.array([-min(target, best) / unit]),
        ),
    ]
    if most < 1.0:
        limits.append(Limit(name="max_weight", rows=np.eye(size), most=np.full(size, most)))
    return total * _tidy(minimise(covariance, np.zeros(size), limits))


def shrunk_mean(returns: FloatArray) -> FloatArray:
    """Return the James-Stein estimate (k,) of the expected returns of `returns` (T, k), no NaN.

    Sample means are drawn towards their own mean, the further the noisier they are and the less
    they differ, and never beyond it. Fewer than three assets cannot be improved upon.

    References
    ----------
    James, W. & Stein, C. (1961). Estimation with Quadratic Loss. Berkeley Symposium.
    Jorion, P. (1986). Bayes-Stein Estimation for Portfolio Analysis. JFQA, 21(3).
    """
    means: FloatArray = returns.mean(axis=0)
    centre = means.mean()
    spread = float(np.square(means - centre).sum())
    if returns.shape[1] < 3 or spread == 0.0:
        return means
    variances = np.linalg.eigvalsh(np.cov(returns, rowvar=False))
    noise = (float(variances.sum()) - 2.0 * float(variances.max())) / len(returns)
    share = min(max(noise / spread, 0.0), 1.0)
    shrunk: FloatArray = (1.0 - share) * means + share * centre
    return shrunk


def _steepest(covariance: FloatArray, expected: FloatArray) -> FloatArray:
    """Return the weights (k,) with the greatest ratio of `expected`, some above 0, to deviation."""
    # The direction is that of the least variance among portfolios that earn one unit of return,
    # in units of each asset's risk: a bill beside a coin is not lost in the last digits.
    deviation = np.sqrt(covariance.diagonal())
    earned = expected / deviation
    limits = [
        Limit(name="return", rows=earned[None] / earned.max(), most=np.ones(1), equal=True),
        at_least(np.zeros(len(expected))),
    ]
    alike = covariance / np.outer(deviation, deviation)
    raw = minimise(alike, np.zeros(len(expected)), limits) / deviation
    return _tidy(raw / raw.sum())


def _utility_after_costs(
    risk: FloatArray, expected: FloatArray, held: FloatArray, cost: float
) -> FloatArray:
    """Solve for weights and the size of each trade, which costs half a turnover each."""
    size = len(expected)
    none, one = np.zeros((size, size)), np.eye(size)
    quadratic = np.block([[risk, none], [none, none]])
    linear = np.concatenate([-expected, np.full(size, 0.5 * cost)])
    limits = [
        Limit(
            name="weights sum to 1.00",
            rows=np.concatenate([np.ones(size), np.zeros(size)])[None],
            most=np.ones(1),
            equal=True,
        ),
        Limit(name="long only", rows=np.hstack([-one, none]), most=np.zeros(size)),
        Limit(name="purchases", rows=np.hstack([one, -one]), most=held),
        Limit(name="sales", rows=np.hstack([-one, -one]), most=-held),
    ]
    return minimise(quadratic, linear, limits)[:size]


def _highest(expected: FloatArray, most: float) -> FloatArray:
    """Return the weights (k,) of at most `most` that expect most, the lower column among equals."""
    weights = np.zeros(len(expected))
    order = np.argsort(-expected, kind="stable")
    weights[order] = np.clip(1.0 - most * np.arange(len(order)), 0.0, most)
    return weights


def _tidy(weights: FloatArray) -> FloatArray:
    """Return weights without what rounding left below zero, summing to one."""
    kept = np.maximum(weights, 0.0)
    kept[kept < 1e-12] = 0.0
    tidied: FloatArray = kept / kept.sum()
    return tidied
