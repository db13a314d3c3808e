"""``parakeet scan``: ask a scanner here and print its funnel and hits; no server needed."""

import asyncio
import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

import typer
from rich.console import Console
from rich.table import Table

from api.cli.backtest import listed, pairs
from api.cli.edge import FAILED, begin, exit_codes
from api.cli.following import followed, progress_bar
from api.cli.opening import opened
from api.services.scan_request import ScanRequest
from api.services.scan_results import read_hits
from api.services.submit_scan import submit_scan
from api.settings import Settings
from models.job import Job
from models.scan import Scan
from models.scans import ScanRepository
from models.session import unit_of_work


@dataclass(frozen=True, kw_only=True)
class Wish:
    """A scan as it was typed."""

    scanner: str
    universe: str | None
    symbols: str | None
    as_of: date | None
    parameters: Sequence[str]
    max_results: int

    def request(self) -> ScanRequest:
        """Return what was typed as the service takes it. Raises InvalidInput."""
        return ScanRequest(
            scanner=self.scanner,
            universe=self.universe,
            symbols=None if self.symbols is None else tuple(listed(self.symbols)),
            as_of=self.as_of,
            parameters=pairs(self.parameters),
            max_results=self.max_results,
        )


@dataclass(frozen=True, kw_only=True)
class Finished:
    """A scan that has ended, with its hits."""

    scan: Scan
    job: Job
    hits: list[dict[str, Any]]


def run(wish: Wish, *, as_json: bool) -> None:
    """Do the scan and print it; leave with 1 when it failed or was cancelled."""
    settings = begin()
    with exit_codes():
        finished = asyncio.run(_scan(settings, wish.request()))
    if finished.scan.summary is None:
        why = finished.job.failure_detail or f"the scan was {finished.job.status}"
        typer.echo(f"parakeet: {why}", err=True)
        raise typer.Exit(FAILED)
    if as_json:
        typer.echo(json.dumps(as_document(finished), indent=2))
    else:
        print_scan(Console(), finished)


async def _scan(settings: Settings, request: ScanRequest) -> Finished:
    """Open what is needed, submit, and follow the job to its end, whoever performs it."""
    with progress_bar() as progress:
        task = progress.add_task("opening", total=1.0)
        async with opened(settings, progress.console.print) as app:
            async with unit_of_work(app.sessions) as session:
                submitted = await submit_scan(session, owner_id=settings.owner_id, request=request)
            job = submitted.job
            async for job in followed(app, submitted.job.id):
                progress.update(task, completed=job.progress, description=job.stage or "waiting")
            async with unit_of_work(app.sessions) as session:
                scan = await ScanRepository(session).require_by_job(job.id)
            hits = await read_hits(app.store, scan)
    return Finished(scan=scan, job=job, hits=hits)


def as_document(finished: Finished) -> dict[str, Any]:
    """Return the scan as its readers in scripts take it."""
    scan = finished.scan
    return {
        "scanner": scan.scanner_key,
        "universe": scan.universe_key,
        "asOf": scan.as_of.isoformat(),
        "parameters": scan.parameters,
        **(scan.summary or {}),
        "hits": finished.hits,
    }


def print_scan(console: Console, finished: Finished) -> None:
    """Print where the members went, then who passed."""
    scan, summary = finished.scan, finished.scan.summary or {}
    place = scan.universe_key or f"{len(scan.symbols)} symbols"
    funnel = Table(title=f"{scan.scanner_key} on {place}, {summary['session']}")
    for name in ("Rule", "In", "Passed", "Failed", "Unknown"):
        funnel.add_column(name, justify="left" if name == "Rule" else "right")
    for step in summary["funnel"]:
        counts = (step["entered"], step["passed"], step["failed"], step["unknown"])
        funnel.add_row(
            "\n  ".join([f"{step['name']} {step['asked']}".strip(), *step["because"]]),
            *map(str, counts),
        )
    console.print(funnel)
    if not finished.hits:
        console.print("Nobody passed every rule.")
        return
    hits = Table(title=f"{len(finished.hits)} of {summary['hits']} hits")
    for name in ("Symbol", "Signal", "Score", "Close"):
        hits.add_column(name, justify="left" if name in {"Symbol", "Signal"} else "right")
    for hit in finished.hits:
        close = f"{hit['values']['close']:,.2f} {hit['values']['currency']}"
        hits.add_row(hit["symbol"], hit["signal"], f"{hit['score']:.1f}", close)
    console.print(hits)
