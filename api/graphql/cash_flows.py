"""Deposits and withdrawals."""

from datetime import date as Day  # noqa: N812 - the field is called date
from decimal import Decimal
from typing import Annotated, cast
from uuid import UUID

import strawberry

from api.errors import ClientError
from api.graphql.context import Info
from api.graphql.errors import UserError, user_errors
from api.graphql.expose import expose
from api.graphql.node import Node, global_id
from api.graphql.pagination import After, Connection, First, Seal, connection, page_size
from models.backtest import Currency
from models.cash_flow import CashFlow
from models.cash_flows import CashFlowRepository
from models.pages import Place


@expose(CashFlow, "date", "amount", "currency", "reason", "recorded_at")
class CashFlowType(Node):
    @strawberry.field(description="Global id: `cash_flow_` and a UUID.")
    def id(root: strawberry.Parent[CashFlow]) -> strawberry.ID:
        return global_id("cash_flow", root.id)

    @strawberry.field(description="Australian dollars for one unit of its currency on that day.")
    def fx_rate(root: strawberry.Parent[CashFlow]) -> Decimal:
        return root.fx


@strawberry.input(description="Money that moved.")
class RecordCashFlowInput:
    date: Day = strawberry.field(description="Day on which it moved.")
    amount: Decimal = strawberry.field(
        description="Above 0 for a deposit, below 0 for a withdrawal; a wrong flow is mended by "
        "its opposite."
    )
    currency: Currency | None = strawberry.field(
        default=Currency.AUD, description="Currency of the amount."
    )
    fx_rate: Decimal | None = strawberry.field(
        description="Australian dollars for one unit of its currency; the stored fixing of the day "
        "if left out."
    )
    reason: str = strawberry.field(description="What it was; it is kept with the flow.")
    idempotency_key: str | None = strawberry.field(
        description="A key of your own: the same key is the same flow, however often it is sent."
    )


@strawberry.type(description="The flow, or what was wrong with the request.")
class RecordCashFlowPayload:
    cash_flow: CashFlowType | None = strawberry.field(description="The flow as it was recorded.")
    user_errors: list[UserError] = strawberry.field(description="What the caller can put right.")


@strawberry.type
class CashFlowQuery:
    @strawberry.field(
        graphql_type=Connection[CashFlowType],
        description="The viewer's deposits and withdrawals, newest day first.",
    )
    async def cash_flows(
        self, info: Info, first: First = None, after: After = None
    ) -> Connection[CashFlow]:
        owner = info.context.viewer_id
        size, seal = page_size(first), Seal(str(owner), "cash flows")
        place = seal.read(after, value=Day.fromisoformat, id=UUID)
        async with info.context.session() as session:
            page = await CashFlowRepository(session).list_page(
                owner_id=owner, first=size, after=place
            )

        async def count() -> int | None:
            async with info.context.session() as session:
                return await CashFlowRepository(session).count_listed(owner_id=owner)

        return connection(
            page,
            place=lambda flow: Place(value=flow.date, id=flow.id),
            seal=seal,
            follows=place is not None,
            count=count,
        )


@strawberry.type
class CashFlowMutation:
    @strawberry.mutation(
        description="Record money that came into the account or left it; without it no return can "
        "be stated."
    )
    async def record_cash_flow(
        self,
        info: Info,
        input: Annotated[RecordCashFlowInput, strawberry.argument(description="The money.")],
    ) -> RecordCashFlowPayload:
        from api.services.cash_flows import record_cash_flow

        given = vars(input) | {"currency": input.currency or Currency.AUD}
        try:
            async with info.context.savepoint() as session:
                flow = await record_cash_flow(session, owner_id=info.context.viewer_id, **given)
        except ClientError as error:
            return RecordCashFlowPayload(cash_flow=None, user_errors=user_errors(error))
        return RecordCashFlowPayload(cash_flow=cast("CashFlowType", flow), user_errors=[])
