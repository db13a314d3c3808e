"""Connections, and the one way to open a transaction outside a request."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from uuid import uuid4

import orjson
from sqlalchemy import URL, func, make_url, select
from sqlalchemy.ext.asyncio import (
    AsyncEngine,
    AsyncSession,
    async_sessionmaker,
    create_async_engine,
)

SessionFactory = async_sessionmaker[AsyncSession]

POSTGRESQL = ("postgresql", "postgres", "postgresql+asyncpg")


def database_url(url: str) -> URL:
    """Return the address as asyncpg wants it. Raises ValueError for another database."""
    parsed = make_url(url)
    if parsed.drivername not in POSTGRESQL:
        raise ValueError(
            f"database address was {parsed.drivername}://...; only PostgreSQL is spoken: "
            "leave DATABASE_URL unset for the embedded server, or give a postgresql:// address"
        )
    query = dict(parsed.query)
    # What libpq calls sslmode asyncpg calls ssl; channel binding it settles by itself.
    sslmode = query.pop("sslmode", None)
    query.pop("channel_binding", None)
    if sslmode is not None:
        query["ssl"] = sslmode
    return parsed.set(drivername="postgresql+asyncpg", query=query)


def make_engine(
    url: str,
    *,
    pool_size: int,
    command_timeout_seconds: float,
    through_pooler: bool = False,
) -> AsyncEngine:
    """Return an engine that opens nothing yet.

    A transaction pooler hands each transaction another backend, so a statement prepared
    on one is not there on the next: through one, nothing prepared is kept.
    """
    arguments: dict[str, object] = {"timeout": 2.0, "command_timeout": command_timeout_seconds}
    if through_pooler:
        arguments |= {
            "statement_cache_size": 0,
            "prepared_statement_cache_size": 0,
            "prepared_statement_name_func": lambda: f"__asyncpg_{uuid4()}__",
        }
    return create_async_engine(
        database_url(url),
        pool_size=pool_size,
        max_overflow=0,
        pool_pre_ping=True,
        json_deserializer=orjson.loads,
        connect_args=arguments,
    )


def make_sessions(engine: AsyncEngine) -> SessionFactory:
    return async_sessionmaker(engine, expire_on_commit=False)


@asynccontextmanager
async def unit_of_work(sessions: SessionFactory) -> AsyncIterator[AsyncSession]:
    """One short transaction: commit when the block ends, roll back if it raises."""
    async with sessions() as session, session.begin():
        yield session


async def see_one_instant(session: AsyncSession) -> None:
    """Let every statement of a transaction that has not begun see the same committed rows."""
    await session.connection(execution_options={"isolation_level": "REPEATABLE READ"})


async def lock(session: AsyncSession, name: str) -> None:
    """Let one transaction at a time past this point; the lock ends with the transaction."""
    await session.execute(select(func.pg_advisory_xact_lock(func.hashtextextended(name, 0))))
