"""Short positions: what they cost, what they owe, and what happens when equity runs short."""

import numpy as np
import pytest

from engine.errors import EngineError, InvalidParameters
from engine.round_trips import round_trips
from engine.shorting import Shorting, share_kept
from engine.trimming import Trim
from tests.engine.ledgers import entries, flat, make_costs, make_ledger, with_cell
from tests.engine.panels import make_panel

FREE_LOAN = Shorting(borrow_bps=0.0)


def test_a_short_sale_gains_what_the_price_falls():
    close = np.array([[10.0], [10.0], [8.0], [8.0], [8.0]])

    ledger = make_ledger(make_panel(close), {0: [-0.5], 2: [0.0]}, shorting=FREE_LOAN)

    assert entries(ledger.orders, "row", "side", "filled", "price", "reason") == [
        (1, -1, 500.0, 10.0, "filled"),
        (3, 1, 500.0, 8.0, "filled"),
    ]
    assert ledger.books.equity.tolist() == [10_000.0, 10_000.0, 11_000.0, 11_000.0, 11_000.0]
    assert ledger.books.cash.tolist() == [10_000.0, 15_000.0, 15_000.0, 11_000.0, 11_000.0]


def test_the_lender_charges_each_calendar_day_on_market_value():
    # 365 basis points a year are one a day. Monday to Friday, then the weekend.
    close = np.array([[10.0], [10.0], [10.0], [20.0], [20.0], [20.0]])
    loan = Shorting(borrow_bps=365.0)

    ledger = make_ledger(make_panel(close), {0: [-0.5]}, shorting=loan)

    charged = [0.0, 0.0, 0.5, 0.5, 1.0, 3.0]
    assert (-ledger.books.costs).tolist() == pytest.approx(charged, rel=1e-12)
    assert ledger.books.equity[-1] == pytest.approx(5_000.0 - 5.0, rel=1e-12)


def test_proceeds_are_collateral_and_earn_nothing():
    panel = make_panel(flat([10.0], 5))
    costs = make_costs(cash_rate=0.0365)

    short = make_ledger(panel, {0: [-1.0]}, shorting=FREE_LOAN, costs=costs)

    # 20,000 in cash of which 10,000 are the lender's: a day at 3.65 % a year on the rest.
    first = 10_001.0  # the night before anything was sold
    assert short.books.cash[1] == pytest.approx(first + 10_000.0)
    assert short.books.interest[2] == pytest.approx(first * 1e-4, rel=1e-12)


def test_proceeds_cannot_be_spent_on_something_else():
    opening = flat([10.0, 10.0], 4)
    opening[1, 0] = 12.5

    ledger = make_ledger(
        make_panel(flat([10.0, 10.0]), open=opening), {0: [1.0, -1.0]}, shorting=FREE_LOAN
    )

    # 20,000 in cash, but 10,000 of them are the lender's.
    assert entries(ledger.orders, "asset", "side", "quantity", "filled", "reason") == [
        (1, -1, 1_000.0, 1_000.0, "filled"),
        (0, 1, 1_000.0, 800.0, "partial_cash"),
    ]


def test_covering_may_spend_what_it_releases():
    close = np.array([[10.0, 10.0]] * 3 + [[10.0, 14.0]] * 3)

    ledger = make_ledger(make_panel(close), {0: [1.0, -1.0], 3: [0.6, 0.0]}, shorting=FREE_LOAN)

    # Equity 6,000: 640 of 1,000 shares are sold, and 14,000 of 16,400 in cash buy the loan back.
    assert ledger.books.quantity[-1].tolist() == [360.0, 0.0]
    assert ledger.books.cash[-1] == pytest.approx(2_400.0)


def test_whoever_is_short_pays_the_whole_dividend():
    panel = make_panel(flat([10.0]), dividend=with_cell((4, 1), {(2, 0): 0.5}, 0.0))

    ledger = make_ledger(panel, {0: [-1.0]}, capital=1_000.0, shorting=FREE_LOAN)

    assert ledger.books.cash.tolist() == [1_000.0, 2_000.0, 1_950.0, 1_950.0]


def test_a_consolidation_buys_the_fraction_back():
    panel = make_panel(
        np.array([[2.0], [2.0], [20.0]]), split=with_cell((3, 1), {(2, 0): 0.1}, 1.0)
    )

    ledger = make_ledger(panel, {0: [-1.0]}, capital=202.0, shorting=FREE_LOAN)

    assert entries(ledger.orders, "row", "side", "filled", "price", "reason")[1:] == [
        (2, 1, pytest.approx(0.1), 20.0, "split_fraction")
    ]
    assert ledger.books.quantity[-1].tolist() == [-10.0]
    assert ledger.books.equity[-1] == pytest.approx(202.0)


def test_a_short_position_in_what_is_delisted_is_settled_at_its_terminal_value():
    by_asset = {
        "delisted": with_cell((4, 1), {(2, 0): 1.0}, 0.0),
        "terminal_value": with_cell((4, 1), {(2, 0): 4.0}, np.nan),
    }
    close = np.array([[10.0], [10.0], [np.nan], [np.nan]])

    ledger = make_ledger(make_panel(close, by_asset=by_asset), {0: [-0.5]}, shorting=FREE_LOAN)

    assert entries(ledger.orders, "row", "side", "filled", "price", "reason")[1:] == [
        (2, 1, 500.0, 4.0, "delisted")
    ]
    assert ledger.books.equity[-1] == pytest.approx(13_000.0)


def test_nobody_lends_in_sydney_unless_it_is_asked_for():
    panel = make_panel(flat([10.0, 10.0]), markets=("XASX",))
    asked = Shorting(borrow_bps=0.0, everywhere=True)

    refused = make_ledger(panel, {0: [0.5, -0.5]}, shorting=FREE_LOAN)
    granted = make_ledger(panel, {0: [0.5, -0.5]}, shorting=asked)

    assert entries(refused.orders, "asset", "side", "quantity", "filled", "reason") == [
        (1, -1, 500.0, 0.0, "cancelled_not_lent"),
        (0, 1, 500.0, 500.0, "filled"),
    ]
    assert refused.flags == ("not_lent",)
    assert granted.books.quantity[-1].tolist() == [500.0, -500.0]
    assert granted.flags == ("lent_everywhere",)


def test_what_is_held_is_sold_where_more_cannot_be_borrowed():
    panel = make_panel(flat([10.0], 6), markets=("XASX",))

    ledger = make_ledger(panel, {0: [0.5], 2: [-0.5]}, shorting=FREE_LOAN)

    assert ledger.books.quantity[-1].tolist() == [0.0]
    assert [reason for _, reason in entries(ledger.orders, "row", "reason")] == [
        "filled",
        "cancelled_not_lent",
        "filled",
    ]


def test_equity_below_three_tenths_of_the_exposure_reduces_every_position():
    # Long 500 at 10, short 1,000 at 10 of 10,000: at 17 the loan is 17,000 and equity 3,000.
    close = np.array([[10.0, 10.0]] * 2 + [[10.0, 17.0]] * 4)
    panel = make_panel(close)

    ledger = make_ledger(panel, {0: [0.5, -1.0]}, shorting=FREE_LOAN)

    # 22,000 of exposure would need 6,600; 3,000 carry 10,000: 5/11 of each.
    assert entries(ledger.orders, "row", "asset", "side", "filled", "decision", "reason")[2:] == [
        (3, 0, -1, 273.0, -1, "margin_call"),
        (3, 1, 1, 546.0, -1, "margin_call"),
    ]
    assert ledger.books.quantity[-1].tolist() == [227.0, -454.0]
    assert "margin_call" in ledger.flags


@pytest.mark.parametrize(("price", "outgrown"), [(10.4, False), (13.0, True)])
def test_a_book_that_outgrows_its_cap_is_flagged(price, outgrown):
    # Short 6,000 of 10,000 and long 4,000: at 13 the loan is worth 7,800 and equity 8,200.
    close = np.array([[10.0, 10.0]] * 2 + [[10.0, price]] * 2)

    ledger = make_ledger(make_panel(close), {0: [0.4, -0.6]}, shorting=FREE_LOAN)

    assert ("leverage_over_cap" in ledger.flags) is outgrown


def test_a_cap_is_what_was_asked_for():
    close = np.array([[10.0, 10.0]] * 2 + [[10.0, 11.0]] * 2)

    ledger = make_ledger(make_panel(close), {0: [1.0, -1.0]}, shorting=FREE_LOAN)

    # 10,000 long and 11,000 short on 9,000: 2.33 of the equity where 2 were asked for.
    assert "leverage_over_cap" in ledger.flags


def test_a_margin_call_takes_the_place_of_orders_that_wait():
    close = np.array([[10.0, 10.0]] * 2 + [[10.0, 17.0]] * 4)
    volume = np.full(close.shape, 1e6)
    volume[1:, 0] = 100.0
    panel = make_panel(close, volume=volume)

    ledger = make_ledger(panel, {0: [0.5, -1.0]}, shorting=FREE_LOAN)

    assert (2, 0, "cancelled_superseded") in entries(ledger.orders, "row", "asset", "reason")


def test_a_loss_above_all_equity_ruins_the_run():
    close = np.array([[10.0]] * 2 + [[25.0]] * 2)

    with pytest.raises(EngineError, match=r"equity was -5000\.00 on 2000-01-05; the run is ruined"):
        make_ledger(make_panel(close), {0: [-1.0]}, shorting=FREE_LOAN)


@pytest.mark.parametrize(
    ("value", "cash", "kept"),
    [
        ([500.0, -500.0], 1_000.0, 1.0),
        ([0.0, -1_000.0], 1_300.0, 1.0),
        ([0.0, -1_000.0], 1_150.0, 0.5),
        ([0.0, -1_000.0], 900.0, 0.0),
        ([0.0, 0.0], -100.0, 1.0),
    ],
)
def test_what_the_margin_allows_to_keep(value, cash, kept):
    assert share_kept(np.array(value), cash) == pytest.approx(kept)


def test_turning_a_position_round_ends_one_trip_and_begins_another():
    close = np.array([[10.0]] * 3 + [[12.0]] * 3 + [[9.0]] * 3)

    ledger = make_ledger(make_panel(close), {0: [0.5], 3: [-0.5], 6: [0.0]}, shorting=FREE_LOAN)
    trips = round_trips(ledger.books, ledger.orders, ledger.payments, ledger.actions)

    # 500 from 10 to 12; then 458 short (half of 11,000 at 12) from 12 to 9.
    assert trips.cost.tolist() == pytest.approx([5_000.0, 458 * 12.0])
    assert trips.profit.tolist() == pytest.approx([1_000.0, 458 * 3.0])


def test_fees_of_a_loan_belong_to_its_trip():
    panel = make_panel(flat([10.0], 7))

    ledger = make_ledger(panel, {0: [-0.5], 4: [0.0]}, shorting=Shorting(borrow_bps=365.0))
    trips = round_trips(ledger.books, ledger.orders, ledger.payments, ledger.actions)

    assert trips.profit.tolist() == pytest.approx([ledger.books.equity[-1] - 10_000.0])
    assert trips.profit[0] == pytest.approx(-0.5 * 6)  # three nights and a weekend


@pytest.mark.parametrize("bps", [-1.0, np.nan, np.inf])
def test_a_fee_that_cannot_be_is_refused(bps):
    with pytest.raises(InvalidParameters, match="borrow_bps was"):
        Shorting(borrow_bps=bps)


def test_targets_above_the_equity_are_bought_on_credit():
    # The debit costs the cash rate and 150 basis points, each calendar day.
    close = np.array([[10.0]] * 2 + [[11.0]] * 3)

    ledger = make_ledger(make_panel(close), {0: [1.5]}, costs=make_costs(cash_rate=0.0215))

    assert ledger.books.cash[1] == pytest.approx(10_000.0 * (1 + 0.0215 / 365) - 15_000.0)
    assert ledger.books.interest[2] == pytest.approx(ledger.books.cash[1] * 0.0365 / 365)
    assert ledger.books.equity[2] == pytest.approx(ledger.books.cash[2] + 16_500.0)
    assert ledger.flags == ("borrowed_cash",)


def test_credit_ends_where_the_targets_end():
    opening = flat([10.0], 4)
    opening[1] = 12.0

    ledger = make_ledger(make_panel(flat([10.0]), open=opening), {0: [1.5]})

    assert entries(ledger.orders, "quantity", "filled", "reason") == [
        (1_500.0, 1_250.0, "partial_cash")
    ]


def test_a_position_on_credit_is_reduced_by_the_margin_too():
    close = np.array([[10.0]] * 2 + [[4.0]] * 3)

    ledger = make_ledger(make_panel(close), {0: [1.5]})

    # 1,500 at 4 are 6,000 against a debit of 5,000, the loan's night apart.
    equity = 1_000.0 + ledger.books.interest[2]
    kept = int(1_500 * equity / (0.3 * 6_000.0))
    assert ledger.books.quantity[:4, 0].tolist() == [0.0, 1_500.0, 1_500.0, kept]
    assert "margin_call" in ledger.flags


def test_the_band_leaves_targets_on_credit_alone():
    panel = make_panel(flat([10.0, 10.0], 6))

    ledger = make_ledger(panel, {0: [0.9, 0.5], 2: [0.9, 0.6]}, trim=Trim(no_trade_band=0.02))

    assert ledger.weights[1].tolist() == pytest.approx([0.9, 0.6], abs=1e-4)


def test_extra_slippage_is_charged_by_asset_and_expected_by_the_sizing():
    panel = make_panel(flat([10.0, 10.0]), flags=("vendor_adjusted",))

    ledger = make_ledger(
        panel,
        {0: [0.5, 0.5]},
        costs=make_costs(slippage_bps=10.0),
        extra_slippage=np.array([0.0, 90.0]),
    )

    assert ledger.orders.price.tolist() == pytest.approx([10.01, 10.10])
    assert ledger.orders.filled.tolist() == [499.0, 495.0]
