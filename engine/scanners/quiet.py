"""The narrowest range of half a year."""

from typing import ClassVar

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view
from pydantic import Field

from engine.scan_measures import share_of
from engine.scan_rules import Operator, Part, Rule, Unit
from engine.scan_terms import above_mean, return_part
from engine.scan_view import View
from engine.scanners.base import Scanner, ScanParameters, register
from engine.types import BoolArray, FloatArray

HALF_YEAR = 126


class QuietParameters(ScanParameters):
    window: int = Field(
        20,
        ge=5,
        le=63,
        title="Window",
        description="Sessions whose range must be the narrowest of half a year.",
    )
    above_sma_200: bool = Field(
        True,
        title="Above the 200-session mean",
        description="The close must be above its mean of 200 sessions.",
    )


@register
class Quiet(Scanner[QuietParameters]):
    """Shares whose range of late is the narrowest of half a year: what is quiet may wake.

    Needs highs and lows; where a source has closes only, nobody passes.
    """

    key: ClassVar = "quiet"
    name: ClassVar = "Pocket of quiet"
    parameters_type: ClassVar = QuietParameters

    def rules(self) -> tuple[Rule, ...]:
        p = self.parameters
        return (
            *((above_mean(200),) if p.above_sma_200 else ()),
            Rule(
                code="quiet",
                name=f"Range of {p.window} sessions over the narrowest of {HALF_YEAR}",
                measure=self._over_narrowest,
                operator=Operator.AT_MOST,
                threshold=1.0,
                unit=Unit.NUMBER,
                bars=HALF_YEAR,
                reads=("high", "low"),
            ),
        )

    def parts(self) -> tuple[Part, ...]:
        return (
            Part(
                code="spread",
                name=f"Range of the last {self.parameters.window} sessions",
                weight=0.5,
                measure=lambda view, _: self._spreads(view)[-1],
                highest_first=False,
                bars=HALF_YEAR,
            ),
            return_part(HALF_YEAR, 0.5),
        )

    def _over_narrowest(self, view: View, _: BoolArray) -> FloatArray:
        spreads = self._spreads(view)
        return share_of(spreads[-1], spreads.min(axis=0))

    def _spreads(self, view: View) -> FloatArray:
        """Return the range over its high of each window of half a year, newest last."""
        window, bars = self.parameters.window, min(HALF_YEAR, len(view.high))
        if bars < HALF_YEAR:
            return np.full((1, len(view.symbols)), np.nan)
        top = sliding_window_view(view.high[-bars:], window, axis=0).max(axis=-1)
        bottom = sliding_window_view(view.low[-bars:], window, axis=0).min(axis=-1)
        spreads: FloatArray = (top - bottom) / top
        return spreads
