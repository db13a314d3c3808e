"""F17: many messages at once, one in a hundred of them poison, on hosts that die now and then."""

import random
import time
from typing import Any

from tests.aws.events import message
from tests.aws.faults.stage import Stage

POISON = 0.01


async def flood(
    stage: Stage,
    *,
    seed: int,
    messages: int,
    jobs: int,
    killed: float = 0.0,
    seconds: float = 240.0,
) -> dict[str, Any]:
    """Send so many messages for the jobs, in an order of the seed; return what happened."""
    order = random.Random(seed)  # noqa: S311 - to be repeated, not to be secret
    await stage.see_again_after(2)
    poisons = round(messages * POISON)
    ids = await stage.client.submit_many(jobs)
    bodies = [message(order.choice(ids)) for _ in range(messages - poisons - jobs)]
    bodies += [f"poison {n}" for n in range(poisons)]
    order.shuffle(bodies)
    for body in bodies:
        await stage.send(body, poison=body.startswith("poison"))
    source = stage.source(seed=seed, killed=killed, lost_deletes=0.05, batch_size=10)
    began = time.monotonic()
    async with stage.running(source, seconds=seconds):
        pass
    return {
        "messages": messages,
        "jobs": jobs,
        "poison": poisons,
        "deliveries": source.figures.delivered,
        "failed deliveries": source.figures.failed,
        "deletes lost": source.figures.deletes_lost,
        "invocations": dict(source.figures.outcomes),
        "seconds": round(time.monotonic() - began, 1),
    }
