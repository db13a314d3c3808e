"""Ranges that contract while volume dries up."""

from typing import ClassVar

import numpy as np
from pydantic import Field

from engine.scan_measures import mean_of, share_of, spread_of
from engine.scan_rules import Operator, Part, Rule
from engine.scan_terms import above_mean, high_part
from engine.scan_view import View
from engine.scanners.base import Scanner, ScanParameters, register
from engine.types import BoolArray, FloatArray

DRY, BEFORE = 10, 20
YEAR = 252


class ContractionParameters(ScanParameters):
    leg: int = Field(
        20,
        ge=5,
        le=63,
        title="Leg",
        description="Sessions of each of three legs, whose ranges must shrink one after another.",
    )
    max_volume_share: float = Field(
        0.6,
        gt=0.0,
        le=2.0,
        title="Volume",
        description="Mean volume of the last 10 sessions over that of the 20 before must be below "
        "this.",
    )


@register
class Contraction(Scanner[ContractionParameters]):
    """Shares in an upward trend whose range shrinks leg by leg while volume dries up.

    Needs volume, highs and lows; where a source has closes only, nobody passes.
    """

    key: ClassVar = "vcp"
    name: ClassVar = "Volatility contraction"
    windows: ClassVar = {"leg": 3}
    parameters_type: ClassVar = ContractionParameters

    def rules(self) -> tuple[Rule, ...]:
        p = self.parameters
        return (
            above_mean(200),
            Rule(
                code="dry_volume",
                name=f"Volume of {DRY} sessions over that of the {BEFORE} before",
                measure=_volume_share,
                operator=Operator.BELOW,
                threshold=p.max_volume_share,
                bars=DRY + BEFORE,
                reads=("volume",),
            ),
            Rule(
                code="contraction",
                name=f"Largest range of a leg of {p.leg} sessions over that of the one before",
                measure=self._contraction,
                operator=Operator.BELOW,
                threshold=1.0,
                bars=3 * p.leg,
                reads=("high", "low"),
            ),
        )

    def parts(self) -> tuple[Part, ...]:
        return (
            Part(
                code="contraction",
                name="Contraction of the range",
                weight=0.5,
                measure=self._contraction,
                highest_first=False,
                bars=3 * self.parameters.leg,
            ),
            high_part(YEAR, 0.5, of="close"),
        )

    def _contraction(self, view: View, _: BoolArray) -> FloatArray:
        leg = self.parameters.leg
        spreads = [spread_of(view, leg * (back + 1), leg * back) for back in (2, 1, 0)]
        largest: FloatArray = np.maximum(
            share_of(spreads[1], spreads[0]), share_of(spreads[2], spreads[1])
        )
        return largest


def _volume_share(view: View, _: BoolArray) -> FloatArray:
    return share_of(mean_of(view.volume, DRY), mean_of(view.volume, BEFORE, back=DRY))
