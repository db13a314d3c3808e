"""Rows of feeds that were refused."""

from collections.abc import Sequence

from sqlalchemy import Select, func, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from models.pages import Page, Place, count, ordered, take
from models.price_bar import Quarantine


class QuarantineRepository:
    def __init__(self, session: AsyncSession) -> None:
        self.session = session

    async def add(self, rows: Sequence[Quarantine]) -> None:
        """Keep refused rows; one that a file brings again is kept once."""
        found = select(Quarantine).where(
            col(Quarantine.source).in_({row.source for row in rows}),
            col(Quarantine.file).in_({row.file for row in rows}),
        )
        kept = {_place(row) for row in await self.session.scalars(found)}
        self.session.add_all(row for row in rows if _place(row) not in kept)
        await self.session.flush()

    async def list_page(
        self, *, symbols: Sequence[str] | None = None, first: int, after: Place | None = None
    ) -> Page[Quarantine]:
        """Return refused rows of these symbols, or of all, newest first.

        A place is (recorded_at, id).
        """
        newest = ordered(
            _listed(symbols),
            col(Quarantine.recorded_at),
            col(Quarantine.id),
            descending=True,
            after=after,
        )
        return await take(self.session, newest, first)

    async def count_listed(self, *, symbols: Sequence[str] | None = None) -> int | None:
        """Return how many rows the pages hold; None past ten thousand."""
        return await count(self.session, _listed(symbols))

    async def counts(self, symbols: Sequence[str]) -> dict[str, int]:
        """Return the number of refused rows of each symbol that has any."""
        symbol = col(Quarantine.symbol)
        found = select(symbol, func.count()).where(symbol.in_(symbols)).group_by(symbol)
        return {name: number for name, number in await self.session.execute(found) if name}


def _listed(symbols: Sequence[str] | None) -> Select[Quarantine]:
    found = select(Quarantine)
    return found if symbols is None else found.where(col(Quarantine.symbol).in_(symbols))


def _place(row: Quarantine) -> tuple[str, str, int | None, str, str]:
    return row.source, row.file, row.row_number, row.raw, row.reason
