"""The message that points at a job. Parameters stay in the row; a message is only a hint."""

from datetime import UTC, datetime
from typing import Annotated
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field, ValidationError
from pydantic.alias_generators import to_camel

from api.errors import DataError

SCHEMA_VERSION = 1


class JobMessage(BaseModel):
    """Body of a queue message.

    Fields we do not know are ignored, so that an older worker reads a newer message; a
    version above ours is refused, so that a newer worker may take it.
    """

    model_config = ConfigDict(
        frozen=True, alias_generator=to_camel, validate_by_name=True, serialize_by_alias=True
    )

    job_id: UUID
    # Which queue it takes; the worker learns the kind from the row.
    kind: Annotated[str, Field(exclude=True)] = "BACKTEST"
    schema_version: Annotated[int, Field(ge=1, le=SCHEMA_VERSION)] = SCHEMA_VERSION
    attempt_hint: Annotated[int, Field(ge=0)] = 0
    sent_at: datetime = Field(default_factory=lambda: datetime.now(UTC))


class BadMessage(DataError):
    """A message nobody can do anything with; `reason` is a code such as ``NOT_JSON``."""

    def __init__(self, reason: str, message: str) -> None:
        super().__init__(message)
        self.reason = reason


def read_message(body: str) -> JobMessage:
    """Read a message as it came from a queue. Raises BadMessage."""
    try:
        return JobMessage.model_validate_json(body, strict=True)
    except ValidationError as e:
        raise refusal(e) from e


def refusal(error: ValidationError) -> BadMessage:
    """Tell what was wrong with a body, by the first thing that was; never the body itself."""
    first = error.errors(include_url=False, include_context=False, include_input=False)[0]
    place = ".".join(str(part) for part in first["loc"])
    match first["type"]:
        case "model_type":
            return BadMessage("NOT_AN_OBJECT", "the body was not a JSON object")
        case _ if not place:
            return BadMessage("NOT_JSON", "the body was not JSON")
        case _ if place == "schemaVersion":
            return BadMessage("BAD_VERSION", f"schemaVersion was none of 1 to {SCHEMA_VERSION}")
        case "missing":
            return BadMessage("MISSING_FIELD", f"the field {place} was missing")
        case _:
            return BadMessage("BAD_FIELD", f"the field {place}: {first['msg'][:200]}")
