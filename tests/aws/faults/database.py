"""Harm from the database: a COMMIT nobody hears of, and a time without writes."""

import asyncio
import signal
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from uuid import uuid4

from tests.aws.faults.client import LONG, SMALL, SUBMIT
from tests.aws.faults.stage import Stage
from tests.aws.faults.stops import QUERY_STOPS, WORKER_STOPS
from tests.aws.wire import Wire
from tests.lambda_runtime import LambdaRuntime
from tests.waiting import until

SUBMITTED = "INSERT INTO job "
SENT = "UPDATE job SET .*enqueued_at"
CLAIMED = "UPDATE job SET .*attempt"
FINISHED = "INSERT INTO trial"


@asynccontextmanager
async def wired(stage: Stage, *functions: LambdaRuntime) -> AsyncIterator[Wire]:
    """Let these functions reach their database through a relay that can be told to cut."""
    async with (
        Wire.open(stage.database_url) as wire,
        stage.altered(*functions, DATABASE_URL=wire.url),
    ):
        yield wire


async def lose_commit_of_submit(stage: Stage, seed: int) -> None:
    """F9: the row stands and its client heard an error; the retry under the key finds it."""
    async with wired(stage, stage.query) as wire:
        with wire.losing_the_commit(SUBMITTED) as lost:
            job = await stage.client.submit()
        assert lost.is_set()
    async with stage.running(stage.source(seed=seed)):
        pass
    assert await stage.value("SELECT count(*) FROM job WHERE kind = 'BACKTEST'") == 1
    assert await stage.status(job) == "succeeded"


async def lose_commit_of_send(stage: Stage, seed: int) -> None:
    """F9: the message went out and was noted; whoever sent it does not know, nor its client."""
    async with wired(stage, stage.query) as wire:
        with wire.losing_the_commit(SENT) as lost:
            job = await stage.client.submit(tries=1)
        assert lost.is_set()
    assert (await stage.job(job))["sends"] == 1
    async with stage.running(stage.source(seed=seed)):
        pass
    assert await stage.status(job) == "succeeded"


async def lose_commit_of_claim(stage: Stage, seed: int) -> None:
    """F9: a worker holds the job and does not know it; its lease ends, and the next one works."""
    job = await stage.client.submit()
    async with wired(stage, stage.workers[0]) as wire:
        with wire.losing_the_commit(CLAIMED) as lost:
            async with stage.running(stage.source(seed=seed, concurrency=1)):
                await lost.wait()
                await stage.lapse(job)
    row = await stage.job(job)
    assert (row["status"], row["attempt"]) == ("succeeded", 2)


async def lose_commit_of_finish(stage: Stage, seed: int) -> None:
    """F9: the result stands and its worker heard an error; tried again, it finds the job ended."""
    job = await stage.client.submit()
    async with wired(stage, stage.workers[0]) as wire:
        with wire.losing_the_commit(FINISHED) as lost:
            async with stage.running(stage.source(seed=seed, concurrency=1)):
                await lost.wait()
    row = await stage.job(job)
    assert (row["status"], row["attempt"]) == ("succeeded", 1)


async def refuse_submit(stage: Stage, seed: int) -> None:
    """F10: nothing can be written; the client is told so without a word of the database's."""
    key = str(uuid4())
    async with stage.read_only():
        told = await stage.client.ask(SUBMIT, input=SMALL | {"idempotencyKey": key})
        (error,) = told["errors"]
        assert (told["data"], "read-only" in str(error)) == (None, False)
        assert await stage.value("SELECT count(*) FROM job") == 0
    job = await stage.client.submit(key=key)
    async with stage.running(stage.source(seed=seed)):
        pass
    assert await stage.status(job) == "succeeded"


async def refuse_sent_mark(stage: Stage, seed: int) -> None:
    """F10: the message went out, which cannot be noted; the answer stands all the same."""
    async with AsyncExitStack() as refusing:
        async with QUERY_STOPS["after S2"](stage, None) as reached:
            submitting = asyncio.create_task(stage.client.submit(tries=1))
            await reached()
            await refusing.enter_async_context(stage.read_only())
        job = await submitting
    assert (await stage.job(job))["enqueued_at"] is None
    async with stage.running(stage.source(seed=seed)):
        pass
    assert await stage.status(job) == "succeeded"


async def refuse_claim(stage: Stage, seed: int) -> None:
    """F10: the message comes back for as long as no job can be claimed."""
    job = await stage.client.submit()
    source = stage.source(seed=seed, concurrency=1)
    async with AsyncExitStack() as refusing:
        await refusing.enter_async_context(stage.read_only())
        async with stage.running(source):
            await until(lambda: source.figures.failed)
            await refusing.aclose()
    row = await stage.job(job)
    assert (row["status"], row["attempt"]) == ("succeeded", 1)


async def refuse_heartbeats(stage: Stage, seed: int) -> None:
    """F10: the lease is not extended for a while; the work goes on and its result counts."""
    worker = stage.workers[0]
    job = await stage.client.submit(**LONG)
    before = worker.log.count("a heartbeat failed")
    source = stage.source(seed=seed, concurrency=1)
    async with stage.running(source), WORKER_STOPS["S7 at 10 %"](stage, job) as reached:
        await reached()
        async with stage.read_only():
            stage.signal(signal.SIGCONT, worker)
            await until(lambda: worker.log.count("a heartbeat failed") > before)
    row = await stage.job(job)
    assert (row["status"], row["attempt"]) == ("succeeded", 1)


async def refuse_finish(stage: Stage, seed: int) -> None:
    """F10: the result is stored and cannot be made visible; the message comes back with its job."""
    job = await stage.client.submit()
    source = stage.source(seed=seed, concurrency=1)
    async with stage.running(source):
        async with AsyncExitStack() as refusing:
            async with WORKER_STOPS["after S8"](stage, job) as reached:
                await reached()
                await refusing.enter_async_context(stage.read_only())
            await until(lambda: source.figures.failed)
        await stage.lapse(job)
    row = await stage.job(job)
    assert (row["status"], row["attempt"]) == ("succeeded", 2)
