"""The share-exact ledger of entries, stops and exits, on bars whose outcome is plain."""

import dataclasses

import numpy as np
import pytest

from engine.signals import Rules
from tests.engine.ledgers import entries, make_costs
from tests.engine.panels import make_panel
from tests.engine.signals import (
    FLAT,
    HALF,
    NAN,
    RULES,
    buying,
    make_bars,
    make_signals,
    run,
    run_signals,
)


@pytest.mark.parametrize(("stop", "shares"), [(47.0, 166.0), (49.9, 400.0)])
def test_risk_and_the_largest_position_size_a_purchase(stop, shares):
    """Golden of engine.md 2.8: 100,000 at 0.5 % risk, entry 50."""
    orders = run(FLAT, FLAT, FLAT, signals=buying(floor=stop))

    assert orders == [(1, 1, shares, 50.0, "filled")]


def test_a_purchase_that_leaves_the_buffer_of_cash_is_made_whole():
    costs = make_costs(cash_buffer=0.5)

    orders = run(FLAT, FLAT, FLAT, signals=buying(floor=49.9), costs=costs)

    assert orders == [(1, 1, 400.0, 50.0, "filled")]


def test_a_purchase_stops_at_the_buffer_of_cash():
    """Nine tenths of 100,000 are asked for at 50, half of it may be spent."""
    large = Rules(risk=0.05, max_position=0.9, max_positions=10)

    orders = run(
        FLAT,
        FLAT,
        FLAT,
        signals=buying(large, floor=49.9),
        costs=make_costs(cash_buffer=0.5),
    )

    assert orders == [(1, 1, 1_000.0, 50.0, "filled")]


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
