"""Reports of ingests, the state of providers, aliases, and what people changed by hand."""

from datetime import UTC, date, datetime

import pytest
from sqlalchemy import text
from sqlalchemy.exc import IntegrityError

from models import AliasRow, JobKind
from models.audit_events import AuditEventRepository
from models.ingest_reports import IngestReportRepository
from models.instrument_aliases import InstrumentAliasRepository
from models.instruments import InstrumentRepository
from models.jobs import JobRepository
from models.provider_states import ProviderStateRepository
from models.staging import Written
from tests.factories import OWNER, STRANGER, make_ingest_report, make_instrument, make_job


async def ingest_job(session):
    return await JobRepository(session).add(make_job(kind=JobKind.INGEST))


async def test_a_report_is_found_by_its_job_its_id_and_as_the_latest(session):
    reports = IngestReportRepository(session)
    failed = [{"symbol": "ZZZ", "kind": "DELISTED", "retryable": False, "attempts": 1}]
    report = make_ingest_report(await ingest_job(session), failures=failed, reasons={"SPIKE": 1})

    saved = await reports.save(report)

    assert (saved.rows_written, saved.failures, saved.reasons) == (7, failed, {"SPIKE": 1})
    assert await reports.by_id(saved.id, owner_id=OWNER) is saved
    assert await reports.list_by_ids([saved.id], owner_id=OWNER) == [saved]
    assert await reports.by_job_ids([saved.job_id], owner_id=OWNER) == [saved]
    assert await reports.latest(owner_id=OWNER) is saved
    assert await reports.by_id(saved.id, owner_id=STRANGER) is None
    assert await reports.by_job_ids([saved.job_id], owner_id=STRANGER) == []
    assert await reports.latest(owner_id=STRANGER) is None


async def test_a_job_tried_again_keeps_its_report_and_the_last_figures(session):
    reports, job = IngestReportRepository(session), await ingest_job(session)
    first = await reports.save(make_ingest_report(job))

    second = await reports.save(make_ingest_report(job, rows_written=1, rows_unchanged=8))

    assert second.id == first.id
    assert (second.rows_written, second.rows_unchanged) == (1, 8)


@pytest.mark.parametrize(
    ("given", "constraint"),
    [
        ({"rows_read": 11}, "rows_conserved"),
        ({"rows_revised": 8}, "revised_of_written"),
        ({"succeeded": 4}, "succeeded_of_requested"),
        ({"requests_made": -1}, "counted"),
        ({"seconds": float("inf")}, "counted"),
    ],
)
async def test_a_report_that_does_not_add_up_is_refused(session, given, constraint):
    job = await ingest_job(session)

    with pytest.raises(IntegrityError, match=f"ck_ingest_report_{constraint}"):
        await IngestReportRepository(session).save(make_ingest_report(job, **given))


async def test_failures_add_up_until_a_success(session):
    states = ProviderStateRepository(session)
    pause = datetime(2026, 1, 1, tzinfo=UTC)
    await states.record("yahoo", succeeded=False, errors={"TIMEOUT": 2}, requests_left=7)
    await states.record(
        "yahoo", succeeded=False, errors={"TIMEOUT": 1, "NETWORK": 1}, open_until=pause
    )

    (failing,) = await states.list()
    assert (failing.errors, failing.open_until) == ({"TIMEOUT": 3, "NETWORK": 1}, pause)
    assert failing.last_success_at is None
    assert failing.last_failure_at is not None
    assert failing.requests_left == 7

    await states.record("yahoo", succeeded=True, errors={"RATE_LIMITED": 1}, requests_left=6)
    await states.record("tiingo", succeeded=True, errors={})

    tiingo, yahoo = await states.list()
    assert (yahoo.errors, yahoo.open_until, yahoo.requests_left) == ({"RATE_LIMITED": 1}, None, 6)
    assert yahoo.last_success_at is not None
    assert (tiingo.errors, tiingo.last_failure_at, tiingo.requests_left) == ({}, None, None)


async def test_a_reused_symbol_means_what_it_meant_on_the_day(session):
    ids = await InstrumentRepository(session).upsert(map(make_instrument, ("META", "FB2")))
    aliases = InstrumentAliasRepository(session)
    renamed = date(2022, 6, 9)
    rows = [
        AliasRow(ids["META"], "FB", date(2012, 5, 18), renamed),
        AliasRow(ids["FB2"], "FB", renamed, None),
    ]

    first = await aliases.write(rows)
    before = await session.scalars(text("SELECT xmin::text FROM instrument_alias"))
    second = await aliases.write(rows)
    after = await session.scalars(text("SELECT xmin::text FROM instrument_alias"))

    assert (first, second) == (Written(new=2), Written(unchanged=2))
    assert before.all() == after.all()
    assert await aliases.ids_by_symbol(["FB", "X"], on=date(2022, 6, 8)) == {"FB": ids["META"]}
    assert await aliases.ids_by_symbol(["FB"], on=renamed) == {"FB": ids["FB2"]}
    assert await aliases.ids_by_symbol(["FB"], on=date(2012, 5, 17)) == {}
    assert await aliases.of(list(ids.values())) == rows


async def test_a_symbol_means_one_instrument_at_a_time(session):
    ids = await InstrumentRepository(session).upsert(map(make_instrument, ("META", "FB2")))
    aliases = InstrumentAliasRepository(session)
    await aliases.write([AliasRow(ids["META"], "FB", date(2012, 5, 18), date(2022, 6, 9))])

    with pytest.raises(IntegrityError, match="ex_instrument_alias_overlap"):
        await aliases.write([AliasRow(ids["FB2"], "FB", date(2022, 6, 8), None)])


async def test_a_change_by_hand_is_kept_for_good(session):
    events = AuditEventRepository(session)
    told = {"action": "correctPrice", "subject": "BHP.AX 2024-01-08", "reason": "a typing error"}
    event = await events.add(owner_id=OWNER, before={"close": 1.0}, after={"close": 10.0}, **told)

    assert await events.of("BHP.AX 2024-01-08", owner_id=OWNER) == [event]
    assert await events.of("BHP.AX 2024-01-08", owner_id=STRANGER) == []
    with pytest.raises(IntegrityError, match="audit_event is append-only"):
        await session.execute(text("DELETE FROM audit_event"))


async def test_a_change_by_hand_needs_a_reason(session):
    with pytest.raises(IntegrityError, match="ck_audit_event_reason_given"):
        await AuditEventRepository(session).add(
            owner_id=OWNER, action="x", subject="y", reason=" \n", before=None, after=None
        )
