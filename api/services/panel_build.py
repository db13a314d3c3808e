"""Columns of the database become a snapshot: one grid of sessions by assets."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from api.services.calendars import Calendar
from api.services.snapshot import BARS, Bars, Snapshot, adjust
from engine.panel import NEVER
from engine.types import FloatArray, IntArray

T = TypeVar("T", bound=np.generic)

# New York closed for six days in September 2001; a longer pause means that levels are missing.
STALE_LEVEL_DAYS = 7


@dataclass(frozen=True, kw_only=True)
class Series:
    """A dated series as columns, (n,), oldest first, no NaN; `known_at` is in ns UTC."""

    day: IntArray
    value: FloatArray
    known_at: IntArray


def build_snapshot(
    assets: Sequence[Bars],
    benchmark: Bars | None,
    *,
    calendars: Sequence[Calendar],
    audusd: Series,
    rf: Series,
) -> Snapshot:
    """Lay bars on every session of the calendars between the assets' first and last bar.

    A session on which an asset has no bar is NaN there: nothing is filled, except the benchmark,
    whose last level stands until the next, for a week at most: one that ended is not flat.
    """
    session = _sessions(assets, calendars)
    opens_at, closes_at = _hours(session, calendars)
    grids = [_on(session, bars) for bars in assets]
    known_at = _known(session, assets)
    fixing = np.searchsorted(audusd.day, session, side="right") - 1
    fixed_at = _at(audusd.known_at, fixing, NEVER)
    return Snapshot(
        session=session,
        opens_at=opens_at,
        closes_at=closes_at,
        **{name: _stack(grids, name) for name in BARS},
        known_at=known_at,
        benchmark=_level(session, benchmark),
        audusd=_at(audusd.value, fixing, np.nan),
        audusd_day=_at(audusd.day, fixing, 0),
        audusd_known_at=fixed_at,
        rf=session_rates(session, calendars[0], rf),
        latest=_latest(
            known_at,
            fixed_at,
            _rates_known(session, rf),
            *([benchmark.known_at] if benchmark else []),
        ),
    )


def session_rates(session: IntArray, primary: Calendar, monthly: Series) -> FloatArray:
    """Spread monthly simple rates over the sessions of their month so that they compound back.

    Parameters
    ----------
    session : ndarray of shape (n,)
        Days since 1970-01-01.
    primary : Calendar
        Its sessions share the month; a session only other markets hold earns nothing.
    monthly : Series
        Simple returns over a month as fractions, dated by any day within it.

    Returns
    -------
    ndarray of shape (n,)
        Simple return per session; NaN in months without a rate.
    """
    months, sessions = np.unique(_month(primary.session), return_counts=True)
    share = np.full(len(months), np.nan)
    place = np.searchsorted(months, _month(monthly.day))
    known = (place < len(months)) & (
        months[np.minimum(place, len(months) - 1)] == _month(monthly.day)
    )
    share[place[known]] = np.expm1(np.log1p(monthly.value[known]) / sessions[place[known]])
    rate = share[np.searchsorted(months, _month(session))]
    spread: FloatArray = np.where(primary.holds(session), rate, rate * 0.0)
    return spread


def _month(day: IntArray) -> IntArray:
    months: IntArray = day.astype("datetime64[D]").astype("datetime64[M]").astype(np.int64)
    return months


def _sessions(bars: Sequence[Bars], calendars: Sequence[Calendar]) -> IntArray:
    first = min(int(entry.day[0]) for entry in bars if len(entry.day))
    last = max(int(entry.day[-1]) for entry in bars if len(entry.day))
    return np.unique(
        np.concatenate([entry.session[entry.between(first, last)] for entry in calendars])
    )


def _hours(session: IntArray, calendars: Sequence[Calendar]) -> tuple[IntArray, IntArray]:
    opens_at = np.full((len(session), len(calendars)), NEVER)
    closes_at = opens_at.copy()
    for k, entry in enumerate(calendars):
        rows = entry.between(int(session[0]), int(session[-1]))
        at = np.searchsorted(session, entry.session[rows])
        opens_at[at, k] = entry.opens_at[rows]
        closes_at[at, k] = entry.closes_at[rows]
    return opens_at, closes_at


def _on(session: IntArray, bars: Bars) -> Mapping[str, FloatArray]:
    rows = np.searchsorted(session, bars.day)
    grid = {}
    for name, values in adjust(bars).items():
        grid[name] = np.full(len(session), np.nan)
        grid[name][rows] = values
    return grid


def _stack(grids: Sequence[Mapping[str, FloatArray]], name: str) -> FloatArray:
    return np.ascontiguousarray(np.column_stack([grid[name] for grid in grids]))


def _known(session: IntArray, assets: Sequence[Bars]) -> IntArray:
    known_at = np.full((len(session), len(assets)), NEVER)
    for column, bars in enumerate(assets):
        known_at[np.searchsorted(session, bars.day), column] = bars.known_at
    return known_at


def _rates_known(session: IntArray, monthly: Series) -> IntArray:
    """When the rates of the sessions' months became known."""
    month, (first, last) = _month(monthly.day), _month(session[[0, -1]])
    known_at: IntArray = monthly.known_at[(first <= month) & (month <= last)]
    return known_at


def _latest(*instants: IntArray) -> int:
    return max(int(each[each != NEVER].max(initial=0)) for each in instants)


def _level(session: IntArray, benchmark: Bars | None) -> FloatArray:
    if benchmark is None:
        return np.full(len(session), np.nan)
    last = np.searchsorted(benchmark.day, session, side="right") - 1
    level = _at(adjust(benchmark)["close"], last, np.nan)
    level[session - _at(benchmark.day, last, 0) > STALE_LEVEL_DAYS] = np.nan
    return level


def _at(values: NDArray[T], rows: IntArray, before: float) -> NDArray[T]:
    """Return `values` at `rows`; a row of -1 lies before the first of them."""
    found = np.full(len(rows), before, values.dtype)
    found[rows >= 0] = values[rows[rows >= 0]]
    return found
