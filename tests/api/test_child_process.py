"""A computation in a process of its own: what comes out of it, and what cannot break it."""

import asyncio
import os
import signal
import subprocess
import sys
from uuid import uuid4

import pytest

from api.adapters.child_process import ChildProcess
from api.errors import ErrorCode, Unavailable
from api.services.failures import Failure, WorkFailed
from api.services.work import ClaimedJob, Pulse, Stopped
from tests.waiting import until


@pytest.fixture
async def child():
    made = ChildProcess("tests.api.works:entry", {}, timeout_seconds=20.0, grace_seconds=0.3)
    yield made
    await made.stop()


def claimed(work: str, **payload) -> ClaimedJob:
    return ClaimedJob(
        id=uuid4(),
        kind="BACKTEST",
        fence=1,
        attempt=1,
        owner_id=uuid4(),
        payload={"work": work, **payload},
    )


def test_linear_algebra_has_one_thread_so_that_sums_are_rounded_alike():
    code = (
        "import api.adapters.child_main, numpy, scipy.linalg, threadpoolctl as t;"
        "print({each['num_threads'] for each in t.threadpool_info() if each['user_api'] == 'blas'})"
    )
    known = {name: value for name, value in os.environ.items() if "THREADS" not in name}

    told = subprocess.check_output([sys.executable, "-c", code], env=known, text=True)

    assert told.strip() == "{1}"


async def failure(child: ChildProcess, work: str) -> Failure:
    with pytest.raises(WorkFailed) as caught:
        await child.work(claimed(work), Pulse())
    return caught.value.failure


class Remembered(Pulse):
    """Keeps every progress it was told, however late whoever asks comes to look."""

    def __init__(self):
        self.seen = []
        super().__init__()

    def __setattr__(self, name, value):
        if name == "progress":
            self.seen.append(value)
        super().__setattr__(name, value)


async def test_returns_the_outcome_and_streams_progress(child, tmp_path):
    pulse = Remembered()
    job = claimed("count", notes=str(tmp_path / "notes"), seconds=1.0)

    outcome = await child.work(job, pulse)

    assert outcome == {"summary": {"answer": 42}, "sha256": "ab", "compute_seconds": 0.5}
    assert pulse.stage == "Counting"
    assert pulse.seen == sorted(pulse.seen)
    assert len(set(pulse.seen)) > 3


async def test_keeps_one_warm_child(child):
    await child.start()
    first = child.pid

    await failure(child, "divide")

    assert child.pid == first


async def test_a_work_that_raises_says_what(child):
    assert await failure(child, "divide") == Failure(
        code=ErrorCode.INTERNAL,
        message="the computation raised ZeroDivisionError: division by zero",
        reason="UNEXPECTED_ERROR",
    )


async def test_an_engine_error_keeps_its_code(child):
    assert await failure(child, "miss_data") == Failure(
        code=ErrorCode.MISSING_DATA,
        message="AUDUSD is unknown before 1999-01-04; start later",
    )


async def test_a_work_that_exits_does_not_take_the_child_with_it(child):
    await child.start()
    first = child.pid

    found = await failure(child, "leave")

    assert (found.code, child.pid) == (ErrorCode.INTERNAL, first)


async def test_an_outcome_that_json_cannot_carry_is_a_failure(child):
    assert (await failure(child, "answer_nan")).code == ErrorCode.INTERNAL


async def test_what_a_work_prints_disturbs_nothing(child):
    assert await child.work(claimed("chatter"), Pulse()) == {"summary": "said"}


async def test_stops_at_the_next_checkpoint(child, tmp_path):
    pulse = Pulse()
    job = claimed("count", notes=str(tmp_path / "notes"), seconds=60.0)
    running = asyncio.create_task(child.work(job, pulse))
    await until(lambda: pulse.stage)
    first = child.pid

    pulse.stopped = True
    with pytest.raises(Stopped):
        await running

    assert child.pid == first
    assert (tmp_path / "notes").read_text() == "begun 1\n"


async def test_kills_a_computation_that_does_not_look(child):
    pulse = Pulse()
    running = asyncio.create_task(child.work(claimed("never_look"), pulse))
    await until(lambda: pulse.stage)

    pulse.stopped = True
    with pytest.raises(Stopped):
        await running

    assert await child.work(claimed("chatter"), Pulse()) == {"summary": "said"}


async def test_a_computation_without_end_is_ended():
    child = ChildProcess("tests.api.works:entry", {}, timeout_seconds=0.5, grace_seconds=0.3)
    await child.start()

    found = await failure(child, "never_look")

    assert (found.code, found.transient) == (ErrorCode.TIMEOUT, False)
    assert found.message == "the computation took longer than 0.5 seconds"
    assert child.pid is None


async def test_a_killed_child_is_replaced(child):
    pulse = Pulse()
    running = asyncio.create_task(child.work(claimed("never_look"), pulse))
    await until(lambda: pulse.stage)

    os.kill(child.pid, signal.SIGKILL)
    with pytest.raises(Unavailable, match="ended with code -9"):
        await running

    assert await child.work(claimed("chatter"), Pulse()) == {"summary": "said"}


async def test_an_answer_that_cannot_be_read_does_not_reach_the_next_job(child, monkeypatch):
    monkeypatch.setattr("api.adapters.child_process.MAX_LINE_BYTES", 1_000)

    with pytest.raises(ValueError, match="limit"):
        await child.work(claimed("flood"), Pulse())

    assert await child.work(claimed("chatter"), Pulse()) == {"summary": "said"}


async def test_a_child_killed_between_two_jobs_is_replaced(child):
    await child.start()
    os.kill(child.pid, signal.SIGKILL)
    await until(lambda: child._process.returncode is not None)

    assert await child.work(claimed("chatter"), Pulse()) == {"summary": "said"}


async def test_a_cancelled_task_leaves_no_computation_behind(child):
    pulse = Pulse()
    running = asyncio.create_task(child.work(claimed("never_look"), pulse))
    await until(lambda: pulse.stage)
    pid = child.pid

    running.cancel()
    with pytest.raises(asyncio.CancelledError):
        await running

    with pytest.raises(ProcessLookupError):
        os.kill(pid, 0)


async def test_a_child_that_cannot_start_is_unavailable():
    child = ChildProcess("tests.api.works:broken_entry", {}, timeout_seconds=9, grace_seconds=1)

    with pytest.raises(Unavailable, match="ended with code 1"):
        await child.work(claimed("count"), Pulse())
