"""What a plan from a strategy reads: its assets, its last day; and what is missing for it."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from api.errors import ClientError, MissingData
from api.services.backtest_request import BacktestRequest, Constraints, Costs, checked
from api.services.findings import Refused
from api.services.option_faults import check_shares
from api.services.plan_request import PlanRequest
from api.services.run_span import BENCHMARK, fingerprint, resolve_span
from api.services.signal_faults import check_plan
from api.services.strategies import StrategyEntry
from models.instrument import Instrument
from models.instruments import InstrumentRepository
from models.universes import UniverseRepository

# Weekends and holidays before the last bar, in which a decision may lie.
REACH = timedelta(days=10)


async def check_strategy(
    session: AsyncSession, owner_id: UUID, request: PlanRequest
) -> PlanRequest:
    """Return the request with its parameters complete.

    Raises Refused with everything that runBacktest would refuse of it, and MissingData.
    """
    asked, entry = checked(_as_backtest(request))
    for each in _whole(entry, asked.parameters):
        check_plan(each)
    check_shares(entry, ("input", "strategy"))
    found = await instruments_of(session, owner_id, request)
    first = min((each.first_bar for each in found if each.first_bar), default=request.day)
    if request.day < first:
        raise MissingData(
            f"asOf was {request.day}, but prices begin on {first}; choose a later day",
            field=("input", "asOf"),
        )
    last = last_bar(found, request.day)
    complete = replace(request, parameters=asked.parameters)
    benchmark = benchmark_of(complete, entry, found)
    span = replace(asked, start=last - REACH, end=last, benchmark=benchmark)
    try:
        resolved = await resolve_span(session, span, entry, owner_id=owner_id)
        if entry.inputs(asked.parameters):
            await fingerprint(session, resolved, span, entry)
    except Refused as refused:
        raise Refused([_about_the_day(each) for each in refused.errors]) from None
    except ClientError as error:
        raise _about_the_day(error) from None
    return complete


async def instruments_of(
    session: AsyncSession, owner_id: UUID, request: PlanRequest
) -> list[Instrument]:
    """Return what the strategy may choose from and is stored; nothing of an unknown universe."""
    symbols = list(request.symbols or ())
    if request.universe is not None:
        universes = UniverseRepository(session)
        universe = await universes.by_key(request.universe, owner_id=owner_id)
        spells = () if universe is None else await universes.memberships(universe)
        symbols = sorted({each.symbol for each in spells})
    return await InstrumentRepository(session).by_symbols(symbols)


def benchmark_of(
    request: PlanRequest, entry: StrategyEntry, found: Iterable[Instrument]
) -> str | None:
    """Return the index a strategy reads, the one its run would have; None is the universe's.

    One that reads none is compared with nothing: any of the symbols will do.
    """
    read = _whole(entry, request.parameters or {})
    if not any("benchmark" in each.requires for each in read):
        return min((each.symbol for each in found), default=None)
    return None if request.universe is not None else BENCHMARK


def _whole(entry: StrategyEntry, parameters: Mapping[str, Any]) -> list[StrategyEntry]:
    """Return the strategy and what it is put around."""
    return [entry, *(inner for inner, _ in entry.wrapped(parameters))]


def last_bar(found: Sequence[Instrument], day: date) -> date:
    """Return the day of the newest bar up to a day; the day itself where there is none."""
    return min(max((each.last_bar for each in found if each.last_bar), default=day), day)


def _about_the_day(error: ClientError) -> ClientError:
    """Return the fault at the field of a plan: one day where a run has two, and no benchmark."""
    if error.field == ("input", "benchmark"):
        return type(error)(str(error), field=("input", "strategy"), reason=error.reason)
    if error.field in (("input", "start"), ("input", "end")):
        return type(error)(str(error), field=("input", "asOf"), reason=error.reason)
    return error


def _as_backtest(request: PlanRequest) -> BacktestRequest:
    """Return the run whose first decision the plan is; a plan's day begins hours before a run's."""
    return BacktestRequest(
        strategy=request.strategy or "",
        parameters=dict(request.parameters or {}),
        universe=request.universe,
        symbols=request.symbols,
        start=request.day - REACH,
        end=min(request.day, datetime.now(UTC).date()),
        allocator=request.allocator,
        constraints=request.constraints or Constraints(),
        costs=request.costs or Costs(),
    )
