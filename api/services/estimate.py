"""What a run or a sweep will take, told before anything is queued."""

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from api.errors import ClientError, LimitExceeded
from api.services.axes import AxisRequest, longest_warmup
from api.services.backtest_request import BacktestRequest, checked
from api.services.backtests import Quotas, check_quotas
from api.services.cash_rate_span import require_cash_rates
from api.services.findings import Refused
from api.services.run_span import resolve_span
from api.services.study_request import SweepRequest, checked_sweep
from models.paces import Pace, PaceRepository

# Where nothing was measured yet: a year of a run of some twenty shares, a year of one trial of it.
USUAL_RUN_SECONDS_PER_YEAR = 0.5
USUAL_TRIAL_SECONDS_PER_YEAR = 0.05
DAYS_PER_YEAR = 365.25
# A worker of 3,008 MB in Lambda on arm64, at 0.0000133334 dollars for a GB-second.
USD_PER_SECOND = 3_008 / 1_024 * 0.0000133334


@dataclass(frozen=True, kw_only=True)
class Estimate:
    """What it will take, and why it may not be asked for now, if so."""

    combinations: int
    compute_seconds: float
    measured_runs: int  # past runs the figure rests on; 0 where it is the usual one
    refused: LimitExceeded | None

    @property
    def cost_usd(self) -> float:
        return self.compute_seconds * USD_PER_SECOND


async def estimate(
    session: AsyncSession,
    *,
    owner_id: UUID,
    request: BacktestRequest,
    axes: Sequence[AxisRequest] = (),
    quotas: Quotas | None = None,
) -> Estimate:
    """Return what the run, or the grid of the axes around it, would take.

    Raises what asking for it would raise, but for the quotas: Refused with each fault, NotFound,
    MissingData.
    """
    combinations = 1
    if axes:
        try:
            asked = checked_sweep(SweepRequest(base=request, axes=tuple(axes)))
        except ClientError as error:
            raise _of_the_arguments(error) from None
        combinations, entry = asked.combinations, asked.entry
        request = longest_warmup(asked.axes, asked.base, entry)
    else:
        request, entry = checked(request)
    span = await resolve_span(session, request, entry, owner_id=owner_id)
    await require_cash_rates(session, span, request)
    days = (span.end - request.start).days
    pace = await _pace(session, owner_id, request, searched=bool(axes))
    return Estimate(
        combinations=combinations,
        compute_seconds=pace.seconds_per_day * days * combinations,
        measured_runs=pace.runs,
        refused=await _refused(session, owner_id, quotas),
    )


async def _pace(
    session: AsyncSession, owner_id: UUID, request: BacktestRequest, *, searched: bool
) -> Pace:
    paces = PaceRepository(session)
    measure = paces.of_trials if searched else paces.of_runs
    measured = await measure(
        owner_id=owner_id, strategy=request.strategy, universe=request.universe
    )
    usual = USUAL_TRIAL_SECONDS_PER_YEAR if searched else USUAL_RUN_SECONDS_PER_YEAR
    return measured or Pace(usual / DAYS_PER_YEAR, 0)


async def _refused(
    session: AsyncSession, owner_id: UUID, quotas: Quotas | None
) -> LimitExceeded | None:
    try:
        await check_quotas(session, owner_id, quotas)
    except LimitExceeded as error:
        return error
    return None


def _of_the_arguments(error: ClientError) -> ClientError:
    """Return a fault of a sweep at its place here: the base is the input, axes stand beside it."""
    if isinstance(error, Refused):
        return Refused([_of_the_arguments(each) for each in error.errors])
    match error.field:
        case ("input", "base", *rest):
            field = ("input", *rest)
        case ("input", "axes", *rest):
            field = ("axes", *rest)
        case field:
            pass
    return type(error)(str(error), field=field, reason=error.reason)
