"""What a schedule asks for, through the real handler: once per instant, or refused with reason."""

import asyncio
import json
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import func, select
from sqlmodel import col

from models.job import Job, JobKind, JobStatus
from models.poison_message import PoisonMessage
from models.price_bar import PriceBar
from models.session import unit_of_work
from tests.api.job_rows import add_job, read
from tests.aws.events import failures, job_body, load, sqs_event
from tests.lambda_runtime import LambdaRuntime
from tests.waiting import until


@pytest.fixture
async def function(sessions, environment, start_function) -> LambdaRuntime:
    return await start_function("api.lambdas.ingest.handler", env=environment)


async def jobs(sessions) -> list[Job]:
    async with unit_of_work(sessions) as session:
        asked = select(Job).where(col(Job.kind) == JobKind.INGEST)
        return list(await session.scalars(asked))


def schedule(**changes) -> str:
    return json.dumps(load("schedule") | changes)


async def test_an_event_that_comes_twice_is_one_job(function, sessions, tmp_path):
    """Again in the same batch, later, and written with another offset."""
    event = sqs_event(schedule(), schedule())

    first = await function.invoke(event, 300)
    again = await function.invoke(sqs_event(schedule(time="2026-11-20T17:10:00+11:00")), 300)

    (job,) = await jobs(sessions)
    assert (failures(first), failures(again)) == ([], [])
    assert job.idempotency_key == "asx-close 2026-11-20T06:10:00Z"
    assert (job.kind, job.status, job.attempt) == ("INGEST", JobStatus.SUCCEEDED, 1)
    report = json.loads((tmp_path / "objects" / job.result_prefix / "report.json").read_text())
    written = sum(count["new"] for count in report["bars"].values())
    async with unit_of_work(sessions) as session:
        assert await session.scalar(select(func.count()).select_from(PriceBar)) == written
    await until(lambda: f'"RowsWritten":[{float(written)}]' in function.log)


async def test_another_instant_is_another_job(function, sessions):
    await function.invoke(sqs_event(schedule(), schedule(schedule="us-close")), 300)

    found = await jobs(sessions)

    assert {job.idempotency_key for job in found} == {
        "asx-close 2026-11-20T06:10:00Z",
        "us-close 2026-11-20T06:10:00Z",
    }
    assert {job.status for job in found} == {JobStatus.SUCCEEDED}


async def test_what_is_no_event_of_ours_is_refused_with_its_reason(function, sessions):
    tomorrow = (datetime.now(UTC) + timedelta(days=1)).isoformat()
    without_time = {name: value for name, value in load("schedule").items() if name != "time"}
    bodies = {
        schedule(time=tomorrow): "FUTURE_TIME",
        json.dumps(without_time): "MISSING_FIELD",
        schedule(schedule="lse-close"): "BAD_FIELD",
        schedule(time="2026-11-20T06:10:00"): "BAD_FIELD",
        schedule(time="<aws.scheduler.scheduled-time>"): "BAD_FIELD",
        schedule(schemaVersion=2): "BAD_VERSION",
    }

    answer = await function.invoke(sqs_event(*bodies))

    assert len(failures(answer)) == len(bodies)
    assert await jobs(sessions) == []
    async with unit_of_work(sessions) as session:
        kept = list(await session.scalars(select(PoisonMessage)))
    assert {message.body: message.reason for message in kept} == bodies
    await until(lambda: '"SchedulesRefused":[6.0]' in function.log)


async def test_an_ingest_that_was_sent_again_is_performed(function, sessions):
    job = await add_job(sessions, payload={})
    async with unit_of_work(sessions) as session:
        (await session.get(Job, job.id)).kind = "INGEST"

    answers = await asyncio.gather(function.invoke(sqs_event(job_body(job.id)), 300))

    assert [failures(answer) for answer in answers] == [[]]
    assert (await read(sessions, job)).status == JobStatus.SUCCEEDED
