"""The mutation of a price: put a stored bar right."""

from datetime import date as Day  # noqa: N812 - the field is called date
from typing import Annotated, Any, cast

import strawberry

from api.errors import ClientError
from api.graphql.context import Info
from api.graphql.errors import UserError, user_errors
from api.graphql.revisions import PriceRevisionType
from api.services.correct_price import correct_price
from api.services.identity import require_correcting

FIELDS = ("open", "high", "low", "close", "adjusted_close", "volume")


@strawberry.input(description="A bar to put right. What is left out stays as it is.")
class CorrectPriceInput:
    symbol: str = strawberry.field(description="Whose bar it is.")
    date: Day = strawberry.field(description="Session of the bar.")
    open: float | None = strawberry.field(description="First price.")
    high: float | None = strawberry.field(description="Highest price.")
    low: float | None = strawberry.field(description="Lowest price.")
    close: float | None = strawberry.field(description="Last price, as traded.")
    adjusted_close: float | None = strawberry.field(
        description="Last price, adjusted for splits and dividends; only where it is stored."
    )
    volume: float | None = strawberry.field(description="Shares traded.")
    reason: str = strawberry.field(description="Why; it is kept with the correction.")


@strawberry.type(description="The correction, or what was wrong with the request.")
class CorrectPricePayload:
    revision: PriceRevisionType | None = strawberry.field(description="What changed.")
    user_errors: list[UserError] = strawberry.field(description="What the caller can put right.")


@strawberry.type
class PriceMutation:
    @strawberry.mutation(
        description="Put a stored bar right. What was believed before stays on record, and the "
        "runs that had read it are named."
    )
    async def correct_price(
        self,
        info: Info,
        input: Annotated[CorrectPriceInput, strawberry.argument(description="What is right.")],
    ) -> CorrectPricePayload:
        given: dict[str, Any] = {name: getattr(input, name) for name in FIELDS}
        try:
            require_correcting(info.context.scopes, "a stored price")
            async with info.context.savepoint() as session:
                revision = await correct_price(
                    session,
                    owner_id=info.context.viewer_id,
                    symbol=input.symbol,
                    date=input.date,
                    values={name: value for name, value in given.items() if value is not None},
                    reason=input.reason,
                )
        except ClientError as error:
            return CorrectPricePayload(revision=None, user_errors=user_errors(error))
        return CorrectPricePayload(revision=cast("PriceRevisionType", revision), user_errors=[])
