"""``parakeet plan``: what to buy and sell now, worked out here; no server needed."""

import asyncio
import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any
from uuid import UUID

import typer
from rich.console import Console
from rich.table import Table

from api.cli.backtest import amount_of, listed, parse_parameters
from api.cli.edge import FAILED, begin, exit_codes
from api.cli.following import followed, progress_bar
from api.cli.opening import opened
from api.errors import InvalidInput, Unavailable
from api.services.backtest_request import Constraints
from api.services.plan_csv import broker_csv
from api.services.plan_rebalance import plan_rebalance
from api.services.plan_request import PlanRequest
from api.settings import Settings
from api.wiring import App
from models.job import Job
from models.rebalance_plan import RebalancePlan
from models.rebalance_plans import RebalancePlanRepository
from models.session import unit_of_work


@dataclass(frozen=True, kw_only=True)
class Wish:
    """A plan as it was typed."""

    strategy: str | None
    backtest: str | None
    universe: str | None
    symbols: str | None
    parameters: Sequence[str]
    as_of: date | None
    capital: str | None
    band: float
    max_turnover: float | None

    def request(self) -> PlanRequest:
        """Return what was typed as the service takes it. Raises InvalidInput, NotFound."""
        parameters = None
        if self.strategy is not None and self.parameters:
            parameters = parse_parameters(self.strategy, self.parameters)
        trimmed = Constraints(no_trade_band=self.band, max_turnover=self.max_turnover)
        return PlanRequest(
            strategy=self.strategy,
            backtest_id=None if self.backtest is None else _id_of(self.backtest),
            universe=self.universe,
            symbols=None if self.symbols is None else tuple(listed(self.symbols)),
            parameters=parameters,
            as_of=self.as_of,
            capital=None if self.capital is None else amount_of(self.capital),
            constraints=None if trimmed == Constraints() else trimmed,
        )


@dataclass(frozen=True)
class Made:
    """A plan at the end of its job, or no plan and the job that failed."""

    plan: RebalancePlan | None
    job: Job | None


def run(wish: Wish, *, as_json: bool, csv: Path | None) -> None:
    """Make the plan and print it; leave with 1 when its job failed or was cancelled."""
    settings = begin()
    with exit_codes():
        made = asyncio.run(make(settings, wish.request()))
        tell(made, as_json=as_json, csv=csv)


def tell(made: Made, *, as_json: bool, csv: Path | None) -> None:
    """Print the plan and write its file. Raises Exit without a plan, Unavailable."""
    plan, job = made.plan, made.job
    if plan is None:
        status = "" if job is None else job.status
        why = (job and job.failure_detail) or f"the plan was {status}"
        typer.echo(f"parakeet: {why}", err=True)
        raise typer.Exit(FAILED)
    if csv is not None:
        _write(csv, broker_csv(plan))
    if as_json:
        typer.echo(json.dumps(as_document(plan), indent=2))
    else:
        print_plan(Console(), plan)


async def make(settings: Settings, request: PlanRequest) -> Made:
    """Open what is needed, ask for the plan, and follow its job where it has one."""
    with progress_bar() as progress:
        task = progress.add_task("opening", total=1.0)
        async with opened(settings, progress.console.print) as app:
            async with unit_of_work(app.sessions) as session:
                planned = await plan_rebalance(session, owner_id=settings.owner_id, request=request)
            if planned.job is None:
                return Made(planned.plan, None)
            job = planned.job
            async for job in followed(app, planned.job.id):
                progress.update(task, completed=job.progress, description=job.stage or "waiting")
            return await _made(app, job)


async def _made(app: App, job: Job) -> Made:
    async with unit_of_work(app.sessions) as session:
        plans = RebalancePlanRepository(session)
        found = await plans.by_job_ids([job.id], owner_id=app.settings.owner_id)
    return Made(found[0] if found else None, job)


def as_document(plan: RebalancePlan) -> dict[str, Any]:
    """Return what a script wants to know, as JSON values."""
    return {
        "id": f"rebalance_plan_{plan.id}",
        "asOf": plan.as_of.isoformat(),
        "decisionBar": plan.decision_bar.isoformat(),
        "equity": str(plan.equity),
        "cashBefore": str(plan.cash_before),
        "cashAfter": str(plan.cash_after),
        "totalCosts": str(plan.total_costs),
        "turnover": plan.turnover,
        "lines": plan.lines,
        "warnings": plan.warnings,
    }


def print_plan(console: Console, plan: RebalancePlan) -> None:
    """Print the orders, what they come to, and what to know before sending them."""
    orders = [line for line in plan.lines if line["side"] is not None]
    console.print(
        f"As of {plan.as_of}, decided on the close of {plan.decision_bar:%Y-%m-%d %H:%M} UTC",
        highlight=False,
    )
    console.print(_table(orders) if orders else _nothing(plan))
    for label, amount in (
        ("Worth", plan.equity),
        ("Cash before", plan.cash_before),
        ("Costs", plan.total_costs),
        ("Cash after", plan.cash_after),
    ):
        console.print(f"{label:<12} A${amount:>14,.2f}", highlight=False)
    for line in plan.lines:
        if line["side"] is None and line["skipped"] != "already at its target":
            console.print(f"{line['symbol']}: {line['skipped']}", highlight=False, markup=False)
    for warning in plan.warnings:
        console.print(f"Note: {warning}", highlight=False, markup=False)


def _nothing(plan: RebalancePlan) -> str:
    if plan.lines:
        return "No orders: nothing is far enough from its target."
    return "No orders: nothing that is wanted or held has a price and a rate."


def _table(orders: Sequence[dict[str, Any]]) -> Table:
    table = Table("", "Symbol", box=None, pad_edge=False)
    for heading in ("Shares", "Price", "Of", "Value A$", "Costs A$", "Now", "Target"):
        table.add_column(heading, justify="right")
    for line in orders:
        table.add_row(
            line["side"],
            line["symbol"],
            line["quantity"],
            f"{line['currency']} {Decimal(line['price']):,.4f}",
            line["price_on"] or "",
            f"{Decimal(line['value']):,.2f}",
            line["cost"],
            f"{float(line['current_weight']):.1%}",
            f"{float(line['target_weight']):.1%}",
        )
    return table


def _id_of(text: str) -> UUID:
    try:
        return UUID(text.removeprefix("backtest_"))
    except ValueError as e:
        raise InvalidInput(f"--backtest was {text!r}; write the id of a run, backtest_...") from e


def _write(path: Path, text: str) -> None:
    try:
        path.write_text(text, encoding="utf-8", newline="")
    except OSError as e:
        raise Unavailable(f"{path} cannot be written: {e.strerror}; name another file") from e
