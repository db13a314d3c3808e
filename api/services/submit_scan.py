"""Ask for a scan: its job is queued, or the scan of the same content is returned."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from datetime import UTC, date, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

from sqlalchemy.ext.asyncio import AsyncSession

from api.errors import Conflict, MissingData, NotFound
from api.services.backtests import Quotas, check_quotas
from api.services.content_key import content_key, digest
from api.services.market import PAIR, unknown_symbols
from api.services.run_span import DESCRIBED, SLACK, first_year_read
from api.services.scan_request import ScanRequest, checked
from api.services.scanners import ScannerEntry
from api.services.strategies import calendars_in_use
from engine import ENGINE_VERSION
from models.fingerprint import Scope
from models.fingerprints import FingerprintRepository
from models.instrument import Instrument
from models.instruments import InstrumentRepository
from models.job import Job, JobKind
from models.jobs import JobRepository
from models.scan import Scan
from models.scans import ScanRepository
from models.session import lock
from models.universes import Member, UniverseRepository

# A day without sessions is answered by the last one before it, so long ago at most.
REACH = timedelta(days=10)
# Sessions beyond the bars needed, which the engine looks at too: other markets' holidays, gaps.
SLACK_BARS = 73
BENCHMARKS = {"AUD": "^AXJO"}
BENCHMARK = "^GSPC"


@dataclass(frozen=True)
class SubmittedScan:
    """A scan and its job; `reused` when both were there before."""

    scan: Scan
    job: Job
    reused: bool


@dataclass(frozen=True, kw_only=True)
class Asked:
    """Whom a scan asks about, on which day, and whom they are compared with."""

    assets: tuple[Instrument, ...]
    benchmark: Instrument | None
    as_of: date


async def submit_scan(
    session: AsyncSession,
    *,
    owner_id: UUID,
    request: ScanRequest,
    quotas: Quotas | None = None,
) -> SubmittedScan:
    """Record a scan and the job that will do it, or return the same content's scan.

    Raises Refused with each fault, Conflict, LimitExceeded; nothing is written then.
    """
    request, entry = checked(request)
    asked = digest(asdict(replace(request, idempotency_key=None)))
    await lock(session, f"submit {owner_id}")
    if request.idempotency_key is not None:
        same = await _same_key(session, owner_id, request.idempotency_key, asked)
        if same is not None:
            return same
    found = await _asked(session, request, owner_id)
    data = await _fingerprint(session, request, entry, found)
    key = content_key(_components(request, entry, found) | {"data": data})
    scans, jobs = ScanRepository(session), JobRepository(session)
    scan = await scans.find_same(owner_id=owner_id, content_key=key)
    if scan is not None:
        job = await jobs.require(scan.job_id)
        if request.idempotency_key is not None:
            await jobs.remember_key(request.idempotency_key, job, request_hash=asked)
        return SubmittedScan(scan, job, reused=True)
    await check_quotas(session, owner_id, quotas)
    job = await jobs.add(
        Job(
            id=uuid4(),
            owner_id=owner_id,
            kind=JobKind.SCAN,
            content_key=key,
            idempotency_key=request.idempotency_key,
            request_hash=asked,
        )
    )
    scan = await scans.add(_scan(request, entry, found, job, key, data))
    return SubmittedScan(scan, job, reused=False)


async def _asked(session: AsyncSession, request: ScanRequest, owner_id: UUID) -> Asked:
    """Find whom the scan asks about. Raises NotFound, UnknownSymbol, MissingData."""
    instruments = InstrumentRepository(session)
    if request.symbols is not None:
        assets = _named(request.symbols, await instruments.by_symbols(request.symbols))
        as_of = _day(request, assets)
        return Asked(
            assets=assets, benchmark=await _benchmark(session, _usual(assets)), as_of=as_of
        )
    key = request.universe or ""
    universes = UniverseRepository(session)
    universe = await universes.by_key(key, owner_id=owner_id)
    if universe is None:
        raise NotFound(
            f"universe {key[:64]!r} is not known; universes lists what is",
            field=("input", "universe"),
        )
    spells = await universes.memberships(universe, known_at=request.known_at)
    everyone = await instruments.by_symbols(sorted({spell.symbol for spell in spells}))
    as_of = _day(request, everyone)
    assets = _members(everyone, spells, as_of)
    if not assets:
        raise MissingData(
            f"universe {universe.key} had no member on {as_of}; choose another day",
            field=("input", "asOf"),
        )
    benchmark = await _benchmark(session, universe.benchmark)
    return Asked(assets=assets, benchmark=benchmark, as_of=as_of)


def _named(symbols: Sequence[str], found: Sequence[Instrument]) -> tuple[Instrument, ...]:
    known = {each.symbol: each for each in found}
    unknown = sorted(set(symbols) - known.keys())
    if unknown:
        raise unknown_symbols(unknown, field=("input", "symbols"))
    empty = sorted(symbol for symbol in symbols if known[symbol].first_bar is None)
    if empty:
        raise MissingData(
            f"{empty[0]} has no bars yet; ingest it first", field=("input", "symbols")
        )
    return tuple(sorted(found, key=lambda each: each.id))


def _members(
    everyone: Sequence[Instrument], spells: Sequence[Member], as_of: date
) -> tuple[Instrument, ...]:
    """Return who was in on the day, or shortly before it: the scan tells them apart by session."""
    ids = {spell.instrument_id for spell in spells if spell.overlaps(as_of - REACH, as_of)}
    return tuple(sorted((each for each in everyone if each.id in ids), key=lambda each: each.id))


def _day(request: ScanRequest, assets: Sequence[Instrument]) -> date:
    """Return the day asked for, else that of the last bar. Raises MissingData without prices."""
    firsts = [each.first_bar for each in assets if each.first_bar is not None]
    lasts = [each.last_bar for each in assets if each.last_bar is not None]
    if not lasts:
        raise MissingData("none of these has bars yet; ingest them first", field=("input",))
    first, last = min(firsts), max(lasts)
    if request.as_of is None:
        return last if request.known_at is None else min(last, request.known_at.date())
    if not first <= request.as_of <= last + SLACK:
        raise MissingData(
            f"asOf was {request.as_of}, but prices run from {first} to {last}; choose a day"
            " between them",
            field=("input", "asOf"),
        )
    return request.as_of


def _usual(assets: Sequence[Instrument]) -> str:
    """Return the benchmark of the currency most of them are quoted in."""
    currencies = Counter(each.currency for each in assets)
    return BENCHMARKS.get(min(currencies, key=lambda name: (-currencies[name], name)), BENCHMARK)


async def _benchmark(session: AsyncSession, symbol: str) -> Instrument | None:
    """Return the benchmark, None where it has no bars: nothing stands in for it."""
    found = await InstrumentRepository(session).by_symbols([symbol])
    return found[0] if found and found[0].first_bar is not None else None


async def _fingerprint(
    session: AsyncSession, request: ScanRequest, entry: ScannerEntry, asked: Asked
) -> str:
    level = [] if asked.benchmark is None else [asked.benchmark.id]
    found = await FingerprintRepository(session).digest_of(
        {
            Scope.BARS: sorted({*(each.id for each in asked.assets), *level}),
            Scope.FX: [PAIR],
            Scope.MEMBERSHIP: [] if request.universe is None else [request.universe],
        },
        first_year=first_year_read(asked.as_of, entry.bars(request.parameters) + SLACK_BARS),
        last_year=asked.as_of.year,
    )
    return found.combined


def _components(request: ScanRequest, entry: ScannerEntry, asked: Asked) -> dict[str, Any]:
    """Return everything that can move a number or a hit."""
    level = () if asked.benchmark is None else (asked.benchmark,)
    return {
        "engine": ENGINE_VERSION,
        "scanner": {"key": entry.key, "version": entry.version},
        "parameters": request.parameters,
        "universe": request.universe,
        "instruments": [
            {name: getattr(each, name) for name in DESCRIBED} for each in (*asked.assets, *level)
        ],
        "benchmark": [each.symbol for each in level],
        "calendars": calendars_in_use(),
        "as_of": asked.as_of,
        "max_results": request.max_results,
        "knowledge": request.known_at,
    }


async def _same_key(
    session: AsyncSession, owner_id: UUID, idempotency_key: str, asked: str
) -> SubmittedScan | None:
    """Return what this key stands for already. Raises Conflict when that was another request."""
    keyed = await JobRepository(session).by_idempotency_key(idempotency_key, owner_id=owner_id)
    if keyed is None:
        return None
    scan = await ScanRepository(session).by_job(keyed.job.id, owner_id=owner_id)
    if scan is None or keyed.request_hash != asked:
        raise Conflict(
            f"idempotencyKey {idempotency_key!r} was used for another request; use a new key",
            field=("input", "idempotencyKey"),
            reason="IDEMPOTENCY_CONFLICT",
        )
    return SubmittedScan(scan, keyed.job, reused=True)


def _scan(
    request: ScanRequest, entry: ScannerEntry, asked: Asked, job: Job, key: str, data: str
) -> Scan:
    return Scan(
        id=uuid4(),
        owner_id=job.owner_id,
        job_id=job.id,
        content_key=key,
        scanner_key=entry.key,
        scanner_version=entry.version,
        parameters=dict(request.parameters),
        universe_key=request.universe,
        symbols=[] if request.symbols is None else sorted(request.symbols),
        benchmark=None if asked.benchmark is None else asked.benchmark.symbol,
        as_of=asked.as_of,
        known_at=request.known_at or datetime.now(UTC),
        max_results=request.max_results,
        data_fingerprint=data,
        engine_version=ENGINE_VERSION,
    )
