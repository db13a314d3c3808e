"""A queue inside one process, with the contract of the deployed one: at least once, unordered.

A body that cannot be handled comes back, and lands among the dead letters after some receives.
The messages die with the process; the rows they point at do not, and the sweeper re-sends them.
"""

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass

from api.jobs import JobMessage
from api.telemetry import logger

# Handles a body; answers after how many seconds it should come back, or None for never.
Handle = Callable[[str], Awaitable[float | None]]

MAX_DEAD_LETTERS = 100


@dataclass(frozen=True, kw_only=True)
class Delivery:
    body: str
    receives: int = 1


class LocalQueue:
    def __init__(self, *, max_receives: int = 5, retry_seconds: float = 1.0) -> None:
        self.max_receives = max_receives
        self.retry_seconds = retry_seconds
        self.dead_letters: deque[str] = deque(maxlen=MAX_DEAD_LETTERS)
        self._waiting: asyncio.Queue[Delivery] = asyncio.Queue()

    async def send(self, messages: Sequence[JobMessage]) -> None:
        for message in messages:
            self.put_body(message.model_dump_json())

    def put_body(self, body: str) -> None:
        """Take in a message as it would arrive from outside, readable or not."""
        self._waiting.put_nowait(Delivery(body=body))

    async def consume(self, handle: Handle) -> None:
        """Hand every message to the handler, one at a time, until cancelled."""
        while True:
            delivery = await self._waiting.get()
            try:
                again_after = await handle(delivery.body)
            except asyncio.CancelledError:
                self._return(delivery, 0.0)  # whoever consumes next takes it up
                raise
            except Exception:
                # As with a queue of AWS: what failed comes again, and the next one is taken.
                logger.exception("a message returns to the queue")
                self._refuse(delivery)
            else:
                if again_after is not None:
                    self._return(Delivery(body=delivery.body), again_after)

    def _refuse(self, delivery: Delivery) -> None:
        if delivery.receives >= self.max_receives:
            self.dead_letters.append(delivery.body)
            logger.error("a message was given up after %d receives", delivery.receives)
            return
        again = Delivery(body=delivery.body, receives=delivery.receives + 1)
        self._return(again, self.retry_seconds * delivery.receives)

    def _return(self, delivery: Delivery, after_seconds: float) -> None:
        loop = asyncio.get_running_loop()
        loop.call_later(after_seconds, self._waiting.put_nowait, delivery)
