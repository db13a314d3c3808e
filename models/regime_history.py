"""Regimes of an index, as they were believed: market data, of no owner."""

from datetime import date as Day  # noqa: N812 - as on a bar
from datetime import datetime
from typing import Any, ClassVar

from sqlalchemy import BigInteger, Identity, Index, Text, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlmodel import Field

from models.base import INSTANT, NOW, Entity, check

# The index whose regimes are meant where none is named.
DEFAULT_INDEX = "^GSPC"


class RegimeHistory(Entity, table=True):
    """What one model says of an index at each session.

    Sessions are added to the version that stands; where an earlier one reads otherwise than it did,
    because a bar was corrected or the model is another, a new version replaces it.
    """

    __tablename__: ClassVar[str] = "regime_history"
    __table_args__ = (
        check("believed_for_a_while", "known_at < known_to"),
        check("sessions_order", "first_on <= last_on"),
        check("fitted_within", "fitted_on <= last_on"),
        Index(
            "uq_regime_history_standing",
            "instrument_id",
            unique=True,
            postgresql_where=text("known_to IS NULL"),
        ),
        Index("ix_regime_history_believed", "instrument_id", "known_at"),
    )

    id: int = Field(
        default=None,
        primary_key=True,
        sa_type=BigInteger,
        sa_column_args=[Identity()],
        description="Running number.",
    )
    instrument_id: int = Field(
        foreign_key="instrument.id", sa_type=BigInteger, description="The index."
    )
    model_version: int = Field(description="Raised with every change that can move a figure.")
    input_digest: str = Field(
        sa_type=Text, description="Hash of the closes and the model the sessions come from."
    )
    first_on: Day = Field(description="First session with a regime.")
    last_on: Day = Field(description="Last session with a regime.")
    fitted_on: Day | None = Field(
        default=None, description="Last session of the last fit; null while a rule stands in."
    )
    known_at: datetime = Field(
        default=None,
        sa_type=INSTANT,
        sa_column_kwargs=NOW,
        description="From when this was believed, of the sessions then known.",
    )
    known_to: datetime | None = Field(
        default=None, sa_type=INSTANT, description="Until when; null while it is."
    )
    document: dict[str, Any] = Field(
        sa_type=JSONB, description="Sessions, probabilities, labels and models by column."
    )
    updated_at: datetime = Field(
        default=None,
        sa_type=INSTANT,
        sa_column_kwargs=NOW,
        description="When sessions were last added.",
    )
