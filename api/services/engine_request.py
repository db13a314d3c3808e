"""What a worker tells the engine of a stored run."""

import hashlib
from datetime import date
from typing import Any, Final

import numpy as np

from api.services.panels import PanelRequest
from api.services.strategies import require_strategy
from engine.backtest import Constraints, Request
from engine.costs import CostModel
from engine.errors import InvalidParameters
from engine.execution import FillPolicy
from engine.panel import Panel
from engine.schedule import DecisionClock, Rebalance
from engine.strategies import STRATEGIES
from engine.strategies.base import Circumstances, Strategy
from models.backtest import Backtest

EPOCH = date(1970, 1, 1)
SEED_DIGITS: Final = 16


def strategy_of(run: Backtest) -> Strategy[Any]:
    """Validate the stored parameters again, now with the real class. Raises InvalidParameters."""
    cls = STRATEGIES[run.strategy_key]
    parameters = dict(run.parameters)
    if run.allocator is not None:
        parameters["weighting"] = cls.allocators[run.allocator]
    try:
        return cls(cls.parameters_type.model_validate(parameters), _circumstances(run))
    except ValueError as e:
        raise InvalidParameters(str(e)) from e


def _circumstances(run: Backtest) -> Circumstances:
    """Return what a run tells its strategy: the same content draws the same numbers."""
    return Circumstances(
        seed=drawn_from(run.content_key),
        costs=CostModel(**run.costs),
        capital=float(run.initial_capital),
    )


def drawn_from(content: str) -> int:
    """Return the seed of everything a strategy draws for this content."""
    return int(hashlib.sha256(content.encode()).hexdigest()[:SEED_DIGITS], 16)


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
        panels=require_strategy(run.strategy_key).panels_read(run.parameters),
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
