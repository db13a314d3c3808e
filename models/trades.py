"""Trades of an owner: pages of what is believed, versions of what was, and the one way to amend."""

import re
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from enum import StrEnum
from typing import Any
from uuid import UUID

from sqlalchemy import (
    ARRAY,
    ColumnElement,
    Text,
    and_,
    any_,
    func,
    literal,
    or_,
    select,
    update,
)
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from models.base import INSTANT
from models.pages import Page, Place, count_written, take_written
from models.session import lock
from models.trade import Side, Trade, TradeStatus

# What a version takes over from the one before it; the rest the database fills in.
KEPT = (
    "id",
    "owner_id",
    "reference",
    "instrument_id",
    "symbol",
    "side",
    "quantity",
    "entry_price",
    "exit_price",
    "split_ratio",
    "entry_at",
    "exit_at",
    "commission",
    "exit_commission",
    "currency",
    "fx_at_entry",
    "fx_at_exit",
    "status",
    "strategy",
    "signal_score",
    "notes",
    "tags",
)
LEAST = timedelta(microseconds=1)


class SortBy(StrEnum):
    ENTRY_AT = "entry_at"
    EXIT_AT = "exit_at"
    SYMBOL = "symbol"
    PNL = "pnl"
    QUANTITY = "quantity"


@dataclass(frozen=True, kw_only=True)
class Wanted:
    """What a list is narrowed to; None narrows nothing. Days are the market's, both included."""

    symbol: str | None = None
    status: TradeStatus | None = None
    strategy: str | None = None
    side: Side | None = None
    entry_from: date | None = None
    entry_to: date | None = None
    tag: str | None = None


EVERYTHING = Wanted()


class TradeRepository:
    def __init__(self, session: AsyncSession) -> None:
        self.session = session

    async def hold(self, id: UUID) -> None:
        """Let one transaction at a time amend a trade: what it reads of it then stays true."""
        await lock(self.session, str(id))

    async def add(self, trade: Trade) -> Trade:
        """Write a trade's first version, believed from now on."""
        self.session.add(trade)
        await self.session.flush()
        return trade

    async def add_all(self, trades: Sequence[Trade]) -> None:
        """Write first versions in as few statements as can be."""
        self.session.add_all(trades)
        await self.session.flush()

    async def amend(self, current: Trade, changes: dict[str, Any], *, reason: str) -> Trade:
        """End the version believed so far and write the next, at one instant.

        Belongs behind `hold`, and `current` must have been read behind it: a clock read before
        the lock would let two versions begin in the wrong order.
        """
        # Read once, by the statement that ends; were the clock set back, versions still follow.
        instant = func.greatest(func.clock_timestamp(), col(Trade.known_from) + LEAST)
        ended = (
            update(Trade)
            .where(col(Trade.row_id) == current.row_id, col(Trade.known_to).is_(None))
            .values(known_to=instant)
            .returning(col(Trade.known_to))
            .execution_options(synchronize_session=False)
        )
        known_from = await self.session.scalar(ended)
        self.session.expunge(current)
        kept = {name: getattr(current, name) for name in KEPT}
        version = {"version": current.version + 1, "known_from": known_from, "reason": reason}
        return await self.add(Trade(**kept | changes | version))

    async def get(
        self, id: UUID, *, owner_id: UUID, known_at: datetime | None = None
    ) -> Trade | None:
        """Return a trade as it was believed at an instant, or is now."""
        found = await self.list_by_ids([id], owner_id=owner_id, known_at=known_at)
        return found[0] if found else None

    async def list_by_ids(
        self, ids: Sequence[UUID], *, owner_id: UUID, known_at: datetime | None = None
    ) -> list[Trade]:
        return await self._list(col(Trade.id).in_(ids), *_seen(owner_id, known_at))

    async def by_references(self, references: Sequence[str], *, owner_id: UUID) -> list[Trade]:
        """Return the trades that have these references now, cancelled ones too."""
        return await self._list(col(Trade.reference).in_(references), *_seen(owner_id, None))

    async def references_like(self, stems: Collection[str], *, owner_id: UUID) -> set[str]:
        """Return the references in use that begin with one of these."""
        asked = [f"{_escaped(stem)}%" for stem in stems]
        found = select(col(Trade.reference)).where(
            *_seen(owner_id, None), col(Trade.reference).like(any_(literal(asked, ARRAY(Text))))
        )
        return set(await self.session.scalars(found))

    async def by_key(self, idempotency_key: str, *, owner_id: UUID) -> Trade | None:
        """Return the first version of the trade that a caller's key stands for."""
        found = await self._list(
            col(Trade.idempotency_key) == idempotency_key, col(Trade.owner_id) == owner_id
        )
        return found[0] if found else None

    async def first_versions(
        self, references: Sequence[str], entries: Sequence[datetime], *, owner_id: UUID
    ) -> list[Trade]:
        """Return how these trades were first written: by reference, or entered at an instant."""
        named = or_(
            col(Trade.reference) == any_(literal(references, ARRAY(Text))),
            col(Trade.entry_at) == any_(literal(entries, ARRAY(INSTANT))),
        )
        return await self._list(col(Trade.owner_id) == owner_id, col(Trade.version) == 1, named)

    async def versions(self, ids: Sequence[UUID], *, owner_id: UUID) -> list[Trade]:
        """Return every version of these trades there ever was, each trade's oldest first."""
        found = select(Trade).where(col(Trade.id).in_(ids), col(Trade.owner_id) == owner_id)
        found = found.order_by(col(Trade.id), col(Trade.version))
        return list(await self.session.scalars(found.execution_options(populate_existing=True)))

    async def list_page(
        self,
        *,
        owner_id: UUID,
        wanted: Wanted = EVERYTHING,
        known_at: datetime | None = None,
        by: SortBy = SortBy.ENTRY_AT,
        descending: bool = True,
        first: int,
        after: Place | None = None,
        body: str | None = None,
    ) -> Page[Trade]:
        """Sort by a column, trades without it last. A place is (value of that column, id)."""
        where, asked = _listed(owner_id, wanted, known_at)
        return await take_written(
            self.session,
            Trade,
            where,
            asked,
            by=by.value,
            id="id",
            descending=descending,
            first=first,
            after=after,
            body=body,
        )

    async def count_listed(
        self, *, owner_id: UUID, wanted: Wanted = EVERYTHING, known_at: datetime | None = None
    ) -> int | None:
        """Return how many trades the pages hold; None past ten thousand."""
        return await count_written(self.session, Trade, *_listed(owner_id, wanted, known_at))

    async def _list(self, *where: ColumnElement[bool]) -> list[Trade]:
        found = select(Trade).where(*where).execution_options(populate_existing=True)
        return list(await self.session.scalars(found))


# What narrows a list, by the name of the wish.
NARROWED = {
    "symbol": "symbol = :symbol",
    "status": "status = :status",
    "strategy": "strategy = :strategy",
    "side": "side = :side",
    "entry_from": "entry_on >= :entry_from",
    "entry_to": "entry_on <= :entry_to",
    "tag": ":tag = ANY (tags)",
}


def _listed(
    owner_id: UUID, wanted: Wanted, known_at: datetime | None
) -> tuple[list[str], dict[str, Any]]:
    """Return the conditions of a list and their parameters."""
    where, asked = ["owner_id = :owner_id"], dict[str, Any](owner_id=owner_id)
    if known_at is None:
        where.append("known_to IS NULL")
    else:
        where.append("known_from <= :known_at AND (known_to IS NULL OR known_to > :known_at)")
        asked["known_at"] = known_at
    for name, condition in NARROWED.items():
        value = getattr(wanted, name)
        if value is not None:
            where.append(condition)
            asked[name] = value.value if isinstance(value, StrEnum) else value
    return where, asked


def _escaped(text: str) -> str:
    return re.sub(r"([%_\\])", r"\\\1", text)


def _seen(owner_id: UUID, known_at: datetime | None) -> tuple[ColumnElement[bool], ...]:
    """Return the conditions of an owner's trades as believed at an instant, or now."""
    believed: ColumnElement[bool] = col(Trade.known_to).is_(None)
    if known_at is not None:
        believed = and_(
            col(Trade.known_from) <= known_at, or_(believed, col(Trade.known_to) > known_at)
        )
    return col(Trade.owner_id) == owner_id, believed
