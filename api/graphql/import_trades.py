"""Trades from a file: shown first, written when they are wanted."""

from typing import Annotated, cast

import strawberry

from api.errors import ClientError
from api.graphql.context import Info
from api.graphql.errors import UserError, user_errors
from api.graphql.trades import TradeType


@strawberry.input(description="A file of trades.")
class ImportTradesInput:
    csv: str = strawberry.field(
        description="Comma-separated text, at most 200,000 characters. The first line names the "
        "columns: symbol, side, quantity, entryPrice, entryAt; and, if there are any, reference, "
        "commission, currency, exitPrice, exitAt, exitCommission, fxRateAtEntry, fxRateAtExit, "
        "strategy, signalScore, notes, tags. A day without an hour is taken for the opening of its "
        "market, of an exit for the close; no commission for none; tags are parted by semicolons."
    )
    format: str | None = strawberry.field(
        default="parakeet", description="How the file is laid out: `parakeet`, as described."
    )
    dry_run: bool | None = strawberry.field(
        default=True, description="Show what would come of it, and write nothing."
    )


@strawberry.type(description="A row that was not taken.")
class RejectedRow:
    line: int = strawberry.field(description="Line on which it begins, from 1.")
    reason: str = strawberry.field(description="Why, and what to do about it.")
    text: str = strawberry.field(description="How it was written, at most 200 characters of it.")


@strawberry.type(description="What came of a file, or would, row for row.")
class ImportTradesPayload:
    created: list[TradeType] = strawberry.field(
        description="The new trades; in a dry run as they would be written."
    )
    duplicates: list[str] = strawberry.field(
        description="References of trades that were there already, or lines that a file repeats."
    )
    rejected: list[RejectedRow] = strawberry.field(description="Rows that were not taken.")
    user_errors: list[UserError] = strawberry.field(
        description="Why the file as a whole was refused; nothing is written then."
    )


@strawberry.type
class TradeImport:
    @strawberry.mutation(
        description="Write the trades of a file, each once: those that are there already are "
        "named, rows that cannot be read are named with why. A dry run writes nothing."
    )
    async def import_trades(
        self,
        info: Info,
        input: Annotated[ImportTradesInput, strawberry.argument(description="The file.")],
    ) -> ImportTradesPayload:
        from api.services.import_trades import FORMAT, import_csv

        try:
            async with info.context.savepoint() as session:
                imported = await import_csv(
                    session,
                    input.csv,
                    format=FORMAT if input.format is None else input.format,
                    owner_id=info.context.viewer_id,
                    dry_run=input.dry_run is not False,
                )
        except ClientError as error:
            return ImportTradesPayload(
                created=[], duplicates=[], rejected=[], user_errors=user_errors(error)
            )
        return ImportTradesPayload(
            created=cast("list[TradeType]", imported.created),
            duplicates=imported.duplicates,
            rejected=[RejectedRow(**vars(row)) for row in imported.rejected],
            user_errors=[],
        )
