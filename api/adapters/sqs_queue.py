"""Job messages through Amazon SQS: at least once, in no order."""

import asyncio
import re
from collections.abc import Iterator, Sequence
from itertools import groupby
from typing import Any

from api.adapters.aws import Aws
from api.errors import InvalidInput, Unavailable
from api.jobs import JobMessage

BATCH = 10
MAX_BYTES = 1_048_576
# What XML 1.0 can carry; anything else SQS refuses, or replaces.
OUTSIDE = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
# A request waits for its message no longer; what was not sent the sweeper sends.
SEND_SECONDS = 1.0
PAUSE_SECONDS = 0.05


class SqsQueue:
    """Two queues: one for what reads the outside world, one for every other kind of job."""

    def __init__(
        self, aws: Aws, *, url: str, ingest_url: str, send_seconds: float = SEND_SECONDS
    ) -> None:
        self.aws = aws
        self.url = url
        self.ingest_url = ingest_url
        self.send_seconds = send_seconds

    async def send(self, messages: Sequence[JobMessage]) -> None:
        for url, routed in groupby(sorted(messages, key=self._url_of), key=self._url_of):
            for bodies in batches([message.model_dump_json() for message in routed]):
                await self.send_bodies(url, bodies)

    def _url_of(self, message: JobMessage) -> str:
        return self.ingest_url if message.kind == "INGEST" else self.url

    async def send_bodies(self, url: str, bodies: Sequence[str]) -> None:
        """Send at most ten bodies; those SQS could not take for a moment again and again.

        Raises InvalidInput for a body SQS would refuse or change, Unavailable.
        """
        waiting = [require_sendable(body) for body in bodies]
        doing = f"sending {len(bodies)} messages"
        async with self.aws.calling("sqs", doing) as sqs:
            try:
                async with asyncio.timeout(self.send_seconds):
                    while waiting := await _send_batch(sqs, url, waiting):  # noqa: ASYNC110
                        await asyncio.sleep(PAUSE_SECONDS)
            except TimeoutError as e:
                raise Unavailable(
                    f"{doing}: {len(waiting)} were not accepted in {self.send_seconds:g} s"
                ) from e


async def _send_batch(sqs: Any, url: str, bodies: Sequence[str]) -> list[str]:
    """Return the bodies that may be accepted next time. Raises Unavailable for one that won't."""
    entries = [{"Id": str(n), "MessageBody": body} for n, body in enumerate(bodies)]
    answer = await sqs.send_message_batch(QueueUrl=url, Entries=entries)
    failed = answer.get("Failed", [])
    if ours := {entry["Code"] for entry in failed if entry["SenderFault"]}:
        raise Unavailable(
            f"sending {len(bodies)} messages: {len(failed)} were refused ({', '.join(ours)})"
        )
    return [bodies[int(entry["Id"])] for entry in failed]


def require_sendable(body: str) -> str:
    """Return the body. Raises InvalidInput for one SQS would refuse or change."""
    if found := OUTSIDE.search(body):
        raise InvalidInput(
            f"message held the character U+{ord(found.group()):04X}, which SQS cannot carry"
        )
    if not 0 < (size := len(body.encode())) <= MAX_BYTES:
        raise InvalidInput(f"message had {size} bytes, expected 1 to {MAX_BYTES}")
    return body


def batches(bodies: Sequence[str]) -> Iterator[list[str]]:
    """Cut bodies into what one request may carry: ten of them, a mebibyte in all."""
    batch: list[str] = []
    size = 0
    for body in bodies:
        weight = len(body.encode())
        if batch and (len(batch) == BATCH or size + weight > MAX_BYTES):
            yield batch
            batch, size = [], 0
        batch.append(body)
        size += weight
    if batch:
        yield batch
