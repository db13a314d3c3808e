"""Trades: what was bought and sold, in versions, and what came of it."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Annotated, Any, ClassVar, TypeVar
from uuid import UUID

import strawberry

from api.errors import InvalidInput
from api.graphql.context import Info
from api.graphql.enums import Direction, TradeOrderField
from api.graphql.expose import expose
from api.graphql.market_data import InstrumentType, KnownAt
from api.graphql.node import Node, global_id, uuid_of
from api.graphql.pagination import After, Connection, First, Seal, connection, page_size
from api.graphql.trade_at import TradeAt
from api.graphql.written import body_of
from api.services.trade_marks import Held, Mark, unrealised, unrealised_aud
from models.instrument import Instrument
from models.pages import Page, Place
from models.trade import Side, Trade, TradeStatus
from models.trades import EVERYTHING, SortBy, TradeRepository, Wanted

T = TypeVar("T")
Row = strawberry.Parent[Trade]
READ: dict[SortBy, Callable[[Any], Any]] = {
    SortBy.ENTRY_AT: datetime.fromisoformat,
    SortBy.EXIT_AT: datetime.fromisoformat,
    SortBy.SYMBOL: str,
    SortBy.PNL: Decimal,
    SortBy.QUANTITY: Decimal,
}


@expose(
    Trade,
    "reference",
    "symbol",
    "side",
    "quantity",
    "entry_price",
    "exit_price",
    "split_ratio",
    "entry_at",
    "exit_at",
    "entry_on",
    "exit_on",
    "commission",
    "exit_commission",
    "currency",
    "status",
    "strategy",
    "signal_score",
    "notes",
    "tags",
    "reason",
    "pnl",
    "pnl_aud",
    "version",
    "known_from",
    "known_to",
    seen_as=TradeAt,
)
class TradeType(Node):
    WRITTEN: ClassVar = {
        "id": "'trade_' || trade.id",
        "instrument": "instrument WHERE instrument.id = coalesce(trade.instrument_id,"
        " (SELECT id FROM instrument WHERE symbol = trade.symbol))",
    }

    @strawberry.field(description="Global id: `trade_` and a UUID, the same over all versions.")
    def id(root: Row) -> strawberry.ID:
        return global_id("trade", root.id)

    @strawberry.field(
        graphql_type=InstrumentType | None,
        description="The instrument; null while its symbol is unknown here.",
    )
    def instrument(root: Row, info: Info) -> Awaitable[Instrument | None]:
        loaders = info.context.loaders
        if root.instrument_id is None:
            return loaders.instrument_by_symbol.load(root.symbol)
        return loaders.instrument_by_id.load(root.instrument_id)

    @strawberry.field(
        description="Australian dollars for one unit of its currency on the day of entry."
    )
    def fx_rate_at_entry(root: Row) -> Decimal | None:
        return root.fx_at_entry

    @strawberry.field(
        description="Australian dollars for one unit of its currency on the day of exit."
    )
    def fx_rate_at_exit(root: Row) -> Decimal | None:
        return root.fx_at_exit

    @strawberry.field(
        description="`pnl` as a fraction of what was paid, or received, at entry; null unless it "
        "is closed."
    )
    def pnl_pct(root: Row) -> float | None:
        return None if root.pnl is None else float(root.pnl / (root.quantity * root.entry_price))

    @strawberry.field(
        graphql_type=Decimal | None,
        description="What an open trade would have made at its last known price, in its currency, "
        "the entry's commission taken off; null without a price, and unless it is open.",
    )
    def unrealised_pnl(root: Row, info: Info) -> Awaitable[Decimal | None]:
        return _marked(root, info, lambda mark: unrealised(root, mark))

    @strawberry.field(
        graphql_type=Decimal | None,
        description="The same in Australian dollars, at the last known rate.",
    )
    def unrealised_pnl_aud(root: Row, info: Info) -> Awaitable[Decimal | None]:
        return _marked(root, info, lambda mark: unrealised_aud(root, mark))

    @strawberry.field(
        graphql_type=Decimal | None,
        description="Last known price of an open trade's share; null without one.",
    )
    def last_price(root: Row, info: Info) -> Awaitable[Decimal | None]:
        return _marked(root, info, lambda mark: mark.price)

    @strawberry.field(graphql_type=date | None, description="Session of that price.")
    def last_price_date(root: Row, info: Info) -> Awaitable[date | None]:
        return _marked(root, info, lambda mark: mark.on)

    @strawberry.field(
        description="Days from its entry to its exit, or until now; null when it was cancelled."
    )
    def holding_days(root: Row) -> int | None:
        if root.status is TradeStatus.CANCELLED:
            return None
        until = root.exit_on or (_instant(root) or datetime.now(UTC)).date()
        return max(0, (until - root.entry_on).days)

    @strawberry.field(
        graphql_type=list["TradeType"],
        description="Every version there was of it, the oldest first; up to the instant asked for.",
    )
    async def history(root: Row, info: Info) -> Sequence[Trade | TradeAt]:
        versions = await info.context.loaders.versions_by_trade_id.load(root.id)
        return [_seen(each, _instant(root)) for each in versions if _known(each, _instant(root))]


def _instant(root: Trade | TradeAt) -> datetime | None:
    return root.stands_at if isinstance(root, TradeAt) else None


def _seen(trade: Trade, known_at: datetime | None) -> Trade | TradeAt:
    return trade if known_at is None else TradeAt(trade, known_at)


def _known(version: Trade, known_at: datetime | None) -> bool:
    return known_at is None or version.known_from <= known_at


def _marked(root: Trade, info: Info, show: Callable[[Mark], T | None]) -> Awaitable[T | None]:
    """Return what will hold a figure of an open trade's mark: a future, no task for each row."""
    told: asyncio.Future[T | None] = asyncio.get_running_loop().create_future()
    if root.status is not TradeStatus.OPEN or root.known_to is not None:
        told.set_result(None)
        return told
    mark = info.context.loaders.mark_by_holding.load(Held.by(root, _instant(root)))
    mark.add_done_callback(lambda found: _tell(told, found, show))
    return told


def _tell(
    told: asyncio.Future[T | None],
    found: asyncio.Future[Mark | None],
    show: Callable[[Mark], T | None],
) -> None:
    if told.done():
        return
    fault = found.exception()
    if fault is not None:
        told.set_exception(fault)
        return
    mark = found.result()
    told.set_result(None if mark is None else show(mark))


@strawberry.input(description="Which trades to list; what is left out does not matter.")
class TradeFilter:
    symbol: str | None = strawberry.field(description="Only trades in this symbol.")
    status: TradeStatus | None = strawberry.field(description="Only trades that stand here.")
    strategy: str | None = strawberry.field(description="Only trades of this strategy.")
    side: Side | None = strawberry.field(description="Only this side.")
    entry_from: date | None = strawberry.field(
        description="Only trades entered on this day or later, by the market's calendar."
    )
    entry_to: date | None = strawberry.field(
        description="Only trades entered on this day or earlier, by the market's calendar."
    )
    tag: str | None = strawberry.field(description="Only trades with this label.")


@strawberry.input(description="How to sort trades; those without the figure come last.")
class TradeOrder:
    field: TradeOrderField = strawberry.field(
        default=TradeOrderField.ENTRY_AT, description="What to sort by."
    )
    direction: Direction = strawberry.field(
        default=Direction.DESC, description="Which way to sort."
    )


@strawberry.type
class TradeQuery:
    @strawberry.field(
        graphql_type=TradeType | None,
        description="One of the viewer's trades; null when there is none of that id.",
    )
    async def trade(
        self,
        info: Info,
        id: Annotated[strawberry.ID, strawberry.argument(description="Id of the trade.")],
        known_at: KnownAt = None,
    ) -> Trade | TradeAt | None:
        require_past(known_at)
        trade_id = uuid_of(id, "trade")
        if trade_id is None:
            return None
        if known_at is None:
            return await info.context.loaders.trade_by_id.load(trade_id)
        async with info.context.session() as session:
            found = await TradeRepository(session).get(
                trade_id, owner_id=info.context.viewer_id, known_at=known_at
            )
        return None if found is None else _seen(found, known_at)

    @strawberry.field(
        graphql_type=Connection[TradeType],
        description="The viewer's trades, the last entered first unless told otherwise. Cancelled "
        "ones are among them.",
    )
    async def trades(
        self,
        info: Info,
        filter: Annotated[
            TradeFilter | None, strawberry.argument(description="Which to list.")
        ] = None,
        order_by: Annotated[
            TradeOrder | None, strawberry.argument(description="How to sort them.")
        ] = None,
        known_at: KnownAt = None,
        first: First = None,
        after: After = None,
    ) -> Connection[Trade | TradeAt]:
        require_past(known_at)
        owner, order = info.context.viewer_id, order_by or TradeOrder()
        by = SortBy(order.field.value)
        size, seal = page_size(first), Seal(str(owner), f"trades by {by} {order.direction}")
        place, wanted = seal.read(after, value=READ[by], id=UUID), _wanted(filter)
        async with info.context.session() as session:
            page = await TradeRepository(session).list_page(
                owner_id=owner,
                wanted=wanted,
                known_at=known_at,
                by=by,
                descending=order.direction is Direction.DESC,
                first=size,
                after=place,
                # Seen from an earlier instant a trade is more than its row.
                body=body_of(info) if known_at is None else None,
            )

        async def count() -> int | None:
            async with info.context.session() as session:
                return await TradeRepository(session).count_listed(
                    owner_id=owner, wanted=wanted, known_at=known_at
                )

        return connection(
            Page([_seen(trade, known_at) for trade in page.rows], has_next=page.has_next),
            place=lambda trade: Place(value=getattr(trade, by.value), id=trade.id),
            seal=seal,
            follows=place is not None,
            count=count,
        )


def _wanted(filter: TradeFilter | None) -> Wanted:
    return EVERYTHING if filter is None else Wanted(**vars(filter))


def require_past(known_at: datetime | None) -> None:
    if known_at is not None and known_at > datetime.now(UTC):
        raise InvalidInput(
            f"knownAt was {known_at.isoformat()}; nobody knows what comes after now, leave it out",
            field=("knownAt",),
            reason="BAD_VALUE",
        )
