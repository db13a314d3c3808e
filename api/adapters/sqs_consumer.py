"""One queue of Amazon SQS, emptied message by message."""

import asyncio
import math
from typing import Any

from api.adapters.aws import Aws
from api.errors import AppError, Unavailable
from api.services.deliveries import Handle, Record, consume
from api.services.work import Deadline
from api.telemetry import logger
from models.session import SessionFactory

# The longest SQS lets a poll wait: an empty queue is asked three times a minute.
WAIT_SECONDS = 20
# The longest SQS hides a message.
MAX_HIDDEN_SECONDS = 43_200


class SqsConsumer:
    """Polls for one message at a time, so that what is waiting stays free for other workers."""

    def __init__(self, aws: Aws, url: str, *, retry_seconds: float = 1.0) -> None:
        self.aws = aws
        self.url = url
        self.retry_seconds = retry_seconds

    async def consume(self, handle: Handle, sessions: SessionFactory) -> None:
        """Hand every message to the handler until cancelled.

        Raises ServerError when AWS refuses to let us read.
        """
        while True:
            try:
                for message in await self.receive():
                    await self._take(message, handle, sessions)
            except Unavailable as e:
                logger.warning("%s; the next try follows", e)
                await asyncio.sleep(self.retry_seconds)

    async def _take(
        self, message: dict[str, Any], handle: Handle, sessions: SessionFactory
    ) -> None:
        """Remove the message when its outcome is recorded; else say when it may come again."""
        record = Record(
            id=message["MessageId"],
            body=message["Body"],
            receives=int(message["Attributes"]["ApproximateReceiveCount"]),
        )
        try:
            again_after = await self._settle(record, handle, sessions)
        except asyncio.CancelledError:
            await asyncio.shield(self._return(message, 0.0))
            raise
        if again_after is None:
            await self.remove(message)
        else:
            await self._return(message, again_after)

    async def _settle(
        self, record: Record, handle: Handle, sessions: SessionFactory
    ) -> float | None:
        """Return after how many seconds the message should come again, if it should.

        It should when its job was released to be tried again soon, and when it failed: each time
        after a longer pause, since dead letters are for poison, not for a database that is away.
        """
        told: object = None

        async def note(body: str, deadline: Deadline) -> None:
            nonlocal told
            told = await handle(body, deadline)

        if await consume([record], note, sessions):
            return self.retry_seconds * 4.0**record.receives
        return told if isinstance(told, float) else None

    async def receive(self, *, wait_seconds: int = WAIT_SECONDS) -> list[dict[str, Any]]:
        """Wait for one message; none came if the list is empty. Raises Unavailable."""
        async with self.aws.calling("sqs", "receiving a message") as sqs:
            answer = await sqs.receive_message(
                QueueUrl=self.url,
                MaxNumberOfMessages=1,
                WaitTimeSeconds=wait_seconds,
                MessageSystemAttributeNames=["ApproximateReceiveCount"],
            )
        found: list[dict[str, Any]] = answer.get("Messages", [])
        return found

    async def remove(self, message: dict[str, Any]) -> None:
        async with self.aws.calling("sqs", "removing a message") as sqs:
            await sqs.delete_message(QueueUrl=self.url, ReceiptHandle=message["ReceiptHandle"])

    async def _return(self, message: dict[str, Any], after_seconds: float) -> None:
        """Say when the message may come again; where that fails, it does when its queue wants."""
        try:
            async with self.aws.calling("sqs", "returning a message") as sqs:
                await sqs.change_message_visibility(
                    QueueUrl=self.url,
                    ReceiptHandle=message["ReceiptHandle"],
                    VisibilityTimeout=min(math.ceil(after_seconds), MAX_HIDDEN_SECONDS),
                )
        except AppError as e:
            logger.warning("%s; it comes again by itself", e)
