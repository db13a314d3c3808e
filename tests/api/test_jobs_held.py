"""A job while a worker holds it: heartbeats, cancellation, takeover by another, shutdown."""

import asyncio
from contextlib import suppress

import pytest
from sqlalchemy import text, update
from sqlmodel import col

from api.services.heartbeat import heartbeat
from api.services.jobs import perform
from api.services.work import ClaimedJob
from models.job import Job, JobStatus
from models.jobs import JobRepository
from models.session import unit_of_work
from tests.api.job_rows import (
    FAST,
    USUAL,
    Published,
    add_job,
    cancel,
    events,
    kinds,
    lease_after,
    let_lease_lapse,
    read,
    succeed,
)
from tests.waiting import until


async def test_progress_and_stage_are_seen_while_it_runs_and_never_fall(sessions):
    go_on = asyncio.Event()

    async def work(job, pulse):
        pulse(0.5, "Deciding")
        await go_on.wait()
        pulse(0.2, "Filling orders")
        pulse(7.0, "Filling orders")
        go_on.clear()
        await go_on.wait()
        return {"summary": 1}

    job = await add_job(sessions)
    running = asyncio.create_task(perform(job.id, kinds(work), sessions, timing=FAST))

    async def shown(stage):
        row = await read(sessions, job)
        return row if row.stage == stage else None

    first = await until(lambda: shown("Deciding"))
    go_on.set()
    second = await until(lambda: shown("Filling orders"))
    go_on.set()
    await running

    assert (first.progress, second.progress) == (0.5, 0.99)
    assert (await read(sessions, job)).progress == 1.0


async def test_heartbeat_extends_the_lease(sessions):
    go_on = asyncio.Event()

    async def work(job, pulse):
        await go_on.wait()
        return {"summary": 1}

    job = await add_job(sessions)
    running = asyncio.create_task(perform(job.id, kinds(work), sessions, timing=FAST))
    first = await until(lambda: lease_after(sessions, job, None))

    later = await until(lambda: lease_after(sessions, job, first))
    go_on.set()
    await running

    assert later > first
    assert (await read(sessions, job)).status == JobStatus.SUCCEEDED


async def test_cancel_stops_it_at_the_next_checkpoint(sessions):
    published = Published()

    async def work(job, pulse):
        while True:
            pulse(0.1, "Counting")
            await asyncio.sleep(0.01)

    job = await add_job(sessions)
    running = asyncio.create_task(perform(job.id, kinds(work, published), sessions, timing=FAST))
    await until(lambda: lease_after(sessions, job, None))

    answer = await cancel(sessions, job)
    await running

    row = await read(sessions, job)
    assert (answer, row.status, published.outcomes) == ("CANCELLING", JobStatus.CANCELLED, [])
    assert row.finished_at >= row.cancel_requested_at


async def test_cancel_beats_finish(sessions):
    published = Published()

    async def work(job, pulse):
        await cancel(sessions, job)
        return {"summary": 1}

    job = await add_job(sessions)
    await perform(job.id, kinds(work, published), sessions, timing=USUAL)

    assert (await read(sessions, job)).status == JobStatus.CANCELLED
    assert published.outcomes == []


async def test_a_cancelled_job_that_raises_is_cancelled(sessions):
    async def work(job, pulse):
        await cancel(sessions, job)
        raise ValueError("x")

    job = await add_job(sessions)
    await perform(job.id, kinds(work), sessions, timing=USUAL)

    assert (await read(sessions, job)).status == JobStatus.CANCELLED


async def test_a_zombie_writes_nothing(sessions):
    """A worker sleeps past its lease, another finishes, the first wakes and finishes too."""
    published, woken = Published(), asyncio.Event()

    async def sleep_in(job, pulse):
        await woken.wait()
        return {"summary": "late"}

    job = await add_job(sessions)
    zombie = asyncio.create_task(
        perform(job.id, kinds(sleep_in, published), sessions, timing=USUAL)
    )
    await until(lambda: lease_after(sessions, job, None))
    await let_lease_lapse(sessions, job)
    await perform(job.id, kinds(succeed, published), sessions, timing=FAST)
    before = await read(sessions, job)

    woken.set()
    await zombie

    assert published.outcomes == [(42, JobStatus.SUCCEEDED, f"results/{job.id}/2/")]
    assert (await read(sessions, job)).model_dump() == before.model_dump()
    assert await events(sessions, job) == ["submitted", "claimed", "claimed", "succeeded"]


async def test_a_zombie_stops_at_its_next_checkpoint(sessions):
    stopped = asyncio.Event()

    async def work(job, pulse):
        try:
            while True:
                pulse(0.1, "Counting")
                await asyncio.sleep(0.01)
        finally:
            stopped.set()

    job = await add_job(sessions)
    zombie = asyncio.create_task(perform(job.id, kinds(work), sessions, timing=FAST))
    await until(lambda: lease_after(sessions, job, None))
    async with unit_of_work(sessions) as session:
        moved = update(Job).where(col(Job.id) == job.id)
        await session.execute(moved.values(fence=9, events=col(Job.events) + 1))

    await zombie

    assert stopped.is_set()
    assert (await read(sessions, job)).status == JobStatus.RUNNING


async def test_a_stopping_worker_gives_its_job_back(sessions):
    async def work(job, pulse):
        await asyncio.Event().wait()

    job = await add_job(sessions)
    running = asyncio.create_task(perform(job.id, kinds(work), sessions, timing=FAST))
    await until(lambda: lease_after(sessions, job, None))

    running.cancel()
    with suppress(asyncio.CancelledError):
        await running
    given_back = await read(sessions, job)
    await perform(job.id, kinds(succeed), sessions, timing=FAST)

    assert (given_back.status, given_back.enqueued_at) == (JobStatus.QUEUED, None)
    assert (await read(sessions, job)).status == JobStatus.SUCCEEDED


async def test_a_stopping_worker_stops_without_a_database_too(sessions):
    gone = asyncio.Event()

    def lent():
        if gone.is_set():
            raise ConnectionRefusedError("the database has stopped before us")
        return sessions()

    async def work(job, pulse):
        await asyncio.Event().wait()

    job = await add_job(sessions)
    running = asyncio.create_task(perform(job.id, kinds(work), lent, timing=FAST))
    await until(lambda: lease_after(sessions, job, None))

    gone.set()
    running.cancel()
    with pytest.raises(asyncio.CancelledError):
        await running

    assert (await read(sessions, job)).status == JobStatus.RUNNING


async def test_heartbeats_that_fail_do_not_end_the_work(sessions):
    """The first beat meets a database that cuts the connection; the next one succeeds."""
    go_on = asyncio.Event()

    async def work(job, pulse):
        await go_on.wait()
        return {"summary": 1}

    job = await add_job(sessions)
    running = asyncio.create_task(perform(job.id, kinds(work), sessions, timing=FAST))
    first = await until(lambda: lease_after(sessions, job, None))
    await kill_other_connections(sessions)
    await until(lambda: lease_after(sessions, job, first))
    go_on.set()
    await running

    assert (await read(sessions, job)).status == JobStatus.SUCCEEDED


async def kill_other_connections(sessions) -> None:
    others = "datname = current_database() AND pid <> pg_backend_pid()"
    async with unit_of_work(sessions) as session:
        await session.execute(
            text(f"SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE {others}")  # noqa: S608
        )


async def test_a_beat_never_takes_back_the_order_to_stop(sessions):
    """The soft stop gives it as well as the heartbeat, which finds the lease alive all the same."""
    job = await add_job(sessions)
    claimed = await claim(sessions, job)

    async with heartbeat(claimed, sessions, FAST) as pulse:
        await asyncio.sleep(0)  # let it begin to wait for its first beat
        before = (await read(sessions, job)).heartbeat_at
        pulse.stage, pulse.stopped = "Deciding", True
        await until(lambda: beaten_after(sessions, job, before))
        await asyncio.sleep(FAST.progress_seconds)  # and learn what it answered

    assert pulse.stopped


async def claim(sessions, job) -> ClaimedJob:
    async with unit_of_work(sessions) as session:
        found = await JobRepository(session).claim(job.id, lease=FAST.lease)
    return ClaimedJob(
        id=job.id,
        kind=found.kind,
        fence=found.fence,
        attempt=found.attempt,
        owner_id=found.owner_id,
        payload=found.payload,
    )


async def beaten_after(sessions, job, instant) -> bool:
    return (await read(sessions, job)).heartbeat_at > instant
