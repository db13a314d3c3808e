"""Columns of the database become the parts of a panel, and the parts one grid."""

from collections.abc import Sequence
from dataclasses import dataclass, fields
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from api.services.calendars import Calendar
from api.services.snapshot import BARS, Bars, Beside, Year, adjust
from engine.actions import forward_factor
from engine.panel import NEVER, Superseded
from engine.types import FloatArray, IntArray

T = TypeVar("T", bound=np.generic)

# New York closed for six days in September 2001; a longer pause means that levels are missing.
STALE_LEVEL_DAYS = 7


@dataclass(frozen=True, kw_only=True)
class Share:
    """What is stored of one asset: bars, and the actions a holder of it met, oldest first.

    `bars.adjusted_close` is all NaN where the actions are known: then prices stand as traded.
    """

    bars: Bars
    action_day: IntArray  # (a,) days since 1970-01-01
    split: FloatArray  # (a,) new shares per old, 1.0 = none
    dividend: FloatArray  # (a,) cash per post-split share, 0.0 = none
    paid_on: FloatArray  # (a,) day of its payment, NaN where unknown


@dataclass(frozen=True, kw_only=True)
class Snapshot:
    """All parts of a panel on one grid of n sessions, m assets and k markets."""

    session: IntArray  # (n,) days since 1970-01-01: every session of the markets
    opens_at: IntArray  # (n, k) ns UTC, NEVER where that market is closed
    closes_at: IntArray
    open: FloatArray  # (n, m)
    high: FloatArray
    low: FloatArray
    close: FloatArray
    volume: FloatArray
    known_at: IntArray  # (n, m) ns UTC, NEVER where there is no bar
    split: FloatArray
    dividend: FloatArray
    paid_on: FloatArray
    superseded: Superseded
    benchmark: FloatArray  # (n,) own currency, last mark carried for a week
    benchmark_known_at: IntArray  # (n,) ns UTC; NEVER before the first
    audusd: FloatArray  # (n,) last fixing on or before the session
    audusd_day: IntArray  # (n,) day of that fixing; 0 before the first
    audusd_known_at: IntArray  # (n,) ns UTC; NEVER before the first
    rf: FloatArray  # (n,) simple return per session
    latest: int  # last instant (ns UTC) at which anything in here became known


@dataclass(frozen=True, kw_only=True)
class Series:
    """A dated series as columns, (n,), oldest first, no NaN; `known_at` is in ns UTC."""

    day: IntArray
    value: FloatArray
    known_at: IntArray


def build_year(
    shares: Sequence[Share], rf: Series, *, first: int, last: int, calendars: Sequence[Calendar]
) -> Year:
    """Lay bars, actions and rates on every session of the calendars from day `first` to `last`.

    A session on which an asset has no bar is NaN there: nothing is filled. An action on a day
    that is no session is laid on the next one of the year.
    """
    session = np.unique(
        np.concatenate([entry.session[entry.between(first, last)] for entry in calendars])
    )
    opens_at, closes_at = _hours(session, calendars)
    shape = len(session), len(shares)
    cells = {name: np.full(shape, np.nan) for name in BARS}
    known_at = np.full(shape, NEVER)
    split, dividend, paid_on = np.ones(shape), np.zeros(shape), np.full(shape, np.nan)
    for column, share in enumerate(shares):
        chosen = slice(*np.searchsorted(share.bars.day, [first, last + 1]))
        rows = np.searchsorted(session, share.bars.day[chosen])
        for name, values in adjust(share.bars).items():
            cells[name][rows, column] = values[chosen]
        known_at[rows, column] = share.bars.known_at[chosen]
        met = slice(*np.searchsorted(share.action_day, [first, session[-1] + 1]))
        at = np.searchsorted(session, share.action_day[met])
        np.multiply.at(split[:, column], at, share.split[met])
        np.add.at(dividend[:, column], at, share.dividend[met])
        told = np.isfinite(share.paid_on[met])
        paid_on[at[told], column] = share.paid_on[met][told]
    return Year(
        session=session,
        opens_at=opens_at,
        closes_at=closes_at,
        **cells,
        known_at=known_at,
        split=split,
        dividend=dividend,
        paid_on=paid_on,
        rf=session_rates(session, calendars[0], rf.day, rf.value),
        rf_known_at=session_rates_known(session, rf),
    )


def level_of(share: Share) -> FloatArray:
    """Return what holding one share from the first bar on was worth, dividends reinvested."""
    bars = share.bars
    at = np.searchsorted(bars.day, share.action_day)
    met = at < len(bars.day)
    split, dividend = np.ones(len(bars.day)), np.zeros(len(bars.day))
    np.multiply.at(split, at[met], share.split[met])
    np.add.at(dividend, at[met], share.dividend[met])
    close = adjust(bars)["close"][:, np.newaxis]
    level: FloatArray = (
        close * forward_factor(close, split[:, np.newaxis], dividend[:, np.newaxis])
    )[:, 0]
    return level


def assemble(years: Sequence[Year], beside: Beside) -> Snapshot:
    """Join the years and lay what goes with them on their sessions.

    Rows begin with the first bar of any asset and end with the last. The benchmark's last level
    stands until the next, for a week at most: one that ended is not flat.
    """
    known_at = np.concatenate([year.known_at for year in years])
    barred = np.flatnonzero((known_at != NEVER).any(axis=1))
    rows = slice(int(barred[0]), int(barred[-1]) + 1)
    joined = {
        entry.name: np.concatenate([getattr(year, entry.name) for year in years])[rows]
        for entry in fields(Year)
        if entry.name not in {"known_at", "rf_known_at"}
    }
    session, known_at = joined["session"], known_at[rows]
    rated_at = np.concatenate([year.rf_known_at for year in years])[rows]
    fixing = np.searchsorted(beside.audusd_day, session, side="right") - 1
    fixed_at = _at(beside.audusd_known_at, fixing, NEVER)
    mark = np.searchsorted(beside.benchmark_day, session, side="right") - 1
    return Snapshot(
        **joined,
        known_at=known_at,
        superseded=_superseded(session, beside),
        benchmark=_level(session, beside),
        benchmark_known_at=_at(beside.benchmark_known_at, mark, NEVER),
        audusd=_at(beside.audusd, fixing, np.nan),
        audusd_day=_at(beside.audusd_day, fixing, 0),
        audusd_known_at=fixed_at,
        latest=_latest(known_at, fixed_at, rated_at, beside.benchmark_known_at, beside.told_at),
    )


def session_rates(
    session: IntArray, primary: Calendar, day: IntArray, monthly: FloatArray
) -> FloatArray:
    """Spread monthly simple rates over the sessions of their month so that they compound back.

    Parameters
    ----------
    session : ndarray of shape (n,)
        Days since 1970-01-01.
    primary : Calendar
        Its sessions share the month; a session only other markets hold earns nothing.
    day, monthly : ndarray of shape (r,)
        Simple returns over a month as fractions, dated by any day within it.

    Returns
    -------
    ndarray of shape (n,)
        Simple return per session; NaN in months without a rate.
    """
    months, sessions = np.unique(_month(primary.session), return_counts=True)
    share = np.full(len(months), np.nan)
    place = np.searchsorted(months, _month(day))
    known = (place < len(months)) & (months[np.minimum(place, len(months) - 1)] == _month(day))
    share[place[known]] = np.expm1(np.log1p(monthly[known]) / sessions[place[known]])
    rate = share[np.searchsorted(months, _month(session))]
    spread: FloatArray = np.where(primary.holds(session), rate, rate * 0.0)
    return spread


def session_rates_known(session: IntArray, rf: Series) -> IntArray:
    """Return when the rate of each session's month became known, ns UTC; NEVER without one."""
    months = _month(rf.day)
    last = np.searchsorted(months, _month(session), side="right") - 1
    known_at = _at(rf.known_at, last, NEVER)
    known_at[_at(months, last, NEVER) != _month(session)] = NEVER
    return known_at


def _month(day: IntArray) -> IntArray:
    months: IntArray = day.astype("datetime64[D]").astype("datetime64[M]").astype(np.int64)
    return months


def _hours(session: IntArray, calendars: Sequence[Calendar]) -> tuple[IntArray, IntArray]:
    opens_at = np.full((len(session), len(calendars)), NEVER)
    closes_at = opens_at.copy()
    for k, entry in enumerate(calendars):
        rows = entry.between(int(session[0]), int(session[-1]))
        at = np.searchsorted(session, entry.session[rows])
        opens_at[at, k] = entry.opens_at[rows]
        closes_at[at, k] = entry.closes_at[rows]
    return opens_at, closes_at


def _superseded(session: IntArray, beside: Beside) -> Superseded:
    row = np.searchsorted(session, beside.was_day)
    held = row < len(session)
    held[held] = session[row[held]] == beside.was_day[held]
    return Superseded(
        row=row[held],
        asset=beside.was_asset[held],
        open=beside.was_open[held],
        high=beside.was_high[held],
        low=beside.was_low[held],
        close=beside.was_close[held],
        volume=beside.was_volume[held],
        known_at=beside.was_known_at[held],
        known_to=beside.was_known_to[held],
    )


def _latest(*instants: IntArray) -> int:
    return max(int(each[each != NEVER].max(initial=0)) for each in instants)


def _level(session: IntArray, beside: Beside) -> FloatArray:
    last = np.searchsorted(beside.benchmark_day, session, side="right") - 1
    level = _at(beside.benchmark, last, np.nan)
    level[session - _at(beside.benchmark_day, last, 0) > STALE_LEVEL_DAYS] = np.nan
    return level


def _at(values: NDArray[T], rows: IntArray, before: float) -> NDArray[T]:
    """Return `values` at `rows`; a row of -1 lies before the first of them."""
    found = np.full(len(rows), before, values.dtype)
    found[rows >= 0] = values[rows[rows >= 0]]
    return found
