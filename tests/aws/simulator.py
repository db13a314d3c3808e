"""What AWS does between a queue and a function, and the worst it may do.

1. As many pollers as the mapping's maximum concurrency, each with one container of the function.
2. What a poller receives it delivers `copies` times, in an order drawn from the seed; a message is
   never twice in one batch. An emulator delivers once and in order, so nobody else would.
3. The answer is read as AWS reads it. What succeeded is deleted, now and then in vain; what failed
   comes back when its visibility ends, and goes to the dead letters after its receives.
"""

import asyncio
import hashlib
import random
from collections import Counter, deque
from collections.abc import Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError

from tests.lambda_runtime import REGION, FunctionError, FunctionTimeout, LambdaRuntime

IDLE_SECONDS = 0.05


@dataclass(frozen=True, kw_only=True)
class Mapping:
    """An event source mapping with ReportBatchItemFailures."""

    queue_url: str
    batch_size: int = 1
    maximum_concurrency: int = 2
    timeout_seconds: float = 60.0


@dataclass(frozen=True, kw_only=True)
class Mischief:
    """How badly the queue and the hosts behave; shares are of deliveries."""

    seed: int = 0
    copies: int = 2
    lost_deletes: float = 0.0
    killed: float = 0.0
    killed_within_seconds: float = 0.5


@dataclass
class Figures:
    """What happened, counted."""

    received: int = 0
    delivered: int = 0
    failed: int = 0
    deletes_lost: int = 0
    outcomes: Counter[str] = field(default_factory=Counter)


Containers = asyncio.Queue[LambdaRuntime]


class EventSource:
    """Polls one queue and invokes one function, until it is told to stop."""

    def __init__(
        self, sqs: Any, mapping: Mapping, containers: Sequence[LambdaRuntime], mischief: Mischief
    ) -> None:
        self.sqs = sqs
        self.mapping = mapping
        self.containers = containers[: mapping.maximum_concurrency]
        self.mischief = mischief
        self.random = random.Random(mischief.seed)  # noqa: S311 - to be repeated, not to be secret
        self.waiting: deque[dict[str, Any]] = deque()
        self.busy = 0
        self.figures = Figures()

    @asynccontextmanager
    async def polling(self):
        """Deliver while the block runs; at its end let the invocations under way finish."""
        stop = asyncio.Event()
        pollers = [asyncio.create_task(self._poll(each, stop)) for each in self.containers]
        try:
            yield self
        finally:
            stop.set()
            await asyncio.gather(*pollers)

    @property
    def idle(self) -> bool:
        return not self.waiting and not self.busy

    async def _poll(self, container: LambdaRuntime, stop: asyncio.Event) -> None:
        while not stop.is_set():
            if not self.waiting:
                await self._receive()
            batch = self._next_batch()
            if not batch:
                await asyncio.sleep(IDLE_SECONDS)
                continue
            self.busy += 1
            try:
                await self._deliver(container, batch)
            finally:
                self.busy -= 1

    async def _receive(self) -> None:
        """Take what is there; a queue that does not answer is asked again."""
        try:
            answer = await self.sqs.receive_message(
                QueueUrl=self.mapping.queue_url,
                MaxNumberOfMessages=min(self.mapping.batch_size, 10),
                AttributeNames=["All"],
                WaitTimeSeconds=0,
            )
        except (BotoCoreError, ClientError):
            self.figures.outcomes["receive failed"] += 1
            return
        found = answer.get("Messages", [])
        self.figures.received += len(found)
        copies = [message for message in found for _ in range(self.mischief.copies)]
        self.random.shuffle(copies)
        self.waiting.extend(copies)

    def _next_batch(self) -> list[dict[str, Any]]:
        batch: dict[str, dict[str, Any]] = {}
        later = []
        while self.waiting and len(batch) < self.mapping.batch_size:
            message = self.waiting.popleft()
            if message["MessageId"] in batch:
                later.append(message)
            else:
                batch[message["MessageId"]] = message
        self.waiting.extend(later)
        return list(batch.values())

    async def _deliver(self, container: LambdaRuntime, batch: list[dict[str, Any]]) -> None:
        self.figures.delivered += len(batch)
        ids = [message["MessageId"] for message in batch]
        event = sqs_event(batch, self.mapping.queue_url)
        failed = await self._invoke(container, event, ids)
        self.figures.failed += len(failed)
        for message in batch:
            if message["MessageId"] not in failed:
                await self._delete(message)

    async def _invoke(
        self, container: LambdaRuntime, event: dict[str, Any], ids: Sequence[str]
    ) -> set[str]:
        """Return the messages that come back."""
        killing = asyncio.create_task(self._kill_perhaps(container))
        try:
            answer = await container.invoke(event, timeout_seconds=self.mapping.timeout_seconds)
        except FunctionTimeout:
            self.figures.outcomes["timeout"] += 1
            return set(ids)
        except FunctionError as error:
            self.figures.outcomes[error.kind] += 1
            return set(ids)
        finally:
            killing.cancel()
        self.figures.outcomes["answered"] += 1
        return failed_items(answer, ids)

    async def _kill_perhaps(self, container: LambdaRuntime) -> None:
        dice = self.random.random()
        delay = self.random.uniform(0.0, self.mischief.killed_within_seconds)
        if dice < self.mischief.killed:
            await asyncio.sleep(delay)
            container.kill()

    async def _delete(self, message: dict[str, Any]) -> None:
        if self.random.random() < self.mischief.lost_deletes:
            self.figures.deletes_lost += 1
            return
        # AWS tries for a while and gives up; the message then comes again.
        with suppress(BotoCoreError, ClientError):
            await self.sqs.delete_message(
                QueueUrl=self.mapping.queue_url, ReceiptHandle=message["ReceiptHandle"]
            )


def failed_items(answer: Any, ids: Sequence[str]) -> set[str]:
    """Read a function's answer as AWS does: nothing said is success, nonsense is failure of all."""
    everything = set(ids)
    if answer is None or answer == {}:
        return set()
    if not isinstance(answer, dict):
        return everything
    items = answer.get("batchItemFailures", [])
    if items is None:
        return set()
    if not isinstance(items, list) or not all(isinstance(item, dict) for item in items):
        return everything
    named = [item.get("itemIdentifier") for item in items]
    return set(named) if everything.issuperset(named) else everything


def sqs_event(messages: Sequence[dict[str, Any]], queue_url: str) -> dict[str, Any]:
    """Return the event of a batch, with the fields Lambda documents."""
    account, name = queue_url.rsplit("/", 2)[1:]
    return {
        "Records": [_record(each, f"arn:aws:sqs:{REGION}:{account}:{name}") for each in messages]
    }


def _record(message: dict[str, Any], arn: str) -> dict[str, Any]:
    body = message["Body"]
    return {
        "messageId": message["MessageId"],
        "receiptHandle": message["ReceiptHandle"],
        "body": body,
        "attributes": dict(message.get("Attributes", {})),
        "messageAttributes": {},
        "md5OfBody": hashlib.md5(body.encode(), usedforsecurity=False).hexdigest(),
        "eventSource": "aws:sqs",
        "eventSourceARN": arn,
        "awsRegion": REGION,
    }
