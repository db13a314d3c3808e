"""Trials: what a search evaluated, and the ledger of everything that was ever tried."""

import math
from dataclasses import dataclass
from datetime import datetime
from typing import Annotated, Any
from uuid import UUID

import strawberry
from strawberry.scalars import JSON

from api.graphql.backtests import BacktestType
from api.graphql.context import Info
from api.graphql.figures import Metrics, metrics_of
from api.graphql.pagination import After, Connection, First, Seal, connection, page_size
from models.backtest import Backtest, Trial
from models.pages import Page, Place
from models.studies import StudyRepository
from models.study import StudyTrial, Sweep
from models.trials import Tally, TrialRepository

SESSIONS_PER_YEAR = 252
YEAR = math.sqrt(SESSIONS_PER_YEAR)
LONGEST_FAMILY = 200


@dataclass(frozen=True)
class TrialView:
    """One trial, from a search or from the ledger."""

    number: int
    parameters: dict[str, Any]
    metrics: dict[str, Any] | None
    content_key: str
    place: Place


def of_study(trial: StudyTrial, by: str | None) -> TrialView:
    value = trial.number if by is None else (trial.metrics or {}).get(by)
    place = Place(value=value, id=trial.number)
    return TrialView(trial.number, trial.parameters, trial.metrics, trial.content_key, place)


Root = strawberry.Parent[TrialView]


@strawberry.type(name="Trial", description="One combination of parameters that was evaluated.")
class TrialType:
    @strawberry.field(description="Its number in the search, or in the ledger of its family.")
    def number(root: Root) -> int:
        return root.number

    @strawberry.field(description="What was varied, by the name of its axis.")
    def parameters(root: Root) -> JSON:
        return JSON(root.parameters)

    @strawberry.field(
        description="Its figures, with the conventions of a backtest's. Those of a search come "
        "from the fast simulator; `Sweep.approximations` names what it leaves out."
    )
    async def metrics(root: Root, info: Info) -> Metrics:
        values = root.metrics
        if values is None:
            values = await _figures(root, info)
        return metrics_of(values) or Metrics()

    @strawberry.field(
        graphql_type=BacktestType | None,
        description="The backtest of exactly this content, where one was run.",
    )
    async def backtest(root: Root, info: Info) -> Backtest | None:
        return await info.context.loaders.backtest_by_content_key.load(root.content_key)


async def _figures(root: TrialView, info: Info) -> dict[str, Any]:
    """Return a ledger entry's figures: of the run it came from, or of a search's trial."""
    loaders = info.context.loaders
    run = await loaders.backtest_by_content_key.load(root.content_key)
    if run is not None and run.summary is not None:
        metrics: dict[str, Any] = run.summary["metrics"]
        return metrics
    trial = await loaders.trial_by_content_key.load(root.content_key)
    return {"undefined": {}} if trial is None or trial.metrics is None else trial.metrics


@dataclass(frozen=True)
class Ledger:
    family: str
    tally: Tally
    first: int
    after: str | None


Book = strawberry.Parent[Ledger]


@strawberry.type(
    name="TrialLedger",
    description="Everything the viewer ever tried of one idea on one set of assets: failed ideas, "
    "points of sweeps and candidates of walk-forwards count as much as winners.",
)
class TrialLedgerType:
    @strawberry.field(description="Strategy and universe, such as `momentum:SAMPLE_US`.")
    def family(root: Book) -> str:
        return root.family

    @strawberry.field(description="Distinct trials; equal content counts once.")
    def count(root: Book) -> int:
        return root.tally.all

    @strawberry.field(
        description="Trials counted by how different they were: the clusters of the family's last "
        "finished sweep, and each trial outside of it; null before a sweep has finished."
    )
    async def effective_count(root: Book, info: Info) -> float | None:
        async with info.context.session() as session:
            sweep = await StudyRepository(session, Sweep).last_of_family(
                root.family, owner_id=info.context.viewer_id
            )
        if sweep is None or sweep.summary is None:
            return None
        outside = max(root.tally.all - int(sweep.summary["trials"]), 0)
        return float(sweep.summary["effective_trials"] + outside)

    @strawberry.field(description="Variance of the trials' annual Sharpe ratios.")
    def sharpe_variance(root: Book) -> float | None:
        spread = root.tally.variance
        return None if spread is None else spread * SESSIONS_PER_YEAR

    @strawberry.field(description="Highest annual Sharpe ratio among them.")
    def best_sharpe(root: Book) -> float | None:
        return None if root.tally.best is None else root.tally.best * YEAR

    @strawberry.field(
        description="Annual Sharpe ratio the best of as many trials would be expected to show "
        "without any skill."
    )
    def expected_maximum_sharpe(root: Book) -> float | None:
        from engine.overfitting import expected_maximum

        spread = root.tally.variance
        return None if spread is None else expected_maximum(spread, root.tally.measured) * YEAR

    @strawberry.field(
        graphql_type=Connection[TrialType], description="The trials, in the order they were made."
    )
    async def trials(root: Book, info: Info) -> Connection[TrialView]:
        owner = info.context.viewer_id
        seal = Seal(str(owner), f"ledger of {root.family}")
        place = seal.read(root.after, value=datetime.fromisoformat, id=UUID)
        async with info.context.session() as session:
            ledger = TrialRepository(session)
            page = await ledger.list_page(
                owner_id=owner, family=root.family, first=root.first, after=place
            )
            before = await ledger.count_before(page.rows[0]) if page.rows and place else 0

        async def count() -> int | None:
            return root.tally.all

        views = [_of_ledger(row, before + n) for n, row in enumerate(page.rows, start=1)]
        return connection(
            Page(views, has_next=page.has_next),
            place=lambda view: view.place,
            seal=seal,
            follows=place is not None,
            count=count,
        )


def _of_ledger(trial: Trial, number: int) -> TrialView:
    place = Place(value=trial.created_at, id=trial.id)
    return TrialView(number, trial.parameters, None, trial.content_key, place)


@strawberry.type
class TrialQuery:
    @strawberry.field(
        graphql_type=TrialLedgerType,
        description="The ledger of a family; empty where nothing of it was tried.",
    )
    async def trials(
        self,
        info: Info,
        family: Annotated[
            str,
            strawberry.argument(
                description="Strategy and universe, joined by a colon; `Sweep.family` is one."
            ),
        ],
        first: First = None,
        after: After = None,
    ) -> Ledger:
        named = family[:LONGEST_FAMILY]
        async with info.context.session() as session:
            tally = await TrialRepository(session).tally(
                owner_id=info.context.viewer_id, family=named
            )
        return Ledger(named, tally, page_size(first), after)
