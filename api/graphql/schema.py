"""The schema: all domains merged. The only module that knows them all."""

from collections.abc import Iterator
from typing import Annotated
from uuid import UUID

import strawberry
from graphql import GraphQLArgument, GraphQLError, GraphQLInputField, Undefined
from strawberry.schema.config import StrawberryConfig
from strawberry.types import ExecutionContext

from api.graphql.backtests import BacktestQuery, BacktestType
from api.graphql.cash_flows import CashFlowMutation, CashFlowQuery, CashFlowType
from api.graphql.compare_backtests import CompareQuery
from api.graphql.context import Info
from api.graphql.correct_price import PriceMutation
from api.graphql.dashboard import DashboardQuery
from api.graphql.data_health import DataHealthQuery
from api.graphql.documents import Documents
from api.graphql.estimate import EstimateQuery
from api.graphql.import_trades import TradeImport
from api.graphql.ingest import IngestMutation
from api.graphql.ingest_reports import IngestReportType
from api.graphql.jobs import JobMutation, JobQuery, JobType
from api.graphql.loader import Loader
from api.graphql.market_data import InstrumentType, MarketQuery
from api.graphql.node import Node, parse_id
from api.graphql.portfolio import PortfolioQuery
from api.graphql.rebalance_plans import PlanMutation, PlanQuery, RebalancePlanType
from api.graphql.regimes import RegimeQuery
from api.graphql.revisions import RevisionQuery
from api.graphql.risk import StressQuery
from api.graphql.run_backtest import BacktestMutation
from api.graphql.run_scan import ScanMutation
from api.graphql.run_study import StudyMutation
from api.graphql.save_universe import UniverseMutation
from api.graphql.scalars import SCALARS
from api.graphql.scans import ScanQuery, ScanType
from api.graphql.strategies import StrategyQuery
from api.graphql.sweeps import SweepQuery, SweepType
from api.graphql.trade_changes import TradeMutation
from api.graphql.trades import TradeQuery, TradeType
from api.graphql.trials import TrialQuery
from api.graphql.universes import UniverseQuery
from api.graphql.viewer import ViewerQuery
from api.graphql.walk_forwards import WalkForwardQuery, WalkForwardType

# What an id begins with, and the loader that knows its kind.
NODES = {
    "job": "job_by_id",
    "backtest": "backtest_by_id",
    "ingest_report": "ingest_report_by_id",
    "rebalance_plan": "plan_by_id",
    "scan": "scan_by_id",
    "sweep": "sweep_by_id",
    "walk_forward": "walk_forward_by_id",
    "instrument": "instrument_by_uuid",
    "trade": "trade_by_id",
    "cash_flow": "cash_flow_by_id",
}


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
        if parsed is None or parsed[0] not in NODES:
            return None
        kind, uuid = parsed
        loader: Loader[UUID, object] = getattr(info.context.loaders, NODES[kind])
        return await loader.load(uuid)


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
    RegimeQuery,
    StressQuery,
    RevisionQuery,
    DataHealthQuery,
    UniverseQuery,
    StrategyQuery,
    BacktestQuery,
    CompareQuery,
    TradeQuery,
    CashFlowQuery,
    PortfolioQuery,
    DashboardQuery,
    JobQuery,
    PlanQuery,
    EstimateQuery,
    ScanQuery,
    SweepQuery,
    WalkForwardQuery,
    TrialQuery,
):
    pass


@strawberry.type(description="Everything that changes something. What you can mend is data.")
class Mutation(
    BacktestMutation,
    IngestMutation,
    PriceMutation,
    UniverseMutation,
    TradeMutation,
    TradeImport,
    CashFlowMutation,
    JobMutation,
    PlanMutation,
    ScanMutation,
    StudyMutation,
):
    pass


def _inputs(built: strawberry.Schema) -> Iterator[GraphQLArgument | GraphQLInputField]:
    for published in built._schema.type_map.values():
        for field in getattr(published, "fields", {}).values():
            if isinstance(field, GraphQLInputField):
                yield field
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
            SweepType,
            WalkForwardType,
            TradeType,
            CashFlowType,
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
