"""Shares at their highest of a year."""

from typing import ClassVar

from pydantic import Field

from engine.scan_rules import Part, Rule
from engine.scan_terms import high_part, near_high, return_part, turnover_floor
from engine.scanners.base import Scanner, ScanParameters, register

YEAR, HALF_YEAR = 252, 126
STRONG_SHARE = 0.99


class NewHighParameters(ScanParameters):
    min_share: float = Field(
        0.95,
        gt=0.0,
        le=1.0,
        title="Near its high",
        description="Lowest close as a share of the highest close of 252 sessions.",
    )
    min_turnover: float | None = Field(
        None,
        ge=0.0,
        le=1e10,
        title="Lowest turnover",
        description="Lowest mean daily turnover of 20 sessions, in AUD. Needs volume.",
    )


@register
class NewHigh(Scanner[NewHighParameters]):
    """Shares that close near their highest close of a year.

    Needs closes alone: prices near an old high are bought too late, since it serves as an anchor.
    """

    key: ClassVar = "new_high"
    name: ClassVar = "52-week high"
    references: ClassVar = (
        (
            "George, T. J. & Hwang, C.-Y. (2004). The 52-Week High and Momentum Investing. "
            "Journal of Finance, 59(5)."
        ),
    )
    parameters_type: ClassVar = NewHighParameters

    def rules(self) -> tuple[Rule, ...]:
        p = self.parameters
        return (
            *turnover_floor(p.min_turnover, p.min_turnover),
            near_high(YEAR, p.min_share, of="close"),
        )

    def parts(self) -> tuple[Part, ...]:
        return (high_part(YEAR, 0.5, of="close"), return_part(HALF_YEAR, 0.5))

    def strong(self) -> tuple[Rule, ...]:
        return (near_high(YEAR, STRONG_SHARE, of="close"),)
