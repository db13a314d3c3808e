"""Backtests: what was asked, how it went, what came of it."""

from datetime import date, datetime
from typing import Annotated, Any
from uuid import UUID

import strawberry
from strawberry.scalars import JSON
from strawberry.utils.str_converters import to_camel_case

from api.graphql import figures
from api.graphql.context import Info
from api.graphql.curves import CurveSeries, MaxPoints, curve_series
from api.graphql.enums import BacktestOrderField, CurveBasis, Direction
from api.graphql.expose import expose
from api.graphql.figures import (
    AnnualReturn,
    Attribution,
    DrawdownPeriod,
    Guards,
    Metrics,
    MonthlyReturn,
    Overfitting,
)
from api.graphql.holdings import Held
from api.graphql.jobs import JobType
from api.graphql.node import Node, global_id, uuid_of
from api.graphql.orders import OrderType, order_page
from api.graphql.pagination import After, Connection, First, Seal, connection, page_size
from api.graphql.risk import (
    PathResult,
    RegimeStats,
    StressResult,
    path_results,
    regime_stats,
    stress_results,
)
from api.graphql.strategies import StrategyType
from api.services.backtest_results import OrderRow, read_curve
from api.services.publish_backtest import judged
from api.services.strategies import StrategyEntry, catalogue
from models.backtest import Backtest
from models.backtests import EVERYTHING, BacktestRepository, SortBy, Wanted
from models.job import Job, JobStatus
from models.pages import Place

Run = strawberry.Parent[Backtest]


@strawberry.type(description="A file of the run to take away.")
class Download:
    label: str = strawberry.field(description="What it holds.")
    url: str = strawberry.field(description="Where it can be fetched.")
    expires_at: datetime | None = strawberry.field(
        default=None, description="Until when the address works; null while it does not expire."
    )
    bytes: int | None = strawberry.field(default=None, description="Its size.")


@expose(
    Backtest,
    "content_key",
    "name",
    "notes",
    "symbols",
    "initial_capital",
    "currency",
    "benchmark",
    "rebalance",
    "allocator",
    "fill",
    "whole_shares",
    "decision_clock",
    "overlay_vol_target",
    "known_at",
    "engine_version",
    "created_at",
)
class BacktestType(Held, Node):
    @strawberry.field(description="Global id: `backtest_` and a UUID.")
    def id(root: Run) -> strawberry.ID:
        return global_id("backtest", root.id)

    @strawberry.field(graphql_type=StrategyType, description="The strategy that was run.")
    def strategy(root: Run) -> StrategyEntry:
        return catalogue()[root.strategy_key]

    @strawberry.field(description="Its parameters, defaults filled in.")
    def parameters(root: Run) -> JSON:
        return JSON(root.parameters)

    @strawberry.field(description="Key of the universe asked for; null for a list of symbols.")
    def universe(root: Run) -> str | None:
        return root.universe_key

    @strawberry.field(description="First day of the run.")
    def start(root: Run) -> date:
        return root.start_on

    @strawberry.field(description="Last day of the run.")
    def end(root: Run) -> date:
        return root.end_on

    @strawberry.field(description="Bounds on weights and turnover, named as in the request.")
    def constraints(root: Run) -> JSON:
        return _named(root.constraints)

    @strawberry.field(description="Cost model, named as in the request.")
    def costs(root: Run) -> JSON:
        return _named(root.costs)

    @strawberry.field(graphql_type=JobType, description="The job that computes it.")
    async def job(root: Run, info: Info) -> Job | None:
        return await info.context.loaders.job_by_id.load(root.job_id)

    @strawberry.field(description="Figures of the run; null until it succeeded.")
    def metrics(root: Run) -> Metrics | None:
        return figures.metrics_of(_part(root, "metrics"))

    @strawberry.field(description="The same figures of the benchmark.")
    def benchmark_metrics(root: Run) -> Metrics | None:
        return figures.metrics_of(_part(root, "benchmark_metrics"))

    @strawberry.field(description="How likely the result is luck.")
    def overfitting(root: Run) -> Overfitting | None:
        return figures.overfitting_of(judged(root))

    @strawberry.field(description="What was checked on this run.")
    def guards(root: Run) -> Guards | None:
        return figures.guards_of(_part(root, "guards"))

    @strawberry.field(
        description="What the strategy measured of itself, by topic, such as how well its model "
        "told good trades from bad; null where it measures nothing."
    )
    def diagnostics(root: Run) -> JSON | None:
        found = _part(root, "diagnostics")
        return JSON(found) if found else None

    @strawberry.field(description="Equity by session, in the run's currency.")
    async def equity(
        root: Run,
        info: Info,
        max_points: MaxPoints = None,
        basis: Annotated[
            CurveBasis | None, strawberry.argument(description="Which equity; NET if left out.")
        ] = CurveBasis.NET,
    ) -> CurveSeries | None:
        stored = await read_curve(info.context.store, root, "equity", max_points=max_points)
        return curve_series(stored, (basis or CurveBasis.NET).value)

    @strawberry.field(description="Fall from the running peak by session, at most 0.")
    async def drawdown(root: Run, info: Info, max_points: MaxPoints = None) -> CurveSeries | None:
        stored = await read_curve(info.context.store, root, "drawdown", max_points=max_points)
        return curve_series(stored, "strategy")

    @strawberry.field(description="Return of each month beside the benchmark's, oldest first.")
    def monthly_returns(root: Run) -> list[MonthlyReturn]:
        return figures.monthly_returns(root.summary or {})

    @strawberry.field(description="Return of each year beside the benchmark's, oldest first.")
    def annual_returns(root: Run) -> list[AnnualReturn]:
        return figures.annual_returns(root.summary or {})

    @strawberry.field(description="The deepest drawdowns, deepest first.")
    def worst_drawdowns(
        root: Run,
        first: Annotated[
            int | None, strawberry.argument(description="How many to return, 1 to 100.")
        ] = 10,
    ) -> list[DrawdownPeriod]:
        rows = _part(root, "drawdowns") or []
        return [figures.drawdown_period(row) for row in rows[: page_size(first)]]

    @strawberry.field(
        graphql_type=Connection[OrderType], description="Every order, in the order given."
    )
    async def orders(
        root: Run, info: Info, first: First = None, after: After = None
    ) -> Connection[OrderRow]:
        return await order_page(info.context, root, first, after)

    @strawberry.field(description="Where the return came from.")
    def attribution(root: Run) -> Attribution | None:
        return figures.attribution_of(_part(root, "attribution"))

    @strawberry.field(
        description="Its last holdings under shocks; empty for a run from before there were any."
    )
    def stress(root: Run) -> list[StressResult]:
        return stress_results(_part(root, "stress"))

    @strawberry.field(
        description="What is held and too young for a beta of its own: its class's stands in under "
        "shocks of shares."
    )
    def assumed_betas(root: Run) -> list[str]:
        return _part(root, "assumed_betas") or []

    @strawberry.field(
        description="What the run would do on the way through shocks; empty until a job after the "
        "run has found it."
    )
    def shock_paths(root: Run) -> list[PathResult]:
        return path_results((_part(root, "diagnostics") or {}).get("shock_paths"))

    @strawberry.field(
        description="The run in windows of history, oldest first; empty for a run from before "
        "there were any."
    )
    def crisis_windows(root: Run) -> list[StressResult]:
        return stress_results(_part(root, "crisis_windows"))

    @strawberry.field(
        description="Its sessions by the state of the market known before them; empty where no "
        "regimes were stored when it ran."
    )
    def regimes(root: Run) -> list[RegimeStats]:
        return regime_stats(_part(root, "regimes"))

    @strawberry.field(description="Files to take away: Parquet of series, CSV of orders.")
    def downloads(root: Run) -> list[Download]:
        files = _part(root, "downloads") or []
        return [
            Download(label=file["label"], url=f"/downloads/{file['key']}", bytes=file["bytes"])
            for file in files
        ]


@strawberry.input(description="Which backtests to list; what is left out does not matter.")
class BacktestFilter:
    strategy: str | None = strawberry.field(description="Only this strategy, by its key.")
    universe: str | None = strawberry.field(description="Only this universe, by its key.")
    status: JobStatus | None = strawberry.field(description="Only those whose job stands here.")
    search: str | None = strawberry.field(description="Only those whose name or notes hold this.")


@strawberry.input(description="How to sort backtests; those without the figure come last.")
class BacktestOrder:
    field: BacktestOrderField = strawberry.field(
        default=BacktestOrderField.CREATED_AT, description="What to sort by."
    )
    direction: Direction = strawberry.field(
        default=Direction.DESC, description="Which way to sort."
    )


@strawberry.type
class BacktestQuery:
    @strawberry.field(
        graphql_type=BacktestType | None,
        description="One of the viewer's backtests; null when there is none of that id.",
    )
    async def backtest(
        self,
        info: Info,
        id: Annotated[strawberry.ID, strawberry.argument(description="Id of the backtest.")],
    ) -> Backtest | None:
        run_id = uuid_of(id, "backtest")
        return None if run_id is None else await info.context.loaders.backtest_by_id.load(run_id)

    @strawberry.field(
        graphql_type=Connection[BacktestType],
        description="The viewer's backtests, newest first unless told otherwise.",
    )
    async def backtests(
        self,
        info: Info,
        filter: Annotated[
            BacktestFilter | None, strawberry.argument(description="Which to list.")
        ] = None,
        order_by: Annotated[
            BacktestOrder | None, strawberry.argument(description="How to sort them.")
        ] = None,
        first: First = None,
        after: After = None,
    ) -> Connection[Backtest]:
        owner, order = info.context.viewer_id, order_by or BacktestOrder()
        by = SortBy(order.field.value)
        size, seal = page_size(first), Seal(str(owner), f"backtests by {by} {order.direction}")
        parse = datetime.fromisoformat if by is SortBy.CREATED_AT else float
        place, wanted = seal.read(after, value=parse, id=UUID), _wanted(filter)
        async with info.context.session() as session:
            page = await BacktestRepository(session).list_page(
                owner_id=owner,
                wanted=wanted,
                by=by,
                descending=order.direction is Direction.DESC,
                first=size,
                after=place,
            )

        async def count() -> int | None:
            async with info.context.session() as session:
                return await BacktestRepository(session).count_listed(owner_id=owner, wanted=wanted)

        return connection(
            page,
            place=lambda run: Place(value=getattr(run, by.value), id=run.id),
            seal=seal,
            follows=place is not None,
            count=count,
        )


def _wanted(filter: BacktestFilter | None) -> Wanted:
    return EVERYTHING if filter is None else Wanted(**vars(filter))


def _part(run: Backtest, name: str) -> Any:
    """Return a part of the summary; a run from before there was such a part has none."""
    return None if run.summary is None else run.summary.get(name)


def _named(values: dict[str, Any]) -> JSON:
    return JSON({to_camel_case(name): value for name, value in values.items()})
