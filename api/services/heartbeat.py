"""The sign of life of a worker: it extends the lease, tells progress, learns of cancellation."""

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from sqlalchemy.exc import SQLAlchemyError

from api.errors import Unavailable
from api.services.work import ClaimedJob, Pulse, Timing
from api.telemetry import logger
from models.job_parts import JobParts
from models.jobs import JobRepository
from models.session import SessionFactory, unit_of_work


@asynccontextmanager
async def heartbeat(
    job: ClaimedJob, sessions: SessionFactory, timing: Timing
) -> AsyncIterator[Pulse]:
    """Extend the lease while the block runs, write progress, learn of cancellation."""
    pulse = Pulse(timing.deadline)
    task = asyncio.create_task(_beat_on(job, pulse, sessions, timing))
    try:
        yield pulse
    finally:
        task.cancel()
        await asyncio.wait([task])


async def _beat_on(job: ClaimedJob, pulse: Pulse, sessions: SessionFactory, timing: Timing) -> None:
    """Beat when there is progress to tell, and before the silence grows too long."""
    told, told_at = (pulse.progress, pulse.stage), time.monotonic()
    while not pulse.stopped:
        await asyncio.sleep(timing.progress_seconds)
        news = (pulse.progress, pulse.stage)
        if news == told and time.monotonic() - told_at < timing.heartbeat_seconds:
            continue
        told, told_at = news, time.monotonic()
        try:
            if not await _beat(job, pulse, sessions, timing):
                pulse.stopped = True  # never unset: others give the order too
        except (SQLAlchemyError, OSError, Unavailable):
            logger.warning("a heartbeat failed; the next one follows", exc_info=True)


async def _beat(job: ClaimedJob, pulse: Pulse, sessions: SessionFactory, timing: Timing) -> bool:
    """Extend the lease once; False when the work should stop."""
    async with unit_of_work(sessions) as session:
        beat = await JobRepository(session).heartbeat(
            job.id,
            fence=job.fence,
            progress=pulse.progress,
            stage=pulse.stage,
            lease=timing.hold,
        )
        if job.parent_id is not None and beat.alive:
            await JobParts(session).advance(job.parent_id)
    return beat.alive and not beat.cancel_requested
