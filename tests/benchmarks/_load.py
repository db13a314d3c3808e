"""A load of one request, repeated on several connections: `python _load.py`, its orders on stdin.

Each connection sends the next request when it has the answer to the last. Prints what came of it.
"""

import asyncio
import json
import sys
import time

HEADERS = (
    "POST /graphql HTTP/1.1\r\nhost: 127.0.0.1:{port}\r\ncontent-type: application/json\r\n"
    "accept: application/json\r\ncontent-length: {length}\r\n\r\n"
)


class Caller(asyncio.Protocol):
    """One connection; `waits` are the seconds each answer took."""

    def __init__(self, request: bytes, until: float) -> None:
        self.request, self.until = request, until
        self.waits: list[float] = []
        self.done = asyncio.get_running_loop().create_future()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self.transport = transport
        self._ask()

    def _ask(self) -> None:
        self.asked_at = time.perf_counter()
        if self.asked_at >= self.until:
            self.done.set_result(None)
            self.transport.close()
            return
        self.answer, self.length = bytearray(), 0
        self.transport.write(self.request)

    def data_received(self, data: bytes) -> None:
        self.answer += data
        if not self.length:
            self._read_head()
        if self.length and len(self.answer) >= self.length:
            self.waits.append(time.perf_counter() - self.asked_at)
            self._ask()

    def _read_head(self) -> None:
        end = self.answer.find(b"\r\n\r\n")
        if end < 0:
            return
        head = bytes(self.answer[:end]).lower()
        if not head.startswith(b"http/1.1 200 "):
            raise ValueError(f"the server answered {bytes(self.answer[:500])!r}")
        length = head.partition(b"content-length:")[2].partition(b"\r\n")[0]
        self.length = end + 4 + int(length)

    def connection_lost(self, error: Exception | None) -> None:
        if not self.done.done():
            self.done.set_exception(error or ConnectionError("the server closed the connection"))


async def load(*, port: int, body: str, seconds: float, connections: int) -> dict[str, float]:
    content = body.encode()
    request = HEADERS.format(port=port, length=len(content)).encode() + content
    loop, began = asyncio.get_running_loop(), time.perf_counter()
    callers = [Caller(request, began + seconds) for _ in range(connections)]
    for caller in callers:
        await loop.create_connection(lambda caller=caller: caller, "127.0.0.1", port)
    await asyncio.gather(*(caller.done for caller in callers))
    waits = sorted(wait for caller in callers for wait in caller.waits)
    return {
        "requests": len(waits),
        "per_second": len(waits) / (time.perf_counter() - began),
        "median": waits[len(waits) // 2],
        "p95": waits[int(0.95 * len(waits))],
    }


if __name__ == "__main__":
    json.dump(asyncio.run(load(**json.load(sys.stdin))), sys.stdout)
