"""Portfolios whose assets contribute given shares of the risk.

References
----------
Maillard, S., Roncalli, T. & Teïletche, J. (2010). The Properties of Equally Weighted Risk
Contribution Portfolios. Journal of Portfolio Management, 36(4).
Spinu, F. (2013). An Algorithm for Computing Risk Parity Weights.
"""

from typing import Final

import numpy as np

from engine.errors import Infeasible
from engine.types import FloatArray

ROUNDS: Final = 200
SETTLED: Final = 1e-11  # how far a contribution may be from its budget, relative
NEAR: Final = 0.25  # Newton decrement below which whole steps converge


def risk_budgeting(covariance: FloatArray, budgets: FloatArray | None = None) -> FloatArray:
    """Return the weights (k,) whose contributions to variance stand in proportion to `budgets`.

    Positive and summing to one. Minimises ``y'Cy / 2 - sum(b_i ln y_i)`` by damped Newton steps
    and scales: the barrier makes the solution unique and never zero.

    Parameters
    ----------
    covariance : ndarray of shape (k, k)
        Positive definite (`engine.covariance.require_invertible`).
    budgets : ndarray of shape (k,), optional
        Positive, any scale. Equal when left out.

    Raises
    ------
    Infeasible
        When a budget is not positive, or the steps do not settle.
    """
    size = len(covariance)
    shares = np.full(size, 1.0 / size) if budgets is None else budgets / budgets.sum()
    if not (shares > 0.0).all():
        raise Infeasible(f"risk budgets must be above zero, {shares.min():.2f} found")
    deviation = np.sqrt(covariance.diagonal())
    raw = _newton(covariance / np.outer(deviation, deviation), shares) / deviation
    weights: FloatArray = raw / raw.sum()
    return weights


def risk_contributions(covariance: FloatArray, weights: FloatArray) -> FloatArray:
    """Return each asset's share (k,) of the portfolio's variance; the shares sum to one."""
    marginal = weights * (covariance @ weights)
    shares: FloatArray = marginal / marginal.sum()
    return shares


def _newton(correlation: FloatArray, budgets: FloatArray) -> FloatArray:
    """Return the least ``x'Cx / 2 - sum(b_i ln x_i)``; each step stays inside the barrier."""
    # With the least budget at 1 the function is self-concordant, which the damping rests on.
    wanted = budgets / budgets.min()
    x: FloatArray = np.sqrt(wanted)
    risk = float(x @ correlation @ x)
    if not risk > 0.0:
        raise Infeasible("risk budgeting met a singular covariance")
    x *= np.sqrt(wanted.sum() / risk)
    for _ in range(ROUNDS):
        gradient = correlation @ x - wanted / x
        if np.abs(x * gradient / wanted).max() <= SETTLED:
            return x
        step = _step(correlation + np.diag(wanted / np.square(x)), gradient)
        decrement = float(np.sqrt(max(gradient @ step, 0.0)))
        x = x - (step if decrement < NEAR else step / (1.0 + decrement))
    raise Infeasible(f"risk budgeting did not settle in {ROUNDS} rounds")


def _step(curvature: FloatArray, gradient: FloatArray) -> FloatArray:
    try:
        return np.asarray(np.linalg.solve(curvature, gradient), np.float64)
    except np.linalg.LinAlgError as e:
        raise Infeasible("risk budgeting met a singular covariance") from e
