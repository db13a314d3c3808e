"""What belongs to no instrument: the Australian dollar and its cash rate, fear, factor returns.

A figure that is stored stays as it is, since nothing keeps what it was: an answer as of an
earlier instant must not change. Later ones are added; only `force` takes a publisher's new word.
"""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from functools import partial
from typing import TypeVar

import numpy as np
from sqlalchemy.ext.asyncio import AsyncSession

from api.errors import DataError, FailureKind
from api.ports import FactorSource, FactorTable, MacroSource, Observations, RateSource
from api.services.bar_rows import EPOCH, series_rows
from api.services.calendars import calendar
from api.services.ingest_plan import HISTORY_FROM
from api.services.ingest_report import Tally
from api.services.market import PAIR
from api.services.named_panels import CASH_RATES
from api.services.provider import Failed, GaveUp, Provider
from api.services.quality_rates import judge_rates
from engine.types import BoolArray
from models.asked_range import AskedRow
from models.asked_ranges import AskedRangeRepository
from models.fingerprint import Scope
from models.fingerprints import FingerprintRepository
from models.price_bar import Quarantine
from models.published_series import (
    FactorReturnRepository,
    FactorRow,
    FxRateRepository,
    FxRow,
    MacroRow,
    MacroSeriesRepository,
)
from models.quarantines import QuarantineRepository
from models.session import SessionFactory, unit_of_work
from models.staging import Written

VIX, FACTORS = ("VIX", "VIX3M"), "factors"
CASH = (CASH_RATES["AUD"],)
CASH_FILES = 2
# The library publishes once a month, in four files.
FACTORS_EVERY = timedelta(days=7)
FACTOR_FILES = 8

Rows = Sequence[int]
Answer = TypeVar("Answer")


@dataclass(frozen=True, kw_only=True)
class SeriesSources:
    """Who is asked for series; rates by the first that answers.

    Where nobody answers, what ships with the product is better than nothing.
    """

    rates: Sequence[RateSource]
    macro: MacroSource
    factors: FactorSource
    cash: MacroSource | None = None
    bundled: "SeriesSources | None" = None


@dataclass(frozen=True, kw_only=True)
class SeriesWish:
    """Which series are wanted, and until when (monotonic) it may take."""

    now: datetime
    end: float
    force: bool = False
    rates: bool = True
    others: bool = True

    @property
    def now_ns(self) -> int:
        return int(self.now.timestamp() * 1e9)


@dataclass(frozen=True, kw_only=True)
class Around:
    """What bringing a series in takes."""

    sessions: SessionFactory
    sources: SeriesSources
    providers: Mapping[str, Provider]
    wish: SeriesWish


async def ingest_series(around: Around) -> tuple[Tally, int]:
    """Bring in what is due; return its rows, and how many series were left alone.

    What was asked for since its market's last close is not due. A publisher that fails is named in
    the tally, and the other series go on.
    """
    tally, saved, wish = Tally(), 0, around.wish
    async with unit_of_work(around.sessions) as session:
        asked = await AskedRangeRepository(session).by_keys([PAIR, VIX[0], CASH[0], FACTORS])
    for wanted, key, since, bring in _steps(wish):
        known = asked.get(key)
        if wanted and known is not None and known.checked_at >= since and not wish.force:
            saved += 1
        elif wanted:
            tally.add(await _tried(key, bring, around))
    return tally, saved


def _steps(wish: SeriesWish) -> list[tuple[bool, str, datetime, "Bring"]]:
    return [
        (wish.rates, PAIR, _last_close("24/5", wish), _bring_rates),
        (wish.others, VIX[0], _last_close("XNYS", wish), _bring_macro),
        (wish.others, CASH[0], _last_close("XASX", wish), _bring_cash),
        (wish.others, FACTORS, wish.now - FACTORS_EVERY, _bring_factors),
    ]


def _last_close(code: str, wish: SeriesWish) -> datetime:
    closes = calendar(code).closes_at
    last = closes[np.searchsorted(closes, wish.now_ns, side="right") - 1]
    return datetime.fromtimestamp(int(last) / 1e9, UTC)


async def _tried(key: str, bring: "Bring", around: Around) -> Tally:
    try:
        return await bring(around)
    except GaveUp as gave_up:
        tally = await _bundled(bring, around)
        tally.failures[key] = gave_up.failed
        return tally
    except DataError as error:
        kind, source = FailureKind.BAD_DATA, ""
        failed = Failed(kind=kind, message=str(error), attempts=1, source=source)
        return Tally(failures={key: failed})


async def _bundled(bring: "Bring", around: Around) -> Tally:
    """Bring in what ships with the product; the publisher stays due, and its failure is told."""
    sources = around.sources.bundled
    return Tally() if sources is None else await bring(replace(around, sources=sources))


async def _ask(
    around: Around,
    source: RateSource | MacroSource | FactorSource,
    question: Callable[[], Awaitable[Answer]],
    *,
    requests: int = 1,
) -> Answer:
    """Ask a publisher with the patience it needs; a package needs none. Raises GaveUp."""
    provider = around.providers.get(source.key)
    if provider is None:
        return await question()
    return (await provider.ask(question, end=around.wish.end, requests=requests)).answer


async def _bring_rates(around: Around) -> Tally:
    """Add the fixings behind the last one: two publishers fix at different hours, none mixes."""
    async with unit_of_work(around.sessions) as session:
        stored = (await FxRateRepository(session).columns([PAIR]))[PAIR].days
    span = _span(stored, around.wish)
    answered, source = await _first_rates(around, span)
    found = [_settled(each, around.wish) for each in answered]
    tally, rows, refused = Tally(), list[FxRow](), list[Quarantine]()
    for each, why in zip(found, judge_rates(found, now=around.wish.now_ns), strict=True):
        good = ~np.isin(np.arange(len(each.day)), list(why))
        fresh = good & ((each.day > max(stored, default=-1)) | around.wish.force)
        rows += [FxRow(*row) for row in series_rows(_cut(each, fresh))]
        refused += [_quarantined(each, row, reason.value) for row, reason in sorted(why.items())]
        tally.read += len(each.day)
        tally.written += Written(unchanged=int((good & ~fresh).sum()))
    tally.quarantined = len(refused)
    tally.reasons.update(row.reason for row in refused)
    async with unit_of_work(around.sessions) as session:
        tally.written += await FxRateRepository(session).write(rows)
        await QuarantineRepository(session).add(refused)
        await FingerprintRepository(session).refresh(Scope.FX, [PAIR])
        await _remember(session, PAIR, source, span, around)
    return tally


async def _first_rates(
    around: Around, span: tuple[date, date]
) -> tuple[Sequence[Observations], str]:
    failed: GaveUp | None = None
    for source in around.sources.rates:
        try:
            return await _ask(around, source, partial(source.fetch_rates, *span)), source.key
        except GaveUp as gave_up:
            failed = failed or gave_up
    raise failed or AssertionError("somebody publishes rates")


async def _bring_macro(around: Around) -> Tally:
    return await _bring_figures(around, VIX, around.sources.macro, requests=len(VIX))


async def _bring_cash(around: Around) -> Tally:
    """Bring the cash rate; nothing that ships with the product stands in for it."""
    source = around.sources.cash
    if source is None:
        return Tally()
    return await _bring_figures(around, CASH, source, requests=CASH_FILES)


async def _bring_figures(
    around: Around, keys: Sequence[str], source: MacroSource, *, requests: int
) -> Tally:
    async with unit_of_work(around.sessions) as session:
        stored = await MacroSeriesRepository(session).columns(keys)
        asked = await AskedRangeRepository(session).by_keys(keys[:1])
    # Until it was asked for once, what is stored is a file's, with a beginning of its own.
    span = _span(stored[keys[0]].days if asked else (), around.wish)
    question = partial(source.fetch_macro, *span)
    answered = await _ask(around, source, question, requests=requests)
    tally, rows = Tally(), list[MacroRow]()
    for each in answered:
        fresh = _count(tally, each, stored[each.key].days, around.wish)
        rows += [MacroRow(*row) for row in series_rows(fresh)]
    async with unit_of_work(around.sessions) as session:
        tally.written += await MacroSeriesRepository(session).write(rows)
        await FingerprintRepository(session).refresh(Scope.MACRO, [each.key for each in answered])
        await _remember(session, keys[0], source.key, span, around)
    return tally


async def _bring_factors(around: Around) -> Tally:
    source = around.sources.factors
    answered = await _ask(around, source, source.fetch_factors, requests=FACTOR_FILES)
    tally = Tally()
    async with unit_of_work(around.sessions) as session:
        for table in answered:
            rows = await _fresh_factors(session, table, tally, around.wish)
            tally.written += await FactorReturnRepository(session).write(rows)
        sets = sorted({table.factor_set for table in answered})
        await FingerprintRepository(session).refresh(Scope.FACTORS, sets)
        span = HISTORY_FROM, around.wish.now.date()
        await _remember(session, FACTORS, source.key, span, around)
    return tally


async def _fresh_factors(
    session: AsyncSession, table: FactorTable, tally: Tally, wish: SeriesWish
) -> list[FactorRow]:
    stored = await FactorReturnRepository(session).columns(
        [each.key for each in table.series],
        factor_set=table.factor_set,
        frequency=table.frequency,
    )
    rows: list[FactorRow] = []
    for each in table.series:
        fresh = _count(tally, each, stored[each.key].days, wish)
        rows += [FactorRow(table.factor_set, table.frequency, *row) for row in series_rows(fresh)]
    return rows


def _count(tally: Tally, series: Observations, stored: Rows, wish: SeriesWish) -> Observations:
    """Return what is to be written of a series, with the rest counted as unchanged."""
    series = _settled(series, wish)
    fresh = ~np.isin(series.day, np.array(stored, np.int64)) | wish.force
    tally.read += len(series.day)
    tally.written += Written(unchanged=int((~fresh).sum()))
    return _cut(series, fresh)


def _settled(series: Observations, wish: SeriesWish) -> Observations:
    """Leave out what is still under way: a publisher may tell the price of the moment."""
    return _cut(series, series.known_at <= wish.now_ns)


def _span(stored: Rows, wish: SeriesWish) -> tuple[date, date]:
    """Return the days to ask for: behind the last stored one, up to today."""
    today = wish.now.astimezone(UTC).date()
    if wish.force or not stored:
        return HISTORY_FROM, today
    return min(EPOCH + timedelta(days=max(stored) + 1), today), today


async def _remember(
    session: AsyncSession, key: str, source: str, span: tuple[date, date], around: Around
) -> None:
    """Note what a publisher was asked for; a package is none."""
    if source in around.providers:
        await AskedRangeRepository(session).save([AskedRow(key, source, *span, around.wish.now)])


def _cut(series: Observations, rows: BoolArray) -> Observations:
    return replace(
        series, day=series.day[rows], value=series.value[rows], known_at=series.known_at[rows]
    )


def _quarantined(series: Observations, row: int, reason: str) -> Quarantine:
    on = EPOCH + timedelta(days=int(series.day[row]))
    return Quarantine(
        source=series.source,
        file=f"{series.source}/{series.key}",
        symbol=series.key,
        date=on,
        raw=f"{on} {series.value[row]}",
        reason=reason,
    )


Bring = Callable[[Around], Awaitable[Tally]]
