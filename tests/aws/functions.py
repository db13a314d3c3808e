"""A worker function whose works misbehave as their jobs say, for a real Lambda process."""

import asyncio
import os
import sys
import time
from contextlib import asynccontextmanager
from functools import cached_property
from pathlib import Path
from typing import Any

from api.adapters.work_thread import WorkThread
from api.container import FunctionApp
from api.lambdas.batches import perform_batch
from api.services.work import Steps, Stopped
from api.settings import Settings
from api.telemetry import configure_function


def note(job: Any, line: str) -> None:
    with Path(job.payload["notes"]).open("a") as file:
        file.write(f"{line}\n")


async def hold_the_loop(job, pulse):
    """Compute without ever yielding to the loop, looking up now and then."""
    note(job, f"begun {job.fence}")
    end = time.monotonic() + job.payload["seconds"]
    while time.monotonic() < end:
        sum(range(50_000))
        pulse(0.1, "holding")
    note(job, f"done {job.fence}")
    return {"summary": 42}


async def compute_in_a_thread(job, pulse):
    return await asyncio.to_thread(asyncio.run, hold_the_loop(job, pulse))


async def never_look(job, pulse):
    """Ignore the order to stop."""
    note(job, f"begun {job.fence}")
    while True:
        time.sleep(0.05)  # noqa: ASYNC251 - deaf on purpose


async def leave(job, pulse):
    sys.exit(3)


async def answer_nan(job, pulse):
    return {"summary": float("nan")}


async def stop(job, pulse):
    raise Stopped


async def succeed(job, pulse):
    note(job, f"done {job.fence}")
    return {"summary": 42, "counts": {"Backtests": 1}}


WORKS = {
    work.__name__: work
    for work in (hold_the_loop, compute_in_a_thread, never_look, leave, answer_nan, stop, succeed)
}


@asynccontextmanager
async def open_misbehaving():
    async def work(job, pulse):
        return await WORKS[job.payload["work"]](job, pulse)

    yield {"BACKTEST": work}


async def publish(session, job, outcome) -> None:
    note(job, f"published {job.fence}")


class MisbehavingApp(FunctionApp):
    @cached_property
    def thread(self):
        return WorkThread(
            open_misbehaving,
            timeout_seconds=self.settings.job_timeout_seconds,
            grace_seconds=self.settings.stop_grace_seconds,
        )

    @cached_property
    def kinds(self):
        return {"BACKTEST": Steps(work=self.compute, publish=publish)}


if "AWS_LAMBDA_RUNTIME_API" in os.environ:
    configure_function("INFO")
    app = MisbehavingApp(Settings())


def handler(event, context):
    return perform_batch(event, context, app)
