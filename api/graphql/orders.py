"""The orders of a run, a page at a time."""

from datetime import date as Day  # noqa: N812 - the field is called date
from decimal import Decimal

import strawberry

from api.graphql.context import Context
from api.graphql.pagination import Connection, Seal, page_of, page_size
from api.services.backtest_results import OrderRow, read_orders
from models.backtest import Backtest
from models.pages import MAX_COUNT, Place
from models.trade import Side


@strawberry.type(name="Order", description="An order and what became of it.")
class OrderType:
    date: Day = strawberry.field(description="Session of the fill.")
    symbol: str = strawberry.field(description="What was traded.")
    quantity: Decimal = strawberry.field(description="Shares wanted.")
    filled: Decimal = strawberry.field(description="Shares got.")
    price: Decimal = strawberry.field(description="Price paid, in the share's own currency.")
    commission: Decimal = strawberry.field(description="Commission, in the run's currency.")
    slippage: Decimal = strawberry.field(description="Slippage and impact, in its currency.")
    fx_cost: Decimal = strawberry.field(description="Currency spread, in the run's currency.")
    reason: str = strawberry.field(description="Why it was given, or why not all was filled.")

    @strawberry.field(description="Side of the order.")
    def side(root: strawberry.Parent[OrderRow]) -> Side:
        return Side(root.side)


async def order_page(
    context: Context, run: Backtest, first: int | None, after: str | None
) -> Connection[OrderRow]:
    """Return a page of orders; the place of one is its number, from 1."""
    size, seal = page_size(first), Seal(str(context.viewer_id), f"orders of {run.id}")
    place = seal.read(after, value=str, id=int)
    begin = 0 if place is None else int(place.id)
    total = 0 if run.summary is None else run.summary["orders"]["count"]
    rows = await read_orders(context.store, run, after=begin, limit=size) if total else []

    async def count() -> int | None:
        return total if total <= MAX_COUNT else None

    return page_of(
        rows,
        cursor=lambda row: seal.write(Place(value=None, id=begin + row + 1)),
        has_next=begin + len(rows) < total,
        has_previous=begin > 0,
        count=count,
    )
