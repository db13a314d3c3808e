"""Computation in a child process, so that neither a long nor a broken one touches its parent.

The parent sends JSON lines to the child's standard input, the child answers with JSON lines on
a private copy of its standard output; what a work prints goes to standard error.

parent: ``{"settings": ...}`` once, ``{"job": ...}``, ``{"stop": true}``
child:  ``{"ready": true}``, ``{"progress": p, "stage": s}``, then one of ``{"outcome": ...}``,
        ``{"stopped": true}``, ``{"failure": ...}``

The child ends when its standard input does: whoever kills the parent ends the child too.
"""

import asyncio
import json
import sys
from asyncio.subprocess import PIPE, Process
from contextlib import suppress
from typing import Any

from api.errors import ErrorCode, Unavailable
from api.services.failures import Failure, WorkFailed
from api.services.work import ClaimedJob, Pulse, Stopped
from api.telemetry import logger

Line = dict[str, Any]

MAX_LINE_BYTES = 64 * 1024 * 1024
STOP_POLL_SECONDS = 0.1


class ChildProcess:
    """One warm child; it performs one job at a time and is replaced when it dies.

    Parameters
    ----------
    entry : str
        ``module:function`` of an `Entry`, loaded by the child.
    settings : dict
        JSON values handed to the entry.
    timeout_seconds, grace_seconds : float
        Longest computation of a job, and the time it has to stop after a cancellation;
        a child that overruns either is killed.
    """

    def __init__(
        self,
        entry: str,
        settings: dict[str, Any],
        *,
        timeout_seconds: float,
        grace_seconds: float,
    ) -> None:
        self.entry = entry
        self.settings = settings
        self.timeout_seconds = timeout_seconds
        self.grace_seconds = grace_seconds
        self._process: Process | None = None
        self._turn = asyncio.Lock()

    @property
    def pid(self) -> int | None:
        return self._process.pid if self._process else None

    async def start(self) -> None:
        """Start the child if there is none, and wait until it is warm."""
        async with self._turn:
            await self._alive()

    async def stop(self) -> None:
        """End the child at once, whatever it does."""
        process, self._process = self._process, None
        if process is not None:
            with suppress(ProcessLookupError):
                process.kill()
            await process.communicate()  # a pipe that is left full would never end the wait

    async def work(self, job: ClaimedJob, pulse: Pulse) -> dict[str, Any]:
        """Perform the job in the child. Raises Stopped, WorkFailed, Unavailable."""
        async with self._turn:
            try:
                async with asyncio.timeout(self.timeout_seconds):
                    return await self._converse(await self._alive(), job, pulse)
            except TimeoutError as e:
                await self.stop()
                raise WorkFailed(_too_long(self.timeout_seconds)) from e
            except (Stopped, WorkFailed):
                raise  # the child said so, and waits for the next job
            except BaseException:
                # What it is at, and what is left in the pipe, nobody knows: the next job needs
                # another child.
                await self.stop()
                raise

    async def _alive(self) -> Process:
        if self._process is not None and self._process.returncode is None:
            return self._process
        self._process = await asyncio.create_subprocess_exec(
            sys.executable,
            "-m",
            "api.adapters.child_main",
            self.entry,
            stdin=PIPE,
            stdout=PIPE,
            limit=MAX_LINE_BYTES,
            start_new_session=True,  # Ctrl-C reaches us only; we end the child in our order
        )
        await _send(self._process, {"settings": self.settings})
        if "ready" not in await _receive(self._process):
            raise Unavailable("the worker process did not start")
        return self._process

    async def _converse(self, process: Process, job: ClaimedJob, pulse: Pulse) -> dict[str, Any]:
        await _send(process, {"job": _dump_job(job)})
        stopping = asyncio.create_task(self._stop_when_told(process, pulse))
        try:
            while True:
                match await _receive(process):
                    case {"progress": float(progress), "stage": str(stage)}:
                        pulse.progress, pulse.stage = progress, stage
                    case {"outcome": dict(outcome)}:
                        return outcome
                    case {"stopped": _}:
                        raise Stopped
                    case {"failure": dict(failure)}:
                        raise WorkFailed(Failure.load(failure))
        except Unavailable:
            if pulse.stopped:
                raise Stopped from None  # killed by us, at the end of its grace
            raise
        finally:
            stopping.cancel()
            await asyncio.wait([stopping])

    async def _stop_when_told(self, process: Process, pulse: Pulse) -> None:
        """Pass the order to stop on; kill a child that does not obey in time."""
        while not pulse.stopped:  # noqa: ASYNC110 - a flag, since threads set it too
            await asyncio.sleep(STOP_POLL_SECONDS)
        await _send(process, {"stop": True})
        await asyncio.sleep(self.grace_seconds)
        logger.warning("the computation did not stop in time; its process is killed")
        with suppress(ProcessLookupError):
            process.kill()


def _too_long(seconds: float) -> Failure:
    message = f"the computation took longer than {seconds:g} seconds"
    return Failure(code=ErrorCode.TIMEOUT, message=message)


async def _send(process: Process, line: Line) -> None:
    assert process.stdin is not None  # noqa: S101 - it was created with PIPE
    process.stdin.write(_encode(line))
    with suppress(ConnectionError):  # a dead child shows itself at the next receive
        await process.stdin.drain()


async def _receive(process: Process) -> Line:
    assert process.stdout is not None  # noqa: S101 - it was created with PIPE
    line = await process.stdout.readline()
    if not line.endswith(b"\n"):
        code = await process.wait()
        raise Unavailable(f"the worker process ended with code {code}")
    found: Line = json.loads(line)
    return found


def _encode(line: Line) -> bytes:
    return json.dumps(line).encode() + b"\n"


def _dump_job(job: ClaimedJob) -> Line:
    return {
        "id": str(job.id),
        "kind": job.kind,
        "fence": job.fence,
        "attempt": job.attempt,
        "owner_id": str(job.owner_id),
        "payload": dict(job.payload),
    }
