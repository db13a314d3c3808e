"""What a plan is made from and what it comes to: assets, fees, limits, lines."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import date
from decimal import ROUND_HALF_EVEN, Context, Decimal
from typing import Final

BASIS_POINT: Final = Decimal("0.0001")
CENT: Final = Decimal("0.01")
NOTHING: Final = Decimal(0)
# Money of up to 15 digits times quantities and rates of 18 places: nothing is lost on the way.
EXACT: Final = Context(prec=60)


@dataclass(frozen=True, kw_only=True)
class Asset:
    """Something held or wanted, as it is known. Money per share is in its own currency."""

    symbol: str
    currency: str = "AUD"
    exchange: str = "XASX"
    price: Decimal | None = None  # of the last known bar
    price_on: date | None = None  # day of that bar
    rate: Decimal | None = Decimal(1)  # AUD for one unit of the currency
    held: Decimal = NOTHING  # shares, below 0 where short
    delisted: bool = False

    @property
    def unit(self) -> Decimal | None:
        """What one share is worth in AUD; None where its price or the rate is unknown."""
        if self.price is None or self.rate is None or self.price <= 0:
            return None
        return self.price * self.rate


@dataclass(frozen=True, kw_only=True)
class Fees:
    """What an order costs, in AUD; rates in basis points of its value."""

    commission_flat: Decimal = Decimal(3)
    commission_bps: Decimal = NOTHING
    minimum_commission: Decimal = NOTHING
    slippage_bps: Decimal = Decimal(5)
    half_spreads: Mapping[str, Decimal] = field(default_factory=dict)  # bps by exchange, instead
    fx_spread_bps: Decimal = Decimal(70)

    def rate(self, asset: Asset) -> Decimal:
        """Return the part of a value that slippage and conversion take."""
        spread = self.half_spreads.get(asset.exchange, self.slippage_bps)
        return (spread + (self.fx_spread_bps if asset.currency != "AUD" else NOTHING)) * BASIS_POINT

    def of(self, value: Decimal, asset: Asset) -> Decimal:
        """Return commission, slippage and conversion of an order; no order costs nothing."""
        if value <= 0:
            return NOTHING
        charged = self.commission_flat + self.commission_bps * BASIS_POINT * value
        return max(charged, self.minimum_commission) + self.rate(asset) * value


@dataclass(frozen=True, kw_only=True)
class Limits:
    """Bounds that depend on what is held, as fractions of the account's value."""

    no_trade_band: Decimal = NOTHING
    relative_band: Decimal = NOTHING  # of the target weight
    min_trade: Decimal = NOTHING  # AUD
    spread: bool = False  # what is left alone would have moved goes to the other trades
    max_turnover: Decimal | None = None
    max_weight: Decimal = Decimal(1)
    cash_buffer: Decimal = NOTHING
    residual_pass: bool = False  # what rounding leaves buys what lies furthest below its target

    @property
    def invested(self) -> Decimal:
        return 1 - self.cash_buffer

    def at(self, equity: Decimal) -> "Limits":
        """Return the limits of an account worth so much: money has become a band of weights."""
        return replace(self, no_trade_band=max(self.no_trade_band, self.min_trade / equity))

    def band(self, target: Decimal) -> Decimal:
        """Return the smallest trade towards a target weight."""
        return max(self.no_trade_band, self.relative_band * target)


@dataclass(frozen=True, kw_only=True)
class Line:
    """One asset of a plan. Money is AUD to the cent; the price is in the share's currency."""

    symbol: str
    currency: str
    held: Decimal
    current_weight: Decimal
    target_weight: Decimal
    price: Decimal
    price_on: date | None
    rate: Decimal
    side: str | None = None  # BUY or SELL; None without an order
    quantity: Decimal = NOTHING  # whole shares
    value: Decimal = NOTHING
    cost: Decimal = NOTHING
    skipped: str | None = None  # why there is no order


@dataclass(frozen=True, kw_only=True)
class Orders:
    """A plan's lines, sales first, and what they come to, in AUD."""

    lines: tuple[Line, ...]
    equity: Decimal
    total_costs: Decimal
    turnover: Decimal  # the larger of purchases and sales over the account's value
    cash_after: Decimal
    warnings: tuple[str, ...]


def cents(amount: Decimal) -> Decimal:
    """Round money for showing it; half a cent goes to the even one."""
    return amount.quantize(CENT, ROUND_HALF_EVEN, context=EXACT)
