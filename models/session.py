"""Connections, and the one way to open a transaction outside a request."""

import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from functools import cache, partial
from typing import Any, Protocol
from uuid import uuid4

import asyncpg
import orjson
from sqlalchemy import URL, func, make_url, select
from sqlalchemy.dialects.postgresql.asyncpg import PGDialect_asyncpg
from sqlalchemy.ext.asyncio import (
    AsyncEngine,
    AsyncSession,
    async_sessionmaker,
    create_async_engine,
)

from models.reading import lend_living

SessionFactory = async_sessionmaker[AsyncSession]

POSTGRESQL = ("postgresql", "postgres", "postgresql+asyncpg")
ENCRYPTED = ("require", "verify-full")


class Address(Protocol):
    """Answers a database's address, `fresh` when the one it answered before was refused."""

    async def __call__(self, *, fresh: bool = False) -> str: ...


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


def proof_of(url: str) -> dict[str, ssl.SSLContext]:
    """Return the argument of a connection by which the other side must prove its name.

    libpq's `require` would encrypt to whoever answers, and hand him the data.
    """
    asked = database_url(url).query.get("ssl")
    return {"ssl": _authorities()} if asked in ENCRYPTED else {}


@cache
def _authorities() -> ssl.SSLContext:
    """Whom this machine trusts: to read them takes longer than to connect."""
    return ssl.create_default_context()


def make_engine(
    address: str | Address,
    *,
    pool_size: int,
    command_timeout_seconds: float,
    through_pooler: bool = False,
) -> AsyncEngine:
    """Return an engine that opens nothing yet.

    An address that may change is asked for with every new connection, so that a password can be
    rotated under a running process.

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
    if isinstance(address, str):
        arguments |= proof_of(address)
    else:
        arguments["async_creator_fn"] = partial(_connect, address)
    made = create_async_engine(
        database_url(address) if isinstance(address, str) else "postgresql+asyncpg://",
        pool_size=pool_size,
        max_overflow=0,
        hide_parameters=True,  # an error is logged with its statement, never with what was asked
        json_deserializer=orjson.loads,
        connect_args=arguments,
    )
    lend_living(made)
    return made


async def _connect(address: Address, **arguments: Any) -> asyncpg.Connection:
    """Connect; where our name or password is refused, ask once more for the address.

    28P01 is a wrong password, 28000 a role that may not log in, as a rotation leaves them.
    """
    try:
        return await asyncpg.connect(**arguments, **_connect_arguments(await address()))
    except asyncpg.InvalidAuthorizationSpecificationError:
        fresh = _connect_arguments(await address(fresh=True))
        return await asyncpg.connect(**arguments, **fresh)


def _connect_arguments(address: str) -> dict[str, Any]:
    dialect: Any = PGDialect_asyncpg
    _, arguments = dialect().create_connect_args(database_url(address))
    return dict(arguments) | proof_of(address)


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
