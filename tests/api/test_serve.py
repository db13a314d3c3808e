"""`parakeet serve` as a person meets it: real processes, real signals, a real database."""

import asyncio
import os
import re
import signal
import socket
import sys
import tempfile
from contextlib import asynccontextmanager
from pathlib import Path

import asyncpg
import httpx
import psutil
import pytest

from tests.waiting import until

PARAKEET = Path(sys.executable).with_name("parakeet")
READY = re.compile(r"Potential Parakeet is ready at (http://127\.0\.0\.1:\d+)$")
SCALED = {
    "PARAKEET_LEASE_SECONDS": "3",
    "PARAKEET_HEARTBEAT_SECONDS": "0.3",
    "PARAKEET_PROGRESS_SECONDS": "0.05",
    "PARAKEET_SWEEP_SECONDS": "0.2",
}
RUN = """
mutation ($input: RunBacktestInput!) {
  runBacktest(input: $input) { job { id } userErrors { code message field } }
}
"""


class Serve:
    """A running ``parakeet serve`` and what it has said so far."""

    def __init__(self, process: asyncio.subprocess.Process, home: Path) -> None:
        self.process = process
        self.home = home
        self.lines: list[str] = []
        self.address = ""
        self._reading = asyncio.create_task(self._read())

    async def _read(self) -> None:
        async for line in self.process.stdout:
            self.lines.append(line.decode().rstrip())
            if found := READY.match(self.lines[-1]):
                self.address = found[1]

    async def ready(self) -> str:
        def look():
            if self.process.returncode is not None and not self.address:
                raise AssertionError(f"ended with {self.process.returncode}: {self.lines}")
            return self.address

        return await until(look, 100.0)

    def family(self) -> list[psutil.Process]:
        """All it started: its descendants, and the database, which is nobody's child."""
        mine = psutil.Process(self.process.pid).children(recursive=True)
        postmaster = psutil.Process(self.postmaster())
        return [*mine, postmaster, *postmaster.children(recursive=True)]

    def postmaster(self) -> int:
        return int((self.home / "postgres" / "postmaster.pid").read_text().split()[0])

    async def end(self, number: int) -> int:
        self.process.send_signal(number)
        code = await self.process.wait()
        await self._reading
        return code


@pytest.fixture(scope="module")
def home():
    """Outside pytest's folders, which another run may close to the server's user meanwhile."""
    with tempfile.TemporaryDirectory(prefix="home-") as folder:
        yield Path(folder)


@asynccontextmanager
async def serving(home: Path, *options: str, **environment: str):
    started = await start(home, "--port", "0", *options, **environment)
    try:
        yield started
    finally:
        if started.process.returncode is None:
            await started.end(signal.SIGTERM)


async def start(home: Path, *options: str, **environment: str) -> Serve:
    clean = {name: value for name, value in os.environ.items() if name != "DATABASE_URL"}
    process = await asyncio.create_subprocess_exec(
        str(PARAKEET),
        "serve",
        *options,
        cwd=home,
        env=clean | {"PARAKEET_HOME": str(home)} | environment,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
        start_new_session=True,
    )
    return Serve(process, home)


async def refusal(home: Path, *options: str, **environment: str) -> tuple[int, str]:
    started = await start(home, *options, **environment)
    code = await started.process.wait()
    await started._reading
    return code, "\n".join(started.lines)


def left(family: list[psutil.Process]) -> list[str]:
    def lives(process: psutil.Process) -> bool:
        try:
            return process.is_running() and process.status() != psutil.STATUS_ZOMBIE
        except psutil.NoSuchProcess:
            return False

    return [str(process) for process in family if lives(process)]


@pytest.mark.timeout(180)
async def test_first_start_says_what_it_does_and_ctrl_c_leaves_nothing(home):
    async with serving(home) as served:
        address = await served.ready()
        async with httpx.AsyncClient(base_url=address) as client:
            health = await client.get("/healthz")
        family = served.family()
        code = await served.end(signal.SIGINT)

    assert health.status_code == 200
    assert served.lines[0].startswith("Starting the database in ")
    assert served.lines[1].startswith("Loading the sample market")
    assert any(re.search(r"[\d,]{6,} bars", line) for line in served.lines)
    assert served.lines[-1] == "Stopped"
    assert code == 0
    assert len(family) > 3
    assert await until(lambda: not left(family))


async def test_sigterm_stops_a_second_start_too(home):
    async with serving(home) as served:
        await served.ready()
        family = served.family()
        code = await served.end(signal.SIGTERM)

    assert code == 0
    assert not any("Loading" in line for line in served.lines)
    assert await until(lambda: not left(family))


async def test_a_signal_during_the_start_leaves_nothing(home):
    async with serving(home) as served:
        await until(lambda: served.lines)
        code = await served.end(signal.SIGINT)

    assert (code, served.address) == (0, "")
    assert not (home / "postgres" / "postmaster.pid").exists()


async def test_a_taken_port_is_named_with_its_remedy(tmp_path):
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]
        code, said = await refusal(tmp_path, "--port", str(port))

    assert code == 3
    assert said == (
        f"parakeet: port {port} is taken; choose another with PORT=,"
        f" as in `make run PORT={port + 1}`"
    )
    assert not (tmp_path / "postgres").exists()


async def test_an_address_others_could_reach_is_refused(tmp_path):
    code, said = await refusal(tmp_path, "--host", "192.0.2.1")

    assert code == 2
    assert "--host was '192.0.2.1'; without accounts only a loopback address is served" in said


async def test_a_sqlite_address_is_refused_with_the_default_named(tmp_path):
    code, said = await refusal(tmp_path, DATABASE_URL="sqlite:///trades.db")

    assert code == 2
    assert said == (
        "parakeet: setting DATABASE_URL: DATABASE_URL has the scheme 'sqlite', only"
        " postgresql:// is supported; leave DATABASE_URL empty to use the embedded PostgreSQL"
    )


async def test_a_database_that_does_not_answer_is_unavailable(tmp_path):
    # Bound and not listening: nobody answers there, and nobody else can take it.
    with socket.socket() as silent:
        silent.bind(("127.0.0.1", 0))
        port = silent.getsockname()[1]
        code, said = await refusal(
            tmp_path, "--port", "0", DATABASE_URL=f"postgresql://nobody@127.0.0.1:{port}/none"
        )

    assert code == 3
    assert "the database did not answer" in said
    assert "is DATABASE_URL right?" in said


@pytest.mark.timeout(180)
async def test_jobs_of_a_killed_serve_end_once_under_the_next(home):
    """Kill everything while runs are under way; what is submitted is done, and done once."""
    async with serving(home, **SCALED) as first:
        address = await first.ready()
        jobs = [await submit(address, top_n=top_n) for top_n in range(1, 6)]
        await until(lambda: statuses(first.home, "running"))
        os.killpg(first.process.pid, signal.SIGKILL)
        await first.process.wait()
    async with serving(home, **SCALED) as second:
        await second.ready()
        await until(lambda: all_ended(home, len(jobs)), 60.0)
        ends = await query(
            home,
            "SELECT status, count(*) FILTER (WHERE job_event.kind = 'succeeded') AS successes"
            " FROM job JOIN job_event ON job_id = id WHERE job.kind = 'BACKTEST' GROUP BY id",
        )

    assert [(end["status"], end["successes"]) for end in ends] == [("succeeded", 1)] * 5


async def submit(address: str, **parameters) -> str:
    wanted = {
        "strategy": "momentum",
        "parameters": parameters,
        "universe": "SAMPLE_US",
        "start": "2001-01-02",
        "end": "2022-12-28",
    }
    async with httpx.AsyncClient(base_url=address) as client:
        body = {"query": RUN, "variables": {"input": wanted}}
        answer = (await client.post("/graphql", json=body)).json()
    assert answer["data"]["runBacktest"]["userErrors"] == []
    return answer["data"]["runBacktest"]["job"]["id"]


async def query(home: Path, statement: str) -> list[asyncpg.Record]:
    folder = (home / "postgres" / "postmaster.pid").read_text().split("\n")[4]
    connection = await asyncpg.connect(user="postgres", database="postgres", host=folder, port=5432)
    try:
        return await connection.fetch(statement)
    finally:
        await connection.close()


async def statuses(home: Path, status: str) -> list[asyncpg.Record]:
    """Return the runs that stand there; the server has a job of its own besides."""
    runs = await query(home, "SELECT status FROM job WHERE kind = 'BACKTEST'")
    return [row for row in runs if row["status"] == status]


async def all_ended(home: Path, count: int) -> bool:
    return len(await statuses(home, "succeeded")) == count
