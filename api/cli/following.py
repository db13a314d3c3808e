"""A job followed to its end at the terminal, whoever performs it."""

import asyncio
from collections.abc import AsyncIterator
from uuid import UUID

from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn

from api.services.jobs import perform
from api.wiring import App
from models.job import TERMINAL, Job
from models.jobs import JobRepository
from models.session import unit_of_work

POLL_SECONDS = 0.1


async def followed(app: App, job_id: UUID) -> AsyncIterator[Job]:
    """Perform the job and yield it as it stands until it has ended; a server may be quicker."""
    performing = asyncio.create_task(perform(job_id, app.kinds, app.sessions, timing=app.timing))
    try:
        while True:
            job = await _job(app, job_id)
            yield job
            if job.status in TERMINAL:
                return
            await asyncio.wait([performing], timeout=POLL_SECONDS)
            if performing.done():
                # Released for another try, or held by a server: ask again after a moment.
                await asyncio.sleep(performing.result() or POLL_SECONDS)
                performing = asyncio.create_task(
                    perform(job_id, app.kinds, app.sessions, timing=app.timing)
                )
    finally:
        performing.cancel()
        await asyncio.wait([performing])


async def _job(app: App, job_id: UUID) -> Job:
    async with unit_of_work(app.sessions) as session:
        job = await JobRepository(session).get(job_id, owner_id=app.settings.owner_id)
    if job is None:
        raise LookupError(f"job {job_id} is gone")
    return job


def progress_bar() -> Progress:
    """Return a bar on standard error, so that the figures can be piped."""
    return Progress(
        TextColumn("{task.description}"),
        BarColumn(),
        TextColumn("{task.percentage:>3.0f} %"),
        TimeElapsedColumn(),
        console=Console(stderr=True),
        transient=True,
    )
