"""What a strategy reads beside prices, and whether it is stored here."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

import strawberry
from strawberry.scalars import JSON

from api.graphql.context import Info
from api.services.strategies import StrategyEntry


@dataclass(frozen=True)
class StrategyPanel:
    name: str
    when: Mapping[str, Any]
    optional: bool


def panels_of(entry: StrategyEntry) -> Iterator[StrategyPanel]:
    """Yield the panels a strategy may read: those it needs, then those it can do without."""
    for name, when in entry.panels:
        yield StrategyPanel(name, when, optional=False)
    for name in entry.optional:
        yield StrategyPanel(name, {}, optional=True)


@strawberry.type(
    name="StrategyPanel", description="Figures a strategy reads beside prices, and what is stored."
)
class StrategyPanelType:
    name: str = strawberry.field(description="Name it is imported by, such as `VIX3M`.")
    optional: bool = strawberry.field(
        description="Whether a run goes on without it; else it is refused by the panel's name."
    )

    @strawberry.field(
        description="Parameters by which it is needed, name to value; empty where it always is."
    )
    def when(root: strawberry.Parent[StrategyPanel]) -> JSON:
        return JSON(dict(root.when))

    @strawberry.field(description="First day stored; null while nothing is.")
    async def first_day(root: strawberry.Parent[StrategyPanel], info: Info) -> date | None:
        days = await info.context.loaders.panel_days_by_name.load(root.name)
        return None if days is None else days.first

    @strawberry.field(description="Last day stored; null while nothing is.")
    async def last_day(root: strawberry.Parent[StrategyPanel], info: Info) -> date | None:
        days = await info.context.loaders.panel_days_by_name.load(root.name)
        return None if days is None else days.last
