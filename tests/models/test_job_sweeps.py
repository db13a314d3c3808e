import asyncio
from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy import text

from models import JobStatus
from models.jobs import JobRepository
from models.session import unit_of_work
from tests.factories import AT_ONCE, OWNER, PATIENCE, make_job
from tests.models.claimed import LAPSED, LEASE, RESULT, events, running


async def age(session, job, column, span):
    """Move an instant of the job into the past."""
    await session.execute(
        text(f"UPDATE job SET {column} = {column} - cast(:span AS interval) WHERE id = :id"),  # noqa: S608
        {"id": job.id, "span": span},
    )


async def test_a_lost_worker_gives_its_job_back(session):
    jobs, job, _ = await running(session, lease=LAPSED)
    await age(session, job, "next_run_at", timedelta(minutes=1))
    await age(session, job, "created_at", timedelta(minutes=1))

    to_send = (await jobs.sweep(PATIENCE)).unsent

    kept = await jobs.require(job.id)
    assert to_send == [job.id]
    assert (kept.status, kept.lease_until, kept.attempt) == (JobStatus.QUEUED, None, 1)
    assert (await events(session, job))[-1] == (3, 1, "requeued")


async def test_a_lost_worker_of_a_cancelled_job_ends_it(session):
    jobs, job, _ = await running(session, lease=LAPSED)
    await jobs.cancel(job.id, owner_id=OWNER)

    to_send = (await jobs.sweep(PATIENCE)).unsent

    kept = await jobs.require(job.id)
    assert to_send == []
    assert kept.status == JobStatus.CANCELLED
    assert kept.finished_at is not None
    assert (await events(session, job))[-1] == (4, 1, "cancelled")


async def test_a_job_that_used_up_its_attempts_fails(session):
    jobs, job, _ = await running(session, lease=LAPSED, max_attempts=1)

    to_send = (await jobs.sweep(PATIENCE)).unsent

    kept = await jobs.require(job.id)
    assert to_send == []
    assert kept.status == JobStatus.FAILED
    assert (kept.failure_code, kept.failure_reason) == ("RESOURCE_EXHAUSTED", "ATTEMPTS_EXHAUSTED")
    assert kept.failure_detail == "attempts that were begun and did not end: 1"
    assert (await events(session, job))[-1] == (3, 1, "failed")


async def test_a_crash_loop_ends(session):
    jobs = JobRepository(session)
    job = await jobs.add(make_job())

    for _ in range(5):
        await jobs.claim(job.id, lease=LAPSED)
        await jobs.sweep(PATIENCE)

    kept = await jobs.require(job.id)
    assert (kept.status, kept.attempt, kept.fence) == (JobStatus.FAILED, 3, 3)


async def test_a_live_job_and_a_waiting_parent_are_left_alone(session):
    jobs, live, _ = await running(session)
    _, parent, _ = await running(session)
    await session.execute(
        text("UPDATE job SET lease_until = NULL WHERE id = :id"), {"id": parent.id}
    )

    assert (await jobs.sweep(PATIENCE)).unsent == []
    assert (await jobs.require(live.id)).status == JobStatus.RUNNING
    assert (await jobs.require(parent.id)).status == JobStatus.RUNNING


async def test_a_row_is_sent_only_when_its_request_has_had_time_to(session):
    jobs = JobRepository(session)
    fresh, forgotten = await jobs.add(make_job()), await jobs.add(make_job())
    for column in ("created_at", "next_run_at"):
        await age(session, forgotten, column, timedelta(seconds=6))

    assert (await jobs.sweep(PATIENCE)).unsent == [forgotten.id]
    assert (await jobs.sweep(AT_ONCE)).unsent == [forgotten.id, fresh.id]


async def test_a_sent_job_is_not_sent_again_at_once(session):
    jobs = JobRepository(session)
    job = await jobs.add(make_job())

    await jobs.mark_enqueued([job.id])

    kept = await jobs.require(job.id)
    assert (await jobs.sweep(AT_ONCE)).unsent == []
    assert (kept.sends, kept.enqueued_at) == (1, kept.created_at)


async def test_sending_is_noted_only_while_the_job_waits(session):
    jobs, job, _ = await running(session)

    await jobs.mark_enqueued([job.id])

    assert (await jobs.require(job.id)).enqueued_at is None


@pytest.mark.parametrize(
    ("sends", "minutes", "lost"),
    [(1, 14, False), (1, 16, True), (2, 29, False), (2, 31, True), (9, 359, False), (9, 361, True)],
)
async def test_a_lost_message_is_sent_again_after_a_pause_that_doubles(
    session, sends, minutes, lost
):
    jobs = JobRepository(session)
    job = await jobs.add(make_job())
    await jobs.mark_enqueued([job.id])
    for column in ("created_at", "next_run_at", "enqueued_at"):
        await age(session, job, column, timedelta(minutes=minutes))
    await session.execute(
        text("UPDATE job SET sends = :sends WHERE id = :id"), {"sends": sends, "id": job.id}
    )

    to_send = (await jobs.sweep(replace(PATIENCE, queued=timedelta(days=1)))).unsent

    assert to_send == ([job.id] if lost else [])


async def test_a_job_nobody_took_in_time_expires(session):
    jobs = JobRepository(session)
    old, young = await jobs.add(make_job()), await jobs.add(make_job())
    await age(session, old, "created_at", timedelta(seconds=18_901))

    await jobs.sweep(PATIENCE)

    kept = await jobs.require(old.id)
    assert (kept.status, kept.failure_code) == (JobStatus.FAILED, "EXPIRED")
    assert kept.failure_detail == "no worker took it in time"
    assert (await jobs.require(young.id)).status == JobStatus.QUEUED


async def test_a_sweep_takes_no_more_than_its_limit(session):
    jobs = JobRepository(session)
    made = [(await running(session, lease=LAPSED))[1] for _ in range(3)]

    await jobs.sweep(PATIENCE, limit=2)

    states = [(await jobs.require(job.id)).status for job in made]
    assert sorted(states) == [JobStatus.QUEUED, JobStatus.QUEUED, JobStatus.RUNNING]


async def test_two_sweepers_at_once_requeue_each_job_once(sessions):
    async with unit_of_work(sessions) as session:
        made = [(await running(session, lease=LAPSED))[1] for _ in range(20)]

    async def sweep():
        async with unit_of_work(sessions) as session:
            await JobRepository(session).sweep(PATIENCE)

    await asyncio.gather(*(sweep() for _ in range(4)))

    async with sessions() as session:
        told = [await events(session, job) for job in made]
    assert {tuple(kind for _, _, kind in each) for each in told} == {
        ("submitted", "claimed", "requeued")
    }


async def test_a_finish_during_the_sweep_stands(sessions):
    async with unit_of_work(sessions) as session:
        _, job, fence = await running(session, lease=LAPSED)

    async with unit_of_work(sessions) as worker:
        finished = await JobRepository(worker).finish(job.id, fence=fence, **RESULT)
        async with unit_of_work(sessions) as sweeper:
            await JobRepository(sweeper).sweep(PATIENCE)

    async with sessions() as session:
        kept = await JobRepository(session).require(job.id)
        claim = await JobRepository(session).claim(job.id, lease=LEASE)
    assert finished
    assert kept.status == JobStatus.SUCCEEDED
    assert claim is None
