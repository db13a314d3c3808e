"""A loopback proxy between a function and the emulator; a test tells it what to spoil.

One request per connection: what comes in is read whole, shown to the rules in order, and passed
on unless one of them decides otherwise. An answer of None cuts the connection instead.
"""

import asyncio
from collections.abc import Awaitable, Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from typing import Self
from urllib.parse import urlsplit


@dataclass(frozen=True)
class Call:
    """A request of an AWS client: SQS names its action in a header, S3 in method and path."""

    method: str
    path: str
    headers: Mapping[str, str]
    body: bytes
    raw: bytes

    @property
    def action(self) -> str:
        return self.headers.get("x-amz-target", "").rpartition(".")[2]


Forward = Callable[[], Awaitable[bytes]]
Matches = Callable[[Call], bool]
Spoil = Callable[[Call, Forward], Awaitable[bytes | None]]


class Relay:
    server: asyncio.Server

    def __init__(self, upstream: str) -> None:
        place = urlsplit(upstream)
        self.upstream = (place.hostname, place.port)
        self.rules: list[tuple[Matches, Spoil]] = []
        self.seen: list[Call] = []
        self.tasks: set[asyncio.Task[None]] = set()

    @classmethod
    async def start(cls, upstream: str) -> Self:
        relay = cls(upstream)
        relay.server = await asyncio.start_server(relay._accept, "127.0.0.1", 0)
        return relay

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server.sockets[0].getsockname()[1]}"

    @contextmanager
    def spoiling(self, matches: Matches, spoil: Spoil) -> Iterator[None]:
        """Let `spoil` answer the calls that match while the block runs."""
        rule = (matches, spoil)
        self.rules.append(rule)
        try:
            yield
        finally:
            self.rules.remove(rule)

    async def stop(self) -> None:
        self.server.close()
        for task in self.tasks:
            task.cancel()
        await asyncio.gather(*self.tasks, return_exceptions=True)

    async def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self.tasks.add(task)
        task.add_done_callback(self.tasks.discard)
        # A client that was killed leaves its connection in whatever state it was.
        with suppress(ConnectionError, asyncio.IncompleteReadError, asyncio.CancelledError):
            call = await _read_call(reader, writer)
            self.seen.append(call)
            answer = await self._answer(call)
            if answer is not None:
                writer.write(answer)
                await writer.drain()
        writer.close()

    async def _answer(self, call: Call) -> bytes | None:
        async def forward() -> bytes:
            return await self._pass_on(call)

        for matches, spoil in self.rules:
            if matches(call):
                return await spoil(call, forward)
        return await forward()

    async def _pass_on(self, call: Call) -> bytes:
        reader, writer = await asyncio.open_connection(*self.upstream)
        try:
            writer.write(call.raw)
            await writer.drain()
            return await reader.read()
        finally:
            writer.close()


async def _read_call(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> Call:
    head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").split("\r\n")
    method, path, _ = head[0].split(" ", 2)
    lines = [line.partition(":") for line in head[1:] if line]
    headers = {name.lower(): value.strip() for name, _, value in lines}
    if "expect" in headers:
        writer.write(b"HTTP/1.1 100 Continue\r\n\r\n")
    body = await _read_body(reader, headers)
    kept = [f"{name}:{value}" for name, _, value in lines if name.lower() not in HOP_BY_HOP]
    top = "\r\n".join([head[0], *kept, "Connection: close", "", ""])
    return Call(method, path, headers, body, top.encode("latin-1") + body)


HOP_BY_HOP = {"connection", "expect", "keep-alive"}


async def _read_body(reader: asyncio.StreamReader, headers: Mapping[str, str]) -> bytes:
    if headers.get("transfer-encoding", "") != "chunked":
        return await reader.readexactly(int(headers.get("content-length", "0")))
    body = bytearray()
    while True:
        size = await reader.readuntil(b"\r\n")
        body += size + await reader.readexactly(int(size, 16) + 2)
        if int(size, 16) == 0:
            return bytes(body)


def sqs(action: str, queue_url: str | None = None) -> Matches:
    """Match an action of SQS, of every queue or of one."""
    return lambda call: (
        call.action in (action, f"{action}Batch")
        and (queue_url is None or queue_url.encode() in call.body)
    )


def s3(method: str, under: str) -> Matches:
    """Match a method on the objects whose key has this in it."""
    return lambda call: not call.action and call.method == method and under in call.path


def answering(status: int, code: str = "InternalError") -> Spoil:
    """Answer with this error, in the words of the service asked."""

    async def spoil(call: Call, _: Forward) -> bytes:
        if call.action:
            return response(status, b'{"__type":"com.amazonaws.sqs#%b"}' % code.encode())
        return response(status, b"<Error><Code>%b</Code></Error>" % code.encode())

    return spoil


async def losing_the_reply(_: Call, forward: Forward) -> None:
    """Do what was asked and say nothing."""
    await forward()


async def truncating(_: Call, forward: Forward) -> bytes:
    """Pass on half of the body and cut."""
    head, _, body = (await forward()).partition(b"\r\n\r\n")
    return head + b"\r\n\r\n" + body[: len(body) // 2]


async def flipping_a_bit(_: Call, forward: Forward) -> bytes:
    """Pass on a body of the right length that is not the one stored."""
    head, _, body = (await forward()).partition(b"\r\n\r\n")
    return head + b"\r\n\r\n" + body[:-9] + bytes([body[-9] ^ 1]) + body[-8:]


def times(limit: int, spoil: Spoil) -> Spoil:
    """Spoil so many calls; let the others pass."""
    left = limit

    async def some(call: Call, forward: Forward) -> bytes | None:
        nonlocal left
        if left <= 0:
            return await forward()
        left -= 1
        return await spoil(call, forward)

    return some


def response(status: int, body: bytes) -> bytes:
    head = f"HTTP/1.1 {status} Spoiled\r\nContent-Length: {len(body)}\r\nConnection: close\r\n\r\n"
    return head.encode() + body


class Hold:
    """Stops the first call that matches, before it is passed on or before its reply goes back."""

    def __init__(self, *, reply: bool = False) -> None:
        self.reply = reply
        self.reached = asyncio.Event()
        self.released = asyncio.Event()

    async def __call__(self, _: Call, forward: Forward) -> bytes | None:
        if self.reached.is_set() and not self.released.is_set():
            await self.released.wait()
            return await forward()
        answer = await forward() if self.reply else None
        self.reached.set()
        await self.released.wait()
        return answer if self.reply else await forward()
