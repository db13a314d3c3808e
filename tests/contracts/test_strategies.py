"""What every registered strategy must do, whatever it believes about markets.

The suite knows the registry and the JSON Schema of parameters, nothing else: a new strategy file
is under all of it from the moment it exists.
"""

import json
import os
import subprocess
import sys
from dataclasses import replace

import numpy as np
import pytest

from engine.decide import decide
from engine.errors import InsufficientHistory, MissingData
from engine.guards import check_truncation
from engine.panel import NEVER
from engine.schedule import DecisionClock, Rebalance
from engine.strategies import STRATEGIES
from tests.contracts.strategy_runs import (
    ASSETS,
    CUTS,
    DRAWS,
    SESSIONS,
    TOLERANCE,
    decided_by,
    decided_on,
    digests,
    first_row,
    hide,
    lead_of,
    make_market,
    make_market_of,
    make_strategy,
    market,
    named_by_default,
    only,
    permute,
    plain_run,
    poison,
    run,
    run_or_miss,
)
from tests.engine.panels import ASX_CLOSE, ASX_OPEN, DAY, make_closes

PRICES = ("open", "high", "low", "close")
ACTIONS = ("split", "tr_factor")

# Strategies of which some parameters read a panel.
READERS = sorted(key for key, cls in STRATEGIES.items() if cls.panels or cls.optional or cls.wraps)

every_strategy = pytest.mark.parametrize("key", sorted(STRATEGIES))


@every_strategy
def test_no_decision_depends_on_rows_that_were_cut_off(key):
    """Guard 7.1 over 200 cuts: the same decisions, to the bit, wherever the panel ends."""
    panel, first = market(lead_of(key)), first_row(key)
    span = {
        "first_row": first,
        "last_row": first + CUTS + 50,
        "rebalance": Rebalance.DAILY,
        "clock": DecisionClock.US_CLOSE,
    }
    whole = decide(panel, make_strategy(key), **span)

    held = check_truncation(panel, make_strategy(key), whole, **span, cuts=CUTS)

    assert (held.free, len(held.detail.split(", "))) == (True, CUTS)


@every_strategy
@pytest.mark.parametrize("cut", [3, 140, 299])
def test_a_run_that_ends_earlier_is_the_beginning_of_the_longer_one(key, cut):
    panel, cut = market(lead_of(key)), first_row(key) + cut

    whole = plain_run(key, Rebalance.WEEKLY)
    short = run(panel.truncate(cut), make_strategy(key), rebalance=Rebalance.WEEKLY)

    assert decided_by(short, cut - 1) == decided_by(whole, cut - 1)
    strategy = make_strategy(key)
    assert decided_on(panel.truncate(cut), strategy, cut) == decided_on(panel, strategy, cut)


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
    panel, row = market(lead_of(key)), lead_of(key) + 420

    clean = plain_run(key, Rebalance.WEEKLY)
    poisoned = run(poison(panel, row, change), make_strategy(key), rebalance=Rebalance.WEEKLY)

    assert decided_by(poisoned, row) == decided_by(clean, row)


@every_strategy
def test_a_bar_that_is_known_a_session_late_is_as_good_as_absent_until_then(key):
    """Guard 7.3: a late bar and a missing one lead to the same decision on its day."""
    panel, strategy = market(lead_of(key)), make_strategy(key)
    late = np.random.default_rng(3).random(panel.close.shape) < 0.05
    next_close = np.append(panel.closes_at[1:, 0], NEVER)[:, None]
    known_at = np.where(late & np.isfinite(panel.close), next_close, panel.known_at)
    delayed = replace(panel, known_at=known_at)

    differing = []
    for row in range(first_row(key), len(panel.session) - 1, 10):
        absent = hide(panel.truncate(row), row, late[row])
        if decided_on(delayed, strategy, row) != decided_on(absent, strategy, row):
            differing.append(row)

    assert differing == []


@pytest.mark.parametrize("key", READERS)
def test_a_figure_that_is_known_a_session_late_is_as_good_as_absent_until_then(key):
    panel, strategy = market(lead_of(key)), make_strategy(key)
    late = {
        name: np.random.default_rng(3).random(len(each.day)) < 0.05
        for name, each in panel.extra.items()
    }
    delayed = {
        name: replace(each, known_at=np.where(late[name], each.known_at + DAY, each.known_at))
        for name, each in panel.extra.items()
    }

    differing = []
    for row in range(first_row(key), len(panel.session) - 1, 10):
        closed = int(panel.closes_at[row, 0])
        known = {name: ~late[name] | (each.known_at <= closed) for name, each in delayed.items()}
        absent = {name: only(each, known[name]) for name, each in panel.extra.items()}
        without = decided_on(replace(panel, extra=absent), strategy, row)
        if decided_on(replace(panel, extra=delayed), strategy, row) != without:
            differing.append(row)

    assert differing == []


@every_strategy
def test_a_panel_that_the_strategy_needs_is_missed_by_name(key):
    panel, strategy = market(lead_of(key)), make_strategy(key)

    for name in strategy.inputs():
        absent = {other: each for other, each in panel.extra.items() if other != name}
        with pytest.raises(MissingData, match=f"{key} needs the panel {name}"):
            run(replace(panel, extra=absent), strategy)
        nothing = absent | {name: only(panel.extra[name], slice(0, 0))}
        with pytest.raises(MissingData, match=f"{key} needs the panel {name}"):
            run(replace(panel, extra=nothing), strategy)
    needed = {name: panel.extra[name] for name in strategy.inputs()}
    assert len(run(replace(panel, extra=needed), strategy).rows)


@every_strategy
def test_an_order_in_sydney_never_rests_on_the_new_york_session_of_its_day(key):
    """Guard 7.3, two markets: at the Sydney close nothing of that day's New York bar is used."""
    plain, strategy = market(lead_of(key)), make_strategy(key)
    session = plain.session
    instants = np.stack([session * DAY + ASX_CLOSE, plain.closes_at[:, 0]], axis=1)
    opens = np.stack([session * DAY + ASX_OPEN, plain.opens_at[:, 0]], axis=1)
    two = {"market": [0, 1] * 3, "markets": ("XASX", "XNYS"), "opens_at": opens}
    two |= {"closes_at": instants}
    bar = np.isfinite(plain.close)
    two |= {"known_at": np.where(bar, np.tile(instants, 3), NEVER)}
    row = lead_of(key) + 420
    jumped = {name: np.array(getattr(plain, name)) for name in PRICES}
    for values in jumped.values():
        values[row, 1::2] *= 3.0

    terms = {"rebalance": Rebalance.DAILY, "clock": DecisionClock.ASX_CLOSE}
    before, after = (
        run(panel.truncate(row + 2), strategy, **terms, first_row=row - 5)
        for panel in (replace(plain, **two), replace(plain, **two, **jumped))
    )

    assert decided_by(before, row) == decided_by(after, row)


@every_strategy
@pytest.mark.parametrize("seed", range(DRAWS + 1))
def test_weights_are_legal_and_look_past_no_cut_whatever_the_parameters(key, seed):
    panel, strategy = market(lead_of(key)), make_strategy(key, seed)
    gross = getattr(strategy.parameters, "max_gross", 1.0)
    cut = lead_of(key) + 415 + 7 * seed

    terms = {"first_row": first_row(key) - 5, "rebalance": Rebalance.MONTHLY}
    targets = run(panel, strategy, **terms)
    short = run(panel.truncate(cut), strategy, **terms)

    assert np.isfinite(targets.weights).all()
    assert strategy.shorts or (targets.weights >= 0.0).all()
    assert np.abs(targets.weights).sum(axis=1).max(initial=0.0) <= gross + TOLERANCE
    outside = ~panel.member[targets.rows] | np.isnan(panel.marks()[targets.rows])
    assert (targets.weights[outside] == 0.0).all()
    assert decided_by(short, cut - 1) == decided_by(targets, cut - 1)
    assert decided_on(panel.truncate(cut), strategy, cut) == decided_on(panel, strategy, cut)


@every_strategy
def test_the_order_of_the_columns_decides_nothing(key):
    panel, strategy = market(lead_of(key)), make_strategy(key)
    order = np.random.default_rng(9).permutation(ASSETS)

    for row in range(first_row(key), len(panel.session), 20):
        window = panel.window(row, strategy.warmup, int(panel.closes_at[row, 0]))
        straight, _ = strategy.decide(window, None)
        shuffled, _ = strategy.decide(permute(window, order), None)
        assert (straight is None) == (shuffled is None)
        if straight is not None:
            assert shuffled.weights.tobytes() == straight.weights[order].tobytes()
            assert shuffled.reasons == straight.reasons


@every_strategy
def test_an_asset_without_a_single_bar_changes_nothing(key):
    panel, strategy = market(lead_of(key)), make_strategy(key)
    wider = np.column_stack([panel.close, np.full(len(panel.close), np.nan)])
    member = np.column_stack([panel.member, np.ones(len(panel.close))])

    without = plain_run(key)
    beside = run(make_market_of(wider, member=member), strategy)

    assert (beside.weights[:, -1] == 0.0).all()
    np.testing.assert_allclose(beside.weights[:, :-1], without.weights, rtol=0, atol=TOLERANCE)


@every_strategy
@pytest.mark.parametrize("scale", [2.0, 0.5, 7.3])
def test_the_unit_of_a_price_decides_nothing(key, scale):
    panel, strategy = market(lead_of(key)), make_strategy(key)
    scales = np.where(np.arange(ASSETS) % 2 == 0, scale, 1.0)

    plain = plain_run(key)
    scaled = run(make_market_of(panel.close * scales), strategy)

    assert plain.rows.tolist() == scaled.rows.tolist()
    np.testing.assert_allclose(scaled.weights, plain.weights, rtol=0, atol=1e-9)


@every_strategy
def test_a_split_decides_nothing(key):
    panel, strategy, row = market(lead_of(key)), make_strategy(key), lead_of(key) + 400
    halved = {name: np.array(getattr(panel, name)) for name in PRICES}
    for values in halved.values():
        values[row:, 0] /= 2.0
    volume, split, factor = (np.array(getattr(panel, name)) for name in ("volume", *ACTIONS))
    volume[row:, 0] *= 2.0
    split[row, 0] = 2.0
    factor[row:, 0] = 2.0
    after = replace(panel, **halved, volume=volume, split=split, tr_factor=factor)

    plain = plain_run(key)
    split_in_two = run(after, strategy)

    assert split_in_two.weights.tobytes() == plain.weights.tobytes()


@every_strategy
def test_the_same_run_twice_is_the_same_to_the_bit(key):
    first = plain_run(key)
    second = run(make_market(lead_of(key)), make_strategy(key))

    assert decided_by(first, NEVER) == decided_by(second, NEVER)
    assert first.instants.tobytes() == second.instants.tobytes()
    assert (first.reasons, first.flags, first.diagnostics) == (
        second.reasons,
        second.flags,
        second.diagnostics,
    )


def test_another_process_with_another_hash_seed_decides_the_same_to_the_bit():
    keys = sorted(STRATEGIES)
    command = [sys.executable, "-m", "tests.contracts.strategy_runs", *keys]
    seed = "1" if os.environ.get("PYTHONHASHSEED") != "1" else "2"

    told = subprocess.check_output(command, env=os.environ | {"PYTHONHASHSEED": seed}, text=True)

    assert json.loads(told) == digests(keys)


@every_strategy
def test_a_panel_shorter_than_the_warm_up_is_refused_and_one_session_more_is_not(key):
    panel, strategy = market(lead_of(key)), make_strategy(key)
    need = strategy.warmup

    with pytest.raises(InsufficientHistory, match=f"{key} needs {need} sessions"):
        run(panel.truncate(need - 1), strategy, first_row=0)
    assert run(panel.truncate(need), strategy, first_row=0).rows.tolist() in ([need - 1], [])


@every_strategy
def test_a_universe_of_one_or_of_nobody_is_legal(key):
    """A strategy that was told which assets to hold misses them by name."""
    strategy = make_strategy(key)
    close = make_closes(sessions=lead_of(key) + SESSIONS, assets=1)

    for panel in (make_market_of(close), make_market_of(np.empty((len(close), 0)))):
        targets, missing = run_or_miss(panel, strategy)
        if targets is None:
            assert any(name in missing for (name,) in named_by_default(key).values())
        else:
            assert targets.weights.shape[1] == panel.close.shape[1]
            assert (np.abs(targets.weights) <= 1.0).all()


@every_strategy
def test_a_session_on_which_nobody_traded_is_survived(key):
    panel, strategy, row = market(lead_of(key)), make_strategy(key), lead_of(key) + 400
    close = np.array(panel.close)
    close[row] = np.nan
    silent = make_market_of(close).truncate(row + 3)

    targets = run(silent, strategy, rebalance=Rebalance.DAILY, first_row=row - 3)

    assert np.isfinite(targets.weights).all()
    held = targets.weights[targets.rows == row]
    assert (held == 0.0).all()
