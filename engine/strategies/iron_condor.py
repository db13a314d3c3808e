"""Iron condors on an index, at modelled prices."""

from typing import ClassVar, Final

import numpy as np
from pydantic import Field

from engine.assets import position_of
from engine.option_assumptions import MODELLED, Modelled, OptionAssumptions
from engine.option_positions import Exits, Leg, Structure
from engine.option_surface import PER_CENT, TICK, Market, known_market, nearest_expiry, years_to
from engine.panel import Window
from engine.strategies.base import Decision, Kind, Parameters, Strategy, register
from engine.types import FloatArray

# From the lowest strike to the highest: right, and whether the leg is bought.
LEGS: Final = ((False, 1), (False, -1), (True, -1), (True, 1))


class IronCondorParameters(Parameters, OptionAssumptions):
    ordered: ClassVar = (
        ("wing_delta", "short_delta"),
        ("exit_dte", "dte"),
        ("vix_lo", "vix_hi"),
    )

    short_delta: float = Field(
        0.16,
        ge=0.05,
        le=0.35,
        title="Delta sold",
        description="Size of the delta at which a put and a call are sold.",
    )
    wing_delta: float = Field(
        0.05,
        ge=0.01,
        le=0.15,
        title="Delta bought",
        description="Size of the delta at which a put and a call are bought against them.",
    )
    dte: int = Field(
        45,
        ge=20,
        le=90,
        title="Days to expiry",
        description="The monthly expiry nearest to so many days is taken.",
    )
    take: float = Field(
        0.5,
        ge=0.1,
        le=0.9,
        title="Profit taken",
        description="Close when this share of the credit is earned.",
    )
    stop: float = Field(
        2.0,
        ge=1.0,
        le=4.0,
        title="Loss cut",
        description="Close when this multiple of the credit is lost.",
    )
    exit_dte: int = Field(
        14,
        ge=0,
        le=30,
        title="Days left at the exit",
        description="Close when so many days are left to expiry.",
    )
    vix_lo: float = Field(
        12.0,
        ge=0.0,
        le=100.0,
        title="Lowest volatility",
        description="Enter only where the volatility index is at least this.",
    )
    vix_hi: float = Field(
        35.0,
        ge=5.0,
        le=150.0,
        title="Highest volatility",
        description="Enter only where the volatility index is at most this.",
    )
    risk_pct: float = Field(
        0.02,
        ge=0.002,
        le=0.1,
        title="Risk",
        description="Share of equity that a condor may lose at most.",
    )
    strike_step: float = Field(
        5.0,
        gt=0.0,
        le=100.0,
        title="Strike step",
        description="Strikes are rounded to multiples of this, in the index's currency.",
    )


@register
class IronCondor(Modelled, Strategy[IronCondorParameters]):
    """Sell a put and a call out of the money each month, bounded by a wing bought on either side.

    Needs an index and its one- and three-month volatility indices. Prices are modelled: the level
    of volatility follows the indices, the smile is assumed, and the result hangs on it, so every
    run is made at three slopes. Margin is the largest loss, held in cash. It earns small
    amounts often and gives back many of them in a week; a gap passes its stop.
    """

    key: ClassVar = "iron_condor"
    name: ClassVar = "Iron condor"
    family: ClassVar = "VOLATILITY"
    references: ClassVar = (
        (
            "Black, F. & Scholes, M. (1973). The Pricing of Options and Corporate Liabilities. "
            "Journal of Political Economy, 81(3)."
        ),
        "Coval, J. & Shumway, T. (2001). Expected Option Returns. Journal of Finance, 56(3).",
    )
    kind: ClassVar[Kind] = "options"
    requires: ClassVar = ("adjusted_close", "VIX", "VIX3M")
    panels: ClassVar = (("VIX", {}), ("VIX3M", {}))
    parameters_type: ClassVar = IronCondorParameters

    def decide(self, window: Window, state: None) -> tuple[Decision | None, None]:
        """Return the condor to open, beside nothing but cash; no decision before both indices."""
        asset = position_of(window.symbols, "index", self.index)
        market = known_market(window, asset)
        if not np.isfinite([market.near, market.far]).all():
            return None, state
        found = self._condor(market, asset, int(window.session[-1]))
        nothing = np.zeros(len(window.symbols))
        if isinstance(found, str):
            return Decision(nothing, {found: 1}, flags=(MODELLED,)), state
        return Decision(nothing, flags=(MODELLED,), opens=found), state

    def _condor(self, market: Market, asset: int, today: int) -> Structure | str:
        """Return the structure of these prices, or the reason why there is none."""
        p = self.parameters
        if not np.isfinite(market.spot):
            return "no_bar"
        if not p.vix_lo * PER_CENT <= market.near <= p.vix_hi * PER_CENT:
            return "volatility_out_of_range"
        if not market.near < market.far:
            return "term_structure_inverted"
        expiry = nearest_expiry(today, p.dte)
        years = float(years_to(expiry, today))
        strikes = self._strikes(market, years)
        if strikes is None:
            return "no_strike"
        calls = np.array([call for call, _ in LEGS])
        sides = np.array([side for _, side in LEGS])
        middle, half_spread = self.surface.price(market, calls, strikes, years)
        credit = -float(sides @ np.maximum(middle + sides * half_spread, 0.0))
        if not (middle >= TICK).all():
            return "below_tick"
        width = float(max(strikes[1] - strikes[0], strikes[3] - strikes[2]))
        if not 0.0 < credit < width:
            return "no_credit"
        return Structure(
            asset=asset,
            expiry=expiry,
            legs=tuple(
                Leg(call, float(strike), side)
                for (call, side), strike in zip(LEGS, strikes, strict=True)
            ),
            width=width,
            risk=width - credit,
            budget=p.risk_pct,
            surface=self.surface,
            contract_fee=p.contract_fee,
            exits=Exits(days=p.exit_dte, stop=p.stop, take=p.take),
        )

    def _strikes(self, market: Market, years: float) -> FloatArray | None:
        """Return the four strikes, ascending; None where a delta has none or two are one."""
        p = self.parameters
        deltas = (p.wing_delta, p.short_delta, p.short_delta, p.wing_delta)
        found = [
            self.surface.strike(market, call, delta, years)
            for (call, _), delta in zip(LEGS, deltas, strict=True)
        ]
        if None in found:
            return None
        strikes = p.strike_step * np.round(np.array(found, np.float64) / p.strike_step)
        return strikes if strikes[0] > 0.0 and (np.diff(strikes) > 0.0).all() else None
