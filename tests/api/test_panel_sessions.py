"""Assets that trade around the clock beside those of exchanges, on the exchanges' sessions."""

from dataclasses import replace

import numpy as np
import pytest

from api.services.calendars import calendar
from api.services.panel_build import assemble
from api.services.panel_sessions import on_leading_sessions
from api.services.sessions import leading, nth_session
from engine.panel import NEVER
from tests.api.test_panel_build import (
    EPOCH,
    NEW_YORK,
    SYDNEY,
    day,
    days,
    make_bars,
    make_beside,
    make_share,
    year_of,
)

HOUR = 3_600 * 10**9
DAY = 24 * HOUR
ALWAYS = calendar("24/7")
# New York was open on Friday the 5th and on Monday the 8th of January 2024.
COIN = [*range(day("2024-01-04"), day("2024-01-11"))]  # Thursday to Wednesday
SHARE = days("2024-01-04", "2024-01-05", "2024-01-08", "2024-01-09", "2024-01-10")


def coin(**given):
    """Return seven days of a coin: each closes, and is known, at midnight behind it."""
    k = np.arange(7)
    values = {"open": 100.0 + k, "high": 110.0 + k, "low": 90.0 - k, "close": 100.5 + k}
    bars = make_bars(np.array(COIN), **values, volume=1.0 + k, **given)
    return replace(bars, known_at=(bars.day + 1) * DAY)


def share():
    k = np.arange(5)
    bars = make_bars(SHARE, open=10.0 + k, high=12.0 + k, low=8.0 + k, close=11.0 + k, volume=k + 1)
    return replace(bars, known_at=bars.day * DAY + 21 * HOUR)


def snapshot(*bars, calendars=(NEW_YORK, ALWAYS), **was):
    shares = [make_share(each) for each in bars]
    return assemble([year_of(shares, 2024, calendars)], make_beside(**was))


def sampled(*bars, calendars=(NEW_YORK, ALWAYS), **was):
    codes = [each.code for each in calendars]
    return on_leading_sessions(snapshot(*bars, calendars=calendars, **was), codes)


def test_the_sessions_are_those_of_the_exchange_and_its_own_bars_stay():
    found = sampled(share(), coin())

    assert found.session.tolist() == SHARE.tolist()
    np.testing.assert_array_equal(found.close[:, 0], [11, 12, 13, 14, 15])
    np.testing.assert_array_equal(found.known_at[:, 0], SHARE * DAY + 21 * HOUR)
    np.testing.assert_array_equal(found.opens_at[:, 0], SHARE * DAY + 14 * HOUR + HOUR // 2)


def test_a_weekend_is_one_bar_with_monday():
    found = sampled(share(), coin())

    monday = 2
    assert found.open[:, 1].tolist() == [100, 101, 102, 105, 106]  # Saturday's
    assert found.high[:, 1].tolist() == [110, 111, 114, 115, 116]
    assert found.low[:, 1].tolist() == [90, 89, 86, 85, 84]
    assert found.close[:, 1].tolist() == [100.5, 101.5, 104.5, 105.5, 106.5]
    assert found.volume[:, 1].tolist() == [1, 2, 3 + 4 + 5, 6, 7]
    assert found.opens_at[monday, 1] == day("2024-01-06") * DAY
    assert found.closes_at[monday, 1] == found.known_at[monday, 1] == day("2024-01-09") * DAY


def test_a_decision_on_monday_sees_sundays_price():
    was = sampled(share(), coin()).superseded

    assert was.row.tolist() == [2, 2]
    assert was.asset.tolist() == [1, 1]
    assert was.close.tolist() == [102.5, 103.5]
    assert was.high.tolist() == [112, 113]
    assert was.volume.tolist() == [3, 7]
    assert was.known_at.tolist() == [day("2024-01-07") * DAY, day("2024-01-08") * DAY]
    assert was.known_to.tolist() == [day("2024-01-08") * DAY, day("2024-01-09") * DAY]


def test_what_was_believed_of_a_weekend_is_believed_of_its_bar():
    corrected = coin()
    sunday = COIN.index(day("2024-01-07"))
    told = day("2024-01-10") * DAY
    corrected.known_at[sunday] = told
    at_first = (COIN[sunday] + 1) * DAY
    version = {"open": 9.0, "high": 500.0, "low": 7.0, "close": 8.0, "volume": 30.0}
    lines = {name: [value] for name, value in version.items()}

    found = sampled(
        share(),
        corrected,
        day=[COIN[sunday]],
        asset=[1],
        known_at=[at_first],
        known_to=[told],
        **lines,
    )

    was = found.superseded
    assert was.close.tolist() == [102.5, 8.0, 104.5]  # Saturday, Sunday as believed, Monday
    assert was.high.tolist() == [112, 500, 500]
    assert was.known_to.tolist() == [at_first, day("2024-01-09") * DAY, told]
    assert (found.high[2, 1], found.known_at[2, 1]) == (114, told)


def test_versions_of_other_days_move_to_their_new_rows():
    wednesday = day("2024-01-10")
    line = {name: [5.0] for name in ("open", "high", "low", "close", "volume")}
    whole = {"day": [wednesday], "asset": [0], "known_at": [1], "known_to": [2], **line}

    was = sampled(share(), coin(), **whole).superseded

    assert was.row.tolist() == [2, 2, 4]
    assert was.asset.tolist() == [1, 1, 0]


def test_a_bar_that_is_missing_on_monday_is_the_weekends():
    bars = coin()
    kept = bars.day != day("2024-01-08")
    bars = replace(bars, **{name: values[kept] for name, values in vars(bars).items()})

    found = sampled(share(), bars)

    assert (found.close[2, 1], found.known_at[2, 1]) == (103.5, day("2024-01-08") * DAY)


def test_days_behind_the_last_session_wait_for_the_next():
    bars = share()
    early = replace(bars, **{name: values[:2] for name, values in vars(bars).items()})

    found = sampled(early, coin())

    # The coin's bars go on until Wednesday, and so do New York's sessions.
    assert found.session.tolist() == SHARE.tolist()
    only = coin()
    to_sunday = replace(only, **{name: values[:4] for name, values in vars(only).items()})
    assert sampled(early, to_sunday).session.tolist() == SHARE[:2].tolist()


@pytest.mark.parametrize("calendars", [(ALWAYS,), (NEW_YORK,), (NEW_YORK, SYDNEY)])
def test_markets_of_one_kind_keep_their_own_days(calendars):
    whole = snapshot(share(), calendars=calendars)

    assert on_leading_sessions(whole, [each.code for each in calendars]) is whole


def test_exchanges_come_before_currencies_and_those_before_coins():
    assert leading(["24/7", "XASX", "24/5", "XNYS"]) == ("XASX", "XNYS")
    assert leading(["24/7", "24/5"]) == ("24/5",)
    assert leading(["24/7"]) == ("24/7",)


@pytest.mark.parametrize(("number", "expected"), [(1, 0), (2, 1), (3, 4), (6, 7)])
def test_the_nth_session_is_counted_over_all_the_calendars(number, expected):
    first = EPOCH.fromisoformat("2024-01-11")  # Thursday; New York rests on Monday the 15th

    found = nth_session(("XNYS", "XASX"), first, number)

    assert (found - first).days == expected
    assert nth_session(("XNYS",), first, 3) == EPOCH.fromisoformat("2024-01-16")


def test_no_row_is_lost_or_made_up_over_years():
    on = np.arange(day("2023-06-01"), day("2024-06-01"))
    rng = np.random.default_rng(11)
    bars = make_bars(on, **dict.fromkeys(("open", "high", "low", "close"), 50 + rng.random(366)))
    bars = replace(bars, volume=rng.random(366), known_at=(on + 1) * DAY)
    shares = [make_share(bars)]
    years = [year_of(shares, year, (NEW_YORK, ALWAYS)) for year in (2023, 2024)]

    found = on_leading_sessions(assemble(years, make_beside()), ("XNYS", "24/7"))

    held = NEW_YORK.holds(on)
    assert found.session.tolist() == on[held].tolist()
    np.testing.assert_array_equal(found.close[:, 0], bars.close[held])
    assert found.volume.sum() == pytest.approx(bars.volume.sum())
    assert found.high[:, 0].max() == bars.high.max()
    assert (found.known_at[:, 0] == (on[held] + 1) * DAY).all()
    assert len(found.superseded.row) == np.count_nonzero(~held)
    assert (found.superseded.known_to < NEVER).all()
