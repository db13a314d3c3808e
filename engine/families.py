"""Caps on several families of groups at once, where a name is in a group of each.

Rounds that scale one group after the other (`engine.constraints.cap_groups`) are exact for one
family. With several, a name's sector may be full and its currency not, and what one scaling frees
the next undoes. Here the weights nearest to those asked for are found, in the sense that also
projects on bounds: the least ``sum(w ln(w / asked))``.

1. A linear programme tells how much the caps let be invested.
2. The solution is `asked` times a factor for each limit that binds: the factors are found one at a
   time until none moves, to the last digits.
3. Where the caps leave hardly a choice the factors grow without end; then a cone solver finds the
   same weights, to its tolerance, and what it oversteps is taken back.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np

from engine.errors import Infeasible, InvalidParameters
from engine.quadratic import Limit, at_least, minimise
from engine.types import FloatArray

ROUNDS: Final = 1_000
SETTLED: Final = 1e-12
ROOM: Final = 5e-10  # by which a cap may be overstepped, so that a solution is not a corner


@dataclass(frozen=True, kw_only=True)
class Family:
    """One way to group assets, and the most that each of its groups may weigh."""

    name: str
    labels: Sequence[str]  # (n_assets,)
    cap: float

    def rows(self) -> FloatArray:
        """Return which assets each group holds, (groups, n_assets) of 0 and 1."""
        _, group = np.unique(list(self.labels), return_inverse=True)
        rows = np.zeros((int(group.max(initial=-1)) + 1, len(group)))
        rows[group, np.arange(len(group))] = 1.0
        return rows


def cap_families(
    weights: FloatArray, families: Sequence[Family], *, upper: float = 1.0
) -> FloatArray:
    """Return the weights nearest to `weights` (n_assets,) that hold every cap of every family.

    Their sum is that of `weights`, or the most the caps allow; what finds no room is cash. A zero
    weight stays zero, as with the other limits.

    Raises
    ------
    InvalidParameters
        When a family does not name a group for each asset.
    Infeasible
        When no solver settles.
    """
    for family in families:
        if len(family.labels) != len(weights):
            raise InvalidParameters(
                f"a cap by {family.name} needs {len(weights)} labels, {len(family.labels)} found"
            )
    held = weights > 0.0
    result = np.zeros_like(weights)
    if held.any():
        rows = np.vstack([family.rows()[:, held] for family in families])
        caps = np.concatenate([np.full(len(family.rows()), family.cap) for family in families])
        kept = rows.any(axis=1)  # groups of which something is held
        rows, caps = rows[kept], caps[kept]
        total = min(float(weights.sum()), _most(rows, caps, upper))
        asked, limits = weights[held], (rows, caps * (1.0 + ROOM), upper * (1.0 + ROOM), total)
        found = _by_factors(asked, *limits)
        result[held] = _by_cones(asked, *limits) if found is None else found
    return result


def _most(rows: FloatArray, caps: FloatArray, upper: float) -> float:
    """Return the largest sum of weights within the caps and `upper`."""
    size = rows.shape[1]
    limits = [
        Limit(name="groups", rows=rows, most=caps),
        Limit(name="max_weight", rows=np.eye(size), most=np.full(size, upper)),
        at_least(np.zeros(size)),
    ]
    return float(minimise(np.zeros((size, size)), -np.ones(size), limits).sum())


def _by_factors(
    asked: FloatArray, rows: FloatArray, caps: FloatArray, upper: float, total: float
) -> FloatArray | None:
    """Climb the dual: of each limit in turn the multiplier that makes it hold, 0 if it does."""
    weights: FloatArray = asked * (total / asked.sum())
    multipliers = np.zeros(len(caps))
    bounds = np.zeros(len(asked))
    members = [np.flatnonzero(row) for row in rows]
    for _ in range(ROUNDS):
        before = weights
        weights = weights.copy()
        for k, group in enumerate(members):
            moved = max(multipliers[k] + np.log(weights[group].sum() / caps[k]), 0.0)
            weights[group] *= np.exp(multipliers[k] - moved)
            multipliers[k] = moved
        moved_bounds = np.maximum(bounds + np.log(weights / upper), 0.0)
        weights *= np.exp(bounds - moved_bounds)
        bounds = moved_bounds
        weights *= total / weights.sum()
        if np.abs(weights - before).max() <= SETTLED:
            # Caps without room to spare let the factors grow while the weights stand still.
            return weights if _holds(weights, rows, caps, upper) else None
    return None


def _holds(weights: FloatArray, rows: FloatArray, caps: FloatArray, upper: float) -> bool:
    return bool((rows @ weights <= caps + ROOM).all() and (weights <= upper + ROOM).all())


def _by_cones(
    asked: FloatArray, rows: FloatArray, caps: FloatArray, upper: float, total: float
) -> FloatArray:
    """Solve for weights w and costs t with ``t >= w ln(w / asked)``, an exponential cone each."""
    import clarabel
    from scipy import sparse

    size = len(asked)
    one, none = sparse.identity(size), sparse.csc_matrix((size, size))
    places = np.arange(size)
    # Of each name (-t, w, asked) is in the cone, written as bounds less rows times unknowns.
    costs = sparse.csc_matrix((np.ones(size), (3 * places, places)), shape=(3 * size, size))
    parts = sparse.csc_matrix((-np.ones(size), (3 * places + 1, places)), shape=(3 * size, size))
    matrix = sparse.vstack(
        [
            sparse.hstack([sparse.csc_matrix(np.ones((1, size))), sparse.csc_matrix((1, size))]),
            sparse.hstack([sparse.csc_matrix(rows), sparse.csc_matrix((len(caps), size))]),
            sparse.hstack([one, none]),
            sparse.hstack([parts, costs]),
        ],
        format="csc",
    )
    levels = np.zeros(3 * size)
    levels[2::3] = asked
    bounds = np.concatenate([[total], caps, np.full(size, upper), levels])
    cones = [clarabel.ZeroConeT(1), clarabel.NonnegativeConeT(len(caps) + size)]
    cones += [clarabel.ExponentialConeT() for _ in places]
    settings = clarabel.DefaultSettings()
    settings.verbose = False
    nothing = sparse.csc_matrix((2 * size, 2 * size))
    linear = np.concatenate([np.zeros(size), np.ones(size)])
    found = clarabel.DefaultSolver(nothing, linear, matrix, bounds, cones, settings).solve()
    if str(found.status) not in {"Solved", "AlmostSolved"}:
        raise Infeasible(f"caps of overlapping groups found no weights ({found.status})")
    return _inside(np.array(found.x)[:size], rows, caps, upper)


def _inside(weights: FloatArray, rows: FloatArray, caps: FloatArray, upper: float) -> FloatArray:
    """Take back what a solver's tolerance oversteps."""
    kept = np.clip(weights, 0.0, upper)
    for row, cap in zip(rows, caps, strict=True):
        kept = kept * np.where(row > 0.0, cap / max(float(row @ kept), cap), 1.0)
    return kept
