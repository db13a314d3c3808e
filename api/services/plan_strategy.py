"""The work of a plan from a strategy: what it wants on what is known now, held against the books.

The strategy decides as a run that began on that session would: once, on the last session that has
closed, seeing every bar and rate that is known at the plan's instant and no other.
"""

import asyncio
from collections import Counter
from datetime import UTC, datetime
from typing import Any

import numpy as np

from api.ports import ObjectStore
from api.services.backtest_request import Constraints, Costs
from api.services.content_key import digest
from api.services.engine_request import drawn_from
from api.services.option_faults import check_shares
from api.services.panels import PanelRequest, load_panel
from api.services.plan_books import Wanted, plan_against_books
from api.services.plan_request import Knowledge, PlanRequest
from api.services.plan_span import REACH, benchmark_of, instruments_of, last_bar
from api.services.strategies import require_strategy
from api.services.work import ClaimedJob, Pulse
from engine import limits as engine
from engine.backtest import Request, overlaid
from engine.costs import CostModel
from engine.decide import Targets, ask, lend, require_inputs
from engine.errors import Infeasible, InsufficientHistory, InvalidParameters
from engine.execution import FillPolicy
from engine.limits import constrain
from engine.option_assumptions import MODELLED
from engine.panel import NEVER, Panel
from engine.schedule import DecisionClock, primary_rows
from engine.strategies import STRATEGIES
from engine.strategies.base import Circumstances, Decision, Strategy
from models.ownership import sessions_of
from models.rebalance_plan import RebalancePlan
from models.session import SessionFactory, unit_of_work

NANOSECONDS = 1_000_000_000
# What a strategy's own account begins with where the books are to say how much there is.
CAPITAL = 100_000


async def plan_strategy(
    job: ClaimedJob, pulse: Pulse, *, sessions: SessionFactory, store: ObjectStore
) -> dict[str, Any]:
    """Decide, size and return the plan as JSON values; `publish_plan` writes it.

    Raises Stopped, EngineError, ClientError, Unavailable.
    """
    request = PlanRequest.load(job.payload)
    knowledge = Knowledge(day=request.day)
    pulse(0.05, "reading prices")
    strategy = strategy_of(request)
    asked = await _panel_request(sessions, job, request, strategy, knowledge)
    panel = await load_panel(sessions, store, asked)
    pulse(0.5, "deciding")
    wanted = await asyncio.to_thread(_decide, panel, strategy, request, knowledge)
    pulse(0.8, "sizing")
    async with unit_of_work(sessions_of(sessions, job.owner_id)) as session:
        plan = await plan_against_books(
            session,
            wanted,
            owner_id=job.owner_id,
            knowledge=knowledge,
            capital=request.capital,
        )
    return {"plan": plan_document(plan)}


def plan_document(plan: RebalancePlan) -> dict[str, Any]:
    """Return the plan's columns as JSON values, for another process."""
    document: dict[str, Any] = plan.model_dump(mode="json", exclude_none=True)
    return document


def strategy_of(request: PlanRequest) -> Strategy[Any]:
    """Return the strategy as a run on the plan's terms has it. Raises InvalidParameters."""
    cls = STRATEGIES[request.strategy or ""]
    parameters = dict(request.parameters or {})
    if request.allocator is not None:
        parameters["weighting"] = cls.allocators[request.allocator]
    try:
        return cls(cls.parameters_type.model_validate(parameters), _circumstances(request))
    except ValueError as e:
        raise InvalidParameters(str(e)) from e


def _circumstances(request: PlanRequest) -> Circumstances:
    """Return what a run tells its strategy; the same plan draws the same numbers."""
    return Circumstances(
        seed=drawn_from(digest(request.payload())),
        costs=CostModel(**vars(request.costs or Costs())),
        capital=float(request.capital or CAPITAL),
    )


async def _panel_request(
    sessions: SessionFactory,
    job: ClaimedJob,
    request: PlanRequest,
    strategy: Strategy[Any],
    knowledge: Knowledge,
) -> PanelRequest:
    """Ask for the strategy's history before the last bar there is up to the day."""
    async with unit_of_work(sessions) as session:
        found = await instruments_of(session, job.owner_id, request)
    last, entry = last_bar(found, request.day), require_strategy(strategy.key)
    return PanelRequest(
        universe=request.universe,
        owner_id=job.owner_id,
        symbols=request.symbols or (),
        start=last - REACH,
        end=last,
        warmup=strategy.warmup,
        currency="AUD",
        benchmark=benchmark_of(request, entry, [each for each in found if each.bar_count]),
        known_at=knowledge.known_at,
        panels=entry.panels_read(request.parameters or {}),
    )


def _decide(
    panel: Panel, strategy: Strategy[Any], request: PlanRequest, knowledge: Knowledge
) -> Wanted:
    """Let the strategy decide on the last session closed at the plan's instant."""
    instant = int(knowledge.known_at.timestamp()) * NANOSECONDS
    row = _last_closed(panel, instant)
    if row + 1 < strategy.warmup:
        raise InsufficientHistory(
            f"{strategy.key} needs {strategy.warmup} sessions before it can decide; {row + 1} are"
            " known, choose a later day or a shorter history"
        )
    require_inputs(panel, strategy)
    decision, _, refusal = ask(strategy, lend(panel, strategy, row, instant), None)
    nothing = np.zeros(len(panel.symbols))
    targets, notes = constrain(
        panel,
        Targets(
            rows=np.array([row]),
            instants=np.array([instant]),
            weights=(nothing if decision is None else decision.weights)[None],
            reasons=Counter(decision.reasons if decision else {}),
            refused={} if refusal is None else {row: refusal},
        ),
        engine.Constraints(**vars(request.constraints or Constraints())),
    )
    if not len(targets.rows):
        raise Infeasible(f"holdings stay as they are: {', '.join(notes)}")
    targets = _scaled(panel, targets, strategy, request)
    weights = zip(panel.symbols, targets.weights[0].tolist(), strict=True)
    return Wanted(
        weights={symbol: weight for symbol, weight in weights if weight != 0.0},
        decided_at=datetime.fromtimestamp(int(panel.closes_at[row, 0]) // NANOSECONDS, UTC),
        costs=request.costs or Costs(),
        constraints=request.constraints or Constraints(),
        universe=frozenset(panel.symbols),
        warnings=(*_told(strategy, decision), *_reasons(targets), *notes),
    )


def _scaled(
    panel: Panel, targets: Targets, strategy: Strategy[Any], request: PlanRequest
) -> Targets:
    """Return the targets as the run of an overlay would scale them on its first day."""
    row = int(targets.rows[0])
    closes = panel.closes_at[row]
    open_still = bool(((closes != NEVER) & (closes > targets.instants[0])).any())
    terms = Request(
        strategy=strategy,
        first_row=row,
        last_row=row,
        capital=float(request.capital or CAPITAL),
        rebalance=strategy.parameters.rebalance,
        constraints=engine.Constraints(**vars(request.constraints or Constraints())),
        costs=CostModel(**vars(request.costs or Costs())),
        fill=FillPolicy.NEXT_OPEN,
        whole_shares=True,
        clock=DecisionClock.ASX_CLOSE if open_still else DecisionClock.US_CLOSE,
    )
    scaled, _ = overlaid(panel, targets, terms, lambda *_: None)
    return scaled


def _last_closed(panel: Panel, instant: int) -> int:
    """Return the last session of the primary market that has closed. Raises InsufficientHistory."""
    trading = primary_rows(panel)
    closed = trading[panel.closes_at[trading, 0] <= instant]
    if not len(closed):
        raise InsufficientHistory("no session had closed by then; choose a later day")
    return int(closed[-1])


def _told(strategy: Strategy[Any], decision: Decision | None) -> tuple[str, ...]:
    """Say what is no part of the plan, and what the decision wants its reader to know."""
    puts = check_shares(require_strategy(strategy.key), ("input", "strategy"))
    flags = decision.flags if decision else ()
    flagged = [f"the decision is flagged {flag}" for flag in flags if flag != MODELLED]
    return (*puts, *flagged)


def _reasons(targets: Targets) -> tuple[str, ...]:
    """Say why nothing is wanted, where nothing is."""
    if targets.weights.any():
        return ()
    told = ", ".join(f"{reason} {count}" for reason, count in sorted(targets.reasons.items()))
    return (f"the strategy wants nothing now: all stays in cash ({told or 'no reason given'})",)
