"""What the books come to on a day, as known at an instant: lots, cash, every day, every gain."""

from datetime import date, datetime
from decimal import Decimal
from typing import Any, NamedTuple
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from models.book_statements import (
    ACCOUNT,
    DAYS,
    GAINS,
    INCOME,
    LAST_UPDATED,
    PLANNING,
    RECORDED_SINCE,
    STANDING,
)


class BookAt(NamedTuple):
    """Whose books, on which day, as known when (None is now), told in which currency."""

    owner_id: UUID
    valid_at: date
    known_at: datetime | None = None
    currency: str = "AUD"


class Standing(NamedTuple):
    """Open lots of one side of an instrument; short ones count below zero.

    `cost` is what was paid in the currency quoted; `..._at_fx` are in the currency asked for, at
    the rates of the entries. `price` is that of a share as it stands on the day, `fx` Australian
    dollars for one unit of the currency quoted, `unit` the currency asked for, for one of them.
    None is unknown.
    """

    listing: int | None
    symbol: str
    currency: str
    side: str
    opened_at: datetime
    opened: date
    shares: Decimal
    shares_at_fx: Decimal | None
    cost: Decimal
    cost_at_fx: Decimal | None
    commission_at_fx: Decimal | None
    price: Decimal | None
    price_on: date | None
    fx: Decimal | None
    unit: Decimal | None


class DayRow(NamedTuple):
    """What changed on a day: money in Australian dollars, market values in their own currency.

    `unpriced` is how many more instruments were held without a price; `rate` is US dollars for one
    Australian dollar, None before the first fixing.
    """

    day: date
    cash: Decimal
    flow: Decimal
    dividend: Decimal
    aud: float
    usd: float
    unpriced: int
    rate: float | None


class GainRow(NamedTuple):
    """Closed trades of one symbol or one strategy, and the parts of their profit before costs."""

    key: str | None
    is_ticker: bool
    trades: int
    wins: int
    days: int
    asset: Decimal
    currency: Decimal
    interaction: Decimal
    costs: Decimal

    @property
    def profit(self) -> Decimal:
        return self.asset + self.currency + self.interaction - self.costs


class BookRepository:
    def __init__(self, session: AsyncSession) -> None:
        self.session = session

    async def standing(self, at: BookAt) -> list[Standing]:
        """Return what is held at the end of the day, by symbol, long and short apart."""
        return [Standing(*row) for row in await self._read(STANDING, at)]

    async def income(self, at: BookAt) -> dict[int, Decimal]:
        """Return the dividends so far by instrument, in the currency asked for."""
        return {row.listing: row.amount for row in await self._read(INCOME, at) if row.amount}

    async def account(self, at: BookAt) -> tuple[Decimal, list[str]]:
        """Return the cash in Australian dollars, and currencies of dividends without a rate."""
        (row,) = await self._read(ACCOUNT, at)
        return row.cash, row.unrated or []

    async def days(self, at: BookAt, *, since: date | None = None) -> list[DayRow]:
        """Return every day on which something changed, oldest first, and the day asked for.

        From `since` on, if it is given: a row before it then has what was held at its beginning.
        """
        return [DayRow(*row) for row in await self._read(DAYS, at, since=since)]

    async def gains(self, at: BookAt) -> list[GainRow]:
        """Return what the trades closed by then came to, by symbol and by strategy."""
        return [GainRow(*row) for row in await self._read(GAINS, at)]

    async def last_updated(self, at: BookAt) -> datetime | None:
        """Return when what the books rest on last changed, up to the instant asked for."""
        asked = {"owner_id": at.owner_id, "known_at": at.known_at}
        found: datetime | None = await self.session.scalar(text(LAST_UPDATED), asked)
        return found

    async def recorded_since(self, owner_id: UUID) -> datetime | None:
        """Return when the first trade or cash flow was recorded; before it nothing was known."""
        asked = {"owner_id": owner_id}
        found: datetime | None = await self.session.scalar(text(RECORDED_SINCE), asked)
        return found

    async def _read(self, statement: str, at: BookAt, *, since: date | None = None) -> list[Any]:
        asked = at._asdict() | {"since": since}
        if ":currency" not in statement:
            del asked["currency"]
        await self.session.execute(text(PLANNING), {"mode": "force_custom_plan"})
        return list(await self.session.execute(text(statement), asked))
