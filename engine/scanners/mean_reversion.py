"""Shares that fell for a few days within a rising year."""

from typing import ClassVar

from pydantic import Field

from engine.scan_measures import RSI_WINDOWS, rsi, rsi_bars, trailing
from engine.scan_rules import Operator, Part, Rule, Unit
from engine.scan_terms import above_mean, turnover_floor
from engine.scanners.base import Scanner, ScanParameters, register

WEEK = 5
STRONG_RSI = 5.0


class MeanReversionParameters(ScanParameters):
    rsi_window: int = Field(
        2,
        ge=2,
        le=50,
        title="RSI window",
        description="Sessions of Wilder's relative strength index.",
    )
    max_rsi: float = Field(
        10.0,
        gt=0.0,
        le=100.0,
        title="Highest RSI",
        description="The index must be below this; it runs from 0 to 100.",
    )
    trend_window: int = Field(
        200,
        ge=20,
        le=400,
        title="Trend",
        description="The close must be above its mean of so many sessions.",
    )
    min_turnover: float | None = Field(
        None,
        ge=0.0,
        le=1e10,
        title="Lowest turnover",
        description="Lowest mean daily turnover of 20 sessions, in AUD. Needs volume.",
    )


@register
class MeanReversion(Scanner[MeanReversionParameters]):
    """Shares in a long upward trend that have just been sold for a few sessions.

    Needs closes alone. The lower the relative strength index and the deeper the week's fall, the
    higher the score.
    """

    key: ClassVar = "mean_reversion"
    name: ClassVar = "Mean reversion"
    references: ClassVar = (
        (
            "Jegadeesh, N. (1990). Evidence of Predictable Behavior of Security Returns. "
            "Journal of Finance, 45(3)."
        ),
        "Wilder, J. W. (1978). New Concepts in Technical Trading Systems.",
    )
    windows: ClassVar = {"rsi_window": RSI_WINDOWS, "trend_window": 1}
    parameters_type: ClassVar = MeanReversionParameters

    def rules(self) -> tuple[Rule, ...]:
        p = self.parameters
        return (
            *turnover_floor(p.min_turnover, p.min_turnover),
            above_mean(p.trend_window),
            self._sold(p.max_rsi),
        )

    def parts(self) -> tuple[Part, ...]:
        window = self.parameters.rsi_window
        return (
            Part(
                code="rsi",
                name=f"Relative strength index of {window}",
                weight=0.6,
                measure=lambda view, _: rsi(view.close, window),
                highest_first=False,
                bars=rsi_bars(window),
            ),
            Part(
                code=f"return_{WEEK}",
                name=f"Fall over {WEEK} sessions",
                weight=0.4,
                measure=lambda view, _: trailing(view.total_return, WEEK),
                highest_first=False,
                bars=WEEK + 1,
            ),
        )

    def strong(self) -> tuple[Rule, ...]:
        return (self._sold(STRONG_RSI),)

    def _sold(self, most: float) -> Rule:
        window = self.parameters.rsi_window
        return Rule(
            code="rsi",
            name=f"Relative strength index of {window}",
            measure=lambda view, _: rsi(view.close, window),
            operator=Operator.BELOW,
            threshold=most,
            unit=Unit.NUMBER,
            bars=rsi_bars(window),
        )
