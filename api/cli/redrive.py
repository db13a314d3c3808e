"""``parakeet redrive``: dead letters back to their queue."""

import asyncio

import typer

from api.cli.edge import exit_codes, load_settings
from api.cli.worker import queue_urls
from api.settings import Settings
from api.wiring import App


def run(*, queue: str, per_second: float, dry_run: bool) -> None:
    """Send the dead letters of a queue to it again, and say how many."""
    settings = load_settings()
    with exit_codes():
        typer.echo(asyncio.run(_redrive(settings, queue, per_second=per_second, dry_run=dry_run)))


async def _redrive(settings: Settings, queue: str, *, per_second: float, dry_run: bool) -> str:
    from api.adapters.sqs_redrive import redrive

    (url,) = queue_urls(settings, queue)
    app = App(settings)
    try:
        counts = await redrive(app.aws, url, per_second=per_second, dry_run=dry_run)
    finally:
        await app.close()
    if dry_run:
        return f"{queue}: {counts.found} dead letters; none was moved"
    return (
        f"{queue}: {counts.moved} of {counts.found} dead letters were sent again,"
        f" {counts.kept} cannot be sent"
    )
