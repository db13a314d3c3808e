"""A job from claim to end, against the real database: late, dead, cancelled, doubled workers."""

import asyncio
from contextlib import suppress
from datetime import timedelta

import pytest
from sqlalchemy import select, update
from sqlmodel import col

from api.errors import InvalidInput, Unavailable
from api.services.jobs import perform
from api.services.work import JobKind, Timing
from engine.errors import InsufficientHistory
from models.clock import seconds_from_now
from models.job import Job, JobEvent, JobStatus
from models.job import JobKind as Kind
from models.jobs import JobRepository
from models.session import unit_of_work
from tests.waiting import until

FAST = Timing(
    lease=timedelta(seconds=5),
    heartbeat_seconds=0.1,
    progress_seconds=0.05,
    retry_base_seconds=0.02,
    retry_cap_seconds=0.05,
)
OWNER = "6f0f6a52-3d8c-5c0e-9f4b-1d2a7c3e5b10"


async def add_job(sessions, **fields) -> Job:
    async with unit_of_work(sessions) as session:
        return await JobRepository(session).add(Job(owner_id=OWNER, kind=Kind.BACKTEST, **fields))


async def read(sessions, job) -> Job:
    async with unit_of_work(sessions) as session:
        return await JobRepository(session).require(job.id)


async def events(sessions, job) -> list[str]:
    async with unit_of_work(sessions) as session:
        found = select(JobEvent.kind).where(col(JobEvent.job_id) == job.id)
        return list(await session.scalars(found.order_by(col(JobEvent.seq))))


async def cancel(sessions, job) -> str:
    async with unit_of_work(sessions) as session:
        return await JobRepository(session).cancel(job.id, owner_id=job.owner_id)


async def let_lease_lapse(sessions, job) -> None:
    async with unit_of_work(sessions) as session:
        ours = update(Job).where(col(Job.id) == job.id)
        await session.execute(ours.values(lease_until=seconds_from_now(-1.0)))


class Published:
    """Records what was published, inside the transaction that makes it visible."""

    def __init__(self) -> None:
        self.outcomes = []

    async def __call__(self, session, job, outcome) -> None:
        row = await session.get(Job, job.id, populate_existing=True)
        self.outcomes.append((outcome["summary"], row.status, row.result_prefix))


def kinds(work, publish=None):
    return {"BACKTEST": JobKind(work=work, publish=publish or Published())}


async def succeed(job, pulse):
    return {"summary": 42, "sha256": "ab"}


async def test_a_result_appears_with_the_fenced_update(sessions):
    job, published = await add_job(sessions), Published()

    again_after = await perform(job.id, kinds(succeed, published), sessions, timing=FAST)

    row, prefix = await read(sessions, job), f"results/{job.id}/1/"
    assert again_after is None
    assert published.outcomes == [(42, JobStatus.SUCCEEDED, prefix)]
    assert (row.status, row.progress, row.fence, row.attempt) == (JobStatus.SUCCEEDED, 1.0, 1, 1)
    assert (row.result_prefix, row.result_sha256, row.lease_until) == (prefix, "ab", None)
    assert row.compute_seconds >= 0.0
    assert await events(sessions, job) == ["submitted", "claimed", "succeeded"]


async def test_a_duplicate_delivery_has_no_effect(sessions):
    job, published = await add_job(sessions), Published()

    await asyncio.gather(
        *(perform(job.id, kinds(succeed, published), sessions, timing=FAST) for _ in range(10))
    )
    await perform(job.id, kinds(succeed, published), sessions, timing=FAST)

    assert len(published.outcomes) == 1
    assert (await read(sessions, job)).attempt == 1


async def test_an_unknown_job_is_nothing_to_do(sessions):
    job = Job(owner_id=OWNER, kind=Kind.BACKTEST)

    assert await perform(job.id, kinds(succeed), sessions, timing=FAST) is None


@pytest.mark.parametrize(
    ("error", "code", "reason", "detail"),
    [
        (
            ZeroDivisionError("division by zero"),
            "INTERNAL",
            "UNEXPECTED_ERROR",
            "the computation raised ZeroDivisionError: division by zero",
        ),
        (InsufficientHistory("252 sessions"), "INSUFFICIENT_HISTORY", None, "252 sessions"),
        (InvalidInput("top_n was 0", reason="BAD_VALUE"), "INVALID", "BAD_VALUE", "top_n was 0"),
    ],
)
async def test_a_work_that_raises_fails_its_job_and_not_the_worker(
    sessions, error, code, reason, detail
):
    async def work(job, pulse):
        raise error

    bad, good = await add_job(sessions), await add_job(sessions)

    await perform(bad.id, kinds(work), sessions, timing=FAST)
    await perform(good.id, kinds(succeed), sessions, timing=FAST)

    row = await read(sessions, bad)
    assert (row.status, row.failure_code, row.failure_reason, row.failure_detail) == (
        JobStatus.FAILED,
        code,
        reason,
        detail,
    )
    assert (await read(sessions, good)).status == JobStatus.SUCCEEDED


async def test_a_kind_nobody_performs_is_a_failure(sessions):
    job = await add_job(sessions)

    await perform(job.id, {}, sessions, timing=FAST)

    row = await read(sessions, job)
    assert (row.status, row.failure_code) == (JobStatus.FAILED, "INTERNAL")
    assert row.failure_detail == "no worker here performs jobs of kind BACKTEST"


async def test_a_transient_error_releases_the_job_until_attempts_are_spent(sessions):
    async def work(job, pulse):
        raise Unavailable("the object store did not answer")

    job = await add_job(sessions)

    delays = []
    while (delay := await perform(job.id, kinds(work), sessions, timing=FAST)) is not None:
        delays.append(delay)
        await asyncio.sleep(delay)

    row = await read(sessions, job)
    assert (row.status, row.attempt, row.failure_code, row.failure_reason) == (
        JobStatus.FAILED,
        3,
        "RESOURCE_EXHAUSTED",
        "ATTEMPTS_EXHAUSTED",
    )
    assert row.failure_detail == (
        "3 attempts failed, the last because the object store did not answer"
    )
    assert 0.0 <= delays[0] <= 0.02
    assert 0.0 <= delays[1] <= 0.04
    assert len(delays) == 2


async def test_a_released_job_is_not_due_before_its_delay(sessions):
    async def work(job, pulse):
        raise Unavailable("x")

    slow = Timing(retry_base_seconds=1e6, retry_cap_seconds=1e6)
    job = await add_job(sessions)

    delay = await perform(job.id, kinds(work), sessions, timing=slow)
    await perform(job.id, kinds(succeed), sessions, timing=slow)

    assert delay > 0.0
    assert (await read(sessions, job)).status == JobStatus.QUEUED


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


async def lease_after(sessions, job, instant):
    lease = (await read(sessions, job)).lease_until
    return lease if lease is not None and (instant is None or lease > instant) else None


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
    await perform(job.id, kinds(work, published), sessions, timing=Timing())

    assert (await read(sessions, job)).status == JobStatus.CANCELLED
    assert published.outcomes == []


async def test_a_cancelled_job_that_raises_is_cancelled(sessions):
    async def work(job, pulse):
        await cancel(sessions, job)
        raise ValueError("x")

    job = await add_job(sessions)
    await perform(job.id, kinds(work), sessions, timing=Timing())

    assert (await read(sessions, job)).status == JobStatus.CANCELLED


async def test_a_zombie_writes_nothing(sessions):
    """A worker sleeps past its lease, another finishes, the first wakes and finishes too."""
    published, woken = Published(), asyncio.Event()

    async def sleep_in(job, pulse):
        await woken.wait()
        return {"summary": "late"}

    job = await add_job(sessions)
    zombie = asyncio.create_task(
        perform(job.id, kinds(sleep_in, published), sessions, timing=Timing())
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


async def test_what_publishing_refuses_fails_the_job_and_shows_nothing(sessions):
    async def publish(session, job, outcome):
        raise ValueError("summary has no metrics")

    job = await add_job(sessions)
    await perform(job.id, kinds(succeed, publish), sessions, timing=FAST)

    row = await read(sessions, job)
    assert (row.status, row.result_prefix, row.progress) == (JobStatus.FAILED, None, 0.0)


async def test_publishing_is_tried_again_while_the_database_is_away(sessions):
    tries = []

    async def publish(session, job, outcome):
        tries.append(job.fence)
        if len(tries) < 3:
            raise ConnectionResetError

    job = await add_job(sessions)
    await perform(job.id, kinds(succeed, publish), sessions, timing=FAST)

    assert tries == [1, 1, 1]
    assert (await read(sessions, job)).status == JobStatus.SUCCEEDED


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
    from sqlalchemy import text

    others = "datname = current_database() AND pid <> pg_backend_pid()"
    async with unit_of_work(sessions) as session:
        await session.execute(
            text(f"SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE {others}")  # noqa: S608
        )
