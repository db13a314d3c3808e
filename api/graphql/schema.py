"""The schema: all domains merged. The only module that knows them all."""

from collections.abc import Iterator
from typing import Annotated

import strawberry
from graphql import GraphQLArgument, GraphQLError, GraphQLInputField, Undefined
from strawberry.schema.config import StrawberryConfig
from strawberry.types import ExecutionContext

from api.graphql.backtests import BacktestQuery, BacktestType
from api.graphql.context import Info
from api.graphql.correct_price import PriceMutation
from api.graphql.data_health import DataHealthQuery
from api.graphql.documents import Documents
from api.graphql.ingest import IngestMutation
from api.graphql.ingest_reports import IngestReportType
from api.graphql.jobs import JobMutation, JobQuery, JobType
from api.graphql.market_data import InstrumentType, MarketQuery
from api.graphql.node import Node, parse_id
from api.graphql.rebalance_plans import PlanMutation, PlanQuery, RebalancePlanType
from api.graphql.revisions import RevisionQuery
from api.graphql.run_backtest import BacktestMutation
from api.graphql.save_universe import UniverseMutation
from api.graphql.scalars import SCALARS
from api.graphql.strategies import StrategyQuery
from api.graphql.scans import ScanMutation, ScanQuery, ScanType
from api.graphql.universes import UniverseQuery
from api.graphql.viewer import ViewerQuery


@strawberry.type
class NodeQuery:
    @strawberry.field(
        graphql_type=Node | None,
        description="Anything of the viewer's by its global id; null when there is none.",
    )
    async def node(
        self,
        info: Info,
        id: Annotated[strawberry.ID, strawberry.argument(description="Global id.")],
    ) -> object | None:
        parsed = parse_id(id)
        loaders = info.context.loaders
        match parsed:
            case ("job", uuid):
                return await loaders.job_by_id.load(uuid)
            case ("backtest", uuid):
                return await loaders.backtest_by_id.load(uuid)
            case ("ingest_report", uuid):
                return await loaders.ingest_report_by_id.load(uuid)
            case ("rebalance_plan", uuid):
                return await loaders.plan_by_id.load(uuid)
            case ("instrument", uuid):
                return await loaders.instrument_by_uuid.load(uuid)
        return None
            case ("scan", uuid):
                return await loaders.scan_by_id.load(uuid)


class Schema(strawberry.Schema):
    def process_errors(
        self, errors: list[GraphQLError], execution_context: ExecutionContext | None = None
    ) -> None:
        """Stay silent: the edge logs what is ours, once, and never a document."""


@strawberry.type(description="Everything that can be read. Lists come by the page.")
class Query(
    ViewerQuery,
    NodeQuery,
    MarketQuery,
    RevisionQuery,
    DataHealthQuery,
    UniverseQuery,
    StrategyQuery,
    BacktestQuery,
    JobQuery,
    PlanQuery,
):
    pass


@strawberry.type(description="Everything that changes something. What you can mend is data.")
class Mutation(
    BacktestMutation,
    IngestMutation,
    PriceMutation,
    ScanQuery,
    UniverseMutation,
    JobMutation,
    PlanMutation,
):
    pass


def _inputs(built: strawberry.Schema) -> Iterator[GraphQLArgument | GraphQLInputField]:
    for published in built._schema.type_map.values():
        for field in getattr(published, "fields", {}).values():
            if isinstance(field, GraphQLInputField):
                yield field
    ScanMutation,
            else:
                yield from field.args.values()


def _build() -> Schema:
    built = Schema(
        query=Query,
        mutation=Mutation,
        types=(
            BacktestType,
            JobType,
            InstrumentType,
            IngestReportType,
            RebalancePlanType,
            ScanType,
        ),
        extensions=(Documents,),
        config=StrawberryConfig(scalar_map=SCALARS, disable_field_suggestions=True),
    )
    # Left out and null mean the same everywhere: no `= null` in the contract.
    for given in _inputs(built):
        if given.default_value is None:
            given.default_value = Undefined
    return built


schema = _build()
