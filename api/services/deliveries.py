"""What comes back to a queue: the one place that decides it.

An answer that names nobody tells the queue to delete everything. So all messages start as coming
back, and each is taken off only after its outcome was recorded.
"""

from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy.exc import SQLAlchemyError

from api.errors import Unavailable
from api.jobs import BadMessage
from api.services.failures import failure_of
from api.services.work import NEVER, Deadline
from api.telemetry import Metric, logger, meter
from models.poison_messages import PoisonMessageRepository
from models.session import SessionFactory, unit_of_work

# Handles a body before the deadline; raises when the message must come back.
Handle = Callable[[str, Deadline], Awaitable[object]]


@dataclass(frozen=True, kw_only=True)
class Record:
    """A message as the queue delivered it, for the how manieth time."""

    id: str
    body: str
    receives: int = 1


def records_of(event: Mapping[str, Any]) -> list[Record]:
    """Read a batch of SQS. Raises ValueError for another event: the whole of it comes back."""
    try:
        return [_record_of(record) for record in event["Records"]]
    except (KeyError, TypeError) as e:
        raise ValueError(f"the event was no batch of SQS: {type(e).__name__}") from e


def _record_of(record: Mapping[str, Any]) -> Record:
    message_id, body = record["messageId"], record["body"]
    if not (isinstance(message_id, str) and message_id and isinstance(body, str)):
        raise TypeError("a message without an id or a body")
    count = record.get("attributes", {}).get("ApproximateReceiveCount", "1")
    return Record(id=message_id, body=body, receives=int(count) if str(count).isdecimal() else 1)


def batch_answer(back: Iterable[str]) -> dict[str, Any]:
    """Name the messages that come back, as Lambda's event source mapping reads it."""
    return {"batchItemFailures": [{"itemIdentifier": message_id} for message_id in back]}


async def consume(
    records: Sequence[Record],
    handle: Handle,
    sessions: SessionFactory,
    *,
    deadline: Deadline = NEVER,
) -> list[str]:
    """Handle one message after the other; return the ids of those that must come back.

    What is not begun before the soft stop comes back untouched. Raises nothing.
    """
    back = dict.fromkeys(record.id for record in records)
    for number, record in enumerate(records):
        if deadline.working_seconds <= 0:
            logger.warning("%d messages come back: no time is left", len(records) - number)
            break
        if await _is_settled(record, handle, sessions, deadline):
            back.pop(record.id, None)
        else:
            back[record.id] = None
    return list(back)


async def _is_settled(
    record: Record, handle: Handle, sessions: SessionFactory, deadline: Deadline
) -> bool:
    try:
        await handle(record.body, deadline)
    except BadMessage as error:
        logger.warning("message %s is unreadable: %s", record.id, error.reason)
        await _keep_reason(record, error.reason, str(error), sessions)
        return False
    except Exception as error:
        # Raised here, it would bring back the other messages of the batch too.
        logger.exception("message %s comes back", record.id)
        failure = failure_of(error)
        if not failure.transient:
            await _keep_reason(record, failure.reason or failure.code, "see the log", sessions)
        return False
    if record.receives > 1:
        await _forget_reason(record, sessions)
    return True


async def _keep_reason(record: Record, reason: str, detail: str, sessions: SessionFactory) -> None:
    """Tell why a message may end among the dead letters, while somebody knows."""
    meter.add(Metric.POISON_MESSAGES)
    try:
        async with unit_of_work(sessions) as session:
            await PoisonMessageRepository(session).record(
                record.id,
                reason=reason,
                detail=detail,
                body=record.body,
                receives=record.receives,
            )
    except (SQLAlchemyError, OSError, Unavailable):
        logger.exception("the reason of message %s was not kept", record.id)


async def _forget_reason(record: Record, sessions: SessionFactory) -> None:
    """Take back what an older release said of a message that this one could read."""
    try:
        async with unit_of_work(sessions) as session:
            await PoisonMessageRepository(session).forget(record.id)
    except (SQLAlchemyError, OSError, Unavailable):
        logger.exception("the reason of message %s was not forgotten", record.id)
