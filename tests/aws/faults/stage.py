"""Everything a fault needs around it: a market, a bucket, queues, functions, and scaled timers.

One stage serves the tests of a process; `clean` leaves it as it was before the first of them.
"""

import asyncio
import os
import signal
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any, Self
from uuid import UUID, uuid4

import aioboto3
from aiobotocore.config import AioConfig
from sqlalchemy import text

from models.session import make_engine, make_sessions
from tests.api.market import write_market
from tests.aws.evidence import HISTORY, NO_FOLLOWERS, Evidence, read_rows
from tests.aws.faults.calm import other_results
from tests.aws.faults.client import Client
from tests.aws.faults.rows import Rows
from tests.aws.invariants import no_rubbish, violations
from tests.aws.queues import empty
from tests.aws.relay import Relay
from tests.aws.simulator import EventSource, Mapping, Mischief
from tests.factories import OWNER
from tests.lambda_runtime import REGION, FunctionError, LambdaRuntime
from tests.waiting import until

# Long enough for a worker on a busy machine; a test lets a dead one's lapse (`Stage.lapse`).
LEASE_SECONDS = 12.0
VISIBILITY_SECONDS = 3
MAX_RECEIVES = 5
SWEEP_SECONDS = 0.4
# The deployed timers, divided by ten and more: one scale for all, so that their order stays.
SCALED = {
    "PARAKEET_HEARTBEAT_SECONDS": "0.5",
    "PARAKEET_PROGRESS_SECONDS": "0.05",
    "PARAKEET_UNSENT_AFTER_SECONDS": "0.5",
    "PARAKEET_RESEND_AFTER_SECONDS": "5",
    "PARAKEET_RETRY_BASE_SECONDS": "0.02",
    "PARAKEET_RETRY_CAP_SECONDS": "0.1",
    "PARAKEET_SOFT_STOP_SECONDS": "1.5",
    "PARAKEET_STOP_GRACE_SECONDS": "0.3",
    "PARAKEET_CONCURRENT_JOBS": "100000",
    "PARAKEET_JOBS_PER_DAY": "100000",
}
# What the worker's role has, scaled: a process frozen inside a transaction must not keep its locks.
FROZEN = """
DO $$ BEGIN
    EXECUTE format(
        'ALTER DATABASE %I SET idle_in_transaction_session_timeout = 3000', current_database()
    );
END $$
"""
# Ours, not the functions': an emulator that is slow under a flood fails no test.
LONG_SUFFERING = AioConfig(read_timeout=300)
ACCESS = {"AWS_ACCESS_KEY_ID": "test", "AWS_SECRET_ACCESS_KEY": "test"}
# A sweep at a full hour looks for objects too.
HOURLY = {"time": "2026-01-05T10:00:00Z"}
EACH_MINUTE = {"time": "2026-01-05T10:01:00Z"}


class Stage(Rows):
    """One deployed system, as far as its queue path goes."""

    relay: Relay
    sqs: Any
    s3: Any
    query: LambdaRuntime
    sweeper: LambdaRuntime
    workers: list[LambdaRuntime]
    client: Client

    def __init__(self, database_url: str, lease_seconds: float) -> None:
        super().__init__(database_url)
        self.lease_seconds = lease_seconds
        self.bucket = f"faults-{uuid4().hex[:12]}"
        self.injected: list[str] = []
        self.queue_url = self.ingest_url = self.dead_url = ""

    @classmethod
    @asynccontextmanager
    async def open(
        cls,
        database_url: str,
        moto: str,
        *,
        workers: int = 2,
        lease_seconds: float = LEASE_SECONDS,
    ) -> AsyncIterator[Self]:
        stage = cls(database_url, lease_seconds)
        session = aioboto3.Session(*ACCESS.values(), region_name=REGION)
        engine = make_engine(database_url, pool_size=8, command_timeout_seconds=60.0)
        stage.sessions = make_sessions(engine)
        stage.relay = await Relay.start(moto)
        try:
            async with (
                session.client(
                    "sqs", endpoint_url=stage.relay.url, config=LONG_SUFFERING
                ) as stage.sqs,
                session.client("s3", endpoint_url=moto, config=LONG_SUFFERING) as stage.s3,
            ):
                await stage._prepare()
                await stage._start(workers)
                yield stage
                await asyncio.gather(*(each.stop() for each in stage.functions))
        finally:
            await stage.relay.stop()
            await engine.dispose()

    async def _prepare(self) -> None:
        await write_market(self.sessions)
        async with self.sessions() as session, session.begin():
            for statement in (*HISTORY, *NO_FOLLOWERS, FROZEN):
                await session.execute(text(statement))
        await self.s3.create_bucket(
            Bucket=self.bucket, CreateBucketConfiguration={"LocationConstraint": REGION}
        )
        self.dead_url = await self._queue("dead")
        self.queue_url = await self._queue("backtest", dead=self.dead_url)
        self.ingest_url = await self._queue("ingest", dead=self.dead_url)

    async def _queue(self, name: str, *, dead: str | None = None) -> str:
        attributes = {"VisibilityTimeout": str(VISIBILITY_SECONDS)}
        if dead is not None:
            arn = f"arn:aws:sqs:{REGION}:{dead.split('/')[-2]}:{dead.split('/')[-1]}"
            redrive = f'{{"deadLetterTargetArn": "{arn}", "maxReceiveCount": {MAX_RECEIVES}}}'
            attributes["RedrivePolicy"] = redrive
        made = await self.sqs.create_queue(QueueName=f"{self.bucket}-{name}", Attributes=attributes)
        return str(made["QueueUrl"])

    async def _start(self, workers: int) -> None:
        start = [
            LambdaRuntime.start(f"api.lambdas.{name}.handler", env=self.environment)
            for name in ("query", "sweeper", *["backtest"] * workers)
        ]
        self.query, self.sweeper, *self.workers = await asyncio.gather(*start)
        self.client = Client(self.query)

    @property
    def functions(self) -> list[LambdaRuntime]:
        return [self.query, self.sweeper, *self.workers]

    @property
    def environment(self) -> dict[str, str]:
        return {
            **SCALED,
            **ACCESS,
            "AWS_ENDPOINT_URL": self.relay.url,
            "DATABASE_URL": self.database_url,
            "PARAKEET_ENVIRONMENT": "test",
            "PARAKEET_LEASE_SECONDS": str(self.lease_seconds),
            "PARAKEET_OWNER_ID": str(OWNER),
            "PARAKEET_QUEUE": "sqs",
            "PARAKEET_QUEUE_URL": self.queue_url,
            "PARAKEET_INGEST_QUEUE_URL": self.ingest_url,
            "PARAKEET_STORE": "s3",
            "PARAKEET_BUCKET": self.bucket,
            "POWERTOOLS_SERVICE_NAME": "parakeet-test",
            "POWERTOOLS_METRICS_NAMESPACE": "PotentialParakeet",
            "POWERTOOLS_TRACE_DISABLED": "true",
        }

    @asynccontextmanager
    async def altered(self, *functions: LambdaRuntime, **environment: str) -> AsyncIterator[None]:
        """Let these functions run as `tests.aws.altered` tells; both ways they start cold."""
        usual = [(each.command, each.env) for each in functions]
        for each in functions:
            *python, original = each.command
            each.command = [*python, "tests.aws.altered.handler"]
            each.env = each.env | environment | {"ORIGINAL_HANDLER": original}
            await each.stop()
        try:
            yield
        finally:
            for each, (command, env) in zip(functions, usual, strict=True):
                each.command, each.env = command, env
                await each.stop()

    # The path of a message

    def source(self, *, seed: int = 0, concurrency: int = 2, **given: Any) -> EventSource:
        """Return the mapping between the backtest queue and its workers, not yet polling."""
        about = {name: given.pop(name) for name in MAPPING if name in given}
        mapping = Mapping(queue_url=self.queue_url, maximum_concurrency=concurrency, **about)
        return EventSource(self.sqs, mapping, self.workers, Mischief(seed=seed, **given))

    @asynccontextmanager
    async def sweeping(self) -> AsyncIterator[None]:
        """Run the sweeper at its scaled minute while the block runs."""
        stop = asyncio.Event()

        async def tick() -> None:
            while not stop.is_set():
                await self.sweep()
                await asyncio.sleep(SWEEP_SECONDS)

        task = asyncio.create_task(tick())
        try:
            yield
        finally:
            stop.set()
            await task

    async def sweep(self, event: Any = EACH_MINUTE) -> bool:
        """Sweep once; one that fails is followed by the next, as a schedule's are."""
        try:
            await self.sweeper.invoke(event)
        except FunctionError:
            return False
        return True

    @asynccontextmanager
    async def running(self, source: EventSource, *, seconds: float = 100.0) -> AsyncIterator[None]:
        """Poll and sweep during the block and on, until all jobs have ended and nothing waits."""

        async def settled() -> bool:
            # The emulator last: it counts a long queue slowly, and everybody else waits for it.
            return source.idle and not await self.open_jobs() and not await self.waiting()

        async with self.sweeping(), source.polling():
            yield
            await until(settled, seconds)

    async def send(self, body: str, *, poison: bool = False) -> None:
        """Put a body into the backtest queue by hand."""
        await self.sqs.send_message(QueueUrl=self.queue_url, MessageBody=body)
        if poison:
            self.injected.append(body)

    async def waiting(self) -> int:
        """Count what the queue holds, seen or not."""
        answer = await self.sqs.get_queue_attributes(
            QueueUrl=self.queue_url, AttributeNames=["All"]
        )
        kinds = ("", "NotVisible", "Delayed")
        counts = answer["Attributes"]
        return sum(int(counts[f"ApproximateNumberOfMessages{kind}"]) for kind in kinds)

    async def see_again_after(self, seconds: int) -> None:
        """Set the visibility of what is received from now on."""
        await self.sqs.set_queue_attributes(
            QueueUrl=self.queue_url, Attributes={"VisibilityTimeout": str(seconds)}
        )

    # Its functions

    async def lapse(self, job_id: UUID) -> None:
        """Let the lease of a worker that is dead or asleep run out, without waiting for it."""
        if self.lease_seconds == LEASE_SECONDS:
            await self.value(
                "UPDATE job SET lease_until = now() - interval '1 second'"
                " WHERE id = :id AND status = 'running' RETURNING id",
                id=job_id,
            )

    def signal(self, number: signal.Signals, function: LambdaRuntime) -> None:
        assert function.pid is not None
        os.kill(function.pid, number)

    # The evidence

    async def evidence(self) -> Evidence:
        rows = await read_rows(self.sessions)
        return Evidence(
            **rows,
            objects=await self.objects(),
            waiting=await self.waiting(),
            dead=await self.dead_letters(),
            injected=self.injected,
            submits=self.client.submits,
            cancels=self.client.cancels,
        )

    async def objects(self) -> dict[str, bytes]:
        pages = self.s3.get_paginator("list_objects_v2").paginate(Bucket=self.bucket)
        keys = [found["Key"] async for page in pages for found in page.get("Contents", [])]
        return {key: await self._object(key) for key in keys}

    async def _object(self, key: str) -> bytes:
        answer = await self.s3.get_object(Bucket=self.bucket, Key=key)
        return bytes(await answer["Body"].read())

    async def dead_letters(self) -> list[str]:
        """Read the dead letters, leaving them where they are."""
        bodies: dict[str, str] = {}
        while True:
            answer = await self.sqs.receive_message(QueueUrl=self.dead_url, MaxNumberOfMessages=10)
            found = answer.get("Messages", [])
            bodies |= {message["MessageId"]: message["Body"] for message in found}
            if not found:
                return list(bodies.values())

    async def check(self, *, about: str) -> Evidence:
        """Judge what is left by every invariant; the sentence says how to see it again."""
        before = await self.evidence()
        found = violations(before)
        assert await self.sweep(HOURLY), self.sweeper.log[-3000:]
        after = await self.evidence()
        found += no_rubbish(after)
        found += await other_results(after, self.sessions)
        if found:
            log = "\n".join(each.log[-1500:] for each in self.functions)
            raise AssertionError(f"{about}:\n" + "\n".join(found) + f"\n{log}")
        return after

    async def clean(self) -> None:
        """Forget everything but the market."""
        await self.see_again_after(VISIBILITY_SECONDS)
        # The dead letters first: a queue is made to send its own there.
        for url in (self.dead_url, self.queue_url, self.ingest_url):
            await empty(self.sqs, url)
        for key in await self.objects():
            await self.s3.delete_object(Bucket=self.bucket, Key=key)
        async with self.sessions() as session, session.begin():
            await session.execute(text("SET LOCAL session_replication_role = replica"))
            await session.execute(text("SET LOCAL lock_timeout = '10s'"))
            await session.execute(text("TRUNCATE job, job_history, poison_message CASCADE"))
        self.injected = []
        self.relay.seen.clear()
        self.client = Client(self.query)


MAPPING = ("batch_size", "timeout_seconds")
