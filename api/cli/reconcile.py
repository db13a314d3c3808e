"""``parakeet reconcile``: one instrument's closes as stored and as each provider has them."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

import typer
from rich.console import Console
from rich.table import Table

from api.cli.edge import FAILED, begin, exit_codes
from api.cli.opening import opened
from api.errors import InvalidInput
from api.ports import BarBatch, BarRequest
from api.services.batches import stored_batch
from api.services.reconcile import Reconciliation, reconcile
from api.services.routing import describe, sources_of
from api.settings import Settings
from api.wiring import App
from api.works import Providers
from models.instrument import Exchange
from models.instruments import InstrumentRepository
from models.price_bars import PriceBarRepository
from models.session import unit_of_work

MOST_ROWS = 20


@dataclass(frozen=True, kw_only=True)
class Question:
    """What was typed."""

    symbol: str
    start: date
    end: date
    tolerance: float


def run(question: Question) -> None:
    """Print what differs; the exit code tells whether anything does."""
    settings = begin()
    with exit_codes():
        tell(asyncio.run(_opened(settings, question)))


def tell(found: Sequence[Reconciliation]) -> None:
    """Print what differs. Raises Exit when anything does."""
    console = Console()
    for each in found:
        _print(console, each)
    if not all(each.agrees for each in found):
        raise typer.Exit(FAILED)


async def _opened(settings: Settings, question: Question) -> list[Reconciliation]:
    async with opened(settings, typer.echo) as app:
        return await compared(app, question)


async def compared(app: App, question: Question) -> list[Reconciliation]:
    """Compare what is stored and what each provider says. Raises InvalidInput, FetchFailed."""
    request = _request(question)
    providers = Providers(app)
    try:
        prices = (await providers.open()).prices
        names = sources_of(Exchange(request.exchange))
        sources = [prices[name] for name in names if name in prices]
        stored = await _stored(app, question)
        if len(sources) + (stored is not None) < 2:
            raise InvalidInput(
                f"only {sources[0].key} has {question.symbol} and no bar as traded is stored:"
                " there is nothing to compare; ingest it first, or set TIINGO_API_KEY"
            )
        return await reconcile(request, sources, stored=stored, tolerance=question.tolerance)
    finally:
        await providers.close()


def _request(question: Question) -> BarRequest:
    described = describe(question.symbol)
    return BarRequest(
        symbol=question.symbol,
        exchange=described.exchange,
        currency=described.currency,
        start=question.start,
        end=question.end,
    )


async def _stored(app: App, question: Question) -> BarBatch | None:
    """Return the stored bars; None where there are none, or only adjusted ones."""
    async with unit_of_work(app.sessions) as session:
        found = await InstrumentRepository(session).by_symbols([question.symbol])
        columns = await PriceBarRepository(session).columns(
            [each.id for each in found], start=question.start, end=question.end
        )
    if not columns or not any(close is not None for close in columns[0].close):
        return None
    return stored_batch(question.symbol, columns[0])


def _print(console: Console, found: Reconciliation) -> None:
    console.print(_summary(found), highlight=False)
    if found.differences:
        table = Table("Day", box=None, pad_edge=False)
        for title in (found.first, found.second, "Difference"):
            table.add_column(title, justify="right")
        for each in found.differences[:MOST_ROWS]:
            share = "n/a" if each.relative is None else f"{each.relative:+.3%}"
            table.add_row(str(each.day), f"{each.first:.4f}", f"{each.second:.4f}", share)
        console.print(table)
    for name, days in ((found.first, found.only_first), (found.second, found.only_second)):
        if days:
            console.print(f"Only {name} has {_listed(days)}", highlight=False)


def _summary(found: Reconciliation) -> str:
    return (
        f"{found.symbol}: {found.first} and {found.second}, {found.compared:,} days compared,"
        f" {len(found.differences):,} differ by more than {found.tolerance:.3%}"
    )


def _listed(days: Sequence[date]) -> str:
    shown = ", ".join(str(day) for day in days[:MOST_ROWS])
    more = len(days) - MOST_ROWS
    count = "1 day" if len(days) == 1 else f"{len(days):,} days"
    return f"{count}: {shown}" + (f" and {more:,} more" if more > 0 else "")
