"""What a run may read: its assets, its days, its rates; and what is missing for it."""

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from api.errors import ClientError, InsufficientHistory, InvalidInput, MissingData, NotFound
from api.services.backtest_request import BacktestRequest
from api.services.findings import Findings
from api.services.market import FACTOR_SET, PAIR, unknown_symbols
from api.services.named_panels import CASH_RATES, DOLLAR_PANELS, stored_as
from api.services.named_symbols import named_symbols, strangers
from api.services.span_sessions import day_of_session
from api.services.strategies import StrategyEntry
from engine.warmup import deciding_parameter
from models.fingerprint import Scope
from models.fingerprints import Digest, FingerprintRepository, Keys
from models.instrument import Instrument
from models.instruments import InstrumentRepository
from models.price_bars import PriceBarRepository
from models.published_series import FxRateRepository
from models.universes import UniverseRepository

# New York in 1968, when it closed on Wednesdays to catch up with its paper.
FEWEST_SESSIONS = 226
BENCHMARK = "^GSPC"
PAIRED = {"AUD", "USD"}
# A currency converts, an exchange has sessions and ticks, a sector and a class have caps, fields
# and flags say how far prices may be trusted.
DESCRIBED = (
    *("symbol", "currency", "exchange", "asset_class", "sector"),
    *("delisted_on", "fields", "flags"),
)
# Weekends, holidays and a provider's delay; a longer gap is prices that are not there.
SLACK = timedelta(days=10)
# A session to decide on and one to trade on; holidays among them only the worker knows.
LEAST_WEEKDAYS = 2


@dataclass(frozen=True, kw_only=True)
class RunSpan:
    """The assets of a run by id, its benchmark, and its last day."""

    assets: tuple[Instrument, ...]
    benchmark: Instrument
    end: date

    @property
    def symbols(self) -> list[str]:
        return [asset.symbol for asset in self.assets]

    def described(self) -> list[dict[str, Any]]:
        """Return what is said of each instrument and can move a number, or warn of one."""
        return [
            {name: getattr(each, name) for name in DESCRIBED}
            for each in sorted((*self.assets, self.benchmark), key=lambda each: each.symbol)
        ]

    def foreign(self, currency: str) -> bool:
        """Tell whether a rate is needed to express the run in this currency."""
        return any(each.currency != currency for each in (*self.assets, self.benchmark))


async def resolve_span(
    session: AsyncSession, request: BacktestRequest, entry: StrategyEntry, *, owner_id: UUID
) -> RunSpan:
    """Find what the run reads. Raises Refused with everything that is missing for it."""
    symbols, benchmark = await _named(session, request, owner_id)
    found = await InstrumentRepository(session).by_symbols([*symbols, benchmark])
    known = {instrument.symbol: instrument for instrument in found}
    findings = Findings()
    findings.errors += _unknown(request, entry, symbols, benchmark, known)
    findings.settle()
    span = RunSpan(
        assets=tuple(sorted((known[symbol] for symbol in symbols), key=lambda each: each.id)),
        benchmark=known[benchmark],
        end=request.end or date.max,
    )
    span = replace(span, end=_end(span, request))
    _check_start(span, request)
    await _check_history(session, span, request, entry)
    return span


async def fingerprint(
    session: AsyncSession, span: RunSpan, request: BacktestRequest, entry: StrategyEntry
) -> Digest:
    """Name the stored rows the run may read, without reading them: one statement.

    Raises MissingData for a panel the strategy needs and of which there are none.
    """
    found = await stored_rows(session, span, request, entry)
    require_panels(span, request, entry, found)
    return found


async def stored_rows(
    session: AsyncSession, span: RunSpan, request: BacktestRequest, entry: StrategyEntry
) -> Digest:
    """Name the rows as `fingerprint` does, whether or not a panel is among them."""
    ids = sorted({each.id for each in (*span.assets, span.benchmark)})
    panels = entry.panels_read(request.parameters)
    stored = stored_as(panels, span.symbols)
    keys: dict[Scope, Keys] = {
        Scope.BARS: ids,
        Scope.FACTORS: sorted({FACTOR_SET, *stored[Scope.FACTORS]}),
        Scope.MACRO: [*stored[Scope.MACRO], CASH_RATES[request.currency.value]],
        Scope.FX: [PAIR] if _needs_rates(span, request, entry) else [],
        Scope.MEMBERSHIP: [] if request.universe is None else [request.universe],
    }
    year = first_year_read(request.start, entry.warmup(request.parameters))
    return await FingerprintRepository(session).digest_of(
        # A figure published before the first row stands on it.
        keys,
        first_year=year - 1 if panels else year,
        last_year=span.end.year,
    )


def require_panels(
    span: RunSpan, request: BacktestRequest, entry: StrategyEntry, found: Digest
) -> None:
    """Refuse a strategy whose panels nobody has stored. Raises MissingData."""
    there = {(each.scope, each.key) for each in found.inputs}
    for name in entry.inputs(request.parameters):
        keys = stored_as([name], span.symbols).items()
        if not any((scope.value, key) in there for scope, named in keys for key in named):
            raise MissingData(
                f"{entry.key} needs the panel {name}, of which nothing is stored for these days;"
                f" import it with `parakeet import-series FILE --name {name}`",
                field=("input", "strategy"),
                reason="MISSING_PANEL",
            )


def first_year_read(start: date, warmup: int) -> int:
    """Return a year no later than that of a run's first row, a session before its warm-up."""
    return start.year - math.ceil((warmup + 1) / FEWEST_SESSIONS)


async def _named(
    session: AsyncSession, request: BacktestRequest, owner_id: UUID
) -> tuple[list[str], str]:
    """Return the symbols asked for, those of a universe at any day of the run, and a benchmark."""
    if request.universe is None:
        return list(request.symbols or ()), _given(request.benchmark, BENCHMARK)
    universes = UniverseRepository(session)
    universe = await universes.by_key(request.universe, owner_id=owner_id)
    if universe is None:
        raise NotFound(
            f"universe {request.universe[:64]!r} is not known; universes lists what is",
            field=("input", "universe"),
        )
    spells = await universes.memberships(universe, known_at=request.known_at)
    members = {spell.symbol for spell in spells if spell.overlaps(request.start, request.end)}
    if not members:
        known = "" if request.known_at is None else f", as known on {request.known_at.date()}"
        raise MissingData(
            f"universe {universe.key} had no member from {request.start} to"
            f" {request.end or 'the last bar'}{known}; choose other days",
            field=("input", "universe"),
        )
    return sorted(members), _given(request.benchmark, universe.benchmark)


def _given(benchmark: str | None, otherwise: str) -> str:
    """Return what was asked for; an empty text was asked for too, and is no symbol."""
    return otherwise if benchmark is None else benchmark


def _unknown(
    request: BacktestRequest,
    entry: StrategyEntry,
    symbols: Sequence[str],
    benchmark: str,
    known: dict[str, Instrument],
) -> Iterator[ClientError]:
    missing = sorted({symbol for symbol in symbols if symbol not in known})
    if missing:
        yield unknown_symbols(missing, field=("input", "symbols"))
    if benchmark not in known:
        yield unknown_symbols([benchmark], field=("input", "benchmark"))
    yield from strangers(entry, request.parameters, symbols)
    yield from _barless(request, entry, benchmark, known)


def _barless(
    request: BacktestRequest, entry: StrategyEntry, benchmark: str, known: dict[str, Instrument]
) -> Iterator[ClientError]:
    """Demand bars of what was named; of a universe's members those without sit the run out."""
    named = {benchmark, *(request.symbols or ()), *named_symbols(entry, request.parameters)}
    without = {name for name, each in known.items() if each.first_bar is None}
    if named & without:
        first = min(named & without)
        yield MissingData(f"{first} has no bars yet; ingest it first", field=("input",))
    elif request.universe is not None and known.keys() <= without | {benchmark}:
        yield MissingData(
            f"no member of {request.universe} has bars yet; ingest the universe first",
            field=("input", "universe"),
        )


def _bars(span: RunSpan) -> tuple[date, date]:
    firsts = [each.first_bar for each in span.assets if each.first_bar is not None]
    lasts = [each.last_bar for each in span.assets if each.last_bar is not None]
    return min(firsts), max(lasts)


def _end(span: RunSpan, request: BacktestRequest) -> date:
    """Return the day asked for, or that of the last bar. Raises MissingData behind the prices."""
    _, last = _bars(span)
    if request.end is None:
        return last if request.known_at is None else min(last, request.known_at.date())
    if request.end > last + SLACK:
        raise MissingData(
            f"end was {request.end}, but prices end on {last}; choose that day or an earlier one,"
            " or leave end out",
            field=("input", "end"),
        )
    return request.end


def _check_start(span: RunSpan, request: BacktestRequest) -> None:
    first, last = _bars(span)
    # One weekday without a bar may be a holiday; the worker, which has the calendars, decides.
    if _weekdays(request.start, first) > 1:
        raise MissingData(
            f"start was {request.start}, but prices begin on {first}; choose that day or a later"
            " one",
            field=("input", "start"),
        )
    if request.start >= min(span.end, last):
        raise MissingData(
            f"start was {request.start}, but prices end on {last}; choose an earlier day",
            field=("input", "start"),
        )
    if _weekdays(request.start, span.end + timedelta(days=1)) < LEAST_WEEKDAYS:
        raise InvalidInput(
            f"from {request.start} to {span.end} there are not two weekdays; a run decides on one"
            " session and trades on the next, choose a later end",
            field=("input", "end"),
            reason="NO_SESSIONS",
        )


async def _check_history(
    session: AsyncSession, span: RunSpan, request: BacktestRequest, entry: StrategyEntry
) -> None:
    """Refuse what has no warm-up before its first decision, in its own currency.

    Raises InsufficientHistory, and MissingData where exchange rates are what is missing.
    """
    bars, warmup = PriceBarRepository(session), entry.warmup(request.parameters)
    if _needs_rates(span, request, entry):
        first_rate = await _first_rate(session, span, request)
        possible = await day_of_session(bars, span.assets, warmup, start=first_rate)
        _check_rates(span, request, first_rate, possible)
    decided = await day_of_session(bars, span.assets, warmup + 1, known_at=request.known_at)
    if decided is None or decided > span.end:
        known = "are not stored" if decided is None else f"are known on {decided} at the earliest"
        field = deciding_parameter(entry.history, request.parameters)
        raise InsufficientHistory(
            f"{entry.key} needs {warmup + 1} sessions up to the end, {span.end}, with these"
            f" parameters; so many {known}, choose a later end or a shorter history",
            field=("input", "end") if field is None else ("input", "parameters", field),
        )


def _needs_rates(span: RunSpan, request: BacktestRequest, entry: StrategyEntry) -> bool:
    """Tell whether anything the run may read is in another currency than its own."""
    currency = request.currency.value
    dollars = not DOLLAR_PANELS.isdisjoint(entry.panels_read(request.parameters))
    return span.foreign(currency) or (dollars and currency != "USD")


async def _first_rate(session: AsyncSession, span: RunSpan, request: BacktestRequest) -> date:
    """Return the first day with an exchange rate. Raises MissingData where none is stored."""
    used = {each.currency for each in (*span.assets, span.benchmark)} | {request.currency.value}
    first = await FxRateRepository(session).first_date(PAIR) if used <= PAIRED else None
    if first is None:
        raise MissingData(
            f"no rates between {' and '.join(sorted(used))} are stored; choose another currency",
            field=("input", "currency"),
            reason="MISSING_FX",
        )
    return first


def _check_rates(
    span: RunSpan, request: BacktestRequest, first_rate: date, possible: date | None
) -> None:
    """Refuse a start whose warm-up begins before the rates do. Raises MissingData."""
    if possible is not None and _weekdays(request.start, possible) == 0:
        return
    remedy = "no start has enough history"
    if possible is not None and possible < span.end:
        remedy = f"start on {possible} or later"
    raise MissingData(
        f"start was {request.start}, but rates to {request.currency.value} begin on {first_rate}"
        f" and the strategy needs its history in them; {remedy}, or choose another currency",
        field=("input", "start"),
        reason="MISSING_FX",
    )


def _weekdays(first: date, until: date) -> int:
    """Count Mondays to Fridays from one day to before another; 0 when there are none."""
    days = (until - first).days
    if days <= 0:
        return 0
    weeks, rest = divmod(days, 7)
    return 5 * weeks + sum((first.weekday() + day) % 7 < 5 for day in range(rest))
