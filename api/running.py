"""What goes on in a process that performs jobs: its queues are emptied and its rows swept."""

import asyncio
from collections.abc import AsyncIterator, Coroutine, Iterable
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import timedelta
from typing import Any

from api.errors import Unavailable
from api.services.sweeper import sweep, sweep_objects
from api.telemetry import logger
from api.wiring import App


@asynccontextmanager
async def working(app: App) -> AsyncIterator[None]:
    """Perform jobs and sweep while the block runs; give back what is unfinished at its end."""
    tasks = [
        asyncio.create_task(_warm_up(app)),
        asyncio.create_task(consume(app)),
        asyncio.create_task(_sweep_on(app)),
        asyncio.create_task(_sweep_objects_on(app)),
    ]
    try:
        yield
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.wait(tasks)


async def consume(app: App, *urls: str) -> None:
    """Perform what the queues hold, all of them unless some are named, until cancelled."""
    settings = app.settings
    match settings.queue:
        case "local":
            await app.local_queue.consume(app.handle)
        case "sqs":
            from api.adapters.sqs_consumer import SqsConsumer

            named = urls or (settings.queue_url or "", settings.ingest_queue_url or "")
            consumers = [SqsConsumer(app.aws, url) for url in named]
            await _together(each.consume(app.handle, app.sessions) for each in consumers)


async def _together(runs: Iterable[Coroutine[Any, Any, None]]) -> None:
    """Run all until one fails or the caller is cancelled; then all have ended."""
    tasks = [asyncio.create_task(run) for run in runs]
    try:
        await asyncio.gather(*tasks)
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.wait(tasks)


async def _warm_up(app: App) -> None:
    try:
        await app.child.start()
    except Unavailable as e:
        logger.warning("%s; each job will try to start it again", e)


async def _sweep_on(app: App) -> None:
    """Sweep now and then; the first time at once, for what an earlier process left.

    Messages of a local queue died with it, so that first time nothing counts as sent.
    """
    none = timedelta(0)
    lost = replace(app.patience, unsent=none, sent=none)
    patience = lost if app.settings.queue == "local" else app.patience
    while True:
        try:
            await sweep(app.sessions, app.queue, patience)
        except Exception:
            logger.exception("a sweep failed; the next one follows")
        else:
            patience = app.patience
        await asyncio.sleep(app.settings.sweep_seconds)


async def _sweep_objects_on(app: App) -> None:
    while True:
        try:
            await sweep_objects(app.sessions, app.store)
        except Exception:
            logger.exception("a sweep of objects failed; the next one follows")
        await asyncio.sleep(app.settings.sweep_objects_seconds)
