"""What is missing and what is old, by the exchange's own calendar; counted, never filled."""

from collections.abc import Sequence
from datetime import date, datetime, timedelta

from api.services.sessions import EPOCH, sessions_of


def expected_sessions(code: str, first: date, last: date) -> int:
    """Count the sessions from one day to another, both included."""
    return sessions_of(code).count(_day(first), _day(last))


def missing_sessions(code: str, days: Sequence[int], first: date, last: date) -> list[date]:
    """List the sessions of both days and between that have no bar, oldest first.

    `days` are those of the bars, since 1970-01-01, in any order. A halted session has a bar, with
    no volume, and is not missing.
    """
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
