from dataclasses import replace

import numpy as np
import pytest

from engine.errors import EngineError, InsufficientHistory, MissingData
from engine.execution import FillPolicy
from engine.schedule import DecisionClock
from engine.shorting import Shorting
from engine.trimming import Trim
from tests.engine.ledgers import entries, flat, make_costs, make_ledger, make_targets, with_cell
from tests.engine.panels import make_panel
from tests.engine.test_execution import make_two_markets


def test_whole_lots_leave_the_rest_in_cash():
    # Golden of engine.md 4.2.
    panel = make_panel(flat([43.17, 7.90, 112.40]))

    ledger = make_ledger(panel, {0: [0.5, 0.3, 0.2]}, costs=make_costs(commission_flat=3.0))

    assert ledger.orders.filled.tolist() == [115.0, 379.0, 17.0]
    assert ledger.orders.commission.sum() == 9.0
    assert ledger.books.value[-1].tolist() == pytest.approx([4_964.55, 2_994.10, 1_910.80])
    assert ledger.books.cash[-1] == pytest.approx(121.55, abs=1e-9)
    assert ledger.books.equity[-1] == pytest.approx(9_991.00, abs=1e-9)


def test_what_rounding_leaves_buys_what_lies_furthest_below_its_target():
    # 9,991 to invest: 87.40 are missing to the third, 30.95 to the first, 3.20 to the second.
    panel = make_panel(flat([43.17, 7.90, 112.40]))
    costs = make_costs(commission_flat=3.0, residual_pass=True)

    ledger = make_ledger(panel, {0: [0.5, 0.3, 0.2]}, costs=costs)

    # 121.55 buy one more of the third, then 9.15 one of the second; the first costs too much.
    assert ledger.orders.filled.tolist() == [115.0, 380.0, 18.0]
    assert ledger.books.cash[-1] == pytest.approx(1.25, abs=1e-9)


@pytest.mark.parametrize(("most", "shares"), [(1.0, [18.0, 4.0]), (0.6, [17.0, 4.0])])
def test_what_rounding_leaves_leads_above_no_largest_weight(most, shares):
    panel = make_panel(flat([35.0, 90.0]))

    ledger = make_ledger(
        panel,
        {0: [0.6, 0.4]},
        costs=make_costs(residual_pass=True),
        capital=1_000.0,
        trim=Trim(max_weight=most),
    )

    assert ledger.orders.filled.tolist() == shares


def test_what_rounding_leaves_sells_and_covers_nothing_more():
    panel = make_panel(flat([30.0, 40.0]))
    loan = Shorting(borrow_bps=0.0)

    ledger = make_ledger(
        panel,
        {0: [-0.5, 0.5]},
        costs=make_costs(residual_pass=True),
        capital=1_000.0,
        shorting=loan,
    )

    # 500 are 16 and two thirds of a share; a short position is no purchase that was cut.
    assert entries(ledger.orders, "side", "filled") == [(-1, 16.0), (1, 12.0)]


def test_a_buffer_of_cash_is_what_no_decision_invests():
    # Engine.md 4.2-2: 10,000 less a tenth and three fees of 3 are 8,991 to invest.
    panel = make_panel(flat([43.17, 7.90, 112.40]))

    ledger = make_ledger(
        panel, {0: [0.5, 0.3, 0.2]}, costs=make_costs(commission_flat=3.0, cash_buffer=0.1)
    )

    assert ledger.orders.filled.tolist() == [104.0, 341.0, 15.0]
    assert ledger.weights.tolist() == [pytest.approx([0.45, 0.27, 0.18])]


def test_a_buffer_stays_what_it_is_decision_after_decision():
    panel = make_panel(flat([10.0], 6))

    ledger = make_ledger(
        panel,
        {0: [1.0], 2: [1.0], 4: [1.0]},
        costs=make_costs(cash_buffer=0.25),
        trim=Trim(no_trade_band=0.1),
    )

    # Within the band of what the buffer leaves, not of the whole: nothing trades again.
    assert entries(ledger.orders, "row", "filled") == [(1, 750.0)]


def test_a_target_that_is_a_whole_number_of_shares_loses_none_to_rounding():
    panel = make_panel(flat([0.1, 0.7]))

    ledger = make_ledger(panel, {0: [0.3, 0.7]}, capital=10.0)

    assert ledger.orders.filled.tolist() == [30.0, 10.0]
    assert ledger.books.cash[-1] == pytest.approx(0.0, abs=1e-9)


def test_fractional_lots_are_ten_thousandths_of_a_share():
    panel = make_panel(flat([30.0]))

    ledger = make_ledger(panel, {0: [1.0]}, capital=100.0, whole_shares=False)

    assert ledger.orders.filled.tolist() == [3.3333]


def test_parts_of_a_foreign_gain_are_those_of_the_currency_golden():
    # G1.2b: 100 shares, US$50 to 52, AUDUSD 0.66 to 0.64.
    fx = np.array([[1.0, 1.0 / 0.66]] * 2 + [[1.0, 1.0 / 0.64]])
    panel = make_two_markets([[50.0, 1.0], [50.0, 1.0], [52.0, 1.0]], fx=fx)

    ledger = make_ledger(panel, {0: [1.0, 0.0]}, capital=5_000.0 / 0.66)

    books = ledger.books
    assert ledger.orders.filled.tolist() == [100.0]
    assert books.asset.sum() == pytest.approx(303.030303, abs=1e-6)
    assert books.currency.sum() == pytest.approx(236.742424, abs=1e-6)
    assert books.interaction.sum() == pytest.approx(9.469697, abs=1e-6)
    assert books.equity[-1] - books.capital == pytest.approx(549.242424, abs=1e-6)
    assert books.local_curve()[-1] / books.capital == pytest.approx(1.04, rel=1e-12)


def test_purchases_are_cut_from_the_smallest_gap_of_weight_upwards():
    # All open 10 % higher than they closed when the orders were sized.
    opening = flat([10.0, 10.0, 10.0])
    opening[1] = 11.0
    panel = make_panel(flat([10.0, 10.0, 10.0]), open=opening)

    ledger = make_ledger(panel, {0: [0.2, 0.5, 0.3]})

    # 5,500 and 3,300 leave 1,200: 109 of 200 shares.
    assert entries(ledger.orders, "asset", "quantity", "filled", "reason") == [
        (0, 200.0, 109.0, "partial_cash"),
        (1, 500.0, 500.0, "filled"),
        (2, 300.0, 300.0, "filled"),
    ]
    assert ledger.books.cash[1] == pytest.approx(1.0)


def test_a_purchase_the_cash_does_not_reach_is_cancelled():
    opening = flat([10.0, 10.0])
    opening[1] = 20.0
    panel = make_panel(flat([10.0, 10.0]), open=opening)

    ledger = make_ledger(panel, {0: [0.5, 0.5]}, costs=make_costs(commission_flat=3.0))

    assert entries(ledger.orders, "asset", "filled", "reason") == [
        (0, 499.0, "filled"),
        (1, 0.0, "cancelled_no_cash"),
    ]
    assert ledger.books.cash[1] == pytest.approx(17.0)


def test_sales_pay_for_purchases_of_the_same_session():
    panel = make_panel(flat([10.0, 10.0], 5))

    ledger = make_ledger(panel, {0: [1.0, 0.0], 2: [0.0, 1.0]})

    assert entries(ledger.orders, "row", "asset", "side", "filled") == [
        (1, 0, 1, 1_000.0),
        (3, 0, -1, 1_000.0),
        (3, 1, 1, 1_000.0),
    ]
    assert ledger.turnover.tolist() == [1.0, 1.0]


def test_a_sale_that_costs_more_than_it_brings_is_not_made():
    panel = make_panel(flat([1.0, 10.0], 5))

    ledger = make_ledger(
        panel, {0: [0.03, 0.9], 2: [0.0, 0.9]}, capital=100.0, costs=make_costs(commission_flat=3.0)
    )

    # Three dollars' worth of shares cannot pay the three dollars of selling them.
    assert entries(ledger.orders, "asset", "side", "filled", "reason")[-2:] == [
        (0, -1, 0.0, "cancelled_uneconomic"),
        (1, -1, 1.0, "filled"),
    ]


def test_a_first_purchase_below_the_minimum_parcel_is_refused_in_sydney_only():
    panel = make_two_markets(flat([10.0, 10.0], 4))

    ledger = make_ledger(panel, {0: [0.045, 0.045]}, capital=10_000.0)

    assert entries(ledger.orders, "asset", "quantity", "filled", "reason") == [
        (1, 45.0, 0.0, "cancelled_minimum_parcel"),
        (0, 30.0, 30.0, "filled"),
    ]


@pytest.mark.parametrize(
    ("opening", "filled", "reason"),
    [(10.5, 53.0, "partial_cash"), (11.0, 0.0, "cancelled_minimum_parcel")],
)
def test_what_cash_leaves_of_a_first_purchase_is_none_below_the_minimum(opening, filled, reason):
    """New York opens higher than it closed: of 600 dollars 535 are left for Sydney, or 466."""
    prices = flat([10.0, 10.0], 4)
    opened = prices.copy()
    opened[1:, 0] = opening
    panel = make_two_markets(prices, open=opened, high=np.maximum(prices, opened))

    ledger = make_ledger(panel, {0: [0.7, 0.3]}, capital=2_000.0)

    assert entries(ledger.orders, "asset", "quantity", "filled", "reason") == [
        (0, 93.0, 93.0, "filled"),
        (1, 60.0, filled, reason),
    ]


def test_an_order_that_could_not_pay_its_own_fee_is_not_placed():
    # 9,997 of 10,000 is held. Buying the rest would need the three it costs to buy anything.
    panel = make_panel(flat([1.0], 5))

    ledger = make_ledger(panel, {0: [1.0], 2: [1.0]}, costs=make_costs(commission_flat=3.0))
    again = make_ledger(panel, {0: [0.9997], 2: [1.0]}, costs=make_costs(minimum_commission=3.0))

    assert ledger.orders.filled.tolist() == [9_997.0]
    assert entries(again.orders, "row", "filled") == [(1, 9_994.0)]


def test_conversions_cost_the_whole_spread_each_way():
    # Golden of engine.md 4.5 at 60 bps: nothing else is charged, so costs are conversions.
    panel = make_two_markets(flat([10.0, 10.0], 5), fx=np.ones((5, 2)))

    ledger = make_ledger(
        panel,
        {0: [1.0, 0.0], 2: [0.0, 0.0]},
        capital=10_060.0,
        costs=make_costs(fx_spread_bps=60.0),
    )

    assert ledger.orders.filled.tolist() == [1_000.0, 1_000.0]
    assert ledger.orders.fx_cost.tolist() == pytest.approx([60.0, 60.0])
    assert ledger.books.equity[-1] == pytest.approx(9_940.0)


def test_cash_earns_simple_interest_by_calendar_day():
    panel = make_panel(flat([10.0], 6))

    ledger = make_ledger(panel, {0: [0.0]}, costs=make_costs(cash_rate=0.0365))

    # Monday 2000-01-03 to Monday 2000-01-10: four nights of one day and one of three.
    day = 1e-4
    grown = 10_000.0 * (1 + day) ** 4 * (1 + 3 * day)
    assert ledger.books.cash[-1] == pytest.approx(grown, rel=1e-12)
    assert ledger.books.interest.sum() == pytest.approx(grown - 10_000.0, rel=1e-9)


def test_decision_close_trades_at_the_decision_and_says_so():
    close = np.array([[10.0], [20.0], [40.0]])

    ledger = make_ledger(
        make_panel(close),
        make_targets(make_panel(close), {1: [1.0]}),
        fill=FillPolicy.DECISION_CLOSE,
        first_row=1,
    )

    assert ledger.books.row.tolist() == [0, 1, 2]
    assert ledger.books.equity.tolist() == [10_000.0, 10_000.0, 20_000.0]
    assert ledger.flags == ("not_tradable",)


def test_decision_close_on_the_first_bar_has_no_session_to_begin_on():
    panel = make_panel(flat([10.0]))

    with pytest.raises(InsufficientHistory, match="start one session later"):
        make_ledger(panel, {0: [1.0]}, fill=FillPolicy.DECISION_CLOSE)


def test_next_close_fills_at_the_close_of_the_next_session():
    close = np.array([[10.0], [20.0], [40.0]])
    panel = make_panel(close, open=close * 0.9)

    ledger = make_ledger(panel, {0: [1.0]}, fill=FillPolicy.NEXT_CLOSE)

    assert entries(ledger.orders, "row", "filled", "price") == [(1, 500.0, 20.0)]


def test_a_sydney_close_decision_buys_new_york_on_the_same_date():
    panel = make_two_markets(flat([10.0, 10.0], 4), fx=np.ones((4, 2)))

    ledger = make_ledger(
        panel,
        make_targets(panel, {1: [0.5, 0.5]}, clock=DecisionClock.ASX_CLOSE),
        first_row=1,
    )

    assert entries(ledger.orders, "row", "asset") == [(1, 0), (2, 1)]
    assert ledger.books.row[0] == 0


def test_on_a_currency_holiday_the_last_rate_stands_and_prices_still_move():
    fx = np.array([[1.0, 1.5], [1.0, 1.5], [1.0, 1.5], [1.0, 1.6]])
    close = np.array([[10.0, 1.0], [10.0, 1.0], [11.0, 1.0], [11.0, 1.0]])
    panel = make_two_markets(close, fx=fx)

    ledger = make_ledger(panel, {0: [1.0, 0.0]}, capital=1_500.0)

    assert ledger.books.asset.tolist() == [0.0, 0.0, 150.0, 0.0]
    assert ledger.books.currency.tolist() == pytest.approx([0.0, 0.0, 0.0, 110.0])


def test_an_unknown_rate_of_a_wanted_asset_is_missing_data():
    fx = np.ones((4, 2))
    fx[2, 1] = np.nan
    panel = make_two_markets(flat([10.0, 10.0], 4), fx=fx)

    with pytest.raises(MissingData, match="AUD per USD is unknown on 2024-01-11"):
        make_ledger(panel, {0: [1.0, 0.0]})
    assert len(make_ledger(panel, {0: [0.0, 1.0]}).orders) == 1


def test_a_target_without_any_known_price_is_left_out_and_flagged():
    close = flat([10.0, 10.0], 5)
    close[:3, 1] = np.nan

    ledger = make_ledger(make_panel(close), {0: [0.5, 0.5]})

    assert ledger.orders.asset.tolist() == [0]
    assert ledger.flags == ("unpriced_target",)


@pytest.mark.parametrize("decisions", [{0: [1.0]}, {0: [1.0], 2: [0.0]}])
def test_a_ruined_run_stops_and_says_when(decisions):
    close = np.array([[10.0], [10.0], [np.nan], [np.nan]])
    by_asset = {
        "delisted": with_cell((4, 1), {(2, 0): 1.0}, 0.0),
        "terminal_value": with_cell((4, 1), {(2, 0): 0.0}, np.nan),
    }

    with pytest.raises(EngineError, match=r"equity was 0\.00 on 2000-01-05"):
        make_ledger(make_panel(close, by_asset=by_asset), decisions)


def test_a_run_without_decisions_stays_in_cash():
    panel = make_panel(flat([10.0]))
    none = make_targets(panel, {0: [1.0]})
    empty = type(none)(
        rows=none.rows[:0], instants=none.instants[:0], weights=none.weights[:0], reasons={}
    )

    ledger = make_ledger(panel, empty)

    assert ledger.books.equity.tolist() == [10_000.0] * 4
    assert len(ledger.orders) == 0


def test_a_checkpoint_may_stop_the_run():
    panel = make_panel(flat([10.0]))

    def stop(_share):
        raise InterruptedError

    with pytest.raises(InterruptedError):
        make_ledger(panel, {0: [1.0]}, checkpoint=stop)


def test_a_decision_leaves_alone_what_it_keeps_and_trades_the_rest():
    close = np.array([[10.0, 10.0, 10.0]] * 2 + [[15.0, 10.0, 10.0]] * 3)
    panel = make_panel(close)
    targets = make_targets(panel, {0: [0.4, 0.3, 0.0], 2: [0.4, 0.0, 0.3]})
    keep = {2: np.array([True, False, False])}

    ledger = make_ledger(panel, replace(targets, keep=keep))

    assert entries(ledger.orders, "row", "asset", "side")[2:] == [(3, 1, -1), (3, 2, 1)]
    assert ledger.books.quantity[-1].tolist() == [400.0, 0.0, 360.0]
    assert ledger.weights[1].tolist() == pytest.approx([0.5, 0.0, 0.3])
