"""Events as AWS writes them, from the files in tests/events, and messages in them."""

import json
from collections.abc import Sequence
from copy import deepcopy
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

from api.jobs import JobMessage

EVENTS = Path(__file__).parents[1] / "events"
JOBS = [UUID(int=n) for n in range(23)]


def load(name: str) -> Any:
    return json.loads((EVENTS / f"{name}.json").read_text())


def sqs_record(body: str, *, id: str | None = None, receives: int = 1) -> dict[str, Any]:
    record: dict[str, Any] = deepcopy(load("sqs")["Records"][0])
    record |= {"messageId": id or str(uuid4()), "body": body}
    record["attributes"]["ApproximateReceiveCount"] = str(receives)
    return record


def sqs_event(*bodies: str) -> dict[str, Any]:
    return {"Records": [sqs_record(body) for body in bodies]}


def job_body(job_id: Any) -> str:
    """Return the body of a job's message."""
    return json.dumps({"schemaVersion": 1, "jobId": str(job_id)})


def message(job: UUID, **more: object) -> str:
    told = {"schemaVersion": 1, "jobId": str(job), "attemptHint": 0, "sentAt": "2026-01-05T10:00Z"}
    return json.dumps(told | more)


def failures(answer: dict[str, Any]) -> list[str]:
    """Return the ids of the messages that an answer sends back."""
    assert set(answer) == {"batchItemFailures"}
    return [failed["itemIdentifier"] for failed in answer["batchItemFailures"]]


def messages(kind: str = "BACKTEST", jobs: Sequence[UUID] = JOBS) -> list[JobMessage]:
    return [JobMessage(job_id=job_id, kind=kind) for job_id in jobs]
