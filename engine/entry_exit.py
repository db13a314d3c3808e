"""Many ways in and out of one asset, all money in or all in cash, filled at the session's price.

1. Turn the wishes to enter and to leave into one state a session: in, from the session on which
   it is entered.
2. Add up logarithmic returns while in, and the cost of each way in and out.
3. Measure every column of the sums at once: no curve is raised from logarithms before it is asked
   for.

Columns are combinations. They are handled in parts that stay in the second-level cache. Runs with
stops are not these: `engine.compiled_runs`.
"""

from collections.abc import Sequence
from dataclasses import dataclass, fields
from typing import Final

import numpy as np

from engine.ratios import ZERO_DEVIATION
from engine.types import SESSIONS_PER_YEAR, BoolArray, FloatArray, IntArray

PART: Final = 16  # combinations whose rows are worked on together


@dataclass(frozen=True, kw_only=True)
class Outcomes:
    """What came of C combinations over n sessions, arrays of shape (C,)."""

    total_return: FloatArray
    sharpe_ratio: FloatArray  # annual, over no rate; NaN where nothing varied
    max_drawdown: FloatArray  # at most 0
    entries: IntArray


def crossings(fast: FloatArray, slow: FloatArray) -> BoolArray:
    """Return the state of being in since the first rise of `fast` above `slow`, shape (C, n).

    Parameters
    ----------
    fast, slow : ndarray of shape (C, n)
        Levels; NaN before they exist.

    Returns
    -------
    ndarray of bool
        True from each session on which `fast` comes to lie above `slow`, having been below, to
        the last before it comes to lie below.
    """
    been_below = np.logical_or.accumulate(fast < slow, axis=1)
    inside: BoolArray = (fast > slow) & been_below
    return inside


def states(entries: BoolArray, exits: BoolArray) -> BoolArray:
    """Return the state that wishes to enter and to leave, (C, n) each, come to.

    A wish to leave counts while in, a wish to enter while out; of both on one session the one that
    changes the state is followed.
    """
    place = np.arange(entries.shape[1])
    # Alternate wishes: what repeats the last change changes nothing.
    last_entry = np.maximum.accumulate(np.where(entries & ~exits, place, -1), axis=1)
    last_exit = np.maximum.accumulate(np.where(exits & ~entries, place, -1), axis=1)
    inside: BoolArray = last_entry > last_exit
    both = entries & exits
    for row in np.flatnonzero(both.any(axis=1)).tolist():
        inside[row] = _follow(entries[row], exits[row])
    return inside


def _follow(entries: BoolArray, exits: BoolArray) -> BoolArray:
    inside, state = np.empty(len(entries), np.bool_), False
    for k, (enter, leave) in enumerate(zip(entries.tolist(), exits.tolist(), strict=True)):
        state = (not leave) if state else enter
        inside[k] = state
    return inside


def run_states(price: FloatArray, inside: BoolArray, *, cost: float = 0.0) -> Outcomes:
    """Return what holding the asset in each state came to.

    Parameters
    ----------
    price : ndarray of shape (n,)
        Prices every change of state is filled at and every session is valued at, above 0, no NaN.
    inside : ndarray of bool, shape (C, n)
        Whether the asset is held from that session's price on.
    cost : float
        Share of each amount traded that is charged, below 1.

    Notes
    -----
    A way in at t turns V into ``V / (1 + cost)``, a way out into ``V (1 - cost)``.
    """
    starts = range(0, max(len(inside), 1), PART)
    return _joined([_run_part(price, inside[start : start + PART], cost) for start in starts])


def run_crossings(
    price: FloatArray,
    levels: FloatArray,
    pairs: Sequence[tuple[int, int]],
    *,
    cost: float = 0.0,
) -> Outcomes:
    """Return what came of following each pair's crossings; each level is computed once, outside.

    Parameters
    ----------
    levels : ndarray of shape (L, n)
        Moving means; NaN before they exist.
    pairs : sequence of (int, int)
        Rows of `levels`: the fast one and the slow one.
    """
    fast, slow = np.array(pairs, np.int64).reshape(-1, 2).T
    found = []
    for start in range(0, max(len(pairs), 1), PART):
        part = slice(start, start + PART)
        inside = crossings(levels[fast[part]], levels[slow[part]])
        found.append(_run_part(price, inside, cost))
    return _joined(found)


def _joined(parts: Sequence[Outcomes]) -> Outcomes:
    columns = {
        entry.name: np.concatenate([getattr(part, entry.name) for part in parts])
        for entry in fields(Outcomes)
    }
    return Outcomes(**columns)


def _run_part(price: FloatArray, inside: BoolArray, cost: float) -> Outcomes:
    returns, held = price[1:] / price[:-1] - 1.0, inside[:, :-1].astype(np.float64)
    combination, session = np.nonzero(inside[:, 1:] != inside[:, :-1])
    into = inside[combination, session + 1]
    first = np.where(inside[:, 0], -np.log1p(cost), 0.0)
    path = held * np.log1p(returns)
    path[combination, session] += np.where(into, -np.log1p(cost), np.log1p(-cost))
    np.cumsum(path, axis=1, out=path)
    path += first[:, None]
    total = path[:, -1].copy() if path.shape[1] else first
    earned = held[combination, session] * returns[session]
    paid = (1.0 + earned) * np.where(into, 1.0 / (1.0 + cost), 1.0 - cost) - 1.0
    return Outcomes(
        total_return=np.expm1(total),
        sharpe_ratio=_sharpe(held, returns, np.expm1(first), (combination, earned, paid)),
        max_drawdown=_drawdown(path, first),
        entries=np.bincount(combination[into], minlength=len(inside)) + inside[:, 0],
    )


def _drawdown(path: FloatArray, first: FloatArray) -> FloatArray:
    """Return the deepest fall of the logarithmic paths (C, n - 1) behind their first values."""
    peaks = np.maximum.accumulate(path, axis=1)
    np.maximum(peaks, 0.0, out=peaks)
    path -= peaks
    deepest: FloatArray = np.minimum(path.min(axis=1, initial=0.0), first)
    return np.expm1(deepest)


def _sharpe(
    held: FloatArray,
    returns: FloatArray,
    first: FloatArray,
    changed: tuple[IntArray, FloatArray, FloatArray],
) -> FloatArray:
    """Return the annual ratio of mean to deviation (ddof 1), (C,), of n sessions' returns.

    The first session has a return too: nothing, or the cost of being in from it on. `changed`
    names the combination of each change of state, and that session's return without its cost and
    with it.
    """
    combination, earned, paid = changed
    count, ways = held.shape[1] + 1, len(held)
    total = held @ returns + first
    total += np.bincount(combination, paid - earned, minlength=ways)
    squares = held @ np.square(returns) + np.square(first)
    squares += np.bincount(combination, np.square(paid) - np.square(earned), minlength=ways)
    mean = total / count
    deviation = np.sqrt(np.maximum(squares - count * mean**2, 0.0) / max(count - 1, 1))
    varies = deviation > ZERO_DEVIATION
    sharpe = np.where(varies, mean / np.where(varies, deviation, 1.0), np.nan)
    annual: FloatArray = sharpe * np.sqrt(SESSIONS_PER_YEAR)
    return annual
