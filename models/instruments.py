"""Instruments by symbol, by id, by page."""

from collections.abc import Iterable, Sequence
from uuid import UUID

from sqlalchemy import Select, or_, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from models.instrument import Exchange, Instrument
from models.pages import Page, Place, count, ordered, take
from models.staging import merge

# What a source says of an instrument; the rest is ours to count and to stamp.
DESCRIBED = (
    "symbol",
    "name",
    "asset_class",
    "exchange",
    "currency",
    "sector",
    "listed_on",
    "delisted_on",
    "source",
    "flags",
    "fields",
)


class InstrumentRepository:
    def __init__(self, session: AsyncSession) -> None:
        self.session = session

    async def upsert(self, instruments: Iterable[Instrument]) -> dict[str, int]:
        """Write descriptions, at most one for each symbol; return the id of each symbol.

        An instrument that is there keeps its id and its bars, and is touched only where its
        description differs.
        """
        rows = [tuple(getattr(each, name) for name in DESCRIBED) for each in instruments]
        await merge(self.session, "instrument", keys=DESCRIBED[:1], values=DESCRIBED[1:], rows=rows)
        return await self.ids_by_symbol([row[0] for row in rows])

    async def ids_by_symbol(self, symbols: Sequence[str]) -> dict[str, int]:
        found = select(col(Instrument.symbol), col(Instrument.id))
        rows = await self.session.execute(found.where(col(Instrument.symbol).in_(symbols)))
        return {row.symbol: row.id for row in rows}

    async def by_symbols(self, symbols: Sequence[str]) -> list[Instrument]:
        """Return the known ones, ordered by id."""
        found = select(Instrument).where(col(Instrument.symbol).in_(symbols))
        return list(await self.session.scalars(found.order_by(col(Instrument.id))))

    async def list_all(self) -> list[Instrument]:
        """Return every instrument, ordered by id; there are some thousands at most."""
        return list(await self.session.scalars(select(Instrument).order_by(col(Instrument.id))))

    async def by_ids(self, ids: Sequence[int]) -> list[Instrument]:
        found = select(Instrument).where(col(Instrument.id).in_(ids))
        return list(await self.session.scalars(found.order_by(col(Instrument.id))))

    async def by_uuids(self, uuids: Sequence[UUID]) -> list[Instrument]:
        found = select(Instrument).where(col(Instrument.uuid).in_(uuids))
        return list(await self.session.scalars(found.order_by(col(Instrument.id))))

    async def list_page(
        self,
        *,
        search: str | None = None,
        exchange: Exchange | None = None,
        first: int,
        after: Place | None = None,
    ) -> Page[Instrument]:
        """Sort by symbol. A place is (symbol, id)."""
        found = ordered(
            _listed(search, exchange),
            col(Instrument.symbol),
            col(Instrument.id),
            descending=False,
            after=after,
        )
        return await take(self.session, found, first)

    async def count_listed(
        self, *, search: str | None = None, exchange: Exchange | None = None
    ) -> int | None:
        """Return how many instruments the pages hold; None past ten thousand."""
        return await count(self.session, _listed(search, exchange))


def _listed(search: str | None, exchange: Exchange | None) -> Select[Instrument]:
    found = select(Instrument)
    if exchange is not None:
        found = found.where(col(Instrument.exchange) == exchange)
    if search is not None:
        by_symbol = col(Instrument.symbol).icontains(search, autoescape=True)
        by_name = col(Instrument.name).icontains(search, autoescape=True)
        found = found.where(or_(by_symbol, by_name))
    return found
