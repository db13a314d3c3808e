"""Convex quadratic programmes with named limits, solved to the last digits.

1. An interior-point solver (Clarabel) finds the portfolio and which limits bind.
2. With those as equations the optimum is one linear system, solved exactly: a weight the limits
   press to zero is zero, and a result does not hang on the solver's tolerance.
3. Where no portfolio satisfies every limit, limits are left out one at a time and the first
   without which there is one is named.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np

from engine.errors import Infeasible
from engine.types import BoolArray, FloatArray

TOLERANCE: Final = 1e-10  # of the solver, relative
BINDING: Final = 1e-6  # slack below which a limit may bind
EXACT: Final = 1e-9  # how far the exact solution may break a limit or a multiplier its sign
NEAR: Final = 1e-4  # how far it may lie from what the solver found
ROUNDS: Final = 200
IMPOSSIBLE: Final = frozenset({"PrimalInfeasible", "AlmostPrimalInfeasible"})


@dataclass(frozen=True, kw_only=True)
class Limit:
    """``rows @ x <= most``, or ``= most`` where `equal`, under the name it is refused by."""

    name: str
    rows: FloatArray  # (r, k)
    most: FloatArray  # (r,)
    equal: bool = False


def budget(size: int, total: float = 1.0) -> Limit:
    """Return the limit that weights sum to `total`."""
    return Limit(
        name=f"weights sum to {total:.2f}",
        rows=np.ones((1, size)),
        most=np.array([total]),
        equal=True,
    )


def at_least(lower: FloatArray, name: str = "long only") -> Limit:
    """Return the limit that no weight is below its own of `lower` (k,)."""
    return Limit(name=name, rows=-np.eye(len(lower)), most=-lower)


def minimise(quadratic: FloatArray, linear: FloatArray, limits: Sequence[Limit]) -> FloatArray:
    """Return the x (k,) within `limits` that makes ``x' Q x / 2 + linear' x`` least.

    Parameters
    ----------
    quadratic : ndarray of shape (k, k)
        Symmetric, positive semidefinite, no NaN.
    linear : ndarray of shape (k,)

    Raises
    ------
    Infeasible
        When no x satisfies all limits, naming one that stands in the way; when the solver does
        not settle.
    """
    scale = max(float(np.abs(quadratic).max()), float(np.abs(linear).max()), np.finfo(float).tiny)
    rows, most, equal = _stacked(limits)
    found = _solve(quadratic / scale, linear / scale, rows, most, equal)
    status = str(found.status)
    if status in IMPOSSIBLE:
        raise Infeasible(
            f"no portfolio satisfies every limit; {_conflict(limits)} stands in the way"
        )
    near = np.array(found.x)
    exact = _exact(quadratic / scale, linear / scale, rows, most, equal, near, np.array(found.z))
    if exact is not None:
        return exact
    if status != "Solved":
        raise Infeasible(f"the optimiser did not settle in {found.iterations} rounds ({status})")
    return near


def _solve(
    quadratic: FloatArray, linear: FloatArray, rows: FloatArray, most: FloatArray, equal: BoolArray
) -> Any:
    import clarabel  # only runs that optimise pay for it
    from scipy import sparse

    settings = clarabel.DefaultSettings()
    settings.verbose = False
    settings.max_iter = ROUNDS
    settings.tol_gap_abs = settings.tol_gap_rel = settings.tol_feas = TOLERANCE
    equations = int(equal.sum())
    cones = [clarabel.ZeroConeT(equations), clarabel.NonnegativeConeT(len(equal) - equations)]
    return clarabel.DefaultSolver(
        sparse.csc_matrix(np.triu(quadratic)),
        linear,
        sparse.csc_matrix(rows),
        most,
        cones,
        settings,
    ).solve()


def _exact(
    quadratic: FloatArray,
    linear: FloatArray,
    rows: FloatArray,
    most: FloatArray,
    equal: BoolArray,
    near: FloatArray,
    multipliers: FloatArray,
) -> FloatArray | None:
    """Return the optimum with what binds at `near` as equations; None where that is not one."""
    slack = most - rows @ near
    binding = equal | ((slack < BINDING) & (multipliers > slack))
    active, size = rows[binding], len(near)
    system = np.block([[quadratic, active.T], [active, np.zeros((len(active), len(active)))]])
    try:
        solved = np.linalg.solve(system, np.concatenate([-linear, most[binding]]))
    except np.linalg.LinAlgError:
        return None
    x, signs = solved[:size], solved[size:][~equal[binding]]
    holds = (rows @ x - most <= EXACT).all() and (signs >= -EXACT).all()
    return x if holds and np.abs(x - near).max(initial=0.0) <= NEAR else None


def _conflict(limits: Sequence[Limit]) -> str:
    """Return the name of the first limit without which the others can all hold."""
    for left_out in limits:
        if _is_possible([limit for limit in limits if limit is not left_out]):
            return left_out.name
    return "more than one of them"


def _is_possible(limits: Sequence[Limit]) -> bool:
    if not limits:
        return True
    size = limits[0].rows.shape[1]
    found = _solve(np.eye(size), np.zeros(size), *_stacked(limits))
    return str(found.status) in {"Solved", "AlmostSolved"}


def _stacked(limits: Sequence[Limit]) -> tuple[FloatArray, FloatArray, BoolArray]:
    """Return the limits as rows, bounds and which are equations, equations first as cones are."""
    ordered = sorted(limits, key=lambda limit: not limit.equal)
    rows = np.vstack([limit.rows for limit in ordered])
    most = np.concatenate([limit.most for limit in ordered])
    equal = np.concatenate([np.full(len(limit.most), limit.equal) for limit in ordered])
    return rows, most, equal
