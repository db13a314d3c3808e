"""Lists of instruments, and who was in them: when it held, and when we knew."""

from datetime import date, datetime
from enum import StrEnum
from typing import ClassVar
from uuid import UUID, uuid4

from sqlalchemy import BigInteger, Identity, Index, Text, text
from sqlalchemy.dialects.postgresql import ExcludeConstraint
from sqlmodel import Field

from models.base import INSTANT, NEW_UUID, NOW, Choice, Entity, check, one_of


class Region(StrEnum):
    US = "US"
    AU = "AU"
    GLOBAL = "GLOBAL"


class Universe(Entity, table=True):
    """A named list of instruments a strategy chooses from."""

    __tablename__: ClassVar[str] = "universe"
    __table_args__ = (
        one_of("region", Region),
        check("key_shape", "key ~ '^[A-Z0-9_]{1,64}$'"),
    )

    id: int = Field(
        default=None,
        primary_key=True,
        sa_type=BigInteger,
        sa_column_args=[Identity()],
        description="Number used inside the database.",
    )
    key: str = Field(unique=True, sa_type=Text, description="Name used in requests: SAMPLE_US.")
    name: str = Field(sa_type=Text, description="Name shown to people.")
    description: str = Field(sa_type=Text, description="What the list holds and where it is from.")
    region: Region = Field(sa_type=Choice(Region), description="Where its members trade.")
    benchmark: str = Field(sa_type=Text, description="Symbol its runs are compared with.")
    owner_id: UUID | None = Field(
        default=None, index=True, description="Whose list it is; null when everyone's."
    )
    survivorship_free: bool = Field(
        default=False,
        sa_column_kwargs={"server_default": text("false")},
        description="Whether members that have since gone are still listed.",
    )
    source: str = Field(sa_type=Text, description="Where the list comes from.")
    created_at: datetime = Field(
        default=None, sa_type=INSTANT, sa_column_kwargs=NOW, description="When it was written."
    )


# The embedded server has no btree_gist: a range of one number compares it by built-in operators.
_NO_OVERLAP = (
    (text("int8range(universe_id, universe_id, '[]')"), "&&"),
    (text("int8range(instrument_id, instrument_id, '[]')"), "&&"),
    (text("daterange(starts_on, ends_on, '[)')"), "&&"),
    (text("tstzrange(known_from, known_to, '[)')"), "&&"),
)


class IndexMembership(Entity, table=True):
    """An instrument's time in a universe, as known over a span of time."""

    __tablename__: ClassVar[str] = "index_membership"
    __table_args__ = (
        check("dates_order", "starts_on < ends_on"),
        check("knowledge_order", "known_from < known_to"),
        check("known_from_finite", "isfinite(known_from)"),
        ExcludeConstraint(*_NO_OVERLAP, using="gist", name="ex_index_membership_overlap"),
        Index("ix_index_membership_instrument_id", "instrument_id"),
        Index("ix_index_membership_universe_id_starts_on", "universe_id", "starts_on"),
    )

    id: UUID = Field(
        default_factory=uuid4,
        primary_key=True,
        sa_column_kwargs=NEW_UUID,
        description="Identity of this version.",
    )
    universe_id: int = Field(foreign_key="universe.id", sa_type=BigInteger, description="The list.")
    instrument_id: int = Field(
        foreign_key="instrument.id", sa_type=BigInteger, description="The member."
    )
    starts_on: date = Field(description="First day of membership.")
    ends_on: date | None = Field(
        default=None, description="First day no longer a member; null while a member."
    )
    known_from: datetime = Field(sa_type=INSTANT, description="When this became known.")
    known_to: datetime | None = Field(
        default=None, sa_type=INSTANT, description="When it was known better; null while believed."
    )
    reason: str = Field(sa_type=Text, description="Why the version was written.")
