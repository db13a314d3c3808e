"""The one clock: leases and deadlines are compared where they are stored."""

from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Double, cast, func, select
from sqlalchemy.ext.asyncio import AsyncSession


def seconds_from_now(seconds: float | ColumnElement[Any]) -> ColumnElement[datetime]:
    """Return the database's time when this transaction began, moved by so many seconds."""
    return func.now() + func.make_interval(0, 0, 0, 0, 0, 0, cast(seconds, Double))


async def database_now(session: AsyncSession) -> datetime:
    """Return the database's time when this transaction began."""
    return (await session.execute(select(func.now()))).scalar_one()
