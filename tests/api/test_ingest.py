"""An ingest through the child process of a machine of one's own: the same job as in Lambda."""

import json

import pytest
from sqlalchemy import select
from sqlmodel import col

from api import telemetry
from api.telemetry import Metric
from api.wiring import App
from models.job import Job, JobKind, JobStatus
from models.session import unit_of_work
from tests.api.market import make_settings
from tests.conftest import SAMPLE

BODY = json.dumps({"schemaVersion": 1, "schedule": "us-close", "time": "2026-11-20T21:10:00Z"})

INGESTS = select(Job).where(col(Job.kind) == JobKind.INGEST)


@pytest.fixture
async def app(make_database, sample_url, worker_id, tmp_path):
    url = await make_database(f"ingested_{worker_id}", template=SAMPLE)
    made = App(make_settings(tmp_path, database_url=url))
    yield made
    await made.close()


async def test_an_ingest_of_what_is_in_already_leaves_an_empty_report(app, monkeypatch):
    monkeypatch.setattr(telemetry.meter, "sums", {})

    again_after = await app.handle(BODY)

    async with unit_of_work(app.sessions) as session:
        job = (await session.scalars(INGESTS)).one()
        follower = select(Job).where(col(Job.kind) == JobKind.REGIME)
        regimes = (await session.scalars(follower)).one()
    report = await app.store.get(f"{job.result_prefix}report.json")
    sums = telemetry.meter.sums
    assert again_after is None
    assert (job.status, job.idempotency_key) == (
        JobStatus.SUCCEEDED,
        "us-close 2026-11-20T21:10:00Z",
    )
    assert (regimes.status, regimes.payload) == (JobStatus.QUEUED, {"follows": str(job.id)})
    assert json.loads(report) == {"bars": {}, "reasons": {}, "seconds": 0.0}
    assert sums.pop(Metric.COMPUTE_SECONDS) > 0
    assert sums == {Metric.JOBS_SUCCEEDED: 1.0, Metric.ROWS_WRITTEN: 0.0}


async def test_its_report_accounts_for_every_row(make_database, worker_id, tmp_path):
    url = await make_database(f"ingesting_{worker_id}")
    app = App(make_settings(tmp_path, database_url=url))

    await app.handle(BODY)

    async with unit_of_work(app.sessions) as session:
        job = (await session.scalars(INGESTS)).one()
    report = json.loads(await app.store.get(f"{job.result_prefix}report.json"))
    await app.close()
    for count in report["bars"].values():
        kept = count["new"] + count["revised"] + count["unchanged"]
        assert count["read"] == kept + count["quarantined"]
    quarantined = sum(count["quarantined"] for count in report["bars"].values())
    assert sum(report["reasons"].values()) == quarantined > 0
