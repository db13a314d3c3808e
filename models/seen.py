"""Rows as entities to look at: no session knows them, and nothing is made of what nobody asks for.

To construct an entity, or to have the ORM make one, takes many times as long as to read its row.
"""

from collections.abc import Callable, Mapping, Sequence
from datetime import date, datetime
from decimal import Decimal
from functools import cache, partial
from typing import Any, ClassVar, TypeVar, cast

from sqlalchemy import Column, Date, DateTime, Numeric, TypeDecorator, select, text
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
    """Return the same, as text what takes long to decode: most of it is never asked for."""
    return ", ".join(
        column.name if _parser(column) is None else f"{column.name}::text"
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


async def read_written(
    session: AsyncSession,
    entity: type[E],
    rest: str,
    asked: Mapping[str, Any],
    *,
    names: tuple[str, ...],
    body: str,
) -> list[E]:
    """Return rows that hold values of these names, and what the database wrote of the others.

    `body` lists expressions with the names they get in a JSON object.
    """
    row = f"row_to_json((SELECT written FROM (SELECT {body}) AS written))::text"  # noqa: S608
    statement = f"SELECT {', '.join(names)}, {row} FROM {entity.__tablename__} {rest}"  # noqa: S608
    view = _view(entity, names, written=False, base=Written)
    return cast("list[E]", [view(row) for row in await read(session, statement, asked)])


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
    """A row that passes for its entity, and converts a value when it is asked for it.

    It has no place to put another value, so that none is changed that nobody would write.
    """

    __slots__ = ("_row",)
    _entity: ClassVar[type[SQLModel]]

    def __init__(self, row: Row) -> None:
        self._row = row

    def __getattr__(self, name: str) -> Any:
        raise AttributeError(f"{name} of {self._entity.__name__} was not read")

    @property  # type: ignore[misc]
    def __class__(self) -> type[SQLModel]:  # type: ignore[override]
        return self._entity


class Written(_Seen):
    """A row whose last column is itself, as JSON."""

    __slots__ = ()

    @property
    def written(self) -> str:
        text: str = self._row[-1]
        return text


@cache
def _view(
    entity: type[SQLModel], names: tuple[str, ...], *, written: bool, base: type[_Seen] = _Seen
) -> type[_Seen]:
    columns = {column.name: column for column in class_mapper(entity).columns}
    known = _conversions(entity)
    values = {
        name: _value(place, known[name], _parser(columns[name]) if written else None)
        for place, name in enumerate(names)
    }
    return type(f"Seen{entity.__name__}", (base,), {"__slots__": (), "_entity": entity, **values})


def _value(place: int, convert: Convert | None, parse: Callable[[str], Any] | None) -> property:
    if parse is not None:
        return property(partial(_parsed, place, convert, parse))
    if convert is not None:
        return property(lambda seen: convert(seen._row[place], SPOKEN))
    return property(lambda seen: seen._row[place])


def _parsed(place: int, convert: Convert | None, parse: Callable[[str], Any], seen: _Seen) -> Any:
    text = seen._row[place]
    if text is None:
        return None
    return parse(text) if convert is None else convert(parse(text), SPOKEN)


def _parser(column: Column[Any]) -> Callable[[str], Any] | None:
    """Return what reads a column's text; None where the driver decodes it as fast."""
    match column.type:
        case TypeDecorator(impl=Numeric()):
            return Decimal
        case DateTime():
            return datetime.fromisoformat
        case Date():
            return date.fromisoformat
    return None


@cache
def _conversions(entity: type[SQLModel]) -> dict[str, Convert | None]:
    """Return how each column's values are read; None where the driver's are taken as they are."""
    return {
        column.name: column.type.process_result_value
        if isinstance(column.type, TypeDecorator)
        else None
        for column in class_mapper(entity).columns
    }
