"""Connections that lay idle are looked at before they are used again.

Before each use is too often: the question takes three trips, and a server that closes a connection
says so, which the driver has read by the time it is handed out.
"""

import time
from functools import partial
from typing import Any

from sqlalchemy import event
from sqlalchemy.exc import DisconnectionError
from sqlalchemy.ext.asyncio import AsyncEngine
from sqlalchemy.pool import ConnectionPoolEntry

FRESH_SECONDS = 1.0
_USED_AT = "used_at"


def look_before_use(engine: AsyncEngine, *, fresh_seconds: float = FRESH_SECONDS) -> None:
    """Replace what is closed, and ask of what has been idle for so long whether it answers."""
    event.listen(engine.sync_engine, "checkin", _note)
    event.listen(engine.sync_engine, "checkout", partial(_look, fresh_seconds))


def _note(_: Any, record: ConnectionPoolEntry) -> None:
    # Wall time: a function that was frozen may not have counted the seconds.
    record.info[_USED_AT] = time.time()


def _look(fresh_seconds: float, connection: Any, record: ConnectionPoolEntry, _: Any) -> None:
    if connection.driver_connection.is_closed():
        raise DisconnectionError("the connection was closed")
    used_at = record.info.get(_USED_AT)
    if used_at is None or 0.0 <= time.time() - used_at < fresh_seconds:
        return
    try:
        connection.ping()
    except (connection.dbapi.Error, TimeoutError, OSError) as e:
        raise DisconnectionError("the connection did not answer") from e
