"""A stored curve as it leaves: whole columns, not a list of points."""

from typing import Annotated, TypeAlias

import orjson
import strawberry

from api.graphql.scalars import DateArray, FloatArray
from api.services.results import LEVELS, Columns

MaxPoints: TypeAlias = Annotated[
    int | None,
    strawberry.argument(
        description=f"At most so many points, at least {LEVELS[0]}; all of them if left out."
    ),
]


@strawberry.type(description="A curve and its benchmark, as columns of equal length.")
class CurveSeries:
    dates: DateArray = strawberry.field(description="Sessions, oldest first.")
    strategy: FloatArray = strawberry.field(description="The run.")
    benchmark: FloatArray | None = strawberry.field(
        description="The benchmark on the same sessions; null when it has none."
    )
    point_count: int = strawberry.field(description="Points in this answer.")
    total_points: int = strawberry.field(description="Points of the whole curve.")


def curve_series(stored: Columns | None, column: str) -> CurveSeries | None:
    """Wrap stored columns for the answer without parsing them; None for one that is not there."""
    if stored is None or column not in stored.columns:
        return None
    benchmark = stored.columns.get("benchmark")
    return CurveSeries(
        dates=DateArray(orjson.Fragment(stored.columns["dates"])),
        strategy=FloatArray(orjson.Fragment(stored.columns[column])),
        benchmark=None if benchmark is None else FloatArray(orjson.Fragment(benchmark)),
        point_count=stored.points,
        total_points=stored.total_points,
    )
