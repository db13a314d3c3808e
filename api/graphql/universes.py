"""Universes: named lists, as they stood on a day and as that was known."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Annotated

import strawberry

from api.graphql.context import Info
from api.graphql.loaders import MembersAt
from api.graphql.market_data import InstrumentType, KnownAt
from models.instrument import Instrument
from models.universe import Region, Universe
from models.universes import Member, UniverseRepository

Spell = strawberry.Parent[Member]


@strawberry.type(name="Membership", description="An instrument's time in a universe.")
class MembershipType:
    symbol: str = strawberry.field(description="Symbol of the member.")
    starts_on: date = strawberry.field(description="First day of membership.")
    ends_on: date | None = strawberry.field(
        description="First day no longer a member; null while a member."
    )

    @strawberry.field(description="When this became known.")
    def known_at(root: Spell) -> datetime:
        return root.known_from

    @strawberry.field(graphql_type=InstrumentType | None, description="The member itself.")
    async def instrument(root: Spell, info: Info) -> Instrument | None:
        return await info.context.loaders.instrument_by_id.load(root.instrument_id)


@dataclass(frozen=True)
class UniverseAt:
    """A universe on a day, as known at an instant; None is now."""

    universe: Universe
    valid_at: date
    asked_at: datetime | None

    @property
    def members_at(self) -> MembersAt:
        return MembersAt(self.universe.key, self.valid_at, self.asked_at)


At = strawberry.Parent[UniverseAt]


@strawberry.type(name="Universe", description="A named list of instruments to choose from.")
class UniverseType:
    valid_at: date = strawberry.field(description="The day the members are of.")

    @strawberry.field(description="Name used in requests, such as `SAMPLE_US`.")
    def key(root: At) -> str:
        return root.universe.key

    @strawberry.field(description="Name shown to people.")
    def name(root: At) -> str:
        return root.universe.name

    @strawberry.field(description="What the list holds and where it is from.")
    def description(root: At) -> str:
        return root.universe.description

    @strawberry.field(description="Where its members trade.")
    def region(root: At) -> Region:
        return root.universe.region

    @strawberry.field(description="Symbol its runs are compared with unless told otherwise.")
    def benchmark(root: At) -> str:
        return root.universe.benchmark

    @strawberry.field(description="The instant at which this was known.")
    def known_at(root: At) -> datetime:
        return root.asked_at or datetime.now(UTC)

    @strawberry.field(description="Whether members that have since gone are still listed.")
    def survivorship_free(root: At) -> bool:
        return root.universe.survivorship_free

    @strawberry.field(description="Number of members on that day.")
    async def member_count(root: At, info: Info) -> int:
        return len(await info.context.loaders.members_at.load(root.members_at))

    @strawberry.field(
        graphql_type=list[MembershipType], description="Members on that day, by symbol."
    )
    async def members(root: At, info: Info) -> Sequence[Member]:
        return await info.context.loaders.members_at.load(root.members_at)


@strawberry.type
class UniverseQuery:
    @strawberry.field(
        graphql_type=list[UniverseType], description="Everyone's universes and the viewer's own."
    )
    async def universes(
        self,
        info: Info,
        region: Annotated[
            Region | None, strawberry.argument(description="Only those of this region.")
        ] = None,
    ) -> list[UniverseAt]:
        today = datetime.now(UTC).date()
        async with info.context.session() as session:
            found = await UniverseRepository(session).list(
                owner_id=info.context.viewer_id, region=region
            )
        return [UniverseAt(universe, today, None) for universe in found]

    @strawberry.field(
        graphql_type=UniverseType | None,
        description="One universe; null when there is none of that key.",
    )
    async def universe(
        self,
        info: Info,
        key: Annotated[str, strawberry.argument(description="Key of the universe.")],
        valid_at: Annotated[
            date | None, strawberry.argument(description="Members of this day; today if left out.")
        ] = None,
        known_at: KnownAt = None,
    ) -> UniverseAt | None:
        async with info.context.session() as session:
            found = await UniverseRepository(session).by_key(key, owner_id=info.context.viewer_id)
        if found is None:
            return None
        return UniverseAt(found, valid_at or datetime.now(UTC).date(), known_at)
