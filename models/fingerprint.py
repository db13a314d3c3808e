"""Digests of what is stored, so that a run's inputs are named without reading them."""

from datetime import date, datetime
from enum import StrEnum
from typing import ClassVar
from uuid import UUID, uuid4

from sqlalchemy import Index, Text, UniqueConstraint
from sqlmodel import Field

from models.base import INSTANT, NEW_UUID, NOW, Choice, Entity, check, one_of


class Scope(StrEnum):
    BARS = "bars"
    FX = "fx"
    MEMBERSHIP = "membership"
    FACTORS = "factors"
    MACRO = "macro"


class Fingerprint(Entity, table=True):
    """SHA-256 over the rows of one key in one year; year 0 stands for a whole set."""

    __tablename__: ClassVar[str] = "fingerprint"
    __table_args__ = (
        one_of("scope", Scope),
        check("digest_shape", "digest ~ '^[0-9a-f]{64}$'"),
        check("rows_counted", "row_count > 0"),
    )

    scope: Scope = Field(
        primary_key=True, sa_type=Choice(Scope), description="Which table the rows are in."
    )
    key: str = Field(
        primary_key=True,
        sa_type=Text,
        description="Instrument number, currency pair, universe key, factor set or series.",
    )
    year: int = Field(primary_key=True, description="Calendar year; 0 for a set without years.")
    digest: str = Field(sa_type=Text, description="SHA-256 in hexadecimal.")
    row_count: int = Field(description="Number of rows the digest covers.")
    first_on: date = Field(description="First day covered.")
    last_on: date = Field(description="Last day covered.")
    updated_at: datetime = Field(
        default=None,
        sa_type=INSTANT,
        sa_column_kwargs=NOW,
        description="When the digest last changed.",
    )


class RunInput(Entity, table=True):
    """A fingerprint a run read: a later change of it names the runs it touches."""

    __tablename__: ClassVar[str] = "run_input"
    __table_args__ = (
        UniqueConstraint("backtest_id", "scope", "key", "year"),
        Index("ix_run_input_scope_key_year", "scope", "key", "year"),
        one_of("scope", Scope),
    )

    id: UUID = Field(
        default_factory=uuid4,
        primary_key=True,
        sa_column_kwargs=NEW_UUID,
        description="Identity of the row.",
    )
    backtest_id: UUID = Field(foreign_key="backtest.id", description="The run.")
    scope: Scope = Field(sa_type=Choice(Scope), description="Which table was read.")
    key: str = Field(sa_type=Text, description="Which key of it was read.")
    year: int = Field(description="Which year of it; 0 for a set without years.")
    digest: str = Field(sa_type=Text, description="What it was when the run was asked for.")
