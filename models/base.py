"""What the entities share: one metadata, names for constraints, column types."""

from decimal import Context, Decimal
from enum import StrEnum
from typing import Any, ClassVar, TypeVar

from sqlalchemy import (
    CheckConstraint,
    DateTime,
    Dialect,
    MetaData,
    Numeric,
    Text,
    TypeDecorator,
    text,
)
from sqlmodel import SQLModel

NAMES = {
    "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "ck": "ck_%(table_name)s_%(constraint_name)s",
    "fk": "fk_%(table_name)s_%(column_0_name)s",
    "pk": "pk_%(table_name)s",
}

INSTANT = DateTime(timezone=True)
# Filled by the database when the row is written, and read back with the INSERT.
NOW: dict[str, Any] = {"server_default": text("now()")}
NEW_UUID: dict[str, Any] = {"server_default": text("gen_random_uuid()")}

E = TypeVar("E", bound=StrEnum)


class Entity(SQLModel):
    # A table's rows come from the database, unchecked: the check would be built for nobody.
    model_config = {"defer_build": True}
    metadata: ClassVar[MetaData] = MetaData(naming_convention=NAMES)


class Choice(TypeDecorator[E]):
    """An enumeration kept as text: a CHECK guards the column, Python reads members."""

    impl = Text
    cache_ok = True

    def __init__(self, members: type[E]) -> None:
        super().__init__()
        self.members = members
        self._by_value = {member.value: member for member in members}

    def process_bind_param(self, value: E | None, dialect: Dialect) -> str | None:  # noqa: ARG002
        return None if value is None else self.members(value).value

    def process_result_value(self, value: Any | None, dialect: Dialect) -> E | None:  # noqa: ARG002
        # A look-up: to call the enumeration takes five times as long, and rows come by the hundred.
        return None if value is None else self._by_value[value]


# Wider than any product of two amounts: the usual 28 digits would round one of 38.
EXACT = Context(prec=120)


class Amount(TypeDecorator[Decimal]):
    """An exact decimal, read back without the zeros its column pads it with."""

    impl = Numeric
    cache_ok = True

    def process_result_value(self, value: Any | None, dialect: Dialect) -> Decimal | None:  # noqa: ARG002
        return None if value is None else plain(value)


AMOUNT = Amount(38, 18)


def plain(value: Decimal) -> Decimal:
    """Return the same number without trailing zeros behind the point, and none as an exponent."""
    short = EXACT.normalize(value)
    return EXACT.quantize(short, Decimal(1)) if short == short.to_integral_value() else short


def one_of(column: str, members: type[StrEnum]) -> CheckConstraint:
    listed = ", ".join(f"'{member.value}'" for member in members)
    return CheckConstraint(f"{column} IN ({listed})", name=f"{column}_known")


def check(name: str, condition: str) -> CheckConstraint:
    return CheckConstraint(condition, name=name)


def positive(column: str) -> CheckConstraint:
    """Above zero and finite: PostgreSQL sorts NaN above infinity, so one bound refuses both."""
    return CheckConstraint(
        f"{column} > 0 AND {column} < 'Infinity'::float8", name=f"{column}_positive"
    )


def finite(column: str) -> CheckConstraint:
    return CheckConstraint(
        f"{column} > '-Infinity'::float8 AND {column} < 'Infinity'::float8",
        name=f"{column}_finite",
    )


# Beyond these years a date is a misread column, not a trading day.
def plausible_date(column: str) -> CheckConstraint:
    return CheckConstraint(
        f"{column} BETWEEN '1900-01-01' AND '2200-12-31'", name=f"{column}_plausible"
    )
