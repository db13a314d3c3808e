"""Rows as entities to look at: no session knows them, and nothing is made of what nobody asks for.

To construct an entity, or to have the ORM make one, takes many times as long as to read its row.
"""

from collections.abc import Callable, Mapping, Sequence
from functools import cache
from typing import Any, ClassVar, TypeVar

from sqlalchemy import TypeDecorator, select, text
from sqlalchemy.dialects.postgresql import dialect
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import class_mapper
from sqlmodel import SQLModel

from models.reading import READS, Row, read

E = TypeVar("E", bound=SQLModel)
Convert = Callable[[Any, Any], Any]
SPOKEN = dialect()


@cache
def columns(entity: type[SQLModel], prefix: str = "") -> str:
    """Return the columns of an entity as a statement lists them, such as ``i.id, i.symbol``."""
    point = f"{prefix}." if prefix else ""
    return ", ".join(f"{point}{column.name}" for column in class_mapper(entity).columns)


async def read_entities(
    session: AsyncSession, entity: type[E], statement: str, asked: Mapping[str, Any]
) -> list[E]:
    """Return a statement's rows, whose columns are all of `columns(entity)` in that order.

    Where a session only reads they are copies; where it writes, what is changed is written.
    """
    if READS in session.info:
        return seen(entity, await read(session, statement, asked))
    found = select(entity).from_statement(text(statement))
    found = found.execution_options(populate_existing=True)
    return list(await session.scalars(found, dict(asked)))


def seen(entity: type[E], rows: Sequence[Row], names: tuple[str, ...] | None = None) -> list[E]:
    """Return each row as one of these, with values of these names; all columns if unnamed.

    A row may be longer than the names. To ask for what was not read is an AttributeError.
    """
    view = _view(entity, tuple(_conversions(entity)) if names is None else names)
    return [view(row) for row in rows]  # type: ignore[misc] - it passes for the entity


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

    @property
    def __class__(self) -> type[SQLModel]:
        return self._entity


@cache
def _view(entity: type[SQLModel], names: tuple[str, ...]) -> type[_Seen]:
    known = _conversions(entity)
    values = {name: _value(place, known[name]) for place, name in enumerate(names)}
    return type(f"Seen{entity.__name__}", (_Seen,), {"__slots__": (), "_entity": entity, **values})


def _value(place: int, convert: Convert | None) -> property:
    if convert is None:
        return property(lambda seen: seen._row[place])
    return property(lambda seen: convert(seen._row[place], SPOKEN))


@cache
def _conversions(entity: type[SQLModel]) -> dict[str, Convert | None]:
    return {column.name: _conversion(column.type) for column in class_mapper(entity).columns}


def _conversion(kind: Any) -> Convert | None:
    """Return how a column's values are read; None where the driver's are taken as they are."""
    return kind.process_result_value if isinstance(kind, TypeDecorator) else None
