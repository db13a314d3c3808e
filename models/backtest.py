"""What was asked of a run, with every default filled in, and what it came to."""

from datetime import date, datetime
from decimal import Decimal
from enum import StrEnum
from typing import Any, ClassVar
from uuid import UUID, uuid4

from sqlalchemy import ARRAY, Double, Index, Numeric, Text, UniqueConstraint
from sqlalchemy.dialects.postgresql import JSONB
from sqlmodel import Field

from models.base import INSTANT, NEW_UUID, NOW, Choice, Entity, check, one_of, plausible_date


class Currency(StrEnum):
    AUD = "AUD"
    USD = "USD"


class Rebalance(StrEnum):
    DAILY = "DAILY"
    WEEKLY = "WEEKLY"
    MONTHLY = "MONTHLY"
    QUARTERLY = "QUARTERLY"


class Allocator(StrEnum):
    EQUAL_WEIGHT = "EQUAL_WEIGHT"
    INVERSE_VOLATILITY = "INVERSE_VOLATILITY"
    HRP = "HRP"
    MEAN_VARIANCE = "MEAN_VARIANCE"
    RISK_BUDGETING = "RISK_BUDGETING"
    NCO = "NCO"
    BLACK_LITTERMAN = "BLACK_LITTERMAN"


class FillPolicy(StrEnum):
    NEXT_OPEN = "NEXT_OPEN"
    NEXT_CLOSE = "NEXT_CLOSE"
    DECISION_CLOSE = "DECISION_CLOSE"


class DecisionClock(StrEnum):
    ASX_CLOSE = "ASX_CLOSE"
    US_CLOSE = "US_CLOSE"


class Backtest(Entity, table=True):
    """A request for a run and, once its job has finished, the figures lists sort by."""

    __tablename__: ClassVar[str] = "backtest"
    __table_args__ = (
        one_of("currency", Currency),
        one_of("rebalance", Rebalance),
        one_of("allocator", Allocator),
        one_of("fill", FillPolicy),
        one_of("decision_clock", DecisionClock),
        plausible_date("start_on"),
        plausible_date("end_on"),
        check("dates_order", "start_on < end_on"),
        check("capital_positive", "initial_capital > 0 AND initial_capital < 1e15"),
        check("overlay_bounded", "overlay_vol_target BETWEEN 0.02 AND 0.4"),
        check("something_to_hold", "universe_key IS NOT NULL OR cardinality(symbols) > 0"),
        check("published_whole", "(result_prefix IS NULL) = (summary IS NULL)"),
        Index("ix_backtest_owner_id_content_key", "owner_id", "content_key"),
        Index("ix_backtest_owner_id_created_at", "owner_id", "created_at", "id"),
    )

    id: UUID = Field(
        default_factory=uuid4,
        primary_key=True,
        sa_column_kwargs=NEW_UUID,
        description="Identity of the run.",
    )
    owner_id: UUID = Field(description="Whose run it is.")
    job_id: UUID = Field(foreign_key="job.id", unique=True, description="The job that does it.")
    content_key: str = Field(
        sa_type=Text, description="Hash of everything that decides the result."
    )
    name: str | None = Field(default=None, sa_type=Text, description="Name its owner gave it.")
    notes: str | None = Field(default=None, sa_type=Text, description="Its owner's notes.")
    strategy_key: str = Field(sa_type=Text, description="Which strategy was run.")
    strategy_version: str = Field(sa_type=Text, description="Which version of it.")
    parameters: dict[str, Any] = Field(
        sa_type=JSONB, description="The strategy's parameters, defaults filled in."
    )
    universe_key: str | None = Field(
        default=None, sa_type=Text, description="The universe asked for; null for a list."
    )
    symbols: list[str] = Field(
        sa_type=ARRAY(Text), description="The symbols asked for, or the universe's at submit."
    )
    start_on: date = Field(description="First day of the run.")
    end_on: date = Field(description="Last day of the run.")
    initial_capital: Decimal = Field(sa_type=Numeric, description="Money it begins with.")
    currency: Currency = Field(sa_type=Choice(Currency), description="Currency of all its money.")
    benchmark: str = Field(sa_type=Text, description="Symbol it is compared with.")
    rebalance: Rebalance = Field(sa_type=Choice(Rebalance), description="How often it decides.")
    allocator: Allocator | None = Field(
        default=None,
        sa_type=Choice(Allocator),
        description="Weighting asked for; null for the strategy's own.",
    )
    constraints: dict[str, Any] = Field(
        sa_type=JSONB, description="Bounds on weights and turnover, defaults filled in."
    )
    costs: dict[str, Any] = Field(sa_type=JSONB, description="Cost model, defaults filled in.")
    fill: FillPolicy = Field(sa_type=Choice(FillPolicy), description="Where orders are filled.")
    whole_shares: bool = Field(description="Whether orders are rounded to whole shares.")
    decision_clock: DecisionClock = Field(
        sa_type=Choice(DecisionClock), description="At which market's close it decides."
    )
    overlay_vol_target: float | None = Field(
        default=None,
        sa_type=Double,
        description="Annual volatility the weights were scaled to; null where they were not.",
    )
    known_at: datetime = Field(
        sa_type=INSTANT, description="Nothing that became known later was used."
    )
    data_fingerprint: str = Field(sa_type=Text, description="Digest of all rows it may read.")
    engine_version: str = Field(sa_type=Text, description="Version of the engine that runs it.")
    components: dict[str, Any] = Field(
        default_factory=dict,
        sa_type=JSONB,
        description="Hash of each part of the content key: says which input moved.",
    )
    created_at: datetime = Field(
        default=None, sa_type=INSTANT, sa_column_kwargs=NOW, description="When it was asked for."
    )
    result_prefix: str | None = Field(
        default=None, sa_type=Text, description="Where its series lie; null until it succeeded."
    )
    summary: dict[str, Any] | None = Field(
        default=None, sa_type=JSONB(none_as_null=True), description="Figures shown with the run."
    )
    sharpe: float | None = Field(
        default=None, sa_type=Double, description="Annual Sharpe ratio, for sorting."
    )
    cagr: float | None = Field(
        default=None, sa_type=Double, description="Compound annual growth, for sorting."
    )
    max_drawdown: float | None = Field(
        default=None, sa_type=Double, description="Deepest drawdown, at most 0, for sorting."
    )
    deflated_sharpe: float | None = Field(
        default=None,
        sa_type=Double,
        description="Deflated Sharpe ratio by the trials counted so far, for sorting.",
    )
    trials: int | None = Field(
        default=None, description="Trials of its family so far; null until it succeeded."
    )


class Trial(Entity, table=True):
    """One configuration ever evaluated: how often a family was tried is never forgotten."""

    __tablename__: ClassVar[str] = "trial"
    __table_args__ = (
        UniqueConstraint("owner_id", "family", "content_key"),
        check("sessions_counted", "sessions >= 0"),
    )

    id: UUID = Field(
        default_factory=uuid4,
        primary_key=True,
        sa_column_kwargs=NEW_UUID,
        description="Identity of the trial.",
    )
    owner_id: UUID = Field(description="Who tried it.")
    family: str = Field(
        sa_type=Text, description="Strategy key and universe: what the search was over."
    )
    content_key: str = Field(sa_type=Text, description="Hash of everything that decided it.")
    backtest_id: UUID | None = Field(
        default=None, foreign_key="backtest.id", description="The run it came from."
    )
    parameters: dict[str, Any] = Field(sa_type=JSONB, description="Parameters that were tried.")
    sharpe: float | None = Field(
        default=None, sa_type=Double, description="Sharpe ratio per session, not annual."
    )
    sessions: int = Field(description="Number of returns it rests on.")
    skew: float | None = Field(default=None, sa_type=Double, description="Skewness of returns.")
    kurtosis: float | None = Field(
        default=None, sa_type=Double, description="Kurtosis of returns, 3 for a normal."
    )
    returns_key: str | None = Field(
        default=None, sa_type=Text, description="Object that holds its return series."
    )
    created_at: datetime = Field(
        default=None, sa_type=INSTANT, sa_column_kwargs=NOW, description="When it was recorded."
    )
