"""Parents and parts: exactly one part is the last, and what it leaves is settled."""

import asyncio
from datetime import timedelta

import pytest
from sqlalchemy import update
from sqlmodel import col

from api.services.cancel_job import cancel_job
from api.services.sweeper import sweep
from models.clock import seconds_from_now
from models.job import Job, JobKind, JobStatus
from models.job_parts import JobParts
from models.jobs import JobRepository
from models.session import unit_of_work
from tests.api.job_rows import OWNER, events, let_lease_lapse, read
from tests.factories import AT_ONCE

LEASE = timedelta(seconds=30)


async def parted(sessions, count=3):
    """Write a parent that waits for so many parts."""
    async with unit_of_work(sessions) as session:
        jobs, parts = JobRepository(session), JobParts(session)
        parent = await jobs.add(Job(owner_id=OWNER, kind=JobKind.SWEEP))
        claim = await jobs.claim(parent.id, lease=LEASE)
        assert await parts.wait(parent.id, fence=claim.fence)
        made = [
            Job(owner_id=OWNER, kind=JobKind.SHARD, parent_id=parent.id, payload={"first": n})
            for n in range(count)
        ]
        await parts.add(made)
    return parent, made


async def begin(sessions, part):
    async with unit_of_work(sessions) as session:
        return (await JobRepository(session).claim(part.id, lease=LEASE)).fence


async def succeed(sessions, part, fence=None):
    fence = fence or await begin(sessions, part)
    async with unit_of_work(sessions) as session:
        done = await JobRepository(session).finish(
            part.id, fence=fence, result_prefix="results/x/1/", sha256=None, compute_seconds=1.0
        )
        await JobParts(session).end_part(part.parent_id)
    return done


async def fail(sessions, part):
    fence = await begin(sessions, part)
    async with unit_of_work(sessions) as session:
        await JobRepository(session).fail(
            part.id, fence=fence, code="MISSING_DATA", reason="NO_BARS", detail="no bars"
        )
        await JobParts(session).end_part(part.parent_id)


async def test_a_parent_waits_without_a_lease_until_the_last_part(sessions):
    parent, parts = await parted(sessions)

    await succeed(sessions, parts[0])
    await succeed(sessions, parts[1])
    waiting = await read(sessions, parent)
    assert (waiting.status, waiting.lease_until) == (JobStatus.RUNNING, None)
    # Two of three parts, of the nine tenths that parts are of the whole.
    assert waiting.progress == pytest.approx(0.6)

    await succeed(sessions, parts[2])
    called = await read(sessions, parent)
    assert (called.status, called.enqueued_at) == (JobStatus.QUEUED, None)
    assert await events(sessions, parent) == ["submitted", "claimed", "parted", "parts_ended"]


async def test_the_sweeper_leaves_a_parent_with_open_parts(sessions, app):
    parent, _ = await parted(sessions)

    await sweep(sessions, app.queue, AT_ONCE)

    assert (await read(sessions, parent)).status is JobStatus.RUNNING


async def test_of_parts_that_end_at_once_one_is_the_last(sessions):
    parent, parts = await parted(sessions, count=8)
    fences = [await begin(sessions, part) for part in parts]

    await asyncio.gather(*map(succeed, [sessions] * 8, parts, fences))

    assert (await read(sessions, parent)).status is JobStatus.QUEUED
    assert (await events(sessions, parent)).count("parts_ended") == 1


async def test_a_parent_may_be_claimed_again_for_its_end(sessions):
    parent, parts = await parted(sessions, count=1)
    async with unit_of_work(sessions) as session:
        spent = update(Job).where(col(Job.id) == parent.id).values(attempt=col(Job.max_attempts))
        await session.execute(spent)

    await succeed(sessions, parts[0])

    async with unit_of_work(sessions) as session:
        claim = await JobRepository(session).claim(parent.id, lease=LEASE)
    assert claim.fence == 2


async def test_a_part_that_failed_fails_its_parent_and_stops_the_others(sessions):
    parent, parts = await parted(sessions)
    held = await begin(sessions, parts[1])

    await fail(sessions, parts[0])

    # One was queued and is gone, one runs and is asked; the parent waits for it.
    assert (await read(sessions, parts[2])).status is JobStatus.CANCELLED
    assert (await read(sessions, parts[1])).cancel_requested_at is not None
    assert (await read(sessions, parent)).status is JobStatus.RUNNING
    async with unit_of_work(sessions) as session:
        await JobRepository(session).acknowledge_cancel(parts[1].id, fence=held)
        await JobParts(session).end_part(parent.id)
    failed = await read(sessions, parent)
    assert (failed.status, failed.failure_code, failed.failure_reason, failed.failure_detail) == (
        JobStatus.FAILED,
        "MISSING_DATA",
        "NO_BARS",
        "no bars",
    )


async def test_a_cancelled_parent_takes_its_parts_along(sessions):
    parent, parts = await parted(sessions)
    held = await begin(sessions, parts[0])

    async with unit_of_work(sessions) as session:
        asked = await cancel_job(session, parent.id, parent.owner_id)

    assert (asked.status, asked.cancel_requested_at is None) == (JobStatus.RUNNING, False)
    assert [(await read(sessions, part)).status for part in parts[1:]] == [JobStatus.CANCELLED] * 2
    async with unit_of_work(sessions) as session:
        await JobRepository(session).acknowledge_cancel(parts[0].id, fence=held)
        await JobParts(session).end_part(parent.id)
    assert (await read(sessions, parent)).status is JobStatus.CANCELLED


async def test_a_parent_without_a_running_part_is_cancelled_at_once(sessions):
    parent, _ = await parted(sessions)

    async with unit_of_work(sessions) as session:
        asked = await cancel_job(session, parent.id, parent.owner_id)

    assert asked.status is JobStatus.CANCELLED


async def test_the_sweeper_settles_what_a_crash_left_between(sessions, app):
    parent, parts = await parted(sessions, count=1)
    await begin(sessions, parts[0])
    async with unit_of_work(sessions) as session:
        spent = update(Job).where(col(Job.id) == parts[0].id).values(attempt=col(Job.max_attempts))
        await session.execute(spent)
    await let_lease_lapse(sessions, parts[0])

    await sweep(sessions, app.queue, AT_ONCE)

    failed = await read(sessions, parent)
    assert (failed.status, failed.failure_reason) == (JobStatus.FAILED, "ATTEMPTS_EXHAUSTED")


async def test_a_worker_that_lost_the_parent_parts_nothing(sessions):
    async with unit_of_work(sessions) as session:
        jobs = JobRepository(session)
        parent = await jobs.add(Job(owner_id=OWNER, kind=JobKind.SWEEP))
        late = await jobs.claim(parent.id, lease=LEASE)
        lapsed = update(Job).where(col(Job.id) == parent.id)
        await session.execute(lapsed.values(lease_until=seconds_from_now(-1.0)))
        await jobs.claim(parent.id, lease=LEASE)

        assert not await JobParts(session).wait(parent.id, fence=late.fence)
