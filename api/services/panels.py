"""Rows to panels: what a run reads, from the database once and from the object store after that.

1. Name the assets, the benchmark and the memberships as known at the request's instant.
2. Combine the fingerprints of their rows into the key of a snapshot; fetch it, or build and keep
   it. A changed row changes the key, so a snapshot is never out of date.
3. Cut the snapshot to the request's dates and currency (`panel_cut`).

A snapshot holds what is believed now. When the request stands at an instant before something in it
became known, the rows are read as they were believed then, and nothing is kept.
"""

import asyncio
import hashlib
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

import numpy as np
from sqlalchemy.ext.asyncio import AsyncSession

from api.errors import MissingData, NotFound, UnknownSymbol
from api.ports import ObjectStore
from api.services.calendars import calendar, calendar_code, calendars_version
from api.services.market import FACTOR_SET, MONTHLY, PAIR, RISK_FREE
from api.services.panel_build import Series, build_snapshot
from api.services.panel_cut import PanelRequest, cut_panel
from api.services.snapshot import LAYOUT, Bars, Snapshot, dump_snapshot, load_snapshot
from engine.panel import Panel
from models.fingerprint import Scope
from models.fingerprints import FingerprintRepository
from models.instrument import Instrument
from models.instruments import InstrumentRepository
from models.price_bars import BarColumns, PriceBarRepository
from models.published_series import FactorReturnRepository, FxRateRepository, SeriesColumns
from models.session import SessionFactory, see_one_instant, unit_of_work
from models.universes import Member, UniverseRepository

__all__ = ["PanelRequest", "load_panel"]

REGION_CALENDARS = {"US": "XNYS", "AU": "XASX"}
FIRST_YEAR, LAST_YEAR = 1900, 2200
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, kw_only=True)
class Scene:
    """Who is in a panel, and the key under which their rows are kept."""

    assets: tuple[Instrument, ...]  # ascending by id
    benchmark: Instrument | None
    spells: tuple[Member, ...] | None  # None: a list of symbols, members throughout
    survivorship_free: bool  # membership is known as it was at each date
    markets: tuple[str, ...]  # calendars, the primary one first
    key: str

    @property
    def ids(self) -> list[int]:
        """Numbers of everything whose bars are read."""
        level = set() if self.benchmark is None else {self.benchmark.id}
        return sorted({each.id for each in self.assets} | level)


@dataclass(frozen=True, kw_only=True)
class Rows:
    """What the database holds of a scene."""

    bars: Mapping[int, BarColumns]  # by instrument; one without bars has none
    audusd: SeriesColumns
    rf: SeriesColumns


async def load_panel(sessions: SessionFactory, store: ObjectStore, request: PanelRequest) -> Panel:
    """Return the market a run sees, with its warm-up before the first day.

    Rows begin `request.warmup` sessions before the start, or where the data begin. Raises
    UnknownSymbol, NotFound, MissingData, Unavailable.
    """
    async with unit_of_work(sessions) as session:
        scene = await _scene(session, request)
    snapshot = await _kept(store, scene.key)
    if snapshot is None:
        scene, rows = await _read(sessions, request, known_at=None)
        snapshot = await asyncio.to_thread(_snapshot, scene, rows)
        await store.put(scene.key, await asyncio.to_thread(dump_snapshot, snapshot))
    if request.known_at is not None and snapshot.latest > _nanoseconds(request.known_at):
        scene, rows = await _read(sessions, request, known_at=request.known_at)
        snapshot = await asyncio.to_thread(_snapshot, scene, rows)
    return await asyncio.to_thread(
        cut_panel,
        snapshot,
        request,
        assets=scene.assets,
        benchmark=scene.benchmark,
        spells=scene.spells,
        survivorship_free=scene.survivorship_free,
        markets=scene.markets,
    )


async def _kept(store: ObjectStore, key: str) -> Snapshot | None:
    try:
        content = await store.get(key)
    except NotFound:
        return None
    return await asyncio.to_thread(load_snapshot, content)


async def _scene(session: AsyncSession, request: PanelRequest) -> Scene:
    region, benchmark, spells, survivorship_free = None, request.benchmark, None, False
    symbols: Sequence[str] = request.symbols
    if request.universe is not None:
        universe = await UniverseRepository(session).by_key(request.universe)
        if universe is None:
            raise NotFound(f"universe {request.universe} does not exist", field=("universe",))
        known = await UniverseRepository(session).spells(
            request.universe, known_at=request.known_at
        )
        spells = tuple(spell for spell in known if spell.overlaps(request.start, request.end))
        region, benchmark = universe.region, benchmark or universe.benchmark
        survivorship_free = universe.survivorship_free
        symbols = sorted({member.symbol for member in spells})
    named = {each.symbol: each for each in await _instruments(session, symbols, benchmark)}
    assets = tuple(sorted((named[symbol] for symbol in symbols), key=lambda each: each.id))
    markets = _markets(assets, region)
    level = None if benchmark is None else named[benchmark]
    key = await _key(session, assets, level, markets)
    return Scene(
        assets=assets,
        benchmark=level,
        spells=spells,
        survivorship_free=survivorship_free,
        markets=markets,
        key=key,
    )


async def _instruments(
    session: AsyncSession, symbols: Sequence[str], benchmark: str | None
) -> list[Instrument]:
    wanted = {*symbols, *([benchmark] if benchmark else [])}
    found = await InstrumentRepository(session).by_symbols(sorted(wanted))
    unknown = sorted(wanted - {each.symbol for each in found})
    if unknown:
        raise UnknownSymbol(f"no instrument is called {', '.join(unknown[:10])}")
    empty = [each.symbol for each in found if each.bar_count == 0]
    if empty:
        raise MissingData(f"no bars are stored for {', '.join(empty[:10])}")
    return found


def _markets(assets: Sequence[Instrument], region: str | None) -> tuple[str, ...]:
    """Name the calendars of the assets; the region's own, or the most common one, leads."""
    codes = Counter(calendar_code(each.exchange, each.currency) for each in assets)
    if not codes:
        raise MissingData("the universe has no members; choose another one or name symbols")
    usual = min(codes, key=lambda code: (-codes[code], code))
    primary = REGION_CALENDARS.get(region or "", usual)
    return (primary, *sorted(set(codes) - {primary}))


async def _key(
    session: AsyncSession,
    assets: Sequence[Instrument],
    benchmark: Instrument | None,
    markets: Sequence[str],
) -> str:
    ids = [each.id for each in assets]
    level = [] if benchmark is None else [benchmark.id]
    digest = await FingerprintRepository(session).digest_of(
        {Scope.BARS: sorted({*ids, *level}), Scope.FX: [PAIR], Scope.FACTORS: [FACTOR_SET]},
        first_year=FIRST_YEAR,
        last_year=LAST_YEAR,
    )
    content = f"{LAYOUT} {calendars_version()} {ids} {level} {markets} {digest.combined}"
    return f"panels/{hashlib.sha256(content.encode()).hexdigest()}.parquet"


async def _read(
    sessions: SessionFactory, request: PanelRequest, *, known_at: datetime | None
) -> tuple[Scene, Rows]:
    """Read the rows of a scene as they are believed now, or were at an instant.

    The scene is read again with them: a row that changed since the first look would otherwise be
    kept under the key of what it replaced.
    """
    async with unit_of_work(sessions) as session:
        await see_one_instant(session)
        scene = await _scene(session, request)
        bars = await PriceBarRepository(session).columns(scene.ids, known_at=known_at)
        fixings = await FxRateRepository(session).columns([PAIR], known_at=known_at)
        rates = await FactorReturnRepository(session).columns(
            [RISK_FREE], factor_set=FACTOR_SET, frequency=MONTHLY, known_at=known_at
        )
    found = {each.instrument_id: each for each in bars}
    if not any(each.id in found for each in scene.assets):
        raise MissingData(f"no bar of these assets was known at {known_at}", field=("knownAt",))
    return scene, Rows(bars=found, audusd=fixings[PAIR], rf=rates[RISK_FREE])


def _snapshot(scene: Scene, rows: Rows) -> Snapshot:
    bars = {key: _bars(columns) for key, columns in rows.bars.items()}
    return build_snapshot(
        [bars.get(each.id, NO_BARS) for each in scene.assets],
        bars.get(scene.benchmark.id) if scene.benchmark else None,
        calendars=[calendar(code) for code in scene.markets],
        audusd=_series(rows.audusd),
        rf=_series(rows.rf),
    )


def _bars(columns: BarColumns) -> Bars:
    return Bars(
        day=np.array(columns.days, np.int64),
        open=np.array(columns.open, np.float64),  # None becomes NaN
        high=np.array(columns.high, np.float64),
        low=np.array(columns.low, np.float64),
        close=np.array(columns.close, np.float64),
        adjusted_close=np.array(columns.adjusted_close, np.float64),
        volume=np.array(columns.volume, np.float64),
        known_at=np.array(columns.known_at_us, np.int64) * 1_000,
    )


NO_BARS = _bars(BarColumns(0, [], [], [], [], [], [], [], []))


def _series(columns: SeriesColumns) -> Series:
    return Series(
        day=np.array(columns.days, np.int64),
        value=np.array(columns.values, np.float64),
        known_at=np.array(columns.known_at_us, np.int64) * 1_000,
    )


def _nanoseconds(instant: datetime) -> int:
    elapsed = instant - EPOCH
    return (elapsed.days * 86_400 + elapsed.seconds) * 10**9 + elapsed.microseconds * 1_000
