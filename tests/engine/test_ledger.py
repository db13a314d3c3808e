import numpy as np
import pytest

from engine.errors import EngineError, InsufficientHistory, MissingData
from engine.execution import FillPolicy
from engine.report import attribute
from engine.schedule import DecisionClock
from tests.engine.ledgers import entries, make_costs, make_ledger, make_targets
from tests.engine.panels import make_panel
from tests.engine.test_execution import make_two_markets


def flat(prices, sessions=4):
    """Return closes that stay at `prices`."""
    return np.tile(np.asarray(prices, np.float64), (sessions, 1))


def with_cell(shape, cells, rest):
    values = np.full(shape, rest, np.float64)
    for cell, value in cells.items():
        values[cell] = value
    return values


def test_whole_lots_leave_the_rest_in_cash():
    # Golden of engine.md 4.2.
    panel = make_panel(flat([43.17, 7.90, 112.40]))

    ledger = make_ledger(panel, {0: [0.5, 0.3, 0.2]}, costs=make_costs(commission_flat=3.0))

    assert ledger.orders.filled.tolist() == [115.0, 379.0, 17.0]
    assert ledger.orders.commission.sum() == 9.0
    assert ledger.books.value[-1].tolist() == pytest.approx([4_964.55, 2_994.10, 1_910.80])
    assert ledger.books.cash[-1] == pytest.approx(121.55, abs=1e-9)
    assert ledger.books.equity[-1] == pytest.approx(9_991.00, abs=1e-9)


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


def test_a_split_and_a_dividend_return_three_percent():
    # G1.3: close 100, then 2:1 and a close of 51 with 0.50 per new share.
    panel = make_panel(
        [[100.0], [100.0], [51.0]],
        split=with_cell((3, 1), {(2, 0): 2.0}, 1.0),
        dividend=with_cell((3, 1), {(2, 0): 0.5}, 0.0),
        markets=("XTKS",),
    )

    ledger = make_ledger(panel, {0: [1.0]}, capital=1_000.0)

    assert ledger.books.equity[-1] == pytest.approx(1_030.0, rel=1e-12)
    assert attribute(ledger.books, 1).asset == pytest.approx(0.03, rel=1e-12)


def test_a_consolidation_pays_out_the_fraction_at_the_first_price():
    # Golden of engine.md 4.6: 101 shares, 1:10, first price 20.00.
    close = np.array([[2.0], [2.0], [21.0]])
    panel = make_panel(
        close,
        open=np.array([[2.0], [2.0], [20.0]]),
        split=with_cell((3, 1), {(2, 0): 0.1}, 1.0),
    )

    ledger = make_ledger(panel, {0: [1.0]}, capital=202.0)

    assert entries(ledger.orders, "row", "side", "filled", "price", "reason") == [
        (1, 1, 101.0, 2.0, "filled"),
        (2, -1, pytest.approx(0.1), 20.0, "split_fraction"),
    ]
    assert ledger.books.quantity[-1].tolist() == [10.0]
    assert ledger.books.cash[-1] == pytest.approx(2.0)


def test_a_us_dividend_is_paid_net_of_fifteen_percent():
    # Golden of engine.md 4.6: 0.50 on 100 shares.
    panel = make_panel(flat([10.0]), dividend=with_cell((4, 1), {(2, 0): 0.5}, 0.0))

    ledger = make_ledger(panel, {0: [1.0]}, capital=1_000.0)

    assert ledger.books.cash.tolist() == [1_000.0, 0.0, 42.5, 42.5]


def test_an_action_on_a_halted_day_is_met_on_the_next_bar():
    close = np.array([[10.0], [10.0], [np.nan], [5.0]])
    panel = make_panel(
        close,
        split=with_cell((4, 1), {(2, 0): 2.0}, 1.0),
        dividend=with_cell((4, 1), {(2, 0): 0.2}, 0.0),
        markets=("XTKS",),
    )

    ledger = make_ledger(panel, {0: [1.0]}, capital=1_000.0)

    assert ledger.books.quantity[:, 0].tolist() == [0.0, 100.0, 100.0, 200.0]
    assert ledger.books.equity.tolist() == [1_000.0, 1_000.0, 1_000.0, 1_040.0]


def test_a_dividend_is_promised_on_the_shares_of_its_own_day():
    # 0.2 a share on a halted day, then 2:1 on the next bar: 0.1 on each of twice the shares.
    close = np.array([[10.0], [10.0], [np.nan], [5.0]])
    panel = make_panel(
        close,
        split=with_cell((4, 1), {(3, 0): 2.0}, 1.0),
        dividend=with_cell((4, 1), {(2, 0): 0.2}, 0.0),
        markets=("XTKS",),
    )

    ledger = make_ledger(panel, {0: [1.0]}, capital=1_000.0)

    assert ledger.books.cash[-1] == pytest.approx(20.0)


def test_a_split_on_the_fill_day_multiplies_the_order_and_what_it_sells():
    close = np.array([[10.0], [10.0], [10.0], [5.0], [5.0]])
    panel = make_panel(close, split=with_cell((5, 1), {(3, 0): 2.0}, 1.0))

    ledger = make_ledger(panel, {0: [1.0], 2: [0.0]}, capital=1_000.0)

    assert entries(ledger.orders, "row", "side", "filled") == [(1, 1, 100.0), (3, -1, 200.0)]
    assert ledger.books.cash[-1] == 1_000.0


@pytest.mark.parametrize(("terminal", "price"), [(np.nan, 7.0), (12.5, 12.5), (0.0, 0.0)])
def test_a_delisted_position_becomes_cash_at_its_terminal_value_or_thirty_percent_down(
    terminal, price
):
    close = np.array([[10.0, 10.0]] * 2 + [[np.nan, 10.0]] * 2)
    extra = {
        "delisted": with_cell((4, 2), {(2, 0): 1.0}, 0.0),
        "terminal_value": with_cell((4, 2), {(2, 0): terminal}, np.nan),
    }

    ledger = make_ledger(make_panel(close, extra=extra), {0: [0.5, 0.0]}, capital=2_000.0)

    assert entries(ledger.orders, "row", "filled", "price", "reason")[1:] == [
        (2, 100.0, price, "delisted")
    ]
    after = 1_000.0 + 100.0 * price
    assert ledger.books.equity.tolist() == [2_000.0, 2_000.0, after, after]


def test_volume_lets_an_order_through_in_parts_and_the_rest_is_carried():
    # Golden of engine.md 4.4: 1,000 shares at 5 % of 8,000, 9,000 and 10,000.
    volume = np.array([[1e6], [8_000.0], [9_000.0], [10_000.0], [1e6]])
    panel = make_panel(flat([1.0], 5), volume=volume)

    ledger = make_ledger(
        panel, {0: [1.0]}, capital=1_000.0, costs=make_costs(max_volume_share=0.05)
    )

    assert entries(ledger.orders, "row", "quantity", "filled", "reason") == [
        (1, 1_000.0, 400.0, "partial_volume"),
        (2, 600.0, 450.0, "partial_volume"),
        (3, 150.0, 150.0, "filled"),
    ]


def test_a_carried_order_ends_after_three_more_sessions():
    panel = make_panel(flat([1.0], 8), volume=np.full((8, 1), 1_000.0))

    ledger = make_ledger(panel, {0: [1.0]}, capital=1_000.0, costs=make_costs(max_volume_share=0.1))

    assert entries(ledger.orders, "row", "quantity", "filled", "reason") == [
        (1, 1_000.0, 100.0, "partial_volume"),
        (2, 900.0, 100.0, "partial_volume"),
        (3, 800.0, 100.0, "partial_volume"),
        (4, 700.0, 100.0, "partial_volume"),
        (4, 600.0, 0.0, "cancelled_expired"),
    ]


def test_the_next_decision_replaces_what_is_still_carried():
    panel = make_panel(flat([1.0], 6), volume=np.full((6, 1), 1_000.0))

    ledger = make_ledger(
        panel, {0: [1.0], 2: [0.0]}, capital=1_000.0, costs=make_costs(max_volume_share=0.1)
    )

    assert entries(ledger.orders, "row", "decision", "side", "quantity", "filled", "reason") == [
        (1, 0, 1, 1_000.0, 100.0, "partial_volume"),
        (2, 0, 1, 900.0, 100.0, "partial_volume"),
        (2, 0, 1, 800.0, 0.0, "cancelled_superseded"),
        (3, 2, -1, 200.0, 100.0, "partial_volume"),
        (4, 2, -1, 100.0, 100.0, "filled"),
    ]


def test_a_run_that_ends_first_cancels_what_is_left():
    panel = make_panel(flat([1.0], 3), volume=np.full((3, 1), 1_000.0))

    ledger = make_ledger(panel, {0: [1.0]}, capital=1_000.0, costs=make_costs(max_volume_share=0.1))

    assert entries(ledger.orders, "row", "quantity", "reason")[-1] == (
        2,
        800.0,
        "cancelled_run_ended",
    )


def test_an_asset_that_does_not_trade_is_not_bought():
    close = flat([10.0, 10.0], 9)
    close[2:, 1] = np.nan
    panel = make_panel(close)

    ledger = make_ledger(panel, {1: [0.5, 0.5]})

    assert entries(ledger.orders, "row", "asset", "filled", "reason") == [
        (2, 0, 500.0, "filled"),
        (6, 1, 0.0, "cancelled_no_fill"),
    ]


def test_a_halted_position_is_kept_and_valued_at_its_last_mark():
    close = flat([10.0, 10.0], 9)
    close[2:, 1] = np.nan
    panel = make_panel(close)

    ledger = make_ledger(panel, {0: [0.0, 1.0], 2: [1.0, 0.0]})

    assert entries(ledger.orders, "row", "asset", "side", "filled", "reason") == [
        (1, 1, 1, 1_000.0, "filled"),
        (3, 0, 1, 0.0, "cancelled_no_cash"),
        (7, 1, -1, 0.0, "cancelled_no_fill"),
    ]
    assert ledger.books.equity[-1] == 10_000.0
    assert "stale_price" not in ledger.flags


def test_a_position_valued_at_one_mark_for_sixty_sessions_is_flagged():
    close = flat([10.0], 70)
    close[3:] = np.nan

    ledger = make_ledger(make_panel(close), {0: [1.0]})

    assert ledger.books.stale_sessions == 67
    assert "stale_price" in ledger.flags


def test_slippage_moves_the_price_against_the_trader_and_is_booked():
    panel = make_panel(flat([20.0], 5), flags=("vendor_adjusted",))

    ledger = make_ledger(
        panel, {0: [1.0], 2: [0.0]}, capital=10_000.0, costs=make_costs(slippage_bps=50.0)
    )

    # 10,000 / 20.10 = 497.5 shares.
    assert entries(ledger.orders, "filled", "price") == [
        (497.0, pytest.approx(20.10)),
        (497.0, pytest.approx(19.90)),
    ]
    assert ledger.orders.slippage.tolist() == pytest.approx([49.70, 49.70])
    assert ledger.books.costs.sum() == pytest.approx(-99.40)
    assert ledger.books.equity[-1] == pytest.approx(9_900.60)


def test_raw_prices_slip_onto_the_tick_adjusted_prices_do_not():
    raw = make_panel(flat([20.03], 3))
    adjusted = make_panel(flat([20.03], 3), flags=("vendor_adjusted",))

    prices = [
        make_ledger(panel, {0: [1.0]}, costs=make_costs(slippage_bps=5.0)).orders.price[0]
        for panel in (raw, adjusted)
    ]

    assert prices == [20.05, pytest.approx(20.040015)]


def test_impact_follows_the_square_root_of_the_share_of_volume():
    # Returns alternate +-2 %: sigma 2 % but for ddof; the order is 1 % of average turnover.
    steps = np.tile([1.02, 1.0 / 1.02], 11)
    close = 10.0 * np.cumprod(np.concatenate([[1.0], steps]))[:, None]
    volume = 10_000.0 / close
    panel = make_panel(close, volume=volume, flags=("vendor_adjusted",))
    sigma = np.std(close[2:22, 0] / close[1:21, 0] - 1.0, ddof=1)

    ledger = make_ledger(
        panel, {21: [1.0]}, capital=10_000.0, costs=make_costs(impact_coefficient=1.0)
    )

    order = ledger.orders
    share = order.filled[0] * order.reference[0] / 10_000.0
    assert order.price[0] / order.reference[0] - 1.0 == pytest.approx(sigma * share**0.5)


def test_an_asset_nobody_traded_before_is_rejected_once_impact_counts():
    volume = np.array([[0.0], [0.0], [0.0], [100.0], [100.0]])
    panel = make_panel(flat([10.0], 5), volume=volume, tradable=volume > 0)

    ledger = make_ledger(panel, {0: [1.0]}, costs=make_costs(impact_coefficient=1.0))

    assert ledger.orders.reason == ("cancelled_no_volume",)


def test_unknown_volume_skips_the_volume_rules_and_flags_the_run():
    panel = make_panel(flat([10.0]), volume=np.full((4, 1), np.nan))

    ledger = make_ledger(
        panel, {0: [1.0]}, costs=make_costs(impact_coefficient=1.0, max_volume_share=0.01)
    )

    assert ledger.orders.filled.tolist() == [1_000.0]
    assert ledger.flags == ("volume_unknown",)


def test_a_missing_open_is_bought_at_the_close_and_flagged():
    close = np.array([[10.0], [12.0], [12.0]])
    panel = make_panel(close, open=np.full((3, 1), np.nan))

    ledger = make_ledger(panel, {0: [0.5]})

    assert ledger.orders.price.tolist() == [12.0]
    assert ledger.flags == ("open_unknown",)


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


def test_a_turnover_cap_moves_only_part_of_the_way():
    # Golden of engine.md 3.8: (.2, .3, .5) to (.4, .1, .5) with a cap of .1 gives (.3, .2, .5).
    panel = make_panel(flat([10.0, 10.0, 10.0], 5))

    ledger = make_ledger(panel, {0: [0.2, 0.3, 0.5], 2: [0.4, 0.1, 0.5]}, max_turnover=1.0)
    capped = make_ledger(
        panel, {0: [0.2, 0.3, 0.5], 1: [0.2, 0.3, 0.5], 2: [0.4, 0.1, 0.5]}, max_turnover=0.1
    )

    assert ledger.turnover.tolist() == pytest.approx([1.0, 0.2])
    assert capped.turnover.tolist() == pytest.approx([0.1, 0.1, 0.1])
    assert capped.weights[0].tolist() == pytest.approx([0.02, 0.03, 0.05])


def test_a_name_that_left_the_universe_is_sold_in_full_whatever_the_turnover_cap():
    member = np.ones((5, 2))
    member[2:, 0] = 0.0
    panel = make_panel(flat([10.0, 10.0], 5), member=member)

    ledger = make_ledger(panel, {0: [0.5, 0.0], 2: [0.0, 0.5]}, max_turnover=0.2)

    assert ledger.weights.tolist() == [[0.2, 0.0], [0.0, 0.0]]
    assert ledger.books.quantity[-1].tolist() == [0.0]


def test_trades_within_the_band_are_not_made():
    close = np.array([[10.0, 10.0]] * 2 + [[10.4, 9.6]] * 3)
    panel = make_panel(close)

    still = make_ledger(panel, {0: [0.5, 0.5], 2: [0.5, 0.5]}, no_trade_band=0.03)
    moved = make_ledger(panel, {0: [0.5, 0.5], 2: [0.5, 0.5]}, no_trade_band=0.01)

    assert (len(still.orders), len(moved.orders)) == (2, 4)


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
    extra = {
        "delisted": with_cell((4, 1), {(2, 0): 1.0}, 0.0),
        "terminal_value": with_cell((4, 1), {(2, 0): 0.0}, np.nan),
    }

    with pytest.raises(EngineError, match=r"equity was 0\.00 on 2000-01-05"):
        make_ledger(make_panel(close, extra=extra), decisions)


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
