"""The life of a job between its row and its work.

The row is the truth and the outbox; a message is only a hint that may come twice or never.
"""

import asyncio
import random
import time
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from typing import Any
from uuid import UUID

from sqlalchemy.exc import SQLAlchemyError

from api import telemetry
from api.errors import DataError, ErrorCode, Unavailable
from api.jobs import JobMessage
from api.ports import JobQueue
from api.services.failures import UNFORESEEN, Failure, WorkFailed, failure_of
from api.services.work import ClaimedJob, JobKind, Publish, Pulse, Stopped, Timing, Work
from api.telemetry import logger
from models.job_outbox import JobOutbox
from models.jobs import JobRepository
from models.session import SessionFactory, unit_of_work

__all__ = [
    "ClaimedJob",
    "JobKind",
    "Pulse",
    "Stopped",
    "Timing",
    "Work",
    "dispatch",
    "heartbeat",
    "perform",
]

TRIES = 5


async def perform(
    job_id: UUID,
    kinds: Mapping[str, JobKind],
    sessions: SessionFactory,
    *,
    timing: Timing | None = None,
) -> float | None:
    """Claim the job, do its work, record how it ended.

    1. Claim in one short transaction. No claim: finished, cancelled, not due or held elsewhere.
    2. Work with nothing open, objects under the claim's prefix, heartbeat beside it.
    3. Record under the fence. A worker that lost its lease changes no row.

    Returns
    -------
    float or None
        Seconds after which the job is due again, when a transient error released it.
    """
    timing = timing or Timing()
    job = await _claim(job_id, sessions, timing)
    if job is None:
        return None
    token = telemetry.job_id.set(str(job.id))
    try:
        return await _perform_claimed(job, kinds, sessions, timing)
    finally:
        telemetry.job_id.reset(token)


async def _claim(job_id: UUID, sessions: SessionFactory, timing: Timing) -> ClaimedJob | None:
    async with unit_of_work(sessions) as session:
        claim = await JobRepository(session).claim(job_id, lease=timing.lease)
    if claim is None:
        return None
    return ClaimedJob(
        id=job_id,
        kind=claim.kind,
        fence=claim.fence,
        attempt=claim.attempt,
        owner_id=claim.owner_id,
        payload=claim.payload,
    )


async def _perform_claimed(
    job: ClaimedJob, kinds: Mapping[str, JobKind], sessions: SessionFactory, timing: Timing
) -> float | None:
    try:
        kind = _require_kind(job.kind, kinds)
        started = time.monotonic()
        async with heartbeat(job, sessions, timing) as pulse:
            outcome = await kind.work(job, pulse)
        outcome.setdefault("compute_seconds", time.monotonic() - started)
        await _publish(job, outcome, kind.publish, sessions, timing)
    except Stopped:
        await _acknowledge_cancel(job, sessions)
    except asyncio.CancelledError:
        await asyncio.shield(_give_back(job, sessions))
        raise
    except Exception as error:
        failure = failure_of(error)
        logger.warning("the work failed, %s: %s", failure.code, failure.message)
        if failure.reason in UNFORESEEN and not isinstance(error, WorkFailed):
            logger.exception("nobody foresaw this")
        return await _give_up(job, failure, sessions, timing)
    return None


def _require_kind(name: str, kinds: Mapping[str, JobKind]) -> JobKind:
    if name not in kinds:
        raise DataError(f"no worker here performs jobs of kind {name}")
    return kinds[name]


async def _publish(
    job: ClaimedJob,
    outcome: dict[str, Any],
    publish: Publish,
    sessions: SessionFactory,
    timing: Timing,
) -> None:
    """Make the result visible by the fenced update; try again while the database is away.

    A reply lost after the commit is harmless: the second try finds the job finished.
    """
    for attempt in range(1, TRIES + 1):
        try:
            return await _publish_once(job, outcome, publish, sessions)
        except (SQLAlchemyError, OSError) as error:
            if attempt == TRIES or not failure_of(error).transient:
                raise
        await asyncio.sleep(backoff_seconds(attempt, timing))
    return None


async def _publish_once(
    job: ClaimedJob, outcome: dict[str, Any], publish: Publish, sessions: SessionFactory
) -> None:
    async with unit_of_work(sessions) as session:
        jobs = JobRepository(session)
        finished = await jobs.finish(
            job.id,
            fence=job.fence,
            result_prefix=job.prefix,
            sha256=outcome.get("sha256"),
            compute_seconds=outcome["compute_seconds"],
        )
        if finished:
            await publish(session, job, outcome)
        elif not await jobs.acknowledge_cancel(job.id, fence=job.fence):
            logger.warning("the job has another worker or has ended; nothing was written")


async def _acknowledge_cancel(job: ClaimedJob, sessions: SessionFactory) -> None:
    async with unit_of_work(sessions) as session:
        await JobRepository(session).acknowledge_cancel(job.id, fence=job.fence)


async def _release(job: ClaimedJob, sessions: SessionFactory, delay_seconds: float) -> bool:
    async with unit_of_work(sessions) as session:
        jobs = JobRepository(session)
        return await jobs.release(job.id, fence=job.fence, delay_seconds=delay_seconds)


async def _give_back(job: ClaimedJob, sessions: SessionFactory) -> None:
    """Release the job of a worker that is shut down, instead of letting its lease run out.

    Without a database the lease does run out; an error here would hide the order to stop.
    """
    try:
        await _release(job, sessions, 0.0)
    except (SQLAlchemyError, OSError):
        logger.warning("the job was not given back; the sweeper will find it", exc_info=True)


async def _give_up(
    job: ClaimedJob, failure: Failure, sessions: SessionFactory, timing: Timing
) -> float | None:
    """Release the job when trying again may help and attempts are left; else fail it."""
    if failure.transient:
        delay = backoff_seconds(job.attempt, timing)
        if await _release(job, sessions, delay):
            return delay
        failure = _exhausted(job, failure)
    async with unit_of_work(sessions) as session:
        jobs = JobRepository(session)
        if await jobs.acknowledge_cancel(job.id, fence=job.fence):
            return None
        await jobs.fail(
            job.id,
            fence=job.fence,
            code=failure.code,
            reason=failure.reason,
            detail=failure.message,
        )
    return None


def _exhausted(job: ClaimedJob, last: Failure) -> Failure:
    return Failure(
        code=ErrorCode.RESOURCE_EXHAUSTED,
        reason="ATTEMPTS_EXHAUSTED",
        message=f"{job.attempt} attempts failed, the last because {last.message}",
    )


def backoff_seconds(attempt: int, timing: Timing) -> float:
    """Return a full-jitter delay: uniform below a ceiling that doubles with each attempt."""
    ceiling = min(timing.retry_cap_seconds, timing.retry_base_seconds * 2 ** (attempt - 1))
    return random.uniform(0.0, ceiling)  # noqa: S311 - spreads load, guards nothing


@asynccontextmanager
async def heartbeat(
    job: ClaimedJob, sessions: SessionFactory, timing: Timing
) -> AsyncIterator[Pulse]:
    """Extend the lease while the block runs, write progress, learn of cancellation."""
    pulse = Pulse()
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
            pulse.stopped = not await _beat(job, pulse, sessions, timing)
        except (SQLAlchemyError, OSError):
            logger.warning("a heartbeat failed; the next one follows", exc_info=True)


async def _beat(job: ClaimedJob, pulse: Pulse, sessions: SessionFactory, timing: Timing) -> bool:
    """Extend the lease once; False when the work should stop."""
    async with unit_of_work(sessions) as session:
        beat = await JobRepository(session).heartbeat(
            job.id,
            fence=job.fence,
            progress=pulse.progress,
            stage=pulse.stage,
            lease=timing.lease,
        )
    return beat.alive and not beat.cancel_requested


async def dispatch(ids: Sequence[UUID], sessions: SessionFactory, queue: JobQueue) -> None:
    """Send the jobs' messages after their rows were committed.

    Nothing in it fails the request that wrote them: what was not sent, the sweeper sends.
    """
    if not ids:
        return
    try:
        await queue.send([JobMessage(job_id=job_id) for job_id in ids])
        async with unit_of_work(sessions) as session:
            await JobOutbox(session).mark_enqueued(ids)
    except (Unavailable, SQLAlchemyError, OSError):
        logger.warning("%d jobs were not sent; the sweeper will", len(ids), exc_info=True)
