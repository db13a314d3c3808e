"""What the ledger leaves alone, and how far it goes: caps, bands and least trades."""

import numpy as np
import pytest

from engine.trimming import Trim
from tests.engine.ledgers import entries, flat, make_ledger
from tests.engine.panels import make_panel


def test_a_turnover_cap_moves_only_part_of_the_way():
    # Golden of engine.md 3.8: (.2, .3, .5) to (.4, .1, .5) with a cap of .1 gives (.3, .2, .5).
    panel = make_panel(flat([10.0, 10.0, 10.0], 5))

    ledger = make_ledger(
        panel, {0: [0.2, 0.3, 0.5], 2: [0.4, 0.1, 0.5]}, trim=Trim(max_turnover=1.0)
    )
    capped = make_ledger(
        panel,
        {0: [0.2, 0.3, 0.5], 1: [0.2, 0.3, 0.5], 2: [0.4, 0.1, 0.5]},
        trim=Trim(max_turnover=0.1),
    )

    assert ledger.turnover.tolist() == pytest.approx([1.0, 0.2])
    assert capped.turnover.tolist() == pytest.approx([0.1, 0.1, 0.1])
    assert capped.weights[0].tolist() == pytest.approx([0.02, 0.03, 0.05])


def test_a_name_that_left_the_universe_is_sold_in_full_whatever_the_turnover_cap():
    member = np.ones((5, 2))
    member[2:, 0] = 0.0
    panel = make_panel(flat([10.0, 10.0], 5), member=member)

    ledger = make_ledger(panel, {0: [0.5, 0.0], 2: [0.0, 0.5]}, trim=Trim(max_turnover=0.2))

    assert ledger.weights.tolist() == [[0.2, 0.0], [0.0, 0.0]]
    assert ledger.books.quantity[-1].tolist() == [0.0]


def test_trades_within_the_band_are_not_made():
    close = np.array([[10.0, 10.0]] * 2 + [[10.4, 9.6]] * 3)
    panel = make_panel(close)

    still = make_ledger(panel, {0: [0.5, 0.5], 2: [0.5, 0.5]}, trim=Trim(no_trade_band=0.03))
    moved = make_ledger(panel, {0: [0.5, 0.5], 2: [0.5, 0.5]}, trim=Trim(no_trade_band=0.01))

    assert (len(still.orders), len(moved.orders)) == (2, 4)


def test_a_trade_worth_less_than_the_least_is_not_made():
    """Two points of 100,000 are due: 2,000 each way, of which whole shares buy 1,996.80."""
    close = np.array([[10.0, 10.0]] * 2 + [[10.4, 9.6]] * 3)
    panel = make_panel(close)
    decisions = {0: [0.5, 0.5], 2: [0.5, 0.5]}

    still = make_ledger(panel, decisions, trim=Trim(min_trade=2_001.0), capital=100_000.0)
    moved = make_ledger(panel, decisions, trim=Trim(min_trade=1_996.0), capital=100_000.0)

    assert (len(still.orders), len(moved.orders)) == (2, 4)


def test_what_whole_shares_leave_of_a_trade_is_no_less_than_the_least():
    """1,050 are due in a share of 600: one share, which is worth less than 1,000."""
    panel = make_panel(np.full((4, 2), [600.0, 500.0]))
    decisions = {0: [0.105, 0.105]}

    ledger = make_ledger(panel, decisions, trim=Trim(min_trade=1_000.0), capital=10_000.0)

    assert entries(ledger.orders, "asset", "filled") == [(1, 2.0)]
