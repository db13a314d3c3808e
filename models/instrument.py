"""What can be traded or compared with, under an id that survives a change of symbol."""

from datetime import date, datetime
from enum import StrEnum
from typing import ClassVar
from uuid import UUID

from sqlalchemy import ARRAY, BigInteger, Identity, Text, text
from sqlmodel import Field

from models.base import INSTANT, NEW_UUID, NOW, Choice, Entity, check, one_of


class AssetClass(StrEnum):
    EQUITY = "EQUITY"
    ETF = "ETF"
    INDEX = "INDEX"
    FX = "FX"
    CRYPTO = "CRYPTO"


class Exchange(StrEnum):
    XNYS = "XNYS"
    XNAS = "XNAS"
    XASX = "XASX"
    INDEX = "INDEX"
    CRYPTO = "CRYPTO"
    FX = "FX"


class Instrument(Entity, table=True):
    """A share, fund, index, currency pair or coin of one source."""

    __tablename__: ClassVar[str] = "instrument"
    __table_args__ = (
        one_of("asset_class", AssetClass),
        one_of("exchange", Exchange),
        check("currency_iso", "currency ~ '^[A-Z]{3}$'"),
        check("symbol_shape", "symbol ~ '^[^[:space:]]{1,32}$'"),
        check("listing_order", "delisted_on IS NULL OR delisted_on >= listed_on"),
        check("bars_counted", "bar_count >= 0 AND (bar_count = 0) = (first_bar IS NULL)"),
        check("bars_order", "(first_bar IS NULL) = (last_bar IS NULL) AND first_bar <= last_bar"),
    )

    id: int = Field(
        default=None,
        primary_key=True,
        sa_type=BigInteger,
        sa_column_args=[Identity()],
        description="Permanent number used inside the database; ascending, never reused.",
    )
    uuid: UUID = Field(
        default=None,
        unique=True,
        sa_column_kwargs=NEW_UUID,
        description="Permanent identity shown outside.",
    )
    symbol: str = Field(
        unique=True, sa_type=Text, description="Symbol in Yahoo style, such as BHP.AX or ^GSPC."
    )
    name: str | None = Field(default=None, sa_type=Text, description="Name of the issuer or index.")
    asset_class: AssetClass = Field(sa_type=Choice(AssetClass), description="Kind of asset.")
    exchange: Exchange = Field(
        sa_type=Choice(Exchange), description="Market whose calendar the bars follow."
    )
    currency: str = Field(sa_type=Text, description="ISO 4217 code of the quoted prices.")
    sector: str | None = Field(
        default=None, sa_type=Text, description="Industry sector; null where the source has none."
    )
    listed_on: date | None = Field(default=None, description="First day of listing, when known.")
    delisted_on: date | None = Field(
        default=None, description="Last day of listing; null while listed or unknown."
    )
    source: str = Field(sa_type=Text, description="Where the prices come from, with the data set.")
    flags: list[str] = Field(
        default_factory=list,
        sa_type=ARRAY(Text),
        sa_column_kwargs={"server_default": text("'{}'")},
        description="Warnings that travel into each run, such as no_corporate_actions.",
    )
    fields: list[str] = Field(
        default_factory=list,
        sa_type=ARRAY(Text),
        sa_column_kwargs={"server_default": text("'{}'")},
        description="Fields of a bar this source declares; the others are unknown, not missing.",
    )
    first_bar: date | None = Field(default=None, description="Session of the first stored bar.")
    last_bar: date | None = Field(default=None, description="Session of the last stored bar.")
    bar_count: int = Field(
        default=0,
        sa_column_kwargs={"server_default": text("0")},
        description="Number of stored bars.",
    )
    created_at: datetime = Field(
        default=None, sa_type=INSTANT, sa_column_kwargs=NOW, description="When the row was written."
    )
    updated_at: datetime = Field(
        default=None,
        sa_type=INSTANT,
        sa_column_kwargs=NOW,
        description="When the row last changed.",
    )
