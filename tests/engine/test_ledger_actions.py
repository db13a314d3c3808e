import numpy as np
import pytest

from engine.report import attribute
from tests.engine.ledgers import entries, flat, make_ledger, with_cell
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
