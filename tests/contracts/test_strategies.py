"""What every registered strategy must do, whatever it believes about markets.

The suite knows the registry and the JSON Schema of parameters, nothing else: a new strategy file
is under all of it from the moment it exists.
"""

import dataclasses
import subprocess
import sys

import numpy as np
import pytest

from engine.decide import decide
from engine.errors import InsufficientHistory
from engine.panel import NEVER
from engine.schedule import DecisionClock, Rebalance
from engine.strategies import STRATEGIES, catalogue
from tests.engine.panels import ASX_CLOSE, ASX_OPEN, DAY, make_closes, make_panel

SESSIONS, ASSETS = 560, 6
FIRST = 260  # past the default warm-up of every strategy
CUTS = 200
DRAWS = 20
TOLERANCE = 1e-12
SCHEMAS = {entry["key"]: entry["parameterSchema"] for entry in catalogue()["strategies"]}


def draw(rng, schema):
    """Return a value the JSON Schema of one field allows."""
    kind = schema["type"][0] if isinstance(schema["type"], list) else schema["type"]
    if "enum" in schema:
        return rng.choice(schema["enum"]).item()
    if isinstance(schema["type"], list) and rng.random() < 0.5:
        return None
    if kind == "boolean":
        return bool(rng.random() < 0.5)
    if kind == "array":
        return []
    low = schema.get("minimum", schema.get("exclusiveMinimum", 0) + 1e-6)
    if kind == "integer":
        return int(rng.integers(low, min(schema["maximum"], 250) + 1))
    return float(rng.uniform(low, min(schema["maximum"], 60.0)))


def draw_parameters(key, seed):
    """Return parameters of a strategy drawn within its schema; seed 0 gives the defaults."""
    fields, rules = SCHEMAS[key]["properties"], SCHEMAS[key]["x-lessThan"]
    if seed == 0:
        return {}
    rng = np.random.default_rng([seed, *key.encode()])
    while True:
        drawn = {name: draw(rng, schema) for name, schema in fields.items()}
        if all(drawn[low] < drawn[high] for low, high in rules):
            return drawn


def make_strategy(key, seed=0):
    strategy = STRATEGIES[key]
    return strategy(strategy.parameters_type(**draw_parameters(key, seed)))


def run(panel, strategy, *, rebalance=None, clock=DecisionClock.US_CLOSE, first_row=FIRST):
    return decide(
        panel,
        strategy,
        first_row=first_row,
        last_row=len(panel.session) - 1,
        rebalance=rebalance or strategy.parameters.rebalance,
        clock=clock,
    )


def make_market(**changes):
    """Return six walks with what real data has: gaps, a late listing, a delisting, a flat line."""
    close = make_closes(sessions=SESSIONS, assets=ASSETS)
    close[np.random.default_rng(5).random(close.shape) < 0.02] = np.nan
    close[:300, 2] = np.nan
    close[450:, 3] = np.nan
    close[280:340, 4] = 50.0
    rf = np.full(SESSIONS, 0.0001)
    member = np.ones((SESSIONS, ASSETS))
    member[400:, 5] = 0
    return make_panel(close, **{"rf": rf, "member": member, **changes})


def later(panel, row, change):
    """Return the panel with `change` applied to every price after `row`."""
    fields = {entry.name: getattr(panel, entry.name) for entry in dataclasses.fields(panel)}
    for name in ("open", "high", "low", "close", "volume"):
        values = np.array(fields[name])
        values[row + 1 :] = change(values[row + 1 :])
        fields[name] = values
    fields["known_at"] = np.where(np.isfinite(fields["close"]), panel.closes_at, NEVER)
    fields["tradable"] = np.isfinite(fields["close"])
    return type(panel)(**fields)


def decided_by(targets, row):
    """Return what was decided up to `row`, to the bit."""
    past = targets.rows <= row
    return targets.rows[past].tobytes(), targets.weights[past].tobytes()


def decided_on(panel, strategy, row):
    """Return what would be decided on `row` alone, to the bit."""
    window = panel.window(row, strategy.warmup, int(panel.closes_at[row, 0]))
    return strategy.decide(window, None)[0].weights.tobytes()


every_strategy = pytest.mark.parametrize("key", sorted(STRATEGIES))
MARKET = make_market()


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


@every_strategy
@pytest.mark.parametrize(
    "poison",
    [
        lambda prices: np.full_like(prices, np.nan),
        lambda prices: prices * 1000.0,
        lambda prices: prices[::-1],
        lambda prices: np.random.default_rng(2).uniform(1.0, 1e6, prices.shape),
    ],
    ids=["nan", "thousandfold", "reversed", "noise"],
)
def test_a_poisoned_future_changes_no_past_decision(key, poison):
    """Guard 7.2."""
    strategy = make_strategy(key)
    row = 420

    clean = run(MARKET, strategy, rebalance=Rebalance.WEEKLY)
    poisoned = run(later(MARKET, row, poison), strategy, rebalance=Rebalance.WEEKLY)

    assert decided_by(poisoned, row) == decided_by(clean, row)
    assert len(clean.rows[clean.rows <= row]) > 0


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


def hide(panel, row, bars):
    """Return a panel that ends with `row`, on which `bars` are missing."""
    kept = np.where(bars, np.nan, panel.close[row])
    return later(panel, row - 1, lambda prices: np.where(np.isnan(kept), np.nan, prices))


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
        make_panel(close, **two, known_at=known, rf=panel.rf, member=panel.member),
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


def permute(window, order):
    columns = {"total_return", "close", "high", "low", "volume", "due"}
    by_asset = {"asset_id", "member", "price_floor"}
    changes = {name: getattr(window, name)[:, order] for name in columns}
    changes |= {name: getattr(window, name)[order] for name in by_asset}
    return dataclasses.replace(window, symbols=tuple(window.symbols[i] for i in order), **changes)


@every_strategy
def test_an_asset_without_a_single_bar_changes_nothing(key):
    strategy = make_strategy(key)
    wider = np.column_stack([MARKET.close, np.full(SESSIONS, np.nan)])
    member = np.column_stack([MARKET.member, np.ones(SESSIONS)])

    without = run(MARKET, strategy)
    beside = run(make_panel(wider, rf=MARKET.rf, member=member), strategy)

    assert (beside.weights[:, -1] == 0.0).all()
    np.testing.assert_allclose(beside.weights[:, :-1], without.weights, rtol=0, atol=TOLERANCE)


@every_strategy
@pytest.mark.parametrize("scale", [2.0, 0.5, 7.3])
def test_the_unit_of_a_price_decides_nothing(key, scale):
    strategy = make_strategy(key)
    scales = np.where(np.arange(ASSETS) % 2 == 0, scale, 1.0)

    plain = run(MARKET, strategy)
    scaled = run(make_panel(MARKET.close * scales, rf=MARKET.rf, member=MARKET.member), strategy)

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


def make_market_of(close, **changes):
    return make_panel(close, rf=MARKET.rf, member=MARKET.member, **changes)


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

    one = run(make_panel(close), strategy)
    nobody = run(make_panel(np.empty((SESSIONS, 0))), strategy)

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


@every_strategy
def test_the_schema_describes_bounds_and_defaults_of_every_field(key):
    schema = SCHEMAS[key]

    assert schema["additionalProperties"] is False
    for name, entry in schema["properties"].items():
        assert {"title", "description", "default", "type"} <= entry.keys(), name
        kinds = entry["type"] if isinstance(entry["type"], list) else [entry["type"]]
        bounded = {"integer", "number"}.isdisjoint(kinds) or "enum" in entry
        low = entry.keys() & {"minimum", "exclusiveMinimum"}
        assert bounded or (low and "maximum" in entry), name


@every_strategy
def test_every_draw_within_the_schema_is_accepted_and_a_misspelt_name_is_not(key):
    strategy = STRATEGIES[key]

    for seed in range(DRAWS):
        strategy.parameters_type(**draw_parameters(key, seed))

    with pytest.raises(ValueError, match="extra_forbidden"):
        strategy.parameters_type(top_m=3)


@every_strategy
def test_a_strategy_says_who_found_it_and_what_it_needs(key):
    strategy = STRATEGIES[key]

    assert strategy.key == key
    assert strategy.references
    assert strategy.requires
    assert (strategy.__doc__ or "").strip()
    field = strategy.history_field
    if field is not None:
        defaults = strategy.parameters_type()
        assert strategy(defaults).warmup == getattr(defaults, field) + 1
    assert not strategy.allocators or "weighting" in strategy.parameters_type.model_fields


def test_the_registry_imports_numpy_and_pydantic_and_nothing_heavier():
    heavy = {"scipy", "pandas", "skfolio", "sklearn", "vectorbt", "pyarrow", "sqlalchemy"}
    code = "import sys, engine.strategies, engine.decide; print(*sys.modules)"

    loaded = subprocess.check_output([sys.executable, "-c", code], text=True).split()

    assert heavy.isdisjoint(loaded)
