"""A small HTTP server on loopback that keeps count of what it was asked, and can misbehave."""

import asyncio
import json
from collections.abc import Callable, Mapping
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field, replace
from http import HTTPStatus
from urllib.parse import parse_qsl, unquote, urlsplit


@dataclass(frozen=True)
class Asked:
    """One request as it came in."""

    path: str
    query: Mapping[str, str]
    headers: Mapping[str, str]


@dataclass(frozen=True, kw_only=True)
class Answer:
    """What goes back; `hangs`, `cut` and `drips` are how a transfer goes wrong."""

    body: bytes = b""
    status: int = 200
    headers: Mapping[str, str] = field(default_factory=dict)
    hangs: bool = False  # nothing is ever sent
    cut: bool = False  # the connection ends in the middle of the body
    drips: bool = False  # a byte now and then, without end
    delay_seconds: float = 0.0


def answer_json(document: object, *, status: int = 200, **headers: str) -> Answer:
    return Answer(
        body=json.dumps(document).encode(),
        status=status,
        headers={"content-type": "application/json", **headers},
    )


Responder = Callable[[Asked], Answer]


class Loopback:
    """A running server: its address, and every request since it started."""

    def __init__(self, respond: Responder):
        self.respond = respond
        self.asked: list[Asked] = []
        self.running = 0  # at this moment
        self.most_running = 0  # at any moment so far
        self.url = ""
        self._turns: set[asyncio.Task[None]] = set()

    def count(self, part: str = "") -> int:
        """Tell how many requests had this in their path."""
        return sum(part in asked.path for asked in self.asked)

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        self._turns.add(task)
        try:
            while await self._turn(reader, writer):
                pass
        except (asyncio.IncompleteReadError, ConnectionError, asyncio.CancelledError):
            pass  # whoever asked is gone, or we are closing
        finally:
            self._turns.discard(task)
            writer.close()
            with suppress(ConnectionError):
                await writer.wait_closed()

    async def _turn(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> bool:
        asked = _parse(await reader.readuntil(b"\r\n\r\n"))
        self.asked.append(asked)
        self.running += 1
        self.most_running = max(self.most_running, self.running)
        try:
            answer = self.respond(asked)
            await asyncio.sleep(answer.delay_seconds)
            return await _send(writer, answer)
        finally:
            self.running -= 1

    async def close(self) -> None:
        for task in self._turns:
            task.cancel()
        await asyncio.gather(*self._turns, return_exceptions=True)


def _parse(head: bytes) -> Asked:
    first, *lines = head.decode("latin-1").split("\r\n")
    parts = urlsplit(first.split(" ")[1])
    headers = dict(line.split(": ", 1) for line in lines if ": " in line)
    return Asked(
        path=unquote(parts.path),
        query=dict(parse_qsl(parts.query, keep_blank_values=True)),
        headers={name.lower(): value for name, value in headers.items()},
    )


async def _send(writer: asyncio.StreamWriter, answer: Answer) -> bool:
    """Send the answer; tell whether the connection is still good."""
    if answer.hangs:
        await asyncio.Event().wait()
    headers = {"content-length": str(len(answer.body)), **answer.headers}
    if answer.drips:
        headers["content-length"] = str(10**9)
    lines = [f"HTTP/1.1 {answer.status} {HTTPStatus(answer.status).phrase}"]
    lines += [f"{name}: {value}" for name, value in headers.items()]
    writer.write(("\r\n".join(lines) + "\r\n\r\n").encode())
    while answer.drips:
        writer.write(b" ")
        await writer.drain()
        await asyncio.sleep(0.02)
    writer.write(answer.body[: len(answer.body) // 2] if answer.cut else answer.body)
    await writer.drain()
    return not answer.cut


@asynccontextmanager
async def serving(respond: Responder):
    """Serve until the block ends; what is yielded has `.url`, `.asked` and `.count(part)`."""
    made = Loopback(respond)
    server = await asyncio.start_server(made.serve, "127.0.0.1", 0)
    made.url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
    async with server:
        try:
            yield made
        finally:
            server.close()
            await made.close()


def delayed(answer: Answer, seconds: float) -> Answer:
    return replace(answer, delay_seconds=answer.delay_seconds + seconds) if seconds else answer
