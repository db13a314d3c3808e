"""The books as they stood on a day: value, returns, positions, where the gains came from."""

from dataclasses import fields
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Annotated, Any, TypeAlias

import orjson
import strawberry
from strawberry.scalars import JSON

from api.graphql.context import Context, Info
from api.graphql.curves import CurveSeries
from api.graphql.figures import Attribution, Metrics, metrics_of
from api.graphql.market_data import InstrumentType, KnownAt
from api.graphql.portfolio_book import Book
from api.graphql.scalars import DateArray, FloatArray
from api.graphql.trades import require_past
from api.services import portfolio
from api.services.portfolio import Statement, cents
from api.services.portfolio_curve import Curve, Range, curve_of, read_index, start_of
from api.services.portfolio_days import today
from api.services.positions import NOTHING
from models.backtest import Currency
from models.base import plain
from models.instrument import Instrument
from models.portfolio_books import BookAt, BookRepository, GainRow

Asked = strawberry.Parent[Book]

strawberry.enum(
    Range,
    name="PortfolioRange",
    description="How far back: a week, a month, since the year began, 1 or 5 years, everything.",
)
PRICE = Decimal("0.000001")

ValidAt: TypeAlias = Annotated[
    date | None,
    strawberry.argument(
        description="The books at the end of this day; today, in Sydney, if left out."
    ),
]


# Every figure that may be null is, for one reason.
NOT_YET: dict[str, Any] = {
    "undefined": {
        each.name: "no snapshot yet: figures are computed after each ingest"
        for each in fields(Metrics)
        if each.name not in ("sessions", "undefined")
    }
}


def _plain(number: Decimal) -> Decimal:
    """Drop the zeros that only say how a number was computed."""
    return plain(number.quantize(PRICE))


@strawberry.type(description="Open lots of one side of an instrument, at the end of the day.")
class Position:
    book: strawberry.Private[Book]
    instrument_id: strawberry.Private[int | None]
    symbol: str = strawberry.field(description="Symbol of the instrument.")
    currency: Currency = strawberry.field(description="Currency of its prices.")
    quantity: Decimal = strawberry.field(
        description="Shares as they stand on the day, by the splits since; below 0 where short."
    )
    average_price: Decimal = strawberry.field(
        description="What such a share was bought or sold for, in its currency, before costs."
    )
    last_price: Decimal | None = strawberry.field(
        description="Last known close, in its currency; null where none is near enough."
    )
    last_price_date: date | None = strawberry.field(description="Session of that close.")
    value: Decimal | None = strawberry.field(
        description="Market value in the currency asked for; null without a price or a rate."
    )
    weight: float | None = strawberry.field(
        description="Its share of the total value; null where that is not above 0."
    )
    unrealised_pnl: Decimal | None = strawberry.field(
        description="Gain since the entries, after their commissions, in the currency asked for."
    )
    asset_return: float | None = strawberry.field(
        description="Return on what was paid, in its own currency, before costs."
    )
    currency_return: float | None = strawberry.field(
        description="Return that the move of the exchange rate alone gave."
    )
    opened_at: datetime = strawberry.field(description="When its first open lot was entered.")

    @strawberry.field(
        graphql_type=InstrumentType | None, description="The instrument; null where it is unknown."
    )
    async def instrument(self, info: Info) -> Instrument | None:
        found = self.instrument_id
        return None if found is None else await info.context.loaders.instrument_by_id.load(found)

    @strawberry.field(
        description="Dividends of the instrument so far, in the currency asked for; 0 where its "
        "source knows none."
    )
    async def dividends(self) -> Decimal:
        income = await self.book.income()
        return cents(income.get(self.instrument_id or 0, NOTHING))


@strawberry.type(description="What the closed trades of one symbol or one strategy came to.")
class TickerStats:
    key: str = strawberry.field(description="The symbol or the strategy; empty for no strategy.")
    trades: int = strawberry.field(description="Closed trades.")
    wins: int = strawberry.field(description="Of these, those with a profit after costs.")
    win_rate: float | None = strawberry.field(description="Their share.")
    total_pnl: Decimal = strawberry.field(description="Profit of all of them after costs.")
    average_pnl: Decimal | None = strawberry.field(description="Profit of one, on average.")
    average_holding_days: float | None = strawberry.field(
        description="Calendar days from entry to exit, on average."
    )


@strawberry.type(description="The books at the end of a day, as known at an instant.")
class Portfolio:
    @strawberry.field(description="The day this is about.")
    def valid_at(root: Asked) -> date:
        return root.at.valid_at

    @strawberry.field(description="The instant of knowledge this rests on.")
    def known_at(root: Asked) -> datetime:
        return root.known_at

    @strawberry.field(
        description="When the first trade or cash flow was recorded: at an earlier instant there "
        "were no books. Null while there are none."
    )
    async def recorded_since(root: Asked, info: Info) -> datetime | None:
        async with info.context.session() as session:
            return await BookRepository(session).recorded_since(root.at.owner_id)

    @strawberry.field(description="Currency of its amounts.")
    def currency(root: Asked) -> Currency:
        return Currency(root.at.currency)

    @strawberry.field(
        description="Cash and market values; what is named in `missingPrices` is left out."
    )
    async def total_value(root: Asked) -> Decimal:
        found = await root.balance()
        return cents(found.cash + found.invested)

    @strawberry.field(
        description="What is on the account: flows, trades with their costs, dividends. Below 0 "
        "where trades were recorded without the money that paid for them."
    )
    async def cash(root: Asked) -> Decimal:
        return cents((await root.balance()).cash)

    @strawberry.field(description="Market values of what is held, short ones below 0.")
    async def invested(root: Asked) -> Decimal:
        return cents((await root.balance()).invested)

    @strawberry.field(description="What was paid in so far, less what was taken out.")
    async def net_deposits(root: Asked) -> Decimal:
        days = await root.days()
        days.require_rates()
        return cents(sum(days.flows))

    @strawberry.field(description="Profit of the closed trades, after costs.")
    async def realised_pnl(root: Asked) -> Decimal:
        return cents((await root.statement()).realised)

    @strawberry.field(description="Gain of what is held, after the commissions of the entries.")
    async def unrealised_pnl(root: Asked) -> Decimal:
        return cents((await root.balance()).unrealised)

    @strawberry.field(description="Dividends so far, on what was held before they went ex.")
    async def dividends(root: Asked) -> Decimal:
        days = await root.days()
        days.require_rates()
        return cents(days.dividends[-1] if days.days else 0.0)

    @strawberry.field(
        description="Growth of one unit of money that stayed throughout: daily returns linked, "
        "flows at the start of their day. `metrics.undefined` says why it is null."
    )
    async def time_weighted_return(root: Asked) -> float | None:
        return (await root.days()).time_weighted.value

    @strawberry.field(
        description="Rate a year that all money earned (XIRR); in the first year the return so "
        "far, each flow weighted by its share of the time. `metrics.undefined` says why it is null."
    )
    async def money_weighted_return(root: Asked) -> float | None:
        return (await root.days()).money_weighted.value

    @strawberry.field(
        description="Figures of the daily returns, as they were computed after the last ingest; "
        "excess returns are those over a rate of 0."
    )
    async def metrics(root: Asked) -> Metrics | None:
        days, stored = await root.days(), await root.metrics()
        values = stored or NOT_YET
        reasons = {
            "time_weighted_return": days.time_weighted.reason,
            "money_weighted_return": days.money_weighted.reason,
        }
        told = {name: reason for name, reason in reasons.items() if reason}
        return metrics_of({**values, "undefined": values["undefined"] | told})

    @strawberry.field(
        description="What the account was worth, day by day; null before the first record. "
        "`strategy` is the account, `benchmark` the same money at the same time in an index."
    )
    async def equity(
        root: Asked,
        info: Info,
        range: Annotated[
            Range | None, strawberry.argument(description="How far back.")
        ] = Range.MAX,
        max_points: Annotated[
            int | None,
            strawberry.argument(
                description="At most so many days, chosen so that the curve keeps its shape; all "
                "of them if left out."
            ),
        ] = None,
        benchmark: Annotated[
            str | None, strawberry.argument(description="Symbol of the index; ^GSPC if left out.")
        ] = None,
    ) -> CurveSeries | None:
        days = await root.days()
        async with info.context.session() as session:
            index = await read_index(session, benchmark, days, known_at=root.at.known_at)
        if not days.days:
            return None
        start = start_of(range or Range.MAX, root.at.valid_at)
        return _series(curve_of(days, index, start, max_points))

    @strawberry.field(description="What is held, by symbol; long and short stand apart.")
    async def positions(root: Asked) -> list[Position]:
        found = await root.balance()
        total = found.cash + found.invested
        return [_position(root, each, total) for each in found.positions]

    @strawberry.field(description="The closed trades by symbol.")
    async def by_ticker(root: Asked) -> list[TickerStats]:
        return [_stats(row) for row in await root.gains() if row.is_ticker]

    @strawberry.field(description="The closed trades by strategy.")
    async def by_strategy(root: Asked) -> list[TickerStats]:
        return [_stats(row) for row in await root.gains() if not row.is_ticker]

    @strawberry.field(
        description="Gains as fractions of all that was paid in; null before the first deposit. "
        "They add up to the whole gain. `cash` holds dividends and, in another currency than AUD, "
        "the move of the rate on what lay on the account."
    )
    async def attribution(root: Asked) -> Attribution | None:
        unrated = (await root.days()).unrated
        return None if unrated else _attribution(await root.statement())

    @strawberry.field(description="Gain by the moves of prices, at the rates of the entries.")
    async def asset_gain(root: Asked) -> Decimal:
        return cents((await root.statement()).parts.asset)

    @strawberry.field(description="Gain by the moves of exchange rates on what was paid.")
    async def currency_gain(root: Asked) -> Decimal:
        return cents((await root.statement()).parts.currency)

    @strawberry.field(description="Gain by both moving at once.")
    async def interaction_gain(root: Asked) -> Decimal:
        return cents((await root.statement()).parts.interaction)

    @strawberry.field(description="Commissions of all entries and exits.")
    async def costs(root: Asked) -> Decimal:
        return cents((await root.statement()).parts.costs)

    @strawberry.field(
        description="Symbols held without a price or a rate: what the total leaves out."
    )
    async def missing_prices(root: Asked) -> list[str]:
        return (await root.balance()).missing


def book_at(
    context: Context,
    valid_at: date | None = None,
    known_at: datetime | None = None,
    currency: Currency | None = None,
) -> Book:
    """Return the viewer's books at the end of a day; of the day of `known_at` if left out.

    Raises InvalidInput for an instant that is still to come.
    """
    require_past(known_at)
    now = known_at or datetime.now(UTC)
    told = (currency or Currency.AUD).value
    return Book(context, BookAt(context.viewer_id, valid_at or today(now), known_at, told), now)


@strawberry.type
class PortfolioQuery:
    @strawberry.field(
        graphql_type=Portfolio,
        description="The viewer's books on any day, from what was known at any instant.",
    )
    async def portfolio(
        self,
        info: Info,
        valid_at: ValidAt = None,
        known_at: KnownAt = None,
        currency: Annotated[
            Currency | None, strawberry.argument(description="Currency of the amounts.")
        ] = Currency.AUD,
    ) -> Book:
        return book_at(info.context, valid_at, known_at, currency)


def _position(book: Book, found: portfolio.Position, total: Decimal) -> Position:
    held, value = found.holding, found.value
    return Position(
        book=book,
        instrument_id=held.instrument_id,
        symbol=held.symbol,
        currency=Currency(held.currency),
        quantity=_plain(held.quantity),
        average_price=_plain(held.average_price),
        last_price=None if held.price is None else _plain(held.price),
        last_price_date=held.price_on,
        value=None if value is None else cents(value),
        weight=None if value is None or total <= 0 else float(value / total),
        unrealised_pnl=None if found.parts is None else cents(found.parts.gain),
        asset_return=found.asset_return,
        currency_return=found.currency_return,
        opened_at=held.opened_at,
    )


def _stats(row: GainRow) -> TickerStats:
    return TickerStats(
        key=row.key or "",
        trades=row.trades,
        wins=row.wins,
        win_rate=row.wins / row.trades,
        total_pnl=cents(row.profit),
        average_pnl=cents(row.profit / row.trades),
        average_holding_days=row.days / row.trades,
    )


def _attribution(found: Statement) -> Attribution | None:
    paid, rest = found.deposits, found.rest
    if not paid or rest is None:
        return None
    parts = found.parts
    return Attribution(
        asset=float(parts.asset / paid),
        currency=float(parts.currency / paid),
        interaction=float(parts.interaction / paid),
        costs=-float(parts.costs / paid),
        cash=float(rest / paid),
        by_symbol=JSON(
            {symbol: float(each.gain / paid) for symbol, each in found.parts_by_symbol.items()}
        ),
    )


def _series(curve: Curve) -> CurveSeries:
    return CurveSeries(
        dates=DateArray(_column(curve.days)),
        strategy=FloatArray(_column(curve.values)),
        benchmark=None if curve.benchmark is None else FloatArray(_column(curve.benchmark)),
        point_count=len(curve.days),
        total_points=curve.total_points,
    )


def _column(values: list[Any]) -> orjson.Fragment:
    return orjson.Fragment(orjson.dumps(values))
