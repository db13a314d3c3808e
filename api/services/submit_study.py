"""Ask for a sweep or a walk-forward: it is queued, or the one of the same content is returned."""

from dataclasses import asdict, dataclass, replace
from datetime import UTC, datetime
from typing import Any, Generic, TypeVar
from uuid import UUID, uuid4

import orjson
from sqlalchemy.ext.asyncio import AsyncSession

from api.errors import ClientError, Conflict
from api.services.axes import by_panels, longest_warmup
from api.services.backtests import Quotas, check_quotas, components_of
from api.services.cash_rate_span import require_cash_rates
from api.services.content_key import canonical_json, content_key, digest
from api.services.publish_backtest import family_name
from api.services.run_span import RunSpan, require_panels, resolve_span, stored_rows
from api.services.study_request import (
    Asked,
    SweepRequest,
    WalkForwardRequest,
    check_length,
    checked_sweep,
    checked_walk_forward,
    of_the_base,
)
from engine import ENGINE_VERSION
from models.job import Job, JobKind
from models.jobs import JobRepository
from models.session import lock
from models.studies import StudyRepository
from models.study import Sweep, WalkForward

S = TypeVar("S", Sweep, WalkForward)


@dataclass(frozen=True)
class SubmittedStudy(Generic[S]):
    """A search and its job; `reused` when both were there before."""

    study: S
    job: Job
    reused: bool


@dataclass(frozen=True)
class Wish(Generic[S]):
    """What the two kinds of searches differ in."""

    kind: JobKind
    entity: type[S]
    search: dict[str, Any]  # what makes it another search of the same run
    columns: dict[str, Any]  # its own columns
    request: SweepRequest | WalkForwardRequest


async def submit_sweep(
    session: AsyncSession,
    *,
    owner_id: UUID,
    request: SweepRequest,
    quotas: Quotas | None = None,
) -> SubmittedStudy[Sweep]:
    """Record a sweep and its job. Raises Refused with each fault, Conflict, LimitExceeded."""
    columns = {"method": request.method, "seed": request.seed}
    search = columns | {"max_trials": request.max_trials}
    wish = Wish(JobKind.SWEEP, Sweep, search, columns, request)
    return await _submit(session, owner_id, wish, checked_sweep(request), quotas)


async def submit_walk_forward(
    session: AsyncSession,
    *,
    owner_id: UUID,
    request: WalkForwardRequest,
    quotas: Quotas | None = None,
) -> SubmittedStudy[WalkForward]:
    """Record a walk-forward and its job. Raises Refused, Conflict, LimitExceeded."""
    columns = {"method": request.method, "plan": request.plan}
    wish = Wish(JobKind.WALK_FORWARD, WalkForward, dict(columns), columns, request)
    return await _submit(session, owner_id, wish, checked_walk_forward(request), quotas)


async def _submit(
    session: AsyncSession, owner_id: UUID, wish: Wish[S], asked: Asked, quotas: Quotas | None
) -> SubmittedStudy[S]:
    """Find what it reads, name it by its content, write it; as `submit_backtest` does."""
    key = wish.request.idempotency_key
    request_hash = digest(asdict(wish.request) | {"idempotency_key": None})
    await lock(session, f"submit {owner_id}")
    studies = StudyRepository(session, wish.entity)
    if key is not None:
        same = await _same_key(session, studies, owner_id, key, request_hash)
        if same is not None:
            return same
    widest = longest_warmup(asked.axes, asked.base, asked.entry)
    try:
        span = await resolve_span(session, widest, asked.entry, owner_id=owner_id)
        await require_cash_rates(session, span, widest)
        inputs = await stored_rows(session, span, widest, asked.entry)
        for choice in by_panels(asked.axes, asked.base, asked.entry):
            require_panels(span, choice, asked.entry, inputs)
    except ClientError as error:
        raise of_the_base(error) from None
    if isinstance(wish.request, WalkForwardRequest):
        check_length(wish.request, asked.base.start, span.end)
    content = _content(wish, asked, span, inputs.combined)
    found = await studies.find_same(owner_id=owner_id, content_key=content)
    if found is not None:
        return await _reused(session, found, key, request_hash)
    await check_quotas(session, owner_id, quotas)
    job = Job(
        id=uuid4(),
        owner_id=owner_id,
        kind=wish.kind,
        content_key=content,
        idempotency_key=key,
        request_hash=request_hash,
    )
    added = await JobRepository(session).add(job)
    study = await studies.add(_row(wish, asked, span, content, added))
    return SubmittedStudy(study, added, reused=False)


def _content(wish: Wish[S], asked: Asked, span: RunSpan, data: str) -> str:
    request = wish.request
    return content_key(
        components_of(asked.base, asked.entry, span)
        | {
            "data": data,
            "axes": [axis.written() for axis in request.axes],
            "objective": request.objective,
            "search": wish.search,
        }
    )


def _row(wish: Wish[S], asked: Asked, span: RunSpan, content: str, job: Job) -> S:
    base = replace(asked.base, end=span.end)
    return wish.entity(
        owner_id=job.owner_id,
        job_id=job.id,
        content_key=content,
        name=base.name,
        strategy_key=asked.entry.key,
        family=family_name(asked.entry.key, base.universe, base.symbols or ()),
        universe_key=base.universe,
        start_on=base.start,
        end_on=span.end,
        base=orjson.loads(canonical_json(asdict(base))),
        axes=[axis.written() for axis in wish.request.axes],
        objective=wish.request.objective,
        combinations=asked.combinations,
        known_at=base.known_at or datetime.now(UTC),
        engine_version=ENGINE_VERSION,
        **wish.columns,
    )


async def _same_key(
    session: AsyncSession,
    studies: StudyRepository[S],
    owner_id: UUID,
    key: str,
    request_hash: str,
) -> SubmittedStudy[S] | None:
    """Return what this key stands for already. Raises Conflict when that was another request."""
    keyed = await JobRepository(session).by_idempotency_key(key, owner_id=owner_id)
    if keyed is None:
        return None
    study = await studies.by_job(keyed.job.id)
    if study is None or keyed.request_hash != request_hash:
        raise Conflict(
            f"idempotencyKey {key!r} was used for another request; use a new key",
            field=("input", "idempotencyKey"),
            reason="IDEMPOTENCY_CONFLICT",
        )
    return SubmittedStudy(study, keyed.job, reused=True)


async def _reused(
    session: AsyncSession, study: S, key: str | None, request_hash: str
) -> SubmittedStudy[S]:
    jobs = JobRepository(session)
    job = await jobs.require(study.job_id)
    if key is not None:
        await jobs.remember_key(key, job, request_hash=request_hash)
    return SubmittedStudy(study, job, reused=True)
