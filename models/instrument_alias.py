"""Symbols under which an instrument has traded: tickers are reused, instruments are not."""

from datetime import date
from typing import ClassVar, NamedTuple

from sqlalchemy import BigInteger, Text, text
from sqlalchemy.dialects.postgresql import ExcludeConstraint
from sqlmodel import Field

from models.base import Entity, check, plausible_date


class AliasRow(NamedTuple):
    """A symbol on its way in; `ends_on` is the first day it no longer is the instrument's."""

    instrument_id: int
    symbol: str
    starts_on: date
    ends_on: date | None


# The embedded server has no btree_gist: a range of one number compares a symbol by its hash.
_ONE_AT_A_TIME = (
    (text("int8range(hashtextextended(symbol, 0), hashtextextended(symbol, 0), '[]')"), "&&"),
    (text("daterange(starts_on, ends_on, '[)')"), "&&"),
)


class InstrumentAlias(Entity, table=True):
    """A span of days on which a symbol meant an instrument."""

    __tablename__: ClassVar[str] = "instrument_alias"
    __table_args__ = (
        check("dates_order", "starts_on < ends_on"),
        check("symbol_shape", "symbol ~ '^[^[:space:]]{1,32}$'"),
        plausible_date("starts_on"),
        ExcludeConstraint(*_ONE_AT_A_TIME, using="gist", name="ex_instrument_alias_overlap"),
    )

    symbol: str = Field(
        primary_key=True, sa_type=Text, description="Symbol in Yahoo style, such as FB."
    )
    starts_on: date = Field(primary_key=True, description="First day it meant the instrument.")
    ends_on: date | None = Field(
        default=None, description="First day it no longer did; null while it does."
    )
    instrument_id: int = Field(
        foreign_key="instrument.id",
        sa_type=BigInteger,
        index=True,
        description="What it meant.",
    )
