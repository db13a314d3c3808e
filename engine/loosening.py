"""Limits that cannot all hold, loosened as little as it takes."""

from collections.abc import Sequence

import numpy as np

from engine.constraints import project
from engine.families import Family
from engine.quadratic import Limit, at_least, minimise
from engine.types import BoolArray, FloatArray

STEP = 1e-6  # caps that are raised together are raised by multiples of it
NOISE = 1e-3  # of a step, which is the solver's
EVEN = (
    1e-8  # weight of even weights among those that need no more room, so that there is one answer
)


def loosen(
    weights: FloatArray, *, min_weight: float, max_weight: float, families: Sequence[Family]
) -> tuple[float, float, tuple[float, ...]]:
    """Return the least weight, the largest and each family's cap, changed as little as it takes.

    With them every name held in `weights` (n_assets,) finds room, and all that they ask for is
    invested. Caps that stand in each other's way are raised together, as evenly as it takes.
    """
    held, total = weights > 0.0, min(float(weights.sum()), 1.0)
    count = int(np.count_nonzero(held))
    if not count:
        return min_weight, max_weight, tuple(each.cap for each in families)
    least, most = min(min_weight, total / count), max(max_weight, total / count)
    if len(families) == 1:
        return least, most, (_raised(families[0], held, least=least, most=most, total=total),)
    return least, most, _raised_together(families, held, least=least, most=most, total=total)


def _raised(family: Family, held: BoolArray, *, least: float, most: float, total: float) -> float:
    """Return the cap, raised to what lets names of `least` to `most` sum to `total`."""
    sizes = family.rows()[:, held].sum(axis=1)
    sizes = sizes[sizes > 0.0]
    # Each group takes what its names may hold, or the cap: the one at which that is all of it.
    room = project(np.ones(len(sizes)), upper=sizes * most, total=total)
    return max(family.cap, float(room.max()), float(sizes.max()) * least)


def _raised_together(
    families: Sequence[Family], held: BoolArray, *, least: float, most: float, total: float
) -> tuple[float, ...]:
    """Solve for weights and by how much each family's cap has to be above what it was."""
    if not families:
        return ()
    size, count = int(np.count_nonzero(held)), len(families)
    rows = [family.rows()[:, held] for family in families]
    excess = np.repeat(np.eye(count), [len(each) for each in rows], axis=0)
    beside = np.zeros((size, count))
    limits = [
        Limit(
            name="weights",
            rows=np.concatenate([np.ones(size), np.zeros(count)])[None],
            most=np.array([total]),
            equal=True,
        ),
        at_least(np.concatenate([np.full(size, least), np.zeros(count)])),
        Limit(name="max_weight", rows=np.hstack([np.eye(size), beside]), most=np.full(size, most)),
        Limit(
            name="groups",
            rows=np.hstack([np.vstack(rows), -excess]),
            most=excess @ np.array([family.cap for family in families]),
        ),
    ]
    squares = np.diag(np.concatenate([np.full(size, EVEN), np.ones(count)]))
    # The sum alone would have many least answers, the squares alone none that is exactly zero.
    sums = np.concatenate([np.zeros(size), np.ones(count)])
    found = minimise(squares, sums, limits)[size:]
    more = STEP * np.ceil(np.maximum(found / STEP - NOISE, 0.0))
    caps = np.minimum([family.cap for family in families] + more, 1.0)
    return tuple(caps.tolist())
