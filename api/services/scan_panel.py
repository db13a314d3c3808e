"""The market of one day as a scan sees it: rows as they were believed when that day had ended."""

import asyncio
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta

import numpy as np
from sqlalchemy.ext.asyncio import AsyncSession

from api.errors import MissingData, NotFound
from api.services.calendars import calendar
from api.services.panel_build import Snapshot, assemble, build_year
from api.services.panel_cut import EPOCH, PanelRequest, cut_panel
from api.services.panel_rows import Rows, read_rows
from api.services.panels import markets_of
from api.services.run_span import first_year_read
from api.services.submit_scan import REACH
from engine.panel import NEVER, Panel
from engine.scan_view import SLACK, Aside
from engine.types import FloatArray
from models.instrument import Instrument
from models.instruments import InstrumentRepository
from models.scan import Scan
from models.session import SessionFactory, see_one_instant, unit_of_work
from models.universes import Member, UniverseRepository

# The ECB has never paused longer; an older fixing is no rate of the day.
STALE_FIXING_DAYS = 7


@dataclass(frozen=True, kw_only=True)
class Scene:
    """A panel, the row a scan stands on, the instant it stands at, and what goes beside it."""

    panel: Panel
    row: int
    instant: int  # ns UTC
    aside: Aside
    instruments: tuple[Instrument, ...]  # in the order of the panel's columns

    @property
    def session(self) -> date:
        """The session the scan stands on."""
        return EPOCH + timedelta(days=int(self.panel.session[self.row]))


@dataclass(frozen=True, kw_only=True)
class _Cast:
    assets: tuple[Instrument, ...]
    benchmark: Instrument | None
    spells: tuple[Member, ...] | None
    survivorship_free: bool
    markets: tuple[str, ...]
    rows: Rows


async def load_scene(sessions: SessionFactory, scan: Scan, *, bars: int) -> Scene:
    """Return what the scan sees: ``bars`` of each member, and nothing known after its instant.

    The instant is the end of the day in UTC, by which every market of that date has closed and a
    provider's delay is over; or the scan's own `known_at` where that is earlier. Raises
    MissingData, NotFound, Unavailable.
    """
    instant = min(datetime.combine(scan.as_of + timedelta(days=1), time(), UTC), scan.known_at)
    start = date(first_year_read(scan.as_of, bars + SLACK), 1, 1)
    async with unit_of_work(sessions) as session:
        await see_one_instant(session)
        cast = await _cast(session, scan, start=start, instant=instant)
    return await asyncio.to_thread(_stage, cast, scan, start, instant)


async def _cast(session: AsyncSession, scan: Scan, *, start: date, instant: datetime) -> _Cast:
    instruments = InstrumentRepository(session)
    spells, survivorship_free, region = None, False, None
    symbols: Sequence[str] = scan.symbols
    if scan.universe_key is not None:
        universes = UniverseRepository(session)
        universe = await universes.by_key(scan.universe_key, owner_id=scan.owner_id)
        if universe is None:
            raise NotFound(f"universe {scan.universe_key} does not exist", field=("universe",))
        known = await universes.memberships(universe, known_at=scan.known_at)
        spells = tuple(each for each in known if each.overlaps(scan.as_of - REACH, scan.as_of))
        survivorship_free, region = universe.survivorship_free, universe.region
        symbols = sorted({spell.symbol for spell in spells})
    assets = tuple(sorted(await instruments.by_symbols(symbols), key=lambda each: each.id))
    level = await instruments.by_symbols([scan.benchmark]) if scan.benchmark else []
    benchmark = level[0] if level else None
    rows = await read_rows(
        session, assets, benchmark, start=start, end=scan.as_of, known_at=instant
    )
    return _Cast(
        assets=assets,
        benchmark=benchmark,
        spells=spells,
        survivorship_free=survivorship_free,
        markets=markets_of(assets, region),
        rows=rows,
    )


def _stage(cast: _Cast, scan: Scan, start: date, instant: datetime) -> Scene:
    if not any(len(share.bars.day) for share in cast.rows.shares):
        raise MissingData(
            f"no bar of these was known on {scan.as_of}; choose another day", field=("asOf",)
        )
    calendars = [calendar(code) for code in cast.markets]
    years = [
        build_year(
            cast.rows.shares,
            cast.rows.rf,
            first=(date(year, 1, 1) - EPOCH).days,
            last=(date(year, 12, 31) - EPOCH).days,
            calendars=calendars,
        )
        for year in range(start.year, scan.as_of.year + 1)
    ]
    snapshot = assemble(years, cast.rows.beside)
    panel = cut_panel(
        snapshot,
        _request(cast, scan, snapshot),
        assets=cast.assets,
        benchmark=cast.benchmark,
        spells=cast.spells,
        survivorship_free=cast.survivorship_free,
        markets=cast.markets,
    )
    nanoseconds = int(instant.timestamp()) * 10**9 + instant.microsecond * 1_000
    return Scene(
        panel=panel,
        row=_row(panel, nanoseconds),
        instant=nanoseconds,
        aside=Aside(traded_close=_traded(cast.rows), aud=_aud(snapshot)),
        instruments=cast.assets,
    )


def _request(cast: _Cast, scan: Scan, snapshot: Snapshot) -> PanelRequest:
    """Ask for every row there is, in the currency most assets are quoted in."""
    currencies = Counter(each.currency for each in cast.assets)
    return PanelRequest(
        start=EPOCH + timedelta(days=int(snapshot.session[0])),
        end=scan.as_of,
        currency=min(currencies, key=lambda name: (-currencies[name], name)),
        benchmark=scan.benchmark,
    )


def _row(panel: Panel, instant: int) -> int:
    """Return the last session of the primary market that had closed by the instant."""
    closed = (panel.closes_at[:, 0] != NEVER) & (panel.closes_at[:, 0] <= instant)
    rows = np.flatnonzero(closed)
    if not len(rows):
        raise MissingData(
            "no session had closed by then; choose a later day or instant", field=("asOf",)
        )
    return int(rows[-1])


def _traded(rows: Rows) -> FloatArray:
    """Return the last close of each asset as it was traded; NaN where only adjusted ones are."""
    closes = [share.bars.close for share in rows.shares]
    return np.array([each[-1] if len(each) else np.nan for each in closes], np.float64)


def _aud(snapshot: Snapshot) -> dict[str, float]:
    """Return Australian dollars per unit of each currency, at the last fixing known."""
    rates = {"AUD": 1.0}
    age = int(snapshot.session[-1] - snapshot.audusd_day[-1])
    if np.isfinite(snapshot.audusd[-1]) and age <= STALE_FIXING_DAYS:
        rates["USD"] = 1.0 / float(snapshot.audusd[-1])
    return rates
