"""Money that came into the account or left it: written once, mended by its opposite."""

from datetime import date as Day  # noqa: N812 - the field is called date
from datetime import datetime
from decimal import Decimal
from typing import ClassVar
from uuid import UUID, uuid4

from sqlalchemy import Index, Text, UniqueConstraint, text
from sqlmodel import Field

from models.backtest import Currency
from models.base import AMOUNT, INSTANT, NEW_UUID, Choice, Entity, check, one_of, plausible_date


class CashFlow(Entity, table=True):
    """A deposit or a withdrawal. One that was wrong is mended by its opposite."""

    __tablename__: ClassVar[str] = "cash_flow"
    __table_args__ = (
        UniqueConstraint("owner_id", "idempotency_key"),
        one_of("currency", Currency),
        plausible_date("date"),
        check("amount_moves", "amount <> 0 AND abs(amount) < 1e15"),
        check("fx_positive", "fx > 0 AND fx < 1e15"),
        check("home_rate", "currency <> 'AUD' OR fx = 1"),
        check("reason_given", "reason ~ '[^[:space:]]'"),
        Index("ix_cash_flow_owner_id_date", "owner_id", "date", "id"),
    )

    id: UUID = Field(
        default_factory=uuid4,
        primary_key=True,
        sa_column_kwargs=NEW_UUID,
        description="Identity of the flow.",
    )
    owner_id: UUID = Field(description="Whose account it is.")
    date: Day = Field(description="Day on which the money moved.")
    amount: Decimal = Field(
        sa_type=AMOUNT, description="Above 0 what came in, below 0 what left, in its currency."
    )
    currency: Currency = Field(sa_type=Choice(Currency), description="Currency of the amount.")
    fx: Decimal = Field(
        sa_type=AMOUNT, description="Australian dollars for one unit of its currency on that day."
    )
    reason: str = Field(sa_type=Text, description="What it was, in its owner's words.")
    idempotency_key: str | None = Field(
        default=None, sa_type=Text, description="The caller's key: the same key is the same flow."
    )
    recorded_at: datetime = Field(
        default=None,
        sa_type=INSTANT,
        sa_column_kwargs={"server_default": text("clock_timestamp()")},
        description="When it was written: it is known from here on.",
    )
