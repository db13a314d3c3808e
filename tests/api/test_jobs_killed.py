"""Whole worker processes, several at once or killed with a job in their hands."""

import asyncio
import os
import signal
import sys
from contextlib import asynccontextmanager
from pathlib import Path

import psutil
import pytest

from models.job import JobStatus
from tests.api.job_rows import begun, ended
from tests.api.works import SCALED, add_work
from tests.waiting import until

ROOT = Path(__file__).parents[2]


@pytest.fixture
def notes(tmp_path):
    return tmp_path / "notes"


def is_running(pid: int) -> bool:
    try:
        return psutil.Process(pid).status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False


@asynccontextmanager
async def worker_process(database_url, tmp_path):
    """A worker in a process of its own, with its child below it."""
    environment = {f"PARAKEET_{name.upper()}": str(value) for name, value in SCALED.items()}
    environment |= {"DATABASE_URL": database_url, "PARAKEET_HOME": str(tmp_path)}
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "tests.api.works", cwd=ROOT, env=os.environ | environment
    )
    try:
        yield process
    finally:
        if process.returncode is None:
            process.kill()
        await process.wait()


def children(pid: int) -> list[int]:
    return [child.pid for child in psutil.Process(pid).children(recursive=True)]


async def test_a_killed_worker_process_is_replaced_and_the_job_ends_once(
    sessions, database_url, tmp_path, notes
):
    job = await add_work(sessions, "count", notes, seconds=3.0)

    async with worker_process(database_url, tmp_path) as first:
        row = await begun(sessions, job)
        computing = children(first.pid)
        first.send_signal(signal.SIGKILL)
        await first.wait()
        await until(lambda: not any(is_running(pid) for pid in computing))
    async with worker_process(database_url, tmp_path):
        row = await ended(sessions, job)

    assert len(computing) == 1
    assert (row.status, row.attempt, row.fence) == (JobStatus.SUCCEEDED, 2, 2)
    assert notes.read_text().split("\n") == ["begun 1", "begun 2", "done 2", "published 2", ""]


async def test_a_computation_that_says_nothing_ends_with_its_worker(
    sessions, database_url, tmp_path, notes
):
    job = await add_work(sessions, "never_look", notes)

    async with worker_process(database_url, tmp_path) as worker:
        await begun(sessions, job)
        (computing,) = children(worker.pid)
        worker.send_signal(signal.SIGKILL)
        await worker.wait()

    assert await until(lambda: not is_running(computing))


async def test_two_workers_share_the_jobs_and_do_each_once(sessions, database_url, tmp_path, notes):
    jobs = [await add_work(sessions, "count", notes, seconds=0.2) for _ in range(8)]

    async with worker_process(database_url, tmp_path), worker_process(database_url, tmp_path):
        rows = [await ended(sessions, job) for job in jobs]

    assert {row.status for row in rows} == {JobStatus.SUCCEEDED}
    assert notes.read_text().count("published") == 8
    assert {row.attempt for row in rows} == {1}
