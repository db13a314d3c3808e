"""The volatility risk premium, traded."""

from collections import Counter
from dataclasses import dataclass
from typing import ClassVar, Final, Literal, Self, TypeAlias

import numpy as np
from pydantic import Field, model_validator

from engine.assets import position_of
from engine.eligibility import least_bars, screen
from engine.panel import Window
from engine.returns import log_returns
from engine.schedule import Rebalance
from engine.strategies.base import Decision, Parameters, Strategy, register
from engine.types import FloatArray
from engine.volatility import percentile_of_last, realised_volatility

YEAR: Final = 252  # values of the volatility index among which today's is ranked
MONTH: Final = 21
ALARM: Final = 0.95  # rank of the volatility index above which the market is under stress

NOT_HELD: Final = frozenset({"VIX", "^VIX"})

Vehicle: TypeAlias = Literal["index_overlay", "short_vol_etp", "long_vol_etp"]
HARVEST, NEUTRAL, HEDGE = "harvest", "neutral", "hedge"
# What the state was, and the day on which it began.
State: TypeAlias = tuple[str, int]


class VrpParameters(Parameters):
    rebalance: Rebalance = Field(
        Rebalance.DAILY,
        title="Rebalance",
        description="Decide on the last session of each of these periods.",
    )
    index: tuple[str, ...] = Field(
        ("^GSPC",),
        min_length=1,
        max_length=1,
        title="Index",
        description="Symbol of the equity index the volatility indices speak of.",
    )
    vehicle: Vehicle = Field(
        "index_overlay",
        title="Vehicle",
        description="Scale the exposure to the index, sell volatility while it is dear, "
        "or buy it under stress.",
    )
    etp: tuple[str, ...] = Field(
        (),
        max_length=1,
        title="Volatility product",
        description="Symbol of the exchange-traded volatility product that is held; "
        "the index itself needs none.",
    )
    ts_contango: float = Field(
        0.95,
        ge=0.8,
        le=1.0,
        title="Contango",
        description="Harvest only while one-month over three-month volatility is below this.",
    )
    ts_stress: float = Field(
        1.05,
        ge=1.0,
        le=1.3,
        title="Stress",
        description="Hedge when one-month over three-month volatility is above this.",
    )
    pct_hi: float = Field(
        0.7,
        ge=0.3,
        le=0.95,
        title="Highest rank",
        description="Harvest only while the volatility index ranks below this in its last year.",
    )
    alloc: float = Field(
        0.15,
        ge=0.0,
        le=0.5,
        title="Share while harvesting",
        description="Share of equity in a product that is short volatility.",
    )
    hedge_alloc: float = Field(
        0.0,
        ge=0.0,
        le=0.2,
        title="Share while hedging",
        description="Share of equity in a product that is long volatility.",
    )
    hi: float = Field(
        1.0, ge=0.0, le=1.0, title="High exposure", description="To the index while harvesting."
    )
    mid: float = Field(
        0.7, ge=0.0, le=1.0, title="Middle exposure", description="To the index in between."
    )
    lo: float = Field(
        0.3, ge=0.0, le=1.0, title="Low exposure", description="To the index under stress."
    )
    min_days_in_state: int = Field(
        3,
        ge=1,
        le=21,
        title="Least sessions in a state",
        description="Sessions a state lasts at least, whatever the indices do.",
    )

    @model_validator(mode="after")
    def _check_instruments(self) -> Self:
        if self.vehicle != "index_overlay" and not self.etp:
            raise ValueError(f"vehicle {self.vehicle} was given no etp; name the product it holds")
        for name, symbols in (("index", self.index), ("etp", self.etp)):
            for symbol in NOT_HELD.intersection(symbols):
                raise ValueError(f"{name} named {symbol}, which nobody can hold; name a product")
        return self


@dataclass(frozen=True)
class Premium:
    """What options cost over what the market did, as one decision measures it. Per cent."""

    expected: float  # the volatility index
    realised: float
    percentile: float  # of the volatility index in its last year
    term_ratio: float
    average: float  # of the volatility index over a month

    @property
    def in_volatility(self) -> float:
        return self.expected - self.realised

    @property
    def in_variance(self) -> float:
        return self.expected**2 - self.realised**2


@register
class Vrp(Strategy[VrpParameters]):
    """Take the premium of option sellers while volatility is calm and dear; stand back in stress.

    Needs an equity index, its volatility index and the three-month one, which begins late in the
    2000s: before that there is no decision. The premium is pay for crashes, so its losses come
    at once and together with those of shares: one product short of volatility lost 96 % in a day
    in February 2018, and another halved its exposure by notice the same month. An account that
    decides at the Sydney close sees the volatility of the day before.
    """

    key: ClassVar = "vrp"
    name: ClassVar = "Volatility risk premium"
    family: ClassVar = "VOLATILITY"
    references: ClassVar = (
        (
            "Bollerslev, T., Tauchen, G. & Zhou, H. (2009). Expected Stock Returns and Variance "
            "Risk Premia. Review of Financial Studies, 22(11)."
        ),
        "Carr, P. & Wu, L. (2009). Variance Risk Premiums. Review of Financial Studies, 22(3).",
        (
            "Simon, D. & Campasano, J. (2014). The VIX Futures Basis: Evidence and Trading "
            "Strategies. Journal of Derivatives, 21(3)."
        ),
    )
    requires: ClassVar = ("adjusted_close", "VIX", "VIX3M")
    panels: ClassVar = (("VIX", {}), ("VIX3M", {}))
    history: ClassVar = ((YEAR, {}),)
    parameters_type: ClassVar = VrpParameters

    def decide(self, window: Window, state: State | None) -> tuple[Decision | None, State | None]:
        """Return the exposure of the state; the state is its name and the day it began.

        No decision while the premium is undefined: where a volatility index is not known, or the
        index had too few sessions.
        """
        p = self.parameters
        index = held = position_of(window.symbols, "index", p.index[0])
        if p.vehicle != "index_overlay":
            held = position_of(window.symbols, "etp", p.etp[0])
        premium = measure(window, index)
        if premium is None:
            return None, state
        state = self._next(premium, window, state)
        found = screen(window, p, length=YEAR, min_obs=least_bars(YEAR))
        weights = np.zeros(len(window.symbols))
        if found.passed[held]:
            weights[held] = self._exposure(state[0])
        reasons = Counter(found.reasons)
        return Decision(weights, reasons, diagnostics=_shown(premium, state)), state

    def _next(self, premium: Premium, window: Window, state: State | None) -> State:
        label = self._label(premium)
        today = int(window.session[-1])
        if state is None:
            return label, today
        lasted = np.count_nonzero(window.session > state[1])
        changes = label != state[0] and lasted >= self.parameters.min_days_in_state
        return (label, today) if changes else state

    def _label(self, premium: Premium) -> str:
        p = self.parameters
        if premium.term_ratio > p.ts_stress or premium.percentile > ALARM:
            return HEDGE
        calm = premium.percentile < p.pct_hi and premium.term_ratio < p.ts_contango
        falling = premium.expected < premium.average
        return HARVEST if premium.in_volatility > 0.0 and calm and falling else NEUTRAL

    def _exposure(self, label: str) -> float:
        p = self.parameters
        by_vehicle = {
            "index_overlay": {HARVEST: p.hi, NEUTRAL: p.mid, HEDGE: p.lo},
            "short_vol_etp": {HARVEST: p.alloc},
            "long_vol_etp": {HEDGE: p.hedge_alloc},
        }
        return by_vehicle[p.vehicle].get(label, 0.0)


def measure(window: Window, index: int) -> Premium | None:
    """Measure the premium at the decision; None where it is undefined.

    The volatility indices are annual per cent, as published. The index's returns ignore dividends
    and splits, as option sellers do.
    """
    near = _known(window, "VIX")
    far = window.extra["VIX3M"].on(window.session[-1:])[0, 0]
    level = (window.close * np.cumprod(window.split, axis=0))[:, [index]]
    moves = log_returns(level)[:, 0]
    moves = moves[np.isfinite(moves)][-MONTH:]
    enough = len(near) >= least_bars(YEAR) and len(moves) == MONTH
    if not enough or not np.isfinite(far):
        return None
    return Premium(
        expected=float(near[-1]),
        realised=realised_volatility(moves),
        percentile=percentile_of_last(near),
        term_ratio=float(near[-1] / far),
        average=float(near[-MONTH:].mean()),
    )


def _known(window: Window, name: str) -> FloatArray:
    """Return the published values of the last year; empty where today's is not known."""
    values = window.extra[name].on(window.session[-YEAR:])[:, 0]
    known: FloatArray = values[np.isfinite(values)]
    return known if np.isfinite(values[-1]) else known[:0]


def _shown(premium: Premium, state: State) -> dict[str, dict[str, float | str]]:
    shown: dict[str, float | str] = {
        "state": state[0],
        "vix": premium.expected,
        "realised_volatility": premium.realised,
        "premium_in_volatility": premium.in_volatility,
        "premium_in_variance": premium.in_variance,
        "percentile": premium.percentile,
        "term_ratio": premium.term_ratio,
    }
    return {"vrp": shown}
