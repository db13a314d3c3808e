"""Pages of a list by keyset: where the last page ended, never how many rows to skip."""

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

T = TypeVar("T")

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
    if descending:
        return statement.order_by(nulls_last(by.desc()), id.desc())
    return statement.order_by(nulls_last(by.asc()), id.asc())


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


async def count(session: AsyncSession, statement: Select[Any]) -> int | None:
    """Return how many rows there are; None past ten thousand, which are not counted."""
    some = statement.order_by(None).limit(MAX_COUNT + 1).subquery()
    found = await session.scalar(select(func.count()).select_from(some)) or 0
    return found if found <= MAX_COUNT else None
