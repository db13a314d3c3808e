"""Limits on target weights, and the promise that they hold afterwards.

`apply` turns a strategy's raw weights into weights that respect the bounds, the number of
positions and the group cap. What cannot hold together is said in numbers and the rest stays in
cash. `engine.trimming` then compares those weights with what is held and trims the trades
themselves.
"""

from bisect import bisect_left
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from engine.errors import Infeasible, InvalidParameters
from engine.families import Family, cap_families
from engine.types import BoolArray, FloatArray, IntArray

PROMISE = 1e-9  # how far from a limit a result may lie
SETTLED = 1e-12
MAX_ROUNDS = 200


@dataclass(frozen=True, kw_only=True)
class Constrained:
    """Weights within the limits, how many names each limit removed, and what could not hold."""

    weights: FloatArray
    reasons: dict[str, int]
    notes: tuple[str, ...]


def apply(
    weights: FloatArray,
    *,
    min_weight: float = 0.0,
    max_weight: float = 1.0,
    max_positions: int | None = None,
    group_cap: float | None = None,
    labels: Sequence[str] = (),
    grouping: str = "group",
    families: Sequence[Family] = (),
) -> Constrained:
    """Constrain raw weights of shape (n_assets,), non-negative with sum at most one.

    Bounds concern held names only: a zero weight stays zero, and where there is no room for
    every minimum the smallest names are dropped. The invested share stays what the strategy
    asked for as far as the limits allow; the rest is cash. `labels` names each asset's group
    of `grouping`, `families` are further caps, whose groups may overlap with these.
    """
    if group_cap is not None and families:
        families = (Family(name=grouping, labels=labels, cap=group_cap), *families)
    total = min(float(weights.sum()), 1.0)
    asked = keep_largest(weights, max_positions)
    crowded = np.count_nonzero(weights) - np.count_nonzero(asked)
    crush = _crush(int(np.count_nonzero(asked)), total, min_weight)
    while True:
        asked = _make_room(asked, min_weight, total)
        attainable = min(total, max_weight * np.count_nonzero(asked))
        bounded = project(asked, lower=min_weight, upper=max_weight, total=attainable)
        if families:
            bounded = cap_families(bounded, families, upper=max_weight)
        elif group_cap is not None:
            bounded = cap_groups(bounded, labels=labels, cap=group_cap, upper=max_weight)
        below = (bounded > 0) & (bounded < min_weight - PROMISE)
        if not below.any():
            break
        asked = _drop_smallest(asked, below)
    small = np.count_nonzero(weights) - crowded - np.count_nonzero(bounded)
    removed = {"max_positions": int(crowded), "below_min_weight": int(small)}
    return Constrained(
        weights=bounded,
        reasons={reason: count for reason, count in removed.items() if count},
        notes=crush + _shortfalls(bounded, total, max_weight, _caps(group_cap, families)),
    )


def project(
    weights: FloatArray,
    *,
    lower: float | FloatArray = 0.0,
    upper: float | FloatArray = 1.0,
    total: float = 1.0,
) -> FloatArray:
    """Return ``clip(c * weights, lower, upper)`` with the one c that makes the sum `total`.

    The Kullback-Leibler projection on the bounds: it keeps the order of the names and the
    proportions of those not at a bound, and never buys a name whose raw weight is zero. (The
    Euclidean projection would.) While the minima exceed `total`, the smallest raw weight is
    dropped, the higher column among equals.

    Parameters
    ----------
    weights : ndarray of shape (n_assets,)
        Raw weights, non-negative, any scale, no NaN. Zero means not held.
    lower, upper : float or ndarray of shape (n_assets,)
        Bounds on the held names.

    Returns
    -------
    ndarray of shape (n_assets,)
        Zero exactly where not held.

    Raises
    ------
    Infeasible
        When a minimum exceeds its maximum, the maxima of the held names sum to less than `total`,
        or a weight is negative or NaN.
    """
    if not (weights >= 0).all():
        raise Infeasible(f"raw weights must be non-negative, {weights.min()} found")
    low, high = np.broadcast_to(lower, weights.shape), np.broadcast_to(upper, weights.shape)
    if (low > high).any():
        raise Infeasible(f"min_weight {low.max():.2f} > max_weight {high.min():.2f}")
    held = _make_room(weights, low, total) > 0
    reach = high[held].sum()
    if reach < total - PROMISE:
        raise Infeasible(f"max_weight over {held.sum()} held = {reach:.2f} < {total:.2f}")
    result = np.zeros_like(weights)
    if held.any():
        result[held] = _scale_within(weights[held], low[held], high[held], total)
    return result


def cap_groups(
    weights: FloatArray, *, labels: Sequence[str], cap: float, upper: float = 1.0
) -> FloatArray:
    """Hold each group's sum at or under `cap`, in rounds until nothing moves.

    A group above the cap is scaled down, which keeps its proportions; what that frees goes, in
    proportion, to held names under `upper` in groups under the cap. What finds no room stays in
    cash. Assets whose label is unknown carry one label between them and are capped as a group.
    """
    if len(labels) != len(weights):
        raise InvalidParameters(f"a group cap needs {len(weights)} labels, {len(labels)} found")
    total = weights.sum()
    _, group = np.unique(list(labels), return_inverse=True)
    result = _scale_groups(np.minimum(weights, upper), group, cap)
    for _ in range(MAX_ROUNDS):
        has_room = (result < upper - SETTLED) & (np.bincount(group, result)[group] < cap - SETTLED)
        growing = np.where(has_room, result, 0.0)
        freed = total - result.sum()
        if freed < SETTLED or growing.sum() == 0.0:
            break
        grown = result + growing * (freed / growing.sum())
        result = _scale_groups(np.where(has_room, np.minimum(grown, upper), result), group, cap)
    return result


def keep_largest(weights: FloatArray, count: int | None) -> FloatArray:
    """Zero all but the `count` largest weights; among equals the lower column stays."""
    if count is None:
        return weights
    kept = np.zeros_like(weights)
    largest = np.argsort(-weights, kind="stable")[:count]
    kept[largest] = weights[largest]
    return kept


def _drop_smallest(weights: FloatArray, among: BoolArray) -> FloatArray:
    """Zero the smallest of the weights marked `among`; of equals the higher column goes."""
    candidates = np.flatnonzero(among)[::-1]
    dropped = weights.copy()
    dropped[candidates[np.argmin(weights[candidates])]] = 0.0
    return dropped


def _make_room(weights: FloatArray, low: float | FloatArray, total: float) -> FloatArray:
    """Zero the smallest weights until the minima of the rest fit into `total`."""
    largest = np.argsort(-weights, kind="stable")[: np.count_nonzero(weights)]
    needed = np.cumsum(np.broadcast_to(low, weights.shape)[largest])
    kept = np.zeros_like(weights)
    fits = largest[: np.searchsorted(needed, total + SETTLED, side="right")]
    kept[fits] = weights[fits]
    return kept


def _scale_within(
    weights: FloatArray, low: FloatArray, high: FloatArray, total: float
) -> FloatArray:
    """Solve ``sum(clip(c * weights, low, high)) = total`` for positive weights.

    The sum is monotone and linear in c between the points where a name meets a bound, so the
    stretch that holds `total` is found by bisection over those points and c is exact in it.
    """
    enters, leaves = low / weights, high / weights
    points = np.sort(np.concatenate([enters, leaves]))
    place = bisect_left(points, total, key=lambda c: np.clip(c * weights, low, high).sum())
    point = points[min(place, len(points) - 1)]
    free = (enters < point) & (leaves >= point)
    scaled: FloatArray = np.clip(point * weights, low, high)
    if free.any():
        scale = (total - scaled[~free].sum()) / weights[free].sum()
        scaled[free] = np.clip(scale * weights[free], low[free], high[free])
    return scaled


def _scale_groups(weights: FloatArray, group: IntArray, cap: float) -> FloatArray:
    sums = np.bincount(group, weights, minlength=1)
    return weights * (cap / np.maximum(sums, cap))[group]


def _crush(held: int, total: float, min_weight: float) -> tuple[str, ...]:
    """Say in numbers that the minima of all held names have no room."""
    if min_weight * held <= total + PROMISE:
        return ()
    return (f"min_weight {min_weight:.2f} x {held} held = {min_weight * held:.2f} > {total:.2f}",)


def _caps(group_cap: float | None, families: Sequence[Family]) -> str:
    if not families:
        return f"group cap {group_cap or 1.0:.2f} leaves"
    return f"caps by {', '.join(f'{each.name} {each.cap:.2f}' for each in families)} leave"


def _shortfalls(weights: FloatArray, total: float, max_weight: float, caps: str) -> tuple[str, ...]:
    """Say in numbers why less is invested than was asked."""
    held, invested = np.count_nonzero(weights), weights.sum()
    if invested >= total - PROMISE:
        return ()
    if max_weight * held < total - PROMISE:
        return (
            f"max_weight {max_weight:.2f} x {held} held = {max_weight * held:.2f} < {total:.2f}",
        )
    return (f"{caps} room for {invested:.2f} < {total:.2f}",)
