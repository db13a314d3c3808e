"""A steep rise, then a tight range."""

from typing import ClassVar

from pydantic import Field

from engine.scan_measures import spread_of
from engine.scan_rules import Operator, Part, Rule
from engine.scan_terms import least_return, return_part
from engine.scanners.base import Scanner, ScanParameters, register

RISE, FLAG = 60, 10
STRONG_SPREAD = 0.10


class HighTightFlagParameters(ScanParameters):
    min_return: float = Field(
        0.50,
        ge=0.0,
        le=10.0,
        title="Rise",
        description="Lowest return over 60 sessions, as a fraction.",
    )
    max_spread: float = Field(
        0.20,
        gt=0.0,
        le=1.0,
        title="Flag",
        description="Widest range of the last 10 sessions, from highest high to lowest low, as a "
        "fraction of the high.",
    )


@register
class HighTightFlag(Scanner[HighTightFlagParameters]):
    """Shares that rose steeply within a quarter and have since moved little.

    Needs highs and lows; where a source has closes only, nobody passes.
    """

    key: ClassVar = "high_tight_flag"
    name: ClassVar = "High tight flag"
    parameters_type: ClassVar = HighTightFlagParameters

    def rules(self) -> tuple[Rule, ...]:
        p = self.parameters
        return (*least_return(RISE, p.min_return), self._tight(p.max_spread))

    def parts(self) -> tuple[Part, ...]:
        return (
            return_part(RISE, 0.5),
            Part(
                code="spread",
                name=f"Range of the last {FLAG} sessions",
                weight=0.5,
                measure=lambda view, _: spread_of(view, FLAG, 0),
                highest_first=False,
                bars=FLAG,
            ),
        )

    def strong(self) -> tuple[Rule, ...]:
        return (self._tight(STRONG_SPREAD),)

    def _tight(self, most: float) -> Rule:
        return Rule(
            code="spread",
            name=f"Range of the last {FLAG} sessions",
            measure=lambda view, _: spread_of(view, FLAG, 0),
            operator=Operator.AT_MOST,
            threshold=most,
            bars=FLAG,
            reads=("high", "low"),
        )
