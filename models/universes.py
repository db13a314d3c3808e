"""Universes and their members, as of a day and as known at an instant."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, Select, and_, case, func, null, or_, select, text
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
# What was public before the universe was first known here is believed of that time too; from there
# on a correction begins when it is written, so that nobody who stood in between sees it.
OPEN = f"""
    {BELIEVED},
    known (instrument_id, first) AS (
        SELECT o.instrument_id, min(o.known_from) FROM index_membership o
        WHERE o.universe_id = :universe_id GROUP BY 1
    ),
    lacking AS (
        SELECT b.*, k.first FROM believed b LEFT JOIN known k USING (instrument_id)
        WHERE NOT EXISTS (SELECT FROM index_membership m WHERE {SAME})
    )
    INSERT INTO index_membership
        (universe_id, instrument_id, starts_on, ends_on, known_from, known_to, reason)
    SELECT :universe_id, instrument_id, starts_on, ends_on, known_from, first, :reason
    FROM lacking WHERE known_from < first
    UNION ALL
    SELECT :universe_id, instrument_id, starts_on, ends_on,
        CASE WHEN first IS NULL AND known_from IS NOT NULL THEN known_from
            ELSE CAST(:instant AS timestamptz) END,
        NULL, :reason
    FROM lacking
"""  # noqa: S608 - our own text


class KeyTaken(ValueError):
    """The key of a universe belongs to somebody else."""


@dataclass(frozen=True)
class Member:
    """One instrument's time in a universe; `ends_on` is the first day it is out."""

    instrument_id: int
    symbol: str
    starts_on: date
    ends_on: date | None
    known_from: datetime
    known_to: datetime | None = None  # when it was known better; None while believed

    def overlaps(self, first: date, last: date | None) -> bool:
        """Tell whether it reaches into these days, both included; None is without end."""
        begun = last is None or self.starts_on <= last
        return begun and (self.ends_on is None or self.ends_on > first)


@dataclass(frozen=True)
class Listed:
    """A universe at a glance; `first_on` is None where it never had a member."""

    universe: Universe
    members: int
    first_on: date | None


@dataclass(frozen=True)
class Spell:
    """A membership to be written; imported history is known from its first day."""

    instrument_id: int
    starts_on: date
    ends_on: date | None
    known_from: datetime | None = None  # None: when it is written


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

    async def listed(self, on: date, *, owner_id: UUID | None = None) -> Sequence[Listed]:
        """Return the universes of `list` with their members of a day, in one statement."""
        lasts = or_(col(IndexMembership.ends_on).is_(None), col(IndexMembership.ends_on) > on)
        of_the_day = and_(col(IndexMembership.starts_on) <= on, lasts)
        believed = and_(
            col(IndexMembership.universe_id) == col(Universe.id),
            col(IndexMembership.known_to).is_(None),
        )
        found = (
            select(
                Universe,
                func.count(col(IndexMembership.id)).filter(of_the_day),
                func.min(col(IndexMembership.starts_on)),
            )
            .outerjoin(IndexMembership, believed)
            .where(_visible(owner_id))
            .group_by(col(Universe.id))
            .order_by(col(Universe.key))
        )
        return [Listed(*row) for row in await self.session.execute(found)]

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

    async def memberships(
        self, universe: Universe, *, known_at: datetime | None = None
    ) -> Sequence[Member]:
        """Return what a run over many days chooses from, as known at an instant or now.

        Where history is known, every version ever believed, so that each day sees what was known
        on it. Elsewhere what is believed last, which all days share: hindsight, and no more than
        that can be had.
        """
        if not universe.survivorship_free:
            return await self.spells(universe.key, known_at=known_at)
        known_to = col(IndexMembership.known_to)
        if known_at is None:
            found = _memberships(known_to.label("known_to"))
        else:
            later = case((known_to <= known_at, known_to))
            found = _memberships(later).where(col(IndexMembership.known_from) <= known_at)
        found = found.where(col(Universe.key) == universe.key)
        return [Member(*row) for row in await self.session.execute(found)]

    async def save(self, universe: Universe, spells: Iterable[Spell], *, reason: str) -> Universe:
        """Write a universe and all memberships we now believe in; equal ones are not touched.

        Raises KeyTaken when another owner has the key.
        """
        await self.hold(universe.key)
        saved = await self._describe(universe)
        await self.believe(saved, spells, reason=reason)
        return saved

    async def hold(self, key: str) -> None:
        """Let one transaction at a time change a universe: what it reads of it then stays true."""
        await lock(self.session, f"universe {key}")

    async def believe(self, universe: Universe, spells: Iterable[Spell], *, reason: str) -> None:
        """Replace what is believed of a universe that is held; equal memberships are not touched.

        What is no longer believed is closed at this instant, not erased: whoever stands at an
        earlier instant still sees it.
        """
        # One reading of the clock closes and opens, so that neither gap nor overlap appears.
        instant = await self.session.scalar(select(func.clock_timestamp()))
        rows = list(spells)
        believed = {
            "universe_id": universe.id,
            "instant": instant,
            "instruments": [row.instrument_id for row in rows],
            "starts": [row.starts_on for row in rows],
            "ends": [row.ends_on for row in rows],
            "known": [row.known_from for row in rows],
        }
        await self.session.execute(text(CLOSE), believed)
        await self.session.execute(text(OPEN), believed | {"reason": reason})

    async def _describe(self, universe: Universe) -> Universe:
        found = await self.by_key(universe.key, owner_id=universe.owner_id)
        if found is None:
            named = {name: getattr(universe, name) for name in ("key", "owner_id", *DESCRIBED)}
            # A row of somebody else is not visible here, but its key is taken.
            added = insert(Universe).values(**named).on_conflict_do_nothing()
            await self.session.execute(added)
            found = await self.by_key(universe.key, owner_id=universe.owner_id)
        if found is None or found.owner_id != universe.owner_id:
            raise KeyTaken(f"universe key {universe.key} is taken; choose another")
        for name in DESCRIBED:
            setattr(found, name, getattr(universe, name))
        await self.session.flush()
        return found


def _visible(owner_id: UUID | None) -> ColumnElement[bool]:
    everyones = col(Universe.owner_id).is_(None)
    return everyones if owner_id is None else or_(everyones, col(Universe.owner_id) == owner_id)


def _believed(
    known_at: datetime | None,
) -> Select[int, str, date, date | None, datetime, datetime | None]:
    """Select memberships as believed at an instant, or now; nobody knew then of an end to it."""
    believed: ColumnElement[bool] = col(IndexMembership.known_to).is_(None)
    if known_at is not None:
        learned = col(IndexMembership.known_from) <= known_at
        believed = and_(learned, or_(believed, col(IndexMembership.known_to) > known_at))
    return _memberships(null()).where(believed)


def _memberships(
    known_to: ColumnElement[Any],
) -> Select[int, str, date, date | None, datetime, datetime | None]:
    return (
        select(
            col(Instrument.id),
            col(Instrument.symbol),
            col(IndexMembership.starts_on),
            col(IndexMembership.ends_on),
            col(IndexMembership.known_from),
            known_to,
        )
        .join(Instrument, col(Instrument.id) == col(IndexMembership.instrument_id))
        .join(Universe, col(Universe.id) == col(IndexMembership.universe_id))
        .order_by(col(Instrument.symbol), col(IndexMembership.starts_on))
    )
