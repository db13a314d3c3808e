"""Jobs: long work to watch and to stop."""

from datetime import UTC, datetime
from typing import Annotated, TypedDict, cast
from uuid import UUID

import strawberry

from api.errors import ClientError, ErrorCode
from api.graphql.context import Info
from api.graphql.enums import JobKind
from api.graphql.errors import UserError, user_errors
from api.graphql.expose import expose
from api.graphql.node import Node, global_id, uuid_of
from api.graphql.pagination import After, Connection, First, Seal, connection, page_size
from api.services.backtests import Quotas
from api.services.cancel_job import cancel_job
from models.backtest import Backtest
from models.ingest_report import IngestReport
from models.job import MAX_ATTEMPTS, Job, JobStatus
from models.job import JobKind as StoredKind
from models.jobs import JobRepository
from models.pages import Place
from models.rebalance_plan import RebalancePlan
from models.scan import Scan
from models.study import Sweep, WalkForward

# Below this the pace so far says nothing about what is left.
LEAST_PROGRESS = 0.02
JobId = Annotated[strawberry.ID, strawberry.argument(description="Id of the job.")]


@expose(
    Job,
    "status",
    "progress",
    "stage",
    "created_at",
    "started_at",
    "finished_at",
    "cancel_requested_at",
    "compute_seconds",
)
class JobType(Node):
    @strawberry.field(description="Global id: `job_` and a UUID.")
    def id(root: strawberry.Parent[Job]) -> strawberry.ID:
        return global_id("job", root.id)

    @strawberry.field(description="What sort of work it is.")
    def kind(root: strawberry.Parent[Job]) -> JobKind:
        return JobKind(root.kind.value)

    @strawberry.field(
        description="Times a worker took it up; of a job made of parts, since they ended."
    )
    def attempts(root: strawberry.Parent[Job]) -> int:
        # With its parts a job is given as many attempts again: to fold them is no second try.
        return root.attempt - max(root.max_attempts - MAX_ATTEMPTS, 0)

    @strawberry.field(description="Seconds left at the pace so far; null when unknown or ended.")
    def eta_seconds(root: strawberry.Parent[Job]) -> float | None:
        if root.status is not JobStatus.RUNNING or root.started_at is None:
            return None
        if root.progress < LEAST_PROGRESS:
            return None
        elapsed = (datetime.now(UTC) - root.started_at).total_seconds()
        return max(elapsed, 0.0) * (1.0 - root.progress) / root.progress

    @strawberry.field(description="Why it failed; null unless it did.")
    def error(root: strawberry.Parent[Job]) -> UserError | None:
        if root.failure_code is None:
            return None
        return UserError(
            message=root.failure_detail or "the job failed",
            code=ErrorCode(root.failure_code),
            reason=root.failure_reason,
        )

    @strawberry.field(description="Estimated cost in US dollars; null where nothing is charged.")
    def cost_usd(root: strawberry.Parent[Job]) -> float | None:
        return None if root.cost_usd is None else float(root.cost_usd)

    @strawberry.field(
        graphql_type=Node | None,
        description="What it produces: the backtest, scan or search it does; the report of its "
        "ingest or the plan once there is one.",
    )
    async def subject(
        root: strawberry.Parent[Job], info: Info
    ) -> Backtest | IngestReport | RebalancePlan | Scan | Sweep | WalkForward | None:
        loaders = info.context.loaders
        if root.kind is StoredKind.INGEST:
            return await loaders.ingest_report_by_job_id.load(root.id)
        if root.kind is StoredKind.PLAN:
            return await loaders.plan_by_job_id.load(root.id)
        if root.kind is StoredKind.SCAN:
            return await loaders.scan_by_job_id.load(root.id)
        if root.kind is StoredKind.SWEEP:
            return await loaders.sweep_by_job_id.load(root.id)
        if root.kind is StoredKind.WALK_FORWARD:
            return await loaders.walk_forward_by_job_id.load(root.id)
        return await loaders.backtest_by_job_id.load(root.id)


@strawberry.input(description="Which jobs to list; what is left out does not matter.")
class JobFilter:
    kind: JobKind | None = strawberry.field(description="Only this sort of work.")
    status: JobStatus | None = strawberry.field(description="Only jobs that stand here.")


class Wanted(TypedDict, total=False):
    kind: StoredKind | None
    status: JobStatus | None


@strawberry.type(description="A job, or why it could not be changed.")
class JobPayload:
    job: JobType | None = strawberry.field(description="The job as it now stands.")
    user_errors: list[UserError] = strawberry.field(description="What the caller can put right.")


@strawberry.type
class JobQuery:
    @strawberry.field(
        graphql_type=JobType | None, description="One of the viewer's jobs; null if there is none."
    )
    async def job(self, info: Info, id: JobId) -> Job | None:
        job_id = uuid_of(id, "job")
        return None if job_id is None else await info.context.loaders.job_by_id.load(job_id)

    @strawberry.field(
        graphql_type=Connection[JobType], description="The viewer's jobs, newest first."
    )
    async def jobs(
        self,
        info: Info,
        filter: Annotated[
            JobFilter | None, strawberry.argument(description="Which jobs to list.")
        ] = None,
        first: First = None,
        after: After = None,
    ) -> Connection[Job]:
        owner = info.context.viewer_id
        size, seal = page_size(first), Seal(str(owner), "jobs")
        place = seal.read(after, value=datetime.fromisoformat, id=UUID)
        wanted = _wanted(filter)
        async with info.context.session() as session:
            page = await JobRepository(session).list_page(
                owner_id=owner, first=size, after=place, **wanted
            )

        async def count() -> int | None:
            async with info.context.session() as session:
                return await JobRepository(session).count_listed(owner_id=owner, **wanted)

        return connection(
            page,
            place=lambda job: Place(value=job.created_at, id=job.id),
            seal=seal,
            follows=place is not None,
            count=count,
        )


def _wanted(filter: JobFilter | None) -> Wanted:
    if filter is None:
        return {}
    kind = None if filter.kind is None else StoredKind(filter.kind.value)
    return {"kind": kind, "status": filter.status}


@strawberry.type
class JobMutation:
    @strawberry.mutation(
        graphql_type=JobPayload,
        description="Cancel a queued job at once; ask a running one to stop at its next "
        "checkpoint, unless it finishes first.",
    )
    async def cancel_job(self, info: Info, id: JobId) -> JobPayload:
        try:
            async with info.context.savepoint() as session:
                job = await cancel_job(session, uuid_of(id, "job"), info.context.viewer_id)
        except ClientError as error:
            return JobPayload(job=None, user_errors=user_errors(error))
        return JobPayload(job=cast("JobType", job), user_errors=[])

    @strawberry.mutation(
        graphql_type=JobPayload,
        description="Ask again for what a failed or cancelled job was for: a new job of the same "
        "content is queued and returned, the old one stays as it ended.",
    )
    async def retry_job(self, info: Info, id: JobId) -> JobPayload:
        from api.services.retry_job import retry_job

        context = info.context
        try:
            async with context.savepoint() as session:
                retried = await retry_job(
                    session,
                    owner_id=context.viewer_id,
                    job_id=uuid_of(id, "job"),
                    quotas=Quotas(
                        jobs_per_day=context.settings.jobs_per_day,
                        concurrent_jobs=context.settings.concurrent_jobs,
                    ),
                )
        except ClientError as error:
            return JobPayload(job=None, user_errors=user_errors(error))
        if not retried.reused:
            context.job_ids.append(retried.job.id)
        return JobPayload(job=cast("JobType", retried.job), user_errors=[])
