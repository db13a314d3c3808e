from dataclasses import replace

import numpy as np
import pytest

from engine.report import attribute
from engine.shorting import Shorting
from tests.engine.ledgers import entries, flat, make_costs, make_ledger, with_cell
from tests.engine.panels import make_panel


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
    # Without the dividend, 2 * 51 / 100.
    assert ledger.books.price_curve().tolist() == pytest.approx([1_000.0, 1_000.0, 1_020.0])


def test_the_price_curve_leaves_dividends_out_and_does_not_reinvest_them():
    # 1.00 on 100, and then ten percent: 1.10 of the total return, 1.01 * 1.1 of what came.
    close = np.array([[100.0], [100.0], [100.0], [110.0]])
    panel = make_panel(close, dividend=with_cell((4, 1), {(2, 0): 1.0}, 0.0), markets=("XTKS",))

    ledger = make_ledger(panel, {0: [1.0]}, capital=1_000.0)

    assert ledger.books.dividends.tolist() == [0.0, 0.0, 10.0, 0.0]
    assert ledger.books.equity[-1] == pytest.approx(1_110.0)
    # The cash of the dividend earns nothing, so a tenth is made on 1,000 of 1,010.
    assert ledger.books.price_curve()[-1] == pytest.approx(1_000.0 * (1.0 + 100.0 / 1_010.0))


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


def paid_on(panel, cells):
    """Return the column of payments from (row met, asset) to the row whose day it is paid on."""
    days = {cell: float(panel.session[row]) for cell, row in cells.items()}
    return replace(panel, by_asset={"paid_on": with_cell(panel.close.shape, days, np.nan)})


def test_a_dividend_is_owed_from_its_ex_date_and_cash_on_its_day_of_payment():
    panel = make_panel(flat([10.0], 7), dividend=with_cell((7, 1), {(2, 0): 0.5}, 0.0))

    ledger = make_ledger(
        paid_on(panel, {(2, 0): 5}),
        {0: [1.0]},
        capital=1_000.0,
        costs=make_costs(cash_rate=0.0365),
    )

    first = ledger.books.cash[1]  # a night's interest on the thousand
    assert ledger.books.receivable.tolist() == [0.0, 0.0, 42.5, 42.5, 42.5, 0.0, 0.0]
    assert ledger.books.cash[5] == pytest.approx(first + 42.5, abs=1e-4)
    assert ledger.books.asset[2] == pytest.approx(42.5)
    assert ledger.books.asset[5] == pytest.approx(0.0, abs=1e-9)
    # Before it is paid it earns nothing.
    assert ledger.books.interest[4] == pytest.approx(first * 1e-4 * (1 + 1e-4) ** 2, rel=1e-6)
    assert ledger.books.interest[6] == pytest.approx(ledger.books.cash[5] * 1e-4, rel=1e-9)


def test_a_dividend_owed_on_a_short_is_paid_after_its_purchase_too():
    panel = make_panel(flat([10.0, 10.0], 9), dividend=with_cell((9, 2), {(2, 1): 1.0}, 0.0))
    decided = {0: [1.0, -0.6], 3: [1.0, 0.0]}

    ledger = make_ledger(
        paid_on(panel, {(2, 1): 7}), decided, capital=10_000.0, shorting=Shorting(borrow_bps=0.0)
    )

    # 600 short owe 600 from the ex-date; the lender gets it though the shares are back by then.
    assert ledger.books.cash[2:8].tolist() == [6_000.0, 6_000.0, 0.0, 0.0, 0.0, -600.0]
    assert ledger.books.equity[2:8].tolist() == [9_400.0] * 6


def test_what_is_owed_buys_nothing():
    dividend = with_cell((7, 2), {(2, 0): 0.5}, 0.0)
    panel = make_panel(flat([10.0, 10.0], 7), dividend=dividend, markets=("XTKS",))

    ledger = make_ledger(
        paid_on(panel, {(2, 0): 5}), {0: [1.0, 0.0], 2: [0.5, 0.5], 5: [0.5, 0.5]}, capital=1_000.0
    )

    bought = [(row, size) for row, asset, size in entries(ledger.orders, "row", "asset", "filled")]
    assert bought == [(1, 100.0), (3, 50.0), (3, 50.0), (6, 2.0), (6, 2.0)]


def test_a_short_position_owes_the_dividend_until_it_is_paid():
    panel = make_panel(flat([10.0], 5), dividend=with_cell((5, 1), {(2, 0): 0.5}, 0.0))

    ledger = make_ledger(
        paid_on(panel, {(2, 0): 4}),
        {0: [-1.0]},
        capital=1_000.0,
        shorting=Shorting(borrow_bps=0.0),
    )

    assert ledger.books.receivable.tolist() == [0.0, 0.0, -50.0, -50.0, 0.0]
    assert ledger.books.cash.tolist() == [1_000.0, 2_000.0, 2_000.0, 2_000.0, 1_950.0]


def test_a_dividend_still_owed_at_the_end_is_part_of_the_equity():
    panel = make_panel(flat([10.0], 4), dividend=with_cell((4, 1), {(2, 0): 0.5}, 0.0))
    late = replace(panel, by_asset={"paid_on": with_cell((4, 1), {(2, 0): 99_999.0}, np.nan)})

    ledger = make_ledger(late, {0: [1.0]}, capital=1_000.0)

    assert ledger.books.receivable.tolist() == [0.0, 0.0, 42.5, 42.5]
    assert ledger.books.equity.tolist() == [1_000.0, 1_000.0, 1_042.5, 1_042.5]


def test_a_dividend_that_waited_for_a_bar_keeps_its_day_of_payment():
    close = np.array([[10.0], [10.0], [np.nan], [10.0], [10.0], [10.0]])
    panel = make_panel(close, dividend=with_cell((6, 1), {(2, 0): 0.5}, 0.0))

    late = make_ledger(paid_on(panel, {(2, 0): 5}), {0: [1.0]}, capital=1_000.0)
    past = make_ledger(paid_on(panel, {(2, 0): 2}), {0: [1.0]}, capital=1_000.0)

    assert late.books.receivable.tolist() == [0.0, 0.0, 0.0, 42.5, 42.5, 0.0]
    assert past.books.receivable.tolist() == [0.0] * 6
    assert past.books.cash[-1] == 42.5


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
    by_asset = {
        "delisted": with_cell((4, 2), {(2, 0): 1.0}, 0.0),
        "terminal_value": with_cell((4, 2), {(2, 0): terminal}, np.nan),
    }

    ledger = make_ledger(make_panel(close, by_asset=by_asset), {0: [0.5, 0.0]}, capital=2_000.0)

    assert entries(ledger.orders, "row", "filled", "price", "reason")[1:] == [
        (2, 100.0, price, "delisted")
    ]
    assert ledger.flags == (("delisting_assumed",) if np.isnan(terminal) else ())
    after = 1_000.0 + 100.0 * price
    assert ledger.books.equity.tolist() == [2_000.0, 2_000.0, after, after]


@pytest.mark.parametrize(("assumed", "price"), [(0.0, 10.0), (-0.55, 4.5), (-1.0, 0.0)])
def test_what_a_delisting_is_assumed_to_take_is_a_term_of_the_run(assumed, price):
    # Shumway & Warther (1999) put Nasdaq's at -55 %.
    panel = make_ending_market()

    ledger = make_ledger(
        panel, {0: [0.5, 0.0]}, capital=2_000.0, costs=make_costs(delist_return=assumed)
    )

    [ended] = entries(ledger.orders, "row", "filled", "price", "reason")[1:]
    assert ended == (2, 100.0, pytest.approx(price), "delisted")
    assert "delisting_assumed" in ledger.flags


def test_nobody_gains_from_a_delisting_that_is_assumed():
    ledger = make_ledger(make_ending_market(), {0: [-0.5, 0.0]}, shorting=Shorting(borrow_bps=0.0))

    assert entries(ledger.orders, "row", "side", "filled", "price", "reason")[1:] == [
        (2, 1, 500.0, 10.0, "delisted")
    ]
    assert ledger.books.equity.tolist() == [10_000.0] * 4
    assert "delisting_assumed" in ledger.flags


def make_ending_market():
    """Two shares at 10; the first is delisted on the third session for an unknown value."""
    return make_panel(
        np.array([[10.0, 10.0]] * 2 + [[np.nan, 10.0]] * 2),
        by_asset={"delisted": with_cell((4, 2), {(2, 0): 1.0}, 0.0)},
    )
