"""What a run held, as rows of a day and as weights over time."""

from datetime import date
from decimal import Decimal
from typing import Annotated, Any

import orjson
import strawberry

from api.graphql.context import Info
from api.graphql.curves import CurveSeries
from api.graphql.enums import RollingMetric
from api.graphql.scalars import DateArray, FloatArray
from api.services.backtest_results import histogram, read_held, read_returns, read_rolling
from models.backtest import Backtest

CENT = Decimal("0.01")
SHARE = Decimal("0.00000001")


@strawberry.type(description="Weights over time: one column of as many values per symbol.")
class WeightsMatrix:
    dates: DateArray = strawberry.field(description="Sessions, oldest first.")
    symbols: list[str] = strawberry.field(description="What was held on any of them.")
    weights: list[FloatArray] = strawberry.field(
        description="Fraction of equity at each close, a column per symbol; cash is the rest."
    )


@strawberry.type(description="What was held of one symbol at a close.")
class Holding:
    symbol: str = strawberry.field(description="What was held.")
    weight: float = strawberry.field(description="Fraction of equity.")
    shares: Decimal = strawberry.field(description="How many shares.")
    value: Decimal = strawberry.field(description="What they were worth, in the run's currency.")


@strawberry.type(description="How often values fell between two edges.")
class Histogram:
    edges: FloatArray = strawberry.field(description="Edges, one more than there are counts.")
    counts: FloatArray = strawberry.field(description="How many values lie between two edges.")


@strawberry.type
class Held:
    """The fields of a backtest that come from its tables."""

    @strawberry.field(
        description="A figure of the last so many sessions, at each session that has them; "
        "annualised except RETURN, which is compounded. Null for a run stored without them."
    )
    async def rolling(
        root: strawberry.Parent[Backtest],
        info: Info,
        metric: Annotated[
            RollingMetric, strawberry.argument(description="Which figure.")
        ] = RollingMetric.SHARPE,
        window: Annotated[
            int | None, strawberry.argument(description="Sessions in it: 63, 126 or 252.")
        ] = 126,
        max_points: Annotated[
            int | None,
            strawberry.argument(
                description="At most so many points, evenly spaced; all if left out."
            ),
        ] = None,
    ) -> CurveSeries | None:
        found = await read_rolling(
            info.context.store,
            root,
            metric.value,
            126 if window is None else window,
            max_points=max_points,
        )
        if found is None:
            return None
        return CurveSeries(
            dates=DateArray(_stored(found.dates)),
            strategy=FloatArray(_stored(found.strategy)),
            benchmark=FloatArray(_stored(found.benchmark)),
            point_count=len(found.dates),
            total_points=found.total_points,
        )

    @strawberry.field(description="Weights over time; null for a run stored without them.")
    async def weights(
        root: strawberry.Parent[Backtest],
        info: Info,
        max_points: Annotated[
            int | None,
            strawberry.argument(
                description="At most so many sessions, evenly spaced, both ends kept; all if left "
                "out."
            ),
        ] = None,
    ) -> WeightsMatrix | None:
        stored = await read_held(info.context.store, root)
        if stored is None:
            return None
        dates, columns = stored.weights(max_points)
        return WeightsMatrix(
            dates=DateArray(_stored(dates)),
            symbols=list(columns),
            weights=[FloatArray(_stored(column)) for column in columns.values()],
        )

    @strawberry.field(description="What was held at the last close up to a day, the largest first.")
    async def holdings(
        root: strawberry.Parent[Backtest],
        info: Info,
        at: Annotated[
            date | None, strawberry.argument(description="The day; the last one if left out.")
        ] = None,
    ) -> list[Holding]:
        stored = await read_held(info.context.store, root)
        return [
            Holding(
                symbol=held.symbol,
                weight=held.weight,
                shares=Decimal(repr(held.shares)).quantize(SHARE).normalize(),
                value=Decimal(repr(held.value)).quantize(CENT),
            )
            for held in (stored.on(at) if stored else ())
        ]

    @strawberry.field(description="How the net returns of single sessions are spread.")
    async def return_distribution(
        root: strawberry.Parent[Backtest],
        info: Info,
        bins: Annotated[
            int | None, strawberry.argument(description="How many bars, 1 to 200.")
        ] = 50,
    ) -> Histogram | None:
        returns = await read_returns(info.context.store, root)
        if not returns:
            return None
        edges, counts = histogram(returns, 50 if bins is None else bins)
        return Histogram(edges=FloatArray(_stored(edges)), counts=FloatArray(_stored(counts)))


def _stored(values: list[Any]) -> orjson.Fragment:
    return orjson.Fragment(orjson.dumps(values))
