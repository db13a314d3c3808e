"""I12: one owner floods, and the others hardly notice. Positions are counted, not seconds."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from sqlalchemy import text

from tests.aws.faults.client import Client
from tests.aws.faults.stage import Stage
from tests.factories import STRANGER
from tests.lambda_runtime import LambdaRuntime

# Jobs an owner may have open at once: what one can put before another.
ALLOWED = 5
OTHERS = 3
# How many of another owner's jobs were begun between the submit of each of hers and its begin.
POSITIONS = """
SELECT (
    SELECT count(*) FROM job_event AS before JOIN job AS his ON his.id = before.job_id
    WHERE before.kind = 'claimed' AND his.owner_id <> hers.owner_id
      AND before.at BETWEEN hers.created_at AND begun.at
)
FROM job AS hers JOIN job_event AS begun ON begun.job_id = hers.id AND begun.kind = 'claimed'
WHERE hers.owner_id = :owner
"""


@asynccontextmanager
async def two_owners(stage: Stage) -> AsyncIterator[Client]:
    """Bound what the stage's owner may have open; yield the client of another."""
    bound = {"PARAKEET_CONCURRENT_JOBS": str(ALLOWED)}
    environment = stage.environment | bound | {"PARAKEET_OWNER_ID": str(STRANGER)}
    function = await LambdaRuntime.start("api.lambdas.query.handler", env=environment)
    async with function, stage.altered(stage.query, **bound):
        other = Client(function, STRANGER)
        yield other
        stage.client.submits += other.submits


async def positions(stage: Stage, other: Client, *, seed: int, offered: int) -> list[int]:
    """Let the stage's owner offer so many runs before hers; return after how many of his each was.

    One who offers more than he may have open goes on until hers have ended.
    """
    for n in range(offered):
        await stage.client.offer(initialCapital=str(10_000 + n))
    hers = await other.submit_many(OTHERS)
    async with stage.running(stage.source(seed=seed)):
        n = offered
        while offered > ALLOWED and not all([await stage.ended(job) for job in hers]):
            n += 1
            await stage.client.offer(initialCapital=str(10_000 + n))
    async with stage.sessions() as session:
        return list(await session.scalars(text(POSITIONS), {"owner": STRANGER}))
