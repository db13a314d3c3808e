"""Ask again for what a job failed to do: a new job of the same content, never the old one."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from uuid import UUID, uuid4

from sqlalchemy.ext.asyncio import AsyncSession

from api.errors import ClientError, Conflict, NotFound
from api.services.backtest_request import BacktestRequest, Constraints, Costs
from api.services.backtests import Quotas, check_quotas, submit_backtest
from api.services.content_key import component_hashes
from api.services.findings import Refused
from models.backtest import Backtest
from models.backtests import BacktestRepository
from models.job import HIDDEN, TERMINAL, Job, JobKind, JobStatus
from models.jobs import JobRepository
from models.session import lock

FIELD = ("id",)
# Hash of a run's knowledge where the caller named no instant.
OPEN_KNOWLEDGE = component_hashes({"knowledge": None})["knowledge"]


@dataclass(frozen=True)
class Retried:
    """The job that does it now; `reused` when it was there before, so that none need be sent."""

    job: Job
    reused: bool = False


Retry = Callable[[AsyncSession, Job, Quotas | None], Awaitable[Retried]]


async def retry_job(
    session: AsyncSession,
    *,
    owner_id: UUID,
    job_id: UUID | None,
    quotas: Quotas | None = None,
) -> Retried:
    """Queue anew what a failed or cancelled job was for.

    Raises NotFound, also for another owner's job, Conflict for one that is open or has succeeded,
    LimitExceeded, and what the request itself is refused for today.
    """
    found = None if job_id is None else await JobRepository(session).get(job_id, owner_id=owner_id)
    if found is None or found.kind in HIDDEN:
        raise NotFound("no job of yours has this id; jobs lists them", field=FIELD)
    if found.status not in TERMINAL:
        raise Conflict(
            f"the job is {found.status.value} and may still succeed; cancel it first",
            field=FIELD,
            reason="NOT_FINISHED",
        )
    if found.status is JobStatus.SUCCEEDED:
        raise Conflict(
            "the job has succeeded, nothing is left to do again", field=FIELD, reason="SUCCEEDED"
        )
    retry = RETRIES.get(found.kind)
    if retry is None:
        raise Conflict(
            f"a job of kind {found.kind.value} is not asked for again by its id; ask for it anew",
            field=FIELD,
            reason="NOT_RETRYABLE",
        )
    try:
        return await retry(session, found, quotas)
    except Refused as refused:
        raise Refused([_of_the_job(each) for each in refused.errors]) from None
    except ClientError as error:
        raise _of_the_job(error) from None


def _of_the_job(error: ClientError) -> ClientError:
    """Return the fault at the one field there is: what was asked for then is no input now."""
    return type(error)(str(error), field=FIELD if error.field else (), reason=error.reason)


async def _same_payload(session: AsyncSession, job: Job, quotas: Quotas | None) -> Retried:
    """Queue a kind whose payload is the whole request, and whose result is made at its end."""
    await lock(session, f"submit {job.owner_id}")
    await check_quotas(session, job.owner_id, quotas)
    again = Job(
        id=uuid4(),
        owner_id=job.owner_id,
        kind=job.kind,
        payload=dict(job.payload),
        idempotency_key=f"retry of {job.id}",  # pressed twice, it is retried once
    )
    added = await JobRepository(session).add(again)
    return Retried(added, reused=added.id != again.id)


async def _same_backtest(session: AsyncSession, job: Job, quotas: Quotas | None) -> Retried:
    """Submit the run again, on the data of today; one of the same content is returned instead."""
    run = await BacktestRepository(session).by_job(job.id, owner_id=job.owner_id)
    if run is None:
        raise NotFound("the backtest of this job is gone; submit it anew", field=FIELD)
    submitted = await submit_backtest(
        session, owner_id=job.owner_id, request=request_of(run), quotas=quotas
    )
    return Retried(submitted.job, reused=submitted.reused)


def request_of(run: Backtest) -> BacktestRequest:
    """Return what was asked for, its end as it was found then."""
    named = run.components.get("knowledge", OPEN_KNOWLEDGE) != OPEN_KNOWLEDGE
    return BacktestRequest(
        strategy=run.strategy_key,
        parameters=run.parameters,
        universe=run.universe_key,
        symbols=None if run.universe_key is not None else tuple(run.symbols),
        start=run.start_on,
        end=run.end_on,
        initial_capital=run.initial_capital,
        currency=run.currency,
        benchmark=run.benchmark,
        rebalance=run.rebalance,
        allocator=run.allocator,
        constraints=Constraints(**run.constraints),
        costs=Costs(**run.costs),
        known_at=run.known_at if named else None,
        fill=run.fill,
        whole_shares=run.whole_shares,
        decision_clock=run.decision_clock,
        overlay_vol_target=run.overlay_vol_target,
        name=run.name,
    )


async def _same_search(session: AsyncSession, job: Job, quotas: Quotas | None) -> Retried:
    """Submit a scan, a sweep or a walk-forward again, as a backtest is."""
    from api.services import retry_searches as searches

    ways = {
        JobKind.SCAN: searches.same_scan,
        JobKind.SWEEP: searches.same_sweep,
        JobKind.WALK_FORWARD: searches.same_walk_forward,
    }
    submitted = await ways[job.kind](session, job.id, owner_id=job.owner_id, quotas=quotas)
    if submitted is None:
        raise NotFound("what this job was for is gone; submit it anew", field=FIELD)
    return Retried(submitted.job, reused=submitted.reused)


RETRIES: Mapping[JobKind, Retry] = {
    JobKind.BACKTEST: _same_backtest,
    JobKind.SCAN: _same_search,
    JobKind.SWEEP: _same_search,
    JobKind.WALK_FORWARD: _same_search,
    JobKind.INGEST: _same_payload,
    JobKind.PLAN: _same_payload,
    JobKind.REGIME: _same_payload,
    JobKind.SNAPSHOT: _same_payload,
}
