"""The composition root: settings become adapters, adapters become an application.

An adapter is imported when it is first used, and so is what only workers do: whoever wires pays
for what it needs.
"""

from collections.abc import Mapping
from dataclasses import replace
from datetime import timedelta
from functools import cached_property, partial
from typing import TYPE_CHECKING

from sqlalchemy.ext.asyncio import AsyncEngine

from api.errors import NotFound
from api.ports import JobQueue, KnownLists, ObjectStore, Secrets
from api.services.signature import EdgeKeys
from api.services.work import NEVER, Deadline, Steps, Timing, Work
from api.settings import Settings
from models.job_outbox import Patience
from models.session import SessionFactory, make_engine, make_sessions

if TYPE_CHECKING:
    from api.adapters.aws import Aws
    from api.adapters.child_process import ChildProcess
    from api.adapters.jwks import Jwks
    from api.adapters.local_queue import LocalQueue

# The secrets of a machine of one's own.
DATABASE_URL, TIINGO_API_KEY = "DATABASE_URL", "TIINGO_API_KEY"


class App:
    """What one process needs to answer requests and to perform jobs."""

    # What the child process opens.
    entry = "api.works:entry"

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

                settings = self.settings
                return EnvSecrets(
                    {DATABASE_URL: settings.database_url, TIINGO_API_KEY: settings.tiingo_api_key}
                )
            case "aws":
                from api.adapters.aws_secrets import AwsSecrets

                settings = self.settings
                edge, database = settings.edge_secret, settings.database_secret
                # A first request needs both, and would wait for one after the other.
                follows = {edge: database} if edge and database else {}
                return AwsSecrets(self.aws, follows=follows)

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

    async def tiingo_key(self) -> str | None:
        """Return the key Tiingo is asked with; None where there is none."""
        match self.settings.secrets:
            case "environment":
                name: str | None = TIINGO_API_KEY
            case "aws":
                name = self.settings.tiingo_secret
        try:
            return None if name is None else await self.secrets.read(name)
        except NotFound:
            return None

    @cached_property
    def known_lists(self) -> KnownLists:
        from api.adapters.membership_csv import MembershipCsv
        from api.adapters.universe_lists import UniverseLists

        place = self.settings.membership_url
        return UniverseLists({} if place is None else {"SPX500": MembershipCsv(place)})

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
    def kinds(self) -> Mapping[str, Steps]:
        """What each kind of job does; `api.works` has the computations themselves."""
        from api.services.publish_backtest import publish_backtest
        from api.services.publish_guards import publish_guards
        from api.services.publish_ingest import publish_ingest
        from api.services.publish_plan import publish_plan
        from api.services.publish_regimes import publish_regimes
        from api.services.publish_scan import publish_scan
        from api.services.publish_snapshot import publish_snapshot
        from api.services.publish_study import publish_shard, publish_sweep, publish_walk_forward

        return {
            "BACKTEST": Steps(work=self.compute, publish=publish_backtest),
            "GUARD": Steps(work=self.compute, publish=publish_guards),
            "INGEST": Steps(work=self.compute, publish=publish_ingest),
            "PLAN": Steps(work=self.compute, publish=publish_plan),
            "REGIME": Steps(work=self.compute, publish=publish_regimes),
            "SCAN": Steps(work=self.compute, publish=publish_scan),
            "SNAPSHOT": Steps(work=self.compute, publish=publish_snapshot),
            "SWEEP": Steps(work=self.compute, publish=publish_sweep),
            "WALK_FORWARD": Steps(work=self.compute, publish=publish_walk_forward),
            "SHARD": Steps(work=self.compute, publish=publish_shard),
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
        from api.services.jobs import dispatch_called, perform
        from api.services.schedules import job_of

        job_id = await job_of(body, self.sessions, owner_id=self.settings.owner_id)
        timing = replace(self.timing, deadline=deadline)
        again_after = await perform(job_id, self.kinds, self.sessions, timing=timing)
        await dispatch_called(job_id, self.sessions, self.queue)
        return again_after

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
