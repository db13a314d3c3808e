"""Listings that end in shares, in cash, or in both; every figure is worked out by hand."""

from dataclasses import replace

import numpy as np
import pytest

from engine.costs import FxMode
from engine.errors import PanelError
from engine.execution import FillPolicy
from engine.limits import Constraints
from engine.shorting import Shorting
from engine.simulate import simulate_weights
from engine.trial_market import market_of
from engine.trials import simulate_targets
from tests.engine.ledgers import entries, make_costs, make_ledger, make_targets, with_cell
from tests.engine.panels import make_closes, make_panel
from tests.engine.signals import make_signals, run_signals
from tests.engine.test_execution import make_two_markets
from tests.engine.test_trials import make_request

NAN = np.nan
LOAN = Shorting(borrow_bps=0.0)


def endings(shape, cells):
    """Return the columns of endings from (row, asset) to (cash, ratio, column of the successor)."""
    at = dict.fromkeys(cells, 1.0)
    cash = {cell: terms[0] for cell, terms in cells.items()}
    ratio = {cell: terms[1] for cell, terms in cells.items()}
    successor = {cell: terms[2] + 1.0 for cell, terms in cells.items()}
    return {
        "delisted": with_cell(shape, at, 0.0),
        "terminal_value": with_cell(shape, cash, NAN),
        "conversion": with_cell(shape, ratio, NAN),
        "successor": with_cell(shape, successor, NAN),
    }


def make_ending(close, cells, *, make=make_panel, **changes):
    """Return a panel in which bars of what ended stand empty from that row on."""
    close = np.array(close, np.float64)
    for row, asset in cells:
        close[row:, asset] = NAN
    return make(close, by_asset=endings(close.shape, cells), **changes)


def make_merger(cash=NAN, ratio=0.75, **changes):
    """A at 10 becomes `ratio` of B on the third session, which opens at 20 and closes at 21."""
    close = [[10.0, 20.0]] * 2 + [[NAN, 21.0]] * 2
    opening = np.array([[10.0, 20.0]] * 2 + [[NAN, 20.0], [NAN, 21.0]])
    return make_ending(close, {(2, 0): (cash, ratio, 1)}, open=opening, **changes)


def moves(ledger):
    """Return what was entered without a decision."""
    return entries(
        ledger.orders.select(ledger.orders.decision < 0),
        *("row", "asset", "side", "filled", "price", "reason"),
    )


def test_a_merger_gives_whole_shares_and_pays_out_the_fraction_at_the_first_price():
    # 101 at 0.75 are 75.75: 75 shares, and 0.75 of 20.00 in cash.
    ledger = make_ledger(make_merger(), {0: [1.0, 0.0]}, capital=1_010.0)

    assert moves(ledger) == [
        (2, 0, -1, 101.0, pytest.approx(15.0), "merged"),
        (2, 1, 1, 75.75, 20.0, "merged"),
        (2, 1, -1, 0.75, 20.0, "split_fraction"),
    ]
    assert ledger.books.quantity.tolist() == [[0, 0], [101, 0], [0, 75], [0, 75]]
    assert ledger.books.cash.tolist() == [1_010.0, 0.0, 15.0, 15.0]
    assert ledger.books.equity.tolist() == pytest.approx([1_010, 1_010, 1_590, 1_590])
    # The old trade made 5.00 on each of 101 shares, the new one 1.00 on each of 75.
    assert ledger.books.by_asset.tolist() == pytest.approx([505.0, 75.0])
    assert ledger.flags == ()


def test_a_merger_gives_cash_beside_the_shares():
    # 2.50 and half a share at 20.00 are 12.50 for one.
    panel = make_merger(cash=2.5, ratio=0.5)

    ledger = make_ledger(panel, {0: [1.0, 0.0]}, capital=1_000.0)

    assert moves(ledger) == [(2, 0, -1, 100.0, 12.5, "merged"), (2, 1, 1, 50.0, 20.0, "merged")]
    assert ledger.books.cash[-1] == 250.0
    assert ledger.books.equity[-1] == pytest.approx(250.0 + 50 * 21)


def test_shares_of_a_merger_join_those_already_held():
    # 50 A become 37.5 B beside 25 B: 62, and half a share of 20.00.
    ledger = make_ledger(make_merger(), {0: [0.5, 0.5]}, capital=1_000.0)

    assert ledger.books.quantity[2].tolist() == [0.0, 62.0]
    assert ledger.books.cash[-1] == pytest.approx(10.0)


def test_a_takeover_of_a_short_may_cost_more_than_the_cash_there_is():
    close = [[10.0, 10.0]] * 2 + [[10.0, 20.0]] + [[10.0, NAN]] * 2
    panel = make_ending(close, {(3, 1): (20.0, NAN, NAN)})

    ledger = make_ledger(panel, {0: [1.0, -0.6]}, capital=10_000.0, shorting=LOAN)

    # Of 1,000 A held against 600 B the margin sells 394; the takeover costs 12,000.
    assert ledger.books.cash[:4].tolist() == [10_000.0, 6_000.0, 6_000.0, -2_060.0]
    assert ledger.books.equity[:4].tolist() == [10_000.0, 10_000.0, 4_000.0, 4_000.0]
    # A night's interest on the debit, at the spread of 150 bps.
    assert ledger.books.cash[4] == pytest.approx(-2_060.0 * (1.0 + 0.015 / 365.0), abs=1e-9)


def test_who_is_short_owes_shares_of_the_successor_and_its_cash():
    ledger = make_ledger(make_merger(cash=1.0), {0: [-0.2, 0.0]}, capital=5_050.0, shorting=LOAN)

    # 101 short bring 1,010; then 101.00 and the fraction of 0.75 at 20.00 are paid.
    assert ledger.books.quantity[2].tolist() == [0.0, -75.0]
    assert ledger.books.cash.tolist() == [5_050.0, 6_060.0, 5_944.0, 5_944.0]
    assert moves(ledger)[0] == (2, 0, 1, 101.0, pytest.approx(16.0), "merged")


def test_a_loan_ends_in_cash_where_nobody_lends_the_successor():
    panel = make_ending([[10.0, 30.0]] * 4, {(2, 0): (1.0, 0.5, 1)}, make=make_two_markets)
    targets = {0: [-0.75, 0.0]}

    refused = make_ledger(panel, targets, capital=1_000.0, shorting=LOAN)
    lent = make_ledger(panel, targets, capital=1_000.0, shorting=replace(LOAN, everywhere=True))

    # Half of A$30.00 is US$10.00, with the dollar 11.00 for one of 50: A$75 lost.
    assert moves(refused) == [(2, 0, 1, 50.0, pytest.approx(11.0), "delisted")]
    assert refused.books.equity[-1] == pytest.approx(925.0)
    assert "successor_outside" not in refused.flags
    assert lent.books.quantity[-1].tolist() == [0.0, -25.0]
    assert lent.books.equity[-1] == pytest.approx(925.0)


@pytest.mark.parametrize("mode", list(FxMode))
def test_a_merger_across_currencies_converts_its_cash_and_not_its_shares(mode):
    # US$2.00 and half a share at A$30.00, US$20.00: US$12.00 for one; A$300 come in cash.
    fx = np.column_stack([np.ones(5), [1.5, 1.5, 1.5, 1.6, 1.6]])
    panel = make_ending([[10.0, 30.0]] * 5, {(2, 0): (2.0, 0.5, 1)}, make=make_two_markets, fx=fx)
    costs = make_costs(fx_spread_bps=60.0, fx_mode=mode)

    ledger = make_ledger(panel, {0: [1.0, 0.0]}, capital=1_510.0, costs=costs)

    assert moves(ledger) == [
        (2, 0, -1, 100.0, pytest.approx(12.0), "merged"),
        (2, 1, 1, 50.0, 30.0, "merged"),
    ]
    paid = ledger.orders.fx_cost[ledger.orders.decision < 0].tolist()
    holds = mode is FxMode.HOLD_USD
    assert paid == [0.0 if holds else pytest.approx(1.8), 0.0]
    # The dollar rises by ten cents on what was paid in it, not on what shares were worth.
    assert ledger.books.abroad[-1].tolist() == [0.0, pytest.approx(320.0) if holds else 0.0]
    assert ledger.books.value[-1].sum() == pytest.approx(50 * 30.0)


@pytest.mark.parametrize("mode", list(FxMode))
def test_a_share_of_home_may_become_one_from_abroad(mode):
    close = [[10.0, 30.0]] * 4
    panel = make_ending(close, {(2, 1): (3.0, 2.0, 0)}, make=make_two_markets)
    costs = make_costs(fx_spread_bps=60.0, fx_mode=mode)

    ledger = make_ledger(panel, {0: [0.0, 1.0]}, capital=3_000.0, costs=costs)

    # A$3.00 and two at US$10.00, A$15.00 each: A$33.00 for one of 100.
    assert moves(ledger)[0] == (2, 1, -1, 100.0, pytest.approx(33.0), "merged")
    assert ledger.books.quantity[-1].tolist() == [200.0, 0.0]
    assert ledger.books.cash[-1] == pytest.approx(300.0)
    assert ledger.books.home[-1] == pytest.approx(300.0)


def test_mergers_on_consecutive_days_follow_each_other():
    close = [[10.0, 5.0, 20.0]] * 5
    panel = make_ending(close, {(2, 0): (NAN, 2.0, 1), (3, 1): (0.25, 0.25, 2)})

    ledger = make_ledger(panel, {0: [1.0, 0.0, 0.0]}, capital=1_000.0)

    # 100 are 200 are 50 and 50.00 in cash.
    assert ledger.books.quantity[1:4].tolist() == [[100, 0, 0], [0, 200, 0], [0, 0, 50]]
    assert ledger.books.cash.tolist() == [1_000.0, 0.0, 0.0, 50.0, 50.0]


@pytest.mark.parametrize("order", [(0, 1, 2), (2, 1, 0), (1, 2, 0)])
def test_mergers_on_the_same_day_follow_each_other_whatever_their_ids(order):
    first, second, third = order
    close = np.empty((4, 3))
    close[:, [first, second, third]] = [10.0, 5.0, 20.0]
    cells = {(2, first): (NAN, 2.0, second), (2, second): (0.5, 0.25, third)}
    weights = np.zeros(3)
    weights[first] = 1.0

    ledger = make_ledger(make_ending(close, cells), {0: weights}, capital=1_000.0)

    # One first share is two of 5.50: half a dollar and a quarter of 20.00 each.
    assert moves(ledger)[0] == (2, first, -1, 100.0, pytest.approx(11.0), "merged")
    assert ledger.books.quantity[-1, np.searchsorted(ledger.books.held, third)] == 50.0
    assert ledger.books.cash[-1] == 100.0
    assert ledger.books.equity[-1] == 1_100.0


def test_a_successor_may_end_in_cash_later():
    close = [[10.0, 20.0]] * 5
    cells = {(2, 0): (NAN, 0.5, 1), (4, 1): (30.0, NAN, NAN)}

    ledger = make_ledger(make_ending(close, cells), {0: [1.0, 0.0]}, capital=1_000.0)

    assert moves(ledger)[-1] == (4, 1, -1, 50.0, 30.0, "delisted")
    assert ledger.books.cash[-1] == 1_500.0
    assert ledger.flags == ()


def test_shares_of_a_company_that_has_not_traded_yet_come_on_its_first_bar():
    close = [[10.0, NAN]] * 4 + [[NAN, 8.0]] * 2
    panel = make_ending(close, {(2, 0): (1.0, 1.0, 1)})

    ledger = make_ledger(panel, {0: [1.0, 0.0]}, capital=1_000.0)

    assert ledger.books.quantity[:, 0].tolist() == [0, 100, 100, 100, 0, 0]
    assert moves(ledger)[0] == (4, 0, -1, 100.0, 9.0, "merged")
    assert ledger.books.equity.tolist() == [1_000.0] * 4 + [900.0] * 2


def test_a_successor_that_is_halted_is_taken_at_its_last_mark():
    close = [[10.0, 20.0], [10.0, 20.0], [NAN, NAN], [NAN, 25.0]]
    panel = make_ending(close, {(2, 0): (NAN, 0.5, 1)})

    ledger = make_ledger(panel, {0: [1.0, 0.0]}, capital=1_000.0)

    assert moves(ledger)[1] == (2, 1, 1, 50.0, 20.0, "merged")
    assert ledger.books.equity.tolist() == [1_000.0, 1_000.0, 1_000.0, 1_250.0]


def test_shares_of_outside_the_panel_are_paid_out_and_the_run_says_so():
    panel = make_merger()
    known = dict(panel.by_asset)
    known["terminal_value"] = with_cell((4, 2), {(2, 0): 15.0}, NAN)
    known["successor"] = np.full((4, 2), NAN)

    ledger = make_ledger(replace(panel, by_asset=known), {0: [1.0, 0.0]}, capital=1_000.0)
    spared = make_ledger(replace(panel, by_asset=known), {0: [0.0, 1.0]}, capital=1_000.0)

    assert moves(ledger) == [(2, 0, -1, 100.0, 15.0, "delisted")]
    assert ledger.flags == ("successor_outside",)
    assert spared.flags == ()


def test_shares_of_outside_the_panel_that_nobody_can_value_are_an_assumption():
    panel = make_merger()
    known = {**panel.by_asset, "successor": np.full((4, 2), NAN)}

    ledger = make_ledger(replace(panel, by_asset=known), {0: [1.0, 0.0]}, capital=1_000.0)

    assert moves(ledger) == [(2, 0, -1, 100.0, 7.0, "delisted")]
    assert ledger.flags == ("delisting_assumed",)


def test_an_order_that_waits_ends_with_its_listing():
    close = np.array([[10.0, 20.0]] * 5)
    close[2:, 0] = close[2:4, 1] = NAN
    panel = make_ending(close, {(3, 0): (NAN, 0.5, 1)})

    ledger = make_ledger(panel, {1: [0.5, 0.5]}, capital=1_000.0)

    told = entries(ledger.orders, "row", "asset", "reason")
    assert told == [(3, 0, "cancelled_delisted"), (4, 1, "filled")]


def test_a_position_with_a_stop_takes_the_worth_of_the_shares_in_cash():
    signals = make_signals(2, asset=[0], floor=9.0)

    alone = run_signals(make_merger(cash=1.0), {0: signals}, capital=1_000.0)
    chained = make_ending([[10.0, 5.0, 20.0]] * 4, {(2, 0): (NAN, 2.0, 1), (2, 1): (0.5, 0.25, 2)})
    followed = run_signals(chained, {0: make_signals(3, asset=[0], floor=9.0)}, capital=1_000.0)

    # 0.75 at 20.00 and the dollar; two of 5.50, which the next merger gives for one.
    assert moves(alone) == [(2, 0, -1, 5.0, 16.0, "delisted")]
    assert moves(followed) == [(2, 0, -1, 5.0, 11.0, "delisted")]


@pytest.mark.parametrize(
    ("cells", "said"),
    [
        ({(2, 0): (NAN, 0.5, 7)}, r"successor of S000 .* was 8\.0; another asset"),
        ({(2, 0): (NAN, 0.5, 0)}, r"successor of S000 .* was 1\.0; another asset"),
        ({(2, 0): (NAN, NAN, 1)}, r"successor of S000 .* was 2\.0; .* so many shares"),
        ({(2, 0): (NAN, 0.0, 1)}, r"conversion of S000 .* was 0\.0; .* above 0"),
        ({(2, 0): (-1.0, 0.5, 1)}, r"terminal_value of S000 .* was -1\.0; .* at least 0"),
        ({(2, 0): (NAN, 1.0, 1), (2, 1): (NAN, 1.0, 0)}, "S000 became S000 .* had ended"),
        ({(2, 0): (NAN, 1.0, 1), (1, 1): (5.0, NAN, NAN)}, "S000 became S001 .* had ended"),
    ],
)
def test_an_ending_that_cannot_be_is_refused_by_name(cells, said):
    with pytest.raises(PanelError, match=said):
        make_ending([[10.0, 20.0]] * 4, cells)


def make_long_market(*, foreign):
    """Five shares over 400 sessions that become one: later, on the same day, for cash as well."""
    close = make_closes(sessions=400, assets=5)
    cells = {
        (100, 0): (NAN, 0.6, 3),
        (180, 1): (7.0, 0.3, 4),
        (260, 2): (1.0, 0.9, 3),
        (260, 3): (2.0, 1.4, 4),
    }
    for (row, asset), terms in cells.items():
        close[row:, asset] = NAN
        assert np.isfinite(terms[2])
    rate = 1.5 * np.exp(np.cumsum(np.random.default_rng(5).normal(0.0, 0.006, 400)))
    abroad = {
        "currency": [1, 1, 0, 0, 1],
        "currencies": ("AUD", "USD"),
        "fx": np.stack([np.ones(400), rate], axis=1),
        "fx_known_at": np.zeros((400, 2)),
    }
    splits = {(50, 3): 4.0, (150, 3): 2.0, (120, 4): 3.0, (350, 4): 0.5}
    split = with_cell(close.shape, splits, 1.0)
    close /= split.cumprod(axis=0)
    opening = close * np.exp(np.random.default_rng(6).normal(0.0, 0.01, close.shape))
    return make_panel(
        close,
        open=opening,
        high=np.maximum(opening, close),
        low=np.minimum(opening, close),
        split=split,
        tr_factor=split.cumprod(axis=0),
        volume=np.full(close.shape, NAN),
        by_asset=endings(close.shape, cells),
        **(abroad if foreign else {}),
    )


@pytest.mark.parametrize("foreign", [False, True])
def test_the_kernel_goes_on_with_what_the_ledger_holds(foreign):
    # Free of costs, in lots of nothing worth a word, the two hold the same.
    panel = make_long_market(foreign=foreign)
    rows = np.array([1, 60, 300, 380])
    weights = np.random.default_rng(3).dirichlet(np.ones(5), len(rows))
    weights[2:, :4] = 0.0
    request = replace(
        make_request("equal_weight"),
        first_row=1,
        last_row=399,
        fill=FillPolicy.DECISION_CLOSE,
        costs=make_costs(fx_spread_bps=0.0),
    )
    ledger = make_ledger(
        panel,
        dict(zip(rows.tolist(), weights, strict=True)),
        fill=FillPolicy.DECISION_CLOSE,
        whole_shares=False,
        capital=1e10,
        first_row=1,
    )

    market = market_of(panel, request)
    paths = simulate_weights(market, weights[:, None, :], fill_rows=rows, keep=[0])

    np.testing.assert_allclose(ledger.books.equity[1:] / 1e10, paths.curves[0], rtol=1e-9)


@pytest.mark.parametrize(("side", "left"), [(1.0, 0.85), (-1.0, 1.0)])
def test_the_kernel_knows_who_is_short_of_shares_that_others_became(side, left):
    """The first become the second, of which nobody knows what they end in."""
    close = np.full((12, 2), 10.0)
    ended = {(4, 0): (NAN, 1.0, 1), (7, 1): (NAN, NAN, NAN)}
    panel = make_ending(close, ended, volume=np.full(close.shape, NAN))
    request = replace(make_request("equal_weight"), first_row=1, last_row=11, costs=make_costs())
    targets = make_targets(panel, {1: [0.5 * side, 0.0]})

    _, paths = simulate_targets(panel, request, targets, [Constraints()])
    ledger = make_ledger(panel, targets, capital=1e6, shorting=LOAN, first_row=1)

    assert paths.curves[0, -1] == pytest.approx(left)
    assert ledger.books.equity[-1] == pytest.approx(1e6 * left)


def test_a_run_up_to_any_day_knows_nothing_of_later_endings():
    panel = make_long_market(foreign=True)
    weights = {row: [0.2] * 5 for row in range(1, 390, 40)}
    whole = make_ledger(panel, weights, capital=1e6, first_row=1)

    for last in (99, 100, 101, 180, 259, 260, 261, 330):
        until = {row: each for row, each in weights.items() if row <= last}
        part = make_ledger(panel.truncate(last), until, capital=1e6, first_row=1)
        size = len(part.books.equity)
        assert part.books.equity.tolist() == whole.books.equity[:size].tolist()
