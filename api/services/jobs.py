"""The life of a job between its row and its work.

The row is the truth and the outbox; a message is only a hint that may come twice or never.
"""

import asyncio
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.ext.asyncio import AsyncSession

from api import telemetry
from api.errors import AppError, DataError, ErrorCode, Unavailable
from api.jobs import BadMessage, JobMessage
from api.ports import JobQueue
from api.services.backoff import full_jitter
from api.services.failures import UNFORESEEN, Failure, WorkFailed, failure_of
from api.services.heartbeat import heartbeat
from api.services.work import ClaimedJob, Publish, Steps, Stopped, Timing
from api.telemetry import Metric, logger, meter
from models.job_outbox import JobOutbox
from models.job_parts import JobParts
from models.jobs import JobRepository
from models.session import SessionFactory, unit_of_work

TRIES = 5


@dataclass(frozen=True)
class Ended:
    """How an attempt ended, and after how many seconds the next one is due."""

    how: Metric
    again_after: float | None = None


async def perform(
    job_id: UUID,
    kinds: Mapping[str, Steps],
    sessions: SessionFactory,
    *,
    timing: Timing,
) -> float | None:
    """Claim the job, do its work, record how it ended.

    1. Claim in one short transaction. No claim: finished, cancelled, not due or held elsewhere.
    2. Work with nothing open, objects under the claim's prefix, heartbeat beside it.
    3. Record under the fence. A worker that lost its lease changes no row.

    Raises BadMessage when no such job was ever written.

    Returns
    -------
    float or None
        Seconds after which the job is due again, when a transient error released it.
    """
    token = telemetry.job_id.set(str(job_id))
    try:
        job = await _claim(job_id, sessions, timing)
        if job is None:
            return None
        with telemetry.traced(job.kind):
            ended = await _perform_claimed(job, kinds, sessions, timing)
        meter.add(ended.how)
        return ended.again_after
    finally:
        telemetry.job_id.reset(token)


async def _claim(job_id: UUID, sessions: SessionFactory, timing: Timing) -> ClaimedJob | None:
    async with unit_of_work(sessions) as session:
        jobs = JobRepository(session)
        claim = await jobs.claim(job_id, lease=timing.hold)
        if claim is None and not await jobs.is_known(job_id):
            raise BadMessage("UNKNOWN_JOB", f"no job {job_id} was ever written")
    if claim is None:
        logger.info("nothing to do: the job has ended, is not due or is held elsewhere")
        return None
    return ClaimedJob(
        id=job_id,
        kind=claim.kind,
        fence=claim.fence,
        attempt=claim.attempt,
        owner_id=claim.owner_id,
        payload=claim.payload,
        parent_id=claim.parent_id,
    )


async def _perform_claimed(
    job: ClaimedJob, kinds: Mapping[str, Steps], sessions: SessionFactory, timing: Timing
) -> Ended:
    try:
        steps = _require_steps(job.kind, kinds)
        started = time.monotonic()
        async with heartbeat(job, sessions, timing) as pulse:
            outcome = await steps.work(job, pulse)
        outcome.setdefault("compute_seconds", time.monotonic() - started)
        return await _publish(job, outcome, steps.publish, sessions, timing)
    except Stopped:
        return await _acknowledge_cancel(job, sessions)
    except asyncio.CancelledError:
        await asyncio.shield(_give_back(job, sessions))
        raise
    except Exception as error:
        # Whatever a work raises ends its attempt, and never the worker.
        failure = failure_of(error)
        # Its sentence is for the owner and may name what they asked for; the row keeps it.
        logger.warning("the work failed: %s %s", failure.code, failure.reason or "")
        if failure.reason in UNFORESEEN and not isinstance(error, WorkFailed):
            logger.exception("nobody foresaw this")
        return await _give_up(job, failure, sessions, timing)


def _require_steps(name: str, kinds: Mapping[str, Steps]) -> Steps:
    if name not in kinds:
        raise DataError(f"no worker here performs jobs of kind {name}")
    return kinds[name]


async def _publish(
    job: ClaimedJob,
    outcome: dict[str, Any],
    publish: Publish,
    sessions: SessionFactory,
    timing: Timing,
) -> Ended:
    """Make the result visible by the fenced update; try again while the database is away.

    A reply lost after the commit is harmless: the second try finds the job finished.
    """
    attempt = 1
    while True:
        try:
            return Ended(await _publish_once(job, outcome, publish, sessions))
        except (SQLAlchemyError, OSError, Unavailable) as error:
            delay = backoff_seconds(attempt, timing)
            too_late = timing.deadline.remaining_seconds <= delay
            if attempt == TRIES or too_late or not failure_of(error).transient:
                raise
        await asyncio.sleep(delay)
        attempt += 1


async def _publish_once(
    job: ClaimedJob, outcome: dict[str, Any], publish: Publish, sessions: SessionFactory
) -> Metric:
    parted = "parts" in outcome
    async with unit_of_work(sessions) as session:
        jobs = JobRepository(session)
        if parted:
            recorded = await JobParts(session).wait(job.id, fence=job.fence)
        else:
            recorded = await jobs.finish(
                job.id,
                fence=job.fence,
                result_prefix=job.prefix,
                sha256=outcome.get("sha256"),
                compute_seconds=outcome["compute_seconds"],
            )
        if recorded:
            await publish(session, job, outcome)
            await _tell_parent(session, job)
        elif await jobs.acknowledge_cancel(job.id, fence=job.fence):
            await _tell_parent(session, job)
            return Metric.JOBS_CANCELLED
        else:
            return _lost()
    _count(outcome)
    return Metric.JOBS_PARTED if parted else Metric.JOBS_SUCCEEDED


async def _tell_parent(session: AsyncSession, job: ClaimedJob) -> None:
    """Let what waits for this job go on when it was the last part, in the same transaction."""
    if job.parent_id is not None:
        await JobParts(session).end_part(job.parent_id)


def _count(outcome: dict[str, Any]) -> None:
    meter.add(Metric.COMPUTE_SECONDS, outcome["compute_seconds"])
    for name, number in outcome.get("counts", {}).items():
        meter.add(Metric(name), number)


def _lost() -> Metric:
    logger.warning("the job has another worker or has ended; nothing was written")
    return Metric.JOBS_LOST


async def _acknowledge_cancel(job: ClaimedJob, sessions: SessionFactory) -> Ended:
    async with unit_of_work(sessions) as session:
        ours = await JobRepository(session).acknowledge_cancel(job.id, fence=job.fence)
        await _tell_parent(session, job)
    return Ended(Metric.JOBS_CANCELLED if ours else _lost())


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
    except (SQLAlchemyError, OSError, Unavailable):
        logger.warning("the job was not given back; the sweeper will find it", exc_info=True)


async def _give_up(
    job: ClaimedJob, failure: Failure, sessions: SessionFactory, timing: Timing
) -> Ended:
    """Release the job when trying again may help and attempts are left; else fail it."""
    if failure.transient:
        delay = backoff_seconds(job.attempt, timing)
        if await _release(job, sessions, delay):
            return Ended(Metric.JOBS_RELEASED, delay)
        failure = _exhausted(job, failure)
    async with unit_of_work(sessions) as session:
        jobs = JobRepository(session)
        if await jobs.acknowledge_cancel(job.id, fence=job.fence):
            await _tell_parent(session, job)
            return Ended(Metric.JOBS_CANCELLED)
        ours = await jobs.fail(
            job.id,
            fence=job.fence,
            code=failure.code,
            reason=failure.reason,
            detail=failure.message,
        )
        await _tell_parent(session, job)
    return Ended(Metric.JOBS_FAILED if ours else _lost())


def _exhausted(job: ClaimedJob, last: Failure) -> Failure:
    """Tell of the last attempt; what it ran out of is the better reason."""
    ran_out = last.code is ErrorCode.RESOURCE_EXHAUSTED
    return Failure(
        code=ErrorCode.RESOURCE_EXHAUSTED,
        reason=(ran_out and last.reason) or "ATTEMPTS_EXHAUSTED",
        message=f"{job.attempt} attempts failed, the last because {last.message}",
    )


def backoff_seconds(attempt: int, timing: Timing) -> float:
    return full_jitter(
        attempt, base_seconds=timing.retry_base_seconds, cap_seconds=timing.retry_cap_seconds
    )


async def dispatch_called(job_id: UUID, sessions: SessionFactory, queue: JobQueue) -> None:
    """Send what a job called: its parts, or the parent it was the last part of."""
    try:
        async with unit_of_work(sessions) as session:
            ids = await JobOutbox(session).called_by(job_id)
    except (SQLAlchemyError, OSError, Unavailable):
        logger.warning("what the job called was not sent; the sweeper will", exc_info=True)
    else:
        await dispatch(ids, sessions, queue)


async def dispatch(ids: Sequence[UUID], sessions: SessionFactory, queue: JobQueue) -> bool:
    """Send the jobs' messages after their rows were committed; tell whether it was done.

    Nothing in it fails the request that wrote them: what was not sent, the sweeper sends.
    """
    if not ids:
        return True
    try:
        async with unit_of_work(sessions) as session:
            kinds = await JobOutbox(session).kinds(ids)
        await queue.send([JobMessage(job_id=job_id, kind=kind) for job_id, kind in kinds.items()])
        async with unit_of_work(sessions) as session:
            await JobOutbox(session).mark_enqueued(list(kinds))
    except (AppError, SQLAlchemyError, OSError):
        logger.warning("%d jobs were not sent; the sweeper will", len(ids), exc_info=True)
        return False
    return True
