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
from tests.engine.ledgers import make_costs
from tests.engine.volatility_markets import make_index

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


FREE = {"costs": make_costs()}
PLAIN = {**EXACT, "skew": 0.0, "curvature": 0.0, "atm_ratio": 1.0, "dividend_yield": 0.0}


def quiet(sessions=60, level=1000.0, **changes):
    return make_index(np.full(sessions, level), **changes)


def day(text):
    return int(np.datetime64(text, "D").astype(np.int64))


def model_volatility(days):
    """Return sigma of `days` where the indices stand at 20 and 22: linear in total variance."""
    share = (days - 30.0) / 63.0
    return np.sqrt(((1.0 - share) * 0.04 * 30.0 + share * 0.0484 * 93.0) / days)


def at_expiry(last):
    """Return an index near the short put until its expiry on 21 January, there at `last`."""
    level = np.full(18, 1000.0)
    level[6:14] = 970.0
    level[14:] = last
    return make_index(level)


HELD_ON = {**PLAIN, "dte": 20, "exit_dte": 0, "take": 0.9, "stop": 4.0}
