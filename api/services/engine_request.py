"""What a worker tells the engine of a stored run."""

from datetime import date
from typing import Any

import numpy as np

from api.services.panels import PanelRequest
from engine.backtest import Constraints, Request
from engine.costs import CostModel
from engine.errors import InvalidParameters
from engine.execution import FillPolicy
from engine.panel import Panel
from engine.schedule import DecisionClock, Rebalance
from engine.strategies import STRATEGIES
from engine.strategies.base import Strategy
from models.backtest import Backtest

EPOCH = date(1970, 1, 1)


def strategy_of(run: Backtest) -> Strategy[Any]:
    """Validate the stored parameters again, now with the real class. Raises InvalidParameters."""
    cls = STRATEGIES[run.strategy_key]
    parameters = dict(run.parameters)
    if run.allocator is not None:
        parameters["weighting"] = cls.allocators[run.allocator]
    try:
        return cls(cls.parameters_type.model_validate(parameters))
    except ValueError as e:
        raise InvalidParameters(str(e)) from e


def panel_request(run: Backtest, *, warmup: int) -> PanelRequest:
    """Ask for what the run may see, and so many sessions before its first day."""
    return PanelRequest(
        universe=run.universe_key,
        owner_id=run.owner_id,
        symbols=tuple(run.symbols),
        start=run.start_on,
        end=run.end_on,
        warmup=warmup,
        currency=run.currency,
        benchmark=run.benchmark,
        known_at=run.known_at,
    )


def request_of(run: Backtest, strategy: Strategy[Any], panel: Panel) -> Request:
    """Return the run as the engine takes it, over the rows of its days."""
    return Request(
        strategy=strategy,
        first_row=int(np.searchsorted(panel.session, (run.start_on - EPOCH).days)),
        last_row=len(panel.session) - 1,
        capital=float(run.initial_capital),
        rebalance=Rebalance(run.rebalance),
        constraints=Constraints(**run.constraints),
        costs=CostModel(**run.costs),
        fill=FillPolicy(run.fill),
        whole_shares=run.whole_shares,
        clock=DecisionClock(run.decision_clock),
        overlay_vol_target=run.overlay_vol_target,
    )
