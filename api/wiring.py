"""The composition root: settings become adapters, adapters become an application.

An adapter is imported when it is first used, so that whoever wires pays for what it needs.
"""

import asyncio
from collections.abc import AsyncIterator, Coroutine, Iterable, Mapping
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import timedelta
from functools import cache, cached_property, partial
from typing import TYPE_CHECKING, Any

from sqlalchemy.ext.asyncio import AsyncEngine

from api import telemetry
from api.errors import Unavailable
from api.ports import JobQueue, ObjectStore, Secrets
from api.services.jobs import perform
from api.services.publish_backtest import publish_backtest
from api.services.schedules import job_of
from api.services.signature import EdgeKeys
from api.services.sweeper import Patience, sweep, sweep_objects
from api.services.work import NEVER, Deadline, JobKind, Timing, Work, publish_nothing
from api.settings import Settings
from api.telemetry import logger
from models.session import SessionFactory, make_engine, make_sessions

if TYPE_CHECKING:
    from api.adapters.aws import Aws
    from api.adapters.child_process import ChildProcess
    from api.adapters.jwks import Jwks
    from api.adapters.local_queue import LocalQueue
    from api.adapters.work_thread import WorkThread

# The only secret of a machine of one's own.
DATABASE_URL = "DATABASE_URL"


class App:
    """What one process needs to answer requests and to perform jobs."""

    # What the child process opens; see `works`.
    entry = "api.wiring:works"

    def __init__(self, settings: Settings) -> None:
        self.settings = settings

    @cached_property
    def engine(self) -> AsyncEngine:
        settings = self.settings
        if settings.secrets == "environment" and settings.database_url is None:
            raise ValueError("no database: open the embedded one first")
        return make_engine(
            partial(self.secrets.read, settings.database_secret or DATABASE_URL),
            pool_size=settings.pool_size,
            command_timeout_seconds=settings.command_timeout_seconds,
            through_pooler=settings.through_pooler,
        )

    @cached_property
    def sessions(self) -> SessionFactory:
        return make_sessions(self.engine)

    @cached_property
    def aws(self) -> "Aws":
        from api.adapters.aws import Aws

        return Aws()

    @cached_property
    def secrets(self) -> Secrets:
        match self.settings.secrets:
            case "environment":
                from api.adapters.env_secrets import EnvSecrets

                return EnvSecrets({DATABASE_URL: self.settings.database_url})
            case "aws":
                from api.adapters.aws_secrets import AwsSecrets

                return AwsSecrets(self.aws)

    @cached_property
    def local_queue(self) -> "LocalQueue":
        from api.adapters.local_queue import LocalQueue

        return LocalQueue()

    @cached_property
    def queue(self) -> JobQueue:
        match self.settings.queue:
            case "local":
                return self.local_queue
            case "sqs":
                from api.adapters.sqs_queue import SqsQueue

                return SqsQueue(
                    self.aws,
                    url=self.settings.queue_url or "",
                    ingest_url=self.settings.ingest_queue_url or "",
                )

    @cached_property
    def store(self) -> ObjectStore:
        match self.settings.store:
            case "local":
                from api.adapters.local_store import LocalStore

                return LocalStore(self.settings.home / "objects")
            case "s3":
                from api.adapters.s3_store import S3Store

                return S3Store(self.aws, bucket=self.settings.bucket or "")

    @cached_property
    def edge_keys(self) -> EdgeKeys:
        return EdgeKeys(self.secrets, self.settings.edge_secret or "")

    @cached_property
    def token_keys(self) -> "Jwks":
        from api.adapters.jwks import Jwks

        return Jwks(self.settings.jwks_url or "")

    @cached_property
    def child(self) -> "ChildProcess":
        from api.adapters.child_process import ChildProcess

        return ChildProcess(
            self.entry,
            self.settings.dump(),
            timeout_seconds=self.settings.job_timeout_seconds,
            grace_seconds=self.settings.stop_grace_seconds,
        )

    @property
    def compute(self) -> Work:
        """Where a computation runs: here, in the child process."""
        return self.child.work

    @cached_property
    def kinds(self) -> Mapping[str, JobKind]:
        """What each kind of job does; `open_works` has the computations themselves."""
        return {
            "BACKTEST": JobKind(work=self.compute, publish=publish_backtest),
            "INGEST": JobKind(work=self.compute, publish=publish_nothing),
        }

    @property
    def timing(self) -> Timing:
        settings = self.settings
        return Timing(
            lease=timedelta(seconds=settings.lease_seconds),
            heartbeat_seconds=settings.heartbeat_seconds,
            progress_seconds=settings.progress_seconds,
            retry_base_seconds=settings.retry_base_seconds,
            retry_cap_seconds=settings.retry_cap_seconds,
        )

    async def handle(self, body: str, deadline: Deadline = NEVER) -> float | None:
        """Perform the job a message points at; the message itself is trusted with nothing else.

        Raises BadMessage, Unavailable.
        """
        job_id = await job_of(body, self.sessions, owner_id=self.settings.owner_id)
        timing = replace(self.timing, deadline=deadline)
        return await perform(job_id, self.kinds, self.sessions, timing=timing)

    async def consume(self, *urls: str) -> None:
        """Perform what the queues hold, all of them unless some are named, until cancelled."""
        settings = self.settings
        match settings.queue:
            case "local":
                await self.local_queue.consume(self.handle)
            case "sqs":
                from api.adapters.sqs_consumer import SqsConsumer

                named = urls or (settings.queue_url or "", settings.ingest_queue_url or "")
                consumers = [SqsConsumer(self.aws, url) for url in named]
                await _together(each.consume(self.handle, self.sessions) for each in consumers)

    @property
    def patience(self) -> Patience:
        settings = self.settings
        return Patience(
            unsent=timedelta(seconds=settings.unsent_after_seconds),
            sent=timedelta(seconds=settings.resend_after_seconds),
            queued=timedelta(seconds=settings.job_expires_seconds),
        )

    async def close(self) -> None:
        """Let go of whatever was opened."""
        if "child" in self.__dict__:
            await self.child.stop()
        if "engine" in self.__dict__:
            await self.engine.dispose()
        if "aws" in self.__dict__:
            await self.aws.close()


class FunctionApp(App):
    """The application inside a container of Lambda, which is asked for one thing at a time."""

    @cached_property
    def thread(self) -> "WorkThread":
        from api.adapters.work_thread import WorkThread

        return WorkThread(
            partial(open_works, self.settings),
            timeout_seconds=self.settings.job_timeout_seconds,
            grace_seconds=self.settings.stop_grace_seconds,
        )

    @property
    def compute(self) -> Work:
        """Where a computation runs: in a thread, since a container is one process."""
        return self.thread.work

    @property
    def is_spent(self) -> bool:
        """Whether a computation runs on that nobody waits for any more."""
        return "thread" in self.__dict__ and self.thread.abandoned

    async def migration_address(self) -> str:
        """Return the address migrations use: that of the tables' owner, past any pooler."""
        return await self.secrets.read(self.settings.migration_secret or DATABASE_URL, fresh=True)

    async def close(self) -> None:
        """Let go of whatever was opened."""
        if "thread" in self.__dict__:
            await self.thread.stop()
        await super().close()


# The one loop of a container: connections belong to the loop that opened them.
runner = asyncio.Runner()


@cache
def container() -> FunctionApp:
    """Return the application of this container, with one connection on its one loop."""
    settings = Settings()
    telemetry.configure_function(settings.log_level)
    return FunctionApp(settings.model_copy(update={"pool_size": 1}))


@asynccontextmanager
async def works(dumped: dict[str, Any]) -> AsyncIterator[Mapping[str, Work]]:
    """Open, inside a child process, what its works need."""
    settings = Settings(**dumped)
    telemetry.configure(settings.log_level, path=settings.home / "worker.log")
    async with open_works(settings) as opened:
        yield opened


@asynccontextmanager
async def open_works(settings: Settings) -> AsyncIterator[Mapping[str, Work]]:
    """Open what the works need on the caller's loop; import the engine while nobody waits."""
    from api.adapters.sample_prices import SamplePrices
    from api.services.ingest import ingest
    from api.services.run_backtest import run_backtest

    patience = settings.worker_command_timeout_seconds
    app = App(settings.model_copy(update={"command_timeout_seconds": patience, "pool_size": 2}))
    try:
        yield {
            "BACKTEST": partial(run_backtest, sessions=app.sessions, store=app.store),
            "INGEST": partial(
                ingest, sessions=app.sessions, store=app.store, source=SamplePrices()
            ),
        }
    finally:
        await app.close()


@asynccontextmanager
async def working(app: App) -> AsyncIterator[None]:
    """Perform jobs and sweep while the block runs; give back what is unfinished at its end."""
    tasks = [
        asyncio.create_task(_warm_up(app)),
        asyncio.create_task(app.consume()),
        asyncio.create_task(_sweep_on(app)),
        asyncio.create_task(_sweep_objects_on(app)),
    ]
    try:
        yield
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.wait(tasks)


async def _together(runs: Iterable[Coroutine[Any, Any, None]]) -> None:
    """Run all until one fails or the caller is cancelled; then all have ended."""
    tasks = [asyncio.create_task(run) for run in runs]
    try:
        await asyncio.gather(*tasks)
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.wait(tasks)


async def _warm_up(app: App) -> None:
    try:
        await app.child.start()
    except Unavailable as e:
        logger.warning("%s; each job will try to start it again", e)


async def _sweep_on(app: App) -> None:
    """Sweep now and then; the first time at once, for what an earlier process left.

    Messages of a local queue died with it, so that first time nothing counts as sent.
    """
    none = timedelta(0)
    lost = replace(app.patience, unsent=none, sent=none)
    patience = lost if app.settings.queue == "local" else app.patience
    while True:
        try:
            await sweep(app.sessions, app.queue, patience)
        except Exception:
            logger.exception("a sweep failed; the next one follows")
        else:
            patience = app.patience
        await asyncio.sleep(app.settings.sweep_seconds)


async def _sweep_objects_on(app: App) -> None:
    while True:
        try:
            await sweep_objects(app.sessions, app.store)
        except Exception:
            logger.exception("a sweep of objects failed; the next one follows")
        await asyncio.sleep(app.settings.sweep_objects_seconds)
