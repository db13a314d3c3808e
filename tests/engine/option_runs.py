"""Runs of option strategies for tests: whole years of a quiet index unless a test moves it."""

from typing import Any

import numpy as np

from engine.backtest import Request, run
from engine.costs import CostModel
from engine.execution import FillPolicy
from engine.limits import Constraints
from engine.schedule import DecisionClock, Rebalance
from engine.strategies.iron_condor import IronCondor, IronCondorParameters
from engine.strategies.tail_hedge import TailHedge, TailHedgeParameters

EXACT = {"half_spread_vol": 0.0, "contract_fee": 0.0}


def make_condor(**parameters: Any) -> IronCondor:
    return IronCondor(IronCondorParameters(**{"index": ("S000",), **parameters}))


def make_hedge(**parameters: Any) -> TailHedge:
    given = {"index": ("S000",), "primary": "equal_weight", **parameters}
    return TailHedge(TailHedgeParameters(**given))


def make_request(panel, strategy, **changes: Any) -> Request:
    terms = {
        "strategy": strategy,
        "first_row": 1,
        "last_row": len(panel.session) - 1,
        "capital": 1_000_000.0,
        "rebalance": Rebalance.MONTHLY,
        "constraints": Constraints(),
        "costs": CostModel(),
        "fill": FillPolicy.NEXT_CLOSE,
        "whole_shares": True,
        "clock": DecisionClock.US_CLOSE,
    }
    return Request(**{**terms, **changes})


def backtest(panel, strategy, **changes: Any):
    return run(panel, make_request(panel, strategy, **changes), checkpoint=lambda *_: None)


def options(result):
    """Return one tuple per order in options: day, name, signed contracts, price, reason."""
    orders = result.orders
    return [
        (
            str(np.int64(orders.day[k]).astype("datetime64[D]")),
            result.traded[k],
            float(orders.side[k] * orders.filled[k]),
            float(orders.price[k]),
            orders.reason[k],
        )
        for k in range(len(orders))
        if result.traded[k] not in result.symbols
    ]
