"""What an ingest is asked for, and what came of it, as a caller meets it."""

import pytest

from api.graphql.node import uuid_of
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
INGEST = """
mutation Ingest($input: IngestPricesInput!) {
  ingestPrices(input: $input) {
    job { id kind status } report { rowsWritten } userErrors { field code reason message } } }
"""
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


async def submitted(ask, **input):
    return (await ask(INGEST, input=input))["data"]["ingestPrices"]


async def test_an_ingest_is_queued_once_for_a_key(ask, app):
    wish = {"symbols": ["BHP.AX"], "start": "2024-01-02", "force": True, "idempotencyKey": "a key"}

    first, again = await submitted(ask, **wish), await submitted(ask, **wish)
    other = await submitted(ask, **wish | {"symbols": ["CBA.AX"]})

    assert first == again
    assert (first["job"]["kind"], first["job"]["status"]) == ("INGEST", "QUEUED")
    assert (first["report"], first["userErrors"]) == (None, [])
    assert (other["job"], other["userErrors"][0]["reason"]) == (None, "IDEMPOTENCY_CONFLICT")
    async with unit_of_work(app.sessions) as session:
        page = await JobRepository(session).list_page(owner_id=app.settings.owner_id, first=10)
    assert [job.payload for job in page.rows] == [
        {"symbols": ["BHP.AX"], "start": "2024-01-02", "source": "AUTO", "force": True}
    ]
    assert [job.sends for job in page.rows] == [1]


async def test_the_same_key_answers_with_the_report_once_there_is_one(ask, app):
    wish = {"symbols": ["BHP.AX"], "idempotencyKey": "a key"}
    job = (await submitted(ask, **wish))["job"]
    async with unit_of_work(app.sessions) as session:
        found = await JobRepository(session).require(uuid_of(job["id"], "job"))
        await IngestReportRepository(session).save(make_ingest_report(found))

    assert (await submitted(ask, **wish))["report"] == {"rowsWritten": 7}


@pytest.mark.parametrize(
    ("input", "fields"),
    [
        ({}, [["input", "universe"]]),
        ({"universe": "ASX200", "symbols": ["BHP.AX"]}, [["input", "symbols"]]),
        ({"symbols": ["../etc"]}, [["input", "symbols"]]),
        ({"universe": "NONE"}, [["input", "universe"]]),
        ({"symbols": ["BHP.AX"], "source": "CSV"}, [["input", "source"]]),
        ({"symbols": ["BHP.AX"], "start": "2024-01-03", "end": "2024-01-02"}, [["input", "start"]]),
    ],
)
async def test_what_an_ingest_refuses_stands_at_its_field_and_nothing_is_queued(
    ask, app, input, fields
):
    told = await submitted(ask, **input)

    assert told["job"] is None
    assert [error["field"] for error in told["userErrors"]] == fields
    async with unit_of_work(app.sessions) as session:
        page = await JobRepository(session).list_page(owner_id=app.settings.owner_id, first=10)
    assert page.rows == []


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
