"""Strategies drawn from the registry and the market they are put under contract on."""

import dataclasses
from contextlib import suppress

import numpy as np
from pydantic import ValidationError

from engine.decide import decide
from engine.panel import NEVER
from engine.schedule import DecisionClock
from engine.strategies import STRATEGIES, catalogue
from tests.engine.panels import make_closes, make_panel

SESSIONS, ASSETS = 560, 6
FIRST = 260  # past the default warm-up of every strategy
CUTS = 200
DRAWS = 20
TOLERANCE = 1e-12
SYMBOLS = [f"S{i:03d}" for i in range(ASSETS)]
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
        return rng.choice(SYMBOLS, rng.integers(0, 3), replace=False).tolist()
    low = schema.get("minimum", schema.get("exclusiveMinimum", 0) + 1e-6)
    if kind == "integer":
        return int(rng.integers(low, min(schema["maximum"], 250) + 1))
    return float(rng.uniform(low, min(schema["maximum"], 60.0)))


def draw_parameters(key, seed):
    """Return parameters of a strategy drawn within its schema; seed 0 gives the defaults."""
    fields = SCHEMAS[key]["properties"]
    if seed == 0:
        return {}
    rng = np.random.default_rng([seed, *key.encode()])
    while True:
        drawn = {name: draw(rng, schema) for name, schema in fields.items()}
        with suppress(ValidationError):  # rules between fields that no schema can state
            STRATEGIES[key].parameters_type(**drawn)
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
    return make_market_of(close, **changes)


def make_market_of(close, **changes):
    """Return a market of `close` in Australian dollars: every second asset trades in US dollars."""
    n, m = close.shape
    member = np.ones((n, m))
    member[400:, 5:6] = 0
    fixings = 1.5 * make_closes(sessions=n, assets=1, seed=6) / 100.0
    values = {
        "rf": np.full(n, 0.0001),
        "member": member,
        "currencies": ("AUD", "USD"),
        "currency": np.arange(m) % 2,
        "fx": np.column_stack([np.ones(n), fixings]),
        "fx_known_at": np.repeat(make_panel(close).closes_at, 2, axis=1),
    }
    return make_panel(close, **{**values, **changes})


def later(panel, row, change, names=("open", "high", "low", "close", "volume")):
    """Return the panel with `change` applied to the named fields after `row`."""
    fields = {entry.name: getattr(panel, entry.name) for entry in dataclasses.fields(panel)}
    for name in names:
        values = np.array(fields[name])
        values[row + 1 :] = change(values[row + 1 :])
        fields[name] = values
    fields["fx"] = np.column_stack([np.ones(len(panel.fx)), fields["fx"][:, 1:]])
    fields["known_at"] = np.where(np.isfinite(fields["close"]), panel.closes_at, NEVER)
    fields["tradable"] = np.isfinite(fields["close"])
    return type(panel)(**fields)


def poison(panel, row, change):
    """Return the panel with `change` applied to every price, rate and level after `row`."""
    prices = ("open", "high", "low", "close", "volume")
    return later(panel, row, change, names=(*prices, "fx", "rf", "benchmark"))


def decided_by(targets, row):
    """Return what was decided up to `row`, to the bit."""
    past = targets.rows <= row
    return targets.rows[past].tobytes(), targets.weights[past].tobytes()


def decided_on(panel, strategy, row):
    """Return what would be decided on `row` alone, to the bit."""
    window = panel.window(row, strategy.warmup, int(panel.closes_at[row, 0]))
    return strategy.decide(window, None)[0].weights.tobytes()


def hide(panel, row, bars):
    """Return a panel that ends with `row`, on which `bars` are missing."""
    kept = np.where(bars, np.nan, panel.close[row])
    return later(panel, row - 1, lambda prices: np.where(np.isnan(kept), np.nan, prices))


def permute(window, order):
    columns = {"total_return", "split", "open", "close", "high", "low", "volume", "due"}
    by_asset = {"asset_id", "market", "currency", "member", "price_floor"}
    changes = {name: getattr(window, name)[:, order] for name in columns}
    changes |= {name: getattr(window, name)[order] for name in by_asset}
    return dataclasses.replace(window, symbols=tuple(window.symbols[i] for i in order), **changes)


MARKET = make_market()
