"""Runs of hand-written signals: free of costs, every volume allowed, whole shares."""

import dataclasses
from typing import Any

import numpy as np

from engine.decide import Targets
from engine.schedule import DecisionClock, decision_instants
from engine.signal_ledger import simulate_signals
from engine.signals import Rules, Signals, nominal_weights
from tests.engine.ledgers import entries, make_costs
from tests.engine.panels import make_panel

RULES = Rules(risk=0.005, max_position=0.2, max_positions=10)


def bars(*rows):
    """Return open, high, low and close, (n, 1) each, of one asset's (o, h, l, c) rows."""
    columns = np.array(rows, np.float64).T[:, :, None]
    return dict(zip(("open", "high", "low", "close"), columns, strict=True))


def make_bars(*rows, **changes: Any):
    """Return a panel of one asset from its (open, high, low, close) rows."""
    fields = bars(*rows)
    return make_panel(fields.pop("close"), **{**fields, **changes})


def make_signals(n_assets=1, *, leave=(), rules=RULES, scale=1.0, **entries):
    """Return signals; `entries` maps asset, trigger, limit, floor and distance to columns."""
    asset = np.array(entries.get("asset", []), np.int64)
    rest = {"trigger": np.nan, "limit": np.inf, "floor": -np.inf, "distance": np.inf}
    columns = {
        name: np.broadcast_to(np.asarray(entries.get(name, value), np.float64), asset.shape).copy()
        for name, value in rest.items()
    }
    leaving = np.zeros(n_assets, np.bool_)
    leaving[list(leave)] = True
    return Signals(asset=asset, leave=leaving, rules=rules, scale=scale, **columns)


def make_signal_targets(panel, decided, *, clock=DecisionClock.US_CLOSE) -> Targets:
    """Return targets of a decision on every row; `decided` maps row to signals."""
    rows = np.arange(len(panel.session) - 1)
    none = make_signals(len(panel.symbols))
    signals = tuple(decided.get(row, none) for row in rows.tolist())
    weights = [nominal_weights(each, panel.marks()[row]) for row, each in enumerate(signals)]
    return Targets(
        rows=rows,
        instants=decision_instants(panel, rows, clock),
        weights=np.array(weights),
        reasons={},
        signals=signals,
    )


def run_signals(panel, decided, *, clock=DecisionClock.US_CLOSE, **changes: Any):
    """Trade `decided` (row to signals, or Targets) from row 0 to the last."""
    known = isinstance(decided, Targets)
    targets = decided if known else make_signal_targets(panel, decided, clock=clock)
    terms = {
        "costs": make_costs(),
        "whole_shares": True,
        "capital": 100_000.0,
        "first_row": 0,
        "last_row": len(panel.session) - 1,
    }
    return simulate_signals(panel, targets, **{**terms, **changes})


NAN = np.nan
FLAT = (50.0, 50.0, 50.0, 50.0)
HALF = dataclasses.replace(RULES, partial=0.5, partial_at=2.0)  # target 56, risk 3
SOLD = ("row", "side", "filled", "price", "reason")


def buying(rules=RULES, **columns):
    return make_signals(asset=[0], rules=rules, **columns)


def run(*rows, leave=(), signals=None, **changes):
    """Buy on row 0 with a stop at 47, unless said otherwise, and return the orders."""
    decided = {row: make_signals(leave=[0]) for row in leave}
    decided |= {0: signals or buying(floor=47.0)}
    return entries(run_signals(make_bars(*rows), decided, **changes).orders, *SOLD)
