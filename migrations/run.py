"""Migrate from inside the product: usable in a running event loop, needs no alembic.ini."""

from collections.abc import Callable
from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, text
from sqlalchemy.ext.asyncio import create_async_engine
from sqlalchemy.pool import NullPool

from models.session import database_url


def _scripts() -> Config:
    made = Config()
    made.set_main_option("script_location", str(Path(__file__).parent))
    made.set_main_option("path_separator", "os")
    return made


def config(connection: Connection) -> Config:
    made = _scripts()
    made.attributes["connection"] = connection
    return made


async def run_command(url: str, step: Callable[[Config], None]) -> None:
    """Run one command in one transaction; a second migrator waits, then finds it done."""

    def steps(connection: Connection) -> None:
        connection.execute(text("SELECT pg_advisory_xact_lock(hashtextextended('migrate', 0))"))
        step(config(connection))

    engine = create_async_engine(database_url(url), poolclass=NullPool)
    async with engine.begin() as connection:
        await connection.run_sync(steps)


async def upgrade(url: str, revision: str = "head") -> None:
    """Bring the database up to a revision; a database already there is left alone."""
    await run_command(url, lambda made: command.upgrade(made, revision))


def newest() -> str:
    """Return the revision this version of the product is written for."""
    head = ScriptDirectory.from_config(_scripts()).get_current_head()
    if head is None:
        raise RuntimeError("there are no migrations beside this module")
    return head
