"""Named panels as the engine takes them, out of the stored series."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime, timedelta
from typing import Any

import numpy as np
from sqlalchemy.ext.asyncio import AsyncSession

from api.services.market import MONTHLY
from api.services.named_panels import FACTOR_PANELS, SYMBOL_PANELS, series_of
from engine.published import DAILY_REACH, Published
from engine.types import FloatArray, IntArray
from models.published_series import (
    FactorReturnRepository,
    MacroSeriesRepository,
    SeriesColumns,
)

NS_PER_DAY = 86_400 * 10**9
# The library publishes the returns of a month some weeks after it.
FACTOR_DELAY_DAYS = 35
# A month's returns stand until the next month's do.
MONTHLY_REACH = 31 + FACTOR_DELAY_DAYS


async def read_panels(
    session: AsyncSession,
    names: Iterable[str],
    symbols: Sequence[str],
    *,
    first: date,
    last: date,
    known_at: datetime | None = None,
) -> dict[str, Published]:
    """Return those of the panels of which anything is stored, by name.

    A month of figures before the first day comes along, so that one stands on it.
    """
    found: dict[str, Published] = {}
    span = {"start": first - timedelta(days=MONTHLY_REACH), "end": last, "known_at": known_at}
    for name in names:
        columns = await _columns(session, name, symbols, **span)
        if any(each.days for each in columns.values()):
            found[name] = _published(name, columns)
    return found


async def _columns(
    session: AsyncSession, name: str, symbols: Sequence[str], **span: Any
) -> dict[str, SeriesColumns]:
    if name not in FACTOR_PANELS:
        return await MacroSeriesRepository(session).columns(series_of(name, symbols), **span)
    return await FactorReturnRepository(session).columns(
        FACTOR_PANELS[name], factor_set=name, frequency=MONTHLY, **span
    )


def _published(name: str, columns: Mapping[str, SeriesColumns]) -> Published:
    if name in FACTOR_PANELS:
        return _factors(columns)
    return _by_symbol(columns) if name in SYMBOL_PANELS else _daily(columns[name])


def _factors(columns: Mapping[str, SeriesColumns]) -> Published:
    """Return the months that have every factor."""
    whole = set.intersection(*(set(each.days) for each in columns.values()))
    day, value, known_at = _table(columns, sorted(whole))
    published = (day + 1 + FACTOR_DELAY_DAYS) * NS_PER_DAY
    return Published(
        columns=tuple(columns),
        day=day,
        value=value,
        known_at=np.maximum(known_at, published),
        reach=MONTHLY_REACH,
    )


def _daily(series: SeriesColumns) -> Published:
    day, value, known_at = _table({"value": series}, series.days)
    return Published(columns=("value",), day=day, value=value, known_at=known_at, reach=DAILY_REACH)


def _by_symbol(columns: Mapping[str, SeriesColumns]) -> Published:
    """Return one column for each symbol of which anything was told; an untold day is a zero."""
    told = {name.partition("/")[2]: each for name, each in columns.items() if each.days}
    days = sorted(set[int]().union(*(each.days for each in told.values())))
    day, value, known_at = _table(told, days)
    return Published(
        columns=tuple(told),
        day=day,
        value=np.nan_to_num(value),
        known_at=known_at,
        reach=0,
    )


def _table(
    columns: Mapping[str, SeriesColumns], days: Sequence[int]
) -> tuple[IntArray, FloatArray, IntArray]:
    """Lay columns on days, (s,); return them, the figures (s, c), and when all were known."""
    day = np.array(days, np.int64)
    value, known_at = np.full((len(day), len(columns)), np.nan), np.zeros(len(day), np.int64)
    for at, each in enumerate(columns.values()):
        rows = np.searchsorted(day, np.array(each.days, np.int64))
        held = np.isin(np.array(each.days, np.int64), day)
        value[rows[held], at] = np.array(each.values)[held]
        instants = np.array(each.known_at_us, np.int64)[held] * 1_000
        known_at[rows[held]] = np.maximum(known_at[rows[held]], instants)
    return day, value, known_at
