"""Option prices by Black, Scholes and Merton on a modelled surface of volatilities.

No option quotes exist here. The surface is a proxy: its level follows two published volatility
indices, its slope and curvature are assumptions of the caller. Whatever is priced with it says so.

Volatilities and rates are annual decimals, rates continuously compounded, maturities in years.
"""

import math
from dataclasses import dataclass
from typing import Final

import numpy as np

from engine.types import BoolArray, FloatArray

DAYS_PER_YEAR: Final = 365.0
NEAR: Final = 30.0 / DAYS_PER_YEAR  # maturities the two indices speak of
FAR: Final = 93.0 / DAYS_PER_YEAR
# Below this sigma * sqrt(T) the distribution is a point and only discounting is left.
CERTAIN: Final = 1e-8
WIDEST: Final = 4.0  # moneyness in standard deviations at which the smile ends
LOWEST_VOL: Final = 0.05
HIGHEST_VOL: Final = 3.0
FURTHEST: Final = 40.0  # standard deviations within which a strike is looked for
BISECTIONS: Final = 80


@dataclass(frozen=True)
class Smile:
    """Volatility by strike at one maturity: ``atm * (1 + slope * m + curvature * m^2)``.

    m is ``log(strike / forward) / (atm * sqrt(T))``, clamped to four standard deviations.
    """

    atm: FloatArray | float
    slope: float = 0.0
    curvature: float = 0.0

    def at(self, m: float) -> float:
        """Return the volatility at one moneyness, in standard deviations."""
        m = min(max(m, -WIDEST), WIDEST)
        tilted = float(self.atm) * (1.0 + self.slope * m + self.curvature * m * m)
        return min(max(tilted, LOWEST_VOL), HIGHEST_VOL)

    def volatility(
        self,
        strike: FloatArray | float,
        forward: FloatArray | float,
        years: FloatArray | float,
    ) -> FloatArray:
        """Return the volatility of each strike, between LOWEST_VOL and HIGHEST_VOL."""
        spread = self.atm * np.sqrt(np.maximum(years, NEAR * CERTAIN))
        m = np.clip(np.log(strike / forward) / spread, -WIDEST, WIDEST)
        tilted = self.atm * (1.0 + self.slope * m + self.curvature * m * m)
        return np.asarray(np.clip(tilted, LOWEST_VOL, HIGHEST_VOL))


def atm_volatility(
    near: FloatArray | float, far: FloatArray | float, years: FloatArray | float
) -> FloatArray:
    """Return the volatility at `years`, linear in total variance between the two indices.

    Parameters
    ----------
    near, far : float or ndarray
        Volatility to 30 and to 93 days, decimals; NaN gives NaN.
    years : float or ndarray
        Maturity. Before 30 days `near` holds, past 93 days `far`.
    """
    held = np.clip(years, NEAR, FAR)
    share = (held - NEAR) / (FAR - NEAR)
    variance = (1.0 - share) * np.square(near) * NEAR + share * np.square(far) * FAR
    return np.asarray(np.sqrt(variance / held))


def forward_price(
    spot: FloatArray | float,
    years: FloatArray | float,
    *,
    rate: FloatArray | float,
    dividend_yield: float,
) -> FloatArray:
    return np.asarray(spot * np.exp((rate - dividend_yield) * np.maximum(years, 0.0)))


def option_price(
    calls: BoolArray | bool,
    spot: FloatArray | float,
    strike: FloatArray | float,
    years: FloatArray | float,
    *,
    rate: FloatArray | float,
    dividend_yield: float,
    volatility: FloatArray | float,
) -> FloatArray:
    """Return the price of European options per unit of the index; arguments broadcast.

    Parameters
    ----------
    calls : bool or ndarray
        True for a call, false for a put.
    years : float or ndarray
        At most 0 prices the option at its intrinsic value.
    volatility : float or ndarray
        Where ``volatility * sqrt(years)`` is below 1e-8, the discounted intrinsic value holds.

    Returns
    -------
    ndarray
        At least 0; NaN where any argument is.

    References
    ----------
    Black, F. & Scholes, M. (1973). The Pricing of Options and Corporate Liabilities. Journal of
    Political Economy, 81(3). Merton, R. (1973). Theory of Rational Option Pricing. Bell Journal of
    Economics, 4(1).
    """
    # Only runs that trade options pay for the import.
    from scipy.special import ndtr

    left = np.maximum(years, 0.0)
    sign = np.where(calls, 1.0, -1.0)
    index = spot * np.exp(-dividend_yield * left)
    cash = strike * np.exp(-np.asarray(rate) * left)
    spread = np.asarray(volatility * np.sqrt(left))
    certain = spread < CERTAIN
    width = np.where(certain, 1.0, spread)
    d1 = np.log(index / cash) / width + 0.5 * width
    risky = sign * (index * ndtr(sign * d1) - cash * ndtr(sign * (d1 - width)))
    return np.asarray(np.where(certain, np.maximum(sign * (index - cash), 0.0), risky).clip(0.0))


def option_vega(
    spot: FloatArray | float,
    strike: FloatArray | float,
    years: FloatArray | float,
    *,
    rate: FloatArray | float,
    dividend_yield: float,
    volatility: FloatArray | float,
) -> FloatArray:
    """Return the change of price per unit of volatility; 0 where nothing is uncertain."""
    left = np.maximum(years, 0.0)
    index = spot * np.exp(-dividend_yield * left)
    cash = strike * np.exp(-np.asarray(rate) * left)
    spread = np.asarray(volatility * np.sqrt(left))
    certain = spread < CERTAIN
    width = np.where(certain, 1.0, spread)
    d1 = np.log(index / cash) / width + 0.5 * width
    density = np.exp(-0.5 * d1 * d1) / math.sqrt(2.0 * math.pi)
    return np.asarray(np.where(certain, 0.0, index * density * np.sqrt(left)))


def option_delta(
    call: bool,
    spot: float,
    strike: float,
    years: float,
    *,
    rate: float,
    dividend_yield: float,
    volatility: float,
) -> float:
    """Return the change of price per unit of the index: above 0 for calls, below for puts."""
    spread = volatility * math.sqrt(years)
    drift = (rate - dividend_yield) * years
    d1 = (math.log(spot / strike) + drift) / spread + 0.5 * spread
    above = 0.5 * math.erfc(-d1 / math.sqrt(2.0))
    return math.exp(-dividend_yield * years) * (above if call else above - 1.0)


def strike_at_delta(
    call: bool,
    delta: float,
    spot: float,
    years: float,
    *,
    rate: float,
    dividend_yield: float,
    smile: Smile,
) -> float | None:
    """Return the strike whose delta has the size `delta`; None where no strike reaches it.

    In closed form on a flat smile, else by bisection.
    """
    atm = float(smile.atm)
    forward = float(forward_price(spot, years, rate=rate, dividend_yield=dividend_yield))
    spread = atm * math.sqrt(years)
    if smile.slope == smile.curvature == 0.0:
        return _flat_strike(call, delta * math.exp(dividend_yield * years), forward, spread)

    def excess(m: float) -> float:
        strike, volatility = forward * math.exp(m * spread), smile.at(m)
        found = option_delta(
            call,
            spot,
            strike,
            years,
            rate=rate,
            dividend_yield=dividend_yield,
            volatility=volatility,
        )
        # Rising in m for both: the further up, the larger a put, the smaller a call.
        return delta - found if call else -found - delta

    low, high = -FURTHEST, FURTHEST
    if not excess(low) <= 0.0 <= excess(high):
        return None
    for _ in range(BISECTIONS):
        middle = 0.5 * (low + high)
        if excess(middle) < 0.0:
            low = middle
        else:
            high = middle
    return forward * math.exp(high * spread)


def _flat_strike(call: bool, delta: float, forward: float, spread: float) -> float | None:
    from scipy.special import ndtri

    if not 0.0 < delta < 1.0:
        return None
    d1 = float(ndtri(delta if call else 1.0 - delta))
    return forward * math.exp(0.5 * spread * spread - d1 * spread)
