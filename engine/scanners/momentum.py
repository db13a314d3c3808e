"""The best trailing returns of a universe."""

from typing import ClassVar

import numpy as np
from pydantic import Field

from engine.ranking import rank
from engine.scan_measures import trailing
from engine.scan_rules import Operator, Part, Rule, Unit
from engine.scan_terms import (
    above_mean,
    high_part,
    least_return,
    near_high,
    return_name,
    return_part,
    turnover_floor,
)
from engine.scan_view import View
from engine.scanners.base import Scanner, ScanParameters, register
from engine.types import BoolArray, FloatArray

YEAR, HALF_YEAR = 252, 126
STRONG_RETURN, STRONG_SHARE = 0.40, 0.90
ROUNDING = 1e-9


class MomentumScanParameters(ScanParameters):
    ordered: ClassVar = (("skip", "lookback"),)

    lookback: int = Field(
        252, ge=21, le=756, title="Lookback", description="Sessions over which return is ranked."
    )
    skip: int = Field(
        21,
        ge=0,
        le=63,
        title="Skip",
        description="Most recent sessions left out, because short-term returns reverse.",
    )
    top_fraction: float = Field(
        0.10,
        gt=0.0,
        le=1.0,
        title="Top fraction",
        description="Share of the ranked members that is kept, best first; at least one is.",
    )
    min_return: float | None = Field(
        None,
        ge=-1.0,
        le=10.0,
        title="Lowest return",
        description="Lowest return over the lookback, as a fraction. Empty asks for none.",
    )
    above_sma_200: bool = Field(
        False,
        title="Above the 200-session mean",
        description="The close must be above its mean of 200 sessions.",
    )
    min_turnover: float | None = Field(
        None,
        ge=0.0,
        le=1e10,
        title="Lowest turnover",
        description="Lowest mean daily turnover of 20 sessions, in AUD. Needs volume.",
    )


@register
class MomentumScan(Scanner[MomentumScanParameters]):
    """The members with the highest trailing return, the most recent month left out.

    Needs closes alone. The score weighs that return with the last half year's and with how near
    the close is to its highest of a year.
    """

    key: ClassVar = "momentum"
    name: ClassVar = "Momentum"
    references: ClassVar = (
        (
            "Jegadeesh, N. & Titman, S. (1993). Returns to Buying Winners and Selling Losers: "
            "Implications for Stock Market Efficiency. Journal of Finance, 48(1)."
        ),
    )
    windows: ClassVar = {"lookback": 1}
    parameters_type: ClassVar = MomentumScanParameters

    def rules(self) -> tuple[Rule, ...]:
        p = self.parameters
        return (
            *turnover_floor(p.min_turnover, p.min_turnover),
            *least_return(p.lookback, p.min_return, skip=p.skip),
            *((above_mean(200),) if p.above_sma_200 else ()),
            self._place(),
        )

    def parts(self) -> tuple[Part, ...]:
        p = self.parameters
        return (
            return_part(p.lookback, 0.6, skip=p.skip),
            return_part(HALF_YEAR, 0.2)
            if p.lookback != HALF_YEAR
            else return_part(HALF_YEAR // 2, 0.2),
            high_part(YEAR, 0.2, of="close"),
        )

    def strong(self) -> tuple[Rule, ...]:
        p = self.parameters
        return (
            *least_return(p.lookback, STRONG_RETURN, skip=p.skip),
            near_high(YEAR, STRONG_SHARE, of="close"),
        )

    def _place(self) -> Rule:
        p = self.parameters
        return Rule(
            code="place",
            name=f"Place by {return_name(p.lookback, p.skip).lower()}",
            measure=self._placed,
            operator=Operator.AT_MOST,
            threshold=self._kept,
            unit=Unit.NUMBER,
            bars=p.lookback + 1,
        )

    def _placed(self, view: View, among: BoolArray) -> FloatArray:
        scores = trailing(view.total_return, self.parameters.lookback, skip=self.parameters.skip)
        ranked = rank(scores, view.asset_id, among)
        place = np.full(len(scores), np.nan)
        place[ranked] = np.arange(1, len(ranked) + 1)
        return place

    def _kept(self, view: View, among: BoolArray) -> FloatArray:
        ranked = int(np.isfinite(self._placed(view, among)).sum())
        kept = max(int(self.parameters.top_fraction * ranked + ROUNDING), 1)
        return np.full(len(view.symbols), float(kept))
