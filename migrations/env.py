"""Where Alembic runs the versions: on a connection it is given, or on ``-x url=...``."""

import asyncio
from logging.config import fileConfig
from typing import Any, Literal

from alembic import context
from alembic.autogenerate.api import AutogenContext
from sqlalchemy import Connection
from sqlalchemy.ext.asyncio import create_async_engine
from sqlalchemy.pool import NullPool

from models import Entity
from models.base import Choice
from models.session import database_url, proof_of


def render_item(kind: str, item: Any, _: AutogenContext) -> str | Literal[False]:
    """Write our text enumerations as the text they are: versions import no model."""
    return "sa.Text()" if kind == "type" and isinstance(item, Choice) else False


def address() -> str:
    url = context.get_x_argument(as_dictionary=True).get("url")
    if url is None:
        raise SystemExit("no database given: alembic -x url=postgresql://... <command>")
    return url


def run(connection: Connection) -> None:
    context.configure(
        connection=connection,
        target_metadata=Entity.metadata,
        compare_server_default=True,
        render_item=render_item,
    )
    with context.begin_transaction():
        context.run_migrations()


async def run_on(url: str) -> None:
    engine = create_async_engine(database_url(url), poolclass=NullPool, connect_args=proof_of(url))
    async with engine.begin() as connection:
        await connection.run_sync(run)


def run_offline() -> None:
    context.configure(
        dialect_name="postgresql", target_metadata=Entity.metadata, literal_binds=True
    )
    with context.begin_transaction():
        context.run_migrations()


given = context.config.attributes.get("connection")
if context.config.config_file_name is not None and given is None:
    fileConfig(context.config.config_file_name, disable_existing_loggers=False)
if context.is_offline_mode():
    run_offline()
elif given is not None:
    run(given)
else:
    asyncio.run(run_on(address()))
