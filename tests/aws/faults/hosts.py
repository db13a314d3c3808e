"""Harm from where a function runs: a wrong clock, too little memory, another release beside it."""

import tempfile
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Self
from uuid import UUID

from tests.aws.events import failures, message, sqs_event
from tests.aws.faults.client import LONG
from tests.aws.faults.stage import Stage
from tests.aws.faults.stops import WORKER_STOPS
from tests.waiting import until

HOUR, DAY = 3_600.0, 86_400.0
# Nothing a job's row tells may lie further from the database's now; leases are shorter too.
STRAYED = """
SELECT count(*) FROM job,
LATERAL (VALUES (created_at), (enqueued_at), (started_at), (heartbeat_at), (lease_until),
    (next_run_at), (finished_at)) AS told (at)
WHERE abs(extract(epoch FROM at - now())) > 600
"""
EXTENDED = "SELECT lease_until > :lease FROM job WHERE id = :id"
MEMORY = 1 << 30


class HostClock:
    """Tells the functions on a host by how much its clock is wrong."""

    def __enter__(self) -> Self:
        self.file = tempfile.NamedTemporaryFile("w", prefix="clock-")
        return self

    def __exit__(self, *_: object) -> None:
        self.file.close()

    @property
    def name(self) -> str:
        return self.file.name

    def show(self, ahead_seconds: float) -> None:
        Path(self.name).write_text(str(ahead_seconds))


async def move_clock(shown: Callable[[], list[float]], stage: Stage, seed: int) -> None:
    """F13: API, sweeper and a worker have a wrong clock, which jumps while the job is held."""
    with HostClock() as clock:
        first, *others = shown()
        clock.show(first)
        wrong = (stage.query, stage.sweeper, stage.workers[0])
        async with stage.altered(*wrong, HOST_CLOCK=clock.name):
            job = await stage.client.submit(**LONG)
            source = stage.source(seed=seed, concurrency=1)
            async with stage.running(source), WORKER_STOPS["before S8"](stage, job) as reached:
                await reached()
                for ahead in others:
                    clock.show(ahead)
                    await is_held_on(stage, job)
    row = await stage.job(job)
    assert (row["status"], row["attempt"], row["fence"]) == ("succeeded", 1, 1)
    assert await stage.value(STRAYED) == 0


async def is_held_on(stage: Stage, job: UUID) -> None:
    """Who has the right time finds the job held, and so does the sweep that has not."""
    lease = (await stage.job(job))["lease_until"]
    assert failures(await stage.workers[1].invoke(sqs_event(message(job)))) == []
    assert await stage.sweep()
    await until(lambda: stage.value(EXTENDED, id=job, lease=lease))
    assert await stage.value(STRAYED) == 0


def hours_and_days() -> list[float]:
    return [-HOUR, HOUR, DAY, -DAY]


def leap_day_and_summer_time() -> list[float]:
    """The end of the 29th of February, and the hour that New York's clocks show twice."""
    return [
        seconds_until(2028, 2, 29, 23, 59, 50),
        seconds_until(2028, 3, 1, 0, 0, 0),
        seconds_until(2027, 11, 7, 5, 59, 50),
        seconds_until(2027, 11, 7, 6, 0, 0),
    ]


def seconds_until(year: int, month: int, day: int, hour: int, minute: int, second: int) -> float:
    """Return by how much a clock that shows this instant, in UTC, is ahead."""
    instant = datetime(year, month, day, hour, minute, second, tzinfo=UTC)
    return (instant - datetime.now(UTC)).total_seconds()


async def run_out_of_memory(greedy: str, stage: Stage, seed: int) -> None:
    """F16: a place of the work asks for more than there is, each time; the process lives on."""
    worker = stage.workers[0]
    job = await stage.client.submit()
    source = stage.source(seed=seed, concurrency=1)
    async with stage.altered(worker, GREEDY=greedy, HOST_MEMORY=str(MEMORY)):
        await worker.invoke(sqs_event())
        process = worker.pid
        async with stage.running(source):
            pass
        assert worker.pid == process
    row = await stage.job(job)
    told = (row["status"], row["failure_code"], row["failure_reason"], row["attempt"])
    assert told == ("failed", "RESOURCE_EXHAUSTED", "OUT_OF_MEMORY", 3)


async def mix_releases(stage: Stage, seed: int) -> None:
    """F18: the API of the release before and of the one after, on workers of this and that."""
    jobs = await stage.client.submit_many(2)
    async with stage.altered(stage.workers[1], BUILD="verbose"):
        for build in ("terse", "verbose"):
            async with stage.altered(stage.query, BUILD=build):
                jobs.append(await stage.client.submit(initialCapital=str(20_000 + len(jobs))))
        source = stage.source(seed=seed)
        async with stage.running(source):
            pass
    assert [await stage.status(job) for job in jobs] == ["succeeded"] * 4
    assert source.figures.failed == 0


async def take_newer_messages(stage: Stage, seed: int) -> None:
    """F18: an older worker gives back what it cannot read; a newer one takes it."""
    async with stage.altered(stage.query, stage.workers[1], BUILD="second"):
        job = await stage.client.submit()
        older, newer = (stage.source(seed=seed + n) for n in range(2))
        older.containers, newer.containers = ([worker] for worker in stage.workers)
        async with older.polling():
            await until(lambda: older.figures.failed)
        assert await stage.status(job) == "queued"
        async with stage.running(newer):
            pass
    assert (newer.figures.failed, await stage.status(job)) == (0, "succeeded")
