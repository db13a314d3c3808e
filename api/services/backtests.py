"""Submit a backtest, annotate one."""

from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from typing import Any
from uuid import UUID, uuid4

from sqlalchemy.ext.asyncio import AsyncSession

from api.errors import Conflict, LimitExceeded, NotFound
from api.services.backtest_request import LONGEST_NAME, BacktestRequest, checked
from api.services.cash_rate_span import require_cash_rates
from api.services.content_key import component_hashes, content_key, digest
from api.services.run_span import RunSpan, fingerprint, resolve_span
from api.services.strategies import StrategyEntry, calendars_in_use, libraries_in_use
from api.services.text import clean_text
from engine import ENGINE_VERSION
from models.backtest import Backtest, Rebalance
from models.backtests import Annotation, BacktestRepository
from models.fingerprints import Digest, RunInputRepository
from models.job import Job, JobKind
from models.jobs import JobRepository
from models.session import lock

LONGEST_NOTES = 10_000


@dataclass(frozen=True)
class Submitted:
    """A run and its job; `reused` when both were there before."""

    backtest: Backtest
    job: Job
    reused: bool


@dataclass(frozen=True)
class Quotas:
    jobs_per_day: int
    concurrent_jobs: int


async def submit_backtest(
    session: AsyncSession,
    *,
    owner_id: UUID,
    request: BacktestRequest,
    quotas: Quotas | None = None,
) -> Submitted:
    """Record a backtest and the job that will compute it, or return the same content's run.

    1. Check what needs no database; an owner's submits take turns from here on.
    2. Find assets, days and rates: every fault at once. Name the run by its content.
    3. Finished, queued or running already: return that run. Failed or cancelled: a new one.

    Raises Refused with each fault, Conflict, LimitExceeded; nothing is written then.
    """
    request, entry = checked(request)
    asked = digest(asdict(request) | {"idempotency_key": None})
    # One lock for all: equal submits become one job, and no two pass the same count of a quota.
    await lock(session, f"submit {owner_id}")
    if request.idempotency_key is not None:
        same = await _same_key(session, owner_id, request.idempotency_key, asked)
        if same is not None:
            return same
    span = await resolve_span(session, request, entry, owner_id=owner_id)
    await require_cash_rates(session, span, request)
    content = await content_of(session, request, entry, span)
    found = await BacktestRepository(session).find_same(owner_id=owner_id, content_key=content.key)
    if found is not None:
        return await _reused(session, found, request.idempotency_key, asked)
    await check_quotas(session, owner_id, quotas)
    job = _job(owner_id, content.key, request.idempotency_key, asked)
    run = run_of(request, entry, span, content, job)
    return await _write(session, job, run, content.inputs)


async def annotate_backtest(
    session: AsyncSession, *, backtest_id: UUID | None, owner_id: UUID, **given: str | None
) -> Backtest:
    """Change name or notes; what is not given stays. Raises InvalidInput, NotFound."""
    changes: Annotation = {}
    if "name" in given:
        changes["name"] = clean_text(given["name"], field=("input", "name"), longest=LONGEST_NAME)
    if "notes" in given:
        changes["notes"] = clean_text(
            given["notes"], field=("input", "notes"), longest=LONGEST_NOTES, lines=True
        )
    run = None
    if backtest_id is not None:
        run = await BacktestRepository(session).annotate(
            backtest_id, owner_id=owner_id, changes=changes
        )
    if run is None:
        raise NotFound(
            "no backtest of yours has this id; backtests lists them", field=("input", "id")
        )
    return run


@dataclass(frozen=True)
class Content:
    """What makes a run the run it is: its key, the parts of it, and the rows it may read."""

    key: str
    components: dict[str, str]
    inputs: Digest


async def content_of(
    session: AsyncSession, request: BacktestRequest, entry: StrategyEntry, span: RunSpan
) -> Content:
    """Name a request by everything that can move a number in it."""
    inputs = await fingerprint(session, span, request, entry)
    components = components_of(request, entry, span) | {"data": inputs.combined}
    return Content(content_key(components), component_hashes(components), inputs)


def components_of(request: BacktestRequest, entry: StrategyEntry, span: RunSpan) -> dict[str, Any]:
    """Return everything that can move a number, by the name under which a caller knows it."""
    symbols = None if request.symbols is None else sorted(request.symbols)
    overlay = request.overlay_vol_target
    return {
        "engine": ENGINE_VERSION,
        "strategy": {"key": entry.key, "version": entry.version},
        "parameters": request.parameters,
        "assets": {"universe": request.universe, "symbols": symbols},
        "instruments": span.described(),
        "calendars": calendars_in_use(),
        "libraries": libraries_in_use(),
        "dates": {"start": request.start, "end": span.end},
        "capital": {"amount": request.initial_capital, "currency": request.currency},
        "benchmark": span.benchmark.symbol,
        "allocator": request.allocator,
        "constraints": asdict(request.constraints),
        "costs": asdict(request.costs),
        "execution": {
            "fill": request.fill,
            "whole_shares": request.whole_shares,
            "decision_clock": request.decision_clock,
        },
        "knowledge": request.known_at,
        **({} if overlay is None else {"overlay": overlay}),
    }


async def _same_key(
    session: AsyncSession, owner_id: UUID, idempotency_key: str, asked: str
) -> Submitted | None:
    """Return what this key stands for already. Raises Conflict when that was another request."""
    keyed = await JobRepository(session).by_idempotency_key(idempotency_key, owner_id=owner_id)
    if keyed is None:
        return None
    run = await BacktestRepository(session).by_job(keyed.job.id, owner_id=owner_id)
    if run is None or keyed.request_hash != asked:
        raise Conflict(
            f"idempotencyKey {idempotency_key!r} was used for another request; use a new key",
            field=("input", "idempotencyKey"),
            reason="IDEMPOTENCY_CONFLICT",
        )
    return Submitted(run, keyed.job, reused=True)


async def _reused(
    session: AsyncSession, run: Backtest, idempotency_key: str | None, asked: str
) -> Submitted:
    """Return the run that is there; a key given with it is its key from now on."""
    jobs = JobRepository(session)
    job = await jobs.require(run.job_id)
    if idempotency_key is not None:
        await jobs.remember_key(idempotency_key, job, request_hash=asked)
    return Submitted(run, job, reused=True)


async def check_quotas(session: AsyncSession, owner_id: UUID, quotas: Quotas | None) -> None:
    """Raise LimitExceeded when an owner has as many jobs as they may."""
    if quotas is None:
        return
    counted = await JobRepository(session).count_open(owner_id)
    if counted.open >= quotas.concurrent_jobs:
        raise LimitExceeded(
            f"{counted.open} jobs are open, the most at once is {quotas.concurrent_jobs};"
            " wait for one to end or cancel one",
            reason="CONCURRENT_JOBS",
        )
    if counted.today >= quotas.jobs_per_day:
        raise LimitExceeded(
            f"{counted.today} jobs were submitted today, the most is {quotas.jobs_per_day};"
            " go on tomorrow (UTC)",
            reason="JOBS_PER_DAY",
        )


def _job(owner_id: UUID, key: str, idempotency_key: str | None, asked: str) -> Job:
    return Job(
        id=uuid4(),
        owner_id=owner_id,
        kind=JobKind.BACKTEST,
        payload={"backtest_id": str(uuid4())},
        content_key=key,
        idempotency_key=idempotency_key,
        request_hash=asked,
    )


def run_of(
    request: BacktestRequest, entry: StrategyEntry, span: RunSpan, content: Content, job: Job
) -> Backtest:
    """Return the row of a request, every default written out."""
    return Backtest(
        id=UUID(job.payload["backtest_id"]),
        owner_id=job.owner_id,
        job_id=job.id,
        content_key=content.key,
        name=request.name,
        strategy_key=entry.key,
        strategy_version=entry.version,
        parameters=dict(request.parameters),
        universe_key=request.universe,
        symbols=span.symbols if request.symbols is None else list(request.symbols),
        start_on=request.start,
        end_on=span.end,
        initial_capital=request.initial_capital,
        currency=request.currency,
        benchmark=span.benchmark.symbol,
        rebalance=Rebalance(request.parameters["rebalance"]),
        allocator=request.allocator,
        constraints=asdict(request.constraints),
        costs=asdict(request.costs),
        fill=request.fill,
        whole_shares=request.whole_shares,
        decision_clock=request.decision_clock,
        overlay_vol_target=request.overlay_vol_target,
        known_at=request.known_at or datetime.now(UTC),
        data_fingerprint=content.inputs.combined,
        engine_version=ENGINE_VERSION,
        components=content.components,
    )


async def _write(session: AsyncSession, job: Job, run: Backtest, inputs: Digest) -> Submitted:
    """Write the job, the run and what it may read."""
    added = await JobRepository(session).add(job)
    await BacktestRepository(session).add(run)
    await RunInputRepository(session).record(run.id, inputs.inputs)
    return Submitted(run, added, reused=False)
