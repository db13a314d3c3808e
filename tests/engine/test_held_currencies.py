"""Cash that stays in its currency: what is converted, what is not, and what rates make of it."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.costs import FxMode
from engine.execution import FillPolicy
from engine.report import attribute
from engine.shorting import Shorting
from tests.engine.ledgers import entries, flat, make_costs, make_ledger, with_cell
from tests.engine.panels import make_panel
from tests.engine.signals import make_signals, run_signals
from tests.engine.test_cost_properties import make_decisions, make_market
from tests.engine.test_execution import make_two_markets

HELD = make_costs(fx_spread_bps=60.0, fx_mode=FxMode.HOLD_USD)
EACH = make_costs(fx_spread_bps=60.0)
US, AU = [1.0, 0.0], [0.0, 1.0]
NOTHING = [0.0, 0.0]
seeds = st.integers(min_value=0, max_value=2**32 - 1)


def make_pair(sessions=10, *, us=10.0, au=15.0, rate=1.5, **changes):
    """Return a share of New York at US$10 and one of Sydney at A$15, the dollar at A$1.50."""
    rates = np.broadcast_to(np.asarray(rate, np.float64), sessions)
    fx = np.column_stack([np.ones(sessions), rates])
    return make_two_markets(flat([us, au], sessions), fx=fx, **changes)


def converted(ledger):
    """Return what conversions cost on each session on which any did."""
    cost = np.zeros(len(ledger.books.row))
    np.add.at(cost, ledger.orders.row - ledger.books.row[0], ledger.orders.fx_cost)
    return {int(row): cost[row] for row in np.flatnonzero(cost)}


def test_going_abroad_once_is_converted_once_golden():
    # 10,060 buy 666 shares of A$15 for 9,990, whose conversion at 60 bps costs 59.94.
    decisions = {0: US, 3: NOTHING, 6: US}

    held = make_ledger(make_pair(), decisions, capital=10_060.0, costs=HELD)
    each = make_ledger(make_pair(), decisions, capital=10_060.0, costs=EACH)

    assert converted(held) == pytest.approx({1: 59.94})
    assert len(converted(each)) == 3
    assert held.books.abroad[4].tolist() == pytest.approx([0.0, 9_990.0])
    # The second time the dollars buy as many again; ten dollars of A$ never left home.
    assert held.orders.filled.tolist() == [666.0, 666.0, 666.0]
    assert held.books.equity[-1] == pytest.approx(10_060.0 - 59.94)


def test_only_what_a_currency_is_short_of_is_converted():
    # 300 shares sold for A$4,500 abroad, then 600 wanted: half of them are paid from there.
    decisions = {0: [0.45, 0.0], 3: NOTHING, 6: [0.9, 0.0]}

    ledger = make_ledger(make_pair(), decisions, costs=HELD)

    assert ledger.orders.filled.tolist()[:2] == [299.0, 299.0]
    bought = ledger.orders.filled[2] * 15.0
    assert converted(ledger) == pytest.approx({1: 299 * 15 * 0.006, 7: (bought - 4_485.0) * 0.006})
    assert ledger.books.abroad[-1].tolist() == [0.0, 0.0]


def test_dollars_come_home_only_for_what_home_is_short_of():
    decisions = {0: US, 3: NOTHING, 6: [0.0, 0.5]}

    ledger = make_ledger(make_pair(), decisions, capital=10_060.0, costs=HELD)

    # At home were 10.06; of the A$9,990 abroad so much is sold as pays the rest and itself.
    bought = float(ledger.orders.filled[-1]) * 15.0
    sold = (bought - 10.06) / (1.0 - 0.006)
    assert converted(ledger)[max(converted(ledger))] == pytest.approx(sold * 0.006)
    assert ledger.books.home[-1] == pytest.approx(0.0, abs=1e-9)
    assert ledger.books.abroad[-1, 1] == pytest.approx(9_990.0 - sold)


def test_a_dividend_stays_in_its_currency_and_moves_with_it():
    # Golden of engine.md 4.6: US$0.50 of 100 shares are 42.50 net; the dollar rises by ten cents.
    paid = with_cell((10, 2), {(3, 0): 0.5}, 0.0)
    rate = np.where(np.arange(10) < 6, 1.5, 1.6)
    ledger = make_ledger(make_pair(rate=rate, dividend=paid), {0: US}, capital=1_509.0, costs=HELD)

    assert ledger.orders.filled.tolist() == [100.0]
    assert ledger.books.abroad[[2, 3, 6], 1].tolist() == pytest.approx([0.0, 63.75, 68.0])
    assert ledger.books.revalued.tolist() == pytest.approx([0.0] * 6 + [4.25] + [0.0] * 3)
    assert ledger.payments[0].cost.tolist() == [0.0]


def test_a_dividend_on_its_way_moves_with_its_currency():
    paid = with_cell((10, 2), {(3, 0): 0.5}, 0.0)
    panel = make_pair(rate=np.where(np.arange(10) < 5, 1.5, 1.6), dividend=paid)
    due = with_cell((10, 2), {(3, 0): float(panel.session[7])}, np.nan)
    panel = replace(panel, by_asset={"paid_on": due})

    ledger = make_ledger(panel, {0: US}, capital=1_509.0, costs=HELD)

    assert ledger.books.receivable[[3, 5, 7]].tolist() == pytest.approx([63.75, 68.0, 0.0])
    assert ledger.books.abroad[[5, 7], 1].tolist() == pytest.approx([0.0, 68.0])
    assert ledger.books.revalued.sum() == pytest.approx(4.25)


def test_interest_is_earned_at_home_alone():
    costs = replace(HELD, cash_rate=0.0365)
    decisions = {0: US, 3: NOTHING}

    ledger = make_ledger(make_pair(), decisions, capital=10_060.0, costs=costs)

    # What the purchase leaves at home earns a basis point a day, the dollars abroad nothing.
    after = slice(5, None)
    days = np.diff(ledger.books.session)[after.start - 1 :]
    np.testing.assert_allclose(
        ledger.books.interest[after], ledger.books.home[after.start - 1 : -1] * 1e-4 * days
    )
    assert ledger.books.abroad[-1, 1] > 9_900.0


def test_a_short_sale_abroad_keeps_its_proceeds_there_as_collateral():
    costs = replace(HELD, cash_rate=0.0365)
    loan = Shorting(borrow_bps=0.0)

    ledger = make_ledger(make_pair(), {0: [-0.5, 0.0]}, shorting=loan, costs=costs)

    # All that was sold is the lender's; the 10,000 at home are free and earn.
    assert converted(ledger) == {}
    assert ledger.books.abroad[-1, 1] == pytest.approx(ledger.orders.filled[0] * 15.0)
    assert ledger.books.interest[3] == pytest.approx(ledger.books.home[2] * 1e-4, rel=1e-9)


def test_the_dividend_of_a_short_position_is_paid_from_home():
    paid = with_cell((10, 2), {(3, 0): 0.5}, 0.0)
    loan = Shorting(borrow_bps=0.0)

    ledger = make_ledger(make_pair(dividend=paid), {0: [-0.5, 0.0]}, shorting=loan, costs=HELD)

    owed = ledger.orders.filled[0] * 0.75
    [dividend] = [each for each in ledger.payments if each.local.any()]
    assert dividend.cost.tolist() == pytest.approx([owed * 0.006])
    assert ledger.books.home[-1] == pytest.approx(10_000.0 - owed * 1.006)


def test_a_debt_at_home_is_paid_from_the_dollars_beside_it():
    loan = Shorting(borrow_bps=3_650.0)

    ledger = make_ledger(
        make_pair(dividend=with_cell((10, 2), {(6, 0): 0.5}, 0.0)),
        {0: [-1.0, 1.0]},
        shorting=loan,
        costs=HELD,
    )

    # The loan's fees and the dividend owed are due at home, where all was spent.
    assert (ledger.books.home >= 0.0).all()
    assert "borrowed_cash" not in ledger.flags
    # A day's fee is 9.99, for which so many dollars are sold as pay their own conversion.
    assert np.diff(ledger.books.abroad[6:9, 1]).tolist() == pytest.approx([-9.99 / 0.994] * 2)


def test_rounding_is_no_credit():
    rate = 1.4 + 0.0137 * np.arange(10)
    flags = [
        make_ledger(
            make_pair(us=10.0 + k / 7.0, rate=rate),
            {0: US, 2: [0.3, 0.7], 4: [0.7, 0.3], 6: [0.2, 0.8]},
            whole_shares=False,
            costs=HELD,
        ).flags
        for k in range(30)
    ]

    assert not any("borrowed_cash" in each for each in flags)


def test_entries_and_stops_spend_the_dollars_there_are():
    rows = np.tile([50.0, 50.0, 50.0, 50.0], (8, 1))
    panel = make_panel(
        rows[:, :1],
        currencies=("AUD", "USD"),
        currency=np.ones(1),
        fx=np.column_stack([np.ones(8), np.full(8, 1.5)]),
        fx_known_at=np.zeros((8, 2)),
    )
    buys = make_signals(asset=[0], floor=47.0)
    decided = {0: buys, 2: make_signals(leave=[0]), 4: buys}

    ledger = run_signals(panel, decided, costs=HELD)

    assert entries(ledger.orders, "side", "filled") == [(1, 111.0), (-1, 111.0), (1, 111.0)]
    assert len(converted(ledger)) == 1


def test_gains_of_cash_abroad_are_no_asset_s():
    rate = 1.5 + 0.01 * np.arange(10)
    ledger = make_ledger(make_pair(rate=rate), {0: US, 3: NOTHING}, capital=10_060.0, costs=HELD)

    parts = attribute(ledger.books, 2)
    total = ledger.books.equity[-1] / ledger.books.capital - 1.0

    assert ledger.books.revalued.sum() > 300.0
    assert parts.cash == pytest.approx(ledger.books.revalued.sum() / ledger.books.capital)
    summed = parts.asset + parts.currency + parts.interaction + parts.costs + parts.cash
    assert summed == pytest.approx(total, abs=1e-12)
    assert parts.by_symbol.sum() + parts.cash == pytest.approx(total, abs=1e-12)
    # In its own currency nothing moved but the one conversion.
    assert ledger.books.local_curve()[-1] / ledger.books.capital == pytest.approx(
        1.0 - ledger.orders.fx_cost.sum() / ledger.books.equity[0], rel=1e-4
    )


@settings(max_examples=15, deadline=None)
@given(seed=seeds)
def test_holding_currencies_never_costs_more_conversions(seed):
    still = np.full((120, 2), [1.0, 1.5])
    panel, decisions = make_market(seed % 1000, fx=still), make_decisions(seed)
    terms = {"whole_shares": False, "capital": 1e6, "first_row": 1}

    held, each = (make_ledger(panel, decisions, costs=costs, **terms) for costs in (HELD, EACH))

    assert held.orders.fx_cost.sum() <= each.orders.fx_cost.sum() + 1e-6
    assert held.books.equity[-1] >= each.books.equity[-1] * (1.0 - 1e-7)


@settings(max_examples=15, deadline=None)
@given(seed=seeds)
def test_without_a_spread_and_a_change_of_rate_it_does_not_matter_where_cash_is(seed):
    still = np.full((120, 2), [1.0, 1.5])
    panel, decisions = make_market(seed % 1000, fx=still), make_decisions(seed)
    free = make_costs(commission_flat=3.0, slippage_bps=5.0)
    terms = {"whole_shares": True, "capital": 1e6, "first_row": 1, "fill": FillPolicy.NEXT_CLOSE}

    held, each = (
        make_ledger(panel, decisions, costs=replace(free, fx_mode=mode), **terms)
        for mode in (FxMode.HOLD_USD, FxMode.CONVERT_EACH)
    )

    np.testing.assert_allclose(held.books.equity, each.books.equity, rtol=1e-9)


def test_the_commission_of_a_covered_loan_is_converted_too():
    # All cash goes into the second share; six dollars of commission abroad cost 3.6 cents more.
    panel = make_panel(
        flat([10.0, 0.01], 8),
        currency=[1, 1],
        currencies=("AUD", "USD"),
        fx=np.tile([1.0, 1.5], (8, 1)),
        fx_known_at=np.zeros((8, 2)),
    )
    costs = make_costs(fx_spread_bps=60.0, fx_mode=FxMode.HOLD_USD, minimum_commission=6.0)
    decisions = {0: [-0.1, 0.0], 2: [-0.1, 0.1], 4: [0.0, 1.0]}

    ledger = make_ledger(panel, decisions, costs=costs, shorting=Shorting(borrow_bps=0.0))

    assert ledger.books.quantity[-1, 0] == 0.0
    assert 0.0 <= ledger.books.home[-1] < 0.02
