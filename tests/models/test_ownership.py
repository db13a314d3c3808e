"""Row-level security, as the role of a deployed API meets it: it owns none of the tables."""

from datetime import UTC, datetime

import pytest
from sqlalchemy import text
from sqlalchemy.exc import ProgrammingError

from models.audit_events import AuditEventRepository
from models.backtests import BacktestRepository
from models.cash_flows import CashFlowRepository
from models.fingerprints import Input, RunInputRepository
from models.ingest_reports import IngestReportRepository
from models.jobs import JobRepository
from models.portfolio_snapshots import PortfolioSnapshotRepository
from models.rebalance_plans import RebalancePlanRepository
from models.scans import ScanRepository
from models.studies import StudyRepository, StudyTrialRepository
from models.study import Sweep, WalkForward
from models.trades import TradeRepository
from models.trials import TrialRepository
from models.universes import UniverseRepository
from tests.factories import (
    OWNER,
    STRANGER,
    make_backtest,
    make_cash_flow,
    make_ingest_report,
    make_job,
    make_plan,
    make_scan,
    make_snapshot,
    make_study_trial,
    make_sweep,
    make_trade,
    make_trial,
    make_universe,
    make_walk_forward,
)

OWNED = (
    "job",
    "job_event",
    "backtest",
    "trial",
    "run_input",
    "universe",
    "ingest_report",
    "audit_event",
    "trade",
    "cash_flow",
    "portfolio_snapshot",
    "rebalance_plan",
    "scan",
    "sweep",
    "walk_forward",
    "study_trial",
)


@pytest.fixture
async def as_owner(session):
    """Return a function that makes the session one owner's; None is nobody's."""
    await session.execute(text("CREATE ROLE stranger_to_tables"))
    await session.execute(
        text(
            "GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA public"
            " TO stranger_to_tables"
        )
    )
    for owner in (OWNER, STRANGER):
        job = await JobRepository(session).add(make_job(owner_id=owner))
        run = await BacktestRepository(session).add(make_backtest(job))
        await RunInputRepository(session).record(run.id, [Input("bars", "1", 2020, "0" * 64)])
        await TrialRepository(session).record(make_trial(owner_id=owner))
        await ScanRepository(session).add(make_scan(job))
        await StudyRepository(session, Sweep).add(make_sweep(job))
        await StudyRepository(session, WalkForward).add(make_walk_forward(job))
        await StudyTrialRepository(session).save([make_study_trial(job)])
        await IngestReportRepository(session).save(make_ingest_report(job))
        await AuditEventRepository(session).add(
            owner_id=owner, action="x", subject="y", reason="z", before=None, after={"of": "it"}
        )
        await TradeRepository(session).add(make_trade(owner_id=owner))
        await CashFlowRepository(session).add(make_cash_flow(owner_id=owner))
        snapshots, read_at = PortfolioSnapshotRepository(session), datetime.now(UTC)
        await snapshots.write(owner, [make_snapshot()], read_at=read_at)
        await RebalancePlanRepository(session).add(make_plan(owner_id=owner))
        key = f"OF_{owner.hex[-1]}"
        await UniverseRepository(session).save(make_universe(key, owner_id=owner), [], reason="x")

    async def stand(owner):
        await session.execute(text("SET LOCAL ROLE stranger_to_tables"))
        await session.execute(
            text("SELECT set_config('app.owner', :owner, true)"), {"owner": str(owner or "")}
        )

    return stand


async def counted(session):
    return [await session.scalar(text(f"SELECT count(*) FROM {table}")) for table in OWNED]  # noqa: S608


@pytest.mark.parametrize("owner", [OWNER, STRANGER])
async def test_an_owner_sees_their_own_rows_only(session, as_owner, owner):
    await as_owner(owner)

    assert await counted(session) == [1] * len(OWNED)
    mine = await session.scalars(text("SELECT owner_id FROM backtest"))
    assert mine.all() == [owner]


async def test_nobody_sees_nothing(session, as_owner):
    await as_owner(None)

    assert await counted(session) == [0] * len(OWNED)


async def test_an_owner_changes_their_own_rows_only(session, as_owner):
    await as_owner(OWNER)

    changed = await session.execute(text("UPDATE backtest SET notes = 'mine'"))

    assert changed.rowcount == 1


async def test_a_row_is_not_given_to_another(session, as_owner):
    await as_owner(OWNER)

    with pytest.raises(ProgrammingError, match="row-level security policy"):
        await session.execute(text("UPDATE backtest SET owner_id = :id"), {"id": STRANGER})


async def test_everyones_universe_is_read_by_all_and_changed_by_none(session, as_owner):
    await UniverseRepository(session).save(make_universe("EVERYONES"), [], reason="import")
    await as_owner(OWNER)

    seen = await session.scalar(text("SELECT name FROM universe WHERE key = 'EVERYONES'"))

    assert seen == "A list made for a test"
    with pytest.raises(ProgrammingError, match="row-level security policy"):
        await session.execute(text("UPDATE universe SET name = 'x' WHERE key = 'EVERYONES'"))


async def test_every_table_with_an_owner_has_a_policy(session):
    owned = await session.scalars(
        text("""
            SELECT c.relname FROM pg_attribute a JOIN pg_class c ON c.oid = a.attrelid
            WHERE a.attname = 'owner_id' AND c.relkind = 'r' AND NOT c.relrowsecurity
        """)
    )

    assert owned.all() == []
