"""What the API admits, the engine takes: a bound checked in two places must be the same."""

import pytest

from api.services.backtest_request import CONSTRAINT_BOUNDS, COST_BOUNDS, Constraints, Costs
from api.services.strategies import catalogue, complete_parameters
from engine.backtest import Constraints as EngineConstraints
from engine.costs import CostModel
from engine.strategies import STRATEGIES

COST_EDGES = [(name, edge) for name, edges in COST_BOUNDS.items() for edge in edges]
CONSTRAINT_EDGES = [(name, edge) for name, edges in CONSTRAINT_BOUNDS.items() for edge in edges]


def test_costs_have_the_same_names_and_defaults():
    assert vars(Costs()) == vars(CostModel())


def test_constraints_have_the_same_names_and_defaults():
    assert vars(Constraints()) == vars(EngineConstraints())


@pytest.mark.parametrize(("name", "edge"), COST_EDGES)
def test_the_engine_takes_costs_at_the_edge_of_what_is_admitted(name, edge):
    assert getattr(CostModel(**{name: edge}), name) == edge


@pytest.mark.parametrize(("name", "edge"), CONSTRAINT_EDGES)
def test_the_engine_takes_constraints_at_the_edge_of_what_is_admitted(name, edge):
    assert getattr(EngineConstraints(**{name: edge}), name) == edge


@pytest.mark.parametrize("key", sorted(STRATEGIES))
@pytest.mark.parametrize("given", [{}, {"min_adv": 1e6}])
def test_the_warm_up_known_to_the_api_is_the_strategys(key, given):
    entry, cls = catalogue()[key], STRATEGIES[key]
    complete = complete_parameters(entry, given)

    expected = cls(cls.parameters_type.model_validate(complete)).warmup

    assert entry.warmup(complete) == expected


def test_a_short_lookback_waits_for_the_liquidity_it_asks_about():
    entry = catalogue()["momentum"]
    complete = complete_parameters(entry, {"lookback": 21, "skip": 0, "min_adv": 1e6})

    assert entry.warmup(complete) == 63
