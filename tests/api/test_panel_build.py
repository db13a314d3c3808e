import datetime as dt
from dataclasses import fields

import numpy as np
import pytest

from api.services.calendars import calendar
from api.services.panel_build import Series, build_snapshot, session_rates
from api.services.snapshot import Bars, adjust, dump_snapshot, load_snapshot
from engine.panel import NEVER

EPOCH = dt.date(1970, 1, 1)
NEW_YORK, SYDNEY = calendar("XNYS"), calendar("XASX")


def day(text: str) -> int:
    return (dt.date.fromisoformat(text) - EPOCH).days


def days(*texts: str) -> np.ndarray:
    return np.array([day(text) for text in texts])


def make_bars(on, **given) -> Bars:
    unknown = np.full(len(on), np.nan)
    columns = dict.fromkeys(("open", "high", "low", "close", "adjusted_close", "volume"), unknown)
    columns |= {name: np.array(values, np.float64) for name, values in given.items()}
    return Bars(day=on, known_at=on * 86_400 * 10**9, **columns)


def make_series(on, values) -> Series:
    known_at = np.asarray(on) * 86_400 * 10**9
    return Series(day=np.asarray(on), value=np.asarray(values), known_at=known_at)


NO_RATES = make_series(np.array([], np.int64), np.array([], np.float64))


def test_prices_are_scaled_and_volume_keeps_the_money_that_changed_hands():
    bars = make_bars(
        days("2024-01-02"),
        open=[99.0],
        high=[104.0],
        low=[98.0],
        close=[100.0],
        adjusted_close=[25.0],
        volume=[1_000.0],
    )

    found = {name: values.tolist() for name, values in adjust(bars).items()}

    assert found == {
        "open": [24.75],
        "high": [26.0],
        "low": [24.5],
        "close": [25.0],
        "volume": [4_000.0],
    }


def test_a_bar_without_an_adjusted_close_stands_as_it_is():
    bars = make_bars(days("2024-01-02"), open=[9.0], close=[10.0], volume=[5.0])

    found = adjust(bars)

    assert (found["open"][0], found["close"][0], found["volume"][0]) == (9.0, 10.0, 5.0)
    assert np.isnan(found["high"][0])


def test_an_adjusted_close_alone_leaves_the_rest_unknown():
    found = adjust(make_bars(days("2024-01-02"), adjusted_close=[25.0]))

    assert found["close"].tolist() == [25.0]
    assert all(np.isnan(found[name][0]) for name in ("open", "high", "low", "volume"))


def test_a_session_without_a_bar_stays_empty():
    bars = make_bars(days("2024-01-02", "2024-01-04"), close=[10.0, 12.0])

    snapshot = build_snapshot([bars], None, calendars=[NEW_YORK], audusd=NO_RATES, rf=NO_RATES)

    np.testing.assert_array_equal(snapshot.session, days("2024-01-02", "2024-01-03", "2024-01-04"))
    np.testing.assert_array_equal(snapshot.close[:, 0], [10.0, np.nan, 12.0])
    assert snapshot.known_at[1, 0] == NEVER
    assert np.isnan(snapshot.benchmark).all()
    assert np.isnan(snapshot.audusd).all()


# 2024-01-26 is Australia Day, 2024-01-15 Martin Luther King's.
def test_sessions_are_those_of_all_markets():
    span = days("2024-01-12", "2024-01-29")
    us, au = make_bars(span, close=[1.0, 2.0]), make_bars(span, close=[3.0, 4.0])

    snapshot = build_snapshot(
        [us, au], None, calendars=[NEW_YORK, SYDNEY], audusd=NO_RATES, rf=NO_RATES
    )

    holidays = np.searchsorted(snapshot.session, days("2024-01-15", "2024-01-26"))
    assert len(snapshot.session) == 12
    np.testing.assert_array_equal(
        snapshot.closes_at[holidays] == NEVER, [[True, False], [False, True]]
    )
    assert (snapshot.opens_at < snapshot.closes_at)[snapshot.closes_at != NEVER].all()


def test_a_session_takes_the_last_fixing_on_or_before_it():
    bars = make_bars(days("2024-01-02", "2024-01-05"), close=[1.0, 1.0])
    fixings = make_series(days("2024-01-03", "2024-01-05"), [0.67, 0.66])

    snapshot = build_snapshot([bars], None, calendars=[NEW_YORK], audusd=fixings, rf=NO_RATES)

    np.testing.assert_array_equal(snapshot.audusd, [np.nan, 0.67, 0.67, 0.66])
    assert snapshot.audusd_known_at[0] == NEVER
    assert snapshot.audusd_known_at[2] == fixings.known_at[0]


def test_the_benchmark_stands_at_its_last_level():
    bars = make_bars(days("2024-01-03", "2024-01-05"), close=[1.0, 1.0])
    index = make_bars(days("2024-01-02", "2024-01-04"), close=[50.0, 60.0])

    snapshot = build_snapshot([bars], index, calendars=[NEW_YORK], audusd=NO_RATES, rf=NO_RATES)

    assert snapshot.benchmark.tolist() == [50.0, 60.0, 60.0]


def test_a_benchmark_that_ended_is_unknown_not_flat():
    bars = make_bars(days("2024-01-03", "2024-01-16"), close=[1.0, 1.0])
    index = make_bars(days("2024-01-03"), close=[50.0])

    snapshot = build_snapshot([bars], index, calendars=[NEW_YORK], audusd=NO_RATES, rf=NO_RATES)

    assert snapshot.benchmark[:6].tolist() == [50.0] * 6  # to Wednesday the 10th
    assert np.isnan(snapshot.benchmark[6:]).all()


def test_what_became_known_last_is_kept_with_the_snapshot():
    bars = make_bars(days("2024-01-03"), close=[1.0])
    fixings = make_series(days("2024-01-02", "2024-02-01"), [0.67, 0.66])

    snapshot = build_snapshot([bars], bars, calendars=[NEW_YORK], audusd=fixings, rf=NO_RATES)

    assert snapshot.latest == day("2024-01-03") * 86_400 * 10**9


# The bill rate of January 2018 was 0.11 %, and the month had 21 sessions in New York.
def test_a_months_rate_compounds_back_from_its_sessions():
    month = days("2018-01-31")
    sessions = NEW_YORK.session[NEW_YORK.between(day("2018-01-01"), day("2018-02-02"))]

    rates = session_rates(sessions, NEW_YORK, make_series(month, [0.0011]))

    assert len(sessions) == 23
    assert np.prod(1.0 + rates[:21]) - 1.0 == pytest.approx(0.0011, abs=1e-14)
    assert np.isnan(rates[21:]).all()


def test_only_sessions_of_the_primary_market_earn_the_rate():
    day_after = days("2018-01-15")  # Martin Luther King's day: Sydney trades, New York does not

    rates = session_rates(day_after, NEW_YORK, make_series(days("2018-01-31"), [0.0011]))

    assert rates.tolist() == [0.0]


def test_a_snapshot_survives_parquet_bit_by_bit():
    bars = make_bars(
        days("2024-01-02", "2024-01-04"), close=[10.0, 12.0], volume=[1.0, np.nan], low=[9.5, 1.0]
    )
    fixings = make_series(days("2024-01-01"), [0.67])
    before = build_snapshot(
        [bars, make_bars(days("2024-01-03"), adjusted_close=[0.1 + 0.2])],
        bars,
        calendars=[NEW_YORK, SYDNEY],
        audusd=fixings,
        rf=NO_RATES,
    )

    after = load_snapshot(dump_snapshot(before))

    assert after.latest == before.latest
    for entry in fields(before):
        np.testing.assert_array_equal(getattr(after, entry.name), getattr(before, entry.name))
