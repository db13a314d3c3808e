"""What an account was worth each day: computed after each ingest, and what was said before."""

from datetime import date as Day  # noqa: N812 - the field is called date
from datetime import datetime
from decimal import Decimal
from typing import Any, ClassVar
from uuid import UUID

from sqlalchemy import BigInteger, Double, Identity, Index, text
from sqlalchemy.dialects.postgresql import JSONB, ExcludeConstraint
from sqlmodel import Field

from models.base import AMOUNT, INSTANT, Entity, check, plausible_date

# Without btree_gist, ranges of one owner and of one day compare them by built-in operators.
_NO_OVERLAP = (
    (
        text(
            "int8range(hashtextextended(owner_id::text, 0), "
            "hashtextextended(owner_id::text, 0), '[]')"
        ),
        "&&",
    ),
    (text("daterange(date, date, '[]')"), "&&"),
    (text("tstzrange(known_from, known_to, '[)')"), "&&"),
)


class PortfolioSnapshot(Entity, table=True):
    """An account at the end of a day in Australian dollars, as it was computed at an instant."""

    __tablename__: ClassVar[str] = "portfolio_snapshot"
    __table_args__ = (
        plausible_date("date"),
        check("growth_positive", "growth > 0 AND growth < 'Infinity'::float8"),
        check("knowledge_order", "known_from < known_to"),
        check("knowledge_finite", "isfinite(known_from) AND isfinite(known_to)"),
        ExcludeConstraint(*_NO_OVERLAP, using="gist", name="ex_portfolio_snapshot_overlap"),
        Index("ix_portfolio_snapshot_owner_id_date", "owner_id", "date", "known_from"),
    )

    row_id: int = Field(
        default=None,
        primary_key=True,
        sa_type=BigInteger,
        sa_column_args=[Identity()],
        description="Running number.",
    )
    owner_id: UUID = Field(description="Whose account it is.")
    date: Day = Field(description="The day at whose end it stood so.")
    value: Decimal | None = Field(
        default=None, sa_type=AMOUNT, description="Cash and holdings; null without a price or rate."
    )
    cash: Decimal = Field(sa_type=AMOUNT, description="Cash on the account.")
    flow: Decimal = Field(sa_type=AMOUNT, description="What came in that day, less what left.")
    dividends: Decimal = Field(sa_type=AMOUNT, description="All dividends so far.")
    growth: float | None = Field(
        default=None,
        sa_type=Double,
        description="What one unit of money had become that stayed throughout; null if undefined.",
    )
    rate: float | None = Field(
        default=None,
        sa_type=Double,
        description="US dollars for one Australian dollar that day; null before the first fixing.",
    )
    metrics: dict[str, Any] | None = Field(
        default=None,
        sa_type=JSONB(none_as_null=True),
        description="Figures of the returns up to that day, on the newest day of each computation.",
    )
    computed: bool = Field(
        default=True,
        sa_column_kwargs={"server_default": text("true")},
        description="Whether it follows from these books; false where another's file said it.",
    )
    known_from: datetime = Field(
        sa_type=INSTANT, description="When it was computed: it is what we said from here on."
    )
    known_to: datetime | None = Field(
        default=None, sa_type=INSTANT, description="When something else was; null while it holds."
    )
