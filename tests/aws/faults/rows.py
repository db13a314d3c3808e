"""The database of a stage: what its rows say, and whom they can be made to wait for."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import datetime
from typing import Any
from uuid import UUID

import asyncpg
from sqlalchemy import text

from models.session import SessionFactory
from tests.aws.invariants import TERMINAL
from tests.waiting import until

# New connections cannot write; as in a failover, the old ones end.
READ_ONLY = """
DO $$ BEGIN
    EXECUTE format('ALTER DATABASE %I {} default_transaction_read_only{}', current_database());
END $$
"""
PATIENT = "SET {} idle_in_transaction_session_timeout = 0"
ENDED = list(TERMINAL)


class Rows:
    """What a test reads of the system's rows, and the locks it holds on them."""

    sessions: SessionFactory

    def __init__(self, database_url: str) -> None:
        self.database_url = database_url
        self.own_backend = 0

    async def open_jobs(self) -> int:
        return int(
            await self.value("SELECT count(*) FROM job WHERE NOT status = ANY(:ended)", ended=ENDED)
        )

    async def value(self, statement: str, **values: Any) -> Any:
        async with self.sessions() as session, session.begin():
            return await session.scalar(text(statement), values)

    async def job(self, job_id: UUID) -> Any:
        async with self.sessions() as session:
            found = await session.execute(text("SELECT * FROM job WHERE id = :id"), {"id": job_id})
            return found.mappings().one()

    async def status(self, job_id: UUID) -> str:
        return str((await self.job(job_id))["status"])

    async def ended(self, job_id: UUID) -> bool:
        return (await self.job(job_id))["finished_at"] is not None

    @asynccontextmanager
    async def locked(self, statement: str, *values: Any) -> AsyncIterator[None]:
        """Hold what the statement locks; who wants it waits, in a place a test can see."""
        connection = await asyncpg.connect(self.database_url)
        self.own_backend = connection.get_server_pid()
        try:
            await connection.execute(PATIENT.format("SESSION"))
            async with connection.transaction():
                await connection.execute(statement, *values)
                yield
        finally:
            await connection.close()

    async def blocked(self, statement: str) -> int:
        """Wait until a backend waits for a lock in a statement like this; return its id."""
        return int(
            await until(
                lambda: self.value(
                    "SELECT pid FROM pg_stat_activity WHERE datname = current_database()"
                    " AND wait_event_type = 'Lock' AND query ILIKE :like LIMIT 1",
                    like=f"%{statement}%",
                )
            )
        )

    async def kill_backends(self, *, before: datetime | None = None) -> int:
        """End every connection but this one and the one that holds; return how many there were."""
        killed = await self.value(
            "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity"
            " WHERE datname = current_database() AND pid NOT IN (pg_backend_pid(), :own)"
            " AND backend_start < coalesce(:before, now())",
            own=self.own_backend,
            before=before,
        )
        return int(killed)

    @asynccontextmanager
    async def read_only(self) -> AsyncIterator[None]:
        """Let nobody write while the block runs, as during a failover or on a full disk."""
        writing = {"default_transaction_read_only": "off"}
        connection = await asyncpg.connect(self.database_url, server_settings=writing)
        self.own_backend = connection.get_server_pid()
        try:
            await connection.execute(READ_ONLY.format("SET", " = on"))
            await self.kill_backends()
            yield
            await connection.execute(READ_ONLY.format("RESET", ""))
            # Who connected since can write, and perhaps does.
            await self.kill_backends(before=await connection.fetchval("SELECT clock_timestamp()"))
        finally:
            await connection.close()
