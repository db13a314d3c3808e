"""The proxy surface on which a run prices options, and the dates on which they expire."""

from dataclasses import dataclass
from typing import Any, Final

import numpy as np

from engine.options import (
    DAYS_PER_YEAR,
    Smile,
    atm_volatility,
    forward_price,
    option_price,
    option_vega,
    strike_at_delta,
)
from engine.panel import Panel, Window
from engine.types import SESSIONS_PER_YEAR, BoolArray, FloatArray, IntArray

NEAR_INDEX: Final = "VIX"
FAR_INDEX: Final = "VIX3M"
PER_CENT: Final = 0.01
TICK: Final = 0.01  # least price at which an option trades, in the index's currency
LEAST_HALF_SPREAD: Final = 0.05  # half of what bid and ask are apart at least
FRIDAY: Final = 4
WEEK: Final = 7


@dataclass(frozen=True, kw_only=True)
class Market:
    """What options are priced from, one value per session; NaN unknown."""

    spot: FloatArray  # the index, its own currency
    near: FloatArray  # volatility to 30 days, decimal
    far: FloatArray  # to 93 days
    rate: FloatArray  # continuously compounded, a year

    def at(self, rows: int | slice) -> "Market":
        return Market(
            spot=self.spot[rows], near=self.near[rows], far=self.far[rows], rate=self.rate[rows]
        )

    def by_row(self) -> "Market":
        """Return it with an axis for legs behind that of sessions."""
        return Market(
            spot=self.spot[:, None],
            near=self.near[:, None],
            far=self.far[:, None],
            rate=self.rate[:, None],
        )

    @property
    def known(self) -> BoolArray:
        """Tell whether everything a price needs is known."""
        return np.isfinite(self.spot) & np.isfinite(self.near) & np.isfinite(self.far)


@dataclass(frozen=True, kw_only=True)
class Surface:
    """Assumptions that turn two volatility indices into a volatility for every strike and date."""

    atm_ratio: float  # at-the-money volatility over the index, which averages over strikes
    skew: float
    curvature: float
    dividend_yield: float  # of the index, continuously compounded, a year
    half_spread_vol: float  # half of bid to ask, in volatility

    def smile(self, market: Market, years: FloatArray | float) -> Smile:
        atm = self.atm_ratio * atm_volatility(market.near, market.far, years)
        return Smile(atm, self.skew, self.curvature)

    def price(
        self,
        market: Market,
        calls: BoolArray | bool,
        strike: FloatArray | float,
        years: FloatArray | float,
    ) -> tuple[FloatArray, FloatArray]:
        """Return the middle price of options and half of their spread, per unit of the index."""
        carry: dict[str, Any] = {"rate": market.rate, "dividend_yield": self.dividend_yield}
        forward = forward_price(market.spot, years, **carry)
        terms = carry | {"volatility": self.smile(market, years).volatility(strike, forward, years)}
        middle = option_price(calls, market.spot, strike, years, **terms)
        vega = option_vega(market.spot, strike, years, **terms)
        return middle, np.maximum(self.half_spread_vol * vega, LEAST_HALF_SPREAD)

    def strike(self, market: Market, call: bool, delta: float, years: float) -> float | None:
        """Return the strike of the delta's size on one session; None where none reaches it."""
        return strike_at_delta(
            call,
            delta,
            float(market.spot),
            years,
            rate=float(market.rate),
            dividend_yield=self.dividend_yield,
            smile=self.smile(market, years),
        )


def market_of(panel: Panel, asset: int) -> Market:
    """Return what options on `asset` are priced from, session by session of `panel`."""
    near, far = (
        panel.extra[name].on(panel.session)[:, 0] * PER_CENT for name in (NEAR_INDEX, FAR_INDEX)
    )
    return Market(spot=panel.close[:, asset], near=near, far=far, rate=_continuous(panel.rf))


def known_market(window: Window, asset: int) -> Market:
    """Return what a decision knows of it: the close of the asset's last session, both indices."""
    last = np.flatnonzero(window.due[:, asset])[-1:]
    spot = window.close[last, asset]
    near, far = (
        window.extra[name].on(window.session[-1:])[:, 0] * PER_CENT
        for name in (NEAR_INDEX, FAR_INDEX)
    )
    return Market(
        spot=spot if len(spot) else np.full(1, np.nan),
        near=near,
        far=far,
        rate=_continuous(window.rf[-1:]),
    ).at(0)


def _continuous(rf: FloatArray) -> FloatArray:
    """Return the yearly rate of simple rates per session; 0 where unknown, which a run flags."""
    return np.where(np.isnan(rf), 0.0, np.log1p(rf) * SESSIONS_PER_YEAR)


def years_to(expiry: int, session: IntArray | int) -> FloatArray:
    return np.asarray((expiry - np.asarray(session)) / DAYS_PER_YEAR)


def nearest_expiry(day: int, days_to_expiry: int) -> int:
    """Return the monthly expiry nearest to so many days after `day`, the earlier of two as near.

    Days since 1970-01-01. Index options expire on the third Friday of each month; where that is
    no session they settle on the next.
    """
    wanted = day + days_to_expiry
    month = np.datetime64(wanted, "D").astype("datetime64[M]")
    fridays = [_third_friday(month + shift) for shift in (-1, 0, 1)]
    ahead = [friday for friday in fridays if friday > day]
    return min(ahead, key=lambda friday: abs(friday - wanted))


def _third_friday(month: "np.datetime64") -> int:
    first = int(month.astype("datetime64[D]").astype(np.int64))
    weekday = (first + 3) % WEEK  # 1970-01-01 was a Thursday; Monday is 0
    return first + (FRIDAY - weekday) % WEEK + 2 * WEEK
