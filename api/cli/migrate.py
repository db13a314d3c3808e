"""``parakeet migrate``."""

import asyncio

import typer

from api.cli.edge import exit_codes, load_settings
from api.cli.opening import database, migrated
from api.settings import Settings


def run() -> None:
    """Bring the configured database to the newest revision."""
    settings = load_settings()
    with exit_codes():
        asyncio.run(_migrate(settings))


async def _migrate(settings: Settings) -> None:
    async with database(settings, typer.echo) as address:
        await migrated(address)
    typer.echo("The database is at the newest revision")
