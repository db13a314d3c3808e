"""Walk-forwards: parameters chosen again and again, each time judged by what came after."""

from datetime import date, datetime
from typing import Annotated, Any
from uuid import UUID

import orjson
import strawberry
from strawberry.scalars import JSON

from api.graphql.context import Info
from api.graphql.curves import CurveSeries, MaxPoints, curve_series
from api.graphql.expose import expose
from api.graphql.figures import Metrics, Overfitting, metrics_of, overfitting_of
from api.graphql.jobs import JobType
from api.graphql.node import Node, global_id, uuid_of
from api.graphql.pagination import After, Connection, First, Seal, connection, page_size
from api.graphql.scalars import FloatArray
from api.graphql.splits import PathDistribution, distribution_of
from api.graphql.strategies import StrategyType
from api.services.strategies import StrategyEntry, catalogue
from api.services.study_results import judgement, read_path
from models.job import Job
from models.pages import Place
from models.studies import StudyRepository
from models.study import WalkForward

Root = strawberry.Parent[WalkForward]


@strawberry.type(
    description="One choice: the sessions it was made on, what was chosen, and how that did there "
    "and afterwards. Of a cross-validation, the first and last session of parts with gaps."
)
class WalkForwardWindow:
    train_start: date = strawberry.field(description="First session it was chosen on.")
    train_end: date = strawberry.field(description="Last session it was chosen on.")
    test_start: date = strawberry.field(description="First session it was judged by.")
    test_end: date = strawberry.field(description="Last session it was judged by.")
    partial: bool = strawberry.field(
        description="Whether the data end before the test has its full length."
    )
    parameters: JSON = strawberry.field(description="What was chosen, by the name of its axis.")
    in_sample: Metrics = strawberry.field(description="Figures over the sessions of the choice.")
    out_of_sample: Metrics = strawberry.field(description="Figures over the sessions after it.")


@expose(
    WalkForward,
    "content_key",
    "name",
    "family",
    "objective",
    "method",
    "combinations",
    "known_at",
    "engine_version",
    "created_at",
    name="WalkForward",
)
class WalkForwardType(Node):
    @strawberry.field(description="Global id: `walk_forward_` and a UUID.")
    def id(root: Root) -> strawberry.ID:
        return global_id("walk_forward", root.id)

    @strawberry.field(graphql_type=JobType, description="The job that does it.")
    async def job(root: Root, info: Info) -> Job | None:
        return await info.context.loaders.job_by_id.load(root.job_id)

    @strawberry.field(graphql_type=StrategyType, description="The strategy that is searched.")
    def strategy(root: Root) -> StrategyEntry:
        return catalogue()[root.strategy_key]

    @strawberry.field(description="Key of the universe asked for; null for a list of symbols.")
    def universe(root: Root) -> str | None:
        return root.universe_key

    @strawberry.field(description="First day of every candidate.")
    def start(root: Root) -> date:
        return root.start_on

    @strawberry.field(description="Last day of every candidate.")
    def end(root: Root) -> date:
        return root.end_on

    @strawberry.field(description="What is varied, as it was asked for.")
    def axes(root: Root) -> JSON:
        return JSON(root.axes)

    @strawberry.field(description="How the sessions are parted, named as in the request.")
    def plan(root: Root) -> JSON:
        return JSON(root.plan)

    @strawberry.field(
        description="Every choice, oldest first; empty until the walk-forward has succeeded."
    )
    def windows(root: Root) -> list[WalkForwardWindow]:
        return [_window(each) for each in _part(root, "windows") or []]

    @strawberry.field(
        description="Figures of the path out of sample: the tests one after the other in one "
        "account; of a cross-validation, the path of the median Sharpe ratio."
    )
    def out_of_sample(root: Root) -> Metrics | None:
        return metrics_of(_part(root, "out_of_sample"))

    @strawberry.field(description="Equity of that path by session, and the benchmark's.")
    async def equity(root: Root, info: Info, max_points: MaxPoints = None) -> CurveSeries | None:
        stored = await read_path(info.context.store, root, "equity", max_points=max_points)
        return curve_series(stored, "strategy")

    @strawberry.field(description="Fall of that path from its running peak, at most 0.")
    async def drawdown(root: Root, info: Info, max_points: MaxPoints = None) -> CurveSeries | None:
        stored = await read_path(info.context.store, root, "drawdown", max_points=max_points)
        return curve_series(stored, "strategy")

    @strawberry.field(
        description="Sharpe ratio out of sample over the mean in sample; null where that is not "
        "above zero."
    )
    def efficiency(root: Root) -> float | None:
        found: float | None = _part(root, "efficiency")
        return found

    @strawberry.field(
        description="Annual Sharpe ratio of every path of a cross-validation; null otherwise."
    )
    def path_sharpes(root: Root) -> FloatArray | None:
        found = _part(root, "path_sharpes")
        return None if found is None else FloatArray(orjson.Fragment(orjson.dumps(found)))

    @strawberry.field(
        description="How these lie: their median, the lowest twentieth, and how many lost."
    )
    def path_distribution(root: Root) -> PathDistribution | None:
        return distribution_of(_part(root, "path_sharpes"))

    @strawberry.field(
        description="How likely the path out of sample is luck, by the trials of its family so far."
    )
    async def overfitting(root: Root, info: Info) -> Overfitting | None:
        if root.summary is None:
            return None
        tally = await info.context.loaders.tally_by_family.load(root.family)
        return overfitting_of(judgement(root.summary, tally))

    @strawberry.field(
        description="What the fast simulator leaves out and a backtest does not; empty until it "
        "has succeeded."
    )
    def approximations(root: Root) -> list[str]:
        return _part(root, "approximations") or []

    @strawberry.field(description="Parts the search was cut into; 0 until it was.")
    async def shards(root: Root, info: Info) -> int:
        return (await info.context.loaders.shards_by_job_id.load(root.job_id)).all

    @strawberry.field(description="Parts that are done.")
    async def shards_done(root: Root, info: Info) -> int:
        return (await info.context.loaders.shards_by_job_id.load(root.job_id)).done


def _part(study: WalkForward, name: str) -> Any:
    return None if study.summary is None else study.summary[name]


def _window(kept: dict[str, Any]) -> WalkForwardWindow:
    days = {
        name: date.fromisoformat(kept[name])
        for name in ("train_start", "train_end", "test_start", "test_end")
    }
    return WalkForwardWindow(
        **days,
        partial=kept["partial"],
        parameters=JSON(kept["parameters"]),
        in_sample=metrics_of(kept["in_sample"]) or Metrics(),
        out_of_sample=metrics_of(kept["out_of_sample"]) or Metrics(),
    )


@strawberry.type
class WalkForwardQuery:
    @strawberry.field(
        graphql_type=WalkForwardType | None,
        description="One of the viewer's walk-forwards; null when there is none of that id.",
    )
    async def walk_forward(
        self,
        info: Info,
        id: Annotated[strawberry.ID, strawberry.argument(description="Id of the walk-forward.")],
    ) -> WalkForward | None:
        study_id = uuid_of(id, "walk_forward")
        loaders = info.context.loaders
        return None if study_id is None else await loaders.walk_forward_by_id.load(study_id)

    @strawberry.field(
        graphql_type=Connection[WalkForwardType],
        description="The viewer's walk-forwards, newest first.",
    )
    async def walk_forwards(
        self, info: Info, first: First = None, after: After = None
    ) -> Connection[WalkForward]:
        owner, size = info.context.viewer_id, page_size(first)
        seal = Seal(str(owner), "walk-forwards")
        place = seal.read(after, value=datetime.fromisoformat, id=UUID)
        async with info.context.session() as session:
            page = await StudyRepository(session, WalkForward).list_page(
                owner_id=owner, first=size, after=place
            )

        async def count() -> int | None:
            async with info.context.session() as session:
                return await StudyRepository(session, WalkForward).count_listed(owner_id=owner)

        return connection(
            page,
            place=lambda study: Place(value=study.created_at, id=study.id),
            seal=seal,
            follows=place is not None,
            count=count,
        )
