"""The strategy catalogue."""

from typing import TYPE_CHECKING, Annotated

import strawberry
from strawberry.scalars import JSON

from api.graphql.context import Info
from api.graphql.enums import StrategyFamily
from api.graphql.pagination import USUAL
from api.graphql.strategy_panels import StrategyPanel, StrategyPanelType, panels_of
from api.services.strategies import StrategyEntry, catalogue
from models.backtest import Allocator

if TYPE_CHECKING:
    # Trials show the backtests they came from, and those show their strategy.
    from api.graphql.trials import Ledger, TrialLedgerType

MOST_LEDGERS = 10


@strawberry.type(name="Strategy", description="A rule that turns what was known into weights.")
class StrategyType:
    key: str = strawberry.field(description="Name used in requests, such as `momentum`.")
    name: str = strawberry.field(description="Name shown to people.")
    version: str = strawberry.field(description="Raised with every change of its behaviour.")
    summary: str = strawberry.field(description="What it does, in a sentence.")
    notes: str = strawberry.field(description="What it needs, and where it is weak.")
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

    @strawberry.field(
        graphql_type=list[StrategyPanelType],
        description="What it reads beside prices, and what of it is stored here.",
    )
    def panels(root: strawberry.Parent[StrategyEntry]) -> list[StrategyPanel]:
        return list(panels_of(root))

    @strawberry.field(
        graphql_type=list[Annotated["TrialLedgerType", strawberry.lazy("api.graphql.trials")]],
        description="The viewer's ledgers of it, one for each set of assets it was tried on; the "
        "ten with most trials, the most first.",
    )
    async def ledgers(root: strawberry.Parent[StrategyEntry], info: Info) -> "list[Ledger]":
        from api.graphql.trials import Ledger

        found = await info.context.loaders.ledgers_by_strategy.load(root.key)
        return [Ledger(family, tally, USUAL, None) for family, tally in found[:MOST_LEDGERS]]


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
