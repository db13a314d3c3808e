"""What the books come to in one currency: value, gains and where they came from."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import ROUND_HALF_EVEN, Decimal
from functools import cached_property

from api.services.portfolio_days import Days, no_rate
from api.services.positions import NOTHING, Holding
from models.base import EXACT
from models.portfolio_books import GainRow

CENT = Decimal("0.01")


def cents(amount: Decimal | float) -> Decimal:
    exact = amount if isinstance(amount, Decimal) else Decimal(repr(amount))
    return exact.quantize(CENT, rounding=ROUND_HALF_EVEN, context=EXACT)


@dataclass(frozen=True, kw_only=True)
class Parts:
    """What adds up to a gain; costs, at least 0, are taken off.

    Asset is the move of the price at the rate of the entry, currency the move of the rate on what
    was paid, interaction both at once.
    """

    asset: Decimal = NOTHING
    currency: Decimal = NOTHING
    interaction: Decimal = NOTHING
    costs: Decimal = NOTHING

    def __add__(self, other: "Parts") -> "Parts":
        return Parts(
            asset=self.asset + other.asset,
            currency=self.currency + other.currency,
            interaction=self.interaction + other.interaction,
            costs=self.costs + other.costs,
        )

    @property
    def gain(self) -> Decimal:
        return self.asset + self.currency + self.interaction - self.costs


@dataclass(frozen=True)
class Position:
    """A holding in the currency asked for; what a price or a rate is missing for is None."""

    holding: Holding

    @cached_property
    def _fx(self) -> Decimal | None:
        """The currency asked for, for one unit of the holding's."""
        fx, unit = self.holding.fx, self.holding.standing.unit
        return None if fx is None or unit is None else fx * unit

    @property
    def value(self) -> Decimal | None:
        price = self.holding.price
        if price is None or self._fx is None:
            return None
        return self.holding.quantity * price * self._fx

    @cached_property
    def parts(self) -> Parts | None:
        """Where the gain that is not realised came from; its costs are those of the entries."""
        row, fx, price = self.holding.standing, self._fx, self.holding.price
        paid, shares, commission = row.cost_at_fx, row.shares_at_fx, row.commission_at_fx
        if price is None or fx is None or paid is None or shares is None or commission is None:
            return None
        asset = shares * price - paid
        currency = row.cost * fx - paid
        return Parts(
            asset=asset,
            currency=currency,
            interaction=row.shares * price * fx - paid - asset - currency,
            costs=commission,
        )

    @property
    def asset_return(self) -> float | None:
        """Return on what was paid, in the instrument's own currency."""
        row, price = self.holding.standing, self.holding.price
        return None if price is None else float((row.shares * price - row.cost) / abs(row.cost))

    @property
    def currency_return(self) -> float | None:
        """Return that the move of the rate alone gave on what was paid."""
        paid = self.holding.standing.cost_at_fx
        return None if self.parts is None or not paid else float(self.parts.currency / abs(paid))


@dataclass(frozen=True)
class Statement:
    """The books at the end of a day. What has no price or rate is left out of sums and named."""

    positions: Sequence[Position]
    days: Days
    gains: Sequence[GainRow] = ()

    @property
    def invested(self) -> Decimal:
        return sum((each.value or NOTHING for each in self.positions), NOTHING)

    @property
    def cash(self) -> Decimal:
        """Raises MissingData where there is no rate for the currency asked for."""
        if not self.days.days:
            return NOTHING
        cash = self.days.cash[-1]
        if cash is None:
            raise no_rate(self.days.days[-1])
        return cash

    @property
    def missing(self) -> list[str]:
        """Symbols that are held without a price or without a rate."""
        return sorted({each.holding.symbol for each in self.positions if each.value is None})

    @property
    def tickers(self) -> list[GainRow]:
        return [row for row in self.gains if row.is_ticker]

    @property
    def realised(self) -> Decimal:
        return sum((row.profit for row in self.tickers), NOTHING)

    @property
    def unrealised(self) -> Decimal:
        self.days.require_rates()
        return sum((each.parts.gain for each in self.positions if each.parts), NOTHING)

    @property
    def deposits(self) -> Decimal:
        """All that was paid in, and not what was taken out."""
        return sum((Decimal(repr(flow)) for flow in self.days.flows if flow > 0.0), NOTHING)

    @property
    def rest(self) -> Decimal | None:
        """The gain that no trade explains: dividends, and the move of the rate on cash."""
        gain = self.days.gain_since(-1)
        return None if gain is None else Decimal(repr(gain)) - self.parts.gain

    @property
    def parts(self) -> Parts:
        """Where every gain so far came from, dividends apart."""
        return sum(self.parts_by_symbol.values(), Parts())

    @cached_property
    def parts_by_symbol(self) -> dict[str, Parts]:
        found: dict[str, Parts] = defaultdict(Parts)
        for row in self.tickers:
            found[row.key or ""] += _closed(row)
        for each in self.positions:
            found[each.holding.symbol] += each.parts or Parts()
        return dict(found)


def _closed(row: GainRow) -> Parts:
    return Parts(
        asset=row.asset, currency=row.currency, interaction=row.interaction, costs=row.costs
    )
