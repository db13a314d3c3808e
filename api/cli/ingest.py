"""``parakeet ingest``: fetch prices here, with no server, and print what came of it."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

import orjson
import typer
from rich.console import Console
from rich.table import Table

from api.cli.edge import FAILED, UNAVAILABLE, begin, exit_codes
from api.cli.following import followed, progress_bar
from api.cli.opening import opened
from api.errors import ErrorCode
from api.services.ingest_request import IngestRequest
from api.services.submit_ingest import submit_ingest
from api.settings import Settings
from models.ingest_report import IngestReport
from models.ingest_reports import IngestReportRepository
from models.job import Job
from models.session import unit_of_work

MOST_FAILURES = 30


@dataclass(frozen=True, kw_only=True)
class Done:
    """A job at its end, its report if it left one, and what the report's row has no room for."""

    job: Job
    report: IngestReport | None
    notes: Sequence[str] = ()


def run(
    *,
    symbols: Sequence[str],
    universe: str | None,
    start: date | None,
    end: date | None,
    source: str,
    force: bool,
) -> None:
    """Do the ingest and print its report; leave with 1 when a symbol failed, 3 when all did."""
    settings = begin()
    request = IngestRequest(
        universe=universe,
        symbols=tuple(symbols) or None,
        start=start,
        end=end,
        source=source,
        force=force,
    )
    with exit_codes():
        done = asyncio.run(bring_in(settings, request))
    tell(done)


def tell(done: Done) -> None:
    """Print the report. Raises Exit unless every symbol is up to date."""
    if done.report is not None:
        print_report(Console(), done.report, done.notes)
    if done.job.failure_code is not None or done.report is None:
        why = done.job.failure_detail or f"the ingest was {done.job.status}"
        typer.echo(f"parakeet: {why}", err=True)
        away = done.job.failure_code in (ErrorCode.UNAVAILABLE, ErrorCode.RESOURCE_EXHAUSTED)
        raise typer.Exit(UNAVAILABLE if away else FAILED)
    if done.report.failures:
        raise typer.Exit(FAILED)


async def bring_in(settings: Settings, request: IngestRequest) -> Done:
    """Open what is needed, submit, and follow the job to its end, whoever performs it."""
    with progress_bar() as progress:
        task = progress.add_task("opening", total=1.0)
        async with opened(settings, progress.console.print) as app:
            async with unit_of_work(app.sessions) as session:
                submitted = await submit_ingest(
                    session, owner_id=settings.owner_id, request=request
                )
            job = submitted.job
            async for job in followed(app, submitted.job.id):
                progress.update(task, completed=job.progress, description=job.stage or "waiting")
            async with unit_of_work(app.sessions) as session:
                found = await IngestReportRepository(session).by_job_ids(
                    [job.id], owner_id=settings.owner_id
                )
            notes: Sequence[str] = ()
            if job.result_prefix is not None:
                stored: dict[str, Any] = orjson.loads(
                    await app.store.get(f"{job.result_prefix}report.json")
                )
                notes = stored.get("notes", ())
    return Done(job=job, report=found[0] if found else None, notes=notes)


def print_report(console: Console, report: IngestReport, notes: Sequence[str]) -> None:
    """Print the counts, why rows were refused, and each symbol that failed with the remedy."""
    table = Table("Ingest", box=None, pad_edge=False)
    table.add_column("", justify="right")
    for label, number in (
        ("Symbols up to date", f"{report.succeeded:,} of {report.requested:,}"),
        ("Rows read", f"{report.rows_read:,}"),
        ("  new", f"{report.rows_written - report.rows_revised:,}"),
        ("  revised", f"{report.rows_revised:,}"),
        ("  unchanged", f"{report.rows_unchanged:,}"),
        ("  quarantined", f"{report.rows_quarantined:,}"),
        ("Requests made", f"{report.requests_made:,}"),
        ("Requests saved", f"{report.requests_saved:,}"),
        ("Seconds", f"{report.seconds:.1f}"),
    ):
        table.add_row(label, number)
    console.print(table)
    for reason, count in report.reasons.items():
        console.print(f"Refused as {reason}: {count:,}", highlight=False)
    for note in notes:
        console.print(note, highlight=False, markup=False)
    _print_failures(console, report.failures)


def _print_failures(console: Console, failures: Sequence[dict[str, Any]]) -> None:
    if not failures:
        return
    table = Table("Symbol", "Failed as", "Tries", "Try again", "Why", box=None, pad_edge=False)
    for each in failures[:MOST_FAILURES]:
        again = "helps" if each["retryable"] else "is no use"
        table.add_row(each["symbol"], each["kind"], str(each["attempts"]), again, each["message"])
    console.print(table)
    if (rest := len(failures) - MOST_FAILURES) > 0:
        console.print(f"... and {rest:,} more", highlight=False)
