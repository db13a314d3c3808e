"""What trading costs a run, from orders worked out by hand."""

import numpy as np
import pytest

from engine.burden import burden
from tests.engine.ledgers import make_costs, make_ledger
from tests.engine.panels import make_panel
from tests.engine.test_endings import make_ending, make_merger

NOTHING = ("total_return", "max_drawdown")


def told(ledger, free):
    return burden(
        ledger.orders,
        net=ledger.books.equity,
        gross=free.books.equity,
        rf=np.zeros(len(ledger.books.equity)),
        session=ledger.books.session,
        paid=0.0 - float(ledger.books.costs.sum()),
    )


def test_the_cost_at_which_nothing_is_left():
    """1,000 in one share at 100, sold at 110 a year later: 2,100 traded, 100 made before costs."""
    close = np.full((300, 1), 100.0)
    close[200:] = 110.0
    panel = make_panel(close)
    decisions = {0: np.array([1.0]), 250: np.array([0.0])}
    given = {"capital": 1_000.0, "whole_shares": False}

    found = told(
        make_ledger(panel, decisions, costs=make_costs(slippage_bps=10.0), **given),
        make_ledger(panel, decisions, **given),
    )

    assert found["traded_times_capital"] == pytest.approx(2.1, rel=2e-3)
    assert found["paid_bps"] == pytest.approx(10.0, rel=2e-3)
    assert found["break_even_bps"] == pytest.approx(1e4 * 100 / 2_100, rel=5e-3)
    assert found["growth_before_costs"] > found["growth_after_costs"] > 0.0
    assert found["total_return_before_costs"] == pytest.approx(0.1)
    assert found["total_return_after_costs"] == pytest.approx(0.1 - 2.1e-3, rel=1e-2)
    assert found["sharpe_before_costs"] > found["sharpe_after_costs"] > 0.0
    assert found["max_drawdown_before_costs"] == 0.0
    assert found["max_drawdown_after_costs"] == pytest.approx(-1e-3, rel=0.1)
    at_break_even = make_costs(slippage_bps=found["break_even_bps"])
    left = make_ledger(panel, decisions, costs=at_break_even, **given).books.equity[-1]
    assert left == pytest.approx(1_000.0, abs=3.0)


def test_without_trades_or_a_year_nothing_is_said():
    panel = make_panel(np.full((20, 1), 10.0))
    still = make_ledger(panel, {0: np.array([0.0])})

    found = told(still, still)

    zero = {"traded_times_capital"}
    zero |= {f"{name}_{when}_costs" for name in NOTHING for when in ("before", "after")}
    assert {found[name] for name in zero} == {0.0}
    assert {found[name] for name in found if name not in zero} == {None}


def test_what_an_ending_does_to_a_position_is_no_trade():
    """1,010 at 10.00 become 75.75 shares at 20.00, of which 0.75 are paid out: one trade, no cost.

    The 580 they make are 1e4 x 580 / 1,010 basis points of what was traded.
    """
    ledger = make_ledger(make_merger(), {0: [1.0, 0.0]}, capital=1_010.0)
    paid_out = np.full((4, 1), 10.0)
    panel = make_ending(paid_out, {(2, 0): (12.0, np.nan, np.nan)})
    taken_over = make_ledger(panel, {0: [1.0]}, capital=1_010.0)

    assert ledger.orders.traded.tolist() == [True, False, False, False]
    assert told(ledger, ledger)["traded_times_capital"] == pytest.approx(1.0)
    assert told(ledger, ledger)["break_even_bps"] == pytest.approx(1e4 * 580 / 1_010)
    assert taken_over.orders.traded.tolist() == [True, False]
    assert told(taken_over, taken_over)["break_even_bps"] == pytest.approx(2_000.0)
