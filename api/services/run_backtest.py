"""The work of a backtest: rows to panel, panel to result, result to objects and figures."""

import asyncio
import hashlib
import time
from collections.abc import Sequence
from dataclasses import asdict
from datetime import UTC, date, datetime, timedelta
from typing import Any

from api.ports import ObjectStore
from api.services import series
from api.services.engine_request import panel_request, request_of, strategy_of
from api.services.panels import load_panel
from api.services.periods import partial_ends
from api.services.run_factors import Factors, explained, stored_factors
from api.services.run_risk import market_labels, risk_of
from api.services.work import ClaimedJob, Pulse
from api.telemetry import Metric
from engine import backtest as engine
from engine.backtest import Result
from engine.drawdowns import DrawdownPeriod, drawdown_times
from engine.panel import Panel
from engine.strategies.base import Strategy
from engine.types import IntArray
from models.backtest import Backtest
from models.backtests import BacktestRepository
from models.session import SessionFactory, unit_of_work

EPOCH = date(1970, 1, 1)
NANOSECONDS = 1_000_000_000
TABLES = 1
# Where the engine's share of a run's progress begins and ends.
READ, COMPUTED = 0.15, 0.9
DOWNLOADS = {
    "series.parquet": "Series (Parquet)",
    "orders.csv": "Orders (CSV)",
    "model.npz": "Model (NumPy)",
}


async def run_backtest(
    job: ClaimedJob, pulse: Pulse, *, sessions: SessionFactory, store: ObjectStore
) -> dict[str, Any]:
    """Compute one run and store its objects under the claim's prefix.

    Nothing of it can be seen before `api.services.publish_backtest` records the prefix.
    Raises Stopped, EngineError, Unavailable.
    """
    started = time.monotonic()
    async with unit_of_work(sessions) as session:
        run = await BacktestRepository(session).require_by_job(job.id)
        labels = await market_labels(session, run)
        factors = await stored_factors(session, run)
    strategy = strategy_of(run)
    pulse(0.01, "reading prices")
    panel = await load_panel(sessions, store, panel_request(run, warmup=strategy.warmup))
    result = await asyncio.to_thread(_compute, panel, run, strategy, pulse)
    risk = await asyncio.to_thread(risk_of, result, panel, labels)
    pulse(COMPUTED, "storing")
    digest, sizes = await _store(job.prefix, result, store)
    downloads = [
        {"label": label, "key": f"{job.prefix}{name}", "bytes": sizes[f"{job.prefix}{name}"]}
        for name, label in DOWNLOADS.items()
        if f"{job.prefix}{name}" in sizes
    ]
    return {
        "summary": _summary(result, panel, factors) | risk | {"downloads": downloads},
        "moments": asdict(result.moments),
        "sha256": digest,
        "compute_seconds": time.monotonic() - started,
        "counts": {Metric.BACKTESTS: 1, Metric.TRIALS: 1},
    }


def _compute(panel: Panel, run: Backtest, strategy: Strategy[Any], pulse: Pulse) -> Result:
    def checkpoint(share: float, stage: str) -> None:
        pulse(READ + share * (COMPUTED - READ), stage)

    return engine.run(panel, request_of(run, strategy, panel), checkpoint=checkpoint)


async def _store(prefix: str, result: Result, store: ObjectStore) -> tuple[str, dict[str, int]]:
    """Put every object; return the digest of their digests, and their sizes."""
    digest, sizes = hashlib.sha256(), {}
    for key, body in series.objects(result, prefix):
        await store.put(key, body)
        digest.update(hashlib.sha256(body).digest())
        sizes[key] = len(body)
    return digest.hexdigest(), sizes


def _summary(result: Result, panel: Panel, factors: Sequence[Factors]) -> dict[str, Any]:
    """Return the figures a page shows without opening an object, as JSON values."""
    benchmark = result.benchmark_metrics
    first, last = (_day(int(result.session[at])) for at in (0, -1))
    partial = partial_ends(first, last, panel.markets)
    by_factor = explained(result.monthly, partial["month"], factors)
    return {
        "points": len(result.session),
        "first_on": first.isoformat(),
        "last_on": last.isoformat(),
        "metrics": asdict(result.metrics),
        "benchmark_metrics": None if benchmark is None else asdict(benchmark),
        "monthly": result.monthly,
        "annual": result.annual,
        "partial": partial,
        "drawdowns": [_drawdown(period, result.session) for period in result.drawdowns],
        "attribution": _attribution(result),
        "guards": asdict(result.guards),
        "diagnostics": {**result.diagnostics, **by_factor},
        "orders": {"count": len(result.orders)},
        # Tells that tables of figures and holdings lie beside the curves.
        "tables": TABLES,
        "targets": _targets(result, panel),
    }


def _targets(result: Result, panel: Panel) -> dict[str, Any]:
    """Return what the last decision wanted, from which a plan can be made without the engine."""
    if not result.decided_at:
        return {"decided_at": None, "weights": {}}
    wanted = zip(panel.symbols, result.targets.tolist(), strict=True)
    decided_at = datetime.fromtimestamp(result.decided_at / NANOSECONDS, UTC)
    return {
        "decided_at": decided_at.isoformat(),
        "weights": {symbol: weight for symbol, weight in wanted if weight > 0.0},
    }


def _drawdown(period: DrawdownPeriod, session: IntArray) -> dict[str, Any]:
    recovered = None if period.recovered is None else _iso(period.recovered)
    lasted = asdict(drawdown_times(period, session))
    return (
        asdict(period)
        | lasted
        | {
            "peak": _iso(period.peak),
            "trough": _iso(period.trough),
            "recovered": recovered,
        }
    )


def _attribution(result: Result) -> dict[str, Any]:
    parts = asdict(result.attribution)
    by_symbol = dict(zip(result.symbols, result.attribution.by_symbol, strict=True))
    return parts | {"by_symbol": {symbol: float(share) for symbol, share in by_symbol.items()}}


def _iso(day: int) -> str:
    return _day(day).isoformat()


def _day(day: int) -> date:
    return EPOCH + timedelta(days=day)
