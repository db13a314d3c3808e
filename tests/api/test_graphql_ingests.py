"""What came of an ingest, under its job and by its own id."""

from models.ingest_reports import IngestReportRepository
from models.job import JobKind
from models.jobs import JobRepository
from models.session import unit_of_work
from tests.factories import STRANGER, make_ingest_report, make_job

FAILURE = {
    "symbol": "NOPE",
    "kind": "UNKNOWN_SYMBOL",
    "message": "tiingo knows no NOPE",
    "retryable": False,
    "attempts": 1,
    "source": "tiingo",
}
REPORT = """
fragment Report on IngestReport {
  id universe source requested succeeded rowsRead rowsWritten rowsUnchanged rowsRevised
  rowsQuarantined quarantinedByReason requestsMade requestsSaved seconds
  failed { symbol kind message retryable attempts source } job { id kind }
}
"""


async def reported(app, *, owner_id=None):
    async with unit_of_work(app.sessions) as session:
        owner = owner_id or app.settings.owner_id
        job = await JobRepository(session).add(make_job(owner_id=owner, kind=JobKind.INGEST))
        report = make_ingest_report(job, failures=[FAILURE], reasons={"SPIKE": 1})
        return await IngestReportRepository(session).save(report)


async def test_a_report_hangs_on_its_job_and_is_read_by_its_id(ask, app):
    report = await reported(app)

    by_job = await ask(
        REPORT + "query($id: ID!) { job(id: $id) { kind subject { ...Report } } }",
        id=f"job_{report.job_id}",
    )
    found = by_job["data"]["job"]["subject"]
    by_id = await ask(REPORT + "query($id: ID!) { node(id: $id) { ...Report } }", id=found["id"])

    assert by_id["data"]["node"] == found
    assert found == {
        "id": f"ingest_report_{report.id}",
        "universe": "TEST_US",
        "source": "AUTO",
        "requested": 3,
        "succeeded": 2,
        "rowsRead": 10,
        "rowsWritten": 7,
        "rowsUnchanged": 2,
        "rowsRevised": 1,
        "rowsQuarantined": 1,
        "quarantinedByReason": {"SPIKE": 1},
        "requestsMade": 4,
        "requestsSaved": 1,
        "seconds": 1.5,
        "failed": [FAILURE],
        "job": {"id": f"job_{report.job_id}", "kind": "INGEST"},
    }


async def test_reports_of_a_list_of_jobs_take_one_statement(ask, app, counting):
    for _ in range(3):
        await reported(app)

    with counting() as seen:
        body = await ask(
            "{ jobs(filter: {kind: INGEST}) { nodes { subject { id ... on IngestReport {"
            " rowsWritten } } } } }"
        )

    assert [node["subject"]["rowsWritten"] for node in body["data"]["jobs"]["nodes"]] == [7, 7, 7]
    assert len(seen) == 2, seen


async def test_a_job_that_has_no_report_yet_has_no_subject(ask, app):
    async with unit_of_work(app.sessions) as session:
        job = make_job(owner_id=app.settings.owner_id, kind=JobKind.INGEST)
        job = await JobRepository(session).add(job)

    body = await ask("query($id: ID!) { job(id: $id) { subject { id } } }", id=f"job_{job.id}")

    assert body["data"]["job"]["subject"] is None


async def test_another_owners_report_is_nowhere(ask, app):
    report = await reported(app, owner_id=STRANGER)

    body = await ask("query($id: ID!) { node(id: $id) { id } }", id=f"ingest_report_{report.id}")

    assert body["data"]["node"] is None
