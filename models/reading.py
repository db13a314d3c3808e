"""Reads at one instant, straight from the driver.

SQLAlchemy's way through a statement takes several times as long as the statement does, and a
transaction three trips where one would do. What many ask for many times a second goes this way;
whatever else uses the session stands in the same transaction.
"""

from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import Any
from uuid import UUID

import asyncpg
from sqlalchemy import event, text
from sqlalchemy.dialects.postgresql.asyncpg import PGDialect_asyncpg
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncEngine, AsyncSession
from sqlalchemy.orm import Session, SessionTransaction
from sqlalchemy.pool import ConnectionPoolEntry, PoolResetState

# Marks a session that only reads, and a connection on which such a transaction was begun.
READS, BEGUN = "reads", "begun"
_DRIVER = "driver"
# Local to the transaction: behind a pooler the connection's next user is somebody else.
_BEGIN = (
    "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY;"
    " SELECT set_config('app.owner', '{owner_id}', true)"
)

Row = Sequence[Any]


async def begin_reading(session: AsyncSession, owner_id: UUID) -> None:
    """Begin a transaction of a session that only reads, and name the owner, in one trip.

    Every statement of it sees the same committed rows. It ends when the connection goes back.
    """
    session.info[READS] = True
    # SQLAlchemy begins nothing by itself on a connection that commits each statement.
    connection = await session.connection(execution_options={"isolation_level": "AUTOCOMMIT"})
    open_: Any = connection.sync_connection
    held = open_.connection
    driver: Any = held.driver_connection
    held.info[BEGUN] = True
    try:
        await driver.execute(_BEGIN.format(owner_id=owner_id))
    except (asyncpg.PostgresError, asyncpg.InterfaceError, OSError) as e:
        # Nobody goes on in a transaction that was not begun and knows no owner.
        await session.rollback()
        raise _told("BEGIN", e, driver) from e
    session.info[_DRIVER] = driver, open_


async def read(session: AsyncSession, statement: str, asked: Mapping[str, Any]) -> Sequence[Row]:
    """Return the rows of a statement whose parameters are written ``:name``.

    Raises DBAPIError, as SQLAlchemy does.
    """
    if _DRIVER not in session.info:
        return (await session.execute(text(statement), dict(asked))).all()
    driver, connection = session.info[_DRIVER]
    numbered, names = _numbered(statement)
    values = [asked[name] for name in names]
    # Whoever listens to SQLAlchemy's statements hears of these too.
    for listener in connection.dispatch.before_cursor_execute:
        listener(connection, None, numbered, values, None, False)
    try:
        rows: Sequence[Row] = await driver.fetch(numbered, *values)
    except (asyncpg.PostgresError, asyncpg.InterfaceError, OSError) as e:
        raise _told(statement, e, driver) from e
    return rows


def end_readings(engine: AsyncEngine) -> None:
    """Let the engine's connections come back without a reading's transaction."""
    event.listen(engine.sync_engine, "reset", _end)


@lru_cache(maxsize=512)
def _numbered(statement: str) -> tuple[str, tuple[str, ...]]:
    compiled = text(statement).compile(dialect=PGDialect_asyncpg())  # type: ignore[no-untyped-call]
    return str(compiled), tuple(compiled.positiontup or ())


def _told(statement: str, error: Exception, driver: Any) -> DBAPIError:
    return DBAPIError(
        statement, None, error, hide_parameters=True, connection_invalidated=driver.is_closed()
    )


def _end(connection: Any, record: ConnectionPoolEntry, state: PoolResetState) -> None:
    if record.info.pop(BEGUN, False) and not state.terminate_only:
        connection.run_async(_roll_back)


async def _roll_back(driver: Any) -> None:
    if not driver.is_closed() and driver.is_in_transaction():
        await driver.execute("ROLLBACK")


@event.listens_for(Session, "after_transaction_end")
def _forget(session: Session, transaction: SessionTransaction) -> None:
    if transaction.parent is None:
        session.info.pop(_DRIVER, None)
