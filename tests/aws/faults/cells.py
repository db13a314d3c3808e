"""Harm to a function, and harm by time: killed, asleep, twice, out of order, too late."""

import asyncio
import signal
from dataclasses import replace
from uuid import UUID

from sqlalchemy import select, text

from models.job import Job
from models.jobs import JobRepository
from tests.aws.events import message
from tests.aws.evidence import Told
from tests.aws.faults.client import LONG
from tests.aws.faults.rows import PATIENT
from tests.aws.faults.stage import Stage
from tests.aws.faults.stops import QUERY_STOPS, WORKER_STOPS, Stop, call
from tests.aws.relay import answering, s3, sqs
from tests.aws.simulator import EventSource
from tests.factories import OWNER
from tests.waiting import until


async def kill_worker(stop: Stop, stage: Stage, seed: int) -> None:
    """F1: the worker is killed at the stop; the job is finished once all the same."""
    job = await stage.client.submit(**LONG)
    source = stage.source(seed=seed, concurrency=1)
    async with stage.running(source):
        async with stop(stage, job) as reached:
            await reached()
            stage.workers[0].kill()
            await until(source.figures.outcomes.total)
        await stage.lapse(job)
    assert await stage.status(job) == "succeeded"


async def kill_query(stop: Stop, stage: Stage, seed: int) -> None:
    """F1: the query function is killed at the stop; a retry under the key is the same job."""
    async with stop(stage, None) as reached:
        submitting = asyncio.create_task(stage.client.submit())
        await reached()
        stage.query.kill()
        await asyncio.sleep(0.05)
    job = await submitting
    assert await stage.client.submit(key=stage.client.submits[-1].key) == job
    async with stage.running(stage.source(seed=seed)):
        pass
    assert await stage.status(job) == "succeeded"


async def kill_before_parsing(stage: Stage, seed: int) -> None:
    """F1 before S0: the event reaches a process that is about to die."""
    await stage.client.ask("{ __typename }")
    stage.signal(signal.SIGSTOP, stage.query)
    submitting = asyncio.create_task(stage.client.submit())
    await asyncio.sleep(0.1)
    stage.query.kill()
    await submitting
    async with stage.running(stage.source(seed=seed)):
        pass


async def kill_sweeper(stage: Stage, seed: int) -> None:
    """F1: the sweeper dies between its rows and its messages; the next one sends them."""
    with stage.relay.spoiling(sqs("SendMessage"), answering(503, "ServiceUnavailable")):
        await stage.client.submit()
    await asyncio.sleep(0.6)  # until the row counts as unsent
    async with QUERY_STOPS["after S1"](stage, None) as reached:
        sweeping = asyncio.create_task(stage.sweep())
        await reached()
        stage.sweeper.kill()
        assert not await sweeping
    async with stage.running(stage.source(seed=seed)):
        pass


async def kill_at_random(stage: Stage, seed: int) -> None:
    """F1: half of the invocations are killed at a random time."""
    await stage.client.submit_many(4)
    source = stage.source(seed=seed, killed=0.5, killed_within_seconds=0.4, lost_deletes=0.2)
    async with stage.running(source, seconds=100.0):
        pass


async def wake_zombie(stop: Stop, stage: Stage, seed: int) -> None:
    """F2: a worker sleeps through its lease and wakes while another is at its work."""
    job = await stage.client.submit(**LONG)
    asleep, other = (stage.source(seed=seed + n, copies=1) for n in range(2))
    asleep.containers, other.containers = ([worker] for worker in stage.workers)
    async with stage.sweeping(), asleep.polling():
        async with stop(stage, job) as reached:
            await reached()
            stage.signal(signal.SIGSTOP, stage.workers[0])
        await stage.lapse(job)
        storing = call(lambda _: s3("PUT", f"results/{job}/2/"))
        async with other.polling(), storing(stage, job) as reached:
            await reached()
            stage.signal(signal.SIGCONT, stage.workers[0])
            await until(asleep.figures.outcomes.total)
            row = await stage.job(job)
            assert (row["status"], row["fence"]) == ("running", 2)
    await settle_as_second(stage, job, seed)


async def wake_after_end(stop: Stop, stage: Stage, seed: int) -> None:
    """F2: a worker wakes when another has finished what it began."""
    job = await stage.client.submit(**LONG)
    asleep, other = (stage.source(seed=seed + n, copies=1) for n in range(2))
    asleep.containers, other.containers = ([worker] for worker in stage.workers)
    async with stage.sweeping(), asleep.polling():
        async with stop(stage, job) as reached:
            await reached()
            stage.signal(signal.SIGSTOP, stage.workers[0])
        await stage.lapse(job)
        async with other.polling():
            await until(lambda: stage.ended(job))
        stage.signal(signal.SIGCONT, stage.workers[0])
    await settle_as_second(stage, job, seed)


async def settle_as_second(stage: Stage, job: UUID, seed: int) -> None:
    async with stage.running(stage.source(seed=seed)):
        pass
    row = await stage.job(job)
    assert (row["status"], row["fence"], row["attempt"]) == ("succeeded", 2, 2)


async def deliver_often(stage: Stage, seed: int) -> None:
    """F3: ten equal messages, each delivered twice, on every worker at once."""
    job = await stage.client.submit()
    for _ in range(9):
        await stage.send(message(job))
    source = stage.source(seed=seed)
    async with stage.running(source):
        pass
    assert source.figures.delivered >= 20
    assert (await stage.job(job))["attempt"] == 1


async def cancel_before_start(stage: Stage, seed: int) -> None:
    """F4: the cancel overtakes the message."""
    job = await stage.client.submit()
    assert await stage.client.cancel(job) == "CANCELLED"
    async with stage.running(stage.source(seed=seed)):
        pass
    row = await stage.job(job)
    assert (row["status"], row["attempt"]) == ("cancelled", 0)


async def cancel_while_running(stop: Stop, stage: Stage, seed: int) -> None:
    """F4: the cancel comes while the worker is at the stop; it never succeeds then."""
    job = await stage.client.submit(**LONG)
    source = stage.source(seed=seed, concurrency=1)
    async with stage.running(source), stop(stage, job) as reached:
        await reached()
        answer = await stage.client.cancel(job)
    assert (answer, await stage.status(job)) == ("RUNNING", "cancelled")


async def cancel_during_finish(stage: Stage, seed: int) -> None:
    """F4: the cancel gets the row first; the finish that waits for it must find it cancelled."""
    job = await stage.client.submit()
    async with stage.running(stage.source(seed=seed, concurrency=1)):
        async with stage.sessions() as session, session.begin():
            await session.execute(text(PATIENT.format("LOCAL")))
            async with WORKER_STOPS["after S8"](stage, job) as reached:
                await reached()
                await session.execute(select(Job.id).where(Job.id == job).with_for_update())
            await stage.blocked("UPDATE job SET%result_prefix")
            answer = await JobRepository(session).cancel(job, owner_id=OWNER)
        stage.client.cancels.append(Told(OWNER, None, "cancel", job, "RUNNING"))
    assert (answer, await stage.status(job)) == ("CANCELLING", "cancelled")


async def cancel_after_end(stage: Stage, seed: int) -> None:
    """F4: the cancel comes too late, and an old message later still."""
    job = await stage.client.submit()
    async with stage.running(stage.source(seed=seed)):
        pass
    assert await stage.client.cancel(job) == "ALREADY_FINISHED"
    row = await stage.job(job)
    await stage.send(message(job))
    async with stage.running(stage.source(seed=seed)):
        pass
    assert await stage.job(job) == row


async def message_before_its_turn(stage: Stage, seed: int) -> None:
    """F4: the messages of later attempts come before the first."""
    job = await stage.client.submit()
    for hint in (2, 1, 0):
        await stage.send(message(job, attemptHint=hint))
    async with stage.running(stage.source(seed=seed, batch_size=10, concurrency=1)):
        pass
    assert (await stage.job(job))["attempt"] == 1


async def time_out(stop: Stop, stage: Stage, seed: int) -> None:
    """F5: the worker does not hear of its end and is killed at it; the attempt is counted."""
    job = await stage.client.submit(**LONG)
    source = stage.source(seed=seed, concurrency=1, timeout_seconds=6.0)
    async with stage.running(source):
        async with stop(stage, job) as reached:
            await reached()
            give_time(source)
            stage.signal(signal.SIGSTOP, stage.workers[0])
            await until(lambda: source.figures.outcomes["timeout"])
        await stage.lapse(job)
    row = await stage.job(job)
    assert (row["status"], row["attempt"]) == ("succeeded", 2)


async def stop_in_time(stage: Stage, seed: int) -> None:
    """F5: the worker sees its end coming, and gives the job back before it."""
    job = await stage.client.submit()
    source = stage.source(seed=seed, concurrency=1, timeout_seconds=6.0)
    async with stage.running(source), WORKER_STOPS["before S8"](stage, job) as reached:
        await reached()
        give_time(source)
        await until(lambda: stage.value(RELEASED, id=job))
    row = await stage.job(job)
    assert (row["status"], row["attempt"]) == ("succeeded", 2)
    assert source.figures.outcomes["timeout"] == 0


def give_time(source: EventSource) -> None:
    """Let the next attempt end, on however busy a machine."""
    source.mapping = replace(source.mapping, timeout_seconds=60.0)


RELEASED = "SELECT count(*) FROM job_event WHERE job_id = :id AND kind = 'released'"
