"""A rule of a scan: what it measures, what it asks of it, and how it says so."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Final, TypeAlias

import numpy as np

from engine.ranking import quantise
from engine.scan_view import View
from engine.types import BoolArray, FloatArray

# From what is seen, and who is still in, to a figure of each asset; NaN where it is unknown.
Measure: TypeAlias = Callable[[View, BoolArray], FloatArray]


class Operator(StrEnum):
    ABOVE = ">"
    AT_LEAST = ">="
    BELOW = "<"
    AT_MOST = "<="


class Unit(StrEnum):
    FRACTION = "fraction"
    MONEY = "money"
    NUMBER = "number"
    FLAG = "flag"


COMPARE: Final[Mapping[Operator, Callable[[FloatArray, FloatArray], BoolArray]]] = {
    Operator.ABOVE: np.greater,
    Operator.AT_LEAST: np.greater_equal,
    Operator.BELOW: np.less,
    Operator.AT_MOST: np.less_equal,
}
WORDS: Final = {
    Operator.ABOVE: "above",
    Operator.AT_LEAST: "at least",
    Operator.BELOW: "below",
    Operator.AT_MOST: "at most",
}


@dataclass(frozen=True, kw_only=True)
class Rule:
    """One question asked of each asset. A figure that is not known answers no question."""

    code: str
    name: str  # of the figure, such as "Return over 63 sessions"
    measure: Measure
    operator: Operator
    threshold: float | Measure
    unit: Unit = Unit.FRACTION
    bars: int = 1  # bars the figure rests on
    reads: tuple[str, ...] = ()  # fields beside the close
    absent: str = "a value is missing among their bars"  # why it may be unknown besides

    def thresholds(self, view: View, among: BoolArray) -> FloatArray:
        """Return what is asked of each asset, shape (m,)."""
        if callable(self.threshold):
            return self.threshold(view, among)
        return np.full(len(view.symbols), self.threshold)

    def judge(self, view: View, among: BoolArray) -> "Judged":
        """Measure and compare; NaN on either side is unknown, never a pass."""
        value, bound = self.measure(view, among), self.thresholds(view, among)
        known = np.isfinite(value) & np.isfinite(bound)
        passed = known & COMPARE[self.operator](quantise(value), bound)
        return Judged(rule=self, value=value, threshold=bound, known=known, passed=passed)

    def why_unknown(self, view: View, asset: int) -> str:
        """Say what an asset lacks for this rule."""
        for field in self.reads:
            if not view.carries(field)[asset]:
                return f"{field} is not known at their source"
        if self.bars > 1 and view.bars[asset] < self.bars:
            return f"fewer than {self.bars} bars"
        return self.absent


@dataclass(frozen=True, kw_only=True)
class Judged:
    """A rule's answers; all arrays have the shape (m,)."""

    rule: Rule
    value: FloatArray
    threshold: FloatArray
    known: BoolArray
    passed: BoolArray

    def asked(self) -> str:
        """Say what was asked of the figure; a span where it was not the same of all."""
        bounds = self.threshold[np.isfinite(self.threshold)]
        if self.rule.unit is Unit.FLAG or not len(bounds):
            return ""
        ends = dict.fromkeys(written(each, self.rule.unit) for each in (bounds.min(), bounds.max()))
        return f"{WORDS[self.rule.operator]} {' or '.join(ends)}"

    def reason(self, asset: int) -> str:
        """Say by how much an asset passed."""
        value, bound = float(self.value[asset]), float(self.threshold[asset])
        unit = self.rule.unit
        if unit is Unit.FLAG:
            return self.rule.name
        asked = f"{WORDS[self.rule.operator]} {written(bound, unit)}"
        margin = written(abs(value - bound), unit, difference=True)
        return f"{self.rule.name} {written(value, unit)}, {asked} ({margin} to spare)"


def written(value: float, unit: Unit, *, difference: bool = False) -> str:
    """Write a figure for people: percent to a tenth, money grouped, else four digits."""
    match unit:
        case Unit.FRACTION:
            return f"{value * 100.0:.1f} {'points' if difference else '%'}"
        case Unit.MONEY:
            return f"{value:,.0f}" if abs(value) >= 1_000.0 else f"{value:,.2f}"
        case _:
            return f"{value:.4g}"


@dataclass(frozen=True, kw_only=True)
class Part:
    """One term of the score: a figure whose percentile rank earns up to ``weight`` of 100."""

    code: str
    name: str
    weight: float  # parts of a scanner sum to 1
    measure: Measure
    highest_first: bool = True
    bars: int = 1  # bars the figure rests on
