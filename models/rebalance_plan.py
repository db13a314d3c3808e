"""What to buy and sell, as it was worked out at one instant."""

from datetime import date, datetime
from decimal import Decimal
from typing import Any, ClassVar
from uuid import UUID, uuid4

from sqlalchemy import ARRAY, Double, Index, Numeric, Text, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlmodel import Field

from models.base import INSTANT, NEW_UUID, NOW, Entity, check, plausible_date


class RebalancePlan(Entity, table=True):
    """Whole-share orders from real holdings to target weights, in AUD; never altered."""

    __tablename__: ClassVar[str] = "rebalance_plan"
    __table_args__ = (
        plausible_date("as_of"),
        check("equity_positive", "equity > 0 AND equity < 1e15"),
        check("costs_not_negative", "total_costs >= 0 AND total_costs < 1e15"),
        check("turnover_not_negative", "turnover >= 0 AND turnover < 'Infinity'::float8"),
        check("no_overdraft", "cash_after >= 0 OR cash_after >= cash_before"),
        check("cash_bounded", "abs(cash_before) < 1e15 AND abs(cash_after) < 1e15"),
        Index("ix_rebalance_plan_owner_id_created_at", "owner_id", "created_at", "id"),
        Index("ix_rebalance_plan_backtest_id", "backtest_id"),
    )

    id: UUID = Field(
        default_factory=uuid4,
        primary_key=True,
        sa_column_kwargs=NEW_UUID,
        description="Identity of the plan.",
    )
    owner_id: UUID = Field(description="Whose holdings it is about.")
    job_id: UUID | None = Field(
        default=None,
        unique=True,
        foreign_key="job.id",
        description="The job that decided; null for a plan from a finished run.",
    )
    backtest_id: UUID | None = Field(
        default=None,
        foreign_key="backtest.id",
        description="The run whose weights it takes; null for a plan from a strategy.",
    )
    as_of: date = Field(description="Day whose holdings and prices it starts from.")
    decision_bar: datetime = Field(
        sa_type=INSTANT,
        description="Close of the session whose bars the weights were decided on.",
    )
    known_at: datetime = Field(
        sa_type=INSTANT, description="No bar or rate that became known later was used."
    )
    equity: Decimal = Field(
        sa_type=Numeric, description="What cash and priced holdings are worth, in AUD."
    )
    cash_before: Decimal = Field(sa_type=Numeric, description="Cash it starts from, in AUD.")
    cash_after: Decimal = Field(sa_type=Numeric, description="Cash its orders leave, in AUD.")
    total_costs: Decimal = Field(
        sa_type=Numeric,
        description="Commissions, slippage and conversions of all its orders, in AUD.",
    )
    turnover: float = Field(
        sa_type=Double,
        description="The larger of purchases and sales, as a fraction of its worth.",
    )
    lines: list[dict[str, Any]] = Field(
        sa_type=JSONB, description="One for each asset held or wanted, sales first."
    )
    warnings: list[str] = Field(
        default_factory=list,
        sa_type=ARRAY(Text),
        sa_column_kwargs={"server_default": text("'{}'")},
        description="What to know before sending the orders.",
    )
    created_at: datetime = Field(
        default=None, sa_type=INSTANT, sa_column_kwargs=NOW, description="When it was made."
    )
