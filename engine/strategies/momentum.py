"""Cross-sectional momentum."""

from collections import Counter
from collections.abc import Sequence
from typing import Any, ClassVar

import numpy as np
from pydantic import Field

from engine.eligibility import Screen, least_bars, screen
from engine.panel import Window
from engine.ranking import quantise, rank
from engine.returns import trailing_return
from engine.strategies.base import (
    EMPTY_PLACES,
    Decision,
    Fill,
    Parameters,
    Strategy,
    places_shared,
    register,
)
from engine.types import FloatArray, IntArray
from engine.weighting import ALLOCATORS, Weighting, measurable, weigh

ROUNDING = 1e-9


class MomentumParameters(Parameters):
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
    top_n: int = Field(
        10, ge=1, le=200, title="Names held", description="Number of assets held, best first."
    )
    top_fraction: float | None = Field(
        None,
        gt=0.0,
        le=0.5,
        title="Fraction held",
        description="Share of the eligible assets held, rounded down; replaces the number held.",
    )
    min_score: float | None = Field(
        None,
        ge=-1.0,
        le=5.0,
        title="Lowest score",
        description="Hold only assets whose return over the lookback is above this fraction.",
    )
    weighting: Weighting = Field(
        "equal", title="Weighting", description="How the assets held share the money."
    )
    buffer: int = Field(
        0,
        ge=0,
        le=100,
        title="Buffer",
        description="A held asset stays until its rank is this far below the last name held.",
    )
    fill: Fill = EMPTY_PLACES


@register
class Momentum(Strategy[MomentumParameters]):
    """Hold the assets with the highest trailing return, the most recent month left out.

    Needs closes alone. Its weakness is the crash: after a fall the past losers rebound first, and a
    universe of today's members flatters it more than any other strategy.
    """

    key: ClassVar = "momentum"
    name: ClassVar = "Momentum"
    family: ClassVar = "MOMENTUM"
    references: ClassVar = (
        (
            "Jegadeesh, N. & Titman, S. (1993). Returns to Buying Winners and Selling Losers: "
            "Implications for Stock Market Efficiency. Journal of Finance, 48(1)."
        ),
    )
    history: ClassVar = ((1, {"lookback": 1}),)
    allocators: ClassVar = ALLOCATORS
    parameters_type: ClassVar = MomentumParameters

    def decide(self, window: Window, state: Any) -> tuple[Decision, tuple[int, ...]]:
        """Return the best names; the state is the ids held, which the buffer favours."""
        p = self.parameters
        scores = trailing_return(window.total_return, lookback=p.lookback, skip=p.skip)
        candidates = self._narrow(self._screen(window), scores)
        ranked = rank(scores, window.asset_id, candidates.passed)
        places = self._places(len(ranked))
        chosen = self._choose(ranked, window.asset_id, places, state or ())
        shares = weigh(p.weighting, window, chosen, scores)
        filled = len(chosen) / places_shared(len(chosen), places, p.fill)
        weights = np.zeros(len(window.symbols))
        weights[shares.chosen] = shares.weights * filled
        reasons = Counter(candidates.reasons) + Counter(shares.reasons)
        ranking = np.where(candidates.passed, scores, np.nan)
        return Decision(weights, reasons, scores=ranking), tuple(window.asset_id[chosen].tolist())

    @property
    def ranks_alone(self) -> bool:
        """Whether each decision is equal weight on the first names of its ranking."""
        p = self.parameters
        chooses = p.weighting == "equal" and p.fill == "cash"
        return chooses and p.top_fraction is None and not p.buffer

    def rankings(self, window: Window, skips: Sequence[int]) -> list[IntArray]:
        """Return the candidates best first, for each of `skips` in place of its own."""
        found, lookback = self._screen(window), self.parameters.lookback
        made = []
        for skip in skips:
            scores = trailing_return(window.total_return, lookback=lookback, skip=skip)
            passed = self._narrow(found, scores).passed
            made.append(rank(scores, window.asset_id, passed))
        return made

    def _screen(self, window: Window) -> Screen:
        p = self.parameters
        found = screen(window, p, length=p.lookback + 1, min_obs=least_bars(p.lookback))
        return found.without(measurable(p.weighting, window), "zero_variance")

    def _narrow(self, found: Screen, scores: FloatArray) -> Screen:
        p = self.parameters
        found = found.without(np.isfinite(scores), "no_end_point")
        if p.min_score is None:
            return found
        return found.without(quantise(scores) > p.min_score, "below_min_score")

    def _places(self, candidates: int) -> int:
        fraction = self.parameters.top_fraction
        if fraction is None:
            return self.parameters.top_n
        # 0.29 * 100 is a hair below 29 in binary.
        return max(int(fraction * candidates + ROUNDING), 1)

    def _choose(
        self, ranked: IntArray, asset_id: IntArray, places: int, held: tuple[int, ...]
    ) -> IntArray:
        if not self.parameters.buffer:
            return ranked[:places]
        near = ranked[: places + self.parameters.buffer]
        kept = np.isin(asset_id[near], held)
        # Stable: held names first, then the others, each group still best first.
        return near[np.argsort(~kept, kind="stable")][:places]
