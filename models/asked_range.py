"""What providers were already asked for, so that nobody asks twice on a day."""

from datetime import date, datetime
from typing import ClassVar, NamedTuple

from sqlalchemy import Text
from sqlmodel import Field

from models.base import INSTANT, Entity, check


class AskedRow(NamedTuple):
    """What is known of one symbol or series on its way in."""

    key: str
    source: str
    first_on: date | None
    last_on: date | None
    checked_at: datetime
    failure_kind: str | None = None
    failure_message: str | None = None
    asked_to: date | None = None


class AskedRange(Entity, table=True):
    """The days of a symbol or a series that a provider was asked for, without a hole.

    Days in it without a bar have none: they need not be asked for again.
    """

    __tablename__: ClassVar[str] = "asked_range"
    __table_args__ = (
        check("days_order", "first_on <= last_on"),
        check("both_or_neither", "(first_on IS NULL) = (last_on IS NULL)"),
        check("days_or_failure", "first_on IS NOT NULL OR failure_kind IS NOT NULL"),
        check("failure_told", "(failure_kind IS NULL) = (failure_message IS NULL)"),
    )

    key: str = Field(primary_key=True, sa_type=Text, description="Symbol, or series such as VIX.")
    source: str = Field(sa_type=Text, description="Who was asked last.")
    first_on: date | None = Field(default=None, description="First day that was asked for.")
    last_on: date | None = Field(
        default=None, description="Last day that was asked for and may not come any more."
    )
    asked_to: date | None = Field(
        default=None, description="Last day that was asked for, whether or not it came."
    )
    checked_at: datetime = Field(sa_type=INSTANT, description="When it was asked for last.")
    failure_kind: str | None = Field(
        default=None, sa_type=Text, description="Why asking again is no use, such as DELISTED."
    )
    failure_message: str | None = Field(
        default=None, sa_type=Text, description="The same for people."
    )
