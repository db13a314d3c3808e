"""The mutations of trades: open, close, correct, cancel."""

from collections.abc import Callable, Coroutine
from datetime import UTC, datetime
from decimal import Decimal
from typing import Annotated, Any, cast

import strawberry
from sqlalchemy.ext.asyncio import AsyncSession

from api.errors import ClientError
from api.graphql.context import Info
from api.graphql.errors import UserError, user_errors
from api.graphql.node import uuid_of
from api.graphql.trades import TradeType
from models.backtest import Currency
from models.trade import Side, Trade

COMMISSION = Decimal("3.00")
RATE = "Australian dollars for one unit of its currency on that day; the stored fixing if left out."
RENAMED = {"fx_at_entry": "fx_rate_at_entry", "fx_at_exit": "fx_rate_at_exit"}
Change = Callable[[AsyncSession], Coroutine[Any, Any, Trade]]


@strawberry.input(description="A trade that was entered.")
class OpenTradeInput:
    reference: str | None = strawberry.field(
        description="Your name for it; its symbol and day if left out."
    )
    symbol: str = strawberry.field(description="What was traded, such as BHP.AX.")
    side: Side = strawberry.field(description="BUY for a long position, SELL for a short one.")
    quantity: Decimal = strawberry.field(description="Shares, above 0 for both sides.")
    entry_price: Decimal = strawberry.field(description="Price of a share, in its currency.")
    entry_at: datetime = strawberry.field(description="When it was entered.")
    commission: Decimal | None = strawberry.field(
        default=COMMISSION, description="Commission of the entry, in its currency."
    )
    currency: Currency | None = strawberry.field(
        default=Currency.AUD, description="Currency its prices are quoted in."
    )
    fx_rate: Decimal | None = strawberry.field(description=RATE)
    strategy: str | None = strawberry.field(description="The strategy or idea it follows.")
    signal_score: float | None = strawberry.field(description="How strong its signal was.")
    notes: str | None = strawberry.field(description="Notes of your own.")
    tags: list[str] | None = strawberry.field(description="Labels of your own.")
    idempotency_key: str | None = strawberry.field(
        description="A key of your own: the same key is the same trade, however often it is sent."
    )


@strawberry.input(description="How an open trade was left.")
class CloseTradeInput:
    id: strawberry.ID = strawberry.field(description="Id of the trade.")
    quantity: Decimal | None = strawberry.field(
        description="Shares that were left, as they are on that day; all of them if left out. A "
        "part becomes a trade of its own, the rest stays open."
    )
    exit_price: Decimal = strawberry.field(description="Price of a share at the exit.")
    exit_at: datetime | None = strawberry.field(description="When it was left; now if left out.")
    exit_commission: Decimal | None = strawberry.field(
        default=COMMISSION, description="Commission of the exit, in its currency."
    )
    fx_rate: Decimal | None = strawberry.field(description=RATE)
    expected_version: int | None = strawberry.field(
        description="The version you have seen: another one is a conflict. Any if left out."
    )


@strawberry.input(description="A trade to put right. What is left out stays as it is.")
class CorrectTradeInput:
    id: strawberry.ID = strawberry.field(description="Id of the trade.")
    expected_version: int = strawberry.field(
        description="The version you have seen: another one is a conflict."
    )
    quantity: Decimal | None = strawberry.field(description="Shares at entry.")
    entry_price: Decimal | None = strawberry.field(description="Price of a share at entry.")
    exit_price: Decimal | None = strawberry.field(description="Price of a share at the exit.")
    entry_at: datetime | None = strawberry.field(description="When it was entered.")
    exit_at: datetime | None = strawberry.field(description="When it was left.")
    commission: Decimal | None = strawberry.field(description="Commission of the entry.")
    exit_commission: Decimal | None = strawberry.field(description="Commission of the exit.")
    fx_rate_at_entry: Decimal | None = strawberry.field(
        description="Australian dollars for one unit of its currency on the day of entry."
    )
    fx_rate_at_exit: Decimal | None = strawberry.field(
        description="Australian dollars for one unit of its currency on the day of exit."
    )
    strategy: str | None = strawberry.field(
        description="The strategy or idea it follows; an empty text takes it away."
    )
    notes: str | None = strawberry.field(description="Notes; an empty text takes them away.")
    tags: list[str] | None = strawberry.field(description="Labels, all of them.")
    reason: str = strawberry.field(description="Why; it is kept with the version.")


@strawberry.input(description="A trade to take out of the books.")
class CancelTradeInput:
    id: strawberry.ID = strawberry.field(description="Id of the trade.")
    expected_version: int | None = strawberry.field(
        description="The version you have seen: another one is a conflict. Any if left out."
    )
    reason: str = strawberry.field(description="Why; it is kept with the version.")


@strawberry.type(description="The trade as it now stands, or what was wrong with the request.")
class TradePayload:
    trade: TradeType | None = strawberry.field(
        description="The trade; of one closed in part, the part that was closed."
    )
    user_errors: list[UserError] = strawberry.field(description="What the caller can put right.")


@strawberry.type
class TradeMutation:
    @strawberry.mutation(
        description="Write down a trade that was entered, at the stored rate of its day."
    )
    async def open_trade(
        self,
        info: Info,
        input: Annotated[OpenTradeInput, strawberry.argument(description="The trade.")],
    ) -> TradePayload:
        from api.services.new_trades import NewTrade
        from api.services.open_trade import open_trade

        given = vars(input) | {
            "commission": COMMISSION if input.commission is None else input.commission,
            "currency": input.currency or Currency.AUD,
            "tags": tuple(input.tags or ()),
        }
        owner = info.context.viewer_id
        return await _changed(
            info, lambda session: open_trade(session, NewTrade(**given), owner_id=owner)
        )

    @strawberry.mutation(
        description="Write down that a trade was left, whole or in part: a new version."
    )
    async def close_trade(
        self,
        info: Info,
        input: Annotated[CloseTradeInput, strawberry.argument(description="How it was left.")],
    ) -> TradePayload:
        from api.services.close_trade import close_trade
        from api.services.new_trades import Exit

        left = Exit(
            price=input.exit_price,
            at=input.exit_at or datetime.now(UTC),
            commission=COMMISSION if input.exit_commission is None else input.exit_commission,
            fx_rate=input.fx_rate,
        )
        return await _changed(
            info,
            lambda session: close_trade(
                session,
                uuid_of(input.id, "trade"),
                owner_id=info.context.viewer_id,
                expected_version=input.expected_version,
                quantity=input.quantity,
                left=left,
            ),
        )

    @strawberry.mutation(
        description="Put a trade right: a new version. The old one stays visible to whoever stands "
        "at an earlier instant."
    )
    async def correct_trade(
        self,
        info: Info,
        input: Annotated[CorrectTradeInput, strawberry.argument(description="What is right.")],
    ) -> TradePayload:
        from api.services.correct_trade import CORRECTABLE, correct_trade

        given = {name: getattr(input, RENAMED.get(name, name)) for name in CORRECTABLE}
        return await _changed(
            info,
            lambda session: correct_trade(
                session,
                uuid_of(input.id, "trade"),
                owner_id=info.context.viewer_id,
                expected_version=input.expected_version,
                values={name: value for name, value in given.items() if value is not None},
                reason=input.reason,
            ),
        )

    @strawberry.mutation(
        description="Take a trade out of the books for good: a last version. What was believed of "
        "it stays on record."
    )
    async def cancel_trade(
        self,
        info: Info,
        input: Annotated[CancelTradeInput, strawberry.argument(description="Which, and why.")],
    ) -> TradePayload:
        from api.services.amend_trade import cancel_trade

        return await _changed(
            info,
            lambda session: cancel_trade(
                session,
                uuid_of(input.id, "trade"),
                owner_id=info.context.viewer_id,
                expected_version=input.expected_version,
                reason=input.reason,
            ),
        )


async def _changed(info: Info, change: Change) -> TradePayload:
    try:
        async with info.context.savepoint() as session:
            trade = await change(session)
    except ClientError as error:
        return TradePayload(trade=None, user_errors=user_errors(error))
    return TradePayload(trade=cast("TradeType", trade), user_errors=[])
