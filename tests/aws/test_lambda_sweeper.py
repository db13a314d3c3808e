"""The sweeper as its schedule invokes it: everything there is, twice at once, and its measures."""

import asyncio
import json
from datetime import timedelta

import pytest
from sqlalchemy import func, select, update

from api.adapters.local_store import LocalStore
from models.clock import seconds_from_now
from models.job import Job, JobEvent, JobStatus
from models.jobs import JobRepository
from models.session import unit_of_work
from tests.api.job_rows import OWNER, add_job, read
from tests.aws.events import load
from tests.emulator import aws_environment
from tests.lambda_runtime import FunctionError, LambdaRuntime
from tests.waiting import until

MANY = 250  # more than two batches


@pytest.fixture
async def start(sessions, environment, account, moto, start_function):
    queue_url = await account.make_queue()
    env = {
        **environment,
        **aws_environment(moto),
        "PARAKEET_QUEUE": "sqs",
        "PARAKEET_QUEUE_URL": queue_url,
        "PARAKEET_INGEST_QUEUE_URL": queue_url,
        "PARAKEET_UNSENT_AFTER_SECONDS": "0",
    }

    async def start(**more: str) -> LambdaRuntime:
        runtime = await start_function("api.lambdas.sweeper.handler", env=env | more)
        runtime.queue_url = queue_url
        return runtime

    return start


async def add_many(sessions, **values) -> None:
    async with unit_of_work(sessions) as session:
        jobs = JobRepository(session)
        for _ in range(MANY):
            await jobs.add(Job(owner_id=OWNER, kind="BACKTEST"))
        if values:
            await session.execute(update(Job).values(**values))


async def statuses(sessions) -> dict[str, int]:
    async with unit_of_work(sessions) as session:
        found = await session.execute(select(Job.status, func.count()).group_by(Job.status))
        return {status.value: count for status, count in found}


async def metrics_of(runtime) -> dict[str, float]:
    lines = await until(lambda: [line for line in runtime.log.splitlines() if '"_aws"' in line])
    told = json.loads(lines[-1])
    names = [metric["Name"] for metric in told["_aws"]["CloudWatchMetrics"][0]["Metrics"]]
    assert told["service"] == "parakeet-test"
    return {name: told[name][0] for name in names}


async def test_sends_all_there_is(start, sessions, account):
    await add_many(sessions)
    runtime = await start()

    answer = await runtime.invoke(load("sweep"), 60)
    again = await runtime.invoke(load("sweep"), 60)

    async with unit_of_work(sessions) as session:
        unsent = await session.scalar(select(func.count()).where(Job.enqueued_at.is_(None)))
    assert (answer, again) == ({"jobs": MANY, "objects": 0}, {"jobs": 0, "objects": 0})
    assert unsent == 0
    assert await account.count(runtime.queue_url) == (MANY, 0)


async def test_ends_and_requeues_all_there_is(start, sessions):
    await add_many(sessions)
    async with unit_of_work(sessions) as session:
        for job in list(await session.scalars(select(Job))):
            await JobRepository(session).claim(job.id, lease=timedelta(seconds=-1))
    runtime = await start()

    answer = await runtime.invoke(load("sweep"), 60)

    assert answer["jobs"] == MANY
    assert await statuses(sessions) == {"queued": MANY}


async def test_two_at_once_are_harmless(start, sessions):
    await add_many(sessions)
    async with unit_of_work(sessions) as session:
        for job in list(await session.scalars(select(Job))):
            await JobRepository(session).claim(job.id, lease=timedelta(seconds=-1))
    first, second = await start(), await start()

    await asyncio.gather(*(each.invoke(load("sweep"), 60) for each in (first, second)))

    async with unit_of_work(sessions) as session:
        requeued = select(func.count()).where(JobEvent.kind == "requeued")
        assert await session.scalar(requeued) == MANY
    assert await statuses(sessions) == {"queued": MANY}


async def test_measures_what_alarms_ring_for(start, sessions):
    waiting, running = await add_job(sessions), await add_job(sessions)
    async with unit_of_work(sessions) as session:
        await JobRepository(session).claim(running.id, lease=timedelta(hours=1))
        ages = {waiting.id: -600.0, running.id: -9_000.0}
        for job_id, age in ages.items():
            old = update(Job).where(Job.id == job_id)
            past = seconds_from_now(age)
            await session.execute(old.values(created_at=past, started_at=past))
    runtime = await start()

    await runtime.invoke(load("sweep"), 60)

    found = await metrics_of(runtime)
    assert 600 <= found["OldestQueuedSeconds"] < 700
    assert 9_000 <= found["OldestRunningSeconds"] < 9_100
    assert found["JobsSwept"] == 1.0
    assert (await read(sessions, running)).status == JobStatus.RUNNING


async def test_objects_are_swept_at_the_full_hour_only(start, sessions, tmp_path):
    job = await add_job(sessions)
    async with unit_of_work(sessions) as session:
        jobs = JobRepository(session)
        claim = await jobs.claim(job.id, lease=timedelta(minutes=1))
        await jobs.fail(job.id, fence=claim.fence, code="INTERNAL", reason=None, detail=None)
    store = LocalStore(tmp_path / "objects")
    await store.put(f"results/{job.id}/1/series.parquet", b"left behind")
    runtime = await start()

    at_one = await runtime.invoke({"time": "2026-11-20T06:01:00Z"})
    odd = await runtime.invoke({"time": "<aws.scheduler.scheduled-time>"})
    at_none = await runtime.invoke({})
    at_zero = await runtime.invoke({"time": "2026-11-20T06:00:00Z"})

    assert [answer["objects"] for answer in (at_one, odd, at_none, at_zero)] == [0, 0, 0, 1]
    assert await store.list("results/") == []


async def test_a_failure_tells_no_statement(start, make_database, worker_id):
    bare = await make_database(f"bare_{worker_id}", template="template0")
    runtime = await start(DATABASE_URL=bare)

    with pytest.raises(FunctionError) as failed:
        await runtime.invoke(load("sweep"), 60)

    assert failed.value.message == "the database refused a statement (state 42P01)"
    await until(lambda: "the sweep failed" in runtime.log)
    assert "SELECT" not in runtime.log
    assert "UPDATE" not in runtime.log
