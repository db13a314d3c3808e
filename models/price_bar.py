"""Bars as we now believe them, the beliefs they replaced, and rows that were refused."""

from datetime import date as Day  # noqa: N812 - the field is called date
from datetime import datetime
from enum import StrEnum
from typing import Any, ClassVar, NamedTuple

from sqlalchemy import BigInteger, ColumnElement, Double, Identity, Index, Text, column, func, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlmodel import Field

from models.base import INSTANT, NOW, Choice, Entity, check, one_of, plausible_date, positive


class DataQuality(StrEnum):
    GOOD = "GOOD"
    SUSPECT = "SUSPECT"
    BAD = "BAD"


# The source of a bar a person has put right.
BY_HAND = "correction"


class BarRow(NamedTuple):
    """One bar on its way in. Unknown fields are None; known_at is when the market had it."""

    instrument_id: int
    date: Day
    open: float | None
    high: float | None
    low: float | None
    close: float | None
    adjusted_close: float | None
    volume: float | None
    source: str
    quality: str
    known_at: datetime


class PriceBar(Entity, table=True):
    """One session of one instrument. What the source does not carry is null."""

    __tablename__: ClassVar[str] = "price_bar"
    __table_args__ = (
        one_of("quality", DataQuality),
        plausible_date("date"),
        positive("open"),
        positive("high"),
        positive("low"),
        positive("close"),
        positive("adjusted_close"),
        check("volume_not_negative", "volume >= 0 AND volume < 'Infinity'::float8"),
        check("close_known", "close IS NOT NULL OR adjusted_close IS NOT NULL"),
        check("high_is_highest", "high >= greatest(open, low, close)"),
        check("low_is_lowest", "low <= least(open, high, close)"),
        # Few bars are; to count them is not to read the others.
        Index(
            "ix_price_bar_suspect",
            "instrument_id",
            postgresql_where=text("quality = 'SUSPECT'"),
        ),
    )

    instrument_id: int = Field(
        primary_key=True,
        foreign_key="instrument.id",
        sa_type=BigInteger,
        description="Whose bar it is.",
    )
    date: Day = Field(primary_key=True, description="Day of the trading session.")
    open: float | None = Field(default=None, sa_type=Double, description="First price.")
    high: float | None = Field(default=None, sa_type=Double, description="Highest price.")
    low: float | None = Field(default=None, sa_type=Double, description="Lowest price.")
    close: float | None = Field(default=None, sa_type=Double, description="Last price, as traded.")
    adjusted_close: float | None = Field(
        default=None, sa_type=Double, description="Last price, adjusted for splits and dividends."
    )
    volume: float | None = Field(default=None, sa_type=Double, description="Shares traded.")
    source: str = Field(sa_type=Text, description="Where the bar comes from.")
    quality: DataQuality = Field(
        default=DataQuality.GOOD,
        sa_type=Choice(DataQuality),
        sa_column_kwargs={"server_default": DataQuality.GOOD.value},
        description="GOOD, SUSPECT (used, but worth a look) or BAD (never used).",
    )
    known_at: datetime = Field(
        sa_type=INSTANT,
        description="When the bar became known: close plus delay, or when a correction came.",
    )
    recorded_at: datetime = Field(
        default=None,
        sa_type=INSTANT,
        sa_column_kwargs=NOW,
        description="When these values were written here, for audit.",
    )
    updated_at: datetime = Field(
        default=None,
        sa_type=INSTANT,
        sa_column_kwargs=NOW,
        description="When the row last changed.",
    )


class PriceBarRevision(Entity, table=True):
    """What a bar was before a correction, and how long that was believed."""

    __tablename__: ClassVar[str] = "price_bar_revision"
    __table_args__ = (
        one_of("quality", DataQuality),
        check("believed_for_a_while", "known_at < known_to"),
        Index("ix_price_bar_revision_newest", "known_to", "instrument_id", "date"),
    )

    instrument_id: int = Field(
        primary_key=True,
        foreign_key="instrument.id",
        sa_type=BigInteger,
        description="Whose bar it was.",
    )
    date: Day = Field(primary_key=True, description="Day of the trading session.")
    known_to: datetime = Field(
        primary_key=True, sa_type=INSTANT, description="When the correction became known."
    )
    known_at: datetime = Field(sa_type=INSTANT, description="When these values became known.")
    open: float | None = Field(default=None, sa_type=Double, description="First price.")
    high: float | None = Field(default=None, sa_type=Double, description="Highest price.")
    low: float | None = Field(default=None, sa_type=Double, description="Lowest price.")
    close: float | None = Field(default=None, sa_type=Double, description="Last price, as traded.")
    adjusted_close: float | None = Field(
        default=None, sa_type=Double, description="Last price, adjusted for splits and dividends."
    )
    volume: float | None = Field(default=None, sa_type=Double, description="Shares traded.")
    source: str = Field(sa_type=Text, description="Where the bar came from.")
    quality: DataQuality = Field(sa_type=Choice(DataQuality), description="Quality it then had.")
    recorded_at: datetime = Field(
        sa_type=INSTANT, description="When these values had been written here."
    )
    reason: str = Field(sa_type=Text, description="Why the bar changed.")


# What makes a refused row the same one when its file comes again. A row may be longer than an
# index holds, its digest is not.
PLACE: tuple[ColumnElement[Any], ...] = (
    column("source"),
    column("file"),
    column("row_number"),
    func.md5(column("raw")),
    column("reason"),
)


class Quarantine(Entity, table=True):
    """A row of a feed that was refused: kept as it came, never repaired."""

    __tablename__: ClassVar[str] = "quarantine"
    __table_args__ = (
        Index("uq_quarantine_place", *PLACE, unique=True, postgresql_nulls_not_distinct=True),
        Index("ix_quarantine_newest", "recorded_at", "id"),
        Index("ix_quarantine_symbol_newest", "symbol", "recorded_at", "id"),
    )

    id: int = Field(
        default=None,
        primary_key=True,
        sa_type=BigInteger,
        sa_column_args=[Identity()],
        description="Running number.",
    )
    source: str = Field(sa_type=Text, description="Feed the row came from.")
    file: str = Field(sa_type=Text, description="File, with its digest where there is one.")
    row_number: int | None = Field(default=None, description="Row in the file, counted from one.")
    symbol: str | None = Field(default=None, sa_type=Text, description="Symbol the row was for.")
    date: Day | None = Field(default=None, description="Session the row was for.")
    raw: str = Field(sa_type=Text, description="The row as it came.")
    reason: str = Field(sa_type=Text, description="Reason code, such as OHLC_ORDER or SPIKE.")
    detail: dict[str, Any] = Field(
        default_factory=dict, sa_type=JSONB, description="The values that gave the reason."
    )
    recorded_at: datetime = Field(
        default=None,
        sa_type=INSTANT,
        sa_column_kwargs=NOW,
        description="When the row was refused.",
    )
