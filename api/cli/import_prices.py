"""``parakeet import``: prices from a file of one's own."""

import asyncio
from datetime import UTC, datetime
from pathlib import Path

import typer
from rich.console import Console
from rich.table import Table

from api.cli.edge import begin, exit_codes
from api.cli.opening import Say, opened
from api.errors import InvalidInput
from api.ports import PriceFile
from api.services.import_prices import Imported, import_prices
from api.settings import Settings
from models.session import unit_of_work


def run(path: Path, *, universe: str) -> None:
    """Import the file and print what came of its rows."""
    settings = begin()
    patience = {"command_timeout_seconds": settings.worker_command_timeout_seconds}
    settings = settings.model_copy(update=patience)
    with exit_codes():
        file, imported = asyncio.run(bring_in(settings, path, universe, typer.echo))
    print_imported(Console(), file, imported, universe)


async def bring_in(
    settings: Settings, path: Path, universe: str, say: Say
) -> tuple[PriceFile, Imported]:
    """Read the file and write all of it in one transaction. Raises InvalidInput, Conflict."""
    from api.adapters.csv_prices import read_prices

    try:
        content = await asyncio.to_thread(path.read_bytes)
    except OSError as e:
        raise InvalidInput(f"{path} cannot be read: {e.strerror}; name a file of prices") from e
    file = await asyncio.to_thread(read_prices, content, name=path.name)
    async with opened(settings, say) as app, unit_of_work(app.sessions) as session:
        imported = await import_prices(
            session, file, universe=universe, owner_id=settings.owner_id, now=datetime.now(UTC)
        )
    return file, imported


def print_imported(console: Console, file: PriceFile, imported: Imported, universe: str) -> None:
    tally = imported.tally
    table = Table(file.file, box=None, pad_edge=False)
    table.add_column("", justify="right")
    for label, number in (
        ("Rows read", tally.read),
        ("  new", tally.written.new),
        ("  revised", tally.written.revised),
        ("  unchanged", tally.written.unchanged),
        ("  quarantined", tally.quarantined),
        (f"Symbols on {universe}", imported.symbols),
    ):
        table.add_row(label, f"{number:,}")
    console.print(table)
    for reason, count in sorted(tally.reasons.items()):
        console.print(f"Refused as {reason}: {count:,}", highlight=False)
    for note in file.notes:
        console.print(note, highlight=False, markup=False)
    if file.extra_columns:
        told = ", ".join(file.extra_columns)
        console.print(f"Columns that were not read: {told}", highlight=False, markup=False)
    if imported.guessed:
        told = ", ".join(imported.guessed[:10])
        console.print(f"Taken for shares of New York: {told}", highlight=False, markup=False)
