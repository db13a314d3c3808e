"""Universes and their members, as of a day and as known at an instant."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID

from sqlalchemy import ColumnElement, Select, and_, func, or_, select, text
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from models.instrument import Instrument
from models.session import lock
from models.universe import IndexMembership, Region, Universe

DESCRIBED = ("name", "description", "region", "benchmark", "survivorship_free", "source")


BELIEVED = """
    WITH believed AS (
        SELECT * FROM unnest(
            CAST(:instruments AS bigint[]), CAST(:starts AS date[]), CAST(:ends AS date[]),
            CAST(:known AS timestamptz[])
        ) AS spell (instrument_id, starts_on, ends_on, known_from)
    )
"""
# The version of a believed spell that is open now.
SAME = """
    m.universe_id = :universe_id AND m.instrument_id = b.instrument_id
    AND m.starts_on = b.starts_on AND m.ends_on IS NOT DISTINCT FROM b.ends_on
    AND m.known_to IS NULL
"""
CLOSE = f"""
    {BELIEVED}
    UPDATE index_membership m SET known_to = :instant
    WHERE m.universe_id = :universe_id AND m.known_to IS NULL
        AND NOT EXISTS (SELECT FROM believed b WHERE {SAME})
"""  # noqa: S608 - our own text
# An instrument the universe already knew is corrected now; another was known when it began.
OPEN = f"""
    {BELIEVED}
    INSERT INTO index_membership
        (universe_id, instrument_id, starts_on, ends_on, known_from, reason)
    SELECT :universe_id, b.instrument_id, b.starts_on, b.ends_on,
        CASE WHEN EXISTS (
            SELECT FROM index_membership o
            WHERE o.universe_id = :universe_id AND o.instrument_id = b.instrument_id
        ) THEN CAST(:instant AS timestamptz) ELSE b.known_from END,
        :reason
    FROM believed b
    WHERE NOT EXISTS (SELECT FROM index_membership m WHERE {SAME})
"""  # noqa: S608 - our own text


@dataclass(frozen=True)
class Member:
    """One instrument's time in a universe; `ends_on` is the first day it is out."""

    instrument_id: int
    symbol: str
    starts_on: date
    ends_on: date | None
    known_from: datetime

    def overlaps(self, first: date, last: date | None) -> bool:
        """Tell whether it reaches into these days, both included; None is without end."""
        begun = last is None or self.starts_on <= last
        return begun and (self.ends_on is None or self.ends_on > first)


@dataclass(frozen=True)
class Spell:
    """A membership to be written; imported ones are known from their first day."""

    instrument_id: int
    starts_on: date
    ends_on: date | None
    known_from: datetime


class UniverseRepository:
    def __init__(self, session: AsyncSession) -> None:
        self.session = session

    async def list(
        self, *, owner_id: UUID | None = None, region: Region | None = None
    ) -> Sequence[Universe]:
        """Return everyone's universes and the owner's own, by key."""
        found = select(Universe).where(_visible(owner_id)).order_by(col(Universe.key))
        if region is not None:
            found = found.where(col(Universe.region) == region)
        return (await self.session.scalars(found)).all()

    async def by_key(self, key: str, *, owner_id: UUID | None = None) -> Universe | None:
        """Return everyone's universe or the owner's own; another owner's is unknown."""
        found = select(Universe).where(col(Universe.key) == key, _visible(owner_id))
        return await self.session.scalar(found.execution_options(populate_existing=True))

    async def members(
        self, key: str, *, valid_at: date, known_at: datetime | None = None
    ) -> Sequence[Member]:
        """Return who was in the universe on a day, by symbol, as known at an instant or now."""
        return (await self.members_of([key], valid_at=valid_at, known_at=known_at))[key]

    async def members_of(
        self, keys: Sequence[str], *, valid_at: date, known_at: datetime | None = None
    ) -> Mapping[str, Sequence[Member]]:
        """Return who was in each universe on a day, in one statement."""
        starts_on, ends_on = col(IndexMembership.starts_on), col(IndexMembership.ends_on)
        lasting = or_(ends_on.is_(None), ends_on > valid_at)
        found = _believed(known_at).add_columns(col(Universe.key))
        found = found.where(col(Universe.key).in_(keys), starts_on <= valid_at, lasting)
        members: dict[str, list[Member]] = {key: [] for key in keys}
        for *row, key in await self.session.execute(found):
            members[key].append(Member(*row))
        return members

    async def spells(self, key: str, *, known_at: datetime | None = None) -> Sequence[Member]:
        """Return every membership there ever was, for a panel over many days."""
        found = _believed(known_at).where(col(Universe.key) == key)
        return [Member(*row) for row in await self.session.execute(found)]

    async def save(self, universe: Universe, spells: Iterable[Spell], *, reason: str) -> Universe:
        """Write a universe and all memberships we now believe in; equal ones are not touched.

        What is no longer believed is closed at this instant, not erased: whoever stands at an
        earlier instant still sees it. Raises ValueError when another owner has the key.
        """
        await lock(self.session, f"universe {universe.key}")
        saved = await self._upsert(universe)
        # One reading of the clock closes and opens, so that neither gap nor overlap appears.
        instant = await self.session.scalar(select(func.clock_timestamp()))
        rows = list(spells)
        believed = {
            "universe_id": saved.id,
            "instant": instant,
            "instruments": [row.instrument_id for row in rows],
            "starts": [row.starts_on for row in rows],
            "ends": [row.ends_on for row in rows],
            "known": [row.known_from for row in rows],
        }
        await self.session.execute(text(CLOSE), believed)
        await self.session.execute(text(OPEN), believed | {"reason": reason})
        return saved

    async def _upsert(self, universe: Universe) -> Universe:
        named = {name: getattr(universe, name) for name in ("key", "owner_id", *DESCRIBED)}
        statement = insert(Universe).values(**named)
        theirs = {name: statement.excluded[name] for name in DESCRIBED}
        differs = [
            col(getattr(Universe, name)).is_distinct_from(theirs[name]) for name in DESCRIBED
        ]
        same_owner = col(Universe.owner_id).is_not_distinct_from(universe.owner_id)
        await self.session.execute(
            statement.on_conflict_do_update(
                index_elements=["key"], set_=theirs, where=and_(same_owner, or_(*differs))
            )
        )
        saved = await self.by_key(universe.key, owner_id=universe.owner_id)
        if saved is None or saved.owner_id != universe.owner_id:
            raise ValueError(f"universe key {universe.key} is taken; choose another")
        return saved


def _visible(owner_id: UUID | None) -> ColumnElement[bool]:
    everyones = col(Universe.owner_id).is_(None)
    return everyones if owner_id is None else or_(everyones, col(Universe.owner_id) == owner_id)


def _believed(known_at: datetime | None) -> Select[int, str, date, date | None, datetime]:
    """Select memberships as believed at an instant, or now."""
    believed: ColumnElement[bool] = col(IndexMembership.known_to).is_(None)
    if known_at is not None:
        learned = col(IndexMembership.known_from) <= known_at
        believed = and_(learned, or_(believed, col(IndexMembership.known_to) > known_at))
    return (
        select(
            col(Instrument.id),
            col(Instrument.symbol),
            col(IndexMembership.starts_on),
            col(IndexMembership.ends_on),
            col(IndexMembership.known_from),
        )
        .join(Instrument, col(Instrument.id) == col(IndexMembership.instrument_id))
        .join(Universe, col(Universe.id) == col(IndexMembership.universe_id))
        .where(believed)
        .order_by(col(Instrument.symbol), col(IndexMembership.starts_on))
    )
