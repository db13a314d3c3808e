"""Relations in batches: what a list of a hundred asks one by one is read at once."""

from collections import defaultdict
from collections.abc import Sequence
from datetime import date, datetime
from typing import TYPE_CHECKING, NamedTuple
from uuid import UUID

from api.graphql.loader import Loader
from api.graphql.study_loaders import StudyLoaders
from api.services.symbol_coverage import SymbolCoverage, symbol_coverage
from api.services.trade_marks import Held, Mark, marks_of
from models.backtest import Backtest
from models.backtests import BacktestRepository
from models.cash_flow import CashFlow
from models.cash_flows import CashFlowRepository
from models.corporate_action import ActionRow
from models.corporate_actions import CorporateActionRepository
from models.ingest_report import IngestReport
from models.ingest_reports import IngestReportRepository
from models.instrument import Instrument
from models.instruments import InstrumentRepository
from models.job import Job
from models.jobs import JobRepository
from models.panel_days import PanelDays, panel_days
from models.price_bar import PriceBar
from models.price_bars import PriceBarRepository
from models.rebalance_plan import RebalancePlan
from models.rebalance_plans import RebalancePlanRepository
from models.revisions import Change, RevisionRepository
from models.scan import Scan
from models.scans import ScanRepository
from models.trade import Trade
from models.trades import TradeRepository
from models.universes import Member, UniverseRepository

if TYPE_CHECKING:
    from api.graphql.context import Context


class MembersAt(NamedTuple):
    """Who was in a universe on a day, as known at an instant; None is now."""

    key: str
    valid_at: date
    known_at: datetime | None


class CoverageAt(NamedTuple):
    """What is stored of instruments at an instant; None is everything."""

    ids: tuple[int, ...] | None
    as_of: datetime


class Loaders:
    """Named `<noun>_by_<key>`; each answers in the order of its keys, None where nothing is."""

    def __init__(self, context: "Context") -> None:
        self.context = context
        self.job_by_id = Loader(self._jobs)
        self.backtest_by_id = Loader(self._backtests)
        self.backtest_by_job_id = Loader(self._backtests_of_jobs)
        self.ingest_report_by_id = Loader(self._ingest_reports)
        self.ingest_report_by_job_id = Loader(self._ingest_reports_of_jobs)
        self.plan_by_id = Loader(self._plans)
        self.plan_by_job_id = Loader(self._plans_of_jobs)
        self.scan_by_id = Loader(self._scans)
        self.scan_by_job_id = Loader(self._scans_of_jobs)
        studies = StudyLoaders(context)
        self.sweep_by_id = Loader(studies.sweeps)
        self.sweep_by_job_id = Loader(studies.sweeps_of_jobs)
        self.walk_forward_by_id = Loader(studies.walk_forwards)
        self.walk_forward_by_job_id = Loader(studies.walk_forwards_of_jobs)
        self.shards_by_job_id = Loader(studies.shards)
        self.tally_by_family = Loader(studies.tallies)
        self.ledgers_by_strategy = Loader(studies.ledgers)
        self.trial_by_number = Loader(studies.trials)
        self.trial_by_content_key = Loader(studies.evaluated)
        self.backtest_by_content_key = Loader(studies.backtests_of_content)
        self.instrument_by_id = Loader(self._instruments)
        self.instrument_by_uuid = Loader(self._instruments_by_uuid)
        self.instrument_by_symbol = Loader(self._instruments_by_symbol)
        self.latest_bar_by_instrument_id = Loader(self._latest_bars)
        self.actions_by_instrument_id = Loader(self._actions)
        self.trade_by_id = Loader(self._trades)
        self.versions_by_trade_id = Loader(self._versions)
        self.mark_by_holding = Loader(self._marks)
        self.cash_flow_by_id = Loader(self._cash_flows)
        self.members_at = Loader(self._members)
        self.coverage_at = Loader(self._coverage)
        self.panel_days_by_name = Loader(self._panel_days)
        self.backtests_by_change = Loader(self._affected_backtests)

    async def _jobs(self, ids: list[UUID]) -> Sequence[Job | None]:
        async with self.context.session() as session:
            jobs = await JobRepository(session).list_by_ids(ids, owner_id=self.context.viewer_id)
        found = {job.id: job for job in jobs}
        return [found.get(job_id) for job_id in ids]

    async def _backtests(self, ids: list[UUID]) -> Sequence[Backtest | None]:
        async with self.context.session() as session:
            runs = await BacktestRepository(session).list_by_ids(
                ids, owner_id=self.context.viewer_id
            )
        found = {run.id: run for run in runs}
        return [found.get(run_id) for run_id in ids]

    async def _backtests_of_jobs(self, job_ids: list[UUID]) -> Sequence[Backtest | None]:
        async with self.context.session() as session:
            runs = await BacktestRepository(session).list_by_jobs(
                job_ids, owner_id=self.context.viewer_id
            )
        found = {run.job_id: run for run in runs}
        return [found.get(job_id) for job_id in job_ids]

    async def _ingest_reports(self, ids: list[UUID]) -> Sequence[IngestReport | None]:
        async with self.context.session() as session:
            reports = await IngestReportRepository(session).list_by_ids(
                ids, owner_id=self.context.viewer_id
            )
        found = {report.id: report for report in reports}
        return [found.get(report_id) for report_id in ids]

    async def _ingest_reports_of_jobs(self, job_ids: list[UUID]) -> Sequence[IngestReport | None]:
        async with self.context.session() as session:
            reports = await IngestReportRepository(session).by_job_ids(
                job_ids, owner_id=self.context.viewer_id
            )
        found = {report.job_id: report for report in reports}
        return [found.get(job_id) for job_id in job_ids]

    async def _plans(self, ids: list[UUID]) -> Sequence[RebalancePlan | None]:
        async with self.context.session() as session:
            plans = await RebalancePlanRepository(session).list_by_ids(
                ids, owner_id=self.context.viewer_id
            )
        found = {plan.id: plan for plan in plans}
        return [found.get(plan_id) for plan_id in ids]

    async def _plans_of_jobs(self, job_ids: list[UUID]) -> Sequence[RebalancePlan | None]:
        async with self.context.session() as session:
            plans = await RebalancePlanRepository(session).by_job_ids(
                job_ids, owner_id=self.context.viewer_id
            )
        found = {plan.job_id: plan for plan in plans}
        return [found.get(job_id) for job_id in job_ids]

    async def _scans(self, ids: list[UUID]) -> Sequence[Scan | None]:
        async with self.context.session() as session:
            scans = await ScanRepository(session).list_by_ids(ids, owner_id=self.context.viewer_id)
        found = {scan.id: scan for scan in scans}
        return [found.get(scan_id) for scan_id in ids]

    async def _scans_of_jobs(self, job_ids: list[UUID]) -> Sequence[Scan | None]:
        async with self.context.session() as session:
            scans = await ScanRepository(session).list_by_jobs(
                job_ids, owner_id=self.context.viewer_id
            )
        found = {scan.job_id: scan for scan in scans}
        return [found.get(job_id) for job_id in job_ids]

    async def _instruments(self, ids: list[int]) -> Sequence[Instrument | None]:
        async with self.context.session() as session:
            instruments = await InstrumentRepository(session).by_ids(ids)
        found = {instrument.id: instrument for instrument in instruments}
        return [found.get(instrument_id) for instrument_id in ids]

    async def _latest_bars(self, ids: list[int]) -> Sequence[PriceBar | None]:
        async with self.context.session() as session:
            bars = await PriceBarRepository(session).latest_by_instrument(ids)
        found = {bar.instrument_id: bar for bar in bars}
        return [found.get(instrument_id) for instrument_id in ids]

    async def _actions(self, ids: list[int]) -> Sequence[Sequence[ActionRow]]:
        async with self.context.session() as session:
            rows = await CorporateActionRepository(session).all_of(ids)
        found = defaultdict[int, list[ActionRow]](list)
        for row in rows:
            found[row.instrument_id].append(row)
        return [found[instrument_id] for instrument_id in ids]

    async def _instruments_by_uuid(self, uuids: list[UUID]) -> Sequence[Instrument | None]:
        async with self.context.session() as session:
            instruments = await InstrumentRepository(session).by_uuids(uuids)
        found = {instrument.uuid: instrument for instrument in instruments}
        return [found.get(uuid) for uuid in uuids]

    async def _instruments_by_symbol(self, symbols: list[str]) -> Sequence[Instrument | None]:
        async with self.context.session() as session:
            instruments = await InstrumentRepository(session).by_symbols(symbols)
        found = {instrument.symbol: instrument for instrument in instruments}
        return [found.get(symbol) for symbol in symbols]

    async def _trades(self, ids: list[UUID]) -> Sequence[Trade | None]:
        async with self.context.session() as session:
            trades = await TradeRepository(session).list_by_ids(
                ids, owner_id=self.context.viewer_id
            )
        found = {trade.id: trade for trade in trades}
        return [found.get(trade_id) for trade_id in ids]

    async def _versions(self, ids: list[UUID]) -> Sequence[Sequence[Trade]]:
        async with self.context.session() as session:
            versions = await TradeRepository(session).versions(ids, owner_id=self.context.viewer_id)
        found: dict[UUID, list[Trade]] = defaultdict(list)
        for version in versions:
            found[version.id].append(version)
        return [found[trade_id] for trade_id in ids]

    async def _cash_flows(self, ids: list[UUID]) -> Sequence[CashFlow | None]:
        async with self.context.session() as session:
            flows = await CashFlowRepository(session).list_by_ids(
                ids, owner_id=self.context.viewer_id
            )
        found = {flow.id: flow for flow in flows}
        return [found.get(flow_id) for flow_id in ids]

    async def _marks(self, holdings: list[Held]) -> Sequence[Mark | None]:
        async with self.context.session() as session:
            return await marks_of(session, holdings)

    async def _members(self, asked: list[MembersAt]) -> Sequence[Sequence[Member]]:
        """One statement for each pair of day and instant: a list of universes shares one."""
        keys: dict[tuple[date, datetime | None], list[str]] = defaultdict(list)
        for key, valid_at, known_at in asked:
            keys[valid_at, known_at].append(key)
        found: dict[MembersAt, Sequence[Member]] = {}
        for (valid_at, known_at), named in keys.items():
            async with self.context.session() as session:
                members = await UniverseRepository(session).members_of(
                    named, valid_at=valid_at, known_at=known_at
                )
            found |= {MembersAt(key, valid_at, known_at): members[key] for key in named}
        return [found[wanted] for wanted in asked]

    async def _coverage(self, asked: list[CoverageAt]) -> Sequence[Sequence[SymbolCoverage]]:
        found = []
        for ids, as_of in asked:
            async with self.context.session() as session:
                found.append(await symbol_coverage(session, ids, now=as_of))
        return found

    async def _panel_days(self, names: list[str]) -> Sequence[PanelDays | None]:
        async with self.context.session() as session:
            found = await panel_days(session, names)
        return [found.get(name) for name in names]

    async def _affected_backtests(self, changes: list[Change]) -> Sequence[Sequence[Backtest]]:
        async with self.context.session() as session:
            return await RevisionRepository(session).affected(
                changes, owner_id=self.context.viewer_id
            )
