"""Momentum over three horizons, confirmed by technical rules."""

from collections import Counter
from typing import ClassVar, Self

import numpy as np
from pydantic import Field, model_validator

from engine.eligibility import Screen, least_bars, screen
from engine.panel import Window
from engine.ranking import percentiles, quantise, rank
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
from engine.technical import last_bars, latest_macd_histogram, latest_rsi
from engine.types import FloatArray

YEAR, HALF_YEAR, MONTH = 252, 126, 21
FLAT = 1e-12  # of the price; what rounding leaves of a histogram that is zero


class CompositeMomentumParameters(Parameters):
    ordered: ClassVar = (("fast", "slow"), ("rsi_low", "rsi_high"), ("macd_fast", "macd_slow"))

    a12: float = Field(
        0.5,
        ge=0.0,
        le=1.0,
        title="Twelve months",
        description="Share of the rank by 252-session return; the three are divided by their sum.",
    )
    a6: float = Field(
        0.3,
        ge=0.0,
        le=1.0,
        title="Six months",
        description="Share of the rank by 126-session return.",
    )
    a1: float = Field(
        0.2,
        ge=0.0,
        le=1.0,
        title="One month",
        description="Share of the rank by 21-session return.",
    )
    fast: int = Field(
        50, ge=5, le=100, title="Fast mean", description="Sessions of the shorter moving mean."
    )
    slow: int = Field(
        200,
        ge=50,
        le=400,
        title="Slow mean",
        description="Sessions of the longer mean, which the shorter must exceed.",
    )
    rsi_window: int = Field(
        14,
        ge=2,
        le=50,
        title="RSI window",
        description="Sessions of Wilder's relative strength index.",
    )
    rsi_low: float = Field(
        30.0, ge=0.0, le=100.0, title="Lowest RSI", description="Below it an asset is too weak."
    )
    rsi_high: float = Field(
        70.0,
        ge=0.0,
        le=100.0,
        title="Highest RSI",
        description="Above it an asset has run too far.",
    )
    macd_fast: int = Field(
        12, ge=2, le=50, title="MACD fast", description="Sessions of its shorter mean."
    )
    macd_slow: int = Field(
        26, ge=5, le=100, title="MACD slow", description="Sessions of its longer mean."
    )
    macd_signal: int = Field(
        9, ge=2, le=50, title="MACD signal", description="Sessions of the mean it must exceed."
    )
    mix: float = Field(
        0.6,
        ge=0.0,
        le=1.0,
        title="Mix",
        description="Share of the ranks in the score; the rest is the share of rules met.",
    )
    min_score: float = Field(
        0.5, ge=0.0, le=1.0, title="Lowest score", description="Hold only assets that reach it."
    )
    top_n: int = Field(
        10, ge=1, le=100, title="Names held", description="Number of assets held, best first."
    )
    fill: Fill = EMPTY_PLACES

    @model_validator(mode="after")
    def _check_shares(self) -> Self:
        if self.a12 + self.a6 + self.a1 == 0.0:
            raise ValueError("a12, a6 and a1 are all 0; give a horizon a share")
        return self


@register
class CompositeMomentum(Strategy[CompositeMomentumParameters]):
    """Hold what ranks high over a year, half a year and a month, and whose trend confirms it.

    Three rules confirm: the fast mean above the slow, RSI neither weak nor overheated, MACD above
    its signal. Needs closes alone. Many rules invite fitting, and all of them lag a sharp turn.
    """

    key: ClassVar = "composite_momentum"
    name: ClassVar = "Composite momentum"
    family: ClassVar = "MOMENTUM"
    references: ClassVar = (
        (
            "Asness, C. S., Moskowitz, T. J. & Pedersen, L. H. (2013). Value and Momentum "
            "Everywhere. Journal of Finance, 68(3)."
        ),
        "Wilder, J. W. (1978). New Concepts in Technical Trading Systems. Trend Research.",
        "Appel, G. (2005). Technical Analysis: Power Tools for Active Investors. FT Press.",
    )
    history: ClassVar = ((YEAR + 1, {}), (1, {"slow": 1}))
    parameters_type: ClassVar = CompositeMomentumParameters

    def decide(self, window: Window, state: None) -> tuple[Decision, None]:
        """Return an equal share for each of the best scores."""
        p = self.parameters
        length = max(p.slow, YEAR) + 1
        grown = {h: self._grown(window, h) for h in (YEAR, HALF_YEAR, MONTH)}
        found = screen(window, p, length=length, min_obs=least_bars(length - 1))
        found = found.without(np.isfinite(sum(grown.values())), "no_end_point")
        scores = quantise(self._scores(window, grown, found, length))
        found = found.without(scores >= p.min_score, "below_min_score")
        best = rank(scores, window.asset_id, found.passed)[: p.top_n]
        weights = np.zeros(len(window.symbols))
        weights[best] = 1.0 / places_shared(len(best), p.top_n, p.fill)
        return Decision(weights, Counter(found.reasons)), state

    def _grown(self, window: Window, sessions: int) -> FloatArray:
        return trailing_return(window.total_return, lookback=sessions, skip=0)

    def _scores(
        self, window: Window, grown: dict[int, FloatArray], found: Screen, length: int
    ) -> FloatArray:
        p = self.parameters
        shares = {YEAR: p.a12, HALF_YEAR: p.a6, MONTH: p.a1}
        total = sum(shares.values())
        ranks = sum(
            share / total * percentiles(grown[h], found.passed) for h, share in shares.items()
        )
        scores = np.full(len(window.symbols), np.nan)
        passed = found.passed
        bars = last_bars(window.total_return[:, passed], length)
        scores[passed] = p.mix * np.asarray(ranks)[passed] + (1.0 - p.mix) * self._confirmed(bars)
        return scores

    def _confirmed(self, close: FloatArray) -> FloatArray:
        """Return the share of the three rules met by each asset; what is unknown is not met."""
        p = self.parameters
        index = quantise(latest_rsi(close, p.rsi_window))
        histogram = latest_macd_histogram(
            close, fast=p.macd_fast, slow=p.macd_slow, signal=p.macd_signal
        )
        met = (
            quantise(close[-p.fast :].mean(axis=0)) > quantise(close[-p.slow :].mean(axis=0)),
            (p.rsi_low <= index) & (index <= p.rsi_high),
            histogram > FLAT * close[-1],
        )
        share: FloatArray = np.mean(met, axis=0)
        return share
