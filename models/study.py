"""Searches over many runs: a sweep, a walk-forward, and the trials they are made of."""

from datetime import date, datetime
from enum import StrEnum
from typing import Any, ClassVar
from uuid import UUID, uuid4

from sqlalchemy import Index, Text
from sqlalchemy.dialects.postgresql import JSONB
from sqlmodel import Field

from models.base import INSTANT, NEW_UUID, NOW, Choice, Entity, check, one_of


class SearchMethod(StrEnum):
    GRID = "GRID"
    RANDOM = "RANDOM"
    BAYESIAN = "BAYESIAN"


class ValidationMethod(StrEnum):
    WALK_FORWARD = "WALK_FORWARD"
    CPCV = "CPCV"


class Study(Entity):
    """A base run, what is varied in it, and what a better trial is."""

    id: UUID = Field(
        default_factory=uuid4,
        primary_key=True,
        sa_column_kwargs=NEW_UUID,
        description="Identity of the search.",
    )
    owner_id: UUID = Field(description="Whose search it is.")
    job_id: UUID = Field(foreign_key="job.id", unique=True, description="The job that does it.")
    content_key: str = Field(
        sa_type=Text, description="Hash of everything that decides the result."
    )
    name: str | None = Field(default=None, sa_type=Text, description="Name its owner gave it.")
    strategy_key: str = Field(sa_type=Text, description="Which strategy is searched.")
    family: str = Field(sa_type=Text, description="Family of the ledger its trials count in.")
    universe_key: str | None = Field(
        default=None, sa_type=Text, description="The universe asked for; null for a list."
    )
    start_on: date = Field(description="First day of every trial.")
    end_on: date = Field(description="Last day of every trial.")
    base: dict[str, Any] = Field(
        sa_type=JSONB, description="The request every trial begins from, defaults filled in."
    )
    axes: list[dict[str, Any]] = Field(sa_type=JSONB, description="What is varied.")
    objective: str = Field(sa_type=Text, description="Figure that makes a trial the better one.")
    combinations: int = Field(description="Trials it will make at most.")
    known_at: datetime = Field(
        sa_type=INSTANT, description="Nothing that became known later is used."
    )
    engine_version: str = Field(sa_type=Text, description="Version of the engine that runs it.")
    created_at: datetime = Field(
        default=None, sa_type=INSTANT, sa_column_kwargs=NOW, description="When it was asked for."
    )
    result_prefix: str | None = Field(
        default=None, sa_type=Text, description="Where its series lie; null until it succeeded."
    )
    summary: dict[str, Any] | None = Field(
        default=None, sa_type=JSONB(none_as_null=True), description="What came of it."
    )


class Sweep(Study, table=True):
    """Many trials of one strategy, to see where its parameters are good and how far to trust it."""

    __tablename__: ClassVar[str] = "sweep"
    __table_args__ = (
        one_of("method", SearchMethod),
        check("combinations_positive", "combinations > 0"),
        check("published_whole", "(result_prefix IS NULL) = (summary IS NULL)"),
        Index("ix_sweep_owner_id_content_key", "owner_id", "content_key"),
        Index("ix_sweep_owner_id_created_at", "owner_id", "created_at", "id"),
    )

    method: SearchMethod = Field(sa_type=Choice(SearchMethod), description="How it searches.")
    seed: int = Field(description="Seed of a search that does not try everything.")


class WalkForward(Study, table=True):
    """A choice of parameters made again and again, each judged by sessions it was not made on."""

    __tablename__: ClassVar[str] = "walk_forward"
    __table_args__ = (
        one_of("method", ValidationMethod),
        check("combinations_positive", "combinations > 0"),
        check("published_whole", "(result_prefix IS NULL) = (summary IS NULL)"),
        Index("ix_walk_forward_owner_id_content_key", "owner_id", "content_key"),
        Index("ix_walk_forward_owner_id_created_at", "owner_id", "created_at", "id"),
    )

    method: ValidationMethod = Field(
        sa_type=Choice(ValidationMethod), description="How sessions are parted."
    )
    plan: dict[str, Any] = Field(sa_type=JSONB, description="Lengths of the parts.")


class StudyTrial(Entity, table=True):
    """One combination of a search, and its figures once it was evaluated."""

    __tablename__: ClassVar[str] = "study_trial"
    __table_args__ = (check("number_positive", "number > 0"),)

    job_id: UUID = Field(primary_key=True, foreign_key="job.id", description="The search's job.")
    number: int = Field(primary_key=True, description="Its number in the search, from 1.")
    owner_id: UUID = Field(description="Whose search it is.")
    content_key: str = Field(
        sa_type=Text, description="Hash a backtest of the same content would have."
    )
    parameters: dict[str, Any] = Field(sa_type=JSONB, description="What was varied, and its value.")
    metrics: dict[str, Any] | None = Field(
        default=None,
        sa_type=JSONB(none_as_null=True),
        description="Its figures; null until it was evaluated.",
    )
    moments: dict[str, Any] | None = Field(
        default=None,
        sa_type=JSONB(none_as_null=True),
        description="What the ledger keeps of its returns.",
    )
