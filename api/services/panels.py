"""Rows to panels: what a run reads, from the database once and from the object store after that.

1. Name the assets, the benchmark and the memberships as known at the request's instant.
2. Ask for the fingerprints of their rows, and fetch the stored years made from them. A year whose
   rows have changed is made again and replaces the old one; the others are not touched.
3. Join the years and cut them to the request's dates and currency (`panel_cut`).

What is stored is what is believed now. When the request stands at an instant before something in
it became known, the rows are read as they were believed then, and nothing is kept.
"""

import asyncio
import hashlib
from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta

from sqlalchemy.ext.asyncio import AsyncSession

from api.errors import MissingData, NotFound, UnknownSymbol
from api.ports import ObjectStore
from api.services.calendars import calendar, calendar_code, calendars_version
from api.services.cash_rates import read_cash_rates
from api.services.endings import Ending, read_endings
from api.services.market import FACTOR_SET, PAIR
from api.services.panel_build import Snapshot, assemble, build_year
from api.services.panel_cut import PanelRequest, cut_panel
from api.services.panel_rows import ACTIONS, Rows, read_rows
from api.services.read_panels import read_panels
from api.services.sessions import ALWAYS_OPEN, leading
from api.services.snapshot import (
    LAYOUT,
    Beside,
    Year,
    dump_beside,
    dump_year,
    load_beside,
    load_year,
)
from engine.panel import Panel
from models.fingerprint import Scope
from models.fingerprints import FingerprintRepository, Input
from models.instrument import Instrument
from models.instruments import InstrumentRepository
from models.session import SessionFactory, see_one_instant, unit_of_work
from models.universes import Member, UniverseRepository

__all__ = ["PanelRequest", "load_panel"]

REGION_CALENDARS = {"US": "XNYS", "AU": "XASX"}
FIRST_YEAR, LAST_YEAR = 1900, 2200
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, kw_only=True)
class Scene:
    """Who is in a panel, and of which rows it is made."""

    assets: tuple[Instrument, ...]  # ascending by id
    benchmark: Instrument | None
    spells: tuple[Member, ...] | None  # None: a list of symbols, members throughout
    survivorship_free: bool  # membership is known as it was at each date
    endings: tuple[Ending, ...]
    markets: tuple[str, ...]  # calendars, the primary one first
    folder: str  # where its parts are kept
    years: Mapping[int, str]  # year -> digest of the rows it is made from
    beside: str  # digest of all its rows


async def load_panel(sessions: SessionFactory, store: ObjectStore, request: PanelRequest) -> Panel:
    """Return the market a run sees, with its warm-up before the first day.

    Rows begin `request.warmup` sessions before the start, or where the data begin. Raises
    UnknownSymbol, NotFound, MissingData, Unavailable.
    """
    async with unit_of_work(sessions) as session:
        scene = await _scene(session, request)
        rates = await read_cash_rates(session, request.currency, request.known_at)
    kept = await _fetch(store, scene)
    if kept is None:
        scene, kept = await _renew(sessions, store, request)
    snapshot = await asyncio.to_thread(assemble, *kept)
    if request.known_at is not None and snapshot.latest > _nanoseconds(request.known_at):
        scene, snapshot = await _believed(sessions, request)
    panel = await asyncio.to_thread(
        cut_panel,
        snapshot,
        request,
        assets=scene.assets,
        benchmark=scene.benchmark,
        spells=scene.spells,
        survivorship_free=scene.survivorship_free,
        markets=scene.markets,
        rates=rates,
        endings=scene.endings,
    )
    return panel if not request.panels else await _with_panels(sessions, panel, request)


async def _with_panels(sessions: SessionFactory, panel: Panel, request: PanelRequest) -> Panel:
    """Lay the named panels beside the prices, as far as any of them is stored."""
    first, last = (EPOCH.date() + timedelta(days=int(panel.session[row])) for row in (0, -1))
    async with unit_of_work(sessions) as session:
        extra = await read_panels(
            session,
            request.panels,
            panel.symbols,
            first=first,
            last=last,
            known_at=request.known_at,
        )
    return replace(panel, extra=extra)


async def _fetch(store: ObjectStore, scene: Scene) -> tuple[list[Year], Beside] | None:
    """Return what is kept of a scene; None unless all of it is fresh."""
    beside, years = await asyncio.gather(_kept_beside(store, scene), _kept_years(store, scene))
    fresh = [part for part in years.values() if part is not None]
    return None if beside is None or len(fresh) < len(years) else (fresh, beside)


async def _kept_years(store: ObjectStore, scene: Scene) -> dict[int, Year | None]:
    found = await asyncio.gather(*(_kept_year(store, scene, year) for year in scene.years))
    return dict(zip(scene.years, found, strict=True))


async def _kept_year(store: ObjectStore, scene: Scene, year: int) -> Year | None:
    try:
        content = await store.get(f"{scene.folder}{year}.parquet")
    except NotFound:
        return None
    return await asyncio.to_thread(load_year, content, made_from=scene.years[year])


async def _kept_beside(store: ObjectStore, scene: Scene) -> Beside | None:
    try:
        content = await store.get(f"{scene.folder}beside.parquet")
    except NotFound:
        return None
    return await asyncio.to_thread(load_beside, content, made_from=scene.beside)


async def _renew(
    sessions: SessionFactory, store: ObjectStore, request: PanelRequest
) -> tuple[Scene, tuple[list[Year], Beside]]:
    """Make again what is stale of a scene, and keep it.

    The scene is read again with the rows: a row that changed since the first look would otherwise
    be kept as what it replaced.
    """
    async with unit_of_work(sessions) as session:
        await see_one_instant(session)
        scene = await _scene(session, request)
        kept = await _kept_years(store, scene)
        stale = [year for year, part in kept.items() if part is None]
        rows = await _rows(session, scene, stale)
    for year in stale:
        made = await asyncio.to_thread(_make_year, scene, rows, year)
        kept[year] = made
        content = await asyncio.to_thread(dump_year, made, made_from=scene.years[year])
        await store.put(f"{scene.folder}{year}.parquet", content)
    content = await asyncio.to_thread(dump_beside, rows.beside, made_from=scene.beside)
    await store.put(f"{scene.folder}beside.parquet", content)
    return scene, ([part for part in kept.values() if part is not None], rows.beside)


async def _believed(sessions: SessionFactory, request: PanelRequest) -> tuple[Scene, Snapshot]:
    """Read the rows of a scene as they were believed at the request's instant."""
    async with unit_of_work(sessions) as session:
        await see_one_instant(session)
        scene = await _scene(session, request)
        rows = await _rows(session, scene, list(scene.years), known_at=request.known_at)
    if not any(len(share.bars.day) for share in rows.shares):
        raise MissingData(
            f"no bar of these assets was known at {request.known_at}", field=("knownAt",)
        )
    years = [await asyncio.to_thread(_make_year, scene, rows, year) for year in scene.years]
    return scene, await asyncio.to_thread(assemble, years, rows.beside)


async def _rows(
    session: AsyncSession, scene: Scene, years: Sequence[int], known_at: datetime | None = None
) -> Rows:
    return await read_rows(
        session,
        scene.assets,
        scene.benchmark,
        start=date(min(years), 1, 1) if years else None,
        end=date(max(years), 12, 31) if years else None,
        known_at=known_at,
    )


def _make_year(scene: Scene, rows: Rows, year: int) -> Year:
    first, last = ((date(year, *day) - EPOCH.date()).days for day in ((1, 1), (12, 31)))
    markets = [calendar(code) for code in scene.markets]
    return build_year(rows.shares, rows.rf, first=first, last=last, calendars=markets)


async def _scene(session: AsyncSession, request: PanelRequest) -> Scene:
    region, benchmark, spells, survivorship_free = None, request.benchmark, None, False
    symbols: Sequence[str] = request.symbols
    if request.universe is not None:
        universes = UniverseRepository(session)
        universe = await universes.by_key(request.universe, owner_id=request.owner_id)
        if universe is None:
            raise NotFound(f"universe {request.universe} does not exist", field=("universe",))
        known = await universes.memberships(universe, known_at=request.known_at)
        spells = tuple(spell for spell in known if spell.overlaps(request.start, request.end))
        region, benchmark = universe.region, benchmark or universe.benchmark
        survivorship_free = universe.survivorship_free
        symbols = sorted({member.symbol for member in spells})
    named = {each.symbol: each for each in await _instruments(session, symbols, benchmark)}
    asked = request.symbols if request.universe is None else ()
    _require_bars(named, [*asked, *([benchmark] if benchmark else [])])
    assets = tuple(sorted((named[symbol] for symbol in symbols), key=lambda each: each.id))
    markets = markets_of(assets, region)
    level = None if benchmark is None else named[benchmark]
    folder, years, beside = await _made_from(session, assets, level, markets)
    return Scene(
        assets=assets,
        benchmark=level,
        spells=spells,
        survivorship_free=survivorship_free,
        endings=await read_endings(session, assets, known_at=request.known_at),
        markets=markets,
        folder=folder,
        years=years,
        beside=beside,
    )


async def _instruments(
    session: AsyncSession, symbols: Sequence[str], benchmark: str | None
) -> list[Instrument]:
    wanted = {*symbols, *([benchmark] if benchmark else [])}
    found = await InstrumentRepository(session).by_symbols(sorted(wanted))
    unknown = sorted(wanted - {each.symbol for each in found})
    if unknown:
        raise UnknownSymbol(f"no instrument is called {', '.join(unknown[:10])}")
    return found


def _require_bars(named: Mapping[str, Instrument], symbols: Sequence[str]) -> None:
    """Refuse what was asked for by name and has no bar; a member without one is never chosen."""
    empty = [symbol for symbol in symbols if named[symbol].bar_count == 0]
    if empty:
        raise MissingData(f"no bars are stored for {', '.join(empty[:10])}; ingest them first")


def markets_of(assets: Sequence[Instrument], region: str | None) -> tuple[str, ...]:
    """Name the calendars of the assets; the region's own, or the most common one, leads.

    A market that trades around the clock leads only where there is no exchange.
    """
    codes = Counter(calendar_code(each.exchange, each.currency) for each in assets)
    if not codes:
        raise MissingData(
            "the universe has no members in these days that were known by then; choose another one,"
            " later days, or name symbols"
        )
    usual = min(leading(codes), key=lambda code: (-codes[code], code))
    primary = usual if usual in ALWAYS_OPEN else REGION_CALENDARS.get(region or "", usual)
    return (primary, *sorted(set(codes) - {primary}))


async def _made_from(
    session: AsyncSession,
    assets: Sequence[Instrument],
    benchmark: Instrument | None,
    markets: Sequence[str],
) -> tuple[str, Mapping[int, str], str]:
    """Name the folder of a scene, the rows of each of its years, and all of its rows."""
    ids = [each.id for each in assets]
    level = [] if benchmark is None else [benchmark.id]
    digest = await FingerprintRepository(session).digest_of(
        {Scope.BARS: sorted({*ids, *level}), Scope.FX: [PAIR], Scope.FACTORS: [FACTOR_SET]},
        first_year=FIRST_YEAR,
        last_year=LAST_YEAR,
    )
    traded = [each.id for each in assets if ACTIONS in each.fields]
    leads = benchmark is not None and ACTIONS in benchmark.fields
    content = f"{LAYOUT} {calendars_version()} {ids} {traded} {level} {leads} {markets}"
    folder = f"panels/{hashlib.sha256(content.encode()).hexdigest()[:32]}/"
    return folder, _digests(digest.inputs, {str(each) for each in ids}), digest.combined


def _digests(inputs: Sequence[Input], ids: set[str]) -> dict[int, str]:
    """Name the rows of each year with bars of these instruments, and of those between."""
    made: dict[int, list[str]] = defaultdict(list)
    barred: set[int] = set()
    for each in inputs:
        bars = each.scope == Scope.BARS and each.key in ids
        if bars or each.scope == Scope.FACTORS:
            made[each.year].append(f"{each.scope} {each.key} {each.digest}")
        if bars:
            barred.add(each.year)
    if not barred:
        raise MissingData("these assets have no bars with a fingerprint; ingest them again")
    return {
        year: hashlib.sha256("\n".join(sorted(made[year])).encode()).hexdigest()
        for year in range(min(barred), max(barred) + 1)
    }


def _nanoseconds(instant: datetime) -> int:
    elapsed = instant - EPOCH
    return (elapsed.days * 86_400 + elapsed.seconds) * 10**9 + elapsed.microseconds * 1_000
