"""``parakeet backtest``: submit a run, do it here and print its figures; no server needed."""

import asyncio
import json
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal, InvalidOperation
from typing import Any

import typer
from rich.console import Console

from api.cli.edge import FAILED, begin, exit_codes
from api.cli.figures import Finished, as_document, print_figures
from api.cli.following import followed, progress_bar
from api.cli.opening import opened
from api.errors import InvalidInput
from api.services.backtest_request import BacktestRequest
from api.services.backtests import submit_backtest
from api.services.strategies import require_strategy
from api.settings import Settings
from models.backtest import Currency, FillPolicy, Rebalance
from models.backtests import BacktestRepository
from models.session import unit_of_work

POLL_SECONDS = 0.1


@dataclass(frozen=True, kw_only=True)
class Wish:
    """A run as it was typed."""

    strategy: str
    universe: str | None
    symbols: str | None
    start: date
    end: date | None
    parameters: Sequence[str]
    capital: str
    currency: str
    benchmark: str | None
    rebalance: str | None
    fill: str
    name: str | None

    def request(self) -> BacktestRequest:
        """Return what was typed as the service takes it. Raises InvalidInput, NotFound."""
        return BacktestRequest(
            strategy=self.strategy,
            universe=self.universe,
            symbols=None if self.symbols is None else tuple(listed(self.symbols)),
            start=self.start,
            end=self.end,
            parameters=parse_parameters(self.strategy, self.parameters),
            initial_capital=amount_of(self.capital),
            currency=Currency(self.currency),
            benchmark=self.benchmark,
            rebalance=None if self.rebalance is None else Rebalance(self.rebalance),
            fill=FillPolicy(self.fill),
            name=self.name,
        )


def run(wish: Wish, *, as_json: bool) -> None:
    """Do the run and print it; leave with 1 when it failed or was cancelled."""
    settings = begin()
    with exit_codes():
        finished = asyncio.run(_backtest(settings, wish.request()))
    if finished.run.summary is None:
        why = finished.job.failure_detail or f"the run was {finished.job.status}"
        typer.echo(f"parakeet: {why}", err=True)
        raise typer.Exit(FAILED)
    if as_json:
        typer.echo(json.dumps(as_document(finished), indent=2))
    else:
        print_figures(Console(), finished)


def parse_parameters(strategy: str, given: Sequence[str]) -> dict[str, Any]:
    """Read ``name=value`` pairs: JSON where it is JSON, a comma list for a list, else text.

    Raises InvalidInput, NotFound.
    """
    return pairs(given, lists=require_strategy(strategy).symbol_parameters)


def pairs(given: Sequence[str], *, lists: Collection[str] = ()) -> dict[str, Any]:
    """Read ``name=value`` pairs, those of ``lists`` as lists. Raises InvalidInput."""
    parameters: dict[str, Any] = {}
    for pair in given:
        name, equals, text = pair.partition("=")
        if not equals or not name:
            raise InvalidInput(f"--param was {pair!r}; write it as name=value, as in top_n=5")
        if name in parameters:
            raise InvalidInput(f"--param {name} was given twice; give it once")
        parameters[name] = _value(text, as_list=name in lists)
    return parameters


def _value(text: str, *, as_list: bool) -> Any:
    try:
        value = json.loads(text)
    except ValueError:
        value = text
    return listed(text) if as_list and not isinstance(value, list) else value


def listed(text: str) -> list[str]:
    """Read a comma list of symbols."""
    return [symbol.strip() for symbol in text.split(",") if symbol.strip()]


def amount_of(text: str) -> Decimal:
    """Read an amount of money. Raises InvalidInput."""
    try:
        return Decimal(text)
    except InvalidOperation as e:
        raise InvalidInput(f"--capital was {text!r}; write an amount such as 100000") from e


async def _backtest(settings: Settings, request: BacktestRequest) -> Finished:
    """Open what is needed, submit, and follow the job to its end, whoever performs it."""
    with progress_bar() as progress:
        task = progress.add_task("opening", total=1.0)
        async with opened(settings, progress.console.print) as app:
            async with unit_of_work(app.sessions) as session:
                submitted = await submit_backtest(
                    session, owner_id=settings.owner_id, request=request
                )
            job = submitted.job
            async for job in followed(app, submitted.job.id):
                progress.update(task, completed=job.progress, description=job.stage or "waiting")
            async with unit_of_work(app.sessions) as session:
                run = await BacktestRepository(session).require_by_job(job.id)
    return Finished(run=run, job=job, reused=submitted.reused)
