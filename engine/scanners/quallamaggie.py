"""Strong shares that rest: the breakout scan."""

import math
from typing import ClassVar

from pydantic import Field

from engine.scan_measures import average_true_ranges, highest, mean_of, share_of
from engine.scan_rules import Part, Rule
from engine.scan_terms import (
    above_mean,
    beats_benchmark,
    calm,
    high_part,
    least_return,
    mean_above_mean,
    near_high,
    price_floor,
    return_part,
    rising_mean,
    turnover_floor,
)
from engine.scan_view import View
from engine.scanners.base import Scanner, ScanParameters, Ticket, register
from engine.types import BoolArray, FloatArray

QUARTER, MONTH, HALF_YEAR = 63, 21, 126
STRONG_RETURN, STRONG_SHARE = 0.40, 0.90


class QuallamaggieParameters(ScanParameters):
    min_price_us: float | None = Field(
        5.0,
        ge=0.0,
        le=1_000.0,
        title="Lowest price",
        description="Lowest close as traded, in the share's currency. Leave empty where a source "
        "has adjusted prices only.",
    )
    min_price_au: float | None = Field(
        0.5,
        ge=0.0,
        le=1_000.0,
        title="Lowest price, ASX",
        description="The same of shares quoted in AUD.",
    )
    min_turnover_us: float | None = Field(
        20e6,
        ge=0.0,
        le=1e10,
        title="Lowest turnover",
        description="Lowest mean daily turnover of 20 sessions, in AUD. Leave empty where a source "
        "has no volume.",
    )
    min_turnover_au: float | None = Field(
        2e6,
        ge=0.0,
        le=1e10,
        title="Lowest turnover, ASX",
        description="The same of shares quoted in AUD.",
    )
    min_return_63: float | None = Field(
        0.30,
        ge=-1.0,
        le=10.0,
        title="Return, 63 sessions",
        description="Lowest return over a quarter, as a fraction. Empty asks for none.",
    )
    min_return_21: float | None = Field(
        0.10,
        ge=-1.0,
        le=10.0,
        title="Return, 21 sessions",
        description="Lowest return over a month, as a fraction. Empty asks for none.",
    )
    beat_benchmark: bool = Field(
        True,
        title="Ahead of the benchmark",
        description="The quarter's return must be above the benchmark's.",
    )
    above_sma_200: bool = Field(
        True,
        title="Above the 200-session mean",
        description="The close must be above its mean of 200 sessions.",
    )
    min_high_share: float | None = Field(
        0.85,
        gt=0.0,
        le=1.0,
        title="Near its high",
        description="Lowest close as a share of the highest high of 126 sessions. Leave empty "
        "where a source has closes only.",
    )
    narrowing: bool = Field(
        True,
        title="Narrowing range",
        description="The average true range of 14 sessions must be below its mean of 20. Switch "
        "off where a source has closes only.",
    )
    base: int = Field(
        21,
        ge=5,
        le=63,
        title="Base",
        description="Sessions whose highest high is the suggested entry.",
    )
    atr_multiple: float = Field(
        1.0,
        ge=0.5,
        le=5.0,
        title="Stop distance",
        description="Average true ranges between the suggested entry and its stop.",
    )
    account: float = Field(
        100_000.0,
        ge=1_000.0,
        le=1e9,
        title="Account",
        description="Money the suggested number of shares is for, in the share's currency.",
    )
    risk: float = Field(
        0.005,
        ge=0.0005,
        le=0.02,
        title="Risk a trade",
        description="Share of the account lost when the stop is met.",
    )
    max_position: float = Field(
        0.20,
        ge=0.01,
        le=1.0,
        title="Largest position",
        description="Largest share of the account in one position.",
    )


@register
class Quallamaggie(Scanner[QuallamaggieParameters]):
    """Shares far ahead of the market that rest below a recent high, their range narrowing.

    Asks for volume, highs and lows; where a source does not carry them, those rules cannot be
    answered and nobody passes them: leave them out, or scan a source that does.
    """

    key: ClassVar = "quallamaggie"
    name: ClassVar = "Quallamaggie breakout"
    references: ClassVar = (
        (
            "George, T. J. & Hwang, C.-Y. (2004). The 52-Week High and Momentum Investing. "
            "Journal of Finance, 59(5)."
        ),
        (
            "Jegadeesh, N. & Titman, S. (1993). Returns to Buying Winners and Selling Losers: "
            "Implications for Stock Market Efficiency. Journal of Finance, 48(1)."
        ),
    )
    parameters_type: ClassVar = QuallamaggieParameters

    def rules(self) -> tuple[Rule, ...]:
        p = self.parameters
        return (
            *price_floor(p.min_price_us, p.min_price_au),
            *turnover_floor(p.min_turnover_us, p.min_turnover_au),
            *least_return(QUARTER, p.min_return_63),
            *least_return(MONTH, p.min_return_21),
            *((beats_benchmark(QUARTER),) if p.beat_benchmark else ()),
            above_mean(10),
            mean_above_mean(10, 20),
            mean_above_mean(20, 50),
            *((above_mean(200),) if p.above_sma_200 else ()),
            rising_mean(50, 10),
            *(() if p.min_high_share is None else (near_high(HALF_YEAR, p.min_high_share),)),
            *((calm(),) if p.narrowing else ()),
        )

    def parts(self) -> tuple[Part, ...]:
        return (
            return_part(QUARTER, 0.4),
            return_part(MONTH, 0.2),
            high_part(HALF_YEAR, 0.2, of="high"),
            Part(
                code="volume_share",
                name="Volume over its mean of 50 sessions",
                weight=0.2,
                measure=_volume_share,
                bars=51,
            ),
        )

    def strong(self) -> tuple[Rule, ...]:
        return (*least_return(QUARTER, STRONG_RETURN), near_high(HALF_YEAR, STRONG_SHARE))

    def ticket(self, view: View, asset: int) -> Ticket | None:
        """Suggest to buy above the base, sized by the distance to the stop."""
        p = self.parameters
        entry = float(highest(view.high, p.base)[asset])
        reach = float(average_true_ranges(view, values=1)[-1, asset])
        stop = entry - p.atr_multiple * reach
        shares = sized(p.account, entry, stop, risk=p.risk, largest=p.max_position)
        return None if shares is None else Ticket(entry=entry, stop=stop, shares=shares)


def sized(account: float, entry: float, stop: float, *, risk: float, largest: float) -> int | None:
    """Return whole shares that lose ``risk`` of the account at the stop, ``largest`` of it at most.

    None where entry or stop is unknown, or the stop is no price below the entry.
    """
    if not (math.isfinite(entry) and 0.0 < stop < entry):
        return None
    return math.floor(min(risk * account / (entry - stop), largest * account / entry))


def _volume_share(view: View, _: BoolArray) -> FloatArray:
    return share_of(view.volume[-1], mean_of(view.volume, 50, back=1))
