"""What the on-line reversion portfolios share: all but how they predict."""

from abc import abstractmethod
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar, Literal, TypeVar

import numpy as np
from pydantic import Field

from engine.abreast import abreast, decided_together
from engine.eligibility import Screen, Sight, screen
from engine.panel import Panel, Window
from engine.returns import MAX_GAP
from engine.reversion import revert
from engine.schedule import Rebalance
from engine.strategies.base import Decision, Parameters, Strategy
from engine.technical import last_bars
from engine.types import BoolArray, FloatArray, IntArray
from engine.warmup import Term

HIGH_SESSIONS = 252
CELLS = 100_000  # of windows looked at together: what of their levels the caches hold


class RevertingParameters(Parameters):
    window: int = Field(
        5, ge=2, le=60, title="Window", description="Sessions whose centre prices return to."
    )
    epsilon: float = Field(
        10.0,
        ge=1.0,
        le=100.0,
        title="Epsilon",
        description="Growth a session the portfolio is moved to expect, 1.01 being one per cent. "
        "Expected turnover at each decision, of twenty large US shares decided daily: 57 % of the "
        "book at 10, 26 % at 1.05, 12 % at 1.01.",
    )
    max_turnover: float = Field(
        1.0,
        gt=0.0,
        le=1.0,
        title="Turnover cap",
        description="Largest share of the book traded at a decision; the first purchase is free.",
    )
    anchor: Literal["target", "drifted"] = Field(
        "target",
        title="Anchor",
        description="Move from the last targets, as published, or from what they drifted to.",
    )
    stop_dd: float | None = Field(
        None,
        gt=0.0,
        lt=1.0,
        title="Stop",
        description="Leave an asset this far below its 252-session high alone. Empty: no stop.",
    )
    rebalance: Literal[Rebalance.DAILY, Rebalance.WEEKLY, Rebalance.MONTHLY] = Field(
        Rebalance.DAILY,
        title="Rebalance",
        description="Decide on the last session of each of these periods.",
    )


@dataclass(frozen=True)
class Book:
    """The last targets of all assets, and the total-return levels they were set at; (m,) each."""

    weights: FloatArray
    levels: FloatArray


@dataclass(frozen=True, kw_only=True)
class Views:
    """What d decisions tell of each asset, whatever is held; (d, m) each."""

    members: Sequence[IntArray]  # columns of those that passed, by ascending asset id
    last: FloatArray  # level; NaN before the first
    predicted: FloatArray  # next level over the last one; NaN where not passed
    stopped: BoolArray  # of those that passed


P = TypeVar("P", bound=RevertingParameters)


class Reverting(Strategy[P]):
    """Moves its last weights no further than its prediction asks for."""

    family: ClassVar = "MEAN_REVERSION"
    history: ClassVar[tuple[Term, ...]] = ((0, {"window": 1}), (HIGH_SESSIONS, {"stop_dd": 0}))

    @abstractmethod
    def predict(self, levels: FloatArray) -> FloatArray:
        """Return next session's price over the last one, (s, m), for s stretches of levels.

        ``levels`` (s, sessions read, m) has prices in its last `window` rows; earlier ones an
        asset may lack.
        """

    @property
    def sessions_read(self) -> int:
        """Sessions of each asset that a prediction looks back on."""
        return self.parameters.window

    def decide(self, window: Window, state: Book | None) -> tuple[Decision, Book | None]:
        """Return the moved weights of those with every price; who has not is spread over them."""
        order = np.argsort(window.asset_id, kind="stable")
        views, reasons = self._look(window, 1, order)
        weights, book = self._move(views, 0, state)
        return Decision(weights, reasons + self._count_stopped(views)), book

    def decide_together(
        self, panel: Panel, rows: IntArray, instants: IntArray, state: Book | None
    ) -> tuple[list[Decision], Book | None]:
        """Look at the windows of many decisions at once; only to move the weights takes turns."""
        length = self.warmup + MAX_GAP
        most = max(CELLS // (length * max(len(panel.symbols), 1)), 1)
        count = decided_together(panel, rows[:most], instants[:most], length)
        if not count:
            return [], state
        windows = abreast(panel, rows[:count], instants[:count], length)
        views, reasons = self._look(windows, count, np.arange(len(panel.symbols)))
        made = []
        for at in range(count):
            weights, state = self._move(views, at, state)
            made.append(Decision(weights))
        made[0] = Decision(made[0].weights, reasons + self._count_stopped(views))
        return made, state

    def _look(self, window: Sight, decisions: int, order: IntArray) -> tuple[Views, Counter[str]]:
        """Return all that does not depend on what is held, of one window or several abreast."""
        shape, levels = (decisions, len(order)), window.total_return
        found = self._screen(window)
        passed = found.passed.reshape(shape)
        recent = last_bars(levels, self.sessions_read).reshape(self.sessions_read, *shape)
        alike, members = _alike(passed, order)
        predicted = np.full(shape, np.nan)
        for chosen in alike:
            columns = members[chosen[0]]
            if len(columns):
                stretches = recent[:, chosen[:, None], columns].swapaxes(0, 1)
                predicted[chosen[:, None], columns] = self.predict(np.ascontiguousarray(stretches))
        return Views(
            members=members,
            last=last_bars(levels, 1).reshape(shape),
            predicted=predicted,
            stopped=passed & self._stopped(levels).reshape(shape),
        ), Counter(found.reasons)

    def _move(self, views: Views, at: int, state: Book | None) -> tuple[FloatArray, Book | None]:
        """Return the weights (m,) of one decision, and the next state."""
        p, last = self.parameters, views.last[at]
        weights, members = np.zeros(len(last)), views.members[at]
        if not len(members):
            return weights, state
        anchor = _carried(state, last if p.anchor == "drifted" else None, members)
        moved = revert(anchor, views.predicted[at][members], p.epsilon)
        if state is not None and p.max_turnover < 1.0:
            moved = _within(moved, _carried(state, last, members), p.max_turnover)
        stopped = views.stopped[at]
        weights[members] = _without(moved, stopped[members]) if stopped.any() else moved
        return weights, Book(weights, last)

    def _count_stopped(self, views: Views) -> Counter[str]:
        return Counter({"stopped": int(np.count_nonzero(views.stopped))})

    def _screen(self, window: Sight) -> Screen:
        valid = np.isfinite(window.total_return)
        read = self.parameters.window
        found = screen(window, self.parameters, length=len(valid), min_obs=read)
        missed = np.count_nonzero((window.due & ~valid)[-read:], axis=0)
        return found.without(missed == 0, "gap")

    def _stopped(self, levels: FloatArray) -> BoolArray:
        stop = self.parameters.stop_dd
        if stop is None:
            return np.zeros(levels.shape[1], np.bool_)
        high = np.fmax.reduce(levels[-HIGH_SESSIONS:])
        below: BoolArray = last_bars(levels, 1)[0] / high < 1.0 - stop
        return below


def _alike(passed: BoolArray, order: IntArray) -> tuple[list[IntArray], Sequence[IntArray]]:
    """Return the decisions that pass the same assets together, and each one's columns in order."""
    groups: dict[bytes, list[int]] = {}
    for at, each in enumerate(passed):
        groups.setdefault(each.tobytes(), []).append(at)
    members = [order] * len(passed)
    for group in groups.values():
        columns = order[passed[group[0]][order]]
        for at in group:
            members[at] = columns
    return [np.array(group) for group in groups.values()], members


def _carried(state: Book | None, levels: FloatArray | None, members: IntArray) -> FloatArray:
    """Return the last targets of `members`, drifted to `levels` if given, summing to one."""
    if state is None:
        return _share(np.ones(len(members)))
    held = state.weights[members]
    if levels is not None:
        grown = levels[members] / state.levels[members]
        held = held * np.where(np.isfinite(grown), grown, 1.0)
    return _share(held)


def _share(held: FloatArray) -> FloatArray:
    total = np.add.reduce(held)
    if total == 1.0:
        return held
    return held / total if total > 0.0 else np.full(len(held), 1.0 / len(held))


def _within(moved: FloatArray, drifted: FloatArray, cap: float) -> FloatArray:
    """Return weights on the way from `drifted` to `moved`, as far as the cap on turnover goes."""
    turnover = 0.5 * float(np.abs(moved - drifted).sum())
    return drifted + min(1.0, cap / turnover) * (moved - drifted) if turnover > 0.0 else moved


def _without(weights: FloatArray, stopped: BoolArray) -> FloatArray:
    """Return the weights with none in what was stopped; all cash when that is everything."""
    kept = np.where(stopped, 0.0, weights)
    total = kept.sum()
    return kept / total if total > 0.0 else kept
