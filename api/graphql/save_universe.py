"""The mutations of a universe: keep a list of one's own, put right who was in one."""

from datetime import UTC, date, datetime
from typing import Annotated, cast

import strawberry

from api.errors import ClientError
from api.graphql.context import Info
from api.graphql.errors import UserError, user_errors
from api.graphql.universes import MembershipType, UniverseAt, UniverseType
from api.services.universes import record_membership, save_universe


@strawberry.input(description="When a symbol was in a universe.")
class RecordMembershipInput:
    universe: str = strawberry.field(description="Key of the universe.")
    symbol: str = strawberry.field(description="Symbol of the member.")
    starts_on: date = strawberry.field(description="First day of membership.")
    ends_on: date | None = strawberry.field(
        description="First day no longer a member; left out while a member."
    )
    reason: str = strawberry.field(description="Why; it is kept with the membership.")


@strawberry.type(description="The membership, or what was wrong with the request.")
class RecordMembershipPayload:
    membership: MembershipType | None = strawberry.field(description="As it is believed now.")
    user_errors: list[UserError] = strawberry.field(description="What the caller can put right.")


@strawberry.input(description="A list of one's own, as it is from a day on.")
class SaveUniverseInput:
    key: str = strawberry.field(
        description="Name used in requests: capital letters, digits and underscores."
    )
    name: str = strawberry.field(description="Name shown to people.")
    symbols: list[str] = strawberry.field(description="Its members from that day on, no others.")
    valid_from: date | None = strawberry.field(
        description="From when; always for a new list if left out, today for one that is there."
    )
    description: str | None = strawberry.field(
        description="What the list holds; stays as it is if left out."
    )
    benchmark: str | None = strawberry.field(
        description="Symbol its runs are compared with; its region's index if left out."
    )


@strawberry.type(description="The universe, or what was wrong with the request.")
class SaveUniversePayload:
    universe: UniverseType | None = strawberry.field(description="The list as it now stands.")
    user_errors: list[UserError] = strawberry.field(description="What the caller can put right.")


@strawberry.type
class UniverseMutation:
    @strawberry.mutation(
        description="Write down when a symbol was in a universe. What was believed before stays "
        "visible to whoever stands at an earlier instant."
    )
    async def record_membership(
        self,
        info: Info,
        input: Annotated[
            RecordMembershipInput, strawberry.argument(description="Who was in it, and when.")
        ],
    ) -> RecordMembershipPayload:
        try:
            async with info.context.savepoint() as session:
                member = await record_membership(
                    session,
                    owner_id=info.context.viewer_id,
                    scopes=info.context.scopes,
                    universe=input.universe,
                    symbol=input.symbol,
                    starts_on=input.starts_on,
                    ends_on=input.ends_on,
                    reason=input.reason,
                )
        except ClientError as error:
            return RecordMembershipPayload(membership=None, user_errors=user_errors(error))
        return RecordMembershipPayload(membership=cast("MembershipType", member), user_errors=[])

    @strawberry.mutation(
        description="Make a list of one's own, or change it from a day on; its history stays."
    )
    async def save_universe(
        self,
        info: Info,
        input: Annotated[SaveUniverseInput, strawberry.argument(description="The list.")],
    ) -> SaveUniversePayload:
        try:
            async with info.context.savepoint() as session:
                saved = await save_universe(
                    session,
                    owner_id=info.context.viewer_id,
                    key=input.key,
                    name=input.name,
                    symbols=input.symbols,
                    valid_from=input.valid_from,
                    description=input.description,
                    benchmark=input.benchmark,
                )
        except ClientError as error:
            return SaveUniversePayload(universe=None, user_errors=user_errors(error))
        at = UniverseAt(saved, datetime.now(UTC).date(), None)
        return SaveUniversePayload(universe=cast("UniverseType", at), user_errors=[])
