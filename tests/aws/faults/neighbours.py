"""Harm from the neighbours of a job: its queue, its database, its bucket."""

import asyncio

from tests.aws.faults.client import LONG
from tests.aws.faults.stage import Stage
from tests.aws.faults.stops import Stop
from tests.aws.relay import Matches, Spoil, answering, s3, sqs, times


async def spoil_sends(spoil: Spoil, stage: Stage, seed: int) -> None:
    """F6: the queue does not take messages, or takes them and does not say so."""
    with stage.relay.spoiling(sqs("SendMessage"), spoil):
        job = await stage.client.submit()
    async with stage.running(stage.source(seed=seed)):
        pass
    assert await stage.status(job) == "succeeded"


async def spoil_receives(stage: Stage, seed: int) -> None:
    """F7: the queue fails, is slow to let go, and loses every other delete."""
    jobs = await stage.client.submit_many(2)
    receives = times(10, answering(503, "ServiceUnavailable"))
    deletes = times(2, answering(500))
    with (
        stage.relay.spoiling(sqs("ReceiveMessage"), receives),
        stage.relay.spoiling(sqs("DeleteMessage"), deletes),
    ):
        async with stage.running(stage.source(seed=seed, lost_deletes=0.5)):
            pass
    assert [await stage.status(job) for job in jobs] == ["succeeded"] * 2


async def kill_backends_of_worker(stop: Stop, stage: Stage, seed: int) -> None:
    """F8: every connection dies under the worker; it goes on or tries again."""
    job = await stage.client.submit(**LONG)
    source = stage.source(seed=seed, concurrency=1)
    async with stage.running(source), stop(stage, job) as reached:
        await reached()
        assert await stage.kill_backends() > 0
    assert await stage.status(job) == "succeeded"


async def kill_backends_of_query(stop: Stop, stage: Stage, seed: int) -> None:
    """F8: the connection dies before the row is committed; the retry makes the only one."""
    async with stop(stage, None) as reached:
        submitting = asyncio.create_task(stage.client.submit())
        await reached()
        assert await stage.kill_backends() > 0
    job = await submitting
    async with stage.running(stage.source(seed=seed)):
        pass
    assert await stage.status(job) == "succeeded"


async def spoil_objects(matches: Matches, spoil: Spoil, stage: Stage, seed: int) -> None:
    """F11: an object cannot be read or stored for a while; the run is the same afterwards."""
    await _publish_snapshot(stage, seed)
    job = await stage.client.submit(**LONG)
    with stage.relay.spoiling(matches, spoil):
        async with stage.running(stage.source(seed=seed)):
            pass
    assert await stage.status(job) == "succeeded"


async def lose_objects_for_ever(stage: Stage, seed: int) -> None:
    """F11: results cannot be stored at all; the job fails with its reason and shows nothing."""
    job = await stage.client.submit()
    with stage.relay.spoiling(s3("PUT", "results/"), answering(503, "SlowDown")):
        async with stage.running(stage.source(seed=seed)):
            pass
    row = await stage.job(job)
    assert (row["status"], row["failure_reason"]) == ("failed", "ATTEMPTS_EXHAUSTED")


async def _publish_snapshot(stage: Stage, seed: int) -> None:
    """Let one run store the snapshot the next one reads."""
    await stage.client.submit()
    async with stage.running(stage.source(seed=seed)):
        pass
