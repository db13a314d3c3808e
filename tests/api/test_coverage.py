"""Sessions as the query function counts them, beside the calendars they were exported from."""

import subprocess
import sys
from datetime import UTC, date, datetime

import numpy as np
import pytest

from api.services.calendars import calendar, session_tables
from api.services.coverage import (
    expected_sessions,
    last_closed_session,
    missing_sessions,
    stale_sessions,
)
from api.services.sessions import EPOCH, SESSIONS, sessions_of


def day(on: str) -> int:
    return (date.fromisoformat(on) - EPOCH).days


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def new_york(first: str, last: str) -> list[int]:
    market = calendar("XNYS")
    return market.session[market.between(day(first), day(last))].tolist()


def test_the_exported_sessions_are_those_of_the_calendars():
    assert SESSIONS.read_bytes() == session_tables(), "run `make schema`"


@pytest.mark.parametrize("code", ["XNYS", "XASX", "24/7", "24/5"])
def test_every_session_and_closing_time_comes_back(code):
    market, table = calendar(code), sessions_of(code)

    first, last = int(market.session[0]), int(market.session[-1])
    assert list(table.without([], first, last)) == market.session.tolist()
    closes = [table.closes_at(each) for each in market.session.tolist()]
    assert (
        np.array([int(instant.timestamp()) for instant in closes]).tolist()
        == (market.closes_at // 10**9).tolist()
    )


# 2024 had 252 sessions in New York; the Monday after the attacks of Tuesday was the next one.
def test_sessions_are_counted_with_both_ends():
    assert expected_sessions("XNYS", date(2024, 1, 1), date(2024, 12, 31)) == 252
    assert expected_sessions("XNYS", date(2001, 9, 10), date(2001, 9, 17)) == 2
    assert expected_sessions("XNYS", date(2024, 1, 6), date(2024, 1, 7)) == 0
    assert expected_sessions("XNYS", date(2024, 1, 3), date(2024, 1, 2)) == 0
    assert expected_sessions("XNYS", date(1920, 1, 1), date(1926, 1, 4)) == 2


@pytest.mark.parametrize("lacking", [1, 5, 60])
def test_missing_sessions_are_named(lacking):
    days = new_york("2024-01-02", "2024-12-31")
    kept = days[:100] + days[100 + lacking :]

    missing = missing_sessions("XNYS", kept, date(2024, 1, 2), date(2024, 12, 31))

    assert [(each - EPOCH).days for each in missing] == days[100 : 100 + lacking]


def test_nothing_is_missing_where_every_session_has_a_bar():
    days = new_york("2024-01-02", "2024-12-31")

    assert missing_sessions("XNYS", days, date(2024, 1, 2), date(2024, 12, 31)) == []


def test_sydney_misses_other_days_than_new_york():
    """2024-01-26 is Australia Day; 2024-02-19 is Presidents' Day."""
    first, last = date(2024, 1, 26), date(2024, 2, 19)

    assert missing_sessions("XASX", [day("2024-02-19")], date(2024, 2, 18), last) == []
    assert date(2024, 1, 26) not in missing_sessions("XASX", [], first, last)
    assert date(2024, 1, 26) in missing_sessions("XNYS", [], first, last)


# July 3 closes at 13:00 in New York, which is 17:00 UTC; Sydney's auction ends at 16:10.
@pytest.mark.parametrize(
    ("code", "now", "last"),
    [
        ("XNYS", "2024-07-03T16:59:59", "2024-07-02"),
        ("XNYS", "2024-07-03T17:00:00", "2024-07-03"),
        ("XNYS", "2024-07-08T12:00:00", "2024-07-05"),
        ("XNYS", "2024-03-08T20:30:00", "2024-03-07"),
        ("XNYS", "2024-03-11T20:30:00", "2024-03-11"),
        ("XASX", "2024-01-10T05:09:00", "2024-01-09"),
        ("XASX", "2024-01-10T05:10:00", "2024-01-10"),
        ("24/7", "2024-01-07T23:59:00", "2024-01-06"),
    ],
)
def test_a_session_counts_once_it_has_closed(code, now, last):
    assert last_closed_session(code, at(now)) == date.fromisoformat(last)


def test_sessions_closed_since_the_last_bar_are_stale_until_the_delisting():
    friday, now = date(2024, 7, 5), at("2024-07-10T21:00:00")

    assert stale_sessions("XNYS", friday, now) == 3
    assert stale_sessions("XNYS", friday, now, delisted_on=date(2024, 7, 8)) == 1
    assert stale_sessions("XNYS", friday, now, delisted_on=friday) == 0


def test_counting_asks_for_no_numpy():
    counted = (
        "import sys; from datetime import date; from api.services.coverage import *;"
        "expected_sessions('XNYS', date(2024, 1, 1), date(2024, 12, 31));"
        "print(sorted({'numpy', 'pandas', 'exchange_calendars'} & set(sys.modules)))"
    )

    done = subprocess.run(
        [sys.executable, "-c", counted], capture_output=True, text=True, check=True
    )

    assert done.stdout == "[]\n"
