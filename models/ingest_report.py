"""What an ingest asked for, what came of it, and what it refused."""

from datetime import datetime
from typing import Any, ClassVar
from uuid import UUID, uuid4

from sqlalchemy import BigInteger, Double, Index, Text, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlmodel import Field

from models.base import INSTANT, NEW_UUID, NOW, Entity, check

_COUNTS = (
    "requested",
    "succeeded",
    "rows_read",
    "rows_written",
    "rows_unchanged",
    "rows_revised",
    "rows_quarantined",
    "requests_made",
    "requests_saved",
)


class IngestReport(Entity, table=True):
    """The account of one ingest job: every row that was read is counted once."""

    __tablename__: ClassVar[str] = "ingest_report"
    __table_args__ = (
        check("counted", f"least({', '.join(_COUNTS)}, seconds) >= 0 AND seconds < 'Infinity'"),
        check("succeeded_of_requested", "succeeded <= requested"),
        check("rows_conserved", "rows_read = rows_written + rows_unchanged + rows_quarantined"),
        check("revised_of_written", "rows_revised <= rows_written"),
        Index("ix_ingest_report_owner_id_created_at", "owner_id", "created_at", "id"),
    )

    id: UUID = Field(
        default_factory=uuid4,
        primary_key=True,
        sa_column_kwargs=NEW_UUID,
        description="Identity of the report.",
    )
    owner_id: UUID = Field(description="Who asked for the ingest.")
    job_id: UUID = Field(unique=True, foreign_key="job.id", description="The job it reports on.")
    universe_key: str | None = Field(
        default=None, sa_type=Text, description="Universe asked for; null for a list of symbols."
    )
    source: str = Field(sa_type=Text, description="Source asked for, such as AUTO or TIINGO.")
    requested: int = Field(description="Number of symbols asked for.")
    succeeded: int = Field(description="Number of symbols that are up to date now.")
    rows_read: int = Field(sa_type=BigInteger, description="Rows the providers sent.")
    rows_written: int = Field(
        sa_type=BigInteger, description="Rows that are new or changed what was stored."
    )
    rows_unchanged: int = Field(sa_type=BigInteger, description="Rows that were stored already.")
    rows_revised: int = Field(
        sa_type=BigInteger, description="Rows that changed what was stored, of those written."
    )
    rows_quarantined: int = Field(sa_type=BigInteger, description="Rows that were refused.")
    requests_made: int = Field(description="Requests sent to providers, tries included.")
    requests_saved: int = Field(
        description="Requests not sent, since what they would bring is stored."
    )
    seconds: float = Field(sa_type=Double, description="Time it took.")
    failures: list[dict[str, Any]] = Field(
        default_factory=list,
        sa_type=JSONB,
        sa_column_kwargs={"server_default": text("'[]'")},
        description="Symbols that failed: symbol, kind, message, retryable, attempts, source.",
    )
    reasons: dict[str, Any] = Field(
        default_factory=dict,
        sa_type=JSONB,
        sa_column_kwargs={"server_default": text("'{}'")},
        description="Number of refused rows by reason code.",
    )
    created_at: datetime = Field(
        default=None, sa_type=INSTANT, sa_column_kwargs=NOW, description="When it was written."
    )
