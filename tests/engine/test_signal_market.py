"""Entries and stops through splits, delistings, holidays, small parcels and thin volume."""

import dataclasses

import numpy as np
import pytest

from engine.errors import EngineError
from engine.panel import NEVER
from engine.schedule import DecisionClock
from tests.engine.ledgers import entries, make_costs
from tests.engine.signals import (
    FLAT,
    HALF,
    NAN,
    RULES,
    SOLD,
    buying,
    make_bars,
    make_signal_targets,
    make_signals,
    run,
    run_signals,
)
from tests.engine.test_execution import make_two_markets


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
