"""The message that points at a job. Parameters stay in the row; a message is only a hint."""

from datetime import UTC, datetime
from typing import Annotated
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field
from pydantic.alias_generators import to_camel

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
    schema_version: Annotated[int, Field(ge=1, le=SCHEMA_VERSION)] = SCHEMA_VERSION
    attempt_hint: Annotated[int, Field(ge=0)] = 0
    sent_at: datetime = Field(default_factory=lambda: datetime.now(UTC))
