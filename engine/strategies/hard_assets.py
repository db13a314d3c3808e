"""Bitcoin, gold and silver, each held while its own rule says so."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import ClassVar, Final, Self

import numpy as np
from pydantic import Field, model_validator

from engine import sleeves
from engine.assets import position_of
from engine.constraints import project
from engine.eligibility import least_bars, screen
from engine.panel import Window
from engine.returns import carry_forward, trailing_return
from engine.schedule import Rebalance
from engine.strategies.base import Decision, Parameters, Strategy, register
from engine.types import BoolArray, FloatArray, IntArray
from engine.weighting import (
    COVARIANCE_SESSIONS,
    VOLATILITY_SESSIONS,
    hierarchical,
    inverse_volatility,
)
from engine.window_rows import rows_of

MINIMUM_HOLD: Final = 5  # sessions bitcoin is kept once bought
LENGTH: Final = sleeves.YEAR + 1  # rows whose returns span a year
DAYS: Final = 370  # rows of bitcoin alone that hold so many sessions of a share market
FRIDAY: Final = 4


class HardAssetsParameters(Parameters):
    ordered: ClassVar = (("wmin", "wmax"),)

    rebalance: Rebalance = Field(
        Rebalance.DAILY,
        title="Rebalance",
        description="Sessions on which signals and drift are looked at.",
    )
    btc: tuple[str, ...] = Field(
        ("BTC-USD",),
        max_length=1,
        title="Bitcoin",
        description="Symbol of the run that stands for bitcoin. Empty: it is never held.",
    )
    gold: tuple[str, ...] = Field(
        ("GLD",),
        max_length=1,
        title="Gold",
        description="Symbol of the run that stands for gold. Empty: it is never held.",
    )
    silver: tuple[str, ...] = Field(
        ("SLV",),
        max_length=1,
        title="Silver",
        description="Symbol of the run that stands for silver. Empty: it is never held. It needs "
        "gold, by whose price it is judged.",
    )
    btc_thr: float = Field(
        0.5,
        ge=0.1,
        le=2.0,
        title="Bitcoin threshold",
        description="Buy bitcoin when its 21-session return over its annual volatility is above "
        "this; sell below half of it.",
    )
    vix_thr: float = Field(
        20.0,
        ge=12.0,
        le=40.0,
        title="VIX threshold",
        description="Hold gold while the VIX is above this, whatever the real yield.",
    )
    gsr_z: float = Field(
        0.5,
        ge=0.0,
        le=3.0,
        title="Gold over silver",
        description="Hold silver when the gold/silver price ratio is this many standard deviations "
        "above its mean of 252 sessions and silver has risen over 63.",
    )
    wmin: float = Field(
        0.05,
        ge=0.0,
        le=0.33,
        title="Smallest weight",
        description="No asset that is held has less than this share.",
    )
    wmax: float = Field(
        0.40,
        gt=0.0,
        le=1.0,
        title="Largest weight",
        description="No asset has more than this share; what finds no room stays in cash.",
    )
    drift: float = Field(
        0.05,
        ge=0.01,
        le=0.2,
        title="Drift",
        description="Between the first sessions of two months, trade only when a weight lies this "
        "far from its target.",
    )

    @model_validator(mode="after")
    def _check_symbols(self) -> Self:
        named = (*self.btc, *self.gold, *self.silver)
        if len(set(named)) < len(named):
            raise ValueError(f"btc, gold and silver were {', '.join(named)}; name each once")
        if self.silver and not self.gold:
            raise ValueError("silver is judged by the price of gold; name gold too")
        return self


@dataclass(frozen=True, kw_only=True)
class Held:
    """What the last trade aimed at, and since when bitcoin is or is not wanted."""

    month: int  # months since 1970-01
    weights: tuple[float, ...]  # of bitcoin, gold, silver
    levels: tuple[float, ...]
    wants_btc: bool
    since: int  # day of that change


def _sampled(window: Window, places: IntArray) -> Window:
    """Return the window of the sessions on which gold's market closed, of weekdays without gold.

    A run of bitcoin alone has every day. Only its value at the decision counts, so that a weekend's
    move appears in the next session and 252 sessions are a year of each of the three.
    """
    gold = int(places[1])
    weekday = (window.session + 3) % 7  # 1970-01-01 was a Thursday
    closed = window.due[:, gold] if gold >= 0 else weekday <= FRIDAY
    return rows_of(window, closed) if not closed.all() and closed.any() else window


@register
class HardAssets(Strategy[HardAssetsParameters]):
    """Hold bitcoin on momentum, gold on low real yields or fear, silver when cheap and rising.

    Needs closes of the three, the VIX and, for gold, the 10-year real yield; without the yield gold
    is held above its 200-session mean, and the run is flagged. Bitcoin's history is one
    long rise with three deep falls, so its rule is fitted to little; at the sessions of a share
    market its weekend appears as one jump. Costs beyond the cost model's: 10 basis points of
    slippage on bitcoin, 30 on metals.
    """

    key: ClassVar = "hard_assets"
    name: ClassVar = "Hard assets"
    family: ClassVar = "HARD_ASSETS"
    references: ClassVar = (
        (
            "Liu, Y. & Tsyvinski, A. (2021). Risks and Returns of Cryptocurrency. Review of "
            "Financial Studies, 34(6)."
        ),
        "Erb, C. & Harvey, C. (2013). The Golden Dilemma. Financial Analysts Journal, 69(4).",
        (
            "Baur, D. & Lucey, B. (2010). Is Gold a Hedge or a Safe Haven? An Analysis of Stocks, "
            "Bonds and Gold. Financial Review, 45(2)."
        ),
    )
    requires: ClassVar = ("adjusted_close", "VIX", "US10Y_REAL")
    panels: ClassVar = (("VIX", {}),)
    optional: ClassVar = ("US10Y_REAL",)  # it has a substitute, which is flagged
    history: ClassVar = ((DAYS, {}),)
    parameters_type: ClassVar = HardAssetsParameters

    def extra_slippage(self) -> Mapping[str, float]:
        p = self.parameters
        return dict.fromkeys(p.btc, 10.0) | dict.fromkeys((*p.gold, *p.silver), 30.0)

    def decide(self, window: Window, state: Held | None) -> tuple[Decision | None, Held]:
        places = self._places(window)
        window = _sampled(window, places)
        # A column of NaN stands for what is not named: no rule on it ever holds.
        levels = np.column_stack([window.total_return, np.full(len(window.session), np.nan)])
        levels = levels[:, places]
        btc, since = self._bitcoin(window, levels[:, 0], state)
        gold, flags = self._gold(window, levels[:, 1])
        found = screen(window, self.parameters, length=LENGTH, min_obs=least_bars(sleeves.YEAR))
        wanted = np.array([btc, gold, self._silver(levels[:, 1], levels[:, 2])]) & (places >= 0)
        target = self._target(window, found.passed, places[wanted])
        aimed = np.where(places >= 0, np.append(target, 0.0)[places], 0.0)
        last = carry_forward(levels)[-1]
        month = int(window.session[-1].astype("datetime64[D]").astype("datetime64[M]").astype(int))
        if state is not None and month == state.month and not self._drifted(state, aimed, last):
            return None, replace(state, wants_btc=btc, since=since)
        held = Held(
            month=month,
            weights=tuple(aimed.tolist()),
            levels=tuple(last.tolist()),
            wants_btc=btc,
            since=since,
        )
        return Decision(target, Counter(found.reasons), flags), held

    def _places(self, window: Window) -> IntArray:
        """Return the columns of bitcoin, gold and silver, -1 for one that is not named."""
        p = self.parameters
        named = {"btc": p.btc, "gold": p.gold, "silver": p.silver}
        found = [
            position_of(window.symbols, name, symbols[0]) if symbols else -1
            for name, symbols in named.items()
        ]
        return np.array(found, np.int64)

    def _bitcoin(self, window: Window, level: FloatArray, state: Held | None) -> tuple[bool, int]:
        """Return whether bitcoin is wanted, and the day since when it is or is not."""
        p, today = self.parameters, int(window.session[-1])
        score = sleeves.momentum_per_risk(level)
        if state is None or not state.wants_btc:
            wanted = score > p.btc_thr
        else:
            held = int(np.count_nonzero(window.session > state.since))
            wanted = held < MINIMUM_HOLD or score >= p.btc_thr / 2.0
        changed = state is None or state.wants_btc != wanted
        return wanted, today if changed or state is None else state.since

    def _gold(self, window: Window, level: FloatArray) -> tuple[bool, tuple[str, ...]]:
        """Return whether gold is wanted, and the flag of a rule that stands in for another."""
        p, recent = self.parameters, window.session[-sleeves.YEAR :]
        feared = bool(window.extra["VIX"].on(recent)[-1, 0] > p.vix_thr)
        yields = window.extra.get("US10Y_REAL")
        cheap = None if yields is None else sleeves.below_mean(yields.on(recent)[:, 0])
        if cheap is not None:
            return feared or cheap, ()
        return feared or sleeves.above_trend(level), ("real_yield_missing",)

    def _silver(self, gold: FloatArray, silver: FloatArray) -> bool:
        ratio = (gold / silver)[-LENGTH:]
        risen = trailing_return(silver[:, None], lookback=VOLATILITY_SESSIONS, skip=0)[0] > 0.0
        z = sleeves.z_score(ratio[:-1], float(ratio[-1]))
        return bool(risen and z > self.parameters.gsr_z)

    def _target(self, window: Window, passed: BoolArray, wanted: IntArray) -> FloatArray:
        """Return the weights (m,) of those wanted that may be considered, within the box."""
        p, weights = self.parameters, np.zeros(len(window.symbols))
        active = wanted[passed[wanted]]
        if len(active) > 2:
            found = hierarchical(window, active, lookback=COVARIANCE_SESSIONS, linkage="ward")
        else:
            found = inverse_volatility(window, active, lookback=VOLATILITY_SESSIONS)
        total = min(1.0, p.wmax * np.count_nonzero(found.weights))
        weights[found.chosen] = project(found.weights, lower=p.wmin, upper=p.wmax, total=total)
        return weights

    def _drifted(self, state: Held, target: FloatArray, level: FloatArray) -> bool:
        """Tell whether what was bought has moved further than `drift` from today's target."""
        weights = np.array(state.weights)
        value = np.where(weights > 0.0, weights * level / np.array(state.levels), 0.0)
        equity = 1.0 - weights.sum() + value.sum()
        return bool((np.abs(value / equity - target) > self.parameters.drift).any())
