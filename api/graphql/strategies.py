"""The strategy catalogue."""

from typing import Annotated

import strawberry
from strawberry.scalars import JSON

from api.graphql.enums import StrategyFamily
from api.services.strategies import StrategyEntry, catalogue
from models.backtest import Allocator


@strawberry.type(name="Strategy", description="A rule that turns what was known into weights.")
class StrategyType:
    key: str = strawberry.field(description="Name used in requests, such as `momentum`.")
    name: str = strawberry.field(description="Name shown to people.")
    version: str = strawberry.field(description="Raised with every change of its behaviour.")
    summary: str = strawberry.field(description="What it does, in a sentence.")
    references: list[str] = strawberry.field(description="Where the idea was published.")
    requires: list[str] = strawberry.field(description="Fields and panels of data it reads.")
    minimum_history: int = strawberry.field(
        description="Sessions known before its first decision, with default parameters."
    )

    @strawberry.field(description="Area of ideas it belongs to.")
    def family(root: strawberry.Parent[StrategyEntry]) -> StrategyFamily:
        return StrategyFamily(root.family)

    @strawberry.field(
        description="JSON Schema (draft 2020-12) of its parameters, with titles, bounds and "
        "defaults. `x-lessThan` lists pairs of which the first must be below the second."
    )
    def parameter_schema(root: strawberry.Parent[StrategyEntry]) -> JSON:
        return JSON(root.parameter_schema)

    @strawberry.field(description="Parameters used where a request gives none.")
    def default_parameters(root: strawberry.Parent[StrategyEntry]) -> JSON:
        return JSON(root.default_parameters)

    @strawberry.field(description="Ways of sharing the money that may replace its own.")
    def allocators(root: strawberry.Parent[StrategyEntry]) -> list[Allocator]:
        return [Allocator(name) for name in root.allocators]


StrategyKey = Annotated[str, strawberry.argument(description="Key of the strategy.")]


@strawberry.type
class StrategyQuery:
    @strawberry.field(
        graphql_type=list[StrategyType],
        description="All strategies, in the order of their keys.",
    )
    def strategies(self) -> list[StrategyEntry]:
        return list(catalogue().values())

    @strawberry.field(
        graphql_type=StrategyType | None,
        description="One strategy; null when there is none of that key.",
    )
    def strategy(self, key: StrategyKey) -> StrategyEntry | None:
        return catalogue().get(key)
