"""A computation in a thread: what ends it, and what does not disturb its caller."""

import asyncio
import threading
import time
from contextlib import asynccontextmanager
from dataclasses import replace
from uuid import UUID

import pytest

from api import telemetry
from api.adapters.work_thread import WorkThread
from api.errors import ErrorCode, Unavailable
from api.services.failures import WorkFailed
from api.services.work import ClaimedJob, Deadline, Pulse, Stopped
from tests.api.job_rows import USUAL
from tests.waiting import until

JOB = ClaimedJob(
    id=UUID(int=1), kind="BACKTEST", fence=1, attempt=1, owner_id=UUID(int=2), payload={}
)


@asynccontextmanager
async def thread_of(work, *, timeout_seconds=60.0, grace_seconds=20.0):
    closed = []

    @asynccontextmanager
    async def open_works():
        yield {"BACKTEST": work}
        closed.append(threading.current_thread().name)

    made = WorkThread(open_works, timeout_seconds=timeout_seconds, grace_seconds=grace_seconds)
    yield made
    await made.stop()
    assert closed == ([] if made.abandoned else ["works"])


async def look_up(job, pulse):
    while True:
        time.sleep(0.001)  # noqa: ASYNC251 - holds its loop on purpose
        pulse(0.5, "looking up")


async def test_it_has_its_own_thread_and_loop_and_keeps_them():
    seen = []

    async def work(job, pulse):
        seen.append((threading.get_ident(), id(asyncio.get_running_loop())))
        return {"job": telemetry.job_id.get()}

    token = telemetry.job_id.set("j1")
    async with thread_of(work) as thread:
        answers = [await thread.work(JOB, Pulse()) for _ in range(2)]
    telemetry.job_id.reset(token)

    assert answers == [{"job": "j1"}] * 2
    assert len(set(seen)) == 1
    assert seen[0] != (threading.get_ident(), id(asyncio.get_running_loop()))


async def test_the_caller_s_loop_goes_on():
    ticks = 0
    pulse = Pulse()

    async def tick():
        nonlocal ticks
        while ticks < 20:
            await asyncio.sleep(0.005)
            ticks += 1
        pulse.stopped = True

    async with thread_of(look_up) as thread:
        ticking = asyncio.create_task(tick())
        with pytest.raises(Stopped):
            await thread.work(JOB, pulse)
        await ticking

    assert ticks == 20


async def test_the_soft_stop_is_unavailable_so_that_the_job_is_tried_again():
    pulse = Pulse(Deadline.after(10.0, soft_stop_seconds=9.9))

    async with thread_of(look_up) as thread:
        with pytest.raises(Unavailable, match="time ran out"):
            await thread.work(JOB, pulse)

    assert pulse.stopped


async def test_a_whole_timeout_is_a_failure():
    async with thread_of(look_up, timeout_seconds=0.1) as thread:
        with pytest.raises(WorkFailed) as failed:
            await thread.work(JOB, Pulse(Deadline.after(60.0)))

    assert failed.value.failure.code is ErrorCode.TIMEOUT
    assert not failed.value.failure.transient


@pytest.mark.parametrize("seconds", [0.0, -5.0, 3.0])
async def test_nothing_is_begun_after_the_soft_stop(seconds):
    begun = []

    async def work(job, pulse):
        begun.append(job)
        return {}

    async with thread_of(work) as thread:
        with pytest.raises(Unavailable):
            await thread.work(JOB, Pulse(Deadline.after(seconds, soft_stop_seconds=3.0)))

    assert begun == []


async def test_a_work_that_ends_within_its_grace_has_ended():
    async def work(job, pulse):
        await until(lambda: pulse.stopped)
        return {"summary": 42}

    async with thread_of(work, timeout_seconds=0.05) as thread:
        assert await thread.work(JOB, Pulse()) == {"summary": 42}


@pytest.mark.parametrize(
    ("told", "expected"), [("by the clock", WorkFailed), ("by the heartbeat", Stopped)]
)
async def test_a_work_that_never_looks_is_abandoned(told, expected):
    leave = threading.Event()

    async def work(job, pulse):
        leave.wait()
        return {}

    pulse = Pulse()
    pulse.stopped = told == "by the heartbeat"
    async with thread_of(work, timeout_seconds=0.05, grace_seconds=0.05) as thread:
        with pytest.raises(expected):
            await thread.work(JOB, pulse)
        with pytest.raises(Unavailable, match="still runs"):
            await thread.work(JOB, Pulse())
        leave.set()

        assert thread.abandoned


async def test_what_cannot_be_opened_is_tried_again():
    tries = []

    @asynccontextmanager
    async def open_works():
        tries.append(1)
        if len(tries) == 1:
            raise OSError("no route")

        async def work(job, pulse):
            return {"summary": 42}

        yield {"BACKTEST": work}

    thread = WorkThread(open_works, timeout_seconds=9.0, grace_seconds=9.0)

    with pytest.raises(Unavailable):
        await thread.work(JOB, Pulse())
    assert await thread.work(JOB, Pulse()) == {"summary": 42}
    await thread.stop()


async def test_a_caller_that_is_cancelled_stops_the_work():
    pulse = Pulse()
    async with thread_of(look_up) as thread:
        running = asyncio.create_task(thread.work(JOB, pulse))
        await until(lambda: pulse.progress)
        running.cancel()
        with pytest.raises(asyncio.CancelledError):
            await running

        assert pulse.stopped


@pytest.mark.parametrize(
    ("remaining", "most"), [(1_000.0, 30.0), (10.0, 15.0), (0.0, 5.0), (-50.0, 5.0)]
)
def test_a_lease_ends_soon_after_its_worker(remaining, most):
    hold = replace(USUAL, deadline=Deadline.after(remaining)).hold.total_seconds()

    assert hold == pytest.approx(most, abs=0.1)
    assert USUAL.hold.total_seconds() == 30.0
