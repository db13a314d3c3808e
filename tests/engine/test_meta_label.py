import dataclasses
import hashlib
import json
import subprocess
import sys
from functools import cache

import numpy as np
import pytest

from engine.costs import CostModel
from engine.decide import decide
from engine.errors import InvalidParameters
from engine.guards import check_truncation
from engine.panel import NEVER
from engine.schedule import DecisionClock, Rebalance
from engine.strategies.base import Circumstances
from engine.strategies.meta_label import Memory, MetaLabel, MetaLabelParameters
from engine.strategies.momentum import Momentum, MomentumParameters
from tests.contracts.strategy_runs import decided_by, named_by_default, permute, poison
from tests.contracts.strategy_runs import market as contract_market
from tests.engine.panels import make_closes, make_panel

SESSIONS, ASSETS, FIRST = 560, 12, 300
PRIMARY = {"lookback": 21, "skip": 0, "top_n": 4}
QUICK = {"min_events": 50, "folds": 3, "retrain": 63, "horizon": 5, "min_p": 0.5}
SPAN = {
    "first_row": FIRST,
    "last_row": SESSIONS - 1,
    "rebalance": Rebalance.WEEKLY,
    "clock": DecisionClock.US_CLOSE,
}


@cache
def market():
    close = make_closes(sessions=SESSIONS, assets=ASSETS)
    spread = np.abs(np.random.default_rng(2).normal(0.0, 0.008, (2, *close.shape)))
    return make_panel(close, high=close * (1.0 + spread[0]), low=close * (1.0 - spread[1]))


def make_strategy(*, seed=0, primary="momentum", primary_parameters=None, **parameters):
    return MetaLabel(
        MetaLabelParameters(
            primary=primary,
            primary_parameters=PRIMARY if primary_parameters is None else primary_parameters,
            **{**QUICK, **parameters},
        ),
        Circumstances(seed=seed),
    )


@cache
def trained():
    """Return a run in which models were trained, and the strategy that made it."""
    strategy = make_strategy()
    return decide(market(), strategy, **SPAN), strategy


def primary_targets():
    return decide(market(), Momentum(MomentumParameters(**PRIMARY)), **SPAN)


def test_weights_are_the_primary_s_until_there_is_a_model_and_never_larger():
    targets, strategy = trained()
    own = primary_targets()
    ratio = np.divide(
        targets.weights, own.weights, where=own.weights > 0.0, out=np.zeros_like(own.weights)
    )

    assert targets.rows.tolist() == own.rows.tolist()
    assert len(strategy._models) == 2
    assert ratio.max() <= 1.0
    sized = np.flatnonzero((targets.weights != own.weights).any(axis=1))
    assert 10 < sized[0] < 40
    assert len(sized) >= 10
    np.testing.assert_allclose(ratio * 10.0, np.round(ratio * 10.0), atol=1e-9)
    assert targets.flags == ("untrained",)


def test_what_is_reported_is_out_of_fold_and_fit_for_json():
    targets, _ = trained()

    told = targets.diagnostics["meta_label"]
    json.dumps(told, allow_nan=False)
    assert told["events"] >= 50
    assert 0.3 < told["auc"] < 0.7  # random walks: in sample it would be far above
    assert told["brier"] > 0.2
    assert sum(row["events"] for row in told["reliability"]) == told["events_scored_out_of_fold"]
    assert 0 < told["foretold"] < told["trades_ended"]
    assert told["foretold_brier"] > 0.2


def test_no_decision_of_a_trained_model_rests_on_what_was_cut_off():
    targets, _ = trained()

    # A new strategy: nothing that the first one remembers helps it.
    found = check_truncation(market(), make_strategy(), targets, **SPAN)

    assert found.free


def test_a_poisoned_future_changes_no_past_decision_of_a_trained_model():
    targets, strategy = trained()
    row = int(targets.rows[-8])
    assert not (targets.weights[-9] == primary_targets().weights[-9]).all()

    poisoned = decide(poison(market(), row, lambda prices: prices * 3.0), strategy, **SPAN)

    assert decided_by(poisoned, row) == decided_by(targets, row)


def test_a_label_is_used_only_when_its_trade_has_ended():
    (targets, strategy), memory = trained(), None
    for row in targets.rows.tolist():
        _, memory = strategy.decide(lend(row, strategy), memory)
        if memory.trained == memory.clock:
            known = [trade.end for trade in memory.ended if trade.end < memory.clock]
            assert memory.model.report["events"] == len(known) >= 50
            assert max(known) < memory.clock
    assert memory.trained is not None


def lend(row, strategy):
    return market().window(row, min(row + 1, strategy.warmup + 5), NEVER - 1)


def test_the_order_of_the_columns_decides_nothing_for_a_trained_model():
    order = np.random.default_rng(9).permutation(ASSETS)
    (targets, straight), memory, other = trained(), None, None

    for row in targets.rows.tolist():
        window = lend(row, straight)
        one, memory = straight.decide(window, memory)
        two, other = straight.decide(permute(window, order), other)
        assert two.weights.tobytes() == one.weights[order].tobytes()
    assert memory.model is not None


def digest():
    targets, _ = trained()
    told = repr(targets.diagnostics).encode()
    return hashlib.sha256(targets.weights.tobytes() + told).hexdigest()


def test_another_process_with_another_hash_seed_learns_the_same():
    code = "from tests.engine.test_meta_label import digest; print(digest())"

    told = subprocess.check_output(
        [sys.executable, "-c", code], text=True, env={"PYTHONHASHSEED": "1", "PATH": ""}
    )

    assert told.strip() == digest()


def test_the_seed_of_the_run_decides_what_is_drawn():
    targets, _ = trained()

    other = decide(market(), make_strategy(seed=1), **SPAN)

    assert other.diagnostics != targets.diagnostics


def test_too_few_trades_pass_the_primary_through_and_say_so():
    targets = decide(market(), make_strategy(min_events=5000), **SPAN)

    assert targets.weights.tobytes() == primary_targets().weights.tobytes()
    assert targets.flags == ("untrained",)
    assert targets.diagnostics["meta_label"]["foretold"] == 0


def test_trades_of_one_class_pass_the_primary_through():
    """Prices that only rise make trades that only win."""
    steps = np.random.default_rng(3).uniform(0.001, 0.002, (SESSIONS, ASSETS))
    rising = make_panel(100.0 * np.exp(np.cumsum(steps, axis=0)))
    strategy = make_strategy()

    targets = decide(rising, strategy, **SPAN)

    assert targets.diagnostics["meta_label"]["trades_ended"] > 50
    assert set(strategy._models.values()) == {None}
    assert targets.flags == ("untrained",)
    np.testing.assert_allclose(targets.weights.sum(axis=1), 1.0)


class Coin:
    """A model that gives every trade one probability."""

    def __init__(self, probability):
        self.chance, self.report = probability, {}

    def probability(self, features):
        return np.full(len(features), self.chance)

    def tables(self):
        return {}


@pytest.mark.parametrize(
    ("probability", "min_p", "step", "size"),
    [
        (0.65, 0.55, 0.0, 0.2468476),
        (0.65, 0.55, 0.1, 0.2),
        (0.54, 0.55, 0.0, 0.0),
        (0.55, 0.55, 0.0, 0.0800556),
        (1.0, 0.55, 0.1, 1.0),
    ],
)
def test_a_trade_is_as_large_as_its_probability_makes_it(probability, min_p, step, size):
    strategy = make_strategy(min_p=min_p, step=step)
    memory = Memory(model=Coin(probability), trained=0)

    decision, after = strategy.decide(lend(400, strategy), memory)

    held = decision.weights[decision.weights > 0.0]
    np.testing.assert_allclose(list(after.sizes.values()), size, atol=5e-8)
    np.testing.assert_allclose(held, [size / 4] * len(held), atol=5e-8)
    assert decision.reasons.get("improbable", 0) == (4 if size == 0.0 else 0)
    assert decision.flags == ()


def test_what_is_held_keeps_its_size_until_the_primary_adds_to_it():
    strategy = make_strategy(step=0.0)
    window = lend(400, strategy)
    _, memory = strategy.decide(window, Memory(model=Coin(0.65), trained=0))
    again = dataclasses.replace(memory, model=Coin(0.9))

    kept, _ = strategy.decide(window, again)
    smaller = {asset: weight / 2 for asset, weight in again.weights.items()}
    added, _ = strategy.decide(window, dataclasses.replace(again, weights=smaller))

    assert kept.weights.sum() == pytest.approx(0.2468476, abs=5e-8)
    assert added.weights.sum() == pytest.approx(0.8176, abs=5e-4)


def test_costs_of_the_run_are_taken_off_a_trade_before_it_has_won():
    """A twelfth of 12,000 in each: a flat fee of 2 is 20 basis points each way."""
    panel = make_panel(
        market().close,
        currencies=("AUD", "USD"),
        currency=np.arange(ASSETS) % 2,
        fx=np.ones((SESSIONS, 2)),
        fx_known_at=np.zeros((SESSIONS, 2)),
    )
    costs = CostModel(
        commission_flat=2.0, commission_bps=3.0, half_spread_us_bps=4.0, fx_spread_bps=30.0
    )
    strategy = MetaLabel(
        MetaLabelParameters(primary="equal_weight"), Circumstances(costs=costs, capital=12_000.0)
    )

    _, memory = strategy.decide(panel.window(400, 300, NEVER - 1), None)

    assert [trade.cost for trade in memory.open[:2]] == pytest.approx([54e-4, 114e-4])


def test_what_a_primary_s_assets_cost_on_top_is_taken_off_too():
    costs = CostModel(commission_flat=0.0, slippage_bps=5.0, fx_spread_bps=0.0)
    named = named_by_default("hard_assets")
    strategy = MetaLabel(
        MetaLabelParameters(primary="hard_assets", primary_parameters=named),
        Circumstances(costs=costs),
    )
    window = contract_market(200).window(740, 600, NEVER - 1)

    _, memory = strategy.decide(window, None)

    assert [window.symbols[trade.asset_id - 1] for trade in memory.open] == ["S001", "S002"]
    assert [trade.cost for trade in memory.open] == pytest.approx([2 * 35e-4] * 2)
    assert strategy.extra_slippage() == {"S000": 10.0, "S001": 30.0, "S002": 30.0}


def test_a_primary_that_leaves_its_holdings_is_left_alone():
    strategy = make_strategy(primary="buy_and_hold", primary_parameters={})

    first, memory = strategy.decide(lend(400, strategy), None)
    second, _ = strategy.decide(lend(405, strategy), memory)

    assert first.weights.sum() == pytest.approx(1.0)
    assert second is None


@pytest.mark.parametrize("primary", ["breakout", "iron_condor", "vol_scaling", "meta_label"])
def test_it_wraps_strategies_of_weights_alone(primary):
    with pytest.raises(InvalidParameters, match=f"primary was '{primary}'; choose one of"):
        make_strategy(primary=primary, primary_parameters={})
