"""Job messages through Amazon SQS: at least once, in no order."""

import asyncio
import math
import re
from collections.abc import Awaitable, Callable, Iterator, Sequence
from itertools import groupby
from typing import Any

from api.adapters.aws import Aws
from api.errors import InvalidInput, Unavailable
from api.jobs import JobMessage
from api.telemetry import logger

# Handles a body; answers after how many seconds it should come back, or None for never.
Handle = Callable[[str], Awaitable[float | None]]
Message = dict[str, Any]

BATCH = 10
MAX_BYTES = 1_048_576
# What XML 1.0 can carry; anything else SQS refuses, or replaces.
OUTSIDE = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
# A request waits for its message no longer; what was not sent the sweeper sends.
SEND_SECONDS = 1.0
PAUSE_SECONDS = 0.05
# The longest a poll may last: an empty queue is asked three times a minute.
WAIT_SECONDS = 20


class SqsQueue:
    """Two queues: one for what reads the outside world, one for every other kind of job."""

    def __init__(
        self,
        aws: Aws,
        *,
        url: str,
        ingest_url: str,
        send_seconds: float = SEND_SECONDS,
        retry_seconds: float = 1.0,
    ) -> None:
        self.aws = aws
        self.url = url
        self.ingest_url = ingest_url
        self.send_seconds = send_seconds
        self.retry_seconds = retry_seconds

    @property
    def urls(self) -> tuple[str, str]:
        return self.url, self.ingest_url

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

    async def consume(self, handle: Handle, *, only: Sequence[str] = ()) -> None:
        """Hand messages of the queues to the handler, one of each at a time, until cancelled.

        Raises ServerError when AWS refuses to let us read.
        """
        polls = [asyncio.create_task(self._poll(url, handle)) for url in only or self.urls]
        try:
            await asyncio.gather(*polls)
        finally:
            for poll in polls:
                poll.cancel()
            await asyncio.wait(polls)

    async def _poll(self, url: str, handle: Handle) -> None:
        while True:
            try:
                for message in await self.receive(url):
                    await self._take(url, message, handle)
            except Unavailable as e:
                logger.warning("%s; the next try follows", e)
                await asyncio.sleep(self.retry_seconds)

    async def _take(self, url: str, message: Message, handle: Handle) -> None:
        """Remove the message when its outcome is recorded; else say when it may come again."""
        try:
            again_after = await handle(message["Body"])
        except asyncio.CancelledError:
            await asyncio.shield(self._return(url, message, 0.0))
            raise
        except Exception:
            logger.exception("a message returns to the queue")
            receives = int(message["Attributes"]["ApproximateReceiveCount"])
            again_after = self.retry_seconds * receives
        if again_after is None:
            await self.remove(url, message)
        else:
            await self._return(url, message, again_after)

    async def receive(self, url: str, *, wait_seconds: int = WAIT_SECONDS) -> list[Message]:
        """Wait for one message; a list, since there may be none. Raises Unavailable."""
        async with self.aws.calling("sqs", "receiving a message") as sqs:
            answer = await sqs.receive_message(
                QueueUrl=url,
                MaxNumberOfMessages=1,
                WaitTimeSeconds=wait_seconds,
                MessageSystemAttributeNames=["ApproximateReceiveCount"],
            )
        found: list[Message] = answer.get("Messages", [])
        return found

    async def remove(self, url: str, message: Message) -> None:
        async with self.aws.calling("sqs", "removing a message") as sqs:
            await sqs.delete_message(QueueUrl=url, ReceiptHandle=message["ReceiptHandle"])

    async def _return(self, url: str, message: Message, after_seconds: float) -> None:
        async with self.aws.calling("sqs", "returning a message") as sqs:
            await sqs.change_message_visibility(
                QueueUrl=url,
                ReceiptHandle=message["ReceiptHandle"],
                VisibilityTimeout=math.ceil(after_seconds),
            )


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
