"""Random markets and random decisions: whatever happens, the accounts add up."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.costs import FxMode
from engine.decide import Targets
from engine.errors import EngineError
from engine.execution import FillPolicy
from engine.panel import NEVER
from engine.report import attribute
from engine.round_trips import round_trips
from engine.schedule import DecisionClock, decision_instants
from engine.shorting import Shorting
from engine.trimming import Trim
from tests.engine.ledgers import make_costs, make_ledger
from tests.engine.panels import make_closes, make_panel
from tests.engine.test_execution import make_two_markets

SESSIONS, ASSETS = 40, 5
seeds = st.integers(min_value=0, max_value=2**32 - 1)


def make_wild_market(rng):
    """New York and Sydney shares with halts, late listings, splits, dividends and delistings.

    Some sessions of a market are holidays, the rate stands still on some days, and opens and
    volumes are unknown here and there.
    """
    shape = (SESSIONS, ASSETS)
    close = 20.0 * np.exp(np.cumsum(rng.normal(0.0, 0.03, shape), axis=0))
    market = np.arange(ASSETS) % 2
    holiday = rng.random((SESSIONS, 2)) < 0.08
    close[holiday[:, market] | (rng.random(shape) < 0.05)] = np.nan
    close[: rng.integers(0, 10), 0] = np.nan
    delisted, terminal = np.zeros(shape), np.full(shape, np.nan)
    gone = int(rng.integers(15, SESSIONS))
    close[gone:, 1] = np.nan
    delisted[gone, 1] = 1.0
    terminal[gone, 1] = rng.choice([np.nan, 5.0, 30.0])
    successor, ratio = np.full(shape, np.nan), np.full(shape, np.nan)
    following = int(rng.integers(-1, ASSETS))
    if following not in {-1, 1}:
        successor[gone, 1], ratio[gone, 1] = following + 1.0, rng.choice([0.37, 2.5])
    opening = np.where(rng.random(shape) < 0.1, np.nan, close * np.exp(rng.normal(0, 0.02, shape)))
    volume = np.where(rng.random(shape) < 0.1, np.nan, rng.integers(0, 4_000, shape).astype(float))
    bar = np.isfinite(close)
    rate = 1.5 * np.exp(np.cumsum(rng.normal(0.0, 0.006, SESSIONS) * (rng.random(SESSIONS) < 0.9)))
    panel = make_two_markets(close[:, :2])
    later = panel.session[:, None] + rng.integers(0, 20, shape)
    paid_on = np.where(rng.random(shape) < 0.7, later, np.nan)
    instants = {
        name: np.where(holiday, NEVER, getattr(panel, name)) for name in ("opens_at", "closes_at")
    }
    return make_panel(
        close,
        session=panel.session,
        market=market,
        markets=("XNYS", "XASX"),
        currency=1 - market,
        currencies=("AUD", "USD"),
        open=np.where(bar, opening, np.nan),
        volume=np.where(bar, volume, np.nan),
        tradable=bar & ~(volume == 0.0),
        split=np.where(rng.random(shape) < 0.02, rng.choice([0.1, 0.5, 2.0, 3.0], shape), 1.0),
        dividend=np.where(rng.random(shape) < 0.04, rng.uniform(0.01, 0.5, shape), 0.0),
        known_at=np.where(bar, panel.closes_at[:, market], NEVER),
        member=rng.random(shape) < 0.97,
        fx=np.stack([np.ones(SESSIONS), rate], axis=1),
        fx_known_at=panel.fx_known_at,
        by_asset={
            "delisted": delisted,
            "terminal_value": terminal,
            "conversion": ratio,
            "successor": successor,
            "paid_on": paid_on,
        },
        **instants,
    )


def make_wild_targets(rng, panel, clock):
    step = int(rng.integers(1, 8))
    rows = np.arange(1, SESSIONS - 1, step)
    invested = rng.choice([0.0, 0.5, 1.0], (len(rows), 1))
    weights = rng.dirichlet(np.full(ASSETS, 0.6), len(rows)) * invested
    weights[rng.random(weights.shape) < 0.3] = 0.0
    return Targets(
        rows=rows,
        instants=decision_instants(panel, rows, clock),
        weights=weights,
        reasons={},
    )


def make_wild_shorts(rng, panel, clock):
    """Return the targets of a book that is long, short and at times on credit."""
    targets = make_wild_targets(rng, panel, clock)
    sides = rng.choice([-1.0, 1.0], targets.weights.shape, p=[0.4, 0.6])
    return replace(targets, weights=targets.weights * sides * rng.choice([0.7, 1.0, 3.0]))


def make_wild_run(seed, *, short=False):
    rng = np.random.default_rng(seed)
    panel = make_wild_market(rng)
    clock = rng.choice(list(DecisionClock))
    costs = make_costs(
        commission_flat=float(rng.choice([0.0, 3.0])),
        commission_bps=float(rng.choice([0.0, 10.0])),
        minimum_commission=float(rng.choice([0.0, 6.0])),
        slippage_bps=float(rng.choice([0.0, 5.0, 80.0])),
        half_spread_au_bps=rng.choice([None, 30.0]),
        impact_coefficient=float(rng.choice([0.0, 1.0])),
        fx_spread_bps=float(rng.choice([0.0, 70.0])),
        max_volume_share=float(rng.choice([0.02, 0.2, 1.0])),
        cash_rate=float(rng.choice([0.0, 0.05])),
        delist_return=float(rng.choice([0.0, -0.3, -1.0])),
        cash_buffer=float(rng.choice([0.0, 0.2])),
        residual_pass=bool(rng.random() < 0.5),
        fx_mode=FxMode(rng.choice(list(FxMode))),
    )
    make = make_wild_shorts if short else make_wild_targets
    loan = Shorting(borrow_bps=float(rng.choice([0.0, 500.0])), everywhere=bool(rng.random() < 0.5))
    return make_ledger(
        panel,
        make(rng, panel, DecisionClock(clock)),
        shorting=loan if short else None,
        costs=costs,
        fill=FillPolicy(rng.choice(list(FillPolicy))),
        whole_shares=bool(rng.random() < 0.5),
        capital=float(rng.choice([500.0, 20_000.0, 1e6])),
        first_row=1,
        trim=Trim(
            max_turnover=rng.choice([None, 0.3]), no_trade_band=float(rng.choice([0.0, 0.02]))
        ),
    )


def run_unless_ruined(seed, *, short):
    try:
        return make_wild_run(seed, short=short)
    except EngineError as error:
        if "ruined" not in str(error):
            raise
        return None


@settings(max_examples=150, deadline=None)
@given(seed=seeds)
def test_the_books_of_any_run_add_up(seed):
    ledger = make_wild_run(seed)  # asserts every identity of every session

    books, parts = ledger.books, attribute(ledger.books, ASSETS)
    total = books.equity[-1] / books.capital - 1.0
    summed = parts.asset + parts.currency + parts.interaction + parts.costs + parts.cash
    assert summed == pytest.approx(total, abs=1e-10)
    assert parts.by_symbol.sum() + parts.cash == pytest.approx(total, abs=1e-10)
    assert parts.costs <= 0.0
    assert (books.price_curve() <= books.equity * (1.0 + 1e-9)).all()
    assert (ledger.orders.filled <= ledger.orders.quantity).all()
    assert (ledger.turnover >= 0.0).all()


@settings(max_examples=100, deadline=None)
@given(seed=seeds)
def test_the_books_of_any_short_run_add_up_or_it_is_ruined(seed):
    ledger = run_unless_ruined(seed, short=True)  # asserts every identity of every session
    if ledger is None:
        return

    books, parts = ledger.books, attribute(ledger.books, ASSETS)
    total = books.equity[-1] / books.capital - 1.0
    summed = parts.asset + parts.currency + parts.interaction + parts.costs + parts.cash
    scale = max(1.0, float(np.abs(books.value).sum(axis=1).max()) / books.capital)
    assert summed == pytest.approx(total, abs=1e-10 * scale)
    assert parts.by_symbol.sum() + parts.cash == pytest.approx(total, abs=1e-10 * scale)
    assert parts.costs <= 0.0


@settings(max_examples=60, deadline=None)
@given(seed=seeds, short=st.booleans())
def test_closed_trips_and_open_positions_are_the_gain_of_the_run(seed, short):
    ledger = run_unless_ruined(seed, short=short)
    if ledger is not None:
        require_trips_to_be_the_gain(ledger)


def require_trips_to_be_the_gain(ledger):
    trips = round_trips(ledger.books, ledger.orders, ledger.payments, ledger.actions)

    open_at_end = ledger.books.quantity[-1] != 0.0
    if not open_at_end.any():
        assert trips.profit.sum() == pytest.approx(ledger.books.by_asset.sum(), abs=1e-6)
    assert (trips.cost > 0.0).all()
    assert len(trips.cost) == len(trips.profit)


@settings(max_examples=40, deadline=None)
@given(seed=seeds, cut=st.integers(min_value=4, max_value=SESSIONS - 2))
def test_what_happens_later_changes_no_fill_and_no_equity(seed, cut):
    rng = np.random.default_rng(seed)
    panel = make_wild_market(rng)
    targets = make_wild_targets(rng, panel, DecisionClock.US_CLOSE)
    before = targets.rows < cut
    known = Targets(
        rows=targets.rows[before],
        instants=targets.instants[before],
        weights=targets.weights[before],
        reasons={},
    )
    terms = {"first_row": 1, "costs": make_costs(commission_flat=3.0, slippage_bps=5.0)}

    whole = make_ledger(panel, targets, **terms)
    short = make_ledger(panel.truncate(cut), known, **terms)

    np.testing.assert_array_equal(short.books.equity, whole.books.equity[:cut])
    fills = [(one.orders.filled > 0.0) & (one.orders.row <= cut) for one in (whole, short)]
    for name in ("row", "asset", "side", "filled", "price", "commission"):
        first, second = (
            getattr(one.orders, name)[mask] for one, mask in zip((whole, short), fills, strict=True)
        )
        np.testing.assert_array_equal(first, second)


def test_a_run_in_dollars_times_the_rate_is_the_run_in_the_other_currency():
    # Fully invested at no conversion cost: no cash is left whose currency could matter.
    close = make_closes(sessions=120, assets=4)
    rate = 1.5 * np.exp(np.cumsum(np.random.default_rng(1).normal(0.0, 0.01, 120)))
    unknown = np.full(close.shape, np.nan)
    dollars = make_panel(close, volume=unknown, markets=("XTKS",))
    fx = np.stack([np.ones(120), rate], axis=1)
    converted = make_panel(
        close,
        volume=unknown,
        markets=("XTKS",),
        currency=np.ones(4),
        currencies=("AUD", "USD"),
        fx=fx,
        fx_known_at=np.zeros((120, 2)),
    )
    weights = np.random.default_rng(2).dirichlet(np.ones(4), 6)
    decisions = dict(zip(range(1, 120, 20), weights, strict=True))
    terms = {
        "costs": make_costs(commission_bps=10.0),
        "fill": FillPolicy.DECISION_CLOSE,
        "whole_shares": False,
        "first_row": 1,
    }

    at_home = make_ledger(dollars, decisions, capital=1e10, **terms)
    abroad = make_ledger(converted, decisions, capital=1e10 * rate[1], **terms)

    np.testing.assert_allclose(
        abroad.books.equity[1:], at_home.books.equity[1:] * rate[1:], rtol=1e-9
    )
    np.testing.assert_allclose(
        abroad.books.local_curve() / abroad.books.capital,
        at_home.books.equity / at_home.books.capital,
        rtol=1e-3,
    )
