"""Another strategy, insured by puts on an index at modelled prices."""

from collections import Counter
from dataclasses import dataclass, replace
from typing import Any, ClassVar, Final

import numpy as np
from pydantic import Field

from engine.assets import position_of
from engine.option_assumptions import MODELLED, Modelled, OptionAssumptions
from engine.option_positions import Exits, Leg, Structure
from engine.option_surface import TICK, Market, known_market, nearest_expiry, years_to
from engine.panel import Window
from engine.returns import carry_forward
from engine.strategies.base import Decision, Kind, register
from engine.strategies.wrapping import Wrapper, WrappingParameters
from engine.types import FloatArray

MONTHS: Final = 12


@dataclass(frozen=True)
class State:
    """What the last decision left behind."""

    primary: Any  # the primary's own state
    month: int  # for which the budget was last spent
    paid: int  # month in which cash was last set aside for it
    weights: FloatArray  # (m,) of the primary, when it last decided or cash was set aside
    level: FloatArray  # (m,) total return then


class TailHedgeParameters(WrappingParameters, OptionAssumptions):
    ordered: ClassVar = (("roll_dte", "dte"),)

    budget: float = Field(
        0.005,
        ge=0.0,
        le=0.03,
        title="Budget",
        description="Share of equity a year that is spent on puts, a twelfth of it each month.",
    )
    moneyness: float = Field(
        0.8,
        ge=0.6,
        le=0.97,
        title="Moneyness",
        description="Strike of the puts over the level of the index.",
    )
    dte: int = Field(
        90,
        ge=30,
        le=365,
        title="Days to expiry",
        description="The monthly expiry nearest to so many days is taken.",
    )
    roll_dte: int = Field(
        30,
        ge=0,
        le=180,
        title="Days left at the roll",
        description="Sell a put when so many days are left to its expiry.",
    )
    monetise: float = Field(
        8.0,
        ge=2.0,
        le=50.0,
        title="Monetise",
        description="Sell half of a purchase when it is worth this multiple of its cost.",
    )


@register
class TailHedge(Modelled, Wrapper[TailHedgeParameters]):
    """Hold another strategy, and spend a fixed budget on puts far out of the money.

    Needs what its primary needs, an index among the assets of the run, and its one- and three-month
    volatility indices. Prices are modelled, and those of far strikes hang on the assumed smile most
    of all, so every run is made at three slopes. The primary trades what a year's budget leaves;
    what a month's budget cannot buy whole is saved. Insurance that is paid for every month costs
    more than it returns in most decades, and a slow fall never reaches its strike.
    """

    key: ClassVar = "tail_hedge"
    name: ClassVar = "Tail hedge"
    family: ClassVar = "VOLATILITY"
    references: ClassVar = (
        "Coval, J. & Shumway, T. (2001). Expected Option Returns. Journal of Finance, 56(3).",
        "Israelov, R. (2017). Pathetic Protection: The Elusive Benefits of Protective Puts. AQR.",
    )
    kind: ClassVar[Kind] = "options"
    requires: ClassVar = ("adjusted_close", "VIX", "VIX3M")
    panels: ClassVar = (("VIX", {}), ("VIX3M", {}))
    history: ClassVar = ((0, {}),)
    parameters_type: ClassVar = TailHedgeParameters

    def decide(self, window: Window, state: State | None) -> tuple[Decision | None, State | None]:
        """Return the primary's decision on what the budget leaves, and the puts of the month.

        Where the primary leaves its holdings alone, so does this, but once a year it sells a little
        of all of them to pay for the next year's puts.
        """
        decision, after = self.primary.decide(
            self.seen_by_primary(window), None if state is None else state.primary
        )
        today = int(window.session[-1])
        month = int(np.datetime64(today, "D").astype("datetime64[M]").astype(np.int64))
        level = carry_forward(window.total_return)[-1]
        if decision is not None:
            paid, weights = month, decision.weights
        elif state is None:
            return None, None
        else:
            pays = month - state.paid >= MONTHS
            paid, weights = month if pays else state.paid, _drifted(state, level)
            # Of what left the universe nothing is sold for it either.
            stays = window.member & np.isfinite(level)
            decision = Decision(np.where(stays, weights, 0.0), keep=~(stays & pays))
        asset = position_of(window.symbols, "index", self.index)
        months = 1 if state is None else min(month - state.month, MONTHS)
        found = self._puts(known_market(window, asset), asset, today, months)
        return self._insured(decision, found), State(after, month, paid, weights, level)

    def _insured(self, decision: Decision, found: Structure | str | None) -> Decision:
        left = 1.0 - self.parameters.budget
        signals = decision.signals
        missing = {found: 1} if isinstance(found, str) else {}
        flags = (MODELLED, "hedge_missing") if missing else (MODELLED,)
        return replace(
            decision,
            weights=decision.weights * left,
            signals=None if signals is None else replace(signals, scale=signals.scale * left),
            reasons=Counter(decision.reasons) + Counter(missing),
            flags=(*decision.flags, *flags),
            opens=None if isinstance(found, str) else found,
        )

    def _puts(self, market: Market, asset: int, today: int, months: int) -> Structure | str | None:
        """Return what to buy, the reason why nothing can be, or None where nothing is due."""
        p = self.parameters
        if months < 1 or p.budget == 0.0:
            return None
        if not market.known:
            return "volatility_unknown"
        expiry = nearest_expiry(today, p.dte)
        strike = p.moneyness * float(market.spot)
        years = float(years_to(expiry, today))
        middle, half_spread = self.surface.price(market, False, strike, years)
        if not middle >= TICK:
            return "below_tick"
        return Structure(
            asset=asset,
            expiry=expiry,
            legs=(Leg(False, strike, 1),),
            width=0.0,
            risk=float(middle + half_spread),
            budget=p.budget * months / MONTHS,
            surface=self.surface,
            contract_fee=p.contract_fee,
            exits=Exits(days=p.roll_dte, monetise=p.monetise),
            saves=True,
        )


def _drifted(state: State, level: FloatArray) -> FloatArray:
    """Return what the primary's weights have become by the moves of their assets."""
    grown = level / state.level
    worth = state.weights * np.where(np.isfinite(grown), grown, 1.0)
    drifted: FloatArray = worth / (worth.sum() + 1.0 - state.weights.sum())
    return drifted
