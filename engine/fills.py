"""On which row the kernel fills each decision, for all assets at once."""

from dataclasses import dataclass

import numpy as np

from engine.backtest import Request
from engine.errors import InsufficientHistory
from engine.execution import FillPolicy
from engine.panel import NEVER, Panel
from engine.types import IntArray


@dataclass(frozen=True, kw_only=True)
class Fills:
    """Decisions that are filled, and where; (f,), rows strictly ascending."""

    decision: IntArray  # position among the decisions
    row: IntArray


def fill_rows(panel: Panel, rows: IntArray, instants: IntArray, request: Request) -> Fills:
    """Return the first session of the primary market that opens after each decision.

    At DECISION_CLOSE it is the decision's own row. What would fill behind the last row is left
    out, and of decisions that fill together the last one counts. Raises InsufficientHistory where
    none is left.
    """
    filled = rows
    if request.fill is not FillPolicy.DECISION_CLOSE:
        opens = panel.opens_at[:, 0]
        trading = np.flatnonzero(opens != NEVER)
        at = np.searchsorted(opens[trading], instants, side="right")
        filled = np.append(trading, len(opens))[at]
    inside = filled <= request.last_row
    last = np.append(filled[1:] != filled[:-1], True)
    decision = np.flatnonzero(inside & last)
    if not len(decision):
        raise InsufficientHistory("no decision of the run can be filled before its end")
    return Fills(decision=decision, row=filled[decision])
