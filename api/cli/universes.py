"""``parakeet universes``: which lists there are, and the known ones brought up to date."""

import asyncio
from collections.abc import Sequence
from datetime import UTC, datetime

import typer

from api.cli.edge import UNAVAILABLE, begin, exit_codes
from api.cli.opening import opened
from api.services.refresh_universes import Refreshed, refresh_universes
from api.settings import Settings
from api.wiring import App
from models.session import unit_of_work
from models.universes import Listed, UniverseRepository


def run(*, keys: Sequence[str] | None, refresh: bool) -> None:
    """Refresh where that is asked for, then list."""
    settings = begin()
    patience = {"command_timeout_seconds": settings.worker_command_timeout_seconds}
    settings = settings.model_copy(update=patience)
    with exit_codes():
        refreshed, listed = asyncio.run(_universes(settings, keys, refresh=refresh))
    for each in refreshed:
        _say(each)
    for universe in listed:
        _show(universe)
    if any(each.problem for each in refreshed):
        raise typer.Exit(UNAVAILABLE)


async def _universes(
    settings: Settings, keys: Sequence[str] | None, *, refresh: bool
) -> tuple[list[Refreshed], Sequence[Listed]]:
    async with opened(settings, typer.echo) as app:
        refreshed = await _refresh(app, keys) if refresh else []
        async with unit_of_work(app.sessions) as session:
            today = datetime.now(UTC).date()
            owner_id = settings.owner_id
            return refreshed, await UniverseRepository(session).listed(today, owner_id=owner_id)


async def _refresh(app: App, keys: Sequence[str] | None) -> list[Refreshed]:
    return await refresh_universes(app.sessions, app.known_lists, keys)


def _say(refreshed: Refreshed) -> None:
    if refreshed.problem is not None:
        typer.echo(f"{refreshed.key} was left as it was: {refreshed.problem}", err=True)
        return
    changes = f"{refreshed.changed:,} memberships changed" if refreshed.changed else "unchanged"
    typer.echo(f"{refreshed.key}: {refreshed.members:,} members, {changes}")
    for note in refreshed.notes:
        typer.echo(f"  {note}")


def _show(listed: Listed) -> None:
    universe = listed.universe
    history = f"history from {listed.first_on}" if universe.survivorship_free else "no history"
    typer.echo(f"{universe.key:<16}{listed.members:>6,} members, {history}: {universe.name}")
    typer.echo(f"{'':<16}{universe.source}")
