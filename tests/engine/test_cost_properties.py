"""What must hold whatever the market does: costs only take, money is conserved, names are names."""

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.costs import FxMode
from engine.shorting import Shorting
from tests.engine.ledgers import make_costs, make_ledger
from tests.engine.panels import make_closes, make_panel
from tests.engine.test_ledger_properties import run_unless_ruined

SESSIONS, ASSETS = 120, 5
seeds = st.integers(min_value=0, max_value=2**32 - 1)


def make_market(seed, *, close=None, **changes):
    """Return a market of foreign shares whose volume is unknown, so that no order is cut."""
    rng = np.random.default_rng(seed)
    if close is None:
        close = make_closes(sessions=SESSIONS, assets=ASSETS, seed=seed)
    rate = 1.5 * np.exp(np.cumsum(rng.normal(0.0, 0.006, SESSIONS)))
    values = {
        "volume": np.full(close.shape, np.nan),
        "currencies": ("AUD", "USD"),
        "currency": np.ones(ASSETS),
        "fx": np.column_stack([np.ones(SESSIONS), rate]),
        "fx_known_at": np.zeros((SESSIONS, 2)),
        "markets": ("XTKS",),
    }
    return make_panel(close, **{**values, **changes})


def make_decisions(seed, *, short=False):
    rng = np.random.default_rng([seed, 1])
    rows = range(1, SESSIONS - 1, 15)
    weights = rng.dirichlet(np.ones(ASSETS), len(rows))
    sides = rng.choice([-1.0, 1.0], weights.shape) if short else 1.0
    return dict(zip(rows, weights * sides, strict=True))


@pytest.mark.parametrize("mode", list(FxMode))
@pytest.mark.parametrize(
    ("name", "dear"),
    [
        ("commission_flat", 25.0),
        ("commission_bps", 40.0),
        ("minimum_commission", 25.0),
        ("slippage_bps", 40.0),
        ("fx_spread_bps", 70.0),
        ("half_spread_au_bps", 40.0),
    ],
)
@settings(max_examples=8, deadline=None)
@given(seed=seeds)
def test_whoever_pays_more_never_has_more(name, dear, mode, seed):
    market = {"markets": ("XASX",)} if name.startswith("half_spread") else {}
    panel, decisions = make_market(seed % 1000, **market), make_decisions(seed)
    terms = {"whole_shares": False, "capital": 1e6, "first_row": 1}

    curves = [
        make_ledger(
            panel, decisions, costs=make_costs(**{name: paid, "fx_mode": mode}), **terms
        ).books.equity
        for paid in (0.0, dear / 4.0, dear)
    ]

    for cheaper, dearer in pairwise(curves):
        # Holdings are multiples of 1e-4 share: 1e-8 of a million and a little per session.
        assert (dearer <= cheaper * (1.0 + 1e-7)).all()
        assert dearer[-1] < cheaper[-1]


@settings(max_examples=8, deadline=None)
@given(seed=seeds)
def test_whoever_borrows_dearer_never_has_more(seed):
    # The same shares of the same sessions: the first decision alone, at a loan of 0, 1 and 10 %.
    panel = make_market(seed % 1000)
    first = dict([next(iter(make_decisions(seed, short=True).items()))])

    curves = [
        make_ledger(panel, first, shorting=Shorting(borrow_bps=bps), first_row=1).books.equity
        for bps in (0.0, 100.0, 1_000.0)
    ]

    assert (curves[1] <= curves[0]).all()
    assert (curves[2] <= curves[1]).all()


@settings(max_examples=60, deadline=None)
@given(seed=seeds, short=st.booleans())
def test_money_is_conserved(seed, short):
    ledger = run_unless_ruined(seed, short=short)
    if ledger is None:
        return

    flows = ledger.orders.cash_flow.sum()
    paid = sum(float((each.amount - each.cost).sum()) for each in ledger.payments)
    books = ledger.books
    expected = books.capital + flows + paid + books.interest.sum() + books.revalued.sum()
    # What is still owed at the end is no cash yet.
    arrived = books.cash[-1] + books.receivable[-1]
    assert arrived == pytest.approx(expected, rel=1e-9, abs=1e-6)


@pytest.mark.parametrize("short", [False, True])
def test_the_order_of_the_columns_moves_no_money(short):
    order = np.array([3, 0, 4, 1, 2])
    close = make_closes(sessions=SESSIONS, assets=ASSETS)
    decisions = make_decisions(2, short=short)
    shuffled = {row: weights[order] for row, weights in decisions.items()}
    terms = {
        "costs": make_costs(commission_flat=3.0, slippage_bps=5.0),
        "shorting": Shorting() if short else None,
        "first_row": 1,
        "capital": 1e6,
    }

    plain = make_ledger(make_panel(close), decisions, **terms)
    turned = make_ledger(make_panel(close[:, order]), shuffled, **terms)

    np.testing.assert_allclose(turned.books.equity, plain.books.equity, rtol=1e-12)
    assert len(turned.orders) == len(plain.orders)


@pytest.mark.parametrize("short", [False, True])
def test_the_unit_of_money_decides_nothing(short):
    # Prices and capital in cents: the same shares, a hundred times the money.
    panel = make_market(3)
    cents = make_market(3, close=panel.close * 100.0)
    terms = {"shorting": Shorting() if short else None, "first_row": 1}

    plain = make_ledger(panel, make_decisions(3, short=short), capital=1e5, **terms)
    scaled = make_ledger(cents, make_decisions(3, short=short), capital=1e7, **terms)

    assert scaled.orders.filled.tolist() == plain.orders.filled.tolist()
    np.testing.assert_allclose(scaled.books.equity, plain.books.equity * 100.0, rtol=1e-12)


def test_going_abroad_and_back_costs_both_conversions_and_nothing_else():
    # Golden of engine.md 4.5: at 60 basis points a round trip of 10,000 costs 60 each way.
    still = make_market(
        4, close=np.full((SESSIONS, ASSETS), 10.0), fx=np.full((SESSIONS, 2), [1.0, 1.5])
    )
    there_and_back = {1: [1.0, 0, 0, 0, 0], 5: [0.0] * 5}

    ledger = make_ledger(
        still, there_and_back, costs=make_costs(fx_spread_bps=60.0), capital=10_060.0, first_row=1
    )

    moved = ledger.orders.filled[0] * 15.0
    assert ledger.books.equity[-1] == pytest.approx(10_060.0 - 2.0 * 0.006 * moved, rel=1e-12)
    assert ledger.books.currency.sum() == 0.0
