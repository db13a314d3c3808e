import numpy as np
import pytest

from engine.panel import NEVER
from engine.schedule import DecisionClock, Rebalance, decision_instants, decision_rows, primary_rows
from tests.engine.panels import DAY, HOUR, make_panel, make_sessions

SESSION = make_sessions(262)  # the weekdays from 2000-01-03 to 2001-01-02


def days(rows):
    return SESSION[rows].astype("datetime64[D]").astype(str).tolist()


def instant(text):
    return int(np.datetime64(text, "ns").astype(np.int64))


def test_a_month_ends_on_its_last_session():
    rows = decision_rows(SESSION, Rebalance.MONTHLY, first_row=0, last_row=len(SESSION) - 1)

    assert days(rows)[:3] == ["2000-01-31", "2000-02-29", "2000-03-31"]
    assert len(rows) == 12


def test_a_week_ends_on_friday_and_a_quarter_on_its_last_session():
    weekly = decision_rows(SESSION, Rebalance.WEEKLY, first_row=0, last_row=10)
    quarterly = decision_rows(SESSION, Rebalance.QUARTERLY, first_row=0, last_row=261)

    assert days(weekly) == ["2000-01-07", "2000-01-14"]
    assert days(quarterly) == ["2000-03-31", "2000-06-30", "2000-09-29", "2000-12-29"]


def test_every_session_but_the_last_is_a_daily_decision():
    rows = decision_rows(SESSION[:5], Rebalance.DAILY, first_row=1, last_row=4)

    np.testing.assert_array_equal(rows, [1, 2, 3])


def test_the_last_session_known_ends_no_period():
    """Whether 31 January ends the month is not told by a calendar that stops there."""
    january = SESSION[:21]

    rows = decision_rows(january, Rebalance.MONTHLY, first_row=0, last_row=20)

    assert str(january[-1].astype("datetime64[D]")) == "2000-01-31"
    assert rows.size == 0


def test_an_offset_moves_the_decision_later():
    rows = decision_rows(SESSION, Rebalance.MONTHLY, first_row=0, last_row=60, offset=2)

    assert days(rows) == ["2000-02-02", "2000-03-02"]


def test_a_closure_nobody_foresaw_ends_no_week():
    """On Monday 10 September 2001 the calendar had four more sessions in that week."""
    weekdays = make_sessions(20, "2001-09-03")
    shut = np.arange("2001-09-11", "2001-09-15", dtype="datetime64[D]").astype(np.int64)
    session = weekdays[~np.isin(weekdays, shut)]

    def weekly(market):
        rows = decision_rows(
            session, Rebalance.WEEKLY, first_row=0, last_row=len(session) - 1, market=market
        )
        return session[rows].astype("datetime64[D]").astype(str).tolist()

    assert weekly("XNYS") == weekly("XNAS") == ["2001-09-07", "2001-09-21"]
    assert weekly("XASX") == ["2001-09-07", "2001-09-10", "2001-09-21"]


def test_rows_outside_the_run_are_left_out():
    rows = decision_rows(SESSION, Rebalance.MONTHLY, first_row=21, last_row=64)

    assert days(rows) == ["2000-02-29", "2000-03-31"]


def two_markets(date, *, asx, us):
    """Return a panel of three sessions round `date`; `asx` and `us` are (open, close) instants."""
    session = np.array([date - 1, date, date + 1])
    shift = np.array([-DAY, 0, DAY])[:, None]
    return make_panel(
        np.full((3, 2), 10.0),
        session=session,
        market=[0, 1],
        markets=("XASX", "XNYS"),
        opens_at=shift + np.array([asx[0], us[0]]),
        closes_at=shift + np.array([asx[1], us[1]]),
    )


@pytest.mark.parametrize(
    ("day", "asx", "us", "next_open"),
    [
        (
            "2024-01-10",
            ("2024-01-09T23:00", "2024-01-10T05:10"),
            ("2024-01-10T14:30", "2024-01-10T21:00"),
            "2024-01-10T23:00",
        ),
        (
            "2024-07-10",
            ("2024-07-10T00:00", "2024-07-10T06:10"),
            ("2024-07-10T13:30", "2024-07-10T20:00"),
            "2024-07-11T00:00",
        ),
    ],
)
def test_sydney_closes_before_new_york_opens_on_the_same_date(day, asx, us, next_open):
    """G1.4: a decision at the Sydney close does not see that day's New York bar; at the New York
    close it sees both, and the next Sydney open is strictly later."""
    date = int(np.datetime64(day, "D").astype(np.int64))
    asx, us = (tuple(instant(text) for text in pair) for pair in (asx, us))
    panel = two_markets(date, asx=asx, us=us)

    at_asx, at_us = (
        int(decision_instants(panel, np.array([1]), clock)[0])
        for clock in (DecisionClock.ASX_CLOSE, DecisionClock.US_CLOSE)
    )

    assert at_asx == asx[1] < us[0]
    assert at_us == us[1] < instant(next_open) == panel.opens_at[2, 0]
    np.testing.assert_array_equal(panel.window(1, 1, at_asx).due, [[True, False]])
    np.testing.assert_array_equal(panel.window(1, 1, at_us).due, [[True, True]])


def test_a_clock_whose_market_is_closed_or_absent_strikes_at_its_nominal_hour():
    panel = make_panel(np.full((3, 1), 10.0))
    closes_at = panel.closes_at.copy()
    closes_at[1, 0] = NEVER
    panel = make_panel(np.full((3, 1), 10.0), closes_at=closes_at)

    us = decision_instants(panel, np.array([0, 1]), DecisionClock.US_CLOSE)
    asx = decision_instants(panel, np.array([0, 1]), DecisionClock.ASX_CLOSE)

    np.testing.assert_array_equal(us, [closes_at[0, 0], panel.session[1] * DAY + 21 * HOUR])
    np.testing.assert_array_equal(asx, panel.session[:2] * DAY + 6 * HOUR + HOUR // 6)
    np.testing.assert_array_equal(primary_rows(panel), [0, 2])
