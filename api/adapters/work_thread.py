"""Computation in a thread of this process: what `child_process` is where a process may be had.

The works get a loop and connections of their own, opened once. So the caller's loop stays free,
whatever a work does to its own, and goes on to extend the lease.
"""

import asyncio
import json
import threading
import time
from collections.abc import Callable, Mapping
from concurrent.futures import Future
from contextlib import AbstractAsyncContextManager
from typing import Any

from api.errors import ErrorCode, Unavailable
from api.services.failures import Failure, WorkFailed, failure_of
from api.services.work import ClaimedJob, Pulse, Stopped, Work
from api.telemetry import logger

Works = Mapping[str, Work]
# Opens what the works need, on the loop it is entered on.
OpenWorks = Callable[[], AbstractAsyncContextManager[Works]]

STOP_POLL_SECONDS = 0.05


class WorkThread:
    """One warm thread; it performs one job at a time.

    Nothing can end a thread from outside. A work that did not stop when it was told to leaves the
    thread `abandoned`: its process should end once that is recorded.

    Parameters
    ----------
    timeout_seconds, grace_seconds : float
        Longest computation of a job, and the time it has to stop when it is told to.
    """

    def __init__(
        self, open_works: OpenWorks, *, timeout_seconds: float, grace_seconds: float
    ) -> None:
        self.timeout_seconds = timeout_seconds
        self.grace_seconds = grace_seconds
        self.abandoned = False
        self._open_works = open_works
        self._host: _Host | None = None
        self._turn = asyncio.Lock()

    async def stop(self) -> None:
        """Close what the works opened; what is abandoned is left to the end of the process."""
        host, self._host = self._host, None
        if host is not None and not self.abandoned:
            await asyncio.to_thread(host.stop)

    async def work(self, job: ClaimedJob, pulse: Pulse) -> dict[str, Any]:
        """Perform the job in the thread. Raises Stopped, WorkFailed, Unavailable."""
        async with self._turn:
            host = await self._alive()
            limit = min(self.timeout_seconds, pulse.deadline.working_seconds)
            if limit <= 0:
                raise self._out_of_time(limit)
            running = asyncio.wrap_future(host.submit(job, pulse))
            try:
                overran = await self._watch(running, pulse, limit)
            except asyncio.CancelledError:
                pulse.stopped = True
                raise
            if self.abandoned:
                logger.error("the computation did not stop in time; its process has to end")
                raise self._out_of_time(limit) if overran else Stopped
            try:
                return running.result()
            except Stopped:
                if overran:
                    raise self._out_of_time(limit) from None
                raise

    async def _alive(self) -> "_Host":
        """Return the thread; start it if there is none."""
        if self.abandoned:
            raise Unavailable("an earlier computation still runs in this process")
        host = self._host or _Host(self._open_works)
        try:
            await asyncio.wrap_future(host.opened)
        except Exception as e:  # of any kind: the works open stores, databases and libraries
            raise Unavailable("what a computation needs could not be opened") from e
        self._host = host
        return host

    async def _watch(self, running: asyncio.Future[Any], pulse: Pulse, limit: float) -> bool:
        """Wait until the work has ended or did not obey; return whether its time ran out."""
        end = time.monotonic() + limit
        while not (running.done() or pulse.stopped or time.monotonic() >= end):
            await asyncio.wait({running}, timeout=STOP_POLL_SECONDS)
        overran = not (running.done() or pulse.stopped)
        if overran:
            pulse.stopped = True
        if not running.done():
            await asyncio.wait({running}, timeout=self.grace_seconds)
        self.abandoned = not running.done()
        return overran

    def _out_of_time(self, limit: float) -> Exception:
        """Tell a computation that is too long from a worker that had too little time left."""
        if limit < self.timeout_seconds:
            return Unavailable("the worker's time ran out before the computation ended")
        message = f"the computation took longer than {self.timeout_seconds:g} seconds"
        return WorkFailed(Failure(code=ErrorCode.TIMEOUT, message=message))


class _Host:
    """The thread itself: it holds the works open until it is stopped or its process ends."""

    def __init__(self, open_works: OpenWorks) -> None:
        self.opened: Future[Works] = Future()
        self._open_works = open_works
        self._loop = asyncio.new_event_loop()
        self._closing = asyncio.Event()
        self._thread = threading.Thread(target=self._run, name="works", daemon=True)
        self._thread.start()

    def submit(self, job: ClaimedJob, pulse: Pulse) -> "Future[dict[str, Any]]":
        work = self.opened.result()[job.kind]
        return asyncio.run_coroutine_threadsafe(_perform(work, job, pulse), self._loop)

    def stop(self) -> None:
        self._loop.call_soon_threadsafe(self._closing.set)
        self._thread.join()

    def _run(self) -> None:
        with asyncio.Runner(loop_factory=lambda: self._loop) as runner:
            runner.run(self._hold_open())

    async def _hold_open(self) -> None:
        try:
            async with self._open_works() as works:
                self.opened.set_result(works)
                await self._closing.wait()
        except Exception as error:
            logger.exception("what the works need could not be opened or closed")
            if not self.opened.done():
                self.opened.set_exception(error)


async def _perform(work: Work, job: ClaimedJob, pulse: Pulse) -> dict[str, Any]:
    try:
        outcome = await work(job, pulse)
        json.dumps(outcome, allow_nan=False)  # as through the pipe of a child process
    except SystemExit as error:
        logger.exception("nobody foresaw this in the work of job %s", job.id)
        raise WorkFailed(failure_of(error)) from error
    return outcome
