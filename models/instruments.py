"""Instruments by symbol, by id, by page."""

from collections.abc import Iterable, Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from models.instrument import Exchange, Instrument
from models.pages import Page, Place, count_written, take_written
from models.seen import read_entities
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
        return await self._where("symbol = ANY (CAST(:asked AS text[]))", symbols)

    async def list_all(self) -> list[Instrument]:
        """Return every instrument, ordered by id; there are some thousands at most."""
        return list(await self.session.scalars(select(Instrument).order_by(col(Instrument.id))))

    async def by_ids(self, ids: Sequence[int]) -> list[Instrument]:
        return await self._where("id = ANY (CAST(:asked AS bigint[]))", ids)

    async def by_uuids(self, uuids: Sequence[UUID]) -> list[Instrument]:
        return await self._where("uuid = ANY (CAST(:asked AS uuid[]))", uuids)

    async def _where(self, condition: str, asked: Sequence[object]) -> list[Instrument]:
        rest = f"WHERE {condition} ORDER BY id"
        return await read_entities(self.session, Instrument, rest, {"asked": list(asked)})

    async def list_page(
        self,
        *,
        search: str | None = None,
        exchange: Exchange | None = None,
        first: int,
        after: Place | None = None,
        body: str | None = None,
    ) -> Page[Instrument]:
        """Sort by symbol. A place is (symbol, id)."""
        where, asked = _listed(search, exchange)
        return await take_written(
            self.session,
            Instrument,
            where,
            asked,
            by="symbol",
            id="id",
            descending=False,
            first=first,
            after=after,
            body=body,
        )

    async def count_listed(
        self, *, search: str | None = None, exchange: Exchange | None = None
    ) -> int | None:
        """Return how many instruments the pages hold; None past ten thousand."""
        return await count_written(self.session, Instrument, *_listed(search, exchange))


def _listed(search: str | None, exchange: Exchange | None) -> tuple[list[str], dict[str, Any]]:
    """Return the conditions of a list and their parameters."""
    where, asked = list[str](), dict[str, Any]()
    if exchange is not None:
        where.append("exchange = :exchange")
        asked["exchange"] = exchange.value
    if search is not None:
        where.append(
            "(strpos(lower(symbol), lower(:search)) > 0 OR strpos(lower(name), lower(:search)) > 0)"
        )
        asked["search"] = search
    return where, asked
