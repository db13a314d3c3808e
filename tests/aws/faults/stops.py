"""Places on a job's way where a function can be held and seen to wait.

S0 request parsed, S1 row committed, S2 message sent, S3 sending noted, S4 received, S5 claimed,
S6 data read, S7 computing, S8 result stored, S9 finish committed, S10 answered and deleted.
A lock of ours holds what goes to the database, the relay what goes to a queue or to objects, and
a signal what computes.
"""

import asyncio
import signal
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from typing import Any
from uuid import UUID

from tests.aws.faults.stage import Stage
from tests.aws.relay import Hold, Matches, s3, sqs
from tests.waiting import until

# Entering it holds whoever comes; what it gives waits until somebody did.
Stop = Callable[[Stage, UUID | None], AbstractAsyncContextManager[Callable[[], Awaitable[Any]]]]

SUBMIT_LOCK = """
SELECT pg_advisory_xact_lock(hashtextextended('submit 00000000-0000-4000-8000-000000000001', 0))
"""


def lock(statement: str, waits_in: str) -> Stop:
    @asynccontextmanager
    async def stop(stage: Stage, job_id: UUID | None) -> AsyncIterator[Callable[[], Any]]:
        values = (job_id,) if "$1" in statement else ()
        async with stage.locked(statement, *values):
            yield lambda: stage.blocked(waits_in)

    return stop


def call(matches: Callable[[Stage], Matches], *, reply: bool = False) -> Stop:
    @asynccontextmanager
    async def stop(stage: Stage, _: UUID | None) -> AsyncIterator[Callable[[], Any]]:
        hold = Hold(reply=reply)
        with stage.relay.spoiling(matches(stage), hold):
            try:
                yield hold.reached.wait
            finally:
                hold.released.set()

    return stop


def seen(statement: str) -> Stop:
    """Hold nobody: be told as soon as the rows show it."""

    @asynccontextmanager
    async def stop(stage: Stage, job_id: UUID | None) -> AsyncIterator[Callable[[], Any]]:
        yield lambda: until(lambda: stage.value(statement, id=job_id))

    return stop


def computing(share: float) -> Stop:
    """Let the worker run in slices until it tells so much progress, and leave it stopped."""

    @asynccontextmanager
    async def stop(stage: Stage, job_id: UUID | None) -> AsyncIterator[Callable[[], Any]]:
        worker = stage.workers[0]

        async def far_enough() -> bool:
            stage.signal(signal.SIGCONT, worker)
            await asyncio.sleep(0.02)
            stage.signal(signal.SIGSTOP, worker)
            return (await stage.job(job_id))["progress"] >= share

        async def reached() -> None:
            await until(lambda: stage.value("SELECT fence > 0 FROM job WHERE id = :id", id=job_id))
            await until(far_enough)
            assert await stage.status(job_id) == "running"

        yield reached

    return stop


WORKER_STOPS: dict[str, Stop] = {
    "before S5": lock("SELECT FROM job WHERE id = $1 FOR UPDATE", "UPDATE job SET"),
    "after S5": lock("LOCK TABLE backtest IN ACCESS EXCLUSIVE MODE", "FROM backtest"),
    "before S6": call(lambda _: s3("GET", "panels/")),
    "after S6": call(lambda _: s3("PUT", "panels/")),
    "S7 at 10 %": computing(0.1),
    "S7 at 50 %": computing(0.5),
    "S7 at 90 %": computing(0.86),
    "before S8": call(lambda _: s3("PUT", "results/")),
    "after S8": call(lambda _: s3("PUT", "results/"), reply=True),
    "before S9": lock("LOCK TABLE trial IN EXCLUSIVE MODE", "INSERT INTO trial"),
    "after S9": seen("SELECT status = 'succeeded' FROM job WHERE id = :id"),
}
QUERY_STOPS: dict[str, Stop] = {
    "after S0": lock(SUBMIT_LOCK, "pg_advisory_xact_lock"),
    "before S1": lock("LOCK TABLE job IN SHARE MODE", "INSERT INTO job"),
    "after S1": call(lambda stage: sqs("SendMessage", stage.queue_url)),
    "after S2": call(lambda stage: sqs("SendMessage", stage.queue_url), reply=True),
    "after S3": seen("SELECT count(*) > 0 FROM job WHERE enqueued_at IS NOT NULL"),
}
