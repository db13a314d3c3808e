"""What the on-line reversion portfolios share: all but how they predict."""

from abc import abstractmethod
from collections import Counter
from dataclasses import dataclass
from typing import ClassVar, Literal, TypeVar

import numpy as np
from pydantic import Field

from engine.eligibility import Screen, screen
from engine.panel import Window
from engine.returns import carry_forward
from engine.reversion import revert
from engine.schedule import Rebalance
from engine.strategies.base import Decision, Parameters, Strategy
from engine.technical import last_bars
from engine.types import BoolArray, FloatArray, IntArray
from engine.warmup import Term

HIGH_SESSIONS = 252


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
        le=0.99,
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
        p, levels = self.parameters, window.total_return
        found = self._screen(window)
        members = np.flatnonzero(found.passed)
        members = members[np.argsort(window.asset_id[members], kind="stable")]
        weights = np.zeros(len(window.symbols))
        if not len(members):
            return Decision(weights, found.reasons), state
        last = carry_forward(levels)[-1]
        drifted = _carried(state, last, members)
        anchor = drifted if p.anchor == "drifted" else _carried(state, None, members)
        recent = last_bars(levels[:, members], self.sessions_read)
        moved = revert(anchor, self.predict(recent[None])[0], p.epsilon)
        if state is not None:
            moved = _within(moved, drifted, p.max_turnover)
        stopped = self._stopped(levels[:, members])
        weights[members] = _without(moved, stopped)
        reasons = Counter(found.reasons) + Counter({"stopped": int(stopped.sum())})
        return Decision(weights, reasons), Book(weights, last)

    def _screen(self, window: Window) -> Screen:
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
    total = held.sum()
    return held / total if total > 0.0 else np.full(len(held), 1.0 / len(held))


def _within(moved: FloatArray, drifted: FloatArray, cap: float) -> FloatArray:
    """Return weights on the way from `drifted` to `moved`, as far as the cap on turnover goes."""
    turnover = 0.5 * float(np.abs(moved - drifted).sum())
    return drifted + min(1.0, cap / turnover) * (moved - drifted) if turnover > 0.0 else moved


def _without(weights: FloatArray, stopped: BoolArray) -> FloatArray:
    """Return the weights with none in what was stopped; all cash when that is everything."""
    kept = np.where(stopped, 0.0, weights)
    total = kept.sum()
    return kept / total if stopped.any() and total > 0.0 else kept
