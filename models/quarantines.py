"""Rows of feeds that were refused."""

from collections.abc import Sequence
from datetime import date

from sqlalchemy import Select, func, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from models.pages import Page, Place, count, ordered, take
from models.price_bar import PLACE, Quarantine

# Above it a statement of one row's values each would have too many parameters.
CHUNK = 1_000
GIVEN = ("source", "file", "row_number", "symbol", "date", "raw", "reason", "detail")


class QuarantineRepository:
    def __init__(self, session: AsyncSession) -> None:
        self.session = session

    async def add(self, rows: Sequence[Quarantine]) -> int:
        """Keep refused rows, one that a file brings again once; return how many are new."""
        given = [{name: getattr(row, name) for name in GIVEN} for row in rows]
        kept = 0
        for start in range(0, len(given), CHUNK):
            statement = (
                insert(Quarantine)
                .values(given[start : start + CHUNK])
                .on_conflict_do_nothing(index_elements=PLACE)
                .returning(col(Quarantine.id))
            )
            kept += len((await self.session.scalars(statement)).all())
        return kept

    async def list_page(
        self, *, symbols: Sequence[str] | None = None, first: int, after: Place | None = None
    ) -> Page[Quarantine]:
        """Return refused rows, newest first. A place is (recorded_at, id)."""
        found = ordered(
            _listed(symbols),
            col(Quarantine.recorded_at),
            col(Quarantine.id),
            descending=True,
            after=after,
        )
        return await take(self.session, found, first)

    async def count_listed(self, *, symbols: Sequence[str] | None = None) -> int | None:
        """Return how many rows the pages hold; None past ten thousand."""
        return await count(self.session, _listed(symbols))

    async def counts(self, symbols: Sequence[str]) -> dict[str, int]:
        """Return how many rows of each symbol were refused; one without any is left out."""
        found = (
            select(col(Quarantine.symbol), func.count())
            .where(col(Quarantine.symbol).in_(symbols))
            .group_by(col(Quarantine.symbol))
        )
        return {symbol: rows for symbol, rows in await self.session.execute(found) if symbol}

    async def refused(self, symbols: Sequence[str], *, first: date, last: date) -> set[str]:
        """Return those of the symbols of which a row between two days was refused."""
        found = select(col(Quarantine.symbol)).where(
            col(Quarantine.symbol).in_(symbols), col(Quarantine.date).between(first, last)
        )
        return {symbol for symbol in await self.session.scalars(found.distinct()) if symbol}


def _listed(symbols: Sequence[str] | None) -> Select[Quarantine]:
    found = select(Quarantine)
    return found if symbols is None else found.where(col(Quarantine.symbol).in_(symbols))
