"""Dead letters on their way back to the queue they were meant for."""

import asyncio
import json
from dataclasses import dataclass

from api.adapters.aws import Aws
from api.adapters.sqs_consumer import SqsConsumer
from api.adapters.sqs_queue import SqsQueue
from api.errors import InvalidInput, NotFound
from api.telemetry import logger

# An empty answer of a short poll may be an accident.
WAIT_SECONDS = 2


@dataclass(frozen=True, kw_only=True)
class Redriven:
    """How many dead letters were found, went back, and stay since SQS would change them."""

    found: int
    moved: int = 0
    kept: int = 0


async def redrive(aws: Aws, url: str, *, per_second: float, dry_run: bool) -> Redriven:
    """Send the dead letters of a queue to it again, each removed after it was accepted.

    Those that come while it runs stay: they are what just failed again. A letter whose removal
    fails is delivered twice, which a claim makes harmless. Raises NotFound, Unavailable.
    """
    dead_url = await dead_letter_url(aws, url)
    found = await _count(aws, dead_url)
    if dry_run:
        return Redriven(found=found)
    dead, queue = SqsConsumer(aws, dead_url), SqsQueue(aws, url=url, ingest_url=url)
    moved = kept = 0
    while moved + kept < found and (messages := await dead.receive(wait_seconds=WAIT_SECONDS)):
        for message in messages:
            try:
                await queue.send_bodies(url, [message["Body"]])
            except InvalidInput as e:
                logger.warning("message %s stays: %s", message["MessageId"], e)
                kept += 1
            else:
                await dead.remove(message)
                moved += 1
        await asyncio.sleep(1 / per_second)
    return Redriven(found=found, moved=moved, kept=kept)


async def dead_letter_url(aws: Aws, url: str) -> str:
    """Return where the queue's policy sends what failed too often. Raises NotFound."""
    attributes = await _attributes(aws, url, "RedrivePolicy")
    if "RedrivePolicy" not in attributes:
        raise NotFound(f"queue {url} has no dead letters: its redrive policy is not set")
    arn = str(json.loads(attributes["RedrivePolicy"])["deadLetterTargetArn"])
    *_, account, name = arn.split(":")
    async with aws.calling("sqs", f"finding queue {name}") as sqs:
        answer = await sqs.get_queue_url(QueueName=name, QueueOwnerAWSAccountId=account)
    return str(answer["QueueUrl"])


async def _count(aws: Aws, url: str) -> int:
    name = "ApproximateNumberOfMessages"
    return int((await _attributes(aws, url, name))[name])


async def _attributes(aws: Aws, url: str, name: str) -> dict[str, str]:
    async with aws.calling("sqs", f"reading {name} of {url}") as sqs:
        answer = await sqs.get_queue_attributes(QueueUrl=url, AttributeNames=[name])
    found: dict[str, str] = answer.get("Attributes", {})
    return found
