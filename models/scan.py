"""What a scan asked and what it found; the hits themselves are an object."""

from datetime import date, datetime
from typing import Any, ClassVar
from uuid import UUID, uuid4

from sqlalchemy import ARRAY, Index, Text
from sqlalchemy.dialects.postgresql import JSONB
from sqlmodel import Field

from models.base import INSTANT, NEW_UUID, NOW, Entity, check, plausible_date


class Scan(Entity, table=True):
    """A list of rules asked of a universe as of a day: how many passed each, and who all."""

    __tablename__: ClassVar[str] = "scan"
    __table_args__ = (
        check("results_published_whole", "(summary IS NULL) = (result_prefix IS NULL)"),
        check("hits_bounded", "max_results BETWEEN 1 AND 500"),
        plausible_date("as_of"),
        Index("ix_scan_owner_id_created_at", "owner_id", "created_at", "id"),
        Index("ix_scan_owner_id_content_key", "owner_id", "content_key"),
    )

    id: UUID = Field(
        default_factory=uuid4,
        primary_key=True,
        sa_column_kwargs=NEW_UUID,
        description="Identity of the scan.",
    )
    owner_id: UUID = Field(description="Whose scan it is.")
    job_id: UUID = Field(foreign_key="job.id", unique=True, description="The job that does it.")
    content_key: str = Field(
        sa_type=Text, description="Hash of everything that decides the result."
    )
    scanner_key: str = Field(sa_type=Text, description="Which scanner was asked.")
    scanner_version: str = Field(sa_type=Text, description="Which version of it.")
    parameters: dict[str, Any] = Field(
        sa_type=JSONB, description="The scanner's parameters, defaults filled in."
    )
    universe_key: str | None = Field(
        default=None, sa_type=Text, description="The universe asked for; null for a list."
    )
    symbols: list[str] = Field(
        sa_type=ARRAY(Text), description="The symbols asked for; empty for a universe."
    )
    benchmark: str | None = Field(
        default=None, sa_type=Text, description="Symbol returns are compared with, if it has bars."
    )
    as_of: date = Field(description="The day whose close the scan stands at.")
    known_at: datetime = Field(
        sa_type=INSTANT, description="Nothing that became known later was used."
    )
    max_results: int = Field(description="At most so many hits are kept, best first.")
    data_fingerprint: str = Field(sa_type=Text, description="Digest of all rows it may read.")
    engine_version: str = Field(sa_type=Text, description="Version of the engine that ran it.")
    created_at: datetime = Field(
        default=None, sa_type=INSTANT, sa_column_kwargs=NOW, description="When it was asked for."
    )
    result_prefix: str | None = Field(
        default=None, sa_type=Text, description="Where its hits lie; null until it succeeded."
    )
    summary: dict[str, Any] | None = Field(
        default=None,
        sa_type=JSONB(none_as_null=True),
        description="Funnel and counts; null until it succeeded.",
    )
