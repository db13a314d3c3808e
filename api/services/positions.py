"""What is held and what cash there is, on a day and as known at an instant."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from models.portfolio_books import BookAt, BookRepository, Standing

HOME = "AUD"
NOTHING = Decimal(0)


@dataclass(frozen=True, kw_only=True)
class Holding:
    """Open lots of one side of an instrument; `quantity` is below zero where it is short.

    Prices are in the instrument's currency, for a share as it stands on the day. `fx` and `value`
    are in Australian dollars; what is not known is None, never zero.
    """

    instrument_id: int | None
    symbol: str
    currency: str
    quantity: Decimal
    average_price: Decimal
    opened_at: datetime
    price: Decimal | None
    price_on: date | None
    fx: Decimal | None
    standing: Standing

    @property
    def value(self) -> Decimal | None:
        if self.price is None or self.fx is None:
            return None
        return self.quantity * self.price * self.fx


@dataclass(frozen=True, kw_only=True)
class Stand:
    """Cash in Australian dollars and what is held, by symbol; long and short stand apart."""

    cash: Decimal
    positions: Sequence[Holding]


async def stand(
    session: AsyncSession, *, owner_id: UUID, valid_at: date, known_at: datetime | None = None
) -> Stand:
    """Return the books of an owner at the end of a day, as known at an instant; None is now."""
    at = BookAt(owner_id, valid_at, known_at, HOME)
    books = BookRepository(session)
    cash, _ = await books.account(at)
    return Stand(cash=cash, positions=await holdings(session, at))


async def holdings(session: AsyncSession, at: BookAt) -> list[Holding]:
    return [_holding(row) for row in await BookRepository(session).standing(at)]


def _holding(row: Standing) -> Holding:
    return Holding(
        instrument_id=row.listing,
        symbol=row.symbol,
        currency=row.currency,
        quantity=row.shares,
        average_price=row.cost / row.shares,
        opened_at=row.opened_at,
        price=row.price,
        price_on=row.price_on,
        fx=row.fx,
        standing=row,
    )
