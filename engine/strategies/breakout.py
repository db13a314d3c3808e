"""Momentum breakout with stops."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import ClassVar, Literal

import numpy as np
from pydantic import Field

from engine.breakouts import (
    BARS,
    MEANS,
    Bars,
    above,
    bars_of,
    carry_volume,
    closes_of,
    contracts,
    daily_range,
    growth,
    have_range,
    leads,
    require_fields,
    rises,
    shares_of,
    side_by_side,
)
from engine.eligibility import Screen, screen
from engine.own_bars import OwnRows, own_rows
from engine.panel import Panel, Window
from engine.ranking import quantise, rank
from engine.returns import MAX_GAP
from engine.schedule import Rebalance
from engine.signals import Rules, Signals, nominal_weights
from engine.strategies.base import Decision, Parameters, Strategy, register
from engine.types import BoolArray, FloatArray, IntArray

HISTORY = 230  # rows that hold the bars needed, beside markets that trade on weekends too
STRONG, GOOD = 0.50, 0.25
BUSY = 1.5
TOGETHER = 8  # decisions whose leaders are judged at once


@dataclass(frozen=True, kw_only=True)
class Seen:
    """What one decision reads of its window: the few it looks at, and who closed below a mean."""

    leaders: IntArray  # (c,) columns of the window
    asset_id: IntArray  # (c,)
    bars: Bars  # (k, c)
    found: Screen  # of the leaders; its reasons are of all assets
    close: FloatArray  # (m,)
    leave: BoolArray  # (m,)


class BreakoutParameters(Parameters):
    rebalance: Rebalance = Field(
        Rebalance.DAILY,
        title="Rebalance",
        description="Look for entries and exits on the last session of each of these periods. "
        "Stops and targets stand on every session.",
    )
    mom_window: Literal[21, 63, 126] = Field(
        63, title="Momentum window", description="Sessions over which leaders are told by return."
    )
    top_pct: float = Field(
        0.10,
        ge=0.01,
        le=0.5,
        title="Leaders",
        description="Share of the eligible assets, by that return, that is looked at.",
    )
    base: int = Field(
        21,
        ge=10,
        le=63,
        title="Base",
        description="Sessions of the range whose highest high is the pivot.",
    )
    max_range: float = Field(
        0.15,
        ge=0.03,
        le=0.5,
        title="Widest base",
        description="Largest range of the base, as a fraction of its high.",
    )
    rs_near: float = Field(
        0.95,
        ge=0.8,
        le=1.0,
        title="Relative strength",
        description="Or: least share of its highest in the base at which the price over the "
        "benchmark stands.",
    )
    adr_min: float = Field(
        0.03,
        ge=0.0,
        le=0.15,
        title="Daily range",
        description="Least mean of high over low, less one, of 20 sessions.",
    )
    vol_mult: float = Field(
        1.5,
        ge=1.0,
        le=5.0,
        title="Volume",
        description="Least volume of the breakout, in multiples of the mean of 50 sessions.",
    )
    entry_mode: Literal["next_open", "stop_order"] = Field(
        "next_open",
        title="Entry",
        description="Buy at the open after a close above the pivot, or by a buy stop at the pivot "
        "of a base that holds; the volume of that day is then not known and not asked for.",
    )
    max_gap_pct: float = Field(
        0.03,
        ge=0.0,
        le=0.2,
        title="Largest gap",
        description="Do not buy at an open further above the pivot than this fraction.",
    )
    atr_mult: float = Field(
        1.0,
        ge=0.5,
        le=3.0,
        title="Stop distance",
        description="Average true ranges between the entry and its stop, the day's low at most.",
    )
    trail: Literal["ema10", "ema20", "sma50"] = Field(
        "ema10", title="Trail", description="Sell at the open after a close below this mean."
    )
    partial_frac: float = Field(
        0.33, ge=0.0, le=0.9, title="Early sale", description="Share of the position sold early."
    )
    partial_days: int = Field(
        4,
        ge=1,
        le=20,
        title="Early sale after",
        description="Sessions after the entry's at whose open it is made, and the stop raised to "
        "the price paid.",
    )
    partial_r: float = Field(
        3.0,
        ge=1.0,
        le=10.0,
        title="Early sale at",
        description="Or profit at which it is made, in multiples of what was risked.",
    )
    risk_pct: float = Field(
        0.005,
        ge=0.001,
        le=0.02,
        title="Risk",
        description="Fraction of equity lost when the first stop is hit.",
    )
    max_position: float = Field(
        0.20, ge=0.02, le=0.5, title="Largest position", description="Fraction of equity."
    )
    max_positions: int = Field(
        10, ge=1, le=40, title="Positions", description="Most positions held at a time."
    )
    max_hold: int = Field(
        60,
        ge=5,
        le=252,
        title="Longest holding",
        description="Sessions after the entry's at whose open the rest is sold.",
    )
    min_notional: float = Field(
        1000.0,
        ge=0.0,
        le=1e5,
        title="Smallest position",
        description="Money, in the run's currency, below which nothing is bought.",
    )


@register
class Breakout(Strategy[BreakoutParameters]):
    """Buy leaders that break out of a tight range on volume; sell at stops and below a mean.

    Needs true highs, lows and volume, and a benchmark for relative strength: assets that lack them
    are passed over, and a run in which all do is refused. A practitioner's method, with evidence
    for its ingredients only; it trades often, so that costs and gaps decide, and a daily bar does
    not tell in which order its prices came: where it matters, the worse is assumed.
    """

    key: ClassVar = "breakout"
    name: ClassVar = "Breakout"
    family: ClassVar = "BREAKOUT"
    kind: ClassVar = "signals"
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
    requires: ClassVar = ("ohlc", "volume", "benchmark")
    history: ClassVar = ((HISTORY, {}),)
    parameters_type: ClassVar = BreakoutParameters

    @property
    def rules(self) -> Rules:
        """How its positions are made and run."""
        p = self.parameters
        return Rules(
            risk=p.risk_pct,
            max_position=p.max_position,
            max_positions=p.max_positions,
            min_notional=p.min_notional,
            partial=p.partial_frac,
            partial_after=p.partial_days,
            partial_at=p.partial_r,
            max_hold=p.max_hold,
        )

    def decide(self, window: Window, state: None) -> tuple[Decision, None]:
        """Return what to buy, best first, and what closed below its mean. Raises MissingData."""
        return self._decide([self._look(window)])[0], state

    def decide_together(
        self, panel: Panel, rows: IntArray, instants: IntArray, state: None
    ) -> tuple[list[Decision], None]:
        """Look at one window after the other; their leaders are then judged side by side."""
        asked = zip(rows[:TOGETHER].tolist(), instants[:TOGETHER].tolist(), strict=True)
        length = self.warmup + MAX_GAP
        windows = (panel.window(row, min(row + 1, length), instant) for row, instant in asked)
        return self._decide([self._look(window) for window in windows]), state

    def _look(self, window: Window) -> Seen:
        require_fields(window)
        own = own_rows(window, BARS)
        shares, found = shares_of(own), self._leaders(window, own)
        close, leaders = closes_of(own, shares), _several(found.passed)
        return Seen(
            leaders=leaders,
            asset_id=window.asset_id[leaders],
            bars=bars_of(own.of(leaders), np.take(shares, leaders, axis=1)),
            found=Screen(found.passed[leaders], found.reasons),
            close=close[-1],
            leave=above(MEANS[self.parameters.trail](close), close[-1]),
        )

    def _decide(self, seen: Sequence[Seen]) -> list[Decision]:
        bars = side_by_side([each.bars for each in seen])
        passed = np.concatenate([each.found.passed for each in seen])
        reasons = sum((Counter(each.found.reasons) for each in seen), Counter[str]())
        ready, pivot = self._setup(bars, Screen(passed, reasons))
        strength = self._strength(bars)
        ends = np.cumsum([len(each.leaders) for each in seen])
        made = []
        for each, place in zip(seen, np.split(np.arange(len(passed)), ends[:-1]), strict=True):
            best = rank(strength[place], each.asset_id, ready.passed[place])
            signals = self._signals(each, best, bars, pivot, place[best])
            made.append(Decision(nominal_weights(signals, each.close), signals=signals))
        made[0] = replace(made[0], reasons=Counter(ready.reasons))
        return made

    def _signals(
        self, seen: Seen, best: IntArray, bars: Bars, pivot: FloatArray, place: IntArray
    ) -> Signals:
        """Return the entries of the leaders `best`, which are at `place` of all (k, c) bars."""
        pivot = pivot[place]
        return Signals(
            asset=seen.leaders[best],
            trigger=pivot if self._rests else np.full_like(pivot, np.nan),
            limit=np.full_like(pivot, np.inf) if self._rests else self._limit(pivot),
            floor=bars.low[-1, place],
            distance=self.parameters.atr_mult * bars.ranges[-1, place],
            leave=seen.leave,
            rules=self.rules,
        )

    @property
    def _rests(self) -> bool:
        return self.parameters.entry_mode == "stop_order"

    def _limit(self, pivot: FloatArray) -> FloatArray:
        return pivot * (1.0 + self.parameters.max_gap_pct)

    def _leaders(self, window: Window, own: OwnRows) -> Screen:
        """Keep the few whose bars have to be looked at."""
        p = self.parameters
        found = screen(window, p, length=len(window.session), min_obs=BARS)
        found = found.without(have_range(own), "no_range")
        found = found.without(carry_volume(own), "no_volume")
        grown = growth(own, p.mom_window)
        return found.without(leads(grown, found.passed, top=p.top_pct), "not_leading")

    def _setup(self, bars: Bars, found: Screen) -> tuple[Screen, FloatArray]:
        """Keep those that rise and break out of a base, or rest below its high, with the highs."""
        p = self.parameters
        found = found.without(rises(bars), "no_trend")
        back = 0 if self._rests else 1
        tight = bars.spread(p.base, back=back) <= p.max_range
        strong = bars.strength(p.base) >= p.rs_near
        pivot = bars.pivot(p.base, back=back)
        found = found.without(tight | strong, "no_base")
        found = found.without(contracts(bars), "not_contracting")
        found = found.without(daily_range(bars) >= p.adr_min, "too_quiet")
        return found.without(self._triggers(bars, pivot), "not_triggered"), pivot

    def _triggers(self, bars: Bars, pivot: FloatArray) -> BoolArray:
        if self._rests:
            return np.isfinite(pivot)
        busy: BoolArray = bars.volume[-1] >= self.parameters.vol_mult * bars.usual_volume
        return above(bars.close[-1], pivot) & busy

    def _strength(self, bars: Bars) -> FloatArray:
        """Return what orders the entries, and nothing else."""
        grown = bars.level[-1] / bars.level[-1 - self.parameters.mom_window] - 1.0
        momentum = 0.2 * (grown > STRONG) + 0.1 * ((grown > GOOD) & ~(grown > STRONG))
        highest = 0.15 * (bars.strength(self.parameters.base) >= 1.0)
        busy = 0.15 * (bars.volume[-1] >= BUSY * bars.usual_volume)
        strength: FloatArray = quantise(0.5 + momentum + highest + busy)
        return strength


def _several(passed: BoolArray) -> IntArray:
    """Return the columns that passed; all of them where a single one would be left.

    The numbers of one column alone are added up in another order than those of several.
    """
    chosen = np.flatnonzero(passed)
    return chosen if len(chosen) > 1 else np.arange(len(passed))
