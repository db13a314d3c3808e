"""What is missing and what is old, by the exchange's own calendar; counted, never filled."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from api.services.sessions import EPOCH, sessions_of


@dataclass(frozen=True, kw_only=True)
class Coverage:
    """Bars of one instrument beside its sessions from first bar to last.

    present + len(gaps) = expected; what has closed since the last bar counts as stale only.
    """

    expected: int
    present: int
    gaps: tuple[date, ...]
    stale_sessions: int


NOTHING = Coverage(expected=0, present=0, gaps=(), stale_sessions=0)


def cover(
    code: str, days: Sequence[int], *, now: datetime, delisted_on: date | None = None
) -> Coverage:
    """Compare an instrument's bars with its calendar.

    Parameters
    ----------
    days : sequence of int
        Days of the bars since 1970-01-01, oldest first. A halted session has a bar, with no
        volume, and is no gap.
    delisted_on : date, optional
        Last day of listing: nothing is missing after it.
    """
    if not days:
        return NOTHING
    first, last = _date(days[0]), _date(days[-1])
    gaps = missing_sessions(code, days, first, last)
    expected = expected_sessions(code, first, last)
    return Coverage(
        expected=expected,
        present=expected - len(gaps),
        gaps=tuple(gaps),
        stale_sessions=stale_sessions(code, last, now, delisted_on),
    )


def expected_sessions(code: str, first: date, last: date) -> int:
    """Count the sessions from one day to another, both included."""
    return sessions_of(code).count(_day(first), _day(last))


def missing_sessions(code: str, days: Sequence[int], first: date, last: date) -> list[date]:
    """List the sessions of both days and between that have no bar, oldest first."""
    return [_date(day) for day in sessions_of(code).without(days, _day(first), _day(last))]


def last_closed_session(code: str, now: datetime) -> date:
    """Return the last session that had closed by an instant."""
    return _date(sessions_of(code).last_closed(now))


def stale_sessions(
    code: str, last_bar: date, now: datetime, delisted_on: date | None = None
) -> int:
    """Count the sessions that have closed since the last bar, up to the end of the listing."""
    closed = last_closed_session(code, now)
    until = closed if delisted_on is None else min(closed, delisted_on)
    return expected_sessions(code, last_bar + timedelta(days=1), until)


def _day(on: date) -> int:
    return (on - EPOCH).days


def _date(day: int) -> date:
    return EPOCH + timedelta(days=day)
