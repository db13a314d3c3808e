"""Strategies drawn from the registry and the market they are put under contract on."""

import dataclasses
import hashlib
import json
import sys
from contextlib import suppress
from functools import cache

import numpy as np
from pydantic import ValidationError

from engine.decide import ask, decide
from engine.errors import InvalidParameters, MissingData
from engine.panel import NEVER
from engine.published import Published
from engine.schedule import DecisionClock
from engine.strategies import STRATEGIES, catalogue
from tests.engine.panels import DAY, US_CLOSE, make_closes, make_panel, make_sessions

SESSIONS, ASSETS = 560, 6
FIRST = 260  # past the default warm-up of most strategies; the others get a longer market
CUTS = 200
DRAWS = 20
SPARE = 100  # sessions by which drawn parameters may need more history than the defaults
TOLERANCE = 1e-12
SYMBOLS = [f"S{i:03d}" for i in range(ASSETS)]
SCHEMAS = {entry["key"]: entry["parameterSchema"] for entry in catalogue()["strategies"]}
FACTORS = ("Mkt-RF", "SMB", "HML", "RMW", "CMA", "RF")
LEVELS = {"VIX": 18.0, "VIX3M": 20.0, "US10Y_REAL": 1.5}
BY_SESSION = {"session", "rf", "benchmark"}  # of a window
PUBLISHED_AFTER = 35  # days from a month's end to its factors


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
        most = min(schema.get("maxItems", 2), 2)
        return rng.choice(SYMBOLS, rng.integers(0, most + 1), replace=False).tolist()
    if kind == "object":
        return {}
    low = schema.get("minimum", schema.get("exclusiveMinimum", 0) + 1e-6)
    high = schema.get("maximum", schema.get("exclusiveMaximum", 0) - 1e-6)
    if kind == "integer":
        return int(rng.integers(low, max(min(high, 250), low) + 1))
    return float(rng.uniform(low, min(high, 60.0)))


def named_by_default(key):
    """Return the fields that name assets by default, with assets of this market in their place."""
    defaults = STRATEGIES[key].parameters_type().model_dump()
    named = [name for name, field in SCHEMAS[key]["properties"].items() if field["type"] == "array"]
    named = [name for name in named if defaults[name]]
    return {name: [SYMBOLS[i]] for i, name in enumerate(named)}


def draw_parameters(key, seed):
    """Return parameters of a strategy drawn within its schema; seed 0 gives the defaults."""
    fields = SCHEMAS[key]["properties"]
    if seed == 0:
        return named_by_default(key)
    rng = np.random.default_rng([seed, *key.encode()])
    while True:
        drawn = {name: draw(rng, schema) for name, schema in fields.items()}
        if STRATEGIES[key].wraps:
            drawn["primary_parameters"] = named_by_default(drawn["primary"])
        # Rules between fields that no schema can state, and a history longer than the market's.
        with suppress(ValidationError, InvalidParameters):
            parameters = STRATEGIES[key].parameters_type(**drawn)
            if STRATEGIES[key](parameters).warmup <= first_row(key) + SPARE:
                return drawn


def make_strategy(key, seed=0):
    strategy = STRATEGIES[key]
    return strategy(strategy.parameters_type(**draw_parameters(key, seed)))


@cache
def lead_of(key):
    """Return how many sessions more than the others the market of a strategy begins with."""
    return max(make_strategy(key).warmup - FIRST, 0)


def first_row(key):
    return FIRST + lead_of(key)


def run(panel, strategy, *, rebalance=None, clock=DecisionClock.US_CLOSE, first_row=None):
    return decide(
        panel,
        strategy,
        first_row=FIRST + lead_of(strategy.key) if first_row is None else first_row,
        last_row=len(panel.session) - 1,
        rebalance=rebalance or strategy.parameters.rebalance,
        clock=clock,
    )


@cache
def plain_run(key, rebalance=None):
    """Return what a strategy decides by its defaults on the market as it is."""
    return run(market(lead_of(key)), make_strategy(key), rebalance=rebalance)


def run_or_miss(panel, strategy):
    """Return what was decided, or None and what was missing for it."""
    try:
        return run(panel, strategy), ""
    except MissingData as e:
        return None, str(e)


@cache
def market(lead):
    return make_market(lead)


def make_market(lead=0, **changes):
    """Return six walks with what real data has: gaps, a late listing, a delisting, a flat line."""
    close = make_closes(sessions=lead + SESSIONS, assets=ASSETS)
    close[np.random.default_rng(5).random(close.shape) < 0.02] = np.nan
    close[: lead + 300, 2] = np.nan
    close[lead + 450 :, 3] = np.nan
    close[lead + 280 : lead + 340, 4] = 50.0
    return make_market_of(close, **changes)


def make_market_of(close, **changes):
    """Return a market of `close` in Australian dollars: every second asset trades in US dollars.

    Its last 160 sessions have one member less.
    """
    n, m = close.shape
    member = np.ones((n, m))
    member[max(n - 160, 0) :, 5:6] = 0
    fixings = 1.5 * make_closes(sessions=n, assets=1, seed=6) / 100.0
    noise = noise_of(n, m)
    volume = 1e6 * np.exp(noise[:, :, 3])
    values = {
        "open": close * (1.0 + 0.5 * noise[:, :, 2]),
        "high": close * (1.0 + np.abs(noise[:, :, 0]) + np.abs(noise[:, :, 2])),
        "low": close * (1.0 - np.abs(noise[:, :, 1]) - np.abs(noise[:, :, 2])),
        "volume": np.where(np.isfinite(close), volume, np.nan),
        "rf": np.full(n, 0.0001),
        "member": member,
        "currencies": ("AUD", "USD"),
        "currency": np.arange(m) % 2,
        "fx": np.column_stack([np.ones(n), fixings]),
        "fx_known_at": np.repeat(make_panel(close).closes_at, 2, axis=1),
        "benchmark": make_closes(sessions=n, assets=1, seed=8)[:, 0],
        "extra": make_extra(make_panel(close).session),
    }
    return make_panel(close, **{**values, **changes})


@cache
def noise_of(n, m):
    """Return what makes bars of closes, (n, m, 4), the same for an asset whoever stands beside."""
    columns = [np.random.default_rng([4, i]).normal(0.0, 0.02, (n, 4)) for i in range(m)]
    noise = np.stack(columns, axis=1) if m else np.zeros((n, 0, 4))
    noise[:, :, 3] *= 20.0
    return np.clip(noise, -0.9, 2.0)


@cache
def _extra(n):
    session = make_sessions(n)
    rng = np.random.default_rng(12)
    closes_at = session * DAY + US_CLOSE
    extra = {
        name: Published(
            columns=("value",),
            day=session,
            value=level * np.exp(0.1 * np.cumsum(rng.normal(0.0, 0.3, (n, 1)) * 0.3, axis=0)),
            known_at=closes_at,
        )
        for name, level in LEVELS.items()
    }
    news = rng.random((n, ASSETS)) < 0.1
    extra["NEWS_FLAG"] = Published(
        columns=tuple(SYMBOLS), day=session, value=news, known_at=closes_at, reach=0
    )
    return extra | _factors(session, rng)


def _factors(session, rng):
    days = session.astype("datetime64[D]")
    months = np.arange(days[0].astype("datetime64[M]"), days[-1].astype("datetime64[M]"))
    last = (months + 1).astype("datetime64[D]").astype(np.int64) - 1
    value = rng.normal(0.004, 0.03, (len(last), len(FACTORS)))
    value[:, -1] = 0.002
    known_at = (last + 1 + PUBLISHED_AFTER) * DAY
    three, five = [0, 1, 2, 5], list(range(len(FACTORS)))
    regions = ("", "_DEVELOPED_EX_US", "_ASIA_PACIFIC")
    chosen = {name + of: rows for of in regions for name, rows in (("FF3", three), ("FF5", five))}
    return {
        name: Published(
            columns=tuple(FACTORS[i] for i in columns),
            day=last,
            value=value[:, columns],
            known_at=known_at,
            reach=62,
        )
        for name, columns in chosen.items()
    }


def make_extra(session):
    """Return every named panel there is, over the given sessions."""
    extra = _extra(len(session))
    day = int(session[-1]) if len(session) else 0
    return {name: each.until(day) for name, each in extra.items()}


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
    """Return the panel with `change` applied to every price, rate, level and figure after `row`."""
    prices = ("open", "high", "low", "close", "volume")
    changed = later(panel, row, change, names=(*prices, "fx", "rf", "benchmark"))
    day = int(panel.session[row])
    extra = {name: _poisoned(each, day, change) for name, each in panel.extra.items()}
    return dataclasses.replace(changed, extra=extra)


def _poisoned(published, day, change):
    value = np.array(published.value)
    value[published.day > day] = change(value[published.day > day])
    return only(published, np.isfinite(value).all(axis=1), value=value)


def only(published, rows, **changes):
    """Return the chosen rows of a named panel."""
    kept = {name: getattr(published, name) for name in ("day", "value", "known_at")} | changes
    return dataclasses.replace(published, **{name: value[rows] for name, value in kept.items()})


def image(decision):
    """Return what was decided, to the bit."""
    if decision is None:
        return b""
    signals = b"" if decision.signals is None else decision.signals.image()
    opens = b"" if decision.opens is None else decision.opens.image()
    return np.ascontiguousarray(decision.weights).tobytes() + signals + opens


def decided_by(targets, row):
    """Return what was decided up to `row`, to the bit."""
    past = targets.rows <= row
    signals = [each.image() for each in targets.signals[: past.sum()]]
    opens = [
        (int(row), structure.image())
        for row, structure in zip(targets.rows[past], targets.opens, strict=False)
        if structure is not None
    ]
    return targets.rows[past].tobytes(), targets.weights[past].tobytes(), signals, opens


def decided_on(panel, strategy, row):
    """Return what would be decided on `row` alone, to the bit."""
    window = panel.window(row, strategy.warmup, int(panel.closes_at[row, 0]))
    return image(ask(strategy, window, None)[0])


def hide(panel, row, bars):
    """Return a panel that ends with `row`, on which `bars` are missing."""
    kept = np.where(bars, np.nan, panel.close[row])
    return later(panel, row - 1, lambda prices: np.where(np.isnan(kept), np.nan, prices))


def permute(window, order):
    """Return the window with its assets in another order, whatever fields it has."""
    m, k = len(window.asset_id), len(window.session)
    changes = {}
    for entry in dataclasses.fields(window):
        value = getattr(window, entry.name)
        if (
            entry.name not in BY_SESSION
            and isinstance(value, np.ndarray)
            and value.shape in {(m,), (k, m)}
        ):
            changes[entry.name] = value[..., order]
    return dataclasses.replace(window, symbols=tuple(window.symbols[i] for i in order), **changes)


def digests(keys):
    """Return a digest of what each strategy decides, by its key."""
    decided = {key: plain_run(key) for key in keys}
    return {
        key: hashlib.sha256(repr(decided_by(targets, NEVER)).encode()).hexdigest()
        for key, targets in decided.items()
    }


if __name__ == "__main__":
    sys.stdout.write(json.dumps(digests(sys.argv[1:])))
