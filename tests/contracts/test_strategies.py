"""What every registered strategy must do, whatever it believes about markets.

The suite knows the registry and the JSON Schema of parameters, nothing else: a new strategy file
is under all of it from the moment it exists.
"""

import numpy as np
import pytest

from engine.errors import InsufficientHistory
from engine.panel import NEVER
from engine.schedule import DecisionClock, Rebalance
from engine.strategies import STRATEGIES
from tests.contracts.strategy_runs import (
    ASSETS,
    CUTS,
    DRAWS,
    FIRST,
    MARKET,
    SESSIONS,
    TOLERANCE,
    decided_by,
    decided_on,
    hide,
    make_market,
    make_market_of,
    make_strategy,
    permute,
    poison,
    run,
)
from tests.engine.panels import ASX_CLOSE, ASX_OPEN, DAY, make_closes

every_strategy = pytest.mark.parametrize("key", sorted(STRATEGIES))


@every_strategy
def test_no_decision_depends_on_rows_that_were_cut_off(key):
    """Guard 7.1 over 200 cuts: the same decisions, to the bit, wherever the panel ends."""
    strategy = make_strategy(key)
    cuts = np.random.default_rng(11).choice(np.arange(FIRST + 2, SESSIONS), CUTS, replace=False)
    whole = run(MARKET, strategy, rebalance=Rebalance.WEEKLY)

    broken = []
    for cut in cuts.tolist():
        short = MARKET.truncate(cut)
        past = run(short, strategy, rebalance=Rebalance.WEEKLY)
        if decided_by(past, cut - 1) != decided_by(whole, cut - 1):
            broken.append(cut)
        if decided_on(short, strategy, cut) != decided_on(MARKET, strategy, cut):
            broken.append(cut)

    assert broken == []


@every_strategy
@pytest.mark.parametrize("seed", range(1, DRAWS + 1))
def test_no_drawn_parameters_look_past_a_cut(key, seed):
    strategy = make_strategy(key, seed)
    cut = 400 + 7 * seed

    whole = run(MARKET, strategy, first_row=255)
    short = run(MARKET.truncate(cut), strategy, first_row=255)

    assert decided_by(short, cut - 1) == decided_by(whole, cut - 1)
    assert decided_on(MARKET.truncate(cut), strategy, cut) == decided_on(MARKET, strategy, cut)


@every_strategy
@pytest.mark.parametrize(
    "change",
    [
        lambda prices: np.full_like(prices, np.nan),
        lambda prices: prices * 1000.0,
        lambda prices: prices[::-1],
        lambda prices: np.random.default_rng(2).uniform(0.1, 9.0, prices.shape),
    ],
    ids=["nan", "thousandfold", "reversed", "noise"],
)
def test_a_poisoned_future_changes_no_past_decision(key, change):
    """Guard 7.2."""
    strategy = make_strategy(key)
    row = 420

    clean = run(MARKET, strategy, rebalance=Rebalance.DAILY)
    poisoned = run(poison(MARKET, row, change), strategy, rebalance=Rebalance.DAILY)

    assert decided_by(poisoned, row) == decided_by(clean, row)


@every_strategy
def test_a_bar_that_is_known_a_session_late_is_as_good_as_absent_until_then(key):
    """Guard 7.3: a late bar and a missing one lead to the same decision on its day."""
    strategy = make_strategy(key)
    late = np.random.default_rng(3).random(MARKET.close.shape) < 0.05
    next_close = np.append(MARKET.closes_at[1:, 0], NEVER)[:, None]
    delayed = make_market(
        known_at=np.where(late & np.isfinite(MARKET.close), next_close, MARKET.known_at)
    )

    differing = []
    for row in range(FIRST, SESSIONS - 1, 3):
        absent = hide(MARKET.truncate(row), row, late[row])
        if decided_on(delayed, strategy, row) != decided_on(absent, strategy, row):
            differing.append(row)

    assert differing == []


@every_strategy
def test_an_order_in_sydney_never_rests_on_the_new_york_session_of_its_day(key):
    """Guard 7.3, two markets: at the Sydney close nothing of that day's New York bar is used."""
    strategy = make_strategy(key)
    session = MARKET.session
    instants = np.stack([session * DAY + ASX_CLOSE, MARKET.closes_at[:, 0]], axis=1)
    opens = np.stack([session * DAY + ASX_OPEN, MARKET.opens_at[:, 0]], axis=1)
    two = {"market": [0, 1] * 3, "markets": ("XASX", "XNYS"), "opens_at": opens}
    two |= {"closes_at": instants}
    bar = np.isfinite(MARKET.close)
    known = np.where(bar, np.tile(instants, 3), NEVER)
    panel = make_market(**two, known_at=known)
    close = np.array(panel.close)
    row = 420
    close[row, 1::2] *= 3.0

    before = run(panel, strategy, rebalance=Rebalance.DAILY, clock=DecisionClock.ASX_CLOSE)
    after = run(
        make_market_of(close, **two, known_at=known),
        strategy,
        rebalance=Rebalance.DAILY,
        clock=DecisionClock.ASX_CLOSE,
    )

    assert decided_by(before, row) == decided_by(after, row)


@every_strategy
@pytest.mark.parametrize("seed", range(DRAWS + 1))
def test_weights_are_legal(key, seed):
    strategy = make_strategy(key, seed)

    targets = run(MARKET, strategy, first_row=255)

    assert np.isfinite(targets.weights).all()
    assert (targets.weights >= 0.0).all()
    assert targets.weights.sum(axis=1).max() <= 1.0 + TOLERANCE
    outside = ~MARKET.member[targets.rows] | np.isnan(MARKET.marks()[targets.rows])
    assert (targets.weights[outside] == 0.0).all()


@every_strategy
def test_the_order_of_the_columns_decides_nothing(key):
    strategy = make_strategy(key)
    order = np.random.default_rng(9).permutation(ASSETS)

    for row in range(FIRST, SESSIONS, 20):
        window = MARKET.window(row, strategy.warmup, int(MARKET.closes_at[row, 0]))
        straight, _ = strategy.decide(window, None)
        shuffled, _ = strategy.decide(permute(window, order), None)
        assert shuffled.weights.tobytes() == straight.weights[order].tobytes()
        assert shuffled.reasons == straight.reasons


@every_strategy
def test_an_asset_without_a_single_bar_changes_nothing(key):
    strategy = make_strategy(key)
    wider = np.column_stack([MARKET.close, np.full(SESSIONS, np.nan)])
    member = np.column_stack([MARKET.member, np.ones(SESSIONS)])

    without = run(MARKET, strategy)
    beside = run(make_market_of(wider, member=member), strategy)

    assert (beside.weights[:, -1] == 0.0).all()
    np.testing.assert_allclose(beside.weights[:, :-1], without.weights, rtol=0, atol=TOLERANCE)


@every_strategy
@pytest.mark.parametrize("scale", [2.0, 0.5, 7.3])
def test_the_unit_of_a_price_decides_nothing(key, scale):
    strategy = make_strategy(key)
    scales = np.where(np.arange(ASSETS) % 2 == 0, scale, 1.0)

    plain = run(MARKET, strategy)
    scaled = run(make_market_of(MARKET.close * scales), strategy)

    assert plain.rows.tolist() == scaled.rows.tolist()
    np.testing.assert_allclose(scaled.weights, plain.weights, rtol=0, atol=1e-9)


@every_strategy
def test_a_split_decides_nothing(key):
    strategy = make_strategy(key)
    halved = np.array(MARKET.close)
    halved[400:, 0] /= 2.0
    factor = np.ones_like(halved)
    factor[400:, 0] = 2.0

    plain = run(MARKET, strategy)
    split = run(make_market_of(halved, tr_factor=factor), strategy)

    assert split.weights.tobytes() == plain.weights.tobytes()


@every_strategy
def test_the_same_run_twice_is_the_same_to_the_bit(key):
    first = run(MARKET, make_strategy(key))
    second = run(make_market(), make_strategy(key))

    assert first.weights.tobytes() == second.weights.tobytes()
    assert first.instants.tobytes() == second.instants.tobytes()
    assert first.reasons == second.reasons


@every_strategy
def test_a_panel_shorter_than_the_warm_up_is_refused_and_one_session_more_is_not(key):
    strategy = make_strategy(key)
    need = strategy.warmup

    with pytest.raises(InsufficientHistory, match=f"{key} needs {need} sessions"):
        run(MARKET.truncate(need - 1), strategy, first_row=0)
    assert run(MARKET.truncate(need), strategy, first_row=0).rows[0] == need - 1


@every_strategy
def test_a_universe_of_one_or_of_nobody_is_legal(key):
    strategy = make_strategy(key)
    close = make_closes(sessions=SESSIONS, assets=1)

    one = run(make_market_of(close), strategy)
    nobody = run(make_market_of(np.empty((SESSIONS, 0))), strategy)

    assert one.weights.shape[1] == 1
    assert ((one.weights >= 0.0) & (one.weights <= 1.0)).all()
    assert nobody.weights.shape[1] == 0


@every_strategy
def test_a_session_on_which_nobody_traded_is_survived(key):
    strategy = make_strategy(key)
    close = np.array(MARKET.close)
    close[400] = np.nan

    targets = run(make_market_of(close), strategy, rebalance=Rebalance.DAILY)

    assert np.isfinite(targets.weights).all()
    held = targets.weights[targets.rows == 400]
    assert (held == 0.0).all()
