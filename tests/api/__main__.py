"""`python -m tests.api`: requests at random in number, and the CPU of hostile documents.

    python -m tests.api --requests 20000 --documents 1000 --seed 1

A fault of ours ends the run with the request that brought it about.
"""

import argparse
import asyncio
import sys
import tempfile
import time
from contextlib import suppress
from pathlib import Path

import orjson

from api.graphql.documents import Gate, Refused
from api.graphql.request import BadRequest, GraphQLRequest
from api.graphql.schema import schema
from api.graphql.trusted import Trusted
from api.limits import LIMITS
from models.session import make_engine
from tests.api.browsing import lasting_browser
from tests.api.fuzzing import bodies, documents
from tests.api.hostile import hostile
from tests.api.test_fuzz import faults
from tests.soak import database


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.api", description=__doc__)
    parser.add_argument("--requests", type=int, default=20_000, help="half documents, half bytes")
    parser.add_argument("--documents", type=int, default=1_000, help="hostile documents timed")
    parser.add_argument("--seed", type=int, default=1)
    return parser.parse_args()


async def fuzz(number: int, seed: int) -> None:
    half = number // 2
    asked = (orjson.dumps({"query": text}) for text in documents(half, seed))
    with tempfile.TemporaryDirectory() as home:
        async with database() as url:
            engine = make_engine(url, pool_size=8, command_timeout_seconds=60.0)
            async with lasting_browser(engine, Path(home)) as http:
                for name, contents in (("bytes", bodies(half, seed)), ("documents", asked)):
                    found, statuses = await faults(http, contents)
                    if found:
                        sys.exit(f"{len(found)} faults; the first: {found[0]!r}")
                    sys.stdout.write(
                        f"{name}: {sum(statuses.values())} sent, {statuses}, no fault\n"
                    )
            await engine.dispose()


def weigh(number: int, seed: int) -> None:
    """Print the CPU a refusal takes, of documents that were made to take much."""
    gate = Gate(schema._schema, LIMITS, Trusted(Path("nowhere")))
    took = []
    for name, text in hostile(number, seed):
        # Of three, since a collection of garbage is nobody's fault.
        took.append((min(_milliseconds(gate, text) for _ in range(3)), name))
    took.sort()
    middle, worst = took[len(took) // 2], took[-1]
    sys.stdout.write(
        f"{len(took)} hostile documents: median {middle[0]:.2f} ms of CPU,"
        f" worst {worst[0]:.1f} ms ({worst[1]})\n"
    )


def _milliseconds(gate: Gate, text: str) -> float:
    gate.raw.clear()
    began = time.process_time()
    with suppress(Refused, BadRequest):
        gate.admit(GraphQLRequest(text), explores=True, introspects=True)
    return 1000 * (time.process_time() - began)


if __name__ == "__main__":
    asked = arguments()
    weigh(asked.documents, asked.seed)
    asyncio.run(fuzz(asked.requests, asked.seed))
