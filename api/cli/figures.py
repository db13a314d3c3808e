"""A finished run as the terminal shows it: a table for people, a document for scripts."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from pydantic.alias_generators import to_camel
from rich.console import Console
from rich.table import Table

from api.services.publish_backtest import judged
from models.backtest import Backtest
from models.job import Job

# Name of the figure, its label, how it is written.
SHOWN: Sequence[tuple[str, str, str]] = (
    ("final_value", "Final value", "money"),
    ("total_return", "Total return", "percent"),
    ("cagr", "Growth a year (CAGR)", "percent"),
    ("volatility", "Volatility a year", "percent"),
    ("sharpe", "Sharpe", "ratio"),
    ("sortino", "Sortino", "ratio"),
    ("max_drawdown", "Deepest drawdown", "percent"),
    ("max_drawdown_days", "Its length, days", "count"),
    ("calmar", "Calmar", "ratio"),
    ("var95", "VaR 95 % of a session", "percent"),
    ("cvar95", "CVaR 95 % of a session", "percent"),
    ("alpha", "Alpha a year", "percent"),
    ("beta", "Beta", "ratio"),
    ("turnover", "Turnover a year", "ratio"),
    ("cost_drag", "Growth lost to costs", "percent"),
    ("total_costs", "Total costs", "money"),
    ("trade_count", "Orders filled", "count"),
)
FORMATS = {"money": "{:,.2f}", "percent": "{:.2%}", "ratio": "{:.3f}", "count": "{:,.0f}"}
UNKNOWN = "n/a"


@dataclass(frozen=True, kw_only=True)
class Finished:
    """A run at its end, and whether it had been made before."""

    run: Backtest
    job: Job
    reused: bool


def print_figures(console: Console, finished: Finished) -> None:
    """Print the figures beside the benchmark's, how far to believe them, and the warnings."""
    run, summary = finished.run, finished.run.summary or {}
    console.print(_title(finished), highlight=False)
    console.print(_table(run, summary["metrics"], summary["benchmark_metrics"]))
    judgement, guards = judged(run) or {}, summary["guards"]
    deflated = _written(judgement["deflated_sharpe"], "ratio")
    count = "1 trial" if judgement["trials"] == 1 else f"{judgement['trials']:,} trials"
    console.print(
        f"Deflated Sharpe {deflated} over {count}: {judgement['verdict']}",
        highlight=False,
    )
    if guards["flags"]:
        console.print(f"Flags: {', '.join(guards['flags'])}", highlight=False)


def as_document(finished: Finished) -> dict[str, Any]:
    """Return what a script wants to know, as JSON values; an undefined figure is None."""
    run, summary = finished.run, finished.run.summary or {}
    return {
        "id": f"backtest_{run.id}",
        "reused": finished.reused,
        "contentKey": run.content_key,
        "strategy": run.strategy_key,
        "parameters": run.parameters,
        "universe": run.universe_key,
        "symbols": run.symbols,
        "start": run.start_on.isoformat(),
        "end": run.end_on.isoformat(),
        "initialCapital": str(run.initial_capital),
        "currency": run.currency,
        "benchmark": run.benchmark,
        "metrics": _camel(summary["metrics"]),
        "benchmarkMetrics": _camel(summary["benchmark_metrics"]),
        "overfitting": _camel(judged(run)),
        "guards": _camel(summary["guards"]),
        "attribution": _camel(summary["attribution"]),
        "computeSeconds": finished.job.compute_seconds,
    }


def _camel(figures: Mapping[str, Any] | None) -> dict[str, Any] | None:
    """Return figures under the names GraphQL gives them; a symbol's name stays as it is."""
    if figures is None:
        return None
    named = {to_camel(name): value for name, value in figures.items()}
    if "undefined" in named:
        named["undefined"] = {to_camel(name): why for name, why in named["undefined"].items()}
    return named


def _title(finished: Finished) -> str:
    run = finished.run
    assets = run.universe_key or f"{len(run.symbols)} symbols"
    seconds = finished.job.compute_seconds or 0.0
    came = "stored run" if finished.reused else f"computed in {seconds:.2f} s"
    return (
        f"{run.strategy_key} on {assets}, {run.start_on} to {run.end_on}, {run.currency} ({came})"
    )


def _table(run: Backtest, metrics: Mapping[str, Any], benchmark: Mapping[str, Any] | None) -> Table:
    table = Table("Figure", box=None, pad_edge=False)
    table.add_column("Run", justify="right")
    table.add_column(run.benchmark, justify="right")
    for name, label, kind in SHOWN:
        other = _written((benchmark or {}).get(name), kind)
        table.add_row(label, _written(metrics[name], kind), other)
    return table


def _written(value: float | None, kind: str) -> str:
    return UNKNOWN if value is None else FORMATS[kind].format(value)
