"""Instruments and their prices."""

from collections.abc import Awaitable, Sequence
from datetime import UTC, date, datetime
from typing import Annotated, Any, ClassVar, TypeAlias

import orjson
import strawberry

from api.graphql.context import Info
from api.graphql.enums import PriceField
from api.graphql.expose import expose
from api.graphql.node import Node, global_id
from api.graphql.pagination import After, Connection, First, Seal, connection, page_size
from api.graphql.scalars import DateArray, FloatArray
from api.graphql.written import body_of
from api.services.market import PriceColumns, read_bars, read_prices
from models.backtest import Currency
from models.corporate_action import ActionKind, ActionRow
from models.instrument import Exchange, Instrument
from models.instruments import InstrumentRepository
from models.pages import Place
from models.price_bar import PriceBar

KnownAt: TypeAlias = Annotated[
    datetime | None,
    strawberry.argument(
        description="Stand at this instant: nothing that became known later shows. Now if left out."
    ),
]
Start: TypeAlias = Annotated[
    date | None, strawberry.argument(description="First day; that of the first bar if left out.")
]
End: TypeAlias = Annotated[
    date | None, strawberry.argument(description="Last day; that of the last bar if left out.")
]
Points: TypeAlias = Annotated[
    int | None,
    strawberry.argument(
        description="At most so many sessions, chosen so that the curve keeps its shape; all of "
        "them if left out."
    ),
]


@expose(
    PriceBar,
    "date",
    "open",
    "high",
    "low",
    "close",
    "adjusted_close",
    "volume",
    "quality",
    "source",
    "known_at",
    name="Bar",
)
class BarType:
    # Made of the actions since, when it is read.
    WRITTEN: ClassVar = {"adjusted_close": None}


@strawberry.type(
    name="CorporateAction",
    description="A split, a dividend or the end of a listing, on the first day without it.",
)
class ActionType:
    kind: ActionKind = strawberry.field(description="What happened.")
    ex_date: date = strawberry.field(description="First day that trades without it.")
    ratio: float | None = strawberry.field(
        description="New shares for one: its own at a split, the successor's at the end."
    )
    cash: float | None = strawberry.field(
        description="Cash per share, in the share's currency; 0 where a listing ended in nothing."
    )
    pay_date: date | None = strawberry.field(description="Day of payment, when known.")
    source: str = strawberry.field(description="Where it comes from.")
    known_at: datetime = strawberry.field(description="When it became known.")
    successor_id: strawberry.Private[int | None]

    @strawberry.field(
        graphql_type=Annotated["InstrumentType", strawberry.lazy("api.graphql.market_data")] | None,
        description="Whose shares one share became at the end.",
    )
    def successor(self, info: Info) -> Awaitable[Instrument | None] | None:
        if self.successor_id is None:
            return None
        return info.context.loaders.instrument_by_id.load(self.successor_id)

    @classmethod
    def of(cls, row: ActionRow) -> "ActionType":
        return cls(
            kind=ActionKind(row.kind),
            ex_date=row.ex_date,
            ratio=row.ratio,
            cash=row.cash,
            pay_date=row.pay_date,
            source=row.source,
            known_at=row.known_at,
            successor_id=row.successor_id,
        )


@expose(
    Instrument,
    "symbol",
    "name",
    "asset_class",
    "exchange",
    "currency",
    "sector",
    "listed_on",
    "delisted_on",
    "source",
    "first_bar",
    "last_bar",
    "bar_count",
)
class InstrumentType(Node):
    WRITTEN: ClassVar = {
        "id": "'instrument_' || instrument.uuid",
        # A symbol's currency is text, and may be one that the type does not know.
        "currency": None,
        "latest": "price_bar WHERE price_bar.instrument_id = instrument.id"
        " AND price_bar.quality <> 'BAD' ORDER BY price_bar.date DESC LIMIT 1",
        "actions": None,
    }

    currency: Currency

    @strawberry.field(description="Global id: `instrument_` and a UUID.")
    def id(root: strawberry.Parent[Instrument]) -> strawberry.ID:
        return global_id("instrument", root.uuid)

    @strawberry.field(graphql_type=BarType | None, description="Its last bar.")
    def latest(root: strawberry.Parent[Instrument], info: Info) -> Awaitable[PriceBar | None]:
        return info.context.loaders.latest_bar_by_instrument_id.load(root.id)

    @strawberry.field(description="Splits, dividends and its end, oldest first.")
    async def actions(root: strawberry.Parent[Instrument], info: Info) -> list[ActionType]:
        rows = await info.context.loaders.actions_by_instrument_id.load(root.id)
        return [ActionType.of(row) for row in rows]


@strawberry.type(description="One field of one symbol over time.")
class PriceSeries:
    known_at: datetime = strawberry.field(description="The instant at which this was known.")
    symbol: str = strawberry.field(description="Whose prices these are.")
    field: PriceField = strawberry.field(description="Which field of the bars.")
    currency: Currency = strawberry.field(description="Currency of the values; not of a volume.")
    dates: DateArray = strawberry.field(description="Sessions, oldest first.")
    values: FloatArray = strawberry.field(description="Values; null where the source has none.")
    point_count: int = strawberry.field(description="Points in this answer.")
    total_points: int = strawberry.field(description="Points of the whole series.")


@strawberry.type(description="All fields of one symbol over time, in its own currency.")
class BarSeries:
    known_at: datetime = strawberry.field(description="The instant at which this was known.")
    symbol: str = strawberry.field(description="Whose bars these are.")
    dates: DateArray = strawberry.field(description="Sessions, oldest first.")
    open: FloatArray = strawberry.field(description="First prices.")
    high: FloatArray = strawberry.field(description="Highest prices.")
    low: FloatArray = strawberry.field(description="Lowest prices.")
    close: FloatArray = strawberry.field(description="Last prices, as traded.")
    adjusted_close: FloatArray = strawberry.field(
        description="Last prices, adjusted for splits and dividends."
    )
    volume: FloatArray = strawberry.field(description="Shares traded.")


@strawberry.type
class MarketQuery:
    @strawberry.field(graphql_type=Connection[InstrumentType], description="Instruments by symbol.")
    async def instruments(
        self,
        info: Info,
        search: Annotated[
            str | None, strawberry.argument(description="Only where symbol or name hold this.")
        ] = None,
        exchange: Annotated[
            Exchange | None, strawberry.argument(description="Only those of this exchange.")
        ] = None,
        first: First = None,
        after: After = None,
    ) -> Connection[Instrument]:
        size, seal = page_size(first), Seal(str(info.context.viewer_id), "instruments")
        place = seal.read(after, value=str, id=int)
        async with info.context.session() as session:
            page = await InstrumentRepository(session).list_page(
                search=search, exchange=exchange, first=size, after=place, body=body_of(info)
            )

        async def count() -> int | None:
            async with info.context.session() as session:
                return await InstrumentRepository(session).count_listed(
                    search=search, exchange=exchange
                )

        return connection(
            page,
            place=lambda instrument: Place(value=instrument.symbol, id=instrument.id),
            seal=seal,
            follows=place is not None,
            count=count,
        )

    @strawberry.field(
        graphql_type=InstrumentType | None,
        description="One instrument; null when there is none of that symbol.",
    )
    async def instrument(
        self,
        info: Info,
        symbol: Annotated[
            str, strawberry.argument(description="Symbol in Yahoo style, such as ^GSPC.")
        ],
    ) -> Instrument | None:
        async with info.context.session() as session:
            found = await InstrumentRepository(session).by_symbols([symbol])
        return found[0] if found else None

    @strawberry.field(description="One field of up to 50 symbols, as columns.")
    async def prices(
        self,
        info: Info,
        symbols: Annotated[
            list[str], strawberry.argument(description="Symbols; the answer keeps their order.")
        ],
        start: Start = None,
        end: End = None,
        field: Annotated[
            PriceField | None, strawberry.argument(description="Which field of the bars.")
        ] = PriceField.ADJUSTED_CLOSE,
        currency: Annotated[
            Currency | None,
            strawberry.argument(description="Convert at the last fixing; as quoted if left out."),
        ] = None,
        known_at: KnownAt = None,
        max_points: Points = None,
    ) -> list[PriceSeries]:
        shown = field or PriceField.ADJUSTED_CLOSE
        async with info.context.session() as session:
            found = await read_prices(
                session,
                symbols,
                field=shown.value,
                currency=currency,
                start=start,
                end=end,
                known_at=known_at,
                max_points=max_points,
            )
        at = known_at or datetime.now(UTC)
        return [_series(columns, shown, at) for columns in found]

    @strawberry.field(description="All fields of one symbol, as columns.")
    async def bars(
        self,
        info: Info,
        symbol: Annotated[str, strawberry.argument(description="Symbol of the instrument.")],
        start: Start = None,
        end: End = None,
        known_at: KnownAt = None,
        max_points: Points = None,
    ) -> BarSeries:
        async with info.context.session() as session:
            found = await read_bars(
                session, symbol, start=start, end=end, known_at=known_at, max_points=max_points
            )
        columns = {name: FloatArray(_column(values)) for name, values in found.columns.items()}
        return BarSeries(
            known_at=known_at or datetime.now(UTC),
            symbol=found.symbol,
            dates=DateArray(_column(found.dates)),
            **columns,
        )


def _series(columns: PriceColumns, field: PriceField, known_at: datetime) -> PriceSeries:
    return PriceSeries(
        known_at=known_at,
        symbol=columns.symbol,
        field=field,
        currency=Currency(columns.currency),
        dates=DateArray(_column(columns.dates)),
        values=FloatArray(_column(columns.values)),
        point_count=len(columns.dates),
        total_points=columns.total_points,
    )


def _column(values: Sequence[Any]) -> orjson.Fragment:
    return orjson.Fragment(orjson.dumps(values))
