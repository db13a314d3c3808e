"""The work that completes a run: hindsight about members, least capital, shocks, luck, 1/N."""

import asyncio
import hashlib
from collections.abc import Callable
from dataclasses import asdict, dataclass
from typing import Any
from uuid import UUID

import numpy as np
import orjson

from api.ports import ObjectStore
from api.services.engine_request import panel_request, request_of, strategy_of
from api.services.panels import load_panel
from api.services.repeat_run import differences, marks_of
from api.services.work import ClaimedJob, Pulse
from engine.backtest import Request, account, decided
from engine.bootstrap import Intervals, intervals, seed_of
from engine.ledger import Ledger
from engine.panel import Panel
from engine.ratios import DAYS_PER_YEAR, session_returns
from engine.report import risk_free
from engine.sharpe_bootstrap import SharpeTest, sharpe_test
from engine.shock_paths import PathOutcome, through_shocks
from engine.survivorship import Survivorship, measure_survivorship
from engine.viability import Viability, smallest_capital
from engine.yardsticks import yardsticks
from models.backtest import Backtest
from models.backtests import BacktestRepository
from models.session import SessionFactory, unit_of_work

# Where each part ends on the way from 0 to 1.
READ, DECIDED, SEARCHED, HELD, WALKED, DRAWN = 0.1, 0.25, 0.45, 0.6, 0.8, 0.95


@dataclass(frozen=True, kw_only=True)
class Found:
    """What the job finds out; None where nothing can be said."""

    viability: Viability
    survivorship: Survivorship | None
    drawn: Intervals | None
    sharpe: SharpeTest | None  # against the benchmark's
    paths: list[PathOutcome]
    beside: dict[str, dict[str, float | None]]  # what no skill would have made of the assets
    differ: list[str]  # figures that came out otherwise than the run's, which it repeats


async def check_guards(
    job: ClaimedJob, pulse: Pulse, *, sessions: SessionFactory, store: ObjectStore
) -> dict[str, Any]:
    """Run a finished run again with less and more capital, and on the members of its last day.

    Let it go on through shocks, and draw its returns again by the block, to tell in which range
    luck alone would leave them. Hold all its assets alike beside it. What it decides and trades
    anew must be the run's, to the digit.

    Raises Stopped, EngineError, Unavailable.
    """
    async with unit_of_work(sessions) as session:
        run = await BacktestRepository(session).require_by_job(UUID(job.payload["follows"]))
    strategy = strategy_of(run)
    pulse(0.01, "reading prices")
    panel = await load_panel(sessions, store, panel_request(run, warmup=strategy.warmup))
    request = request_of(run, strategy, panel)
    found = await asyncio.to_thread(_compute, panel, request, pulse, run)
    marks, counts = await marks_of(run, found.differ, sessions=sessions)
    told = {"backtest_id": str(run.id), **_document(found)}
    told["guards"] |= marks
    return told | {"sha256": hashlib.sha256(orjson.dumps(told)).hexdigest(), "counts": counts}


def _document(found: Found) -> dict[str, Any]:
    """Return what was found as JSON values."""
    viability, survivorship = found.viability, found.survivorship
    return {
        "guards": {
            "smallest_viable_capital": viability.capital,
            "survivorship_gap_cagr": None if survivorship is None else survivorship.gap_cagr,
        },
        "diagnostics": {
            "smallest_viable_capital": {
                "verdict": viability.verdict,
                "capital": viability.capital,
                "capacity": viability.capacity,
                "tried": [
                    {"capital": capital, "excess_growth": excess}
                    for capital, excess in viability.curve
                ],
            },
            "survivorship": None if survivorship is None else asdict(survivorship),
            "bootstrap": None if found.drawn is None else asdict(found.drawn),
            "sharpe_above_benchmark": None if found.sharpe is None else asdict(found.sharpe),
            "shock_paths": [asdict(path) for path in found.paths],
            "yardsticks": {"portfolios": found.beside},
        },
    }


def _compute(panel: Panel, request: Request, pulse: Pulse, run: Backtest) -> Found:
    def within(start: float, end: float, share: float, stage: str) -> None:
        pulse(start + share * (end - start), stage)

    chosen = decided(panel, request, lambda share, stage: within(READ, DECIDED, share, stage))
    viability = smallest_capital(
        panel,
        chosen,
        request,
        checkpoint=lambda share: within(DECIDED, SEARCHED, share, "trading other capitals"),
    )
    survivorship = measure_survivorship(
        panel, request, checkpoint=lambda share, stage: within(SEARCHED, HELD, share, stage)
    )
    ledger, seed = account(panel, chosen, request), seed_of(run.content_key)
    paths = through_shocks(
        panel,
        chosen,
        ledger,
        request,
        seed=seed_of(run.content_key, "paths"),
        checkpoint=lambda share: within(HELD, WALKED, share, "going on through shocks"),
    )
    drawn = _drawn(
        panel,
        ledger,
        seed=seed,
        checkpoint=lambda share: within(WALKED, DRAWN, share, "drawing returns again"),
    )
    beside = yardsticks(
        panel,
        request,
        ledger,
        checkpoint=lambda share, stage: within(DRAWN, 1.0, share, stage),
    )
    return Found(
        viability=viability,
        survivorship=survivorship,
        drawn=drawn,
        sharpe=_above_benchmark(panel, ledger, seed),
        paths=paths,
        beside=beside,
        differ=differences(panel, ledger, (run.summary or {}).get("metrics", {})),
    )


def _drawn(
    panel: Panel, ledger: Ledger, *, seed: int, checkpoint: Callable[[float], None]
) -> Intervals | None:
    books = ledger.books
    level = panel.benchmark[books.row]
    return intervals(
        session_returns(books.equity),
        rf=risk_free(panel, ledger)[1:],
        years=float(books.session[-1] - books.session[0]) / DAYS_PER_YEAR,
        seed=seed,
        benchmark=session_returns(level) if np.isfinite(level).all() else None,
        checkpoint=checkpoint,
    )


def _above_benchmark(panel: Panel, ledger: Ledger, seed: int) -> SharpeTest | None:
    """Test the run's Sharpe ratio against the benchmark's on the sessions that have one."""
    rate = risk_free(panel, ledger)[1:]
    market = session_returns(panel.benchmark[ledger.books.row])
    both = np.isfinite(market)
    returns = session_returns(ledger.books.equity)
    return sharpe_test((returns - rate)[both], (market - rate)[both], seed=seed)
