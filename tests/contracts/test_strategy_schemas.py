"""What the catalogue promises about every registered strategy, and what importing it costs."""

import subprocess
import sys

import pytest

from api.services.strategies import catalogue
from engine.inputs import panels_needed
from engine.strategies import STRATEGIES
from tests.contracts.strategy_runs import DRAWS, SCHEMAS, draw_parameters

every_strategy = pytest.mark.parametrize("key", sorted(STRATEGIES))


@every_strategy
def test_the_schema_describes_bounds_and_defaults_of_every_field(key):
    schema = SCHEMAS[key]

    assert schema["additionalProperties"] is False
    for name, entry in schema["properties"].items():
        assert {"title", "description", "default", "type"} <= entry.keys(), name
        kinds = entry["type"] if isinstance(entry["type"], list) else [entry["type"]]
        bounded = {"integer", "number"}.isdisjoint(kinds) or "enum" in entry
        low = entry.keys() & {"minimum", "exclusiveMinimum"}
        high = entry.keys() & {"maximum", "exclusiveMaximum"}
        assert bounded or (low and high), name


@every_strategy
def test_every_draw_within_the_schema_is_accepted_and_a_misspelt_name_is_not(key):
    strategy = STRATEGIES[key]

    for seed in range(DRAWS):
        strategy.parameters_type(**draw_parameters(key, seed))

    with pytest.raises(ValueError, match="extra_forbidden"):
        strategy.parameters_type(top_m=3)


@every_strategy
def test_a_strategy_says_who_found_it_and_what_it_needs(key):
    strategy = STRATEGIES[key]

    assert strategy.key == key
    assert strategy.references
    assert strategy.requires
    assert (strategy.__doc__ or "").strip()
    assert not strategy.allocators or "weighting" in strategy.parameters_type.model_fields


@every_strategy
def test_the_catalogue_asks_for_the_history_that_the_strategy_asks_for(key):
    strategy, entry = STRATEGIES[key], catalogue()[key]

    for seed in range(DRAWS):
        drawn = strategy.parameters_type(**draw_parameters(key, seed))
        assert entry.warmup(drawn.model_dump(mode="json")) == strategy(drawn).warmup
    assert all(factor >= 0 for _, factors in entry.history for factor in factors.values())


@every_strategy
def test_the_catalogue_asks_for_the_panels_that_the_strategy_asks_for(key):
    strategy, entry = STRATEGIES[key], catalogue()[key]

    for seed in range(DRAWS):
        drawn = strategy.parameters_type(**draw_parameters(key, seed))
        needed = strategy(drawn).inputs()
        assert entry.inputs(drawn.model_dump(mode="json")) == needed
        own = panels_needed(strategy.panels, vars(drawn))  # a primary brings its own
        assert {*own, *strategy.optional} <= {*strategy.requires}


def test_the_registry_imports_numpy_and_pydantic_and_nothing_heavier():
    heavy = {"scipy", "pandas", "skfolio", "sklearn", "vectorbt", "pyarrow", "sqlalchemy"}
    code = "import sys, engine.strategies, engine.decide; print(*sys.modules)"

    loaded = subprocess.check_output([sys.executable, "-c", code], text=True).split()

    assert heavy.isdisjoint(loaded)
