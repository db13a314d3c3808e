"""Who changed what by hand, and why: written with the change, never altered."""

from datetime import datetime
from typing import Any, ClassVar
from uuid import UUID

from sqlalchemy import BigInteger, Identity, Index, Text, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlmodel import Field

from models.base import INSTANT, Entity, check


class AuditEvent(Entity, table=True):
    """One change by a person: the state before and after it, and the reason given."""

    __tablename__: ClassVar[str] = "audit_event"
    __table_args__ = (
        check("reason_given", "reason ~ '[^[:space:]]'"),
        Index("ix_audit_event_owner_id_subject", "owner_id", "subject", "id"),
    )

    id: int = Field(
        default=None,
        primary_key=True,
        sa_type=BigInteger,
        sa_column_args=[Identity()],
        description="Running number.",
    )
    owner_id: UUID = Field(description="Who did it.")
    at: datetime = Field(
        default=None,
        sa_type=INSTANT,
        sa_column_kwargs={"server_default": text("clock_timestamp()")},
        description="When it was done.",
    )
    action: str = Field(sa_type=Text, description="What was done, such as correctPrice.")
    subject: str = Field(sa_type=Text, description="What it was done to: BHP.AX 2024-01-08.")
    reason: str = Field(sa_type=Text, description="Why, in the words of who did it.")
    before: dict[str, Any] | None = Field(
        default=None, sa_type=JSONB(none_as_null=True), description="What it was; null when new."
    )
    after: dict[str, Any] | None = Field(
        default=None, sa_type=JSONB(none_as_null=True), description="What it is; null when gone."
    )
