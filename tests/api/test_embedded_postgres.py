"""The embedded server: started, shared, stopped, and found again after a crash."""

import asyncio
import os
import signal
import sys
import tempfile
from pathlib import Path

import asyncpg
import psutil
import pytest

from api.adapters import embedded_postgres
from api.adapters.embedded_postgres import MAX_SOCKET_BYTES, EmbeddedPostgres
from api.errors import Unavailable
from models.session import database_url
from tests.waiting import until


@pytest.fixture(scope="module")
def home():
    """A folder whose path is too long for a socket, and has spaces in it.

    Outside pytest's folders, which another run may close to the server's user meanwhile.
    """
    with tempfile.TemporaryDirectory(prefix="home-") as folder:
        yield Path(folder).resolve() / f"my {'very ' * 20}long folder"


def is_there(path: str) -> bool:
    return Path(path).exists()


def postmaster(home: Path) -> int:
    return int((home / "postgres" / "postmaster.pid").read_text().splitlines()[0])


def is_alive(pid: int) -> bool:
    """Whether the process runs; one that waits to be reaped does not."""
    try:
        return psutil.Process(pid).status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False


async def gone(pid: int) -> bool:
    return await until(lambda: not is_alive(pid))


async def ask(server: EmbeddedPostgres, statement: str):
    url = database_url(server.url)
    connection = await asyncpg.connect(
        user=url.username, database=url.database, host=url.query["host"], port=5432
    )
    try:
        return await connection.fetchval(statement)
    finally:
        await connection.close()


async def test_starts_serves_and_stops(home):
    server = EmbeddedPostgres(home)

    server.start()
    version = await ask(server, "SELECT current_setting('server_version_num')::int / 10000")
    addresses = await ask(server, "SHOW listen_addresses")
    socket_folder = await ask(server, "SHOW unix_socket_directories")
    pid = postmaster(home)
    server.stop()

    assert (version, addresses) == (18, "")
    assert len(os.fsencode(str(home / "postgres" / ".s.PGSQL.5432"))) > MAX_SOCKET_BYTES
    assert await gone(pid)
    assert not is_there(socket_folder)


async def test_only_its_owner_may_enter_the_folders(home):
    server = EmbeddedPostgres(home)

    server.start()
    folders = [server.data, Path(await ask(server, "SHOW unix_socket_directories"))]
    modes = [folder.stat().st_mode & 0o777 for folder in folders]
    server.stop()

    assert modes == [0o700, 0o700]


async def test_keeps_its_data_between_starts(home):
    server = EmbeddedPostgres(home)
    server.start()
    await ask(server, "CREATE TABLE kept (answer int)")
    await ask(server, "INSERT INTO kept VALUES (42)")
    server.stop()

    server.start()
    found = await ask(server, "SELECT answer FROM kept")
    server.stop()

    assert found == 42


async def test_the_last_of_several_stops_it(home):
    first, second = EmbeddedPostgres(home), EmbeddedPostgres(home)
    first.start()
    second.start()
    pid = postmaster(home)

    first.stop()
    still = await ask(second, "SELECT 1")
    second.stop()

    assert still == 1
    assert await gone(pid)


async def test_a_killed_process_does_not_keep_it_running(home):
    """Its lock went with it: the next to come is the last to leave."""
    code = (
        "import os, signal, sys, pathlib\n"
        "from api.adapters.embedded_postgres import EmbeddedPostgres\n"
        "EmbeddedPostgres(pathlib.Path(sys.argv[1])).start()\n"
        "os.kill(os.getpid(), signal.SIGKILL)\n"
    )
    killed = await asyncio.create_subprocess_exec(sys.executable, "-c", code, str(home))
    await killed.wait()
    left = postmaster(home)
    alive_after_the_kill = is_alive(left)

    server = EmbeddedPostgres(home)
    server.start()
    joined = postmaster(home)
    server.stop()

    assert alive_after_the_kill
    assert joined == left
    assert await gone(left)


async def test_recovers_from_a_killed_server(home):
    server = EmbeddedPostgres(home)
    server.start()
    os.kill(postmaster(home), signal.SIGKILL)

    other = EmbeddedPostgres(home)
    other.start()
    found = await ask(other, "SELECT 1")
    other.stop()
    server.stop()

    assert found == 1


async def test_an_interrupted_first_start_is_begun_again(tmp_path):
    (tmp_path / "postgres.new").mkdir()
    (tmp_path / "postgres.new" / "half").touch()
    server = EmbeddedPostgres(tmp_path)

    server.start()
    found = await ask(server, "SELECT 1")
    server.stop()

    assert found == 1


async def test_opens_the_way_again_for_the_server_s_user(home):
    """As root the server runs as another user, who must pass the folders above its own."""
    server = EmbeddedPostgres(home)
    server.start()
    server.stop()
    home.parent.chmod(0o700)

    server.start()
    found = await ask(server, "SELECT 1")
    server.stop()

    assert found == 1


def test_says_what_is_missing(tmp_path, monkeypatch):
    monkeypatch.setattr(embedded_postgres, "PACKAGE", "nowhere_to_be_found")

    with pytest.raises(Unavailable, match="is not installed; install it or set DATABASE_URL"):
        EmbeddedPostgres(tmp_path).start()


def test_says_why_the_server_did_not_start(tmp_path):
    server = EmbeddedPostgres(tmp_path)
    server.start()
    server.stop()
    (server.data / "postgresql.conf").write_text("shared_buffers = 'none'\n")

    with pytest.raises(Unavailable, match=r"shared_buffers"):
        server.start()
    server.stop()


def test_says_when_no_path_is_short_enough(tmp_path, monkeypatch):
    monkeypatch.setattr(embedded_postgres, "MAX_SOCKET_BYTES", 10)

    with pytest.raises(Unavailable, match="set TMPDIR to a shorter one"):
        EmbeddedPostgres(tmp_path).start()
