"""A gap on volume: something happened overnight."""

from typing import ClassVar

from pydantic import Field

from engine.scan_measures import mean_of, share_of
from engine.scan_rules import Operator, Part, Rule, Unit
from engine.scan_view import View
from engine.scanners.base import Scanner, ScanParameters, register
from engine.types import BoolArray, FloatArray

USUAL = 20
STRONG_GAP = 0.10


class EpisodicPivotParameters(ScanParameters):
    min_gap: float = Field(
        0.05,
        ge=0.0,
        le=5.0,
        title="Gap",
        description="Lowest rise from the close before to the open, as a fraction.",
    )
    min_volume_share: float = Field(
        2.0,
        ge=0.0,
        le=100.0,
        title="Volume",
        description="Lowest volume of the session over the mean of the 20 before.",
    )


@register
class EpisodicPivot(Scanner[EpisodicPivotParameters]):
    """Shares that opened well above their last close on far more volume than usual.

    Needs opens and volume; where a source has closes only, nobody passes.
    """

    key: ClassVar = "episodic_pivot"
    name: ClassVar = "Episodic pivot"
    parameters_type: ClassVar = EpisodicPivotParameters

    def rules(self) -> tuple[Rule, ...]:
        p = self.parameters
        return (
            self._opened(p.min_gap),
            Rule(
                code="volume_share",
                name=f"Volume over its mean of {USUAL} sessions before",
                measure=_volume_share,
                operator=Operator.AT_LEAST,
                threshold=p.min_volume_share,
                unit=Unit.NUMBER,
                bars=USUAL + 1,
                reads=("volume",),
            ),
        )

    def parts(self) -> tuple[Part, ...]:
        return (
            Part(code="gap_up", name="Gap at the open", weight=0.5, measure=_gap, bars=2),
            Part(
                code="volume_share",
                name=f"Volume over its mean of {USUAL} sessions before",
                weight=0.5,
                measure=_volume_share,
                bars=USUAL + 1,
            ),
        )

    def strong(self) -> tuple[Rule, ...]:
        return (self._opened(STRONG_GAP),)

    def _opened(self, least: float) -> Rule:
        return Rule(
            code="gap_up",
            name="Open over the close before",
            measure=_gap,
            operator=Operator.AT_LEAST,
            threshold=least,
            bars=2,
            reads=("open",),
        )


def _gap(view: View, _: BoolArray) -> FloatArray:
    gap: FloatArray = view.open[-1] / view.close[-2] - 1.0
    return gap


def _volume_share(view: View, _: BoolArray) -> FloatArray:
    return share_of(view.volume[-1], mean_of(view.volume, USUAL, back=1))
