"""Rows as entities to look at: no session knows them, and nothing is made of what nobody asks for.

To construct an entity, or to have the ORM make one, takes many times as long as to read its row.
"""

from collections.abc import Callable, Mapping, Sequence
from decimal import Decimal
from functools import cache
from typing import Any, ClassVar, TypeVar, cast

from sqlalchemy import Column, Numeric, TypeDecorator, select, text
from sqlalchemy.dialects.postgresql import dialect
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import class_mapper
from sqlmodel import SQLModel

from models.reading import READS, Row, read

E = TypeVar("E", bound=SQLModel)
Convert = Callable[[Any, Any], Any]
SPOKEN: Any = dialect()  # type: ignore[no-untyped-call]


@cache
def columns(entity: type[SQLModel]) -> str:
    """Return the columns of an entity as a statement lists them."""
    return ", ".join(column.name for column in class_mapper(entity).columns)


@cache
def _written(entity: type[SQLModel]) -> str:
    """Return the same, decimals as text: most of a row's are never asked for."""
    return ", ".join(
        f"{column.name}::text" if _is_decimal(column) else column.name
        for column in class_mapper(entity).columns
    )


async def read_entities(
    session: AsyncSession, entity: type[E], rest: str, asked: Mapping[str, Any]
) -> list[E]:
    """Return rows of an entity's table; `rest` is what follows the table's name in a statement.

    Where a session only reads they are copies; where it writes, what is changed is written.
    """
    table = entity.__tablename__
    if READS in session.info:
        statement = f"SELECT {_written(entity)} FROM {table} {rest}"  # noqa: S608
        return _all_seen(entity, await read(session, statement, asked))
    found = select(entity).from_statement(text(f"SELECT {columns(entity)} FROM {table} {rest}"))  # noqa: S608
    found = found.execution_options(populate_existing=True)
    return list(await session.scalars(found, dict(asked)))


def seen(entity: type[E], rows: Sequence[Row], names: tuple[str, ...]) -> list[E]:
    """Return each row as one of these, with values of these names.

    A row may be longer than the names. To ask for what was not read is an AttributeError.
    """
    view = _view(entity, names, written=False)
    return cast("list[E]", [view(row) for row in rows])


def _all_seen(entity: type[E], rows: Sequence[Row]) -> list[E]:
    view = _view(entity, tuple(_conversions(entity)), written=True)
    return cast("list[E]", [view(row) for row in rows])


class _Seen:
    """A row that passes for its entity, and converts a value when it is asked for it."""

    __slots__ = ("_row",)
    _entity: ClassVar[type[SQLModel]]

    def __init__(self, row: Row) -> None:
        object.__setattr__(self, "_row", row)

    def __getattr__(self, name: str) -> Any:
        raise AttributeError(f"{name} of {self._entity.__name__} was not read")

    def __setattr__(self, name: str, value: Any) -> None:
        raise AttributeError(f"{name} is to look at; read the entity where it is written")

    @property  # type: ignore[misc]
    def __class__(self) -> type[SQLModel]:  # type: ignore[override]
        return self._entity


@cache
def _view(entity: type[SQLModel], names: tuple[str, ...], *, written: bool) -> type[_Seen]:
    known = _conversions(entity)
    decimal = {column.name for column in class_mapper(entity).columns if _is_decimal(column)}
    values = {
        name: _value(place, known[name], written and name in decimal)
        for place, name in enumerate(names)
    }
    return type(f"Seen{entity.__name__}", (_Seen,), {"__slots__": (), "_entity": entity, **values})


def _value(place: int, convert: Convert | None, written: bool) -> property:
    if convert is None:
        return property(lambda seen: seen._row[place])
    if not written:
        return property(lambda seen: convert(seen._row[place], SPOKEN))

    def read_text(seen: _Seen) -> Any:
        text = seen._row[place]
        return None if text is None else convert(Decimal(text), SPOKEN)

    return property(read_text)


def _is_decimal(column: Column[Any]) -> bool:
    return isinstance(column.type, TypeDecorator) and isinstance(column.type.impl, Numeric)


@cache
def _conversions(entity: type[SQLModel]) -> dict[str, Convert | None]:
    """Return how each column's values are read; None where the driver's are taken as they are."""
    return {
        column.name: column.type.process_result_value
        if isinstance(column.type, TypeDecorator)
        else None
        for column in class_mapper(entity).columns
    }
