"""``parakeet import-series``: a named panel from a file of one's own."""

import asyncio
from datetime import UTC, datetime
from pathlib import Path

import typer

from api.cli.edge import begin, exit_codes
from api.cli.opening import Say, opened
from api.errors import InvalidInput
from api.ports import SeriesFile
from api.services.import_series import import_series
from api.services.ingest_report import Tally
from api.services.named_panels import CASH_RATES
from api.settings import Settings
from models.session import unit_of_work

MOST_SHOWN = 20
# Rates in percent were below this for years at a time, yet all of a long file seldom is.
FRACTION = 0.2


def run(path: Path, *, panel: str, force: bool) -> None:
    """Import the file and say what came of its rows."""
    settings = begin()
    with exit_codes():
        file, tally = asyncio.run(bring_in(settings, path, panel, typer.echo, force=force))
    for line in report(file, tally):
        typer.echo(line)


async def bring_in(
    settings: Settings, path: Path, panel: str, say: Say, *, force: bool = False
) -> tuple[SeriesFile, Tally]:
    """Read the file and write all of it in one transaction. Raises InvalidInput."""
    from api.adapters.csv_series import read_series

    try:
        content = await asyncio.to_thread(path.read_bytes)
    except OSError as e:
        raise InvalidInput(f"{path} cannot be read: {e.strerror}; name a file of figures") from e
    file = await asyncio.to_thread(read_series, content, name=path.name, panel=panel)
    async with opened(settings, say) as app, unit_of_work(app.sessions) as session:
        tally = await import_series(session, file, now=datetime.now(UTC), force=force)
    return file, tally


def report(file: SeriesFile, tally: Tally) -> list[str]:
    """Return what to say of an import: counts, then the rows that were refused."""
    written = tally.written
    counts = f"new {written.new:,}, revised {written.revised:,}, unchanged {written.unchanged:,}"
    lines = [f"{file.file}: {tally.read:,} rows of {file.panel} read", f"Figures {counts}"]
    lines += _spread(file) if file.panel in CASH_RATES.values() else []
    lines += [f"Refused as {reason}: {count:,}" for reason, count in sorted(tally.reasons.items())]
    lines += [f"  line {row.row_number}: {row.raw}" for row in file.refused[:MOST_SHOWN]]
    return lines + _contradicted(tally)


def _contradicted(tally: Tally) -> list[str]:
    """Name the figures that differ from those stored, and how the file's are taken instead."""
    if not tally.conflicts:
        return []
    told = f"Left as stored: {len(tally.conflicts):,}; import again with --force to take the file's"
    return [told, *(f"  {each}" for each in tally.conflicts[:MOST_SHOWN])]


def _spread(file: SeriesFile) -> list[str]:
    """Say between what a file's rates lie: no rule can tell 0.0435 % from 4.35 % in a fraction."""
    values = [float(value) for each in file.series for value in each.value]
    least, most = min(values), max(values)
    told = f"Rates from {least:g} % to {most:g} % a year"
    if most < FRACTION:
        return [f"{told}; if these are fractions, write 4.35 for 4.35 % and import with --force"]
    return [told]
