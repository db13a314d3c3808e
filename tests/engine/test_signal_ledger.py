"""The share-exact ledger of entries, stops and exits, on bars whose outcome is plain."""

import dataclasses

import numpy as np
import pytest

from engine.errors import EngineError
from engine.panel import NEVER
from engine.schedule import DecisionClock
from engine.signals import Rules
from tests.engine.ledgers import entries, make_costs
from tests.engine.panels import make_panel
from tests.engine.signals import (
    RULES,
    make_bars,
    make_signal_targets,
    make_signals,
    run_signals,
)
from tests.engine.test_execution import make_two_markets

NAN = np.nan
FLAT = (50.0, 50.0, 50.0, 50.0)
SOLD = ("row", "side", "filled", "price", "reason")


def buying(rules=RULES, **columns):
    return make_signals(asset=[0], rules=rules, **columns)


def run(*rows, leave=(), signals=None, **changes):
    """Buy on row 0 with a stop at 47, unless said otherwise, and return the orders."""
    decided = {row: make_signals(leave=[0]) for row in leave}
    decided |= {0: signals or buying(floor=47.0)}
    return entries(run_signals(make_bars(*rows), decided, **changes).orders, *SOLD)


@pytest.mark.parametrize(("stop", "shares"), [(47.0, 166.0), (49.9, 400.0)])
def test_risk_and_the_largest_position_size_a_purchase(stop, shares):
    """Golden of engine.md 2.8: 100,000 at 0.5 % risk, entry 50."""
    orders = run(FLAT, FLAT, FLAT, signals=buying(floor=stop))

    assert orders == [(1, 1, shares, 50.0, "filled")]


def test_the_first_stop_is_the_higher_of_the_floor_and_the_distance():
    near = run(FLAT, FLAT, (50, 50, 48, 50), signals=buying(floor=45.0, distance=1.0))
    far = run(FLAT, FLAT, (50, 50, 44.5, 50), signals=buying(floor=45.0, distance=9.0))

    assert near[1] == (2, -1, 400.0, 49.0, "filled_at_stop")
    assert far[1] == (2, -1, 100.0, 45.0, "filled_at_stop")


def test_a_stop_within_the_bar_is_paid_and_a_gap_through_it_sells_at_the_open():
    within = run(FLAT, FLAT, (50, 51, 46, 48), FLAT)
    through = run(FLAT, FLAT, (45, 51, 44, 48), FLAT)

    assert within[1] == (2, -1, 166.0, 47.0, "filled_at_stop")
    assert through[1] == (2, -1, 166.0, 45.0, "filled_at_stop")


def test_a_purchase_at_the_open_is_stopped_on_the_day_it_was_made():
    orders = run(FLAT, (50, 51, 46, 48), FLAT)

    assert orders == [(1, 1, 166.0, 50.0, "filled"), (1, -1, 166.0, 47.0, "filled_at_stop")]


def test_a_buy_stop_fills_at_the_higher_of_open_and_trigger_where_the_high_reaches_it():
    resting = buying(trigger=52.0, floor=47.0)

    assert run(FLAT, (50, 51.9, 49, 50), FLAT, signals=resting) == []
    assert run(FLAT, (50, 53, 49, 53), FLAT, signals=resting)[0] == (1, 1, 100.0, 52.0, "filled")
    assert run(FLAT, (54, 55, 54, 55), FLAT, signals=resting)[0] == (1, 1, 71.0, 54.0, "filled")


def test_a_buy_stop_and_its_stop_in_one_bar_are_both_taken_though_the_low_may_have_come_first():
    orders = run(FLAT, (46, 53, 45, 53), FLAT, signals=buying(trigger=52.0, floor=47.0))

    assert orders == [(1, 1, 100.0, 52.0, "filled"), (1, -1, 100.0, 47.0, "filled_at_stop")]


def test_a_stop_above_the_price_before_slippage_sells_at_that_price():
    """Bought at 50.40 after 80 bps, with the stop at 50.20: the market never traded there."""
    costs = make_costs(slippage_bps=80.0)
    orders = run(FLAT, (50, 50.1, 49, 50), FLAT, signals=buying(floor=50.2), costs=costs)

    assert [order[3] for order in orders] == [50.4, 49.6]


def test_a_purchase_above_its_limit_is_not_made_and_does_not_wait():
    orders = run(FLAT, (52.1, 53, 52, 52), FLAT, FLAT, signals=buying(floor=47.0, limit=52.0))

    assert orders == [(1, 1, 0.0, 50.0, "cancelled_gap")]


HALF = dataclasses.replace(RULES, partial=0.5, partial_at=2.0)  # target 56, risk 3


def test_a_part_is_sold_at_the_target_and_the_rest_at_the_price_paid():
    rows = (FLAT, FLAT, (52, 57, 51, 55), (55, 55, 49, 49), FLAT)

    orders = run(*rows, signals=buying(HALF, floor=47.0))

    assert orders[1:] == [
        (2, -1, 83.0, 56.0, "filled_at_target"),
        (3, -1, 83.0, 50.0, "filled_at_stop"),
    ]


def test_a_bar_with_stop_and_target_is_stopped():
    orders = run(FLAT, FLAT, (52, 57, 46, 55), FLAT, signals=buying(HALF, floor=47.0))

    assert orders[1:] == [(2, -1, 166.0, 47.0, "filled_at_stop")]


def test_the_stop_moves_with_the_session_after_the_early_sale():
    """The bar that reaches the target falls below the entry too: the old stop held that day."""
    rows = (FLAT, FLAT, (52, 57, 49, 51), (51, 52, 50.5, 51), (48, 51, 48, 48))

    orders = run(*rows, signals=buying(HALF, floor=47.0))

    assert [order[0] for order in orders] == [1, 2, 4]
    assert orders[2] == (4, -1, 83.0, 48.0, "filled_at_stop")


def test_a_gap_above_the_target_sells_the_part_at_the_open():
    orders = run(FLAT, FLAT, (58, 59, 57, 58), FLAT, signals=buying(HALF, floor=47.0))

    assert orders[1] == (2, -1, 83.0, 58.0, "filled_at_target")


def test_a_part_is_sold_once_and_after_so_many_sessions_whatever_the_price():
    rules = dataclasses.replace(HALF, partial_after=2)
    up = (51, 51.5, 50.5, 51)

    orders = run(FLAT, FLAT, up, up, up, (57, 58, 55, 57), signals=buying(rules, floor=47.0))

    assert orders[1:] == [(3, -1, 83.0, 51.0, "filled")]


def test_all_is_sold_after_the_longest_holding():
    rules = dataclasses.replace(RULES, max_hold=3)

    orders = run(*(FLAT,) * 6, signals=buying(rules, floor=47.0))

    assert orders[1:] == [(4, -1, 166.0, 50.0, "filled")]


def test_what_is_to_be_left_is_sold_at_the_next_open():
    orders = run(FLAT, FLAT, FLAT, (49, 49.5, 48, 48.5), FLAT, leave=[2])

    assert orders[1:] == [(3, -1, 166.0, 49.0, "filled")]


def test_an_entry_without_a_stop_is_as_large_as_it_may_be():
    orders = run(FLAT, FLAT, (1, 1, 1, 1), signals=buying())

    assert orders == [(1, 1, 400.0, 50.0, "filled")]


def test_no_more_positions_than_allowed_the_best_first():
    panel = make_panel(np.full((4, 3), 50.0))
    rules = dataclasses.replace(RULES, max_positions=2)
    signals = make_signals(3, asset=[2, 0, 1], floor=47.0, rules=rules)

    orders = run_signals(panel, {0: signals, 1: signals}).orders

    assert entries(orders, "row", "asset", "filled") == [(1, 2, 166.0), (1, 0, 166.0)]


def test_a_place_that_opens_with_a_sale_is_taken_at_the_same_open():
    panel = make_panel(np.full((5, 2), 50.0))
    rules = dataclasses.replace(RULES, max_positions=1)
    first = make_signals(2, asset=[0], floor=47.0, rules=rules)
    swap = make_signals(2, asset=[1], floor=47.0, rules=rules, leave=[0])

    orders = run_signals(panel, {0: first, 2: swap}).orders

    assert entries(orders, "row", "asset", "side") == [(1, 0, 1), (3, 0, -1), (3, 1, 1)]


def test_a_place_whose_sale_found_no_bar_is_not_taken():
    close = np.full((5, 2), 50.0)
    close[3, 0] = NAN
    rules = dataclasses.replace(RULES, max_positions=1)
    first = make_signals(2, asset=[0], floor=47.0, rules=rules)
    swap = make_signals(2, asset=[1], floor=47.0, rules=rules, leave=[0])

    orders = run_signals(make_panel(close), {0: first, 2: swap}).orders

    assert entries(orders, "row", "asset", "side", "reason")[1:] == [
        (3, 1, 1, "cancelled_no_place"),
        (4, 0, -1, "filled"),
    ]


def test_cash_bounds_the_last_purchases():
    panel = make_panel(np.full((3, 3), 50.0))
    rules = Rules(risk=0.02, max_position=0.5, max_positions=3)
    signals = make_signals(3, asset=[0, 1, 2], floor=49.0, rules=rules)

    ledger = run_signals(panel, {0: signals}, costs=make_costs(commission_flat=5.0))

    assert entries(ledger.orders, "asset", "filled", "reason") == [
        (0, 1000.0, "filled"),
        (1, 999.0, "partial_cash"),
        (2, 0.0, "cancelled_no_cash"),
    ]
    assert ledger.books.cash.min() == 40.0


def test_volume_bounds_every_order_of_a_session_together():
    """One in five of 500 shares: 100 are bought, and the stop of the day can sell none."""
    volume = np.array([[500.0], [500.0], [250.0], [1e6]])
    panel = make_bars(FLAT, (50, 51, 46, 48), FLAT, FLAT, volume=volume)

    ledger = run_signals(panel, {0: buying(floor=47.0)}, costs=make_costs(max_volume_share=0.2))

    assert entries(ledger.orders, "row", "side", "quantity", "filled", "reason") == [
        (1, 1, 166.0, 100.0, "partial_volume"),
        (1, -1, 100.0, 0.0, "partial_volume"),
        (2, -1, 100.0, 50.0, "partial_volume"),
        (3, -1, 50.0, 50.0, "filled"),
    ]


@pytest.mark.parametrize(
    ("rules", "floor", "reason"),
    [
        (dataclasses.replace(RULES, min_notional=8_301.0), 47.0, "cancelled_too_small"),
        (dataclasses.replace(RULES, min_weight=0.09), 47.0, "cancelled_too_small"),
        (RULES, 50.0, "cancelled_too_small"),
        (RULES, 51.0, "cancelled_too_small"),
    ],
)
def test_what_is_too_small_or_not_above_its_stop_is_not_bought(rules, floor, reason):
    orders = run(FLAT, FLAT, FLAT, signals=buying(rules, floor=floor))

    assert [order[4] for order in orders] == [reason]


def test_slippage_belongs_to_the_price_risk_is_counted_from():
    """Bought at 50.25 after 50 bps: 500 / 3.25 = 153 shares; the stop slips the other way."""
    orders = run(FLAT, FLAT, (50, 51, 46, 48), FLAT, costs=make_costs(slippage_bps=50.0))

    assert orders == [(1, 1, 153.0, 50.25, "filled"), (2, -1, 153.0, 46.76, "filled_at_stop")]


def test_a_split_moves_stop_target_and_waiting_purchase():
    halves = [FLAT, FLAT, (25, 26, 23.4, 24), (25, 25, 25, 25)]
    split = np.array([[1.0], [1.0], [2.0], [1.0]])
    panel = make_bars(*halves, split=split, tr_factor=np.cumprod(split, axis=0))

    held = run_signals(panel, {0: buying(floor=47.0)})
    waiting = run_signals(panel, {1: buying(trigger=51.0, floor=45.0)})

    assert entries(held.orders, *SOLD)[1] == (2, -1, 332.0, 23.5, "filled_at_stop")
    assert entries(waiting.orders, *SOLD)[0] == (2, 1, 166.0, 25.5, "filled")


def test_a_split_of_the_day_reaches_prices_decided_before_its_bar():
    """At the Sydney close the New York session of the day is to come, its split in force."""
    close = np.array([[60.0, 10.0]] * 2 + [[30.0, 10.0]] * 2)
    split = np.array([[1.0, 1.0]] * 2 + [[2.0, 1.0], [1.0, 1.0]])
    panel = make_two_markets(close, split=split, tr_factor=np.cumprod(split, axis=0))
    signals = make_signals(2, asset=[0], floor=54.0, rules=RULES)

    targets = make_signal_targets(panel, {2: signals}, clock=DecisionClock.ASX_CLOSE)
    orders = run_signals(panel, targets.select(targets.rows > 0), first_row=1).orders

    assert entries(orders, "row", "filled", "price") == [(2, 111.0, 30.0)]


def test_a_delisted_position_becomes_cash_and_leaves_its_place():
    delisted = np.zeros((5, 1))
    delisted[3] = 1.0
    panel = make_bars(
        FLAT,
        FLAT,
        FLAT,
        (NAN, NAN, NAN, NAN),
        (NAN, NAN, NAN, NAN),
        by_asset={"delisted": delisted},
    )

    orders = run_signals(panel, {0: buying(floor=47.0)}).orders

    assert entries(orders, *SOLD)[1] == (3, -1, 166.0, 35.0, "delisted")


def test_a_session_without_a_bar_fills_nothing_and_the_stop_stands():
    gone = (NAN, NAN, NAN, NAN)

    assert run(FLAT, gone, FLAT)[0][4] == "cancelled_no_fill"
    assert run(FLAT, FLAT, gone, (44, 45, 43, 44))[1] == (3, -1, 166.0, 44.0, "filled_at_stop")


def test_without_an_open_a_stop_is_never_better_than_the_bar():
    """The whole bar lies below the stop: nobody knows the open, and the high is the best of it."""
    assert run(FLAT, FLAT, (NAN, 46, 44, 45))[1] == (2, -1, 166.0, 46.0, "filled_at_stop")
    assert run(FLAT, FLAT, (NAN, 52, 44, 45))[1] == (2, -1, 166.0, 47.0, "filled_at_stop")


def test_a_purchase_at_the_close_for_want_of_an_open_is_not_stopped_by_the_day_before_it():
    assert run(FLAT, (NAN, 51, 44, 50), FLAT) == [(1, 1, 166.0, 50.0, "filled")]


def test_scale_makes_new_positions_smaller_and_leaves_old_ones():
    orders = run(FLAT, FLAT, FLAT, signals=buying(floor=47.0, scale=0.5))

    assert orders == [(1, 1, 83.0, 50.0, "filled")]


def test_weights_are_what_the_account_is_to_hold():
    ledger = run_signals(
        make_bars(*(FLAT,) * 4), {0: buying(floor=47.0), 2: make_signals(leave=[0])}
    )

    assert ledger.weights[:, 0].tolist() == pytest.approx([0.005 * 50 / 3, 0.083, 0.0])


def test_what_waits_at_the_end_is_withdrawn():
    panel = make_bars(FLAT, FLAT, FLAT, tradable=[[1], [1], [0]])

    orders = run_signals(panel, {1: buying(floor=47.0)}).orders

    assert entries(orders, "row", "reason") == [(2, "cancelled_no_fill")]


def test_what_an_asset_costs_on_top_moves_its_prices():
    orders = run(FLAT, FLAT, FLAT, extra_slippage=np.array([100.0]))

    assert orders == [(1, 1, 142.0, 50.5, "filled")]


def test_a_split_moves_the_target_and_the_price_the_stop_is_raised_to():
    rows = [FLAT, FLAT, (25, 28.5, 24.5, 27), (24.5, 26, 24.4, 25)]
    split = np.array([[1.0], [1.0], [2.0], [1.0]])
    panel = make_bars(*rows, split=split, tr_factor=np.cumprod(split, axis=0))

    orders = run_signals(panel, {0: buying(HALF, floor=47.0)}).orders

    assert entries(orders, *SOLD)[1:] == [
        (2, -1, 166.0, 28.0, "filled_at_target"),
        (3, -1, 166.0, 24.5, "filled_at_stop"),
    ]


def test_a_first_parcel_in_sydney_is_worth_five_hundred_dollars():
    panel = make_bars(FLAT, FLAT, FLAT, markets=("XASX",))
    small = dataclasses.replace(RULES, max_position=0.0049)

    orders = run_signals(panel, {0: buying(small, floor=47.0)}).orders

    assert entries(orders, "reason") == [("cancelled_minimum_parcel",)]


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"costs": make_costs(max_volume_share=0.01)}, "cancelled_no_volume"),
        ({"capital": 4_000.0}, "cancelled_too_small"),
    ],
)
def test_what_volume_or_equity_leaves_must_be_worth_buying(changes, reason):
    rules = dataclasses.replace(RULES, min_notional=1_000.0)
    panel = make_bars(FLAT, FLAT, FLAT, volume=np.full((3, 1), 1_500.0))

    orders = run_signals(panel, {0: buying(rules, floor=47.0)}, **changes).orders

    assert entries(orders, "reason") == [(reason,)]


def test_a_purchase_whose_market_was_closed_is_superseded_by_the_next_decision():
    panel = make_two_markets(np.full((6, 2), 10.0))
    opens, closes = np.array(panel.opens_at), np.array(panel.closes_at)
    opens[2, 1] = closes[2, 1] = NEVER
    closed = dataclasses.replace(panel, opens_at=opens, closes_at=closes)
    signals = make_signals(2, asset=[1], floor=9.0)

    orders = run_signals(closed, {1: signals}).orders

    assert entries(orders, "row", "reason") == [(2, "cancelled_superseded")]


def test_a_purchase_of_what_is_delisted_before_its_session_is_withdrawn():
    delisted = np.zeros((4, 1))
    delisted[2] = 1.0
    gone = (NAN, NAN, NAN, NAN)
    panel = make_bars(FLAT, FLAT, gone, gone, by_asset={"delisted": delisted})

    orders = run_signals(panel, {1: buying(floor=47.0)}).orders

    assert entries(orders, "row", "reason") == [(2, "cancelled_delisted")]


def test_an_account_without_anything_left_is_ruined():
    delisted, terminal = np.zeros((5, 1)), np.full((5, 1), NAN)
    delisted[2], terminal[2] = 1.0, 0.0
    gone = (NAN, NAN, NAN, NAN)
    endings = {"delisted": delisted, "terminal_value": terminal}
    panel = make_bars(FLAT, FLAT, gone, gone, gone, by_asset=endings)
    everything = dataclasses.replace(RULES, max_position=1.0)

    with pytest.raises(EngineError, match=r"equity was 0\.00 on .*; the run is ruined"):
        run_signals(panel, {0: buying(everything)})


def test_what_nobody_traded_before_has_no_measure_of_impact_and_is_not_bought():
    volume = np.array([[0.0], [0.0], [1e6], [1e6]])
    panel = make_bars(*(FLAT,) * 4, volume=volume, tradable=np.ones((4, 1)))

    ledger = run_signals(panel, {1: buying(floor=47.0)}, costs=make_costs(impact_coefficient=1.0))

    assert entries(ledger.orders, "row", "filled", "reason") == [(2, 0.0, "cancelled_no_volume")]
