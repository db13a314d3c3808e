"""Several backtests side by side."""

from asyncio import gather, to_thread
from collections.abc import Sequence
from typing import Annotated, cast

import orjson
import strawberry

from api.errors import InvalidInput, NotFound
from api.graphql.backtests import BacktestType
from api.graphql.context import Info
from api.graphql.curves import MaxPoints
from api.graphql.node import uuid_of
from api.graphql.scalars import DateArray, FloatArray
from models.backtest import Backtest

FEWEST, MOST = 2, 12


@strawberry.type(
    description="How much the Sharpe ratio of each run is above each other's, tested as Ledoit and "
    "Wolf (2008) do. Null on the diagonal, below 250 shared sessions, and for runs from before "
    "the rate of bills was kept."
)
class SharpeComparison:
    difference: list[FloatArray] = strawberry.field(
        description="Annual Sharpe ratio of the row's run less that of the column's, over the "
        "sessions all runs share."
    )
    p_value: list[FloatArray] = strawberry.field(
        description="Chance of a difference as large, either way, if there were none; it does not "
        "know how many runs were compared."
    )


@strawberry.type(description="Finished backtests on the sessions that all of them share.")
class BacktestComparison:
    excess: strawberry.Private[Sequence[Sequence[float] | None]]
    backtests: list[BacktestType] = strawberry.field(description="The runs, in the order asked.")
    dates: DateArray = strawberry.field(description="Sessions they share, oldest first.")
    equity: list[FloatArray] = strawberry.field(
        description="Net equity of each run, 100 on the first of these sessions; each in its own "
        "currency."
    )
    correlation: list[FloatArray] = strawberry.field(
        description="Correlation of the session returns of each run with those of each; null where "
        "one does not vary."
    )

    @strawberry.field(
        description="Which parts of what the runs were made from differ: engine, strategy, "
        "parameters, assets, instruments, calendars, libraries, dates, capital, benchmark, "
        "allocator, constraints, costs, execution, knowledge, overlay, data."
    )
    def differ_in(self) -> list[str]:
        from api.services.compare_backtests import differing

        return differing(cast("list[Backtest]", self.backtests))

    @strawberry.field(description="Whether their Sharpe ratios differ by more than chance.")
    async def sharpe(self) -> SharpeComparison:
        from api.services.sharpe_differences import sharpe_differences

        found = await to_thread(sharpe_differences, self.excess)
        return SharpeComparison(
            difference=[_column(each) for each in found.value],
            p_value=[_column(each) for each in found.p_value],
        )


@strawberry.type
class CompareQuery:
    @strawberry.field(
        description=f"{FEWEST} to {MOST} finished backtests side by side: equity rebased to 100, "
        "and how their returns move together."
    )
    async def compare_backtests(
        self,
        info: Info,
        ids: Annotated[
            list[strawberry.ID], strawberry.argument(description="Ids of the backtests.")
        ],
        max_points: MaxPoints = None,
    ) -> BacktestComparison:
        from api.services.compare_backtests import compare_backtests

        runs = await _runs(info, ids)
        found = await compare_backtests(info.context.store, runs, max_points=max_points)
        return BacktestComparison(
            backtests=cast("list[BacktestType]", found.backtests),
            dates=DateArray(orjson.Fragment(orjson.dumps(found.dates))),
            equity=[_column(each) for each in found.equity],
            correlation=[_column(each) for each in found.correlation],
            excess=found.excess,
        )


async def _runs(info: Info, ids: list[strawberry.ID]) -> list[Backtest]:
    """Return the runs in the order asked. Raises InvalidInput, NotFound."""
    if not FEWEST <= len(ids) <= MOST:
        raise InvalidInput(
            f"ids had {len(ids)} entries; name {FEWEST} to {MOST} backtests", field=("ids",)
        )
    if len(set(ids)) < len(ids):
        raise InvalidInput("ids named a backtest twice; name each once", field=("ids",))
    keys = [uuid_of(each, "backtest") for each in ids]
    loader = info.context.loaders.backtest_by_id
    found = await gather(*(loader.load(key) for key in keys if key is not None))
    known = {run.id: run for run in found if run is not None}
    runs = [known.get(key) if key is not None else None for key in keys]
    for name, run in zip(ids, runs, strict=True):
        if run is None:
            raise NotFound(f"no backtest of yours has the id {name[:60]!r}", field=("ids",))
    return [run for run in runs if run is not None]


def _column(values: object) -> FloatArray:
    return FloatArray(orjson.Fragment(orjson.dumps(values)))
