"""Pages of a list by keyset: where the last page ended, never how many rows to skip."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Generic, TypeVar
from uuid import UUID

from sqlalchemy import (
    ColumnElement,
    Select,
    SQLColumnExpression,
    and_,
    func,
    nulls_last,
    or_,
    select,
)
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import class_mapper
from sqlmodel import SQLModel

from models.reading import read
from models.seen import read_entities, read_written

T = TypeVar("T")
E = TypeVar("E", bound=SQLModel)

MAX_COUNT = 10_000


@dataclass(frozen=True)
class Page(Generic[T]):
    rows: list[T]
    has_next: bool


@dataclass(frozen=True)
class Place:
    """A row's place in an ordered list: the value it is sorted by, and its id."""

    value: Any
    id: UUID | int | str


def ordered(
    statement: Select[T],
    by: SQLColumnExpression[Any],
    id: SQLColumnExpression[Any],
    *,
    descending: bool,
    after: Place | None,
) -> Select[T]:
    """Sort by a column, unknown values last, and begin behind a place."""
    if after is not None:
        statement = statement.where(_behind(by, id, descending, after))
    sorted_by = by.desc() if descending else by.asc()
    if descending and _may_be_null(by):
        sorted_by = nulls_last(sorted_by)
    return statement.order_by(sorted_by, id.desc() if descending else id.asc())


def _may_be_null(by: SQLColumnExpression[Any]) -> bool:
    """Tell whether nulls must be told their place: an index read backwards has them first."""
    return bool(getattr(by, "nullable", True))


def _behind(
    by: SQLColumnExpression[Any], id: SQLColumnExpression[Any], descending: bool, after: Place
) -> ColumnElement[bool]:
    later = id < after.id if descending else id > after.id
    if after.value is None:
        return and_(by.is_(None), later)
    beyond = by < after.value if descending else by > after.value
    return or_(beyond, and_(by == after.value, later), by.is_(None))


async def take(session: AsyncSession, statement: Select[T], first: int) -> Page[T]:
    """Read one row more than asked for: it tells whether another page follows."""
    fresh = statement.limit(first + 1).execution_options(populate_existing=True)
    rows = list(await session.scalars(fresh))
    return Page(rows[:first], has_next=len(rows) > first)


async def count_written(
    session: AsyncSession, entity: type[SQLModel], where: Sequence[str], asked: Mapping[str, Any]
) -> int | None:
    """Do what `count` does, for a list that is written out."""
    some = f"SELECT FROM {entity.__tablename__} WHERE {_all(where)} LIMIT :most"
    statement = f"SELECT count(*) FROM ({some}) AS listed"  # noqa: S608
    [[found]] = await read(session, statement, {**asked, "most": MAX_COUNT + 1})
    return found if found <= MAX_COUNT else None


def _all(where: Sequence[str]) -> str:
    return " AND ".join(where) or "true"


async def take_written(
    session: AsyncSession,
    entity: type[E],
    where: Sequence[str],
    asked: Mapping[str, Any],
    *,
    by: str,
    id: str,
    descending: bool,
    first: int,
    after: Place | None,
    body: str | None = None,
) -> Page[E]:
    """Do what `ordered` and `take` do, for a list that is read so often that it is written out.

    `where` holds conditions, `asked` their parameters. The columns are names of ours. With a
    `body` the rows know their place, and have the rest written by the database.
    """
    named = class_mapper(entity).columns
    conditions, values = list(where), dict(asked, most=first + 1)
    if after is not None:
        conditions.append(_behind_written(by, id, descending, after))
        values |= {"after_value": after.value, "after_id": after.id}
    down, table = " DESC" if descending else "", entity.__tablename__
    last = " NULLS LAST" if descending and named[by].nullable else ""
    rest = (
        f"WHERE {_all(conditions)} ORDER BY {table}.{by}{down}{last}, {table}.{id}{down}"
        " LIMIT :most"
    )
    if body is None:
        rows = await read_entities(session, entity, rest, values)
    else:
        names = (by, id)
        rows = await read_written(session, entity, rest, values, names=names, body=body)
    return Page(rows[:first], has_next=len(rows) > first)


def _behind_written(by: str, id: str, descending: bool, after: Place) -> str:
    beyond = "<" if descending else ">"
    if after.value is None:
        return f"{by} IS NULL AND {id} {beyond} :after_id"
    return (
        f"({by} {beyond} :after_value OR {by} = :after_value AND {id} {beyond} :after_id"
        f" OR {by} IS NULL)"
    )


async def count(session: AsyncSession, statement: Select[Any]) -> int | None:
    """Return how many rows there are; None past ten thousand, which are not counted."""
    some = statement.order_by(None).limit(MAX_COUNT + 1).subquery()
    found = await session.scalar(select(func.count()).select_from(some)) or 0
    return found if found <= MAX_COUNT else None
