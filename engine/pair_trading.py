"""When a pair is entered and left, from how far its spread is from what was expected."""

from dataclasses import dataclass, replace
from typing import Final, Protocol

import numpy as np

from engine.kalman import Hedge, follow
from engine.pairs import Formation
from engine.ranking import quantise
from engine.types import BoolArray, FloatArray, IntArray

PATIENCE: Final = 3.0  # half-lives after which a position has waited too long


class Rules(Protocol):
    @property
    def hedge(self) -> str: ...
    @property
    def delta(self) -> float: ...
    @property
    def z_in(self) -> float: ...
    @property
    def z_out(self) -> float: ...
    @property
    def z_stop(self) -> float: ...
    @property
    def max_pairs(self) -> int: ...


@dataclass(frozen=True, kw_only=True)
class Pairs:
    """The pairs of one trading window and what is known and held of each, (p,)."""

    y: IntArray  # ids of the assets
    x: IntArray
    centre: FloatArray  # (p, 2) log levels of y and x that prices are measured from
    belief: Hedge
    deviation: FloatArray  # of the spread in the formation
    half_life: FloatArray
    day: IntArray  # last session that both legs were seen on
    z: FloatArray  # of that session; NaN before the first
    slope: FloatArray  # expected then
    side: IntArray  # +1 long y and short x, -1 the reverse, 0 nothing
    ratio: FloatArray  # x for each y, frozen at entry
    age: IntArray  # sessions since entry
    blocked: BoolArray  # stopped or timed out, until the spread came back

    def __len__(self) -> int:
        return len(self.y)


def begin_pairs(formed: Formation, ids: IntArray, prices: FloatArray, days: IntArray) -> Pairs:
    """Return the pairs of a formation, none of them held.

    `ids` (m,) are those of the formation's columns, `prices` (k, m) what was known on `days` (k,):
    a session counts as seen where both legs had a bar.
    """
    y, x, count = formed.y, formed.x, len(formed.y)
    both = np.isfinite(prices[:, y]) & np.isfinite(prices[:, x])
    return Pairs(
        y=ids[y],
        x=ids[x],
        centre=formed.centre[np.stack([y, x], axis=1)],
        belief=formed.hedge,
        deviation=formed.deviation,
        half_life=formed.half_life,
        day=days[len(days) - 1 - np.argmax(both[::-1], axis=0)],
        z=np.full(count, np.nan),
        slope=formed.hedge.state[:, 1],
        side=np.zeros(count, np.int64),
        ratio=np.zeros(count),
        age=np.zeros(count, np.int64),
        blocked=np.zeros(count, np.bool_),
    )


def observe(pairs: Pairs, levels: FloatArray, days: IntArray, rules: Rules) -> Pairs:
    """Return the pairs after the sessions in `days` (k,) that they have not seen yet.

    `levels` (k, p, 2) are the log levels of both legs; NaN where a session is unknown.
    """
    for level, day in zip(levels, days.tolist(), strict=True):
        y, x = (level - pairs.centre).T
        seen = np.isfinite(y) & np.isfinite(x) & (pairs.day < day)
        if seen.any():
            pairs = _see(pairs, np.where(seen, y, np.nan), x, day, rules)
    return pairs


def _see(pairs: Pairs, y: FloatArray, x: FloatArray, day: int, rules: Rules) -> Pairs:
    seen = np.isfinite(y)
    if rules.hedge == "kalman":
        innovation, belief = follow(pairs.belief, y, x, delta=rules.delta)
        z, slope = innovation.score, innovation.slope
    else:
        # The line of the formation stands; its residuals have mean zero.
        belief, slope = pairs.belief, pairs.belief.state[:, 1]
        z = (y - belief.state[:, 0] - slope * x) / pairs.deviation
    return replace(
        pairs,
        belief=belief,
        z=np.where(seen, z, pairs.z),
        slope=np.where(seen, slope, pairs.slope),
        day=np.where(seen, day, pairs.day),
    )


def turn(pairs: Pairs, tradable: BoolArray, sessions: int, rules: Rules) -> Pairs:
    """Leave and enter positions, `sessions` after the last turn.

    A position ends when the spread has come back, at the stop, after three half-lives, or when a
    leg cannot be traded. After a stop or in vain, a pair waits until its spread has come back.
    """
    size, held = np.abs(pairs.z), pairs.side != 0
    age = np.where(held, pairs.age + sessions, 0)
    back = np.where(pairs.side > 0, pairs.z >= -rules.z_out, pairs.z <= rules.z_out)
    failed = (size >= rules.z_stop) | (age >= PATIENCE * pairs.half_life)
    leaves = held & (back | failed | ~tradable)
    blocked = (pairs.blocked & ~(size < rules.z_out)) | (leaves & failed & ~back)
    side = np.where(leaves, 0, pairs.side)
    free = ~held & ~blocked & tradable & (pairs.slope > 0.0)
    ready = np.flatnonzero(free & (size >= rules.z_in) & (size < rules.z_stop))
    places = rules.max_pairs - int(np.count_nonzero(side))
    enters = ready[np.argsort(-quantise(size[ready]), kind="stable")][: max(places, 0)]
    side[enters] = -np.sign(pairs.z[enters])
    ratio = pairs.ratio.copy()
    ratio[enters] = pairs.slope[enters]
    return replace(pairs, side=side, ratio=ratio, age=np.where(side != 0, age, 0), blocked=blocked)


def leg_weights(pairs: Pairs, max_pairs: int) -> tuple[FloatArray, FloatArray]:
    """Return the weights of both legs of every pair, of a gross size of ``1 / max_pairs`` each."""
    unit = pairs.side / (max_pairs * (1.0 + pairs.ratio))
    return unit, -unit * pairs.ratio
