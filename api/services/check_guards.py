"""The work that completes a run's guards: hindsight about members, and the least capital."""

import asyncio
import hashlib
from dataclasses import asdict
from typing import Any
from uuid import UUID

import orjson

from api.ports import ObjectStore
from api.services.engine_request import panel_request, request_of, strategy_of
from api.services.panels import load_panel
from api.services.work import ClaimedJob, Pulse
from engine.backtest import Request, decided
from engine.panel import Panel
from engine.survivorship import Survivorship, measure_survivorship
from engine.viability import Viability, smallest_capital
from models.backtests import BacktestRepository
from models.session import SessionFactory, unit_of_work

# Where each part ends on the way from 0 to 1.
READ, DECIDED, SEARCHED = 0.1, 0.3, 0.7


async def check_guards(
    job: ClaimedJob, pulse: Pulse, *, sessions: SessionFactory, store: ObjectStore
) -> dict[str, Any]:
    """Run a finished run again with less and more capital, and on the members of its last day.

    Raises Stopped, EngineError, Unavailable.
    """
    async with unit_of_work(sessions) as session:
        run = await BacktestRepository(session).require_by_job(UUID(job.payload["follows"]))
    strategy = strategy_of(run)
    pulse(0.01, "reading prices")
    panel = await load_panel(sessions, store, panel_request(run, warmup=strategy.warmup))
    request = request_of(run, strategy, panel)
    viability, survivorship = await asyncio.to_thread(_compute, panel, request, pulse)
    found = {
        "backtest_id": str(run.id),
        "guards": {
            "smallest_viable_capital": viability.capital,
            "survivorship_gap_cagr": None if survivorship is None else survivorship.gap_cagr,
        },
        "diagnostics": {
            "smallest_viable_capital": asdict(viability),
            "survivorship": None if survivorship is None else asdict(survivorship),
        },
    }
    return found | {"sha256": hashlib.sha256(orjson.dumps(found)).hexdigest()}


def _compute(panel: Panel, request: Request, pulse: Pulse) -> tuple[Viability, Survivorship | None]:
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
        panel, request, checkpoint=lambda share, stage: within(SEARCHED, 1.0, share, stage)
    )
    return viability, survivorship
