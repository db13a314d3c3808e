"""``parakeet worker``: jobs from SQS, performed on any host."""

import asyncio
from contextlib import suppress

import typer
from sqlalchemy import select
from sqlalchemy.exc import DBAPIError
from sqlmodel import col

from api.cli.edge import begin, exit_codes
from api.cli.opening import Say
from api.cli.signals import stop_on_signals
from api.errors import InvalidInput, Unavailable
from api.running import consume
from api.services.failures import failure_of
from api.settings import Settings
from api.wiring import App
from models.job import Job
from models.session import unit_of_work


def run(*, queue: str | None) -> None:
    """Perform jobs until a signal says stop."""
    settings = begin()
    with exit_codes():
        asyncio.run(work(settings, queue=queue, say=typer.echo))


async def work(settings: Settings, *, queue: str | None, say: Say, kind: type[App] = App) -> None:
    """Perform what the queues hold; what is unfinished at the end is given back.

    Raises InvalidInput for settings that name no queue or no database, Unavailable, ServerError.
    """
    urls = queue_urls(settings, queue)
    if settings.secrets == "environment" and settings.database_url is None:
        raise InvalidInput("DATABASE_URL was not set: a worker needs the database of its jobs")
    patience = {"command_timeout_seconds": settings.worker_command_timeout_seconds}
    app = kind(settings.model_copy(update=patience))
    with suppress(asyncio.CancelledError), stop_on_signals():
        try:
            await _require_jobs(app)
            await app.child.start()
            say(f"Waiting for jobs of {queue or 'backtest and ingest'}")
            await consume(app, *urls)
        finally:
            await app.close()
    say("Stopped")


def queue_urls(settings: Settings, queue: str | None) -> tuple[str, ...]:
    """Return the addresses of the queue named, or of both. Raises InvalidInput."""
    if settings.queue != "sqs":
        raise InvalidInput(
            f"PARAKEET_QUEUE was {settings.queue!r}, expected 'sqs': `parakeet serve` performs the"
            " jobs of a local queue itself"
        )
    urls = {"backtest": settings.queue_url or "", "ingest": settings.ingest_queue_url or ""}
    return tuple(urls.values()) if queue is None else (urls[queue],)


async def _require_jobs(app: App) -> None:
    """Ask for a job, so that a database that is away or empty is known at once."""
    try:
        async with unit_of_work(app.sessions) as session:
            await session.execute(select(col(Job.id)).limit(1))
    except (OSError, DBAPIError) as e:
        raise Unavailable(
            f"the jobs cannot be read: {failure_of(e).message}; is the address of the database"
            " right, and was `parakeet migrate` run on it?"
        ) from e
