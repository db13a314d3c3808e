"""The child's side of `api.adapters.child_process`: read jobs, perform them, answer in lines."""

import asyncio
import importlib
import json
import os
import sys
import threading
import time
from collections.abc import Callable, Mapping
from contextlib import AbstractAsyncContextManager
from typing import Any, BinaryIO
from uuid import UUID

from api.services.failures import UNFORESEEN, failure_of
from api.services.work import ClaimedJob, Pulse, Stopped, Work
from api.telemetry import logger

# Opens what the works need, from dumped settings, inside the child.
Entry = Callable[[dict[str, Any]], AbstractAsyncContextManager[Mapping[str, Work]]]
Line = dict[str, Any]

REPORT_SECONDS = 0.05

# How a sum is rounded depends on the threads that share it. A library of linear algebra reads this
# when it is loaded, so it is said before anything loads one; the image says it to the functions.
for _name in ("OPENBLAS_NUM_THREADS", "VECLIB_MAXIMUM_THREADS"):
    os.environ[_name] = "1"


class Channel:
    """Lines to the parent, written whole from any thread."""

    def __init__(self, file: BinaryIO) -> None:
        self._file = file
        self._lock = threading.Lock()

    def send(self, line: Line) -> None:
        encoded = json.dumps(line, allow_nan=False).encode() + b"\n"
        with self._lock:
            self._file.write(encoded)
            self._file.flush()


class ReportingPulse(Pulse):
    """Tells the parent of progress, at most every twentieth of a second within a stage."""

    def __init__(self, channel: Channel) -> None:
        super().__init__()
        self._channel = channel
        self._told_stage: str | None = None
        self._told_at = 0.0

    def __call__(self, progress: float, stage: str) -> None:
        super().__call__(progress, stage)
        now = time.monotonic()
        if stage == self._told_stage and now - self._told_at < REPORT_SECONDS:
            return
        self._told_stage, self._told_at = stage, now
        self._channel.send({"progress": self.progress, "stage": stage})


class Orders:
    """Reads the parent's lines in a thread of its own, which a busy loop cannot hold up."""

    def __init__(self, source: BinaryIO, channel: Channel) -> None:
        self._source = source
        self._channel = channel
        self._loop = asyncio.get_running_loop()
        self._pulse: Pulse | None = None
        self.jobs: asyncio.Queue[tuple[ClaimedJob, Pulse]] = asyncio.Queue()

    def read_on(self) -> None:
        for line in self._source:
            match json.loads(line):
                case {"job": dict(fields)}:
                    self._pulse = ReportingPulse(self._channel)
                    order = (_load_job(fields), self._pulse)
                    self._loop.call_soon_threadsafe(self.jobs.put_nowait, order)
                case {"stop": _} if self._pulse is not None:
                    self._pulse.stopped = True
        os._exit(0)  # the parent is gone; nobody is left to tell


async def _perform_on(entry: Entry, settings: Line, source: BinaryIO, channel: Channel) -> None:
    async with entry(settings) as works:
        orders = Orders(source, channel)
        threading.Thread(target=orders.read_on, daemon=True).start()
        channel.send({"ready": True})
        while True:
            job, pulse = await orders.jobs.get()
            await _perform(job, pulse, works, channel)


async def _perform(
    job: ClaimedJob, pulse: Pulse, works: Mapping[str, Work], channel: Channel
) -> None:
    try:
        outcome = await works[job.kind](job, pulse)
        channel.send({"outcome": outcome})
    except Stopped:
        channel.send({"stopped": True})
    except (Exception, SystemExit) as error:
        failure = failure_of(error)
        if failure.reason in UNFORESEEN:
            logger.exception("nobody foresaw this in the work of job %s", job.id)
        channel.send({"failure": failure.dump()})


def _load_job(fields: Line) -> ClaimedJob:
    ids = {"id": UUID(fields["id"]), "owner_id": UUID(fields["owner_id"])}
    return ClaimedJob(**fields | ids)


def _load_entry(name: str) -> Entry:
    module, _, function = name.partition(":")
    entry: Entry = getattr(importlib.import_module(module), function)
    return entry


def main(entry_name: str) -> None:
    """Serve the parent until its end of the pipe closes."""
    answers = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)  # what a work prints must not mix with our lines
    settings = json.loads(sys.stdin.buffer.readline())["settings"]
    entry = _load_entry(entry_name)
    asyncio.run(_perform_on(entry, settings, sys.stdin.buffer, Channel(answers)))


if __name__ == "__main__":
    main(sys.argv[1])
