"""Bring the sample market into the database: once, whole, and with every row accounted for."""

import time
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from itertools import groupby
from typing import Protocol

from sqlalchemy.ext.asyncio import AsyncSession

from api.ports import BundledPrices, Listing, Observations, UniverseListing
from api.services.bar_rows import EPOCH, SeriesRow, bar_rows, refused_rows, series_rows
from api.services.calendars import calendar, calendar_code
from api.services.market import FACTOR_SET, MONTHLY
from api.services.quality import judge
from api.services.routing import SAMPLE
from models.fingerprint import Scope
from models.fingerprints import FingerprintRepository, Keys
from models.instrument import AssetClass, Exchange, Instrument
from models.instruments import InstrumentRepository
from models.price_bar import BarRow, Quarantine
from models.price_bars import PriceBarRepository
from models.published_series import (
    FactorReturnRepository,
    FactorRow,
    FxRateRepository,
    FxRow,
    MacroRow,
    MacroSeriesRepository,
    SeriesColumns,
)
from models.quarantines import QuarantineRepository
from models.session import SessionFactory, lock, unit_of_work
from models.universe import Region, Universe
from models.universes import Spell, UniverseRepository

# Raised when this module writes other rows from the same files.
LOADER = 1

# The last universe written carries the mark of the files: where it is, everything else is too.
MARKED = "SAMPLE_OHLCV"


class SampleSource(BundledPrices, Protocol):
    """A price source that also brings rates, factors and lists to choose from."""

    async def digest(self) -> str:
        """Name the content of its files; other content, other name."""

    async def list_universes(self) -> Sequence[UniverseListing]: ...

    async def fetch_rates(self) -> Sequence[Observations]: ...

    async def fetch_macro(self) -> Sequence[Observations]: ...

    async def fetch_factors(self) -> Sequence[Observations]: ...


@dataclass(kw_only=True)
class Count:
    """Rows of one source; read is the sum of new, revised, unchanged and quarantined."""

    read: int = 0
    new: int = 0
    revised: int = 0
    unchanged: int = 0
    quarantined: int = 0
    suspect: int = 0  # of those that were kept


@dataclass(kw_only=True)
class SampleReport:
    """What a load did; an empty one found everything in place."""

    bars: dict[str, Count] = field(default_factory=dict)
    reasons: Counter[str] = field(default_factory=Counter)
    seconds: float = 0.0


async def load_sample(sessions: SessionFactory, source: SampleSource) -> SampleReport:
    """Write the sample market unless these very files are in; one transaction, all or nothing.

    Raises Unavailable when a package is not installed, DataError when a file cannot be read.
    """
    started = time.monotonic()
    report = SampleReport()
    mark = f"{await source.digest()}.{LOADER}"
    async with unit_of_work(sessions) as session:
        if await _is_in(session, mark):
            return report
        await lock(session, "load_sample")
        if not await _is_in(session, mark):
            await _load(session, source, report, mark)
    report.seconds = time.monotonic() - started
    return report


async def _is_in(session: AsyncSession, mark: str) -> bool:
    found = await UniverseRepository(session).by_key(MARKED)
    return found is not None and found.source.endswith(mark)


async def _load(
    session: AsyncSession, source: SampleSource, report: SampleReport, mark: str
) -> None:
    listings = await _own(session, await source.list_instruments())
    ids = await InstrumentRepository(session).upsert(_instrument(each) for each in listings)
    for name, listed in groupby(listings, key=lambda each: each.source):
        report.bars[name] = await _write_bars(session, source, list(listed), ids, report.reasons)
    written: dict[Scope, Keys] = {
        Scope.BARS: list(ids.values()),
        Scope.FX: await _write_rates(session, source),
        Scope.FACTORS: await _write_factors(session, source),
        Scope.MACRO: await _write_macro(session, source),
        Scope.MEMBERSHIP: await _write_universes(session, source, mark),
    }
    for scope, keys in written.items():
        await FingerprintRepository(session).refresh(scope, keys)


async def _own(session: AsyncSession, listings: Sequence[Listing]) -> list[Listing]:
    """Leave out what a provider or a file tells already: one history has one source."""
    known = await InstrumentRepository(session).by_symbols([each.symbol for each in listings])
    told = {each.symbol for each in known if each.bar_count and not each.source.startswith(SAMPLE)}
    return [each for each in listings if each.symbol not in told]


def _instrument(listing: Listing) -> Instrument:
    return Instrument(
        symbol=listing.symbol,
        name=listing.name,
        asset_class=AssetClass(listing.asset_class),
        exchange=Exchange(listing.exchange),
        currency=listing.currency,
        sector=listing.sector,
        source=listing.source,
        flags=list(listing.flags),
        fields=list(listing.fields),
    )


async def _write_bars(
    session: AsyncSession,
    source: SampleSource,
    listings: Sequence[Listing],
    ids: Mapping[str, int],
    reasons: Counter[str],
) -> Count:
    now = time.time_ns()
    count = Count()
    rows: list[BarRow] = []
    refused: list[Quarantine] = []
    batches = await source.fetch_bars([listing.symbol for listing in listings])
    for listing, batch in zip(listings, batches, strict=True):
        market = calendar(calendar_code(listing.exchange, listing.currency))
        verdict = judge(batch, listing, market, now=now)
        rows.extend(bar_rows(batch, listing, verdict, market, ids[listing.symbol]))
        refused.extend(refused_rows(batch, listing, verdict))
        count.read += len(batch.day)
        count.suspect += int(verdict.suspect.sum())
    written = await PriceBarRepository(session).write(rows)
    count.new, count.revised, count.unchanged = written.new, written.revised, written.unchanged
    count.quarantined = len(refused)
    await QuarantineRepository(session).add(refused)
    reasons.update(row.reason for row in refused)
    return count


async def _write_rates(session: AsyncSession, source: SampleSource) -> list[str]:
    rates = await source.fetch_rates()
    stored = await FxRateRepository(session).columns([each.key for each in rates])
    await FxRateRepository(session).write(FxRow(*row) for row in _unstored(rates, stored))
    return [each.key for each in rates]


async def _write_macro(session: AsyncSession, source: SampleSource) -> list[str]:
    series = await source.fetch_macro()
    stored = await MacroSeriesRepository(session).columns([each.key for each in series])
    await MacroSeriesRepository(session).write(MacroRow(*row) for row in _unstored(series, stored))
    return [each.key for each in series]


async def _write_factors(session: AsyncSession, source: SampleSource) -> list[str]:
    factors = await source.fetch_factors()
    stored = await FactorReturnRepository(session).columns(
        [each.key for each in factors], factor_set=FACTOR_SET, frequency=MONTHLY
    )
    await FactorReturnRepository(session).write(
        FactorRow(FACTOR_SET, MONTHLY, *row) for row in _unstored(factors, stored)
    )
    return [FACTOR_SET]


def _unstored(
    series: Sequence[Observations], stored: Mapping[str, SeriesColumns]
) -> Iterator[SeriesRow]:
    """Yield what is not there yet: nothing keeps what a figure was, so none is replaced."""
    for each in series:
        held = set(stored[each.key].days)
        yield from (row for row in series_rows(each) if (row[1] - EPOCH).days not in held)


async def _write_universes(session: AsyncSession, source: SampleSource, mark: str) -> list[str]:
    """Write the lists; a member counts from its first bar on, and was known to from that day."""
    universes = UniverseRepository(session)
    listings = await source.list_universes()
    for listing in listings:
        members = await InstrumentRepository(session).by_symbols(listing.symbols)
        universe = Universe(
            key=listing.key,
            name=listing.name,
            description=listing.description,
            region=Region(listing.region),
            benchmark=listing.benchmark,
            survivorship_free=listing.survivorship_free,
            source=f"{listing.source} {mark}",
        )
        spells = [_spell(member) for member in members if member.first_bar is not None]
        await universes.save(universe, spells, reason="imported with the sample market")
    return [listing.key for listing in listings]


def _spell(member: Instrument) -> Spell:
    if member.first_bar is None:
        raise ValueError(f"{member.symbol} has no bar and so no first day")
    start = datetime.combine(member.first_bar, datetime.min.time(), UTC)
    return Spell(member.id, member.first_bar, None, start)
