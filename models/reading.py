"""Reads at one instant, straight from the driver.

SQLAlchemy's way through a statement takes several times as long as the statement does, and a
transaction three trips where one would do. What many ask for many times a second goes this way;
whatever else uses the session stands in the same transaction.
"""

from collections.abc import Mapping, Sequence
from contextvars import ContextVar
from functools import lru_cache
from typing import Any
from uuid import UUID

import asyncpg
from sqlalchemy import event, text
from sqlalchemy.dialects.postgresql.asyncpg import PGDialect_asyncpg
from sqlalchemy.exc import DBAPIError, InvalidatePoolError
from sqlalchemy.ext.asyncio import AsyncEngine, AsyncSession
from sqlalchemy.orm import Session, SessionTransaction
from sqlalchemy.pool import ConnectionPoolEntry, PoolResetState

# Marks a session that only reads, and a connection on which such a transaction was begun.
READS, BEGUN = "reads", "begun"
_DRIVER = "driver"
# What a server or a network says, or does, that goes away.
GONE = (
    asyncpg.OperatorInterventionError,
    asyncpg.PostgresConnectionError,
    asyncpg.InterfaceError,
    asyncpg.InternalClientError,  # met in the middle of its end
    OSError,
)
# Local to the transaction: behind a pooler the connection's next user is somebody else.
_BEGIN = (
    "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY;"
    " SELECT set_config('app.owner', '{owner_id}', true)"
)

# Whose reading begins with the connection that is being taken.
_READER: ContextVar[UUID | None] = ContextVar("reader", default=None)

Row = Sequence[Any]


async def begin_reading(session: AsyncSession, owner_id: UUID) -> None:
    """Begin a transaction of a session that only reads, and name the owner, in one trip.

    Every statement of it sees the same committed rows. It ends when the connection goes back.
    """
    session.info[READS] = True
    asked = _READER.set(owner_id)
    try:
        # SQLAlchemy begins nothing by itself on a connection that commits each statement.
        connection = await session.connection(execution_options={"isolation_level": "AUTOCOMMIT"})
    except DBAPIError:
        # Nobody goes on in a transaction that was not begun and knows no owner.
        await session.rollback()
        raise
    finally:
        _READER.reset(asked)
    open_: Any = connection.sync_connection
    session.info[_DRIVER] = open_.connection.driver_connection, open_


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


def lend_living(engine: AsyncEngine) -> None:
    """Let the engine hand out connections that answer, and take them back out of readings.

    A connection is asked before each use, or it would be met in the middle of its end. Whoever
    reads begins by that very question, which spares a trip.
    """
    event.listen(engine.sync_engine, "checkout", _ask)
    event.listen(engine.sync_engine, "reset", _end)


@lru_cache(maxsize=512)
def _numbered(statement: str) -> tuple[str, tuple[str, ...]]:
    compiled = text(statement).compile(dialect=PGDialect_asyncpg())  # type: ignore[no-untyped-call]
    return str(compiled), tuple(compiled.positiontup or ())


def _told(statement: str, error: Exception, driver: Any) -> DBAPIError:
    return DBAPIError(
        statement, None, error, hide_parameters=True, connection_invalidated=driver.is_closed()
    )


def _ask(connection: Any, record: ConnectionPoolEntry, _: Any) -> None:
    reader = _READER.get()
    record.info[BEGUN] = reader is not None
    question = "SELECT" if reader is None else _BEGIN.format(owner_id=reader)
    try:
        connection.run_async(lambda driver: driver.execute(question))
    except (*GONE, TimeoutError) as e:
        # The others were opened to the same server; the pool tries a new one.
        raise InvalidatePoolError("the connection did not answer") from e
    except asyncpg.PostgresError as e:
        raise _told(question, e, connection.driver_connection) from e


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
