"""Bring up what a command needs before it can begin: database, schema, sample market."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path

from pydantic import SecretStr
from sqlalchemy.exc import DBAPIError

from api.adapters.embedded_postgres import EmbeddedPostgres
from api.errors import Unavailable
from api.settings import Settings
from api.wiring import App
from migrations.run import upgrade
from models.session import unit_of_work
from models.universes import UniverseRepository

# Tells the person at the terminal what is going on.
Say = Callable[[str], None]

SAMPLE = "SAMPLE_US"
# States in which a server lets nobody in: wrong name or password, no such database, no room, not
# ready.
REFUSALS = ("28", "3D", "53", "57P")


@asynccontextmanager
async def opened(settings: Settings, say: Say, *, kind: type[App] = App) -> AsyncIterator[App]:
    """Open an application whose database runs, is migrated and holds the sample market.

    Raises Unavailable when the database does not start or does not answer.
    """
    async with database(settings, say) as address:
        await migrated(address)
        settings = settings.model_copy(update={"database_url": SecretStr(address)})
        await _load_sample(settings, say)
        app = kind(settings)
        try:
            yield app
        finally:
            await app.close()


@asynccontextmanager
async def database(settings: Settings, say: Say) -> AsyncIterator[str]:
    """Lend the address of the configured database, or of the embedded one while it is needed."""
    if settings.database_url is not None:
        yield settings.database_url.get_secret_value()
        return
    server = EmbeddedPostgres(settings.home)
    say(f"Starting the database in {_short(server.data)}")
    try:
        await _to_the_end(server.start)
        yield server.url
    finally:
        await _to_the_end(server.stop)


async def migrated(address: str) -> None:
    """Bring the schema to the newest revision. Raises Unavailable."""
    try:
        await upgrade(address)
    except OSError as e:
        raise Unavailable(f"the database did not answer: {e}; is DATABASE_URL right?") from e
    except DBAPIError as e:
        if not str(getattr(e.orig, "sqlstate", "")).startswith(REFUSALS):
            raise
        why = getattr(e.orig, "__cause__", None) or e.orig  # the driver's own words
        raise Unavailable(f"the database refused us: {why}; is DATABASE_URL right?") from e


async def _load_sample(settings: Settings, say: Say) -> None:
    """Bring the sample market in where it is missing; its statements may take their time."""
    from api.adapters.sample_prices import SamplePrices
    from api.services.load_sample import load_sample

    patience = {"command_timeout_seconds": settings.worker_command_timeout_seconds}
    app = App(settings.model_copy(update=patience))
    try:
        async with unit_of_work(app.sessions) as session:
            if await UniverseRepository(session).by_key(SAMPLE) is None:
                say("Loading the sample market: real prices, once, in less than a minute")
        report = await load_sample(app.sessions, SamplePrices())
    finally:
        await app.close()
    for source, count in report.bars.items():
        kept = count.read - count.quarantined
        say(f"  {source}: {kept:,} bars, {count.quarantined:,} refused by the quality gates")


async def _to_the_end(step: Callable[[], None]) -> None:
    """Run a blocking step in a thread; a cancellation waits for its end, so none is left half."""
    running = asyncio.create_task(asyncio.to_thread(step))
    try:
        await asyncio.shield(running)
    except asyncio.CancelledError:
        await asyncio.wait([running])
        raise


def _short(path: Path) -> str:
    here = Path.cwd()
    return str(path.relative_to(here)) if path.is_relative_to(here) else str(path)
