"""Each identity refuses the books it is there to refuse, and says when and by how much."""

from dataclasses import fields, replace

import numpy as np
import pytest

from engine.errors import BrokenIdentity
from engine.execution import FillPolicy
from engine.identities import Evidence, check
from engine.ledger import settle_terms, simulate
from tests.engine.ledgers import make_costs, make_ledger, make_targets
from tests.engine.panels import make_closes, make_panel
from tests.engine.test_execution import make_two_markets

ROWS = 12
COSTS = make_costs(commission_flat=3.0, slippage_bps=5.0, fx_spread_bps=70.0, cash_rate=0.04)


def make_evidence():
    """Return what an honest run of two markets with a split and a dividend leaves behind."""
    steps = np.random.default_rng(5).normal(0.0, 0.01, (ROWS, 2))
    close = 20.0 * np.exp(np.cumsum(steps, axis=0))
    close[6:, 0] /= 2.0
    split, dividend = np.ones((ROWS, 2)), np.zeros((ROWS, 2))
    split[6, 0], dividend[8, 0] = 2.0, 0.25
    rate = np.linspace(1.5, 1.4, ROWS)
    panel = make_two_markets(
        close, split=split, dividend=dividend, fx=np.stack([np.ones(ROWS), rate], axis=1)
    )
    targets = make_targets(panel, {0: [0.5, 0.4], 4: [0.3, 0.6], 9: [0.0, 0.8]})
    ledger = simulate(
        panel,
        targets,
        costs=COSTS,
        fill=FillPolicy.NEXT_OPEN,
        whole_shares=True,
        capital=50_000.0,
        first_row=0,
        last_row=ROWS - 1,
    )
    return Evidence(
        books=ledger.books,
        orders=ledger.orders,
        payments=ledger.payments,
        terms=settle_terms(panel, COSTS, FillPolicy.NEXT_OPEN, ROWS - 1, True),
        targets=targets,
        weights=ledger.weights,
    )


def make_limit(share):
    return replace(COSTS, max_volume_share=share)


def bump(values, at, by):
    changed = values.copy()
    changed[at] += by
    return changed


def test_honest_books_pass():
    check(make_evidence())


@pytest.mark.parametrize(
    ("field", "at", "by", "found"),
    [
        ("equity", 7, 0.37, r"identity 1 at 2024-01-18, off by -0\.37 AUD"),
        ("equity", 7, np.nan, r"identity 1 at 2024-01-18, off by nan AUD"),
        ("currency", 3, 0.01, r"identity 2 at 2024-01-12, off by -0\.01 AUD"),
        ("costs", 1, 3.0, r"identity 2 at 2024-01-10, off by -3 AUD"),
        ("interest", 5, -0.02, r"identity 2 at 2024-01-16, off by 0\.02 AUD"),
        ("by_asset", 1, 0.5, r"identity 3 at 2024-01-24, off by -0\.5 AUD"),
        ("quantity", (4, 0), 1.0, "identity 4 at 2024-01-15: a quantity does not follow"),
        ("home", 2, -1e6, r"identity 5 at 2024-01-11, off by"),
        ("quantity", (0, 0), -1.0, "identity 4 at 2024-01-09"),
        ("receivable", 4, 1.0, "identity 6 at 2024-01-15: shares of equity do not make one"),
        ("value", (4, 0), 1.0, "identity 6 at 2024-01-15: shares of equity do not make one"),
    ],
)
def test_books_that_do_not_add_up_void_the_run(field, at, by, found):
    evidence = make_evidence()
    books = replace(evidence.books, **{field: bump(getattr(evidence.books, field), at, by)})

    with pytest.raises(BrokenIdentity, match=found):
        check(replace(evidence, books=books))


@pytest.mark.parametrize(
    ("field", "by"), [("filled", 1.0), ("price", 0.01), ("commission", 1.0), ("fx_cost", 1.0)]
)
def test_an_order_that_was_not_booked_as_entered_voids_the_run(field, by):
    evidence = make_evidence()
    orders = replace(evidence.orders, **{field: bump(getattr(evidence.orders, field), 1, by)})

    with pytest.raises(BrokenIdentity, match="identity 1 at 2024-01-10"):
        check(replace(evidence, orders=orders))


def test_a_dividend_that_was_not_paid_voids_the_run():
    evidence = make_evidence()

    with pytest.raises(BrokenIdentity, match="identity 1 at 2024-01-19"):
        check(replace(evidence, payments=()))


def test_a_fill_without_a_bar_voids_the_run():
    evidence = make_evidence()
    tradable = evidence.terms.panel.tradable.copy()
    tradable[1, 0] = False
    terms = replace(evidence.terms, panel=replace(evidence.terms.panel, tradable=tradable))

    with pytest.raises(BrokenIdentity, match="identity 4 at 2024-01-10: a fill without a bar"):
        check(replace(evidence, terms=terms))


def test_a_fill_above_the_share_of_volume_voids_the_run():
    evidence = make_evidence()
    terms = replace(evidence.terms, costs=replace(COSTS, max_volume_share=1e-6))

    with pytest.raises(BrokenIdentity, match="identity 4 at 2024-01-10: a fill above the share"):
        check(replace(evidence, terms=terms))


def test_fills_that_only_together_exceed_the_share_of_volume_void_the_run():
    """One order written as two: each is within the share, both are not."""
    evidence = make_evidence()
    whole, volume = evidence.orders, evidence.terms.panel.volume
    shares = whole.filled / volume[whole.row, whole.asset]
    largest = int(np.argmax(shares))
    twice = np.repeat(np.arange(len(whole)), np.where(np.arange(len(whole)) == largest, 2, 1))
    halved = {field.name: getattr(whole, field.name)[twice] for field in fields(whole)}
    for name in ("quantity", "filled", "commission", "slippage", "fx_cost"):
        halved[name][largest : largest + 2] /= 2.0
    split = replace(evidence, orders=type(whole)(**halved))
    others = np.delete(shares, largest).max()

    def limited(share):
        return replace(split, terms=replace(evidence.terms, costs=make_limit(share)))

    check(limited(shares[largest]))
    with pytest.raises(BrokenIdentity, match="a fill above the share"):
        check(limited(max(others, shares[largest] / 2.0)))


def test_a_sydney_fill_at_a_later_new_york_close_voids_the_run():
    # G1.4: a decision at the US close of d cannot have filled in the ASX session of d.
    evidence = make_evidence()
    panel = evidence.terms.panel
    late = panel.closes_at[evidence.targets.rows + 1, 0]

    with pytest.raises(BrokenIdentity, match="2024-01-10: a fill before its decision"):
        check(replace(evidence, targets=replace(evidence.targets, instants=late)))


@pytest.mark.parametrize("weights", [[-0.1, 0.4], [0.7, 0.4]])
def test_target_weights_that_are_no_portfolio_void_the_run(weights):
    evidence = make_evidence()
    changed = evidence.weights.copy()
    changed[1] = weights

    with pytest.raises(BrokenIdentity, match="identity 6 at 2024-01-15: target weights"):
        check(replace(evidence, weights=changed))


def test_the_rounding_of_a_large_position_that_was_sold_voids_nothing():
    close = make_closes(sessions=60, assets=2)
    panel = make_panel(close, volume=np.full(close.shape, np.nan))
    turns = {row: [(0.5, 0.3, 0.0)[row % 3], 0.3] for row in range(50)}

    ledger = make_ledger(panel, turns, whole_shares=False, capital=1e12)

    assert ledger.books.quantity[10:50, 0].min() == 0.0


def test_what_is_bought_later_does_not_move_a_bit_of_what_was_before():
    panel = make_panel(make_closes(sessions=60, assets=40))
    first, later = np.full(40, 0.09), np.full(40, 0.025)
    first[np.arange(40) % 4 > 0] = 0.0

    early = make_ledger(panel, {0: first}, capital=1e6)
    both = make_ledger(panel, {0: first, 50: later}, capital=1e6)

    np.testing.assert_array_equal(both.books.equity[:51], early.books.equity[:51])
    np.testing.assert_array_equal(both.books.local_curve()[:51], early.books.local_curve()[:51])
