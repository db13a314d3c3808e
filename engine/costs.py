"""What trading costs, and the rules of each market that bound a trade."""

import math
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Final

import numpy as np

from engine.errors import InvalidParameters
from engine.types import BoolArray, FloatArray, IntArray

BASIS_POINT: Final = 1e-4
# Return on the last mark when nothing is known of what holders got.
# Shumway, T. (1997). The Delisting Bias in CRSP Data. Journal of Finance, 52(1).
DELISTING_RETURN: Final = -0.30
# Field of the half spread that each market's shares are traded at.
SPREAD_OF: Final[Mapping[str, str]] = {
    "XNYS": "half_spread_us_bps",
    "XNAS": "half_spread_us_bps",
    "XASX": "half_spread_au_bps",
    "24/7": "half_spread_crypto_bps",
}
HALF_SPREADS: Final = tuple(dict.fromkeys(SPREAD_OF.values()))
LARGEST: Final = sys.float_info.max
BELOW_ALL_BPS: Final = math.nextafter(1.0 / BASIS_POINT, 0.0)  # all of a price is no cost of it
RANGES: Final[Mapping[str, tuple[float, float]]] = {
    "commission_flat": (0.0, LARGEST),
    "commission_bps": (0.0, LARGEST),
    "minimum_commission": (0.0, LARGEST),
    "slippage_bps": (0.0, BELOW_ALL_BPS),
    **dict.fromkeys(HALF_SPREADS, (0.0, BELOW_ALL_BPS)),
    "impact_coefficient": (0.0, LARGEST),
    "fx_spread_bps": (0.0, BELOW_ALL_BPS),
    "max_volume_share": (math.nextafter(0.0, 1.0), 1.0),
    "max_carry": (0.0, 20.0),
    "cash_rate": (0.0, LARGEST),
    "cash_margin_bps": (0.0, LARGEST),
    "borrow_spread_bps": (0.0, LARGEST),
    "delist_return": (-1.0, 0.0),
    "cash_buffer": (0.0, 0.5),
}


class FxMode(StrEnum):
    CONVERT_EACH = "CONVERT_EACH"  # each purchase abroad is paid from, each sale into the base
    HOLD_USD = "HOLD_USD"  # what comes in a currency stays in it; only shortfalls are converted


class CashRateBasis(StrEnum):
    FIXED = "FIXED"  # the model's own rate on every day
    PUBLISHED = "PUBLISHED"  # what the base currency's central bank set, day by day


CHOICES: Final[Mapping[str, type[StrEnum]]] = {
    "fx_mode": FxMode,
    "cash_rate_basis": CashRateBasis,
}


@dataclass(frozen=True, kw_only=True)
class CostModel:
    """Costs of a run. Money is in the run's base currency, rates are as their names say."""

    commission_flat: float = 3.0  # per order and session on which it trades
    commission_bps: float = 0.0
    minimum_commission: float = 0.0
    slippage_bps: float = 5.0  # of every market that has no half spread of its own
    half_spread_us_bps: float | None = None
    half_spread_au_bps: float | None = None
    half_spread_crypto_bps: float | None = None
    impact_coefficient: float = 0.0  # of the square-root law; 0 switches impact off
    fx_spread_bps: float = 70.0  # of each amount converted, whole
    max_volume_share: float = 0.02  # of the session's volume
    max_carry: int = 3  # own sessions the rest of an order is carried on
    cash_rate: float = 0.0  # simple annual rate of cash, on every day of a FIXED basis
    cash_rate_basis: CashRateBasis = CashRateBasis.FIXED
    cash_margin_bps: float = 0.0  # a year, what the broker keeps of that rate on credit
    borrow_spread_bps: float = 150.0  # a year, what a debit costs above that rate
    delist_return: float = DELISTING_RETURN  # on the last mark where what holders got is unknown
    cash_buffer: float = 0.0  # share of the equity that no decision invests
    fx_mode: FxMode = FxMode.CONVERT_EACH
    residual_pass: bool = False  # spend what rounding to lots leaves on the largest under-weights

    def __post_init__(self) -> None:
        for name, (least, most) in RANGES.items():
            value = getattr(self, name)
            # Written so that NaN is refused: it satisfies no comparison.
            if value is not None and not least <= value <= most:
                end = "" if most == LARGEST else f", at most {most:g}"
                start = "more than 0" if 0.0 < least < BASIS_POINT else f"at least {least:g}"
                raise InvalidParameters(f"{name} was {value}; give {start}{end}")
        for name, offered in CHOICES.items():
            value = getattr(self, name)
            if value not in tuple(offered):
                raise InvalidParameters(f"{name} was {value}; give {' or '.join(offered)}")

    @property
    def holds(self) -> bool:
        """Whether cash stays in the currency it came in."""
        return self.fx_mode == FxMode.HOLD_USD

    @property
    def invested(self) -> float:
        """Share of the equity that decisions may invest."""
        return 1.0 - self.cash_buffer

    def without_costs(self) -> "CostModel":
        """Return the model of a gross run: nothing is charged, all other rules stay."""
        return replace(
            self,
            commission_flat=0.0,
            commission_bps=0.0,
            minimum_commission=0.0,
            slippage_bps=0.0,
            half_spread_us_bps=None,
            half_spread_au_bps=None,
            half_spread_crypto_bps=None,
            impact_coefficient=0.0,
            fx_spread_bps=0.0,
        )

    def half_spread(self, markets: Sequence[str]) -> FloatArray:
        """Return what a trade on each market costs against the trader, bps before impact."""
        own = [getattr(self, SPREAD_OF[name]) if name in SPREAD_OF else None for name in markets]
        return np.array([self.slippage_bps if bps is None else bps for bps in own])

    def commission(self, notional: FloatArray) -> FloatArray:
        """Return ``max(minimum, flat + bps * notional)`` in base currency; no trade costs none."""
        if not (self.commission_flat or self.commission_bps or self.minimum_commission):
            return np.zeros(notional.shape)
        charged = self.commission_flat + self.commission_bps * BASIS_POINT * notional
        return np.where(notional > 0.0, np.maximum(charged, self.minimum_commission), 0.0)

    def conversion(self, amount: FloatArray, foreign: BoolArray) -> FloatArray:
        """Return the cost of converting each `amount` (base currency) of a foreign currency."""
        return np.where(foreign, self.fx_spread_bps * BASIS_POINT * amount, 0.0)


def impact_bps(coefficient: float, sigma: FloatArray, volume_share: FloatArray) -> FloatArray:
    """Return market impact by the square-root law, in basis points.

    Parameters
    ----------
    coefficient : float
        Y of the law, near 1 in the literature.
    sigma : ndarray
        Standard deviation of session returns before the trade, as a fraction.
    volume_share : ndarray
        Size of the trade over the average session's volume before it.

    References
    ----------
    Toth, B. et al. (2011). Anomalous Price Impact and the Critical Nature of Liquidity.
    """
    return coefficient * sigma * np.sqrt(volume_share) / BASIS_POINT


@dataclass(frozen=True, kw_only=True)
class MarketRules:
    """How finely a market quotes, what it asks of a first purchase, what its taxman keeps."""

    tick_limits: tuple[float, float]  # prices at which the next tick begins
    ticks_per_unit: tuple[float, float, float]  # reciprocal of each tick; 0 quotes any price
    minimum_parcel: float = 0.0  # first purchase, in the asset's currency
    withholding: float = 0.0  # of dividends


ANY_PRICE: Final = MarketRules(tick_limits=(np.inf, np.inf), ticks_per_unit=(0.0, 0.0, 0.0))
UNITED_STATES: Final = MarketRules(
    tick_limits=(1.0, np.inf), ticks_per_unit=(10_000.0, 100.0, 100.0), withholding=0.15
)
MARKET_RULES: Final[Mapping[str, MarketRules]] = {
    "XASX": MarketRules(
        tick_limits=(0.10, 2.0), ticks_per_unit=(1000.0, 200.0, 100.0), minimum_parcel=500.0
    ),
    "XNYS": UNITED_STATES,
    "XNAS": UNITED_STATES,
}


@dataclass(frozen=True, kw_only=True)
class AssetRules:
    """`MarketRules` of every asset, as arrays over assets."""

    tick_limits: FloatArray  # (m, 2)
    ticks_per_unit: FloatArray  # (m, 3)
    minimum_parcel: FloatArray  # (m,)
    withholding: FloatArray  # (m,)


def asset_rules(markets: tuple[str, ...], market: IntArray) -> AssetRules:
    """Look up each asset's rules; a market that is not in the table quotes any price."""
    rules = [MARKET_RULES.get(name, ANY_PRICE) for name in markets]
    return AssetRules(
        tick_limits=np.array([rule.tick_limits for rule in rules])[market],
        ticks_per_unit=np.array([rule.ticks_per_unit for rule in rules])[market],
        minimum_parcel=np.array([rule.minimum_parcel for rule in rules])[market],
        withholding=np.array([rule.withholding for rule in rules])[market],
    )


def quote_on_tick(
    price: FloatArray, *, buys: BoolArray, limits: FloatArray, per_unit: FloatArray
) -> FloatArray:
    """Round prices to their market's tick against the trader: up for buys, down for sales.

    `limits` of shape (k, 2) and `per_unit` of shape (k, 3) are the assets' rows of `AssetRules`.
    A price within 1e-9 ticks of the grid is on it. A sale below one tick keeps its price.
    """
    first, second = limits.T
    per = np.where(price >= first, per_unit[:, 1], per_unit[:, 0])
    per = np.where(price >= second, per_unit[:, 2], per)
    steps = price * per
    down = np.floor(steps + 1e-9)
    against = np.where(buys, np.ceil(steps - 1e-9), np.where(down > 0.0, down, steps))
    return np.where(per > 0.0, against / np.where(per > 0.0, per, 1.0), price)
