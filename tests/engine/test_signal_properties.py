"""Random markets and random entries, stops and exits: whatever happens, the accounts add up."""

import dataclasses

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.report import attribute
from engine.round_trips import round_trips
from engine.schedule import DecisionClock
from engine.signals import Rules
from tests.engine.ledgers import make_costs
from tests.engine.signals import make_signal_targets, make_signals, run_signals
from tests.engine.test_ledger_properties import ASSETS, SESSIONS, make_wild_market

NAN = np.nan
seeds = st.integers(min_value=0, max_value=2**32 - 1)


def make_ranges(rng, panel):
    """Return the wild market with highs and lows around its bars, some of them unknown."""
    first = np.where(np.isnan(panel.open), panel.close, panel.open)
    reach = rng.uniform(0.0, 0.04, (2, *panel.close.shape))
    reach[rng.random(reach.shape) < 0.05] = NAN
    high = np.fmax(first, panel.close) * (1.0 + reach[0])
    low = np.fmin(first, panel.close) * (1.0 - reach[1])
    return dataclasses.replace(panel, high=high, low=low)


def make_rules(rng):
    return Rules(
        risk=float(rng.choice([0.002, 0.02])),
        max_position=float(rng.choice([0.1, 0.5])),
        max_positions=int(rng.integers(1, ASSETS + 1)),
        min_notional=float(rng.choice([0.0, 300.0])),
        partial=float(rng.choice([0.0, 0.33, 0.9])),
        partial_after=int(rng.integers(0, 5)),
        partial_at=float(rng.choice([1.0, 3.0, np.inf])),
        max_hold=int(rng.integers(0, 9)),
    )


def make_wild_signals(rng, panel, row):
    """Return entries around the last close, some resting, some unbounded, and a few exits."""
    mark = panel.marks()[row]
    known = np.flatnonzero(np.isfinite(mark) & panel.member[row])
    chosen = rng.permutation(known)[: rng.integers(0, 4)]
    size = len(chosen)
    near = mark[chosen] * (1.0 + rng.uniform(-0.02, 0.03, (2, size)))
    stopped = rng.random() < 0.8
    return make_signals(
        ASSETS,
        asset=chosen,
        trigger=np.where(rng.random(size) < 0.5, near[0], NAN),
        limit=np.where(rng.random(size) < 0.5, near[1], np.inf),
        floor=mark[chosen] * rng.uniform(0.9, 1.0, size) if stopped else -np.inf,
        distance=mark[chosen] * rng.uniform(0.0, 0.1, size) if stopped else np.inf,
        leave=np.flatnonzero(rng.random(ASSETS) < 0.05),
        rules=make_rules(rng),
        scale=float(rng.choice([0.3, 1.0])),
    )


def make_wild_run(seed):
    rng = np.random.default_rng(seed)
    panel = make_ranges(rng, make_wild_market(rng))
    decided = {row: make_wild_signals(rng, panel, row) for row in range(1, SESSIONS - 1)}
    costs = make_costs(
        commission_flat=float(rng.choice([0.0, 3.0])),
        commission_bps=float(rng.choice([0.0, 10.0])),
        minimum_commission=float(rng.choice([0.0, 6.0])),
        slippage_bps=float(rng.choice([0.0, 5.0, 80.0])),
        impact_coefficient=float(rng.choice([0.0, 1.0])),
        fx_spread_bps=float(rng.choice([0.0, 70.0])),
        max_volume_share=float(rng.choice([0.02, 0.2, 1.0])),
        cash_rate=float(rng.choice([0.0, 0.05])),
    )
    targets = make_signal_targets(
        panel, decided, clock=DecisionClock(rng.choice(list(DecisionClock)))
    )
    rest = {"costs": costs, "capital": float(rng.choice([2_000.0, 1e6])), "first_row": 1}
    ledger = run_signals(
        panel,
        targets.select(targets.rows > 0),
        whole_shares=bool(rng.random() < 0.5),
        **rest,
    )
    return panel, costs, decided, ledger


@settings(max_examples=80, deadline=None)
@given(seed=seeds)
def test_the_books_of_any_signals_add_up(seed):
    _, _, decided, ledger = make_wild_run(seed)  # asserts every identity

    books, orders, parts = ledger.books, ledger.orders, attribute(ledger.books, ASSETS)
    total = books.equity[-1] / books.capital - 1.0
    summed = parts.asset + parts.currency + parts.interaction + parts.costs + parts.cash
    assert summed == pytest.approx(total, abs=1e-10)
    assert (orders.filled <= orders.quantity).all()
    most = max(signals.rules.max_positions for signals in decided.values())
    assert (books.quantity > 0.0).sum(axis=1).max(initial=0) <= most


@settings(max_examples=40, deadline=None)
@given(seed=seeds)
def test_every_closed_position_with_a_stop_knows_what_it_risked(seed):
    *_, ledger = make_wild_run(seed)

    trips = round_trips(ledger.books, ledger.orders, ledger.payments, ledger.actions, ledger.risks)
    closed = []
    for asset in range(ASSETS):
        risks = [risk for risk in ledger.risks if risk.asset == asset]
        if risks and still_held(ledger, asset, since=risks[-1].row):
            risks.pop()
        closed += [risk.amount for risk in risks]
    assert trips.risked[np.isfinite(trips.risked)].tolist() == closed
    assert all(amount > 0.0 for amount in closed)


def still_held(ledger, asset, *, since):
    """Tell whether what was bought on a row is held at the end: nothing was bought after it."""
    orders, column = ledger.orders, np.flatnonzero(ledger.books.held == asset)
    bought = orders.row[(orders.asset == asset) & (orders.side == 1) & (orders.filled > 0.0)]
    return bool(ledger.books.quantity[-1, column] > 0.0) and bought.max() == since


@settings(max_examples=60, deadline=None)
@given(seed=seeds)
def test_every_fill_lies_within_its_bar_and_within_the_volume_of_its_session(seed):
    panel, costs, _, ledger = make_wild_run(seed)

    orders = ledger.orders
    filled = (orders.filled > 0.0) & (orders.decision >= 0)
    row, asset = orders.row[filled], orders.asset[filled]
    cells = [getattr(panel, name)[row, asset] for name in ("open", "high", "low", "close")]
    assert (orders.reference[filled] <= np.fmax.reduce(cells) * (1 + 1e-12)).all()
    assert (orders.reference[filled] >= np.fmin.reduce(cells) * (1 - 1e-12)).all()
    taken = np.zeros_like(panel.volume)
    np.add.at(taken, (row, asset), orders.filled[filled])
    allowed = costs.max_volume_share * panel.volume[row, asset]
    assert ((taken[row, asset] <= allowed * (1 + 1e-9)) | np.isnan(allowed)).all()
