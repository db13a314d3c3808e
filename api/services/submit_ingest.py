"""Ask for prices: the job is queued, or the one the same key made is returned."""

from collections import Counter
from collections.abc import Iterator
from dataclasses import asdict, dataclass, replace
from datetime import UTC, datetime
from uuid import UUID, uuid4

from sqlalchemy.ext.asyncio import AsyncSession

from api.errors import ClientError, Conflict, InvalidInput, NotFound
from api.services.backtest_request import (
    FIRST_DAY,
    MOST_SYMBOLS,
    idempotency_key_faults,
    listed,
)
from api.services.backtests import Quotas, check_quotas
from api.services.content_key import digest
from api.services.findings import Findings
from api.services.ingest_request import SOURCES, IngestRequest
from api.services.routing import CSV, SAMPLE, TIINGO, describe, sources_of
from api.services.universes import SHARED
from models.ingest_report import IngestReport
from models.ingest_reports import IngestReportRepository
from models.job import Job, JobKind
from models.jobs import JobRepository
from models.session import lock
from models.universes import UniverseRepository


@dataclass(frozen=True)
class SubmittedIngest:
    """A job, its report once there is one, and whether the job was there before."""

    job: Job
    report: IngestReport | None
    reused: bool


async def submit_ingest(
    session: AsyncSession,
    *,
    owner_id: UUID,
    request: IngestRequest,
    quotas: Quotas | None = None,
) -> SubmittedIngest:
    """Record the job that will bring prices in.

    Raises Refused with each fault, Conflict, LimitExceeded; nothing is written then.
    """
    findings = Findings()
    findings.errors += _faults(request)
    with findings.collect():
        await _require_universe(session, request.universe, owner_id)
    findings.settle()
    asked = digest(asdict(replace(request, idempotency_key=None)))
    await lock(session, f"submit {owner_id}")
    if request.idempotency_key is not None:
        same = await _same_key(session, owner_id, request.idempotency_key, asked)
        if same is not None:
            return same
    await check_quotas(session, owner_id, quotas)
    job = Job(
        id=uuid4(),
        owner_id=owner_id,
        kind=JobKind.INGEST,
        payload=request.payload(),
        idempotency_key=request.idempotency_key,
        request_hash=asked,
    )
    return SubmittedIngest(await JobRepository(session).add(job), None, reused=False)


def _faults(request: IngestRequest) -> Iterator[ClientError]:
    yield from _source(request)
    yield from _assets(request)
    yield from _dates(request)
    yield from idempotency_key_faults(request.idempotency_key)


def _source(request: IngestRequest) -> Iterator[ClientError]:
    named = SOURCES[request.source]
    if named == CSV:
        message = (
            "source was CSV; a file is imported by `parakeet import prices.csv`, choose another"
        )
        yield _fault(message, "source")
    if named == SAMPLE and (request.universe is not None or request.symbols is not None):
        message = "source was SAMPLE, which is loaded whole; leave universe and symbols out"
        yield _fault(message, "source")


def _assets(request: IngestRequest) -> Iterator[ClientError]:
    symbols = request.symbols
    if SOURCES[request.source] == SAMPLE:
        return
    if (request.universe is None) == (symbols is None):
        given = "neither" if symbols is None else "both"
        message = f"{given} of universe and symbols was given; give exactly one of them"
        yield _fault(message, "universe" if symbols is None else "symbols")
    if symbols is None:
        return
    if not 1 <= len(symbols) <= MOST_SYMBOLS:
        yield _fault(f"symbols had {len(symbols)} entries; list 1 to {MOST_SYMBOLS}", "symbols")
    repeated = sorted(symbol for symbol, count in Counter(symbols).items() if count > 1)
    if repeated:
        yield _fault(f"symbols named {listed(repeated)} twice; list each once", "symbols")
    yield from _routes(symbols, SOURCES[request.source])


def _routes(symbols: tuple[str, ...], source: str | None) -> Iterator[ClientError]:
    """Yield what no market writes, and what the source that was named does not have."""
    for symbol in symbols:
        try:
            described = describe(symbol)
        except InvalidInput as fault:
            yield fault
            continue
        if source == TIINGO and TIINGO not in sources_of(described.exchange):
            yield _fault(
                f"Tiingo has American shares only, symbol {symbol} is none; leave the source out",
                "source",
            )


def _dates(request: IngestRequest) -> Iterator[ClientError]:
    today = datetime.now(UTC).date()
    start, end = request.start, request.end
    for name, day in (("start", start), ("end", end)):
        if day is not None and day < FIRST_DAY:
            yield _fault(f"{name} was {day}; no prices are older than {FIRST_DAY}", name)
        if day is not None and day > today:
            yield _fault(f"{name} was {day}; today is {today}, choose it or an earlier day", name)
    if start is not None and end is not None and start > end:
        yield _fault(f"start was {start}; it must not lie behind the end, {end}", "start")


async def _require_universe(session: AsyncSession, key: str | None, owner_id: UUID) -> None:
    """Refuse a list that is neither in the tables nor one a worker could bring in."""
    if key is None or key in SHARED:
        return
    if await UniverseRepository(session).by_key(key, owner_id=owner_id) is None:
        raise NotFound(
            f"no universe has the key {key[:64]}; universes lists them", field=("input", "universe")
        )


async def _same_key(
    session: AsyncSession, owner_id: UUID, idempotency_key: str, asked: str
) -> SubmittedIngest | None:
    keyed = await JobRepository(session).by_idempotency_key(idempotency_key, owner_id=owner_id)
    if keyed is None:
        return None
    if keyed.job.kind != JobKind.INGEST or keyed.request_hash != asked:
        raise Conflict(
            f"idempotencyKey {idempotency_key!r} was used for another request; use a new key",
            field=("input", "idempotencyKey"),
            reason="IDEMPOTENCY_CONFLICT",
        )
    reports = IngestReportRepository(session)
    found = await reports.by_job_ids([keyed.job.id], owner_id=owner_id)
    return SubmittedIngest(keyed.job, found[0] if found else None, reused=True)


def _fault(message: str, *path: str) -> InvalidInput:
    return InvalidInput(message, field=("input", *path))
