"""Buy and hold: one purchase, and what becomes of what a listing leaves when it ends."""

import numpy as np
import pytest

from engine.decide import decide
from engine.panel import NEVER
from engine.schedule import DecisionClock, Rebalance
from engine.strategies.buy_and_hold import BuyAndHold, BuyAndHoldParameters
from tests.engine.ledgers import make_ledger
from tests.engine.panels import make_panel
from tests.engine.test_endings import make_ending

NAN = np.nan
ENDS = 4  # the row on which the first asset's listing ends


def make_market(**changes):
    """Return three assets: the first pays 12 for each share on row 4, the second splits on row 3.

    The third trades in US dollars and pays a dividend on row 2.
    """
    close = np.array(
        [
            [10.0, 20.0, 10.0],
            [10.0, 20.0, 10.0],
            [11.0, 24.0, 10.0],
            [12.0, 12.0, 12.0],
            [NAN, 12.0, 12.0],
            [NAN, 12.0, 15.0],
            [NAN, 15.0, 15.0],
            [NAN, 15.0, 15.0],
        ]
    )
    shape = close.shape
    split, dividend, factor = np.ones(shape), np.zeros(shape), np.ones(shape)
    split[3, 1], factor[3:, 1] = 2.0, 2.0
    dividend[2, 2], factor[2:, 2] = 0.5, 1.05
    delisted, terminal = np.zeros(shape), np.full(shape, NAN)
    delisted[ENDS, 0], terminal[ENDS, 0] = 1.0, 12.0
    rate = np.repeat([1.0, 1.6, 1.6, 2.0], 2)
    values = {
        "split": split,
        "dividend": dividend,
        "tr_factor": factor,
        "by_asset": {"delisted": delisted, "terminal_value": terminal},
        "currencies": ("AUD", "USD"),
        "currency": [0, 0, 1],
        "fx": np.column_stack([np.ones(len(close)), rate]),
        "fx_known_at": np.zeros((len(close), 2)),
    }
    return make_panel(close, **{**values, **changes})


def decided(panel, rebalance=Rebalance.DAILY, *, reinvest=True):
    strategy = BuyAndHold(BuyAndHoldParameters(reinvest=reinvest))
    return decide(
        panel,
        strategy,
        first_row=0,
        last_row=len(panel.session) - 1,
        rebalance=rebalance,
        clock=DecisionClock.US_CLOSE,
    )


def test_it_buys_once_and_only_when_there_is_something_to_buy():
    strategy = BuyAndHold(BuyAndHoldParameters())

    def asked(close, state):
        return strategy.decide(make_panel(close).window(1, 2, NEVER - 1), state)

    empty, nothing = asked(np.full((2, 2), NAN), None)
    first, state = asked(np.full((2, 2), 10.0), nothing)
    second, after = asked(np.full((2, 2), 11.0), state)

    assert (empty.weights.tolist(), nothing) == ([0.0, 0.0], None)
    assert first.weights.tolist() == [0.5, 0.5]
    assert second is None
    assert after.shares.tolist() == state.shares.tolist()


def test_an_ending_leaves_cash_unless_it_is_reinvested():
    assert decided(make_market(), reinvest=False).rows.tolist() == [0]
    assert decided(make_market()).rows.tolist() == [0, ENDS]


def test_what_a_listing_leaves_is_spread_by_the_value_of_what_is_held():
    """A third each at 10, 20 and 10 x 1.0: a unit of money bought 1/30, 1/60 and 1/30 of a share.

    On row 4 two new shares of the second, at 12, stand for an old one, and the third costs
    12 x 1.6: 24/60 against 19.2/30, dividends left out.
    """
    targets = decided(make_market())

    np.testing.assert_allclose(targets.weights[1], np.array([0.0, 0.4, 0.64]) / 1.04, rtol=1e-12)
    assert targets.reasons == {"listing_ended": 1}


def test_a_split_since_the_last_decision_is_no_change_of_value():
    """Decided on row 0 and at the end of the week, row 4 included: the split lies between."""
    weekly = decided(make_market(), Rebalance.WEEKLY)

    np.testing.assert_allclose(weekly.weights, decided(make_market()).weights, rtol=1e-12)


def test_a_price_from_before_a_split_is_not_taken_for_one_after_it():
    """On row 3 the split asset's close comes late: that of row 2, 24, stands for two of 12."""
    known_at = make_market().known_at.copy()
    known_at[3, 1] = NEVER
    ended = np.zeros((8, 3))
    ended[3, 0] = 1.0
    late = make_market(known_at=known_at, by_asset={"delisted": ended})

    targets = decided(late)

    assert targets.rows.tolist() == [0, 3]
    np.testing.assert_allclose(targets.weights[1], np.array([0.0, 0.4, 0.64]) / 1.04, rtol=1e-12)


def test_the_ledger_sells_nothing_of_what_is_held_to_reinvest():
    panel = make_market()

    ledger = make_ledger(panel, decided(panel), whole_shares=False)

    orders = ledger.orders
    bought = orders.row > ENDS
    assert sorted(orders.asset[bought].tolist()) == [1, 2]
    assert (orders.side[bought] == 1).all()
    assert ledger.books.cash[ENDS] > 0.25 * ledger.books.equity[ENDS]
    # What rose since the decision costs more than it was to; nothing else is left over.
    assert abs(ledger.books.cash[-1]) < 0.1 * ledger.books.equity[-1]


@pytest.mark.parametrize("cash", [NAN, 2.5])
def test_the_shares_a_merger_gave_are_held(cash):
    """300 of each: the first is taken over for half a share of the second, and 2.50 or nothing."""
    closes = np.full((30, 3), 10.0)
    panel = make_ending(closes, {(10, 0): (cash, 0.5, 1)})

    targets = decided(panel)
    ledger = make_ledger(panel, targets, capital=9_000.0)

    assert targets.rows.tolist() == [0, 10]
    np.testing.assert_allclose(targets.weights[1], [0.0, 0.6, 0.4], rtol=1e-12)
    bought = ledger.orders.row > 10
    assert (ledger.orders.side[bought] == 1).all()
    spent = 0.0 if np.isnan(cash) else 75.0
    held = [0.0, 450.0 + 0.6 * spent, 300.0 + 0.4 * spent]
    np.testing.assert_allclose(ledger.books.quantity[-1], held, atol=1.0)


def test_shares_go_on_through_splits_and_mergers_on_one_day():
    """The first was split in two, and becomes the second on the day it becomes the third."""
    closes, split = np.full((12, 3), 10.0), np.ones((12, 3))
    split[3, 0] = 2.0
    closes[3:, 0] = 5.0
    panel = make_ending(closes, {(6, 0): (NAN, 0.5, 1), (6, 1): (NAN, 1.0, 2)}, split=split)

    targets = decided(panel)

    np.testing.assert_allclose(targets.weights[1], [0.0, 0.0, 1.0])
    assert [(each.asset, each.ratio) for each in panel.window(6, 2, NEVER - 1).mergers] == [
        (0, 1.0),
        (1, 1.0),
    ]


def test_shares_wait_for_a_successor_that_has_not_traded_yet():
    closes = np.full((12, 3), 10.0)
    closes[:9, 1] = NAN
    panel = make_ending(closes, {(6, 0): (NAN, 0.5, 1)})

    targets = decided(panel)

    assert targets.rows.tolist() == [0, 9]
    np.testing.assert_allclose(targets.weights[1], [0.0, 1 / 3, 2 / 3], rtol=1e-12)


def test_when_every_listing_has_ended_all_is_cash():
    ended = make_market().by_asset["delisted"].copy()
    ended[ENDS] = 1.0
    panel = make_market(by_asset={"delisted": ended})

    targets = decided(panel)

    assert targets.rows.tolist() == [0, ENDS]
    assert targets.weights[1].tolist() == [0.0, 0.0, 0.0]


@pytest.mark.parametrize("row", range(8))
def test_a_window_tells_what_has_ended_and_what_splits_have_made_of_a_share(row):
    panel = make_market()

    for seen in (panel, panel.truncate(row)):
        window = seen.window(row, row + 1, NEVER - 1)
        assert window.ended.tolist() == [row >= ENDS, False, False]
        assert window.shares.tolist() == [1.0, 2.0 if row >= 3 else 1.0, 1.0]
