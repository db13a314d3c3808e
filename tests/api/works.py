"""Works that misbehave in every way a strategy can; run inside a real child process."""

import asyncio
import os
import signal
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from functools import cached_property
from pathlib import Path

from api.errors import Unavailable
from api.running import working
from api.services.work import Pulse, Steps
from api.settings import Settings
from api.wiring import App
from engine.errors import MissingData
from models.job import Job
from tests.api.job_rows import add_job

SCALED = {
    "lease_seconds": 3.0,
    "heartbeat_seconds": 0.3,
    "progress_seconds": 0.05,
    "sweep_seconds": 0.1,
    "unsent_after_seconds": 0.0,
    "stop_grace_seconds": 0.5,
    "retry_base_seconds": 0.02,
    "retry_cap_seconds": 0.1,
}


async def add_work(sessions, work, notes, **payload) -> Job:
    return await add_job(sessions, payload=payload | {"work": work, "notes": str(notes)})


def note(job, line: str) -> None:
    """Leave a trace that outlives the process, where the job asks for one."""
    if "notes" not in job.payload:
        return
    with Path(job.payload["notes"]).open("a") as file:
        file.write(f"{line}\n")


async def count(job, pulse: Pulse):
    """Compute in this thread, without ever yielding to the loop, in many small steps."""
    note(job, f"begun {job.fence}")
    end = time.monotonic() + job.payload.get("seconds", 0.0)
    while time.monotonic() < end:
        left = max(0.0, end - time.monotonic())
        pulse(1.0 - left / job.payload["seconds"], "Counting")
        sum(range(10_000))
    note(job, f"done {job.fence}")
    return {"summary": {"answer": 42}, "sha256": "ab", "compute_seconds": 0.5}


async def never_look(job, pulse: Pulse):
    """Ignore the order to stop."""
    pulse(0.1, "Deaf")
    while True:
        time.sleep(0.05)  # noqa: ASYNC251 - deaf on purpose


async def divide(job, pulse: Pulse):
    return {"summary": 1 / 0}


async def miss_data(job, pulse: Pulse):
    raise MissingData("AUDUSD is unknown before 1999-01-04; start later")


async def leave(job, pulse: Pulse):
    raise SystemExit(0)


async def answer_nan(job, pulse: Pulse):
    return {"summary": float("nan")}


async def chatter(job, pulse: Pulse):
    print("x" * 100_000)  # noqa: T201 - what a work prints must not disturb the pipe
    return {"summary": "said"}


async def flood(job, pulse: Pulse):
    return {"summary": "x" * 100_000}


async def be_unavailable(job, pulse: Pulse):
    note(job, f"tried {job.attempt}")
    if job.attempt <= job.payload["times"]:
        raise Unavailable("the object store did not answer")
    return {"summary": "at last"}


async def die(job, pulse: Pulse):
    note(job, f"tried {job.attempt}")
    if job.attempt <= job.payload["times"]:
        pulse(0.3, "Dying")
        os.kill(os.getpid(), signal.SIGKILL)
    return {"summary": "survived"}


WORKS = {
    function.__name__: function
    for function in (
        count,
        never_look,
        divide,
        miss_data,
        leave,
        answer_nan,
        chatter,
        flood,
        be_unavailable,
        die,
    )
}


@asynccontextmanager
async def entry(settings) -> AsyncIterator[dict]:
    """Every kind of job does what its payload says."""

    async def work(job, pulse):
        return await WORKS[job.payload["work"]](job, pulse)

    yield {"BACKTEST": work}


@asynccontextmanager
async def broken_entry(settings) -> AsyncIterator[dict]:
    raise RuntimeError("the engine could not be imported")
    yield {}


class MisbehavingApp(App):
    """The application with our works in its child process, and a publishing that leaves a trace."""

    entry = "tests.api.works:entry"

    @cached_property
    def kinds(self):
        return {"BACKTEST": Steps(work=self.child.work, publish=publish)}


async def publish(session, job, outcome) -> None:
    note(job, f"published {job.fence}")


async def work_on() -> None:
    """Be a worker process: what `parakeet serve` is behind its API."""
    app = MisbehavingApp(Settings())
    try:
        async with working(app):
            await asyncio.Event().wait()
    finally:
        await app.close()


if __name__ == "__main__":
    asyncio.run(work_on())
