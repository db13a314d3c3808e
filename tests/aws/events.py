"""Events as AWS writes them, from the files in tests/events."""

import json
from copy import deepcopy
from pathlib import Path
from typing import Any
from uuid import uuid4

EVENTS = Path(__file__).parents[1] / "events"


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


def failures(answer: dict[str, Any]) -> list[str]:
    """Return the ids of the messages that an answer sends back."""
    assert set(answer) == {"batchItemFailures"}
    return [failed["itemIdentifier"] for failed in answer["batchItemFailures"]]
