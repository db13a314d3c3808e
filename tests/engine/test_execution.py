import numpy as np
import pytest

from engine.actions import settle_actions
from engine.execution import (
    FillPolicy,
    fill_instants,
    first_fills,
    known_prices,
    liquidity_before,
    next_session,
    volume_allowance,
)
from engine.panel import NEVER, Superseded
from engine.schedule import DecisionClock, decision_instants
from tests.engine.panels import DAY, HOUR, make_panel, make_sessions

BOTH = np.array([0, 1])  # a New York share and a Sydney share
WINTER, SUMMER = "2024-01-09", "2024-07-09"
# Opens and closes in UTC hours from midnight of the session, engine.md G1.4.
HOURS = {
    WINTER: {"us": (14.5, 21.0), "asx": (-1.0, 5 + 1 / 6)},
    SUMMER: {"us": (13.5, 20.0), "asx": (0.0, 6 + 1 / 6)},
}


def make_two_markets(close, *, start=WINTER, **changes):
    """Return a panel of a New York share (USD) and a Sydney share (AUD), base AUD."""
    close = np.asarray(close, np.float64)
    session = make_sessions(len(close), start)
    midnight = session * DAY
    opens, closes = (
        np.stack([midnight + int(HOURS[start][name][end] * HOUR) for name in ("us", "asx")], axis=1)
        for end in (0, 1)
    )
    terms = {
        "session": session,
        "market": [0, 1],
        "markets": ("XNYS", "XASX"),
        "currency": [1, 0],
        "currencies": ("AUD", "USD"),
        "opens_at": opens,
        "closes_at": closes,
        "known_at": np.where(np.isfinite(close), closes, NEVER),
        "fx": np.stack([np.ones(len(close)), np.full(len(close), 1.5)], axis=1),
        "fx_known_at": np.stack([np.zeros(len(close), np.int64), closes[:, 0]], axis=1),
    }
    return make_panel(close, **{**terms, **changes})


@pytest.mark.parametrize("start", [WINTER, SUMMER])
@pytest.mark.parametrize(
    ("clock", "rows"), [(DecisionClock.ASX_CLOSE, [1, 2]), (DecisionClock.US_CLOSE, [2, 2])]
)
def test_orders_fill_in_the_first_session_that_opens_after_the_decision(start, clock, rows):
    # G1.4: after the ASX close the US opens on the same date, the ASX on the next.
    panel = make_two_markets(np.full((5, 2), 10.0), start=start)
    instant = int(decision_instants(panel, np.array([1]), clock)[0])

    fills = first_fills(
        panel, BOTH, row=1, instant=instant, policy=FillPolicy.NEXT_OPEN, last_row=4
    )

    assert fills.row.tolist() == rows
    assert (fill_instants(panel, fills.row, BOTH, FillPolicy.NEXT_OPEN) > instant).all()


@pytest.mark.parametrize(
    ("start", "utc"),
    [
        (WINTER, ["2024-01-10T14:30", "2024-01-10T23:00"]),
        (SUMMER, ["2024-07-10T13:30", "2024-07-11T00:00"]),
    ],
)
def test_the_instants_of_fills_are_those_of_the_cross_market_golden(start, utc):
    panel = make_two_markets(np.full((5, 2), 10.0), start=start)

    instants = fill_instants(panel, np.array([1, 2]), BOTH, FillPolicy.NEXT_OPEN)

    assert instants.astype("datetime64[ns]").astype("datetime64[m]").astype(str).tolist() == utc


def test_a_missing_open_falls_back_to_the_close_of_the_same_session():
    close = np.full((3, 2), 10.0)
    opening = close.copy()
    opening[1, 0] = np.nan
    panel = make_panel(close, open=opening)

    instants = fill_instants(panel, np.array([1, 1]), BOTH, FillPolicy.NEXT_OPEN)

    assert instants.tolist() == [panel.closes_at[1, 0], panel.opens_at[1, 0]]


def test_an_order_waits_five_own_sessions_for_its_asset_and_then_gives_up():
    close = np.full((12, 3), 10.0)
    close[2:6, 1] = np.nan
    close[2:, 2] = np.nan
    panel = make_panel(close)

    fills = first_fills(
        panel,
        np.arange(3),
        row=1,
        instant=int(panel.closes_at[1, 0]),
        policy=FillPolicy.NEXT_OPEN,
        last_row=11,
    )

    assert fills.row.tolist() == [2, 6, -1]
    assert fills.gave_up.tolist() == [6, 6, 6]


def test_sessions_on_which_the_market_is_closed_are_not_waited_for():
    panel = make_panel(np.full((4, 1), 10.0))
    opens = panel.opens_at.copy()
    opens[2] = NEVER
    closed = make_panel(np.full((4, 1), 10.0), opens_at=opens)

    following = next_session(closed, np.array([0]), row=1, last_row=3)
    none = next_session(closed, np.array([0]), row=3, last_row=3)

    assert (following.tolist(), none.tolist()) == ([3], [-1])


def test_decision_close_fills_on_the_decisions_own_session():
    panel = make_panel(np.full((4, 2), 10.0))

    fills = first_fills(
        panel,
        BOTH,
        row=1,
        instant=int(panel.closes_at[1, 0]),
        policy=FillPolicy.DECISION_CLOSE,
        last_row=3,
    )

    assert fills.row.tolist() == [1, 1]


def test_a_decision_at_the_sydney_close_knows_new_york_and_its_fixing_of_the_day_before():
    close = np.array([[50.0, 10.0], [52.0, 11.0], [54.0, 12.0]])
    fx = np.array([[1.0, 1.5], [1.0, 1.6], [1.0, 1.7]])
    panel = make_two_markets(close, fx=fx)
    actions = settle_actions(panel)
    instant = int(panel.closes_at[1, 1])

    known = known_prices(panel, actions, BOTH, row=1, instant=instant)

    assert known.mark.tolist() == [50.0, 11.0]
    assert known.fx.tolist() == [1.5, 1.0]


def test_a_mark_older_than_a_split_or_dividend_is_taken_ex():
    close = np.array([[50.0, 10.0], [24.0, 11.0], [25.0, 12.0]])
    split, dividend = np.ones((3, 2)), np.zeros((3, 2))
    split[1, 0], dividend[1, 0] = 2.0, 0.5
    panel = make_two_markets(close, split=split, dividend=dividend)
    instant = int(panel.closes_at[1, 1])

    known = known_prices(panel, settle_actions(panel), BOTH, row=1, instant=instant)

    assert known.mark.tolist() == [24.5, 11.0]


def test_a_mark_corrected_later_is_the_one_then_believed():
    close = np.array([[50.0, 10.0], [60.0, 11.0]])
    session = make_sessions(2)
    closes = session * DAY + 21 * HOUR
    corrected = int(closes[1]) + DAY
    known_at = np.repeat(closes[:, None], 2, axis=1)
    known_at[1, 0] = corrected
    was = Superseded(
        row=np.array([1]),
        asset=np.array([0]),
        open=np.array([55.0]),
        close=np.array([55.0]),
        high=np.array([55.0]),
        low=np.array([55.0]),
        volume=np.array([1.0]),
        known_at=closes[1:],
        known_to=np.array([corrected]),
    )
    panel = make_panel(close, known_at=known_at, superseded=was)

    then, now = (
        known_prices(panel, settle_actions(panel), BOTH, row=1, instant=instant).mark.tolist()
        for instant in (int(closes[1]), corrected)
    )

    assert (then, now) == ([55.0, 11.0], [60.0, 11.0])
    nobody = np.empty(0, np.int64)  # of whom no decision wants or holds any
    alone = known_prices(panel, settle_actions(panel), nobody, row=1, instant=int(closes[1]))
    assert alone.mark.tolist() == []


def test_nothing_is_known_before_the_first_bar():
    close = np.array([[np.nan, 10.0], [np.nan, 11.0], [5.0, 12.0]])
    panel = make_panel(close)

    known = known_prices(
        panel, settle_actions(panel), BOTH, row=1, instant=int(panel.closes_at[1, 0])
    )

    np.testing.assert_array_equal(known.mark, [np.nan, 11.0])


def test_unknown_volume_sets_no_limit():
    volume = np.array([[1_000.0, np.nan]])
    panel = make_panel(np.full((1, 2), 10.0), volume=volume)

    assert volume_allowance(panel, 0, BOTH, 0.05).tolist() == [50.0, np.inf]


def test_liquidity_is_measured_before_the_fill_only():
    close = np.array([[10.0], [11.0], [9.9], [10.89], [500.0]])
    panel = make_panel(close, volume=np.array([[7e6], [100.0], [200.0], [300.0], [1e9]]))

    before = liquidity_before(panel, 4, np.array([0]))

    # Returns +10 %, -10 %, +10 %: sample deviation sqrt(4 / 300).
    assert before.sigma[0] == pytest.approx(np.sqrt(0.04 / 3.0), rel=1e-12)
    assert before.turnover[0] == pytest.approx((1_100.0 + 1_980.0 + 3_267.0) / 3.0, rel=1e-12)


def test_liquidity_of_an_asset_without_a_past_is_unknown():
    close = np.array([[np.nan, 10.0], [np.nan, 11.0], [5.0, 12.0]])
    panel = make_panel(close, volume=np.where(np.isfinite(close), 5.0, np.nan))

    before = liquidity_before(panel, 2, BOTH)

    assert np.isnan(before.sigma).all()
    assert np.isnan(before.turnover[0])
