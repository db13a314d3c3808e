"""Whole runs reckoned by hand in exact decimals (engine.md 4.9 d). The stop-out is the signals'."""

from decimal import ROUND_CEILING, ROUND_FLOOR, Decimal

import numpy as np

from tests.engine.ledgers import make_costs, make_ledger
from tests.engine.panels import make_panel

FEE, SLIPPAGE, CENT = Decimal(3), Decimal("0.0005"), Decimal("0.01")
COSTS = make_costs(commission_flat=3.0, slippage_bps=5.0)
PRICES = [["20.00", "8.00"]] * 2 + [["24.00", "7.00"]] * 2 + [["22.50", "7.50"], ["22.00", "7.60"]]


def make_market():
    return make_panel(np.array(PRICES, np.float64), markets=("XNYS",))


def whole(amount):
    return amount.to_integral_value(ROUND_FLOOR)


def bought_at(price):
    return (price * (1 + SLIPPAGE)).quantize(CENT, ROUND_CEILING)


def sold_at(price):
    return (price * (1 - SLIPPAGE)).quantize(CENT, ROUND_FLOOR)


def test_buy_and_hold_to_the_cent():
    price = [Decimal(row[0]) for row in PRICES]
    paid = bought_at(price[1])
    shares = whole((10_000 - FEE) / (price[0] * (1 + SLIPPAGE)))
    cash = 10_000 - FEE - shares * paid

    ledger = make_ledger(make_market(), {0: [1.0, 0.0]}, costs=COSTS)

    assert (paid, shares, cash) == (Decimal("20.01"), 499, Decimal("12.01"))
    expected = [Decimal(10_000)] + [cash + shares * each for each in price[1:]]
    assert [round(Decimal(value), 8) for value in ledger.books.equity.tolist()] == expected
    assert round(Decimal(float(ledger.books.cash[-1])), 8) == cash


def test_a_constant_mix_to_the_cent():
    prices = [[Decimal(cell) for cell in row] for row in PRICES]
    cash, held = Decimal(10_000), [Decimal(0), Decimal(0)]
    expected = [cash]
    for row in range(1, len(prices)):
        if row in {1, 3, 5}:  # decided the session before, at its close
            known = prices[row - 1]
            equity = cash + sum(q * p for q, p in zip(held, known, strict=True))
            each = (equity - 2 * FEE) / 2
            wanted = [whole(each / (p * (1 + SLIPPAGE))) for p in known]
            for k in sorted((0, 1), key=lambda k: wanted[k] > held[k]):  # sales first
                change, price = wanted[k] - held[k], prices[row][k]
                cash -= change * (bought_at(price) if change > 0 else sold_at(price)) + FEE
                held[k] = wanted[k]
            assert cash >= 0
        expected.append(cash + sum(q * p for q, p in zip(held, prices[row], strict=True)))

    half = [0.5, 0.5]
    ledger = make_ledger(make_market(), {0: half, 2: half, 4: half}, costs=COSTS)

    assert len(ledger.orders) == 6
    assert ledger.books.quantity[-1].tolist() == [float(q) for q in held]
    assert [round(Decimal(value), 8) for value in ledger.books.equity.tolist()] == expected
