"""``parakeet import-sqlite``: the books of the program before this one, from its own file."""

import asyncio
from pathlib import Path

import typer

from api.cli.edge import begin, exit_codes
from api.cli.opening import Say, opened
from api.services.import_books import Brought, OldBooks, Part, import_books
from api.settings import Settings
from models.ownership import sessions_of
from models.session import unit_of_work

MOST_SHOWN = 20


def run(path: Path, *, quoted: bool) -> None:
    """Bring the file in and say what came of each of its tables."""
    settings = begin()
    patience = {"command_timeout_seconds": settings.worker_command_timeout_seconds}
    settings = settings.model_copy(update=patience)
    with exit_codes():
        books, brought = asyncio.run(bring_in(settings, path, typer.echo, quoted=quoted))
    for line in report(books, brought):
        typer.echo(line)


async def bring_in(
    settings: Settings, path: Path, say: Say, *, quoted: bool
) -> tuple[OldBooks, Brought]:
    """Read the file and write all of it in one transaction. Raises InvalidInput."""
    from api.adapters.sqlite_books import read_books

    books = await asyncio.to_thread(read_books, path)
    async with opened(settings, say) as app:
        owned = sessions_of(app.sessions, settings.owner_id)
        async with unit_of_work(owned) as session:
            brought = await import_books(session, books, owner_id=settings.owner_id, quoted=quoted)
    return books, brought


def report(books: OldBooks, brought: Brought) -> list[str]:
    """Return what to tell of an import, line by line."""
    lines: list[str] = []
    for label, table, part in (
        ("trades", books.trades, brought.trades),
        ("portfolio snapshots", books.snapshots, brought.snapshots),
        ("index memberships", books.members, brought.members),
    ):
        if table is None:
            lines.append(f"The file has no table of {label}.")
            continue
        lines += _told(label, part)
        if table.unread:
            lines.append(f"  columns that were not read: {', '.join(table.unread)}")
    return lines


def _told(label: str, part: Part) -> list[str]:
    counted = f"{part.taken:,} taken, {part.there:,} there already, {len(part.refused):,} not taken"
    told = [f"{label.capitalize()}: {counted}"]
    told += [f"  row {each.line}: {each.reason}" for each in part.refused[:MOST_SHOWN]]
    if len(part.refused) > MOST_SHOWN:
        told.append(f"  and {len(part.refused) - MOST_SHOWN:,} more")
    return told
