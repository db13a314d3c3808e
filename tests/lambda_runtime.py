"""AWS Lambda's side of a function: a runtime API on loopback that drives the real `awslambdaric`.

1. Each process has a runtime API of its own, so that a dead one cannot take an event.
2. The clock of an invocation starts when the process takes it; what it needs to start is apart.
3. An invocation that outlives its time ends with SIGKILL for the process and all it started.
4. A process that ended, however it did, is replaced at the next invocation: a cold start.

    runtime = await LambdaRuntime.start("api.lambdas.query.handler", env={...})
    answer = await runtime.invoke(event, timeout_seconds=30)
    await runtime.stop()
"""

import asyncio
import json
import os
import signal
import sys
import time
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Self
from uuid import uuid4

ROOT = Path(__file__).parents[1]
START_SECONDS = 60.0
LARGEST_ANSWER = 6 * 1024 * 1024  # of a synchronous invocation, in bytes
REGION = "ap-southeast-2"
API = "/2018-06-01/runtime"


class FunctionError(Exception):
    """The function failed: `kind` is the name of its exception, or Lambda's name for the fault."""

    def __init__(self, kind: str, message: str) -> None:
        super().__init__(f"{kind}: {message}")
        self.kind = kind
        self.message = message


class FunctionTimeout(Exception):
    """The function outlived its time and was killed."""


@dataclass(frozen=True)
class Invocation:
    event: Any
    timeout_seconds: float
    id: str = field(default_factory=lambda: str(uuid4()))
    taken: asyncio.Future[None] = field(default_factory=asyncio.Future)
    answer: asyncio.Future[Any] = field(default_factory=asyncio.Future)

    def settle(self, answer: Any) -> None:
        if not self.answer.done():
            self.answer.set_result(answer)

    def fail(self, failure: Exception) -> None:
        if not self.answer.done():
            self.answer.set_exception(failure)


class LambdaRuntime:
    """One function with at most one process, as one concurrent caller of Lambda sees it."""

    def __init__(self, handler: str, env: Mapping[str, str], python: str, cwd: Path) -> None:
        self.command = [python, "-m", "awslambdaric", handler]
        self.name = "parakeet-test-" + handler.split(".")[-2]
        self.env = _lambda_variables(self.name, handler, cwd) | dict(env)
        self.cwd = cwd
        self.place: Sandbox | None = None
        self.past_log = ""
        self._turn = asyncio.Lock()

    @classmethod
    async def start(
        cls,
        handler: str,
        *,
        env: Mapping[str, str] | None = None,
        python: str | Path = sys.executable,
        cwd: str | Path = ROOT,
    ) -> Self:
        """Spawn the function's process; it imports the handler while the caller goes on."""
        runtime = cls(handler, env or {}, str(python), Path(cwd))
        runtime.place = await Sandbox.open(runtime.command, runtime.env, runtime.cwd, runtime.name)
        return runtime

    async def invoke(self, event: Any, timeout_seconds: float = 30) -> Any:
        """Return the function's answer. Raises FunctionError, FunctionTimeout."""
        async with self._turn:
            if self.place is None or self.place.ended:
                await self.stop()
                self.place = await Sandbox.open(self.command, self.env, self.cwd, self.name)
            return await self.place.invoke(Invocation(event, timeout_seconds))

    @property
    def pid(self) -> int | None:
        """Of the process that runs now; None when it has ended."""
        return None if self.place is None or self.place.ended else self.place.process.pid

    @property
    def log(self) -> str:
        """What every process of this function has written so far."""
        return self.past_log + (self.place.log if self.place else "")

    def kill(self) -> None:
        """End the process as a failing host does; an invocation under way fails."""
        if self.place is not None:
            self.place.kill()

    async def stop(self) -> None:
        """End the process and its runtime API. Harmless when repeated."""
        if self.place is not None:
            place, self.place = self.place, None
            await place.close()
            self.past_log += place.log

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.stop()


class Sandbox:
    """One process of a function, and the runtime API it asks for work."""

    process: asyncio.subprocess.Process
    server: asyncio.Server

    def __init__(self, name: str) -> None:
        self.name = name
        self.offered: asyncio.Queue[Invocation] = asyncio.Queue()
        self.current: Invocation | None = None
        self.broken = False
        self.written = bytearray()
        self.tasks: set[asyncio.Task[Any]] = set()

    @classmethod
    async def open(cls, command: list[str], env: Mapping[str, str], cwd: Path, name: str) -> Self:
        place = cls(name)
        place.server = await asyncio.start_server(place._serve, "127.0.0.1", 0)
        port = place.server.sockets[0].getsockname()[1]
        place.process = await asyncio.create_subprocess_exec(
            *command,
            env={**env, "AWS_LAMBDA_RUNTIME_API": f"127.0.0.1:{port}"},
            cwd=cwd,
            stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.STDOUT,
            start_new_session=True,  # so that one signal reaches whatever it starts
        )
        place._keep(asyncio.create_task(place._read_log()))
        return place

    @property
    def ended(self) -> bool:
        return self.process.returncode is not None

    @property
    def log(self) -> str:
        return self.written.decode(errors="replace")

    async def invoke(self, invocation: Invocation) -> Any:
        self.current = invocation
        self.offered.put_nowait(invocation)
        watch = asyncio.create_task(self._fail_at_exit(invocation))
        try:
            async with asyncio.timeout(START_SECONDS):
                started = (invocation.taken, invocation.answer)
                await asyncio.wait(started, return_when=asyncio.FIRST_COMPLETED)
            async with asyncio.timeout(invocation.timeout_seconds):
                return await invocation.answer
        except TimeoutError as e:
            raise FunctionTimeout(f"{self.name} was killed at the end of its time") from e
        finally:
            watch.cancel()
            # Out of time, the caller gone, or the client about to exit on what it was told.
            if self.broken or not invocation.answer.done() or invocation.answer.cancelled():
                await self.end()
            self.current = None

    async def _fail_at_exit(self, invocation: Invocation) -> None:
        code = await self.process.wait()
        invocation.fail(FunctionError("Runtime.ExitError", f"the process exited with code {code}"))

    def kill(self) -> None:
        with suppress(ProcessLookupError):
            os.killpg(self.process.pid, signal.SIGKILL)

    async def end(self) -> None:
        self.kill()
        await self.process.wait()

    async def close(self) -> None:
        await self.end()
        self.server.close()
        for task in self.tasks:
            task.cancel()
        await asyncio.gather(*self.tasks, return_exceptions=True)

    def _keep(self, task: asyncio.Task[Any] | None) -> None:
        if task is not None:
            self.tasks.add(task)
            task.add_done_callback(self.tasks.discard)

    async def _read_log(self) -> None:
        assert self.process.stdout is not None
        while chunk := await self.process.stdout.read(65_536):
            self.written += chunk

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._keep(asyncio.current_task())
        # A process that is killed leaves its connection in whatever state it was.
        with suppress(ConnectionError, asyncio.IncompleteReadError, asyncio.CancelledError):
            while True:
                head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").split("\r\n")
                path = head[0].split(" ")[1]
                headers = {k.lower(): v.strip() for k, _, v in (h.partition(":") for h in head[1:])}
                body = await reader.readexactly(int(headers.get("content-length", "0")))
                writer.write(await self._respond(path, headers, body))
                await writer.drain()
        writer.close()

    async def _respond(self, path: str, headers: Mapping[str, str], body: bytes) -> bytes:
        if path == f"{API}/invocation/next":
            return self._handed(await self.offered.get())
        if path == f"{API}/init/error":
            self.broken = True
            kind = headers.get("lambda-runtime-function-error-type", "Runtime.Unknown")
            return self._failed(kind, body)
        called, _, verb = path.removeprefix(f"{API}/invocation/").rpartition("/")
        if self.current is None or called != self.current.id:
            return _response("400 Bad Request", {"errorType": "InvalidRequestID"})
        if verb == "error":
            return self._failed(json.loads(body)["errorType"], body)
        return self._answered(self.current, body)

    def _handed(self, invocation: Invocation) -> bytes:
        """Give the event away; from now on its time runs."""
        invocation.taken.set_result(None)
        deadline = int((time.time() + invocation.timeout_seconds) * 1000)
        root = f"1-{int(time.time()):08x}-{uuid4().hex[:24]}"
        return _response(
            "200 OK",
            invocation.event,
            {
                "Lambda-Runtime-Aws-Request-Id": invocation.id,
                "Lambda-Runtime-Deadline-Ms": str(deadline),
                "Lambda-Runtime-Invoked-Function-Arn": (
                    f"arn:aws:lambda:{REGION}:123456789012:function:{self.name}:live"
                ),
                "Lambda-Runtime-Trace-Id": f"Root={root};Parent={uuid4().hex[:16]};Sampled=0",
            },
        )

    def _failed(self, kind: str, body: bytes) -> bytes:
        if self.current is not None:
            message = str(json.loads(body).get("errorMessage", ""))
            self.current.fail(FunctionError(kind, message))
        return _response("202 Accepted", {"status": "OK"})

    def _answered(self, invocation: Invocation, body: bytes) -> bytes:
        if len(body) > LARGEST_ANSWER:
            self.broken = True
            message = f"the answer had {len(body)} bytes; the most is {LARGEST_ANSWER}"
            invocation.fail(FunctionError("Function.ResponseSizeTooLarge", message))
            return _response("413 Payload Too Large", {"errorMessage": message})
        invocation.settle(json.loads(body))
        return _response("202 Accepted", {"status": "OK"})


def _response(status: str, body: Any, headers: Mapping[str, str] | None = None) -> bytes:
    content = json.dumps(body).encode()
    told = {"Content-Type": "application/json", "Content-Length": str(len(content))}
    lines = [f"{name}: {value}" for name, value in (told | dict(headers or {})).items()]
    return "\r\n".join([f"HTTP/1.1 {status}", *lines, "", ""]).encode() + content


def _lambda_variables(name: str, handler: str, cwd: Path) -> dict[str, str]:
    """Return what Lambda sets, and nothing of the caller's environment but its PATH."""
    return {
        "PATH": os.environ.get("PATH", os.defpath),
        "LANG": "en_US.UTF-8",
        "TZ": ":UTC",
        "AWS_REGION": REGION,
        "AWS_DEFAULT_REGION": REGION,
        "AWS_LAMBDA_FUNCTION_NAME": name,
        "AWS_LAMBDA_FUNCTION_VERSION": "1",
        "AWS_LAMBDA_FUNCTION_MEMORY_SIZE": "1024",
        "AWS_LAMBDA_INITIALIZATION_TYPE": "on-demand",
        "AWS_LAMBDA_LOG_GROUP_NAME": f"/aws/lambda/{name}",
        "AWS_LAMBDA_LOG_STREAM_NAME": "test",
        "LAMBDA_TASK_ROOT": str(cwd),
        "_HANDLER": handler,
    }
