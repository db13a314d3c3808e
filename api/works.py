"""The computations themselves, with what they need opened where they run."""

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from functools import partial
from typing import Any

from api import telemetry
from api.services.work import Work
from api.settings import Settings
from api.wiring import App


@asynccontextmanager
async def entry(dumped: dict[str, Any]) -> AsyncIterator[Mapping[str, Work]]:
    """Open the works inside a child process, from the settings its parent dumped."""
    settings = Settings(**dumped)
    telemetry.configure(settings.log_level, path=settings.home / "worker.log")
    async with open_works(settings) as opened:
        yield opened


@asynccontextmanager
async def open_works(settings: Settings) -> AsyncIterator[Mapping[str, Work]]:
    """Open what the works need on the caller's loop; import the engine while nobody waits."""
    from api.adapters.sample_prices import SamplePrices
    from api.services.ingest import ingest
    from api.services.run_backtest import run_backtest

    patience = settings.worker_command_timeout_seconds
    app = App(settings.model_copy(update={"command_timeout_seconds": patience, "pool_size": 2}))
    try:
        yield {
            "BACKTEST": partial(run_backtest, sessions=app.sessions, store=app.store),
            "INGEST": partial(
                ingest, sessions=app.sessions, store=app.store, source=SamplePrices()
            ),
        }
    finally:
        await app.close()
