import datetime as dt
from dataclasses import fields

import numpy as np
import pytest

from api.services.calendars import calendar
from api.services.panel_build import (
    Series,
    Share,
    assemble,
    build_year,
    level_of,
    session_rates,
)
from api.services.snapshot import (
    Bars,
    Beside,
    adjust,
    dump_beside,
    dump_year,
    load_beside,
    load_year,
)
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


def make_share(bars, actions=()) -> Share:
    """Actions are (day, split, dividend, day of payment)."""
    on, split, dividend, paid_on = zip(*actions, strict=True) if actions else ((), (), (), ())
    return Share(
        bars=bars,
        action_day=np.array(on, np.int64),
        split=np.array(split, np.float64),
        dividend=np.array(dividend, np.float64),
        paid_on=np.array(paid_on, np.float64),
    )


NO_RATES = make_series(np.array([], np.int64), np.array([], np.float64))
SUPERSEDED = ("day", "asset", "open", "high", "low", "close", "volume", "known_at", "known_to")


def make_beside(benchmark=None, audusd=NO_RATES, *, told_at=0, **was) -> Beside:
    level = NO_RATES
    if benchmark is not None:
        level = Series(
            day=benchmark.day,
            value=level_of(make_share(benchmark)),
            known_at=benchmark.known_at,
        )
    numbers = dict.fromkeys(("open", "high", "low", "close", "volume"), np.float64)
    return Beside(
        benchmark_day=level.day,
        benchmark=level.value,
        benchmark_known_at=level.known_at,
        audusd_day=audusd.day,
        audusd=audusd.value,
        audusd_known_at=audusd.known_at,
        told_at=np.array([told_at]),
        **{
            f"was_{name}": np.array(was.get(name, []), numbers.get(name, np.int64))
            for name in SUPERSEDED
        },
    )


def snapshot_of(assets, benchmark=None, *, calendars=(NEW_YORK,), audusd=NO_RATES, rf=NO_RATES):
    """Assemble whole years of bars."""
    shares = [each if isinstance(each, Share) else make_share(each) for each in assets]
    years = [year_of(shares, year, calendars, rf) for year in (2023, 2024)]
    return assemble(years, make_beside(benchmark, audusd))


def year_of(shares, year, calendars=(NEW_YORK,), rf=NO_RATES):
    first, last = day(f"{year}-01-01"), day(f"{year}-12-31")
    return build_year(shares, rf, first=first, last=last, calendars=calendars)


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

    snapshot = snapshot_of([bars])

    np.testing.assert_array_equal(snapshot.session, days("2024-01-02", "2024-01-03", "2024-01-04"))
    np.testing.assert_array_equal(snapshot.close[:, 0], [10.0, np.nan, 12.0])
    assert snapshot.known_at[1, 0] == NEVER
    assert np.isnan(snapshot.benchmark).all()
    assert np.isnan(snapshot.audusd).all()


# 2024-01-26 is Australia Day, 2024-01-15 Martin Luther King's.
def test_sessions_are_those_of_all_markets():
    span = days("2024-01-12", "2024-01-29")
    us, au = make_bars(span, close=[1.0, 2.0]), make_bars(span, close=[3.0, 4.0])

    snapshot = snapshot_of([us, au], calendars=[NEW_YORK, SYDNEY])

    holidays = np.searchsorted(snapshot.session, days("2024-01-15", "2024-01-26"))
    assert len(snapshot.session) == 12
    np.testing.assert_array_equal(
        snapshot.closes_at[holidays] == NEVER, [[True, False], [False, True]]
    )
    assert (snapshot.opens_at < snapshot.closes_at)[snapshot.closes_at != NEVER].all()


def test_a_session_takes_the_last_fixing_on_or_before_it():
    bars = make_bars(days("2024-01-02", "2024-01-05"), close=[1.0, 1.0])
    fixings = make_series(days("2024-01-03", "2024-01-05"), [0.67, 0.66])

    snapshot = snapshot_of([bars], audusd=fixings)

    np.testing.assert_array_equal(snapshot.audusd, [np.nan, 0.67, 0.67, 0.66])
    assert snapshot.audusd_known_at[0] == NEVER
    assert snapshot.audusd_known_at[2] == fixings.known_at[0]


def test_the_benchmark_stands_at_its_last_level():
    bars = make_bars(days("2024-01-03", "2024-01-05"), close=[1.0, 1.0])
    index = make_bars(days("2024-01-02", "2024-01-04"), close=[50.0, 60.0])

    snapshot = snapshot_of([bars], index)

    assert snapshot.benchmark.tolist() == [50.0, 60.0, 60.0]


def test_a_benchmark_that_ended_is_unknown_not_flat():
    bars = make_bars(days("2024-01-03", "2024-01-16"), close=[1.0, 1.0])
    index = make_bars(days("2024-01-03"), close=[50.0])

    snapshot = snapshot_of([bars], index)

    assert snapshot.benchmark[:6].tolist() == [50.0] * 6  # to Wednesday the 10th
    assert np.isnan(snapshot.benchmark[6:]).all()


def test_what_became_known_last_is_kept_with_the_snapshot():
    bars = make_bars(days("2024-01-03"), close=[1.0])
    fixings = make_series(days("2024-01-02", "2024-02-01"), [0.67, 0.66])

    snapshot = snapshot_of([bars], bars, audusd=fixings)

    assert snapshot.latest == day("2024-01-03") * 86_400 * 10**9


# The bill rate of January 2018 was 0.11 %, and the month had 21 sessions in New York.
def test_a_months_rate_compounds_back_from_its_sessions():
    month = days("2018-01-31")
    sessions = NEW_YORK.session[NEW_YORK.between(day("2018-01-01"), day("2018-02-02"))]

    rates = session_rates(sessions, NEW_YORK, month, np.array([0.0011]))

    assert len(sessions) == 23
    assert np.prod(1.0 + rates[:21]) - 1.0 == pytest.approx(0.0011, abs=1e-14)
    assert np.isnan(rates[21:]).all()


def test_only_sessions_of_the_primary_market_earn_the_rate():
    day_after = days("2018-01-15")  # Martin Luther King's day: Sydney trades, New York does not

    rates = session_rates(day_after, NEW_YORK, days("2018-01-31"), np.array([0.0011]))

    assert rates.tolist() == [0.0]


def test_parts_survive_parquet_bit_by_bit():
    bars = make_bars(
        days("2024-01-02", "2024-01-04"), close=[10.0, 12.0], volume=[1.0, np.nan], low=[9.5, 1.0]
    )
    shares = [
        make_share(bars, [(day("2024-01-04"), 2.0, 0.5, day("2024-01-30"))]),
        make_share(make_bars(days("2024-01-03"), adjusted_close=[0.1 + 0.2])),
    ]
    rates = make_series(days("2024-01-31"), [0.004])
    year = year_of(shares, 2024, [NEW_YORK, SYDNEY], rates)
    beside = make_beside(bars, make_series(days("2024-01-01"), [0.67]), close=[1.5], day=[3])

    again = load_year(dump_year(year, made_from="rows"), made_from="rows")
    others = load_beside(dump_beside(beside, made_from="rows"), made_from="rows")

    for before, after in ((year, again), (beside, others)):
        for entry in fields(before):
            np.testing.assert_array_equal(getattr(after, entry.name), getattr(before, entry.name))


def test_a_part_made_from_other_rows_is_not_fresh():
    year = year_of([make_share(make_bars(days("2024-01-02"), close=[1.0]))], 2024)

    assert load_year(dump_year(year, made_from="old"), made_from="new") is None
    assert load_beside(dump_beside(make_beside(), made_from="old"), made_from="new") is None


def test_an_action_lies_on_its_ex_date_or_the_next_session():
    bars = make_bars(days("2024-01-12", "2024-01-16"), close=[100.0, 51.0])
    monday = day("2024-01-15")  # Martin Luther King's day

    paid_on = day("2024-02-01")
    actions = [(monday, 2.0, 0.5, paid_on), (monday + 1, 1.0, 0.0, np.nan)]

    snapshot = snapshot_of([make_share(bars, actions)])

    assert snapshot.split[:, 0].tolist() == [1.0, 2.0]
    assert snapshot.dividend[:, 0].tolist() == [0.0, 0.5]
    assert snapshot.paid_on[:, 0].tolist() == [pytest.approx(np.nan, nan_ok=True), paid_on]
    assert snapshot.close[:, 0].tolist() == [100.0, 51.0]


def test_a_level_reinvests_dividends_and_survives_splits():
    bars = make_bars(days("2024-01-12", "2024-01-16"), close=[100.0, 51.0])

    level = level_of(make_share(bars, [(day("2024-01-16"), 2.0, 0.5, np.nan)]))

    # engine.md G1.3: 2 (51 + 0.50) / 100 - 1 = 3 %.
    assert level.tolist() == [100.0, 103.0]


def test_years_join_without_a_seam():
    bars = make_bars(days("2023-12-29", "2024-01-02"), close=[10.0, 11.0])
    index = make_bars(days("2023-12-28"), close=[50.0])
    fixings = make_series(days("2023-12-27"), [0.68])

    snapshot = snapshot_of([bars], index, audusd=fixings)

    np.testing.assert_array_equal(snapshot.session, days("2023-12-29", "2024-01-02"))
    assert snapshot.close[:, 0].tolist() == [10.0, 11.0]
    assert snapshot.benchmark.tolist() == [50.0, 50.0]
    assert snapshot.audusd.tolist() == [0.68, 0.68]
    assert snapshot.audusd_day.tolist() == [day("2023-12-27")] * 2


def test_what_a_bar_was_before_its_correction_is_placed_on_its_row():
    bars = make_bars(days("2024-01-02", "2024-01-04"), close=[10.0, 12.0])
    years = [year_of([make_share(bars)], 2024)]
    # A correction of a day that is on no row, and one of the third session.
    beside = make_beside(
        day=days("2024-01-01", "2024-01-04"),
        asset=[0, 0],
        open=[8.0, 10.0],
        close=[9.0, 11.0],
        high=[9.0, 11.0],
        low=[9.0, 11.0],
        volume=[1.0, 2.0],
        known_at=[1, 2],
        known_to=[3, 4],
    )

    was = assemble(years, beside).superseded

    assert (was.row.tolist(), was.close.tolist(), was.known_to.tolist()) == ([2], [11.0], [4])
    assert was.open.tolist() == [10.0]


def test_a_level_is_known_when_its_own_market_has_closed():
    sydney = make_share(make_bars(days("2024-01-02", "2024-01-03"), close=[10.0, 11.0]))
    level = make_bars(days("2024-01-02", "2024-01-03"), close=[50.0, 51.0])

    snapshot = snapshot_of([sydney], level)

    assert snapshot.benchmark_known_at.tolist() == level.known_at.tolist()
