"""Whole runs of every strategy on markets nobody would choose: figures, or null and the reason."""

import math
from dataclasses import asdict, replace

import numpy as np
import pytest

from api.services.run_risk import risk_of
from engine.backtest import Constraints, Request
from engine.backtest import run as backtest
from engine.costs import CostModel
from engine.execution import FillPolicy
from engine.schedule import DecisionClock
from engine.strategies import STRATEGIES
from tests.contracts.strategy_runs import (
    ASSETS,
    SESSIONS,
    first_row,
    lead_of,
    make_market,
    make_market_of,
    make_strategy,
)
from tests.engine.panels import make_closes


def constant(sessions):
    """Return a market in which no price ever moves, within a session neither."""
    close = np.full((sessions, ASSETS), 100.0)
    panel = make_market_of(close)
    return replace(panel, open=panel.close, high=panel.close, low=panel.close)


def equal(sessions):
    """Return a market whose covariance is singular: every asset is the same."""
    return make_market_of(np.repeat(make_closes(sessions=sessions, assets=1), ASSETS, axis=1))


def silent(sessions):
    """Return a market in which bars come and nobody trades."""
    panel = make_market(sessions - SESSIONS)
    volume = np.where(np.isnan(panel.volume), np.nan, 0.0)
    return replace(panel, volume=volume, tradable=np.zeros_like(panel.tradable))


def empty(sessions):
    """Return a universe without a member on any day."""
    panel = make_market(sessions - SESSIONS)
    return replace(panel, member=np.zeros_like(panel.member))


def figures(value, path=""):
    """Yield where a value holds a number that JSON does not know."""
    if isinstance(value, dict):
        for name, each in value.items():
            yield from figures(each, f"{path}.{name}")
    elif isinstance(value, list | tuple):
        for number, each in enumerate(value):
            yield from figures(each, f"{path}.{number}")
    elif isinstance(value, float) and not math.isfinite(value):
        yield path


@pytest.mark.parametrize("market", [constant, equal, silent, empty])
@pytest.mark.parametrize("key", sorted(STRATEGIES))
def test_a_bad_market_has_no_figure_that_is_no_number(key, market):
    panel, strategy = market(lead_of(key) + SESSIONS), make_strategy(key)
    request = Request(
        strategy=strategy,
        first_row=first_row(key),
        last_row=len(panel.session) - 1,
        capital=100_000.0,
        rebalance=strategy.parameters.rebalance,
        constraints=Constraints(),
        costs=CostModel(),
        fill=FillPolicy.NEXT_OPEN,
        whole_shares=True,
        clock=DecisionClock.US_CLOSE,
    )

    result = backtest(panel, request, checkpoint=lambda *_: None)

    shown = {
        "metrics": asdict(result.metrics),
        "moments": asdict(result.moments),
        "diagnostics": dict(result.diagnostics),
        **risk_of(result, panel, []),
    }
    assert list(figures(shown)) == []
    undefined = {name for name, value in asdict(result.metrics).items() if value is None}
    assert undefined <= result.metrics.undefined.keys()
    if market in {silent, empty} and strategy.kind != "options" and key != "tail_hedge":
        assert result.metrics.trade_count == 0
        assert result.reasons
