"""The relay before PostgreSQL, ended with a connection in any state: it leaves none behind."""

import asyncio
import tempfile
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest
from sqlalchemy.engine import URL

from tests.aws.wire import CUT, SOCKET, Wire


class Upstream:
    """A server that counts who is connected, and says nothing."""

    def __init__(self) -> None:
        self.connected = 0

    async def accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connected += 1
        with suppress(*CUT):
            await reader.read()
        self.connected -= 1
        writer.close()


async def turns(count: int) -> None:
    for _ in range(count):
        await asyncio.sleep(0)


@pytest.fixture
def folder() -> Iterator[Path]:
    """A place whose name leaves a socket's path room, as that of `tmp_path` may not."""
    with tempfile.TemporaryDirectory(prefix="wire-") as name:
        yield Path(name)


# Turns of the event loop: how far a connection has come when its client leaves, and how far its end
# when the relay itself ends.
@pytest.mark.parametrize("opening", range(8))
@pytest.mark.parametrize("ending", range(10))
async def test_a_wire_that_ends_while_a_client_leaves_closes_both_sides(opening, ending, folder):
    upstream = Upstream()
    server = await asyncio.start_unix_server(upstream.accept, folder / SOCKET)
    address = URL.create("postgresql", query={"host": str(folder)})
    async with server:
        async with Wire.open(address.render_as_string()) as wire:
            _, client = await asyncio.open_unix_connection(wire.folder / SOCKET)
            while not wire.tasks:
                await turns(1)
            await turns(opening)
            client.close()
            await turns(ending)
        async with asyncio.timeout(5):
            while upstream.connected:
                await turns(1)
