"""Batches of jobs through the real runtime client: what is done, and what comes back."""

import asyncio
import json
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import select, update
from sqlmodel import col

from models.clock import seconds_from_now
from models.job import Job, JobStatus
from models.jobs import JobRepository
from models.poison_message import PoisonMessage
from models.session import unit_of_work
from tests.api.job_rows import add_job, begun, cancel, ended, events, let_lease_lapse, read
from tests.aws.events import failures, job_body, sqs_event, sqs_record
from tests.factories import PATIENCE
from tests.lambda_runtime import FunctionError, FunctionTimeout, LambdaRuntime
from tests.waiting import until

SCALED = {
    "PARAKEET_LEASE_SECONDS": "3",
    "PARAKEET_HEARTBEAT_SECONDS": "0.3",
    "PARAKEET_PROGRESS_SECONDS": "0.05",
    "PARAKEET_STOP_GRACE_SECONDS": "2.5",
    "PARAKEET_RETRY_BASE_SECONDS": "0.01",
    "PARAKEET_RETRY_CAP_SECONDS": "0.02",
    "PARAKEET_SOFT_STOP_SECONDS": "3",
}


@pytest.fixture
def start(start_function, environment):
    async def start(**env: str) -> LambdaRuntime:
        told = environment | SCALED | env
        return await start_function("tests.aws.functions.handler", env=told)

    return start


@pytest.fixture
def notes(tmp_path) -> Path:
    return tmp_path / "notes"


async def add_work(sessions, work, notes, **payload):
    return await add_job(sessions, payload=payload | {"work": work, "notes": str(notes)})


async def poisons(sessions) -> list[PoisonMessage]:
    async with unit_of_work(sessions) as session:
        return list(await session.scalars(select(PoisonMessage)))


def metrics(log: str) -> dict[str, float]:
    """Sum the metrics of all EMF lines in a log."""
    sums: dict[str, float] = {}
    for line in log.splitlines():
        if '"_aws"' in line:
            told = json.loads(line)
            for metric in told["_aws"]["CloudWatchMetrics"][0]["Metrics"]:
                sums[metric["Name"]] = sums.get(metric["Name"], 0) + sum(told[metric["Name"]])
    return sums


async def test_a_batch_with_one_poison_does_the_rest(sessions, start, notes):
    jobs = [await add_work(sessions, "succeed", notes) for _ in range(9)]
    records = [sqs_record(job_body(job.id)) for job in jobs]
    records.insert(4, sqs_record("\x00 not JSON", id="poison", receives=2))
    runtime = await start()

    answer = await runtime.invoke({"Records": records})

    assert failures(answer) == ["poison"]
    assert {(await read(sessions, job)).status for job in jobs} == {JobStatus.SUCCEEDED}
    (kept,) = await poisons(sessions)
    assert (kept.reason, kept.receives, kept.body) == ("NOT_JSON", 2, r"\u0000 not JSON")
    await until(lambda: '"_aws"' in runtime.log)
    assert metrics(runtime.log) | {"ComputeSeconds": 0.0} == {
        "JobsSucceeded": 9,
        "Backtests": 9,
        "PoisonMessages": 1,
        "ComputeSeconds": 0.0,
    }


async def test_ten_deliveries_at_once_are_one_run(sessions, start, notes):
    job = await add_work(sessions, "hold_the_loop", notes, seconds=0.5)
    runtimes = [await start() for _ in range(2)]
    event = sqs_event(*[job_body(job.id)] * 5)

    answers = await asyncio.gather(*(each.invoke(event, 60) for each in runtimes))

    row = await read(sessions, job)
    assert [failures(answer) for answer in answers] == [[], []]
    assert (row.status, row.attempt, row.fence) == (JobStatus.SUCCEEDED, 1, 1)
    assert notes.read_text().split() == ["begun", "1", "done", "1", "published", "1"]


async def test_what_needs_nothing_more_is_acknowledged(sessions, start, notes):
    """Finished, cancelled, and held by a worker that lives: three jobs with nothing to do."""
    finished, cancelled, held = [await add_work(sessions, "succeed", notes) for _ in range(3)]
    runtime = await start()
    await runtime.invoke(sqs_event(job_body(finished.id)))
    await cancel(sessions, cancelled)
    async with unit_of_work(sessions) as session:
        await JobRepository(session).claim(held.id, lease=timedelta(minutes=1))

    answer = await runtime.invoke(sqs_event(*(job_body(j.id) for j in (finished, cancelled, held))))

    assert failures(answer) == []
    assert notes.read_text().split("\n") == ["done 1", "published 1", ""]


async def test_a_job_nobody_ever_wrote_comes_back_with_its_reason(sessions, start):
    event = sqs_event(job_body("00000000-0000-0000-0000-000000000009"))
    runtime = await start()

    answer = await runtime.invoke(event)

    (kept,) = await poisons(sessions)
    assert failures(answer) == [kept.message_id]
    assert kept.reason == "UNKNOWN_JOB"


async def test_an_empty_batch_is_done_and_an_odd_event_fails(start):
    runtime = await start()

    assert failures(await runtime.invoke({"Records": []})) == []
    for odd in ({}, {"Records": None}, {"Records": [{"body": "{}"}]}, [], {"Records": [{}]}):
        with pytest.raises(FunctionError) as refused:
            await runtime.invoke(odd)
        assert refused.value.kind in ("ValueError", "TypeError")


async def test_heartbeats_go_on_while_a_work_holds_its_loop(sessions, start, notes):
    """The work never yields for twice the lease; a second worker finds the job held."""
    job = await add_work(sessions, "hold_the_loop", notes, seconds=6.0)
    first, second = await start(), await start()

    running = asyncio.create_task(first.invoke(sqs_event(job_body(job.id)), 60))
    row = await begun(sessions, job)
    while not running.done():
        assert failures(await second.invoke(sqs_event(job_body(job.id)))) == []
        await asyncio.sleep(0.5)

    later = await read(sessions, job)
    assert failures(await running) == []
    assert (later.status, later.attempt) == (JobStatus.SUCCEEDED, 1)
    assert later.heartbeat_at - row.heartbeat_at > timedelta(seconds=3)


async def test_the_lease_never_reaches_far_past_the_deadline(sessions, start, notes):
    """A worker that may hold a job for an hour has one minute to live."""
    job = await add_work(sessions, "hold_the_loop", notes, seconds=2.0)
    runtime = await start(PARAKEET_LEASE_SECONDS="3600", PARAKEET_HEARTBEAT_SECONDS="900")

    running = asyncio.create_task(runtime.invoke(sqs_event(job_body(job.id)), 60))
    row = await begun(sessions, job)
    await running

    assert timedelta(seconds=30) < row.lease_until - row.started_at < timedelta(seconds=65.5)


async def test_the_soft_stop_gives_the_job_back(sessions, start, notes):
    job = await add_work(sessions, "hold_the_loop", notes, seconds=60.0)
    runtime = await start()
    await runtime.invoke(sqs_event())

    answer = await runtime.invoke(sqs_event(job_body(job.id)), 9)

    row = await read(sessions, job)
    assert failures(answer) == []
    assert (row.status, row.attempt, row.lease_until) == (JobStatus.QUEUED, 1, None)
    assert row.enqueued_at is None
    assert await events(sessions, job) == ["submitted", "claimed", "released"]


async def test_an_attempt_that_had_all_its_time_fails(sessions, start, notes):
    job = await add_work(sessions, "compute_in_a_thread", notes, seconds=60.0)
    runtime = await start(PARAKEET_JOB_TIMEOUT_SECONDS="1")

    answer = await runtime.invoke(sqs_event(job_body(job.id)), 30)

    row = await read(sessions, job)
    assert failures(answer) == []
    assert (row.status, row.failure_code, row.attempt) == (JobStatus.FAILED, "TIMEOUT", 1)


async def test_what_was_not_begun_before_the_soft_stop_comes_back(sessions, start, notes):
    first, second = [
        await add_work(sessions, "hold_the_loop", notes, seconds=60.0) for _ in range(2)
    ]
    records = [sqs_record(job_body(job.id)) for job in (first, second)]
    runtime = await start()
    await runtime.invoke(sqs_event())

    answer = await runtime.invoke({"Records": records}, 9)

    untouched = await read(sessions, second)
    assert failures(answer) == [records[1]["messageId"]]
    assert (untouched.status, untouched.attempt) == (JobStatus.QUEUED, 0)


async def test_nothing_is_begun_where_no_time_is_left(sessions, start, notes):
    job = await add_work(sessions, "succeed", notes)
    runtime = await start(PARAKEET_SOFT_STOP_SECONDS="60")

    answer = await runtime.invoke(sqs_event(job_body(job.id)), 30)

    assert len(failures(answer)) == 1
    assert (await read(sessions, job)).attempt == 0


async def test_a_cancelled_computation_stops(sessions, start, notes):
    job = await add_work(sessions, "hold_the_loop", notes, seconds=60.0)
    runtime = await start()

    running = asyncio.create_task(runtime.invoke(sqs_event(job_body(job.id)), 100))
    await begun(sessions, job)
    await cancel(sessions, job)

    assert failures(await running) == []
    assert (await read(sessions, job)).status == JobStatus.CANCELLED
    assert "done" not in notes.read_text()


async def test_a_computation_that_never_looks_takes_its_process_with_it(sessions, start, notes):
    deaf = await add_work(sessions, "never_look", notes)
    next_one = await add_work(sessions, "succeed", notes)
    runtime = await start(PARAKEET_JOB_TIMEOUT_SECONDS="1")
    await runtime.invoke(sqs_event())
    before = runtime.pid

    with pytest.raises(FunctionError) as caught:
        await runtime.invoke(sqs_event(job_body(deaf.id)), 60)
    again = await runtime.invoke(sqs_event(job_body(deaf.id), job_body(next_one.id)), 60)

    row = await read(sessions, deaf)
    assert caught.value.kind == "Runtime.ExitError"
    assert (row.status, row.failure_code, row.attempt) == (JobStatus.FAILED, "TIMEOUT", 1)
    assert failures(again) == []
    assert (await read(sessions, next_one)).status == JobStatus.SUCCEEDED
    assert runtime.pid != before


async def test_a_killed_worker_is_followed_by_another(sessions, start, notes):
    """Killed at its deadline with the job in its hands; the lease ends soon after."""
    job = await add_work(sessions, "never_look", notes)
    runtime = await start(PARAKEET_SOFT_STOP_SECONDS="0.001", PARAKEET_STOP_GRACE_SECONDS="0.0005")
    await runtime.invoke(sqs_event())

    with pytest.raises(FunctionTimeout):
        await runtime.invoke(sqs_event(job_body(job.id)), 6)
    held = await read(sessions, job)
    await let_lease_lapse(sessions, job)
    async with unit_of_work(sessions) as session:
        await JobRepository(session).sweep(PATIENCE)

    assert held.status == JobStatus.RUNNING
    assert held.lease_until - held.started_at < timedelta(seconds=11.5)
    assert await events(sessions, job) == ["submitted", "claimed", "requeued"]


async def test_a_zombie_writes_nothing_and_acknowledges(sessions, start, notes):
    job = await add_work(sessions, "hold_the_loop", notes, seconds=60.0)
    first, second = await start(), await start()
    running = asyncio.create_task(first.invoke(sqs_event(job_body(job.id)), 100))
    await begun(sessions, job)

    async with unit_of_work(sessions) as session:
        taken = await take_over(session, job)
    answer = await running

    row = await read(sessions, job)
    assert failures(answer) == []
    assert (row.status, row.fence) == (JobStatus.RUNNING, taken)
    assert "published" not in notes.read_text()
    assert failures(await second.invoke(sqs_event(job_body(job.id)))) == []


async def take_over(session, job) -> int:
    """Claim the job as another worker does whose rival fell silent."""
    lapsed = update(Job).where(col(Job.id) == job.id).values(lease_until=seconds_from_now(-1.0))
    await session.execute(lapsed)
    claim = await JobRepository(session).claim(job.id, lease=timedelta(minutes=1))
    return claim.fence


@pytest.mark.parametrize(
    ("work", "detail"),
    [
        ("leave", "the computation raised SystemExit: 3"),
        ("answer_nan", "the computation raised ValueError: Out of range float values"),
    ],
)
async def test_a_work_that_misbehaves_fails_its_job_and_not_its_process(
    sessions, start, notes, work, detail
):
    job = await add_work(sessions, work, notes)
    runtime = await start()
    await runtime.invoke(sqs_event())
    before = runtime.pid

    answer = await runtime.invoke(sqs_event(job_body(job.id)))

    row = await ended(sessions, job)
    assert failures(answer) == []
    assert (row.status, row.failure_reason) == (JobStatus.FAILED, "UNEXPECTED_ERROR")
    assert row.failure_detail.startswith(detail)
    assert runtime.pid == before


async def test_messages_come_back_while_the_database_is_away(start, sessions, notes):
    job = await add_work(sessions, "succeed", notes)
    runtime = await start(DATABASE_URL="postgresql://u:p@127.0.0.1:9/secret_name")
    record = sqs_record(job_body(job.id))

    answer = await runtime.invoke({"Records": [record]})

    assert failures(answer) == [record["messageId"]]
    await until(lambda: "comes back" in runtime.log)
    assert "secret_name" not in runtime.log


async def test_lines_carry_both_ids_and_no_statement(sessions, start, notes):
    job = await add_work(sessions, "answer_nan", notes)
    runtime = await start()

    await runtime.invoke(sqs_event(job_body(job.id)))

    await until(lambda: "JobsFailed" in runtime.log)
    lines = [json.loads(line) for line in runtime.log.splitlines()]
    about = [line for line in lines if line.get("job_id") == str(job.id)]
    assert [line["message"] for line in about][:1] == ["the work failed: INTERNAL UNEXPECTED_ERROR"]
    assert {len(line["request_id"]) for line in about} == {36}
    assert all(len(line) < 6_000 for line in runtime.log.splitlines())
