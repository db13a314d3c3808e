"""A panel cut out of a snapshot: the request's dates, its currency, its memberships."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from uuid import UUID

import numpy as np

from api.errors import DataError, MissingData
from api.services.calendars import calendar_code
from api.services.cash_rates import NO_RATES, CashRates
from api.services.endings import Ending, lay_endings
from api.services.named_panels import DOLLAR_PANELS
from api.services.panel_build import Snapshot
from api.services.panel_sessions import on_leading_sessions
from api.services.snapshot import BARS
from engine.actions import PAID_ON, forward_factor
from engine.panel import NEVER, Panel
from engine.types import BoolArray, FloatArray, IntArray
from models.instrument import Instrument
from models.universes import Member

EPOCH = date(1970, 1, 1)
NS_PER_DAY = 86_400 * 10**9
UNKNOWN = "unknown"

# Weekends and holidays before the first bar; an earlier start asks for prices that are not there.
SLACK_DAYS = 10
# The ECB has never paused longer; a gap beyond it means that fixings are missing.
STALE_FIXING_DAYS = 7
# Outside this range the pair stands the wrong way round or in the wrong unit.
PLAUSIBLE_AUDUSD = (0.3, 1.3)


@dataclass(frozen=True, kw_only=True)
class PanelRequest:
    """What a run wants to see. A universe brings its own members; else the symbols are they."""

    start: date
    symbols: tuple[str, ...] = ()
    universe: str | None = None
    owner_id: UUID | None = None  # whose lists are known beside everyone's
    end: date | None = None
    warmup: int = 1  # sessions a first decision needs, its own among them
    currency: str = "AUD"
    benchmark: str | None = None
    known_at: datetime | None = None
    panels: tuple[str, ...] = ()  # named panels, read as far as there are any


def cut_panel(
    snapshot: Snapshot,
    request: PanelRequest,
    *,
    assets: Sequence[Instrument],
    benchmark: Instrument | None,
    spells: Sequence[Member] | None,
    survivorship_free: bool,
    markets: Sequence[str],
    rates: CashRates = NO_RATES,
    endings: Sequence[Ending] = (),
) -> Panel:
    """Return the rows a first decision on the start needs, and those to the end.

    Raises MissingData where bars or rates do not reach so far.
    """
    snapshot = on_leading_sessions(snapshot, markets)
    currencies = _currencies(request, assets, benchmark)
    first, last = _span(snapshot.session, request)
    if len(currencies) > 1:
        _require_fixings(snapshot, request, first, last)
    # One more than the warm-up: a run that trades on its first day is counted from the day before.
    rows = slice(max(first - request.warmup, 0), last + 1)
    session = snapshot.session[rows]
    fx, fx_known_at = _rates(snapshot, rows, currencies)
    bars = {name: getattr(snapshot, name)[rows] for name in BARS}
    split, dividend = snapshot.split[rows], snapshot.dividend[rows]
    codes = [calendar_code(each.exchange, each.currency) for each in assets]
    quoted = 0 if benchmark is None else currencies.index(benchmark.currency)
    dated = rates.laid_on(
        snapshot.session,
        snapshot.rf,
        held=snapshot.closes_at[:, 0] != NEVER,
        primary=markets[0],
        currency=request.currency,
    )
    return Panel(
        session=session,
        symbols=tuple(each.symbol for each in assets),
        asset_id=np.array([each.id for each in assets], np.int64),
        market=np.array([markets.index(code) for code in codes], np.int64),
        markets=tuple(markets),
        currency=np.array([currencies.index(each.currency) for each in assets], np.int64),
        currencies=currencies,
        **bars,
        tr_factor=forward_factor(bars["close"], split, dividend),
        split=split,
        dividend=dividend,
        known_at=snapshot.known_at[rows],
        tradable=np.isfinite(bars["close"]) & ~(bars["volume"] <= 0.0),
        member=_membership(session, assets, spells, survivorship_free=survivorship_free),
        fx=fx,
        fx_known_at=fx_known_at,
        rf=dated.rf[rows],
        cash_rate=dated.annual[rows],
        cash_returns=dated.by_currency(currencies, snapshot.rf)[rows],
        opens_at=snapshot.opens_at[rows],
        closes_at=snapshot.closes_at[rows],
        benchmark=snapshot.benchmark[rows] * fx[:, quoted],
        benchmark_known_at=snapshot.benchmark_known_at[rows],
        benchmark_own=snapshot.benchmark[rows],
        benchmark_currency=quoted,
        benchmark_symbol="" if benchmark is None else benchmark.symbol,
        groups=_groups(assets),
        by_asset=lay_endings(session, assets, endings) | _payments(snapshot.paid_on[rows]),
        superseded=snapshot.superseded.within(rows.start, rows.stop - 1),
        flags=(
            # The night before the first session is none of the run's; the engine sees one that is.
            *sorted({*_flags(assets), *dated.flags(first + 1, last)}),
            *_hindsight(assets, benchmark, survivorship_free=survivorship_free),
            *_gaps(benchmark, snapshot.benchmark[first : last + 1]),
            *_barless(assets),
        ),
    )


def _span(session: IntArray, request: PanelRequest) -> tuple[int, int]:
    """Return the first and the last row of the run itself."""
    start, until = (request.start - EPOCH).days, len(session)
    first = int(np.searchsorted(session, start))
    if request.end is not None:
        until = int(np.searchsorted(session, (request.end - EPOCH).days, side="right"))
    if first >= until or start + SLACK_DAYS < session[0]:
        asked = f"{request.start} to {request.end or 'the last bar'}"
        raise MissingData(
            f"bars do not cover {asked}, or no session lies in it; choose other days from"
            f" {_date(session[0])} to {_date(session[-1])}",
            field=("input", "start"),
        )
    return first, until - 1


def _currencies(
    request: PanelRequest, assets: Sequence[Instrument], benchmark: Instrument | None
) -> tuple[str, ...]:
    """Return the run's currency, then the others in use."""
    base, used = request.currency, {each.currency for each in assets}
    if benchmark is not None:
        used.add(benchmark.currency)
    if DOLLAR_PANELS.intersection(request.panels):
        used.add("USD")
    unknown = sorted({base, *used} - {"AUD", "USD"})
    if unknown:
        raise MissingData(f"no exchange rates are stored for {', '.join(unknown)}")
    return (base, *sorted(used - {base}))


def _require_fixings(snapshot: Snapshot, request: PanelRequest, first: int, last: int) -> None:
    """Refuse a run that would need an exchange rate before there is one, or after they end."""
    fixed = np.flatnonzero(np.isfinite(snapshot.audusd))
    needed = first - (request.warmup - 1)
    if not len(fixed) or needed < fixed[0]:
        start = int(fixed[0]) + request.warmup - 1 if len(fixed) else len(snapshot.session)
        remedy = (
            f"start on {_date(snapshot.session[start])} or later"
            if start <= last
            else "no start before the end has enough history"
        )
        raise MissingData(
            f"start was {request.start}; in {request.currency} the strategy needs"
            f" {request.warmup} sessions with an AUDUSD rate first: {remedy}, or run in the"
            " currency of the assets",
            field=("input", "start"),
            reason="MISSING_FX",
        )
    rows = slice(needed, last + 1)
    _require_fresh(snapshot.session[rows], snapshot.audusd_day[rows])
    low, high = PLAUSIBLE_AUDUSD
    rate = snapshot.audusd[rows]
    if rate.min() < low or rate.max() > high:
        raise DataError(
            f"AUDUSD ran from {rate.min()} to {rate.max()}; US dollars for one Australian dollar"
            f" lie between {low} and {high}: is the pair inverted?"
        )


def _require_fresh(session: IntArray, fixed_on: IntArray) -> None:
    late = np.flatnonzero(session - fixed_on > STALE_FIXING_DAYS)
    if len(late):
        row = int(late[0])
        raise MissingData(
            f"AUDUSD was last fixed on {_date(fixed_on[row])} before the session of"
            f" {_date(session[row])}; end the run on that day or run in another currency",
            field=("input", "end"),
            reason="MISSING_FX",
        )


def _rates(
    snapshot: Snapshot, rows: slice, currencies: Sequence[str]
) -> tuple[FloatArray, IntArray]:
    """Return base currency per unit of each, (n, n_currencies), and when that was known."""
    audusd = snapshot.audusd[rows]
    fx = np.ones((len(audusd), len(currencies)))
    known_at = np.zeros(fx.shape, np.int64)
    for column in range(1, len(currencies)):
        fx[:, column] = 1.0 / audusd if currencies[0] == "AUD" else audusd
        known_at[:, column] = snapshot.audusd_known_at[rows]
    known_at[np.isnan(fx)] = NEVER
    return fx, known_at


def _membership(
    session: IntArray,
    assets: Sequence[Instrument],
    spells: Sequence[Member] | None,
    *,
    survivorship_free: bool,
) -> BoolArray:
    """Who was in, as known when each session's day began in UTC: no market has decided by then.

    A list without history was known on none of its days: it stands throughout, which is hindsight
    and is flagged as such.
    """
    if spells is None:
        return np.ones((len(session), len(assets)), np.bool_)
    column = {each.id: index for index, each in enumerate(assets)}
    member = np.zeros((len(session), len(assets)), np.bool_)
    for spell in spells:
        held = session >= (spell.starts_on - EPOCH).days
        if spell.ends_on is not None:
            held &= session < (spell.ends_on - EPOCH).days
        if survivorship_free:
            held &= _known_by(spell, session * NS_PER_DAY)
        member[:, column[spell.instrument_id]] |= held
    return member


def _known_by(spell: Member, instant: IntArray) -> BoolArray:
    """Tell for each instant whether this version was the one believed at it."""
    known: BoolArray = instant >= _nanoseconds(spell.known_from)
    return known if spell.known_to is None else known & (instant < _nanoseconds(spell.known_to))


def _payments(paid_on: FloatArray) -> dict[str, FloatArray]:
    return {PAID_ON: paid_on} if np.isfinite(paid_on).any() else {}


def _groups(assets: Sequence[Instrument]) -> dict[str, tuple[str, ...]]:
    return {
        "SECTOR": tuple(each.sector or UNKNOWN for each in assets),
        "CURRENCY": tuple(each.currency for each in assets),
        "EXCHANGE": tuple(str(each.exchange) for each in assets),
        "ASSET_CLASS": tuple(str(each.asset_class) for each in assets),
    }


def _flags(assets: Sequence[Instrument]) -> set[str]:
    """Return warnings about what the run is made of."""
    flags = {flag for each in assets for flag in each.flags}
    if any("adjusted_close" in each.fields for each in assets):
        flags.add("vendor_adjusted")
    if any("volume" not in each.fields for each in assets):
        flags.add("volume_unknown")
    return flags


def _hindsight(
    assets: Sequence[Instrument], benchmark: Instrument | None, *, survivorship_free: bool
) -> tuple[str, ...]:
    """Warn of what flatters a run: members picked later, a benchmark without its dividends.

    Assets of which no dividend is known have no lead over such a benchmark.
    """
    flags: tuple[str, ...] = () if survivorship_free else ("survivorship_not_controlled",)
    earns = any("no_corporate_actions" not in each.flags for each in assets)
    if benchmark is not None and "price_index" in benchmark.flags and earns:
        flags += ("benchmark_without_dividends",)
    return flags


def _barless(assets: Sequence[Instrument]) -> tuple[str, ...]:
    return ("members_without_bars",) if any(each.bar_count == 0 for each in assets) else ()


def _gaps(benchmark: Instrument | None, level: FloatArray) -> tuple[str, ...]:
    short = benchmark is not None and bool(np.isnan(level).any())
    return ("benchmark_incomplete",) if short else ()


def _nanoseconds(instant: datetime) -> int:
    elapsed = instant - datetime(1970, 1, 1, tzinfo=UTC)
    return elapsed // timedelta(microseconds=1) * 1_000


def _date(day: int) -> date:
    return EPOCH + timedelta(days=int(day))
