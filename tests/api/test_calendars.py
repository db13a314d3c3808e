import datetime as dt

import numpy as np
import pytest

from api.services.calendars import calendar, calendar_code

EPOCH = dt.date(1970, 1, 1)


def day(text: str) -> int:
    return (dt.date.fromisoformat(text) - EPOCH).days


def instant(text: str) -> int:
    return int(np.datetime64(text, "ns").astype(np.int64))


# Closed: the attacks of 2001, hurricane Sandy, mourning days of two presidents.
@pytest.mark.parametrize("closed", ["2001-09-11", "2012-10-29", "2018-12-05", "2025-01-09"])
def test_unscheduled_closures_are_no_sessions(closed):
    assert calendar("XNYS").holds(np.array([day(closed)])).tolist() == [False]


# Summer time began in New York on 2024-03-10; July 3 and the day after Thanksgiving close at 13:00.
@pytest.mark.parametrize(
    ("on", "closes"),
    [
        ("2024-03-08", "2024-03-08T21:00"),
        ("2024-03-11", "2024-03-11T20:00"),
        ("2024-07-03", "2024-07-03T17:00"),
        ("2024-11-29", "2024-11-29T18:00"),
        ("2024-12-24", "2024-12-24T18:00"),
    ],
)
def test_new_york_closes_by_its_own_clock(on, closes):
    found = calendar("XNYS").close_of(np.array([day(on)]))

    assert found.tolist() == [instant(closes)]


def test_sydney_closes_with_its_auction_before_new_york_opens():
    sydney, new_york = calendar("XASX"), calendar("XNYS")
    on = day("2024-01-10")

    row = sydney.between(on, on)
    assert sydney.closes_at[row].tolist() == [instant("2024-01-10T05:10")]
    assert sydney.opens_at[sydney.between(on + 1, on + 1)].tolist() == [instant("2024-01-10T23:00")]
    assert new_york.opens_at[new_york.between(on, on)].tolist() == [instant("2024-01-10T14:30")]


def test_bounds_do_not_move_with_the_day():
    found = calendar("XNYS").holds(
        np.array([day(on) for on in ("1925-12-31", "1950-01-03", "2029-12-31", "2030-01-02")])
    )

    assert found.tolist() == [False, True, True, False]


def test_instruments_follow_their_exchange_and_indices_their_currency():
    assert calendar_code("XNAS", "USD") == "XNYS"
    assert calendar_code("XASX", "AUD") == "XASX"
    assert calendar_code("INDEX", "AUD") == "XASX"
    with pytest.raises(ValueError, match="exchange XPAR in EUR"):
        calendar_code("XPAR", "EUR")
