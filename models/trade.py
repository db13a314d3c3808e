"""Trades of an owner in versions: what was believed of each, and from when until when."""

from datetime import date, datetime
from decimal import Decimal
from enum import StrEnum
from typing import ClassVar
from uuid import UUID, uuid4

from sqlalchemy import (
    ARRAY,
    BigInteger,
    CheckConstraint,
    Double,
    FetchedValue,
    Identity,
    Index,
    Text,
    UniqueConstraint,
    text,
)
from sqlalchemy.dialects.postgresql import ExcludeConstraint
from sqlmodel import Field

from models.backtest import Currency
from models.base import AMOUNT, INSTANT, NEW_UUID, Amount, Choice, Entity, check, one_of


class Side(StrEnum):
    BUY = "BUY"
    SELL = "SELL"


class TradeStatus(StrEnum):
    OPEN = "OPEN"
    CLOSED = "CLOSED"
    CANCELLED = "CANCELLED"


# NaN and infinity sort above every number: one bound refuses them too.
def _above_zero(column: str) -> CheckConstraint:
    return check(f"{column}_positive", f"{column} > 0 AND {column} < 1e15")


def _not_below_zero(column: str) -> CheckConstraint:
    return check(f"{column}_not_negative", f"{column} >= 0 AND {column} < 1e15")


def _plausible(column: str) -> CheckConstraint:
    return check(
        f"{column}_plausible",
        f"{column} >= '1900-01-01 00:00+00' AND {column} < '2200-01-01 00:00+00'",
    )


# Without btree_gist a range of one number compares it by built-in operators. No two versions of a
# trade are believed at one instant, whatever days they are about.
_NO_OVERLAP = (
    (text("int8range(trade_no, trade_no, '[]')"), "&&"),
    (text("tstzrange(known_from, known_to, '[)')"), "&&"),
)
_BELIEVED = text("known_to IS NULL")


class Trade(Entity, table=True):
    """A purchase or a short sale, and its exit. A change is a new version; none is overwritten."""

    __tablename__: ClassVar[str] = "trade"
    __table_args__ = (
        UniqueConstraint("id", "version"),
        UniqueConstraint("owner_id", "idempotency_key"),
        one_of("side", Side),
        one_of("status", TradeStatus),
        one_of("currency", Currency),
        _above_zero("quantity"),
        _above_zero("entry_price"),
        _above_zero("exit_price"),
        _above_zero("split_ratio"),
        _above_zero("fx_at_entry"),
        _above_zero("fx_at_exit"),
        _not_below_zero("commission"),
        _not_below_zero("exit_commission"),
        _plausible("entry_at"),
        _plausible("exit_at"),
        check("entry_before_exit", "entry_at < exit_at"),
        check(
            "exit_whole", "num_nulls(exit_at, exit_price, exit_commission, fx_at_exit) IN (0, 4)"
        ),
        check(
            "exit_when_closed",
            "status = 'CANCELLED' OR (status = 'CLOSED') = (exit_at IS NOT NULL)",
        ),
        check("split_at_exit", "exit_at IS NOT NULL OR split_ratio = 1"),
        check(
            "home_rate", "currency <> 'AUD' OR (fx_at_entry = 1 AND coalesce(fx_at_exit, 1) = 1)"
        ),
        check("symbol_shape", "symbol ~ '^[^[:space:]]{1,32}$'"),
        check("reference_given", "reference ~ '[^[:space:]]' AND length(reference) <= 100"),
        check("reason_given", "reason ~ '[^[:space:]]'"),
        check(
            "score_finite",
            "signal_score > '-Infinity'::float8 AND signal_score < 'Infinity'::float8",
        ),
        check("versions_count", "version >= 1"),
        check("knowledge_order", "known_from < known_to"),
        check("knowledge_finite", "isfinite(known_from) AND isfinite(known_to)"),
        ExcludeConstraint(*_NO_OVERLAP, using="gist", name="ex_trade_overlap"),
        Index(
            "uq_trade_owner_id_reference",
            "owner_id",
            "reference",
            unique=True,
            postgresql_where=_BELIEVED,
        ),
        # Of all versions: whoever stands at an earlier instant sorts by it too.
        Index("ix_trade_owner_id_entry_at", "owner_id", "entry_at", "id"),
        Index("ix_trade_owner_id_symbol", "owner_id", "symbol", "id", postgresql_where=_BELIEVED),
        Index("ix_trade_instrument_id", "instrument_id"),
    )

    row_id: int = Field(
        default=None,
        primary_key=True,
        sa_type=BigInteger,
        sa_column_args=[Identity()],
        description="Running number of the version.",
    )
    trade_no: int = Field(
        default=None,
        sa_type=BigInteger,
        sa_column_args=[FetchedValue()],
        description="Number of the trade inside the database: that of its first version.",
    )
    id: UUID = Field(
        default_factory=uuid4,
        sa_column_kwargs=NEW_UUID,
        description="Identity of the trade, the same over all its versions.",
    )
    version: int = Field(default=1, description="Number of this version, from one, without a gap.")
    owner_id: UUID = Field(description="Whose trade it is.")
    reference: str = Field(
        sa_type=Text, description="The owner's name for it; no two trades share one."
    )
    instrument_id: int | None = Field(
        default=None,
        foreign_key="instrument.id",
        sa_type=BigInteger,
        description="The instrument; null where the symbol was unknown when it was written.",
    )
    symbol: str = Field(sa_type=Text, description="Symbol of what was traded.")
    side: Side = Field(sa_type=Choice(Side), description="BUY is long, SELL is short.")
    quantity: Decimal = Field(
        sa_type=AMOUNT, description="Shares at entry, above 0 for both sides."
    )
    entry_price: Decimal = Field(
        sa_type=AMOUNT, description="Price of a share at entry, in the trade's currency."
    )
    exit_price: Decimal | None = Field(
        default=None, sa_type=AMOUNT, description="Price of a share at exit; null before it."
    )
    split_ratio: Decimal = Field(
        default=Decimal(1),
        sa_type=AMOUNT,
        sa_column_kwargs={"server_default": text("1")},
        description="Shares at exit for one at entry, by the splits between; 1 until the exit.",
    )
    entry_at: datetime = Field(sa_type=INSTANT, description="When it was entered.")
    exit_at: datetime | None = Field(
        default=None, sa_type=INSTANT, description="When it was left; null before it was."
    )
    commission: Decimal = Field(
        sa_type=AMOUNT, description="Commission of the entry, in the trade's currency."
    )
    exit_commission: Decimal | None = Field(
        default=None, sa_type=AMOUNT, description="Commission of the exit; null before it."
    )
    currency: Currency = Field(
        sa_type=Choice(Currency), description="Currency of its prices and commissions."
    )
    fx_at_entry: Decimal = Field(
        sa_type=AMOUNT,
        description="Australian dollars for one unit of its currency on the day of entry.",
    )
    fx_at_exit: Decimal | None = Field(
        default=None,
        sa_type=AMOUNT,
        description="Australian dollars for one unit of its currency on the day of exit.",
    )
    status: TradeStatus = Field(
        default=TradeStatus.OPEN, sa_type=Choice(TradeStatus), description="Where it stands."
    )
    strategy: str | None = Field(
        default=None, sa_type=Text, description="The strategy or idea it follows, if any."
    )
    signal_score: float | None = Field(
        default=None, sa_type=Double, description="How strong its signal was, in its own unit."
    )
    notes: str | None = Field(default=None, sa_type=Text, description="Its owner's notes.")
    tags: list[str] = Field(
        default_factory=list,
        sa_type=ARRAY(Text),
        sa_column_kwargs={"server_default": text("'{}'")},
        description="Its owner's labels.",
    )
    idempotency_key: str | None = Field(
        default=None, sa_type=Text, description="The caller's key, on the first version only."
    )
    reason: str = Field(sa_type=Text, description="Why this version was written.")
    known_from: datetime = Field(
        default=None,
        sa_type=INSTANT,
        sa_column_kwargs={"server_default": text("clock_timestamp()")},
        description="When this version was recorded: it is believed from here on.",
    )
    known_to: datetime | None = Field(
        default=None, sa_type=INSTANT, description="When the next one was; null while believed."
    )
    entry_on: date = Field(
        default=None,
        sa_column_args=[FetchedValue()],
        description="Day of the entry where its currency's market is.",
    )
    exit_on: date | None = Field(
        default=None,
        sa_column_args=[FetchedValue()],
        description="Day of the exit there; null before it.",
    )
    pnl: Decimal | None = Field(
        default=None,
        sa_type=Amount,
        sa_column_args=[FetchedValue()],
        description="Profit after both commissions, in its currency; null unless it is closed.",
    )
    pnl_aud: Decimal | None = Field(
        default=None,
        sa_type=Amount,
        sa_column_args=[FetchedValue()],
        description="The same in Australian dollars, each side at the rate of its day; null unless "
        "it is closed.",
    )
