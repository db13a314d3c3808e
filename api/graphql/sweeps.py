"""Sweeps: many trials of one strategy, where they are good, and how far to believe the best."""

from datetime import date, datetime
from typing import Annotated, Any
from uuid import UUID

import orjson
import strawberry
from strawberry.scalars import JSON
from strawberry.utils.str_converters import to_snake_case

from api.errors import InvalidInput
from api.graphql.context import Info
from api.graphql.expose import expose
from api.graphql.figures import Metrics, Overfitting, overfitting_of
from api.graphql.jobs import JobType
from api.graphql.node import Node, global_id, uuid_of
from api.graphql.pagination import After, Connection, First, Seal, connection, page_size
from api.graphql.scalars import FloatArray
from api.graphql.splits import SearchSplits, splits_of
from api.graphql.strategies import StrategyType
from api.graphql.trials import TrialType, TrialView, of_study
from api.services.strategies import StrategyEntry, catalogue
from api.services.study_results import judgement, read_logits, surface, varied_name, written
from models.job import Job
from models.pages import Page, Place
from models.studies import StudyRepository, StudyTrialRepository
from models.study import SearchMethod, Sweep

Root = strawberry.Parent[Sweep]
FIGURES = {name for name in Metrics.__annotations__ if name not in {"sessions", "undefined"}}
# What only a search computes; kept beside the figures under this name.
OBJECTIVE, OBJECTIVE_ONLY = "objective", {"returnOverCvar", "deflatedSharpe"}


@strawberry.type(
    description="A figure over two axes. The lists are rows of y, each with a value for each x; "
    "where more axes were varied, a cell is the mean of its trials. An axis of more than a dozen "
    "scattered numbers is cut into a dozen equal steps, each named by its middle."
)
class Surface:
    x: list[JSON] = strawberry.field(description="Values along x, ascending.")
    y: list[JSON] = strawberry.field(description="Values along y, ascending.")
    metric: str = strawberry.field(description="The figure.")
    values: list[FloatArray] = strawberry.field(description="The figure, by row of y.")
    stability: list[FloatArray] = strawberry.field(
        description="Mean of each cell's neighbours one step away: high ground that stays high "
        "when a parameter moves is better founded than a peak."
    )
    worst: list[FloatArray] = strawberry.field(description="Lowest of the same neighbours.")


@expose(
    Sweep,
    "content_key",
    "name",
    "family",
    "objective",
    "method",
    "seed",
    "combinations",
    "known_at",
    "engine_version",
    "created_at",
    name="Sweep",
)
class SweepType(Node):
    @strawberry.field(description="Global id: `sweep_` and a UUID.")
    def id(root: Root) -> strawberry.ID:
        return global_id("sweep", root.id)

    @strawberry.field(graphql_type=JobType, description="The job that does it.")
    async def job(root: Root, info: Info) -> Job | None:
        return await info.context.loaders.job_by_id.load(root.job_id)

    @strawberry.field(graphql_type=StrategyType, description="The strategy that is searched.")
    def strategy(root: Root) -> StrategyEntry:
        return catalogue()[root.strategy_key]

    @strawberry.field(description="Key of the universe asked for; null for a list of symbols.")
    def universe(root: Root) -> str | None:
        return root.universe_key

    @strawberry.field(description="First day of every trial.")
    def start(root: Root) -> date:
        return root.start_on

    @strawberry.field(description="Last day of every trial.")
    def end(root: Root) -> date:
        return root.end_on

    @strawberry.field(description="What is varied, as it was asked for.")
    def axes(root: Root) -> JSON:
        return JSON(root.axes)

    @strawberry.field(description="The run every trial begins from, by the names it is kept under.")
    def base(root: Root) -> JSON:
        return JSON(root.base)

    @strawberry.field(
        graphql_type=Connection[TrialType], description="The trials that were evaluated so far."
    )
    async def trials(
        root: Root,
        info: Info,
        order_by: Annotated[
            str | None,
            strawberry.argument(
                description="A figure such as `sharpe`, highest first, or `number`; with `-` in "
                "front the other way round. The search's objective if left out."
            ),
        ] = None,
        first: First = None,
        after: After = None,
    ) -> Connection[TrialView]:
        owner, size = info.context.viewer_id, page_size(first)
        by, descending = _order(order_by)
        seal = Seal(str(owner), f"trials of {root.id} by {by} {descending}")
        place = seal.read(after, value=int if by is None else float, id=int)
        async with info.context.session() as session:
            page = await StudyTrialRepository(session).list_page(
                root.job_id,
                owner_id=owner,
                by=by,
                descending=descending,
                first=size,
                after=place,
            )

        async def count() -> int | None:
            async with info.context.session() as session:
                trials = StudyTrialRepository(session)
                return await trials.count_listed(root.job_id, owner_id=owner)

        return connection(
            Page([of_study(trial, by) for trial in page.rows], has_next=page.has_next),
            place=lambda view: view.place,
            seal=seal,
            follows=place is not None,
            count=count,
        )

    @strawberry.field(
        graphql_type=TrialType | None,
        description="The trial of the highest objective; null until the sweep has succeeded.",
    )
    async def best(root: Root, info: Info) -> TrialView | None:
        number = None if root.summary is None else root.summary["best"]
        if number is None:
            return None
        found = await info.context.loaders.trial_by_number.load((root.job_id, number))
        return None if found is None else of_study(found, None)

    @strawberry.field(description="A figure over two axes, of the trials evaluated so far.")
    async def surface(
        root: Root,
        info: Info,
        x: Annotated[str, strawberry.argument(description="Name of the axis across.")],
        y: Annotated[str, strawberry.argument(description="Name of the axis up.")],
        metric: Annotated[
            str | None,
            strawberry.argument(description="The figure; the search's objective if left out."),
        ] = None,
    ) -> Surface:
        across, up = varied_name(root, x, "x"), varied_name(root, y, "y")
        column = OBJECTIVE if metric is None else _figure(metric, "metric")
        async with info.context.session() as session:
            rows: list[Any] = await StudyTrialRepository(session).values(
                root.job_id,
                owner_id=info.context.viewer_id,
                names=(across, up),
                metric=column,
            )
        found = surface(rows, scattered=root.method is not SearchMethod.GRID)
        return Surface(
            x=[JSON(value) for value in found.x],
            y=[JSON(value) for value in found.y],
            metric=metric or root.objective,
            values=[FloatArray(written(row)) for row in found.values],
            stability=[FloatArray(written(row)) for row in found.stability],
            worst=[FloatArray(written(row)) for row in found.worst],
        )

    @strawberry.field(
        description="How likely the best is luck, by the trials of its family so far; null until "
        "the sweep has succeeded."
    )
    async def overfitting(root: Root, info: Info) -> Overfitting | None:
        if root.summary is None:
            return None
        tally = await info.context.loaders.tally_by_family.load(root.family)
        return overfitting_of(judgement(root.summary, tally))

    @strawberry.field(
        description="Chances that the best of as many combinations would beat cash by as much if "
        "none had any edge: `reality` is White's reality check, `lower`, `consistent` and `upper` "
        "are Hansen's test of superior predictive ability. Null before the end, and with fewer "
        "than 250 sessions."
    )
    def snooping(root: Root) -> JSON | None:
        found = None if root.summary is None else root.summary.get("snooping")
        return None if found is None else JSON(found)

    @strawberry.field(
        description="The same chances against the run's benchmark in place of cash; null also "
        "where its level is not known."
    )
    def snooping_benchmark(root: Root) -> JSON | None:
        found = None if root.summary is None else root.summary.get("snooping_benchmark")
        return None if found is None else JSON(found)

    @strawberry.field(
        description="Logit of the best's rank out of sample, for each way to split the sessions; "
        "at most 0 where it fell to the lower half. Null before the end, and where there are too "
        "few sessions or trials to split."
    )
    async def pbo_logits(root: Root, info: Info) -> FloatArray | None:
        stored = await read_logits(info.context.store, root)
        return None if stored is None else FloatArray(orjson.Fragment(stored))

    @strawberry.field(
        description="How the best of one half of the sessions did in the other; null before the "
        "end, and where there are too few sessions or trials to split."
    )
    def splits(root: Root) -> SearchSplits | None:
        return splits_of(root.summary)

    @strawberry.field(
        description="What the fast simulator of the trials leaves out and a backtest does not, "
        "such as `fractional_shares`; empty until the sweep has succeeded."
    )
    def approximations(root: Root) -> list[str]:
        return [] if root.summary is None else root.summary["approximations"]

    @strawberry.field(description="Parts the search was cut into; 0 until it was.")
    async def shards(root: Root, info: Info) -> int:
        return (await info.context.loaders.shards_by_job_id.load(root.job_id)).all

    @strawberry.field(description="Parts that are done.")
    async def shards_done(root: Root, info: Info) -> int:
        return (await info.context.loaders.shards_by_job_id.load(root.job_id)).done


def _order(order_by: str | None) -> tuple[str | None, bool]:
    """Return the kept name of a figure, None for the number, and whether highest come first."""
    if order_by is None:
        return OBJECTIVE, True
    name = order_by.removeprefix("-")
    turned = order_by.startswith("-")
    if name == "number":
        return None, turned
    return _figure(name, "orderBy"), not turned


def _figure(name: str, argument: str) -> str:
    """Return the name a figure is kept under. Raises InvalidInput."""
    kept = to_snake_case(name)
    if name in {OBJECTIVE, *OBJECTIVE_ONLY}:
        return OBJECTIVE
    if kept not in FIGURES:
        raise InvalidInput(
            f"{argument} was {name[:64]!r}; name a figure of Metrics, such as sharpe or calmar",
            field=(argument,),
        )
    return kept


@strawberry.type
class SweepQuery:
    @strawberry.field(
        graphql_type=SweepType | None,
        description="One of the viewer's sweeps; null when there is none of that id.",
    )
    async def sweep(
        self,
        info: Info,
        id: Annotated[strawberry.ID, strawberry.argument(description="Id of the sweep.")],
    ) -> Sweep | None:
        sweep_id = uuid_of(id, "sweep")
        return None if sweep_id is None else await info.context.loaders.sweep_by_id.load(sweep_id)

    @strawberry.field(
        graphql_type=Connection[SweepType], description="The viewer's sweeps, newest first."
    )
    async def sweeps(
        self, info: Info, first: First = None, after: After = None
    ) -> Connection[Sweep]:
        owner, size = info.context.viewer_id, page_size(first)
        seal = Seal(str(owner), "sweeps")
        place = seal.read(after, value=datetime.fromisoformat, id=UUID)
        async with info.context.session() as session:
            page = await StudyRepository(session, Sweep).list_page(
                owner_id=owner, first=size, after=place
            )

        async def count() -> int | None:
            async with info.context.session() as session:
                return await StudyRepository(session, Sweep).count_listed(owner_id=owner)

        return connection(
            page,
            place=lambda sweep: Place(value=sweep.created_at, id=sweep.id),
            seal=seal,
            follows=place is not None,
            count=count,
        )
