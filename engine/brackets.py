"""One position with its stop and its target, and what a daily bar does to it.

A bar tells how far a price went, not in which order. Where it matters, the worse is assumed:

* a bar that reaches both the stop and the target is stopped;
* a purchase within a bar whose low reaches its stop is stopped that day;
* a gap through the stop sells at the open.

What an early sale does to the stop counts from the next session on.
"""

import math
from dataclasses import dataclass

import numpy as np

from engine.orders import Reason
from engine.panel import Panel
from engine.signals import Rules


@dataclass(frozen=True, kw_only=True)
class Bar:
    """One session of one asset, its own currency; NaN where unknown, the close always known."""

    open: float
    high: float
    low: float
    close: float

    @property
    def opened(self) -> bool:
        return not math.isnan(self.open)

    @property
    def first(self) -> float:
        """The first price that is known: the open, else the close."""
        return self.open if self.opened else self.close

    @property
    def highest(self) -> float:
        return float(np.fmax.reduce([self.open, self.high, self.low, self.close]))

    @property
    def lowest(self) -> float:
        return float(np.fmin.reduce([self.open, self.high, self.low, self.close]))


def bar_of(panel: Panel, row: int, asset: int) -> Bar:
    """Return the bar of one asset on one row."""
    names = ("open", "high", "low", "close")
    return Bar(**{name: float(getattr(panel, name)[row, asset]) for name in names})


@dataclass(frozen=True, kw_only=True)
class Exit:
    """A sale at a price of the bar: of all that is held, or of the part sold early."""

    price: float
    reason: Reason
    early: bool = False


@dataclass(kw_only=True)
class Position:
    """What is held of one asset and when it is sold; prices in today's shares."""

    asset: int
    rules: Rules
    entry: float  # price paid
    stop: float  # -inf without one
    target: float  # inf without one
    sessions: int = 0  # of its market since the one it was bought in
    reduced: bool = False  # the early sale has been made
    leaving: bool = False  # the rest is sold at the next open

    def split(self, ratio: float) -> None:
        """Take a split of so many new shares per old into account."""
        self.entry /= ratio
        self.stop /= ratio
        self.target /= ratio

    def at_open(self, bar: Bar) -> Exit | None:
        """Return what is sold at the first price of a session."""
        rules = self.rules
        if self.leaving or 0 < rules.max_hold <= self.sessions:
            return Exit(price=bar.first, reason=Reason.FILLED)
        if bar.opened and bar.open <= self.stop:
            return Exit(price=bar.open, reason=Reason.STOPPED)
        if self.reduced or not rules.partial > 0.0:
            return None
        if 0 < rules.partial_after <= self.sessions:
            return Exit(price=bar.first, reason=Reason.FILLED, early=True)
        if bar.opened and bar.open >= self.target:
            return Exit(price=bar.open, reason=Reason.TARGET, early=True)
        return None

    def within(self, bar: Bar, *, bought_at: float | None = None) -> Exit | None:
        """Return what is sold after the open, or after a purchase at a price within the bar.

        What that price has passed already is not to be had: a stop above it sells at it.
        """
        start = bar.open if bought_at is None else bought_at
        # Without an open nobody knows on which side of the stop the day began.
        highest, lowest = (bar.highest, bar.lowest) if math.isnan(start) else (start, start)
        if bar.lowest <= self.stop:
            return Exit(price=min(self.stop, highest), reason=Reason.STOPPED)
        if self.reduced or not self.rules.partial > 0.0 or bar.highest < self.target:
            return None
        return Exit(price=max(self.target, lowest), reason=Reason.TARGET, early=True)

    def close_session(self) -> None:
        """Move the stop to the price paid once the early sale is made."""
        if self.reduced:
            self.stop = max(self.stop, self.entry)


def first_target(rules: Rules, entry: float, stop: float) -> float:
    """Return the price at which the early sale is made; inf where nothing was risked."""
    if math.isinf(stop) or math.isinf(rules.partial_at):
        return math.inf
    return entry + rules.partial_at * (entry - stop)
