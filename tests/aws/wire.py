"""A relay before PostgreSQL that can lose the reply to a COMMIT: nobody knows then what holds.

It reads as much of the protocol as it takes to know what a transaction has said, and passes on the
rest unread. asyncpg prepares its statements, so their texts are remembered by name.
"""

import asyncio
import re
import tempfile
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager, suppress
from pathlib import Path
from typing import Self

from sqlalchemy.engine import make_url

SOCKET = ".s.PGSQL.5432"
CUT = (ConnectionError, asyncio.IncompleteReadError, asyncio.CancelledError)


class Wire:
    """Another address of a database whose server listens on a socket in the file system."""

    server: asyncio.Server

    def __init__(self, database_url: str, folder: Path) -> None:
        upstream = make_url(database_url)
        self.upstream = Path(str(upstream.query["host"])) / SOCKET
        self.folder = folder
        self.url = upstream.set(query={"host": str(folder)}).render_as_string(hide_password=False)
        self.losses: list[Loss] = []
        self.tasks: set[asyncio.Task[None]] = set()

    @classmethod
    @asynccontextmanager
    async def open(cls, database_url: str) -> AsyncIterator[Self]:
        with tempfile.TemporaryDirectory(prefix="wire-") as folder:
            wire = cls(database_url, Path(folder))
            wire.server = await asyncio.start_unix_server(wire._accept, wire.folder / SOCKET)
            try:
                yield wire
            finally:
                wire.server.close()
                for task in wire.tasks:
                    task.cancel()
                await asyncio.gather(*wire.tasks, return_exceptions=True)

    @contextmanager
    def losing_the_commit(self, of: str) -> Iterator[asyncio.Event]:
        """Commit the next transaction that says what the pattern finds, and cut the connection.

        What is yielded is set as soon as it has been committed.
        """
        loss = Loss(of)
        self.losses.append(loss)
        yield loss.happened
        self.losses.remove(loss)

    async def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self.tasks.add(task)
        task.add_done_callback(self.tasks.discard)
        with suppress(*CUT):
            await self._relay(reader, writer)
        await _close(writer)

    async def _relay(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        connecting = asyncio.create_task(asyncio.open_unix_connection(self.upstream))
        try:
            upstream, downstream = await asyncio.shield(connecting)
        except asyncio.CancelledError:
            # What was being opened is open by now or soon, and nobody else would close it.
            _, downstream = await connecting
            await _close(downstream)
            raise
        talk = Talk(self.losses)
        asking = asyncio.create_task(talk.ask(reader, downstream))
        answering = asyncio.create_task(talk.answer(upstream, writer))
        try:
            # Either side that ends ends both, as a connection does.
            await asyncio.wait({asking, answering}, return_when=asyncio.FIRST_COMPLETED)
        finally:
            # First of all: who cancels us while we wait here leaves nobody to close it.
            downstream.close()
            for task in (asking, answering):
                task.cancel()
            await asyncio.gather(asking, answering, return_exceptions=True)


class Loss:
    """Of one reply, once."""

    def __init__(self, of: str) -> None:
        self.of = re.compile(of, re.DOTALL)
        self.asked = False
        self.happened = asyncio.Event()

    def takes(self, said: str) -> bool:
        """Whether this is the transaction; the first one is, and no other."""
        if self.asked or not self.of.search(said):
            return False
        self.asked = True
        return True


class Talk:
    """One connection: what its transaction has said, and whether the reply to its end is lost."""

    def __init__(self, losses: list[Loss]) -> None:
        self.losses = losses
        self.texts: dict[bytes, str] = {}
        self.said: list[str] = []
        self.loss: Loss | None = None

    async def ask(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        size = await reader.readexactly(4)
        writer.write(size + await reader.readexactly(int.from_bytes(size) - 4))
        while True:
            kind, content = await _read(reader)
            self._heed(kind, content)
            await _write(writer, kind, content)

    def _heed(self, kind: bytes, content: bytes) -> None:
        match kind:
            case b"P":
                name, said, _ = content.split(b"\0", 2)
                self.texts[name] = said.decode()
            case b"B":
                self.said.append(self.texts[content.split(b"\0", 2)[1]])
            case b"Q" if content.startswith(b"BEGIN"):
                self.said = []
            case b"Q" if content.startswith(b"COMMIT"):
                said = "\n".join(self.said)
                self.loss = next((each for each in self.losses if each.takes(said)), None)

    async def answer(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while True:
            kind, content = await _read(reader)
            if self.loss is not None and (kind, content) == (b"C", b"COMMIT\0"):
                self.loss.happened.set()
                return
            await _write(writer, kind, content)


async def _read(reader: asyncio.StreamReader) -> tuple[bytes, bytes]:
    head = await reader.readexactly(5)
    return head[:1], await reader.readexactly(int.from_bytes(head[1:]) - 4)


async def _write(writer: asyncio.StreamWriter, kind: bytes, content: bytes) -> None:
    writer.write(kind + (len(content) + 4).to_bytes(4) + content)
    await writer.drain()


async def _close(writer: asyncio.StreamWriter) -> None:
    writer.close()
    with suppress(*CUT):
        await writer.wait_closed()
