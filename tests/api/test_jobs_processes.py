"""Jobs whose computation runs in a child process, which may raise, hang or die."""

import asyncio

import psutil
import pytest
from sqlalchemy import text

from api.adapters.local_queue import LocalQueue
from api.jobs import JobMessage
from api.running import working
from api.services.jobs import dispatch
from api.settings import Settings
from models.job import JobStatus
from models.session import unit_of_work
from tests.api.job_rows import begun, cancel, ended, read
from tests.api.works import SCALED, MisbehavingApp, add_work
from tests.waiting import until


@pytest.fixture
async def app(sessions, database_url, tmp_path):
    made = MisbehavingApp(
        Settings(_env_file=None, database_url=database_url, home=tmp_path, **SCALED)
    )
    yield made
    await made.close()


@pytest.fixture
def notes(tmp_path):
    return tmp_path / "notes"


async def test_a_job_nobody_sent_is_found_by_the_sweeper_and_done(app, sessions, notes):
    job = await add_work(sessions, "count", notes)

    async with working(app):
        row = await ended(sessions, job)

    assert row.status == JobStatus.SUCCEEDED
    assert notes.read_text().split("\n") == ["begun 1", "done 1", "published 1", ""]


async def test_messages_that_died_with_their_process_are_sent_again(app, sessions, notes):
    job = await add_work(sessions, "count", notes)
    await dispatch([job.id], sessions, LocalQueue())

    async with working(app):
        row = await ended(sessions, job)

    assert row.status == JobStatus.SUCCEEDED


async def test_heartbeats_go_on_while_the_computation_keeps_its_loop_busy(app, sessions, notes):
    job = await add_work(sessions, "count", notes, seconds=4.5)

    async with working(app):
        row = await ended(sessions, job)

    assert (row.status, row.attempt) == (JobStatus.SUCCEEDED, 1)


async def test_progress_of_the_child_reaches_the_row(app, sessions, notes):
    job = await add_work(sessions, "count", notes, seconds=4.0)
    seen = []

    async with working(app):
        while (row := await read(sessions, job)).finished_at is None:
            seen.append(row.progress)
            await asyncio.sleep(0.02)

    assert seen == sorted(seen)
    assert len(set(seen)) >= 5
    assert (row.stage, row.progress) == ("Counting", 1.0)


async def test_a_duplicate_delivery_computes_once(app, sessions, notes):
    job = await add_work(sessions, "count", notes, seconds=0.3)
    last = await add_work(sessions, "chatter", notes)

    await app.queue.send([JobMessage(job_id=job.id)] * 5 + [JobMessage(job_id=last.id)])
    async with working(app):
        await ended(sessions, last)
        row = await ended(sessions, job)

    assert row.attempt == 1
    assert notes.read_text().count("done") == 1
    assert notes.read_text().count("published") == 2


async def test_a_work_that_raises_leaves_the_worker_alive(app, sessions, notes):
    bad = await add_work(sessions, "divide", notes)
    worse = await add_work(sessions, "leave", notes)
    good = await add_work(sessions, "count", notes)

    async with working(app):
        rows = [await ended(sessions, job) for job in (bad, worse, good)]

    assert [(row.status, row.failure_code) for row in rows] == [
        (JobStatus.FAILED, "INTERNAL"),
        (JobStatus.FAILED, "INTERNAL"),
        (JobStatus.SUCCEEDED, None),
    ]
    assert rows[0].failure_detail == "the computation raised ZeroDivisionError: division by zero"


async def test_an_unreadable_message_does_not_stop_the_worker(app, sessions, notes):
    app.queue.retry_seconds = 0.01
    app.queue.put_body("not a message")
    app.queue.put_body("")
    good = await add_work(sessions, "count", notes)

    async with working(app):
        row = await ended(sessions, good)
        await until(lambda: len(app.queue.dead_letters) == 2)

    assert row.status == JobStatus.SUCCEEDED


async def test_cancel_stops_the_child_at_its_next_checkpoint(app, sessions, notes):
    app.child.grace_seconds = 30.0  # on a busy machine half a second may not reach the checkpoint
    job = await add_work(sessions, "count", notes, seconds=60.0)
    after = await add_work(sessions, "chatter", notes)

    async with working(app):
        await begun(sessions, job)
        pid = app.child.pid
        answer = await cancel(sessions, job)
        row = await ended(sessions, job)
        await ended(sessions, after)
        same = app.child.pid

    assert (answer, row.status, same) == ("CANCELLING", JobStatus.CANCELLED, pid)
    assert notes.read_text() == "begun 1\npublished 1\n"


async def test_cancel_ends_a_computation_that_never_looks(app, sessions, notes):
    job = await add_work(sessions, "never_look", notes)

    async with working(app):
        await begun(sessions, job)
        await cancel(sessions, job)
        row = await ended(sessions, job)

    assert row.status == JobStatus.CANCELLED


async def test_a_killed_child_costs_an_attempt_and_no_more(app, sessions, notes):
    job = await add_work(sessions, "die", notes, times=1)

    async with working(app):
        row = await ended(sessions, job)

    assert (row.status, row.attempt, row.fence) == (JobStatus.SUCCEEDED, 2, 2)
    assert notes.read_text().split("\n") == ["tried 1", "tried 2", "published 2", ""]


async def test_a_work_that_always_kills_its_child_ends_failed(app, sessions, notes):
    job = await add_work(sessions, "die", notes, times=99)
    good = await add_work(sessions, "count", notes)

    async with working(app):
        row = await ended(sessions, job)
        other = await ended(sessions, good)

    assert (row.status, row.attempt) == (JobStatus.FAILED, 3)
    assert (row.failure_code, row.failure_reason) == ("RESOURCE_EXHAUSTED", "ATTEMPTS_EXHAUSTED")
    assert other.status == JobStatus.SUCCEEDED


async def test_a_transient_error_is_tried_again(app, sessions, notes):
    job = await add_work(sessions, "be_unavailable", notes, times=2)

    async with working(app):
        row = await ended(sessions, job)

    assert (row.status, row.attempt) == (JobStatus.SUCCEEDED, 3)


async def test_stopping_gives_the_job_back_and_ends_the_child(app, sessions, notes):
    job = await add_work(sessions, "count", notes, seconds=60.0)

    async with working(app):
        await begun(sessions, job)
        pid = app.child.pid

    row = await read(sessions, job)
    assert (row.status, row.lease_until) == (JobStatus.QUEUED, None)
    assert not psutil.pid_exists(pid)


async def test_events_are_numbered_without_gap_whatever_happened(app, sessions, notes):
    job = await add_work(sessions, "die", notes, times=2)

    async with working(app):
        await ended(sessions, job)

    async with unit_of_work(sessions) as session:
        found = await session.execute(
            text("SELECT seq, fence, kind FROM job_event WHERE job_id = :id ORDER BY seq"),
            {"id": job.id},
        )
    assert [tuple(row) for row in found] == [
        (1, 0, "submitted"),
        (2, 1, "claimed"),
        (3, 1, "released"),
        (4, 2, "claimed"),
        (5, 2, "released"),
        (6, 3, "claimed"),
        (7, 3, "succeeded"),
    ]
