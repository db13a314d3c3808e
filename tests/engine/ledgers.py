"""Ledger runs for tests: free of costs, every volume allowed, filled at the next open."""

from typing import Any

import numpy as np

from engine.costs import CostModel
from engine.decide import Targets
from engine.execution import FillPolicy
from engine.ledger import simulate
from engine.schedule import DecisionClock, decision_instants

FREE = {
    "commission_flat": 0.0,
    "slippage_bps": 0.0,
    "fx_spread_bps": 0.0,
    "max_volume_share": 1.0,
}


def make_costs(**changes: float) -> CostModel:
    """Return a model that charges nothing but what `changes` say."""
    return CostModel(**{**FREE, **changes})


def make_targets(panel, decisions, *, clock=DecisionClock.US_CLOSE) -> Targets:
    """Return targets from a mapping of row to weights."""
    rows = np.array(list(decisions), np.int64)
    return Targets(
        rows=rows,
        instants=decision_instants(panel, rows, clock),
        weights=np.array(list(decisions.values()), np.float64),
        reasons={},
    )


def make_ledger(panel, decisions, *, clock=DecisionClock.US_CLOSE, **changes: Any):
    """Trade `decisions` (row to weights, or Targets) from row 0 to the last."""
    known = isinstance(decisions, Targets)
    targets = decisions if known else make_targets(panel, decisions, clock=clock)
    terms = {
        "costs": make_costs(),
        "fill": FillPolicy.NEXT_OPEN,
        "whole_shares": True,
        "capital": 10_000.0,
        "first_row": 0,
        "last_row": len(panel.session) - 1,
    }
    return simulate(panel, targets, **{**terms, **changes})


def entries(orders, *names):
    """Return one tuple of the named columns per entry."""
    columns = [
        values if isinstance(values, tuple) else values.tolist()
        for values in (getattr(orders, name) for name in names)
    ]
    return list(zip(*columns, strict=True))


def flat(prices, sessions=4):
    """Return closes that stay at `prices`."""
    return np.tile(np.asarray(prices, np.float64), (sessions, 1))


def with_cell(shape, cells, rest):
    values = np.full(shape, rest, np.float64)
    for cell, value in cells.items():
        values[cell] = value
    return values
