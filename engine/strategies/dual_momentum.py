"""Dual momentum: relative strength, taken only where it beats cash."""

from collections import Counter
from typing import ClassVar, Literal, Self

import numpy as np
from pydantic import Field, model_validator

from engine.eligibility import least_bars, screen
from engine.errors import InvalidParameters
from engine.panel import Window
from engine.ranking import quantise, rank
from engine.returns import trailing_rate, trailing_return
from engine.strategies.base import (
    EMPTY_PLACES,
    Decision,
    Fill,
    Parameters,
    Strategy,
    places_shared,
    register,
)
from engine.types import BoolArray, FloatArray


class DualMomentumParameters(Parameters):
    ordered: ClassVar = (("skip", "lookback"),)

    lookback: int = Field(
        252, ge=63, le=504, title="Lookback", description="Sessions over which return is measured."
    )
    skip: int = Field(
        0, ge=0, le=21, title="Skip", description="Most recent sessions left out of the return."
    )
    top_n: int = Field(
        1, ge=1, le=20, title="Names held", description="Number of risky assets held, best first."
    )
    fill: Fill = EMPTY_PLACES
    hurdle: Literal["rf", "zero"] = Field(
        "rf",
        title="Hurdle",
        description="What a return must exceed: the compounded risk-free return, or zero.",
    )
    risky: tuple[str, ...] = Field(
        (),
        max_length=200,
        title="Risky assets",
        description="Symbols to choose from. Empty: every asset of the run but the defensive.",
    )
    defensive: tuple[str, ...] = Field(
        (),
        max_length=20,
        title="Defensive assets",
        description="Symbols that take a place no risky asset earns. Empty: cash takes it.",
    )
    cash_floor: bool = Field(
        True,
        title="Cash floor",
        description="Hold cash when even the best defensive asset does not exceed the hurdle.",
    )

    @model_validator(mode="after")
    def _check_sets(self) -> Self:
        both = sorted(set(self.risky) & set(self.defensive))
        if both:
            raise ValueError(f"defensive also named the risky {both[0]}; list it once")
        return self


@register
class DualMomentum(Strategy[DualMomentumParameters]):
    """Hold the strongest risky assets that beat the risk-free return; else defensive or cash.

    Needs closes and a risk-free rate. It reacts a lookback late, so a fast fall is suffered and a
    fast recovery missed; with few assets its result hangs on single switching days.
    """

    key: ClassVar = "dual_momentum"
    name: ClassVar = "Dual momentum"
    family: ClassVar = "MOMENTUM"
    references: ClassVar = (
        (
            "Antonacci, G. (2014). Dual Momentum Investing: An Innovative Strategy for Higher "
            "Returns with Lower Risk. McGraw-Hill."
        ),
    )
    history: ClassVar = ((1, {"lookback": 1}),)
    parameters_type: ClassVar = DualMomentumParameters

    def decide(self, window: Window, state: None) -> tuple[Decision, None]:
        p = self.parameters
        levels = window.total_return
        scores = quantise(trailing_return(levels, lookback=p.lookback, skip=p.skip))
        hurdle, unknown = self._hurdle(window)
        found = screen(window, p, length=p.lookback + 1, min_obs=least_bars(p.lookback))
        found = found.without(np.isfinite(scores), "no_end_point")
        risky, defensive = self._sets(window)
        weights, missed = self._place(
            scores,
            hurdle,
            rank(scores, window.asset_id, found.passed & risky).tolist()[: p.top_n],
            rank(scores, window.asset_id, found.passed & defensive).tolist()[:1],
        )
        counts = {"below_hurdle": missed, "rf_missing": int(unknown)}
        reasons = Counter(found.reasons) + Counter(counts)
        return Decision(weights, reasons), state

    def _place(
        self, scores: FloatArray, hurdle: float, best: list[int], refuge: list[int]
    ) -> tuple[FloatArray, int]:
        """Return weights, and how many of ``best`` failed the hurdle and left their place."""
        p = self.parameters
        weights = np.zeros(len(scores))
        places = places_shared(len(best), p.top_n, p.fill)
        strong = [asset for asset in best if scores[asset] > hurdle]
        weights[strong] = 1.0 / places
        missed = len(best) - len(strong)
        for asset in refuge:
            if scores[asset] > hurdle or not p.cash_floor:
                weights[asset] += missed / places
        return weights, missed

    def _hurdle(self, window: Window) -> tuple[float, bool]:
        """Return the compounded rate over the window of the score, and whether any was unknown."""
        p = self.parameters
        if p.hurdle == "zero":
            return 0.0, False
        earned, unknown = trailing_rate(window.rf, lookback=p.lookback, skip=p.skip)
        return float(quantise(np.array(earned))), unknown

    def _sets(self, window: Window) -> tuple[BoolArray, BoolArray]:
        p = self.parameters
        defensive = _among(window, "defensive", p.defensive)
        risky = _among(window, "risky", p.risky) if p.risky else ~defensive
        return risky, defensive


def _among(window: Window, name: str, symbols: tuple[str, ...]) -> BoolArray:
    unknown = sorted(set(symbols) - set(window.symbols))
    if unknown:
        raise InvalidParameters(f"{name} named {unknown[0]}, which is not an asset of this run")
    return np.array([symbol in symbols for symbol in window.symbols], np.bool_)
