"""One whole backtest on real prices, computed twice.

Twenty US shares, daily adjusted closes of 1990 to 2022 as the skfolio package ships them; monthly
cross-sectional momentum in US dollars with the default costs. The second computation is below:
plain Python on lists, written from the specification, without a line of the code it checks.
"""

import csv
import gzip
import importlib.util
import math
from datetime import date
from pathlib import Path

import numpy as np
import pytest

from engine.backtest import Constraints, Request, run
from engine.costs import CostModel
from engine.execution import FillPolicy
from engine.schedule import DecisionClock, Rebalance
from engine.strategies import STRATEGIES
from tests.engine.panels import make_panel
from tests.golden.figures import figures_of_curve, figures_of_round_trips, figures_of_trading

CAPITAL = 100_000.0
FIRST = 300
LOOKBACK, SKIP, TOP = 252, 21, 10
FLAT, SLIPPAGE = 3.0, 5e-4


def read_prices():
    """Return dates, symbols and rows of closes of the twenty shares."""
    (folder,) = importlib.util.find_spec("skfolio").submodule_search_locations
    path = Path(folder) / "datasets" / "data" / "sp500_dataset.csv.gz"
    with gzip.open(path, "rt", newline="") as file:
        header, *rows = csv.reader(file)
    dates = [date.fromisoformat(row[0]) for row in rows]
    return dates, header[1:], [[float(price) for price in row[1:]] for row in rows]


DATES, SYMBOLS, PRICES = read_prices()


def twelve_digits(value):
    return float(f"{value:.11e}")


def decision_rows():
    last = len(DATES) - 1
    month_ends = [r for r in range(FIRST + 1, last) if DATES[r].month != DATES[r + 1].month]
    return [FIRST, *month_ends]


def momentum_weights(row):
    scores = [PRICES[row - SKIP][j] / PRICES[row - LOOKBACK][j] - 1.0 for j in range(len(SYMBOLS))]
    best = sorted(range(len(SYMBOLS)), key=lambda j: (-twelve_digits(scores[j]), j))[:TOP]
    return [1.0 / TOP if j in best else 0.0 for j in range(len(SYMBOLS))]


def lots(quantity):
    return float(math.floor(quantity * (1.0 + 1e-12)))


class Book:
    """An account kept by hand: every step as engine.md 4.2 words it."""

    def __init__(self, *, flat, slippage):
        self.flat, self.slippage = flat, slippage
        self.cash, self.held = CAPITAL, [0.0] * len(SYMBOLS)
        self.fills, self.turnover, self.costs = [], 0.0, 0.0

    def equity(self, row):
        return self.cash + sum(q * p for q, p in zip(self.held, PRICES[row], strict=True))

    def reserve(self, weights, price, equity):
        """Fees of the orders the weights need once the fees themselves are set aside."""
        reserve = 0.0
        while True:
            orders = [
                j
                for j, weight in enumerate(weights)
                if abs(weight * (equity - reserve) - self.held[j] * price[j]) > 1e-12 * equity
            ]
            if len(orders) * self.flat == reserve:
                return reserve
            reserve = len(orders) * self.flat

    def decide(self, row, weights):
        """Return signed orders and each one's distance of weights, at the decision's closes."""
        price, equity = PRICES[row], self.equity(row)
        investable = equity - self.reserve(weights, price, equity)
        orders, gaps = {}, {}
        for j, weight in enumerate(weights):
            target = lots(weight * investable / (price[j] * (1.0 + self.slippage)))
            if target != self.held[j]:
                orders[j] = target - self.held[j]
                gaps[j] = abs(weight - self.held[j] * price[j] / equity)
        return orders, gaps, equity

    def fill(self, row, orders, gaps, equity):
        """Sell, then buy what the cash reaches, at the next session's closes with slippage."""
        sold = bought = 0.0
        for j in sorted(j for j in orders if orders[j] < 0):
            price = PRICES[row][j] * (1.0 - self.slippage)
            if -orders[j] * price - self.flat > 0.0:
                sold += self.trade(row, j, orders[j], price)
        for j, quantity in self.affordable(row, orders, gaps):
            bought += self.trade(row, j, quantity, PRICES[row][j] * (1.0 + self.slippage))
        self.turnover += max(sold, bought) / equity

    def affordable(self, row, orders, gaps):
        left, kept = self.cash, []
        for j in sorted((j for j in orders if orders[j] > 0), key=lambda j: (-gaps[j], j)):
            price = PRICES[row][j] * (1.0 + self.slippage)
            if orders[j] * price + self.flat <= left:
                kept.append((j, orders[j]))
                left -= orders[j] * price + self.flat
                continue
            part = min(lots((left - self.flat) / price), orders[j])
            return sorted([*kept, (j, part)] if part > 0 else kept)
        return sorted(kept)

    def trade(self, row, j, quantity, price):
        notional = abs(quantity) * price
        self.cash -= quantity * price + self.flat
        self.held[j] += quantity
        self.costs += self.flat + abs(quantity) * abs(price - PRICES[row][j])
        self.fills.append((row, j, quantity, price))
        return notional


def by_hand(*, flat, slippage):
    """Return the curve and the account of a run kept by hand."""
    book = Book(flat=flat, slippage=slippage)
    decisions = set(decision_rows())
    curve, weights, waiting = [], [], None
    for row in range(FIRST, len(DATES)):
        if waiting is not None:
            book.fill(row, *waiting)
            waiting = None
        if row in decisions:
            waiting = book.decide(row, momentum_weights(row))
        curve.append(book.equity(row))
        weights.append([q * p / curve[-1] for q, p in zip(book.held, PRICES[row], strict=True)])
    return curve, weights, book


@pytest.fixture(scope="module")
def result():
    """The engine's own run of the same backtest."""
    close = np.array(PRICES)
    unknown = np.full_like(close, np.nan)
    panel = make_panel(
        close,
        session=np.array(DATES, "datetime64[D]").astype(np.int64),
        symbols=tuple(SYMBOLS),
        open=unknown,
        high=unknown,
        low=unknown,
        volume=unknown,
        flags=("vendor_adjusted",),
    )
    momentum = STRATEGIES["momentum"]
    request = Request(
        strategy=momentum(momentum.parameters_type(lookback=LOOKBACK, skip=SKIP, top_n=TOP)),
        first_row=FIRST,
        last_row=len(DATES) - 1,
        capital=CAPITAL,
        rebalance=Rebalance.MONTHLY,
        constraints=Constraints(),
        costs=CostModel(),
        fill=FillPolicy.NEXT_OPEN,
        whole_shares=True,
        clock=DecisionClock.US_CLOSE,
    )
    return run(panel, request, checkpoint=lambda share, stage: None)


@pytest.fixture(scope="module")
def hand():
    return by_hand(flat=FLAT, slippage=SLIPPAGE)


@pytest.fixture(scope="module")
def hand_without_costs():
    return by_hand(flat=0.0, slippage=0.0)


def test_both_equity_curves_are_one(result, hand, hand_without_costs):
    assert len(result.equity) == 8_013
    np.testing.assert_allclose(result.equity, hand[0], rtol=1e-9)
    np.testing.assert_allclose(result.gross, hand_without_costs[0], rtol=1e-9)


def test_both_make_the_same_trades(result, hand):
    orders, (*_, book) = result.orders, hand
    made = orders.filled > 0.0

    row, asset, quantity, price = (np.array(column) for column in zip(*book.fills, strict=True))
    np.testing.assert_array_equal(orders.row[made], row)
    np.testing.assert_array_equal(orders.asset[made], asset)
    np.testing.assert_array_equal((orders.side * orders.filled)[made], quantity)
    np.testing.assert_allclose(orders.price[made], price, rtol=1e-12)


def test_both_arrive_at_the_same_figures(result, hand, hand_without_costs):
    curve, weights, book = hand
    gross = hand_without_costs[0]

    expected = (
        figures_of_curve(curve, DATES[FIRST:])
        | figures_of_trading(curve, gross, weights, book, DATES[FIRST:])
        | figures_of_round_trips(book)
    )

    found = {name: getattr(result.metrics, name) for name in expected}
    assert found == pytest.approx(expected, rel=1e-9)


def test_attribution_sums_to_the_total_return(result):
    parts = result.attribution

    total = result.metrics.total_return
    assert parts.asset + parts.costs + parts.cash == pytest.approx(total, abs=1e-10 * (1 + total))
    assert (parts.currency, parts.interaction) == (0.0, 0.0)
    assert parts.by_symbol.sum() + parts.cash == pytest.approx(total, abs=1e-10 * (1 + total))


def test_the_run_says_what_its_prices_are(result):
    assert result.guards.lookahead_free is True
    assert result.guards.fills_on_real_bars is True
    assert result.guards.flags == ("vendor_adjusted", "volume_unknown", "open_unknown")
