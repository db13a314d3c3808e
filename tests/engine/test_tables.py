import numpy as np

from engine.drawdowns import DrawdownPeriod
from engine.tables import annual_returns, drawdown_periods, monthly_returns


def days(*texts):
    return np.array(texts, "datetime64[D]").astype(np.int64)


SESSION = days("2019-12-30", "2019-12-31", "2020-01-02", "2020-01-31", "2020-03-02", "2021-01-04")
EQUITY = np.array([100.0, 110.0, 99.0, 121.0, 121.0, 60.5])


def test_months_compound_from_the_last_session_of_the_month_before():
    rows = monthly_returns(EQUITY, SESSION)

    assert [row[:2] for row in rows] == [(2019, 12), (2020, 1), (2020, 3), (2021, 1)]
    np.testing.assert_allclose([row[2] for row in rows], [0.1, 0.1, 0.0, -0.5], rtol=1e-12)


def test_a_first_session_that_ends_its_month_brings_no_return():
    rows = monthly_returns(EQUITY[1:], SESSION[1:])

    assert [row[:2] for row in rows] == [(2020, 1), (2020, 3), (2021, 1)]
    assert monthly_returns(EQUITY[:1], SESSION[:1]) == []


def test_years_stand_beside_the_benchmark_where_it_exists():
    benchmark = np.array([np.nan, 50.0, 50.0, 50.0, 55.0, 44.0])

    rows = annual_returns(EQUITY, SESSION, benchmark)

    assert [row[0] for row in rows] == [2019, 2020, 2021]
    np.testing.assert_allclose([row[1] for row in rows], [0.1, 0.1, -0.5], rtol=1e-12)
    assert rows[0][2] is None
    np.testing.assert_allclose([row[2] for row in rows[1:]], [0.1, -0.2], rtol=1e-12)
    assert [row[2] for row in annual_returns(EQUITY, SESSION)] == [None, None, None]


def test_months_stand_beside_the_benchmark_where_it_exists():
    benchmark = np.array([np.nan, 50.0, 50.0, 50.0, 55.0, 44.0])

    others = [row[3] for row in monthly_returns(EQUITY, SESSION, benchmark)]

    assert others[0] is None
    np.testing.assert_allclose(others[1:], [0.0, 0.1, -0.2], rtol=1e-12)
    assert [row[3] for row in monthly_returns(EQUITY, SESSION)] == [None] * 4


def test_years_before_1970_are_themselves():
    session = days("1969-12-30", "1969-12-31", "1970-01-02")

    assert [row[0] for row in annual_returns(EQUITY[:3], session)] == [1969, 1970]
    assert [row[:2] for row in monthly_returns(EQUITY[:3], session)] == [(1969, 12), (1970, 1)]


def test_drawdowns_come_deepest_first_with_their_dates():
    session = days(*(f"2020-01-{day:02d}" for day in range(1, 10)))
    equity = np.array([100.0, 95.0, 90.0, 100.0, 120.0, 60.0, 90.0, 130.0, 117.0])

    found = drawdown_periods(equity, session)

    first = int(session[0])
    assert [round(one.depth, 12) for one in found] == [-0.5, -0.1, -0.1]
    assert found[0] == DrawdownPeriod(
        peak=first + 4, trough=first + 5, recovered=first + 7, depth=-0.5, days=3
    )
    assert (found[1].peak, found[1].trough, found[1].recovered) == (first, first + 2, first + 3)
    assert (found[2].peak, found[2].recovered, found[2].days) == (first + 7, None, 1)
    assert drawdown_periods(equity, session, first=1) == found[:1]


def test_a_curve_that_only_rises_has_no_drawdown():
    assert drawdown_periods(np.array([1.0, 1.0, 2.0]), np.arange(3)) == []
