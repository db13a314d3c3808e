"""Rows as entities to look at: they hold their values and nothing else, and no session knows them.

To construct an entity, or to have the ORM make one, takes many times as long as to read its row.
"""

from collections.abc import Callable, Mapping, Sequence
from functools import cache
from typing import Any, TypeVar

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


def seen(entity: type[E], rows: Sequence[Row], names: Sequence[str] | None = None) -> list[E]:
    """Return an entity for each row, with these values and no others; all columns if unnamed.

    A row may be longer than the names. To ask one for what it was not given is an error.
    """
    known = _conversions(entity)
    names = tuple(known) if names is None else names
    converted = [(name, known[name]) for name in names if known[name] is not None]
    made = []
    for row in rows:
        values = dict(zip(names, row, strict=False))
        for name, convert in converted:
            values[name] = convert(values[name], SPOKEN)
        made.append(_copy(entity, values))
    return made


def _copy(entity: type[E], values: dict[str, Any]) -> E:
    made = object.__new__(entity)
    object.__setattr__(made, "__dict__", values)
    return made


@cache
def _conversions(entity: type[SQLModel]) -> dict[str, Convert | None]:
    return {column.name: _conversion(column.type) for column in class_mapper(entity).columns}


def _conversion(kind: Any) -> Convert | None:
    """Return how a column's values are read; None where the driver's are taken as they are."""
    if not isinstance(kind, TypeDecorator):
        return None
    return kind.process_result_value
