"""What a schedule asks for: one job per scheduled instant, however often its event comes."""

from datetime import UTC, datetime, timedelta
from typing import Annotated, Literal
from uuid import UUID

import pydantic_core
from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, ValidationError
from pydantic.alias_generators import to_camel
from sqlalchemy.ext.asyncio import AsyncSession

from api.jobs import SCHEMA_VERSION, BadMessage, read_message, refusal
from api.telemetry import Metric, meter
from models.clock import database_now
from models.job import Job, JobKind
from models.jobs import JobRepository
from models.session import SessionFactory, unit_of_work

# The scheduler's clock and the database's are two; an event may seem to be early by so much.
SKEW = timedelta(seconds=5)


class ScheduleMessage(BaseModel):
    """Body of the message a schedule sends; fields we do not know are ignored."""

    model_config = ConfigDict(
        frozen=True, strict=True, alias_generator=to_camel, serialize_by_alias=True
    )

    schema_version: Annotated[int, Field(ge=1, le=SCHEMA_VERSION)]
    schedule: Literal["asx-close", "us-close"]
    time: AwareDatetime

    @property
    def key(self) -> str:
        """Name the scheduled instant: the same instant is the same job."""
        return f"{self.schedule} {self.time.astimezone(UTC).isoformat().replace('+00:00', 'Z')}"


async def job_of(body: str, sessions: SessionFactory, *, owner_id: UUID) -> UUID:
    """Return the job a message points at; a schedule's message makes it. Raises BadMessage."""
    if not _is_of_schedule(body):
        return read_message(body).job_id
    try:
        async with unit_of_work(sessions) as session:
            return await _job_of_schedule(_read(body), session, owner_id)
    except BadMessage:
        meter.add(Metric.SCHEDULES_REFUSED)
        raise


def _is_of_schedule(body: str) -> bool:
    try:
        found = pydantic_core.from_json(body)
    except (ValueError, TypeError):  # the latter for a lone surrogate
        return False
    return isinstance(found, dict) and "schedule" in found


def _read(body: str) -> ScheduleMessage:
    try:
        return ScheduleMessage.model_validate_json(body)
    except ValidationError as e:
        raise refusal(e) from e


async def _job_of_schedule(message: ScheduleMessage, session: AsyncSession, owner_id: UUID) -> UUID:
    now: datetime = await database_now(session)
    if message.time > now + SKEW:
        raise BadMessage("FUTURE_TIME", f"the scheduled time {message.time} has not come")
    job = await JobRepository(session).add(
        Job(
            owner_id=owner_id,
            kind=JobKind.INGEST,
            payload={"schedule": message.schedule},
            idempotency_key=message.key,
        )
    )
    return job.id
