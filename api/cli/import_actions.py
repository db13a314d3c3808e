"""``parakeet import-actions``: splits, dividends and ends of listings from a file of one's own."""

import asyncio
from datetime import UTC, datetime
from pathlib import Path

import typer

from api.cli.edge import begin, exit_codes
from api.cli.opening import Say, opened
from api.errors import InvalidInput
from api.ports import ActionFile
from api.services.import_actions import ImportedActions, import_actions
from api.settings import Settings
from models.session import unit_of_work


def run(path: Path, *, dry_run: bool) -> None:
    """Import the file, or only say what would come of it."""
    settings = begin()
    with exit_codes():
        file, imported = asyncio.run(bring_in(settings, path, typer.echo, dry_run=dry_run))
    for line in report(file, imported, dry_run=dry_run):
        typer.echo(line)


async def bring_in(
    settings: Settings, path: Path, say: Say, *, dry_run: bool = False
) -> tuple[ActionFile, ImportedActions]:
    """Read the file and write all of it in one transaction. Raises InvalidInput."""
    from api.adapters.csv_actions import read_actions

    try:
        content = await asyncio.to_thread(path.read_bytes)
    except OSError as e:
        raise InvalidInput(f"{path} cannot be read: {e.strerror}; name a file of actions") from e
    file = await asyncio.to_thread(read_actions, content, name=path.name)
    async with opened(settings, say) as app, unit_of_work(app.sessions) as session:
        imported = await import_actions(session, file, now=datetime.now(UTC))
        if dry_run:
            await session.rollback()
    return file, imported


def report(file: ActionFile, imported: ImportedActions, *, dry_run: bool) -> list[str]:
    """Return what to say of an import: counts, and the listings that it ends."""
    written = imported.written
    counts = f"new {written.new:,}, revised {written.revised:,}, unchanged {written.unchanged:,}"
    done = "Actions that would be written" if dry_run else "Actions"
    lines = [f"{file.file}: actions read {len(file.lines):,}", f"{done}: {counts}"]
    lines += [f"The listing of {symbol} ended on {day}" for symbol, day in imported.ended]
    lines += [
        f"Prices of {symbol} now count as traded, and what is told of it as all its splits and"
        " dividends; bring in the rest of them too"
        for symbol in imported.acting
    ]
    return lines
