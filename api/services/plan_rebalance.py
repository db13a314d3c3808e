"""Ask for a plan: from a finished run it is made at once, from a strategy by a job."""

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from uuid import UUID, uuid4

from sqlalchemy.ext.asyncio import AsyncSession

from api.errors import Conflict, InvalidInput, MissingData, NotFound
from api.services.backtest_request import Constraints, Costs
from api.services.backtests import Quotas, check_quotas
from api.services.findings import Findings
from api.services.option_faults import check_shares
from api.services.plan_books import Wanted, plan_against_books
from api.services.plan_request import Knowledge, PlanRequest, plan_faults
from api.services.plan_span import check_strategy
from api.services.strategies import require_strategy
from models.backtest import Backtest, Rebalance
from models.backtests import BacktestRepository
from models.job import Job, JobKind
from models.jobs import JobRepository
from models.rebalance_plan import RebalancePlan
from models.rebalance_plans import RebalancePlanRepository
from models.session import lock

# After so many days the run would have decided again.
PERIODS = {
    Rebalance.DAILY: timedelta(days=5),
    Rebalance.WEEKLY: timedelta(days=10),
    Rebalance.MONTHLY: timedelta(days=35),
    Rebalance.QUARTERLY: timedelta(days=100),
}
BACKTEST = ("input", "backtest")


@dataclass(frozen=True)
class Planned:
    """A plan, or the job that will make it."""

    plan: RebalancePlan | None = None
    job: Job | None = None


async def plan_rebalance(
    session: AsyncSession,
    *,
    owner_id: UUID,
    request: PlanRequest,
    quotas: Quotas | None = None,
) -> Planned:
    """Make the plan of a finished run, or record the job that decides and plans.

    Raises Refused with each fault, NotFound, Conflict, MissingData, LimitExceeded; nothing is
    written then.
    """
    findings = Findings()
    findings.errors += plan_faults(request)
    findings.settle()
    if request.backtest_id is not None:
        return Planned(plan=await _from_run(session, owner_id, request, request.backtest_id))
    request = await check_strategy(session, owner_id, request)
    await lock(session, f"submit {owner_id}")
    await check_quotas(session, owner_id, quotas)
    job = Job(id=uuid4(), owner_id=owner_id, kind=JobKind.PLAN, payload=request.payload())
    return Planned(job=await JobRepository(session).add(job))


async def _from_run(
    session: AsyncSession, owner_id: UUID, request: PlanRequest, backtest_id: UUID
) -> RebalancePlan:
    run = await BacktestRepository(session).get(backtest_id, owner_id=owner_id)
    if run is None:
        raise NotFound("no backtest of yours has this id; backtests lists them", field=BACKTEST)
    plan = await plan_against_books(
        session,
        wanted_by(run, request),
        owner_id=owner_id,
        knowledge=Knowledge(day=request.day),
        capital=request.capital,
    )
    plan.backtest_id = run.id
    return await RebalancePlanRepository(session).add(plan)


def wanted_by(run: Backtest, request: PlanRequest) -> Wanted:
    """Return what the run's last decision wanted. Raises Conflict, MissingData, InvalidInput."""
    if run.summary is None:
        raise Conflict(
            "the backtest has not succeeded, so it holds no weights; wait for it, or plan from its"
            " strategy",
            field=BACKTEST,
            reason="NOT_FINISHED",
        )
    kept = run.summary.get("targets") or {"decided_at": None}
    if kept["decided_at"] is None:
        raise MissingData(
            "the backtest kept no weights: it decided on nothing, or an earlier release ran it;"
            " plan from its strategy",
            field=BACKTEST,
        )
    decided_at = datetime.fromisoformat(kept["decided_at"])
    if decided_at.date() > request.day:
        raise InvalidInput(
            f"asOf was {request.day}, but the run decided on {decided_at.date()}; choose that day"
            " or a later one",
            field=("input", "asOf"),
        )
    return Wanted(
        weights=kept["weights"],
        decided_at=decided_at,
        costs=request.costs or Costs(**run.costs),
        constraints=request.constraints or Constraints(**run.constraints),
        currency="AUD" if request.costs else run.currency.value,
        universe=frozenset(run.symbols),
        warnings=(
            *check_shares(require_strategy(run.strategy_key), BACKTEST),
            *_late(run, decided_at.date(), request.day),
        ),
    )


def _late(run: Backtest, decided_on: date, day: date) -> tuple[str, ...]:
    if day - decided_on <= PERIODS[run.rebalance]:
        return ()
    late = (day - decided_on).days
    warning = (
        f"the run decided last on {decided_on}, {late} days before {day}, and it decides"
        f" {run.rebalance.value.lower()}: plan from its strategy for weights of now"
    )
    return (warning,)
