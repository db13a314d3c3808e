"""What the sweeper finds in the rows and among the objects, and what it leaves alone."""

from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy import update
from sqlmodel import col

from api.adapters.local_store import LocalStore
from api.errors import Unavailable
from api.services.jobs import dispatch
from api.services.sweeper import sweep, sweep_objects
from models.clock import seconds_from_now
from models.job import Job, JobStatus
from models.jobs import JobRepository
from models.session import unit_of_work
from tests.api.job_rows import add_job, cancel, read
from tests.factories import AT_ONCE, PATIENCE

LEASE = timedelta(minutes=1)


class Queue:
    """A queue that keeps what it is sent, or is out of order."""

    def __init__(self, *, broken: bool = False) -> None:
        self.broken = broken
        self.sent = []

    async def send(self, messages) -> None:
        if self.broken:
            raise Unavailable("queue did not answer")
        self.sent.extend(message.job_id for message in messages)


async def claim(sessions, job, *, attempts: int = 1) -> int:
    """Claim it so many times; the last lease has lapsed."""
    for _ in range(attempts):
        async with unit_of_work(sessions) as session:
            jobs = JobRepository(session)
            claimed = await jobs.claim(job.id, lease=timedelta(seconds=-1))
    return claimed.fence


async def test_sends_what_was_committed_and_not_sent(sessions):
    job, queue = await add_job(sessions), Queue()

    first = await sweep(sessions, queue, AT_ONCE)
    second = await sweep(sessions, queue, AT_ONCE)

    assert (first, second, queue.sent) == ([job.id], [], [job.id])
    assert (await read(sessions, job)).enqueued_at is not None


async def test_leaves_the_request_time_to_send(sessions):
    await add_job(sessions)

    assert await sweep(sessions, Queue(), PATIENCE) == []


async def test_what_could_not_be_sent_is_sent_by_the_next_sweep(sessions):
    job, queue = await add_job(sessions), Queue()

    await dispatch([job.id], sessions, Queue(broken=True))
    unsent = (await read(sessions, job)).enqueued_at
    await sweep(sessions, queue, AT_ONCE)

    assert (unsent, queue.sent) == (None, [job.id])


async def test_sends_again_what_nobody_took(sessions):
    job, queue = await add_job(sessions), Queue()
    await dispatch([job.id], sessions, queue)

    patient = await sweep(sessions, queue, AT_ONCE)
    impatient = await sweep(sessions, queue, replace(AT_ONCE, sent=timedelta(0)))

    assert (patient, impatient) == ([], [job.id])


async def test_a_lapsed_lease_is_queued_again_and_sent(sessions):
    job, queue = await add_job(sessions), Queue()
    await claim(sessions, job)

    await sweep(sessions, queue, AT_ONCE)

    row = await read(sessions, job)
    assert (row.status, row.lease_until, queue.sent) == (JobStatus.QUEUED, None, [job.id])


async def test_a_living_lease_is_left_alone(sessions):
    job = await add_job(sessions)
    async with unit_of_work(sessions) as session:
        await JobRepository(session).claim(job.id, lease=LEASE)

    assert await sweep(sessions, Queue(), AT_ONCE) == []
    assert (await read(sessions, job)).status == JobStatus.RUNNING


async def test_a_crash_loop_ends_failed(sessions):
    job = await add_job(sessions)
    await claim(sessions, job, attempts=3)

    assert await sweep(sessions, Queue(), AT_ONCE) == []

    row = await read(sessions, job)
    assert (row.status, row.failure_code, row.failure_reason) == (
        JobStatus.FAILED,
        "RESOURCE_EXHAUSTED",
        "ATTEMPTS_EXHAUSTED",
    )


async def test_a_dead_worker_s_cancelled_job_is_cancelled(sessions):
    job = await add_job(sessions)
    await claim(sessions, job)
    await cancel(sessions, job)

    await sweep(sessions, Queue(), AT_ONCE)

    assert (await read(sessions, job)).status == JobStatus.CANCELLED


async def test_a_job_nobody_took_for_too_long_expires(sessions):
    job = await add_job(sessions)
    async with unit_of_work(sessions) as session:
        old = update(Job).where(col(Job.id) == job.id)
        await session.execute(old.values(created_at=seconds_from_now(-100.0)))

    await sweep(sessions, Queue(), replace(PATIENCE, queued=timedelta(seconds=99)))

    row = await read(sessions, job)
    assert (row.status, row.failure_code) == (JobStatus.FAILED, "EXPIRED")


async def test_dispatching_nothing_asks_nobody(sessions):
    await dispatch([], sessions, Queue(broken=True))


async def test_a_job_given_back_while_others_are_sent_is_not_taken_for_sent(sessions):
    job = await add_job(sessions)
    fence = await claim(sessions, job)

    class Slow(Queue):
        async def send(self, messages) -> None:
            await super().send(messages)
            async with unit_of_work(sessions) as session:
                await JobRepository(session).release(job.id, fence=fence, delay_seconds=0.0)

    queue = Slow()
    await dispatch([job.id], sessions, queue)

    row = await read(sessions, job)
    assert (row.status, row.enqueued_at, queue.sent) == (JobStatus.QUEUED, None, [])


@pytest.fixture
def store(tmp_path):
    return LocalStore(tmp_path)


async def test_removes_what_failed_attempts_stored_and_nothing_else(sessions, store):
    done, running, failed = [await add_job(sessions) for _ in range(3)]
    for job in (done, failed):
        await claim(sessions, job, attempts=2)
    await claim(sessions, running)
    async with unit_of_work(sessions) as session:
        jobs = JobRepository(session)
        await jobs.finish(
            done.id,
            fence=2,
            result_prefix=f"results/{done.id}/2/",
            sha256=None,
            compute_seconds=None,
        )
        await jobs.fail(failed.id, fence=2, code="INTERNAL", reason=None, detail=None)
    stranger = "results/00000000-0000-0000-0000-000000000009/1/series.parquet"
    kept = [
        f"results/{done.id}/2/series.parquet",
        f"results/{running.id}/1/series.parquet",
        "results/README",
        "panels/p.parquet",
        stranger,
    ]
    orphans = [f"results/{done.id}/1/a", f"results/{done.id}/1/b", f"results/{failed.id}/2/a"]
    for key in kept + orphans:
        await store.put(key, b"")

    removed = await sweep_objects(sessions, store)

    assert removed == 3
    assert list(await store.list("")) == sorted(kept)
