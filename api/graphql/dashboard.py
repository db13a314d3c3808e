"""The first page: how the books stand, what is under way, whether the data can be trusted."""

from collections.abc import Sequence
from datetime import date, datetime
from decimal import Decimal
from typing import TYPE_CHECKING

import strawberry

from api.errors import MissingData, UnknownSymbol
from api.graphql.backtests import BacktestType
from api.graphql.context import Info
from api.graphql.data_health import CoverageSummaryType
from api.graphql.jobs import JobType
from api.graphql.loaders import CoverageAt
from api.graphql.market_data import KnownAt
from api.graphql.portfolio import Portfolio, book_at
from api.graphql.portfolio_book import Book
from api.graphql.regimes import RegimeHistory, history_of
from api.graphql.trade_at import TradeAt
from api.graphql.trades import TradeType
from api.services.data_health import CoverageSummary, summarise
from api.services.portfolio import cents
from api.services.portfolio_curve import Range, start_of
from api.services.regimes import indices, read_regimes
from models.backtest import Backtest
from models.backtests import EVERYTHING as ALL_RUNS
from models.backtests import BacktestRepository
from models.backtests import SortBy as RunsBy
from models.job import Job, JobStatus
from models.jobs import JobRepository
from models.portfolio_books import BookRepository
from models.trade import Trade
from models.trades import EVERYTHING as ALL_TRADES
from models.trades import SortBy as TradesBy
from models.trades import TradeRepository

if TYPE_CHECKING:
    from api.services.portfolio_days import Days

Asked = strawberry.Parent[Book]
SHOWN = 5
JOBS_SHOWN = 20
REGIME_POINTS = 500


@strawberry.type(description="How the books stand, what is under way, and how good the data is.")
class Dashboard:
    @strawberry.field(graphql_type=Portfolio, description="The books of today, in AUD.")
    def portfolio(root: Asked) -> Book:
        return root

    @strawberry.field(
        description="Gain of `lastSession` over the day before, flows apart, in AUD; null where a "
        "holding has no price or rate at either end."
    )
    async def today_pnl(root: Asked) -> Decimal | None:
        days = await root.days()
        if days.last_moved is None:
            return None
        row = days.row_of(days.last_moved)
        return _gain(days, row - 1, row)

    @strawberry.field(
        description="The last day on which a price or a trade changed the value; null before any."
    )
    async def last_session(root: Asked) -> date | None:
        return (await root.days()).last_moved

    @strawberry.field(
        description="Gain of the last 7 days, flows apart, in AUD; null too where nothing that is "
        "held was priced in them."
    )
    async def week_pnl(root: Asked) -> Decimal | None:
        return await _gain_of(root, Range.W1)

    @strawberry.field(description="The same since this day of the month before.")
    async def month_pnl(root: Asked) -> Decimal | None:
        return await _gain_of(root, Range.M1)

    @strawberry.field(description="Number of positions held.")
    async def open_positions(root: Asked) -> int:
        return len(await root.positions())

    @strawberry.field(
        graphql_type=list[TradeType], description="The trades entered last, newest first."
    )
    async def recent_trades(root: Asked, info: Info) -> Sequence[Trade | TradeAt]:
        known_at = root.at.known_at
        async with info.context.session() as session:
            page = await TradeRepository(session).list_page(
                owner_id=info.context.viewer_id,
                wanted=ALL_TRADES,
                known_at=known_at,
                by=TradesBy.ENTRY_AT,
                descending=True,
                first=SHOWN,
                after=None,
            )
        return [row if known_at is None else TradeAt(row, known_at) for row in page.rows]

    @strawberry.field(
        graphql_type=list[BacktestType], description="The newest backtests, newest first."
    )
    async def recent_backtests(root: Asked, info: Info) -> Sequence[Backtest]:
        async with info.context.session() as session:
            page = await BacktestRepository(session).list_page(
                owner_id=info.context.viewer_id,
                wanted=ALL_RUNS,
                by=RunsBy.CREATED_AT,
                descending=True,
                first=SHOWN,
                after=None,
            )
        return page.rows

    @strawberry.field(
        graphql_type=list[JobType], description="Jobs that are running, newest first."
    )
    async def running_jobs(root: Asked, info: Info) -> Sequence[Job]:
        async with info.context.session() as session:
            page = await JobRepository(session).list_page(
                owner_id=info.context.viewer_id, status=JobStatus.RUNNING, first=JOBS_SHOWN
            )
        return page.rows

    @strawberry.field(
        description="Regime of ^GSPC, its columns thinned; null before its first computation."
    )
    async def regime(root: Asked, info: Info) -> RegimeHistory | None:
        try:
            async with info.context.session() as session:
                found = await read_regimes(
                    session, known_at=root.at.known_at, max_points=REGIME_POINTS
                )
                others = await indices(session)
        except (MissingData, UnknownSymbol):
            return None
        return history_of(found, root.known_at, others)

    @strawberry.field(
        graphql_type=CoverageSummaryType, description="Coverage of all that is stored, now."
    )
    async def data_health(root: Asked, info: Info) -> CoverageSummary:
        asked = CoverageAt(None, root.known_at)
        return summarise(await info.context.loaders.coverage_at.load(asked))

    @strawberry.field(
        description="When the newest trade or cash flow was recorded or the last job ended, "
        "whichever came last; now, or `knownAt`, before all of them."
    )
    async def last_updated(root: Asked, info: Info) -> datetime:
        async with info.context.session() as session:
            return await BookRepository(session).last_updated(root.at) or root.known_at


@strawberry.type
class DashboardQuery:
    @strawberry.field(
        graphql_type=Dashboard,
        description="The books of today, what is under way, and how good the data is.",
    )
    async def dashboard(self, info: Info, known_at: KnownAt = None) -> Book:
        return book_at(info.context, known_at=known_at)


def _gain(days: "Days", row: int, until: int | None = None) -> Decimal | None:
    gain = days.gain_since(row, until)
    return None if gain is None else cents(gain)


async def _gain_of(book: Book, range: Range) -> Decimal | None:
    days = await book.days()
    start = start_of(range, book.at.valid_at)
    if start is None or not days.days:
        return None
    stale = days.last_moved is None or days.last_moved <= start
    if stale and await book.positions():
        return None
    return _gain(days, days.row_of(start))
