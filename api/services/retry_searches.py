"""Ask again for a scan, a sweep or a walk-forward, from the row of the one that failed."""

from datetime import timedelta
from typing import Any
from uuid import UUID

from pydantic import TypeAdapter
from sqlalchemy.ext.asyncio import AsyncSession

from api.services.axes import AxisRequest
from api.services.backtest_request import BacktestRequest
from api.services.backtests import Quotas
from api.services.scan_request import ScanRequest
from api.services.study_request import SweepRequest, WalkForwardRequest
from api.services.submit_scan import SubmittedScan, submit_scan
from api.services.submit_study import SubmittedStudy, submit_sweep, submit_walk_forward
from models.scan import Scan
from models.scans import ScanRepository
from models.studies import StudyRepository
from models.study import SearchMethod, Sweep, WalkForward

# Whoever names no instant stands at that of the asking, which is the row's own.
AT_ONCE = timedelta(minutes=1)


async def same_scan(
    session: AsyncSession, job_id: UUID, *, owner_id: UUID, quotas: Quotas | None
) -> SubmittedScan | None:
    """Submit the scan of a job again; None when it is gone."""
    scan = await ScanRepository(session).by_job(job_id, owner_id=owner_id)
    if scan is None:
        return None
    asked = scan_request(scan)
    return await submit_scan(session, owner_id=owner_id, request=asked, quotas=quotas)


async def same_sweep(
    session: AsyncSession, job_id: UUID, *, owner_id: UUID, quotas: Quotas | None
) -> SubmittedStudy[Sweep] | None:
    """Submit the sweep of a job again; None when it is gone."""
    sweep = await StudyRepository(session, Sweep).by_job(job_id)
    if sweep is None or sweep.owner_id != owner_id:
        return None
    asked = sweep_request(sweep)
    return await submit_sweep(session, owner_id=owner_id, request=asked, quotas=quotas)


async def same_walk_forward(
    session: AsyncSession, job_id: UUID, *, owner_id: UUID, quotas: Quotas | None
) -> SubmittedStudy[WalkForward] | None:
    """Submit the walk-forward of a job again; None when it is gone."""
    study = await StudyRepository(session, WalkForward).by_job(job_id)
    if study is None or study.owner_id != owner_id:
        return None
    asked = walk_forward_request(study)
    return await submit_walk_forward(session, owner_id=owner_id, request=asked, quotas=quotas)


def scan_request(scan: Scan) -> ScanRequest:
    """Return what was asked for."""
    named = scan.known_at < scan.created_at - AT_ONCE
    return ScanRequest(
        scanner=scan.scanner_key,
        universe=scan.universe_key,
        symbols=None if scan.universe_key is not None else tuple(scan.symbols),
        as_of=scan.as_of,
        known_at=scan.known_at if named else None,
        parameters=scan.parameters,
        max_results=scan.max_results,
    )


def sweep_request(sweep: Sweep) -> SweepRequest:
    """Return what was asked for; a search that does not try everything makes as many trials."""
    grid = sweep.method is SearchMethod.GRID
    return SweepRequest(
        base=_base(sweep),
        axes=_axes(sweep),
        method=sweep.method,
        max_trials=None if grid else sweep.combinations,
        objective=sweep.objective,
        seed=sweep.seed,
    )


def walk_forward_request(study: WalkForward) -> WalkForwardRequest:
    """Return what was asked for."""
    plan = study.plan
    return WalkForwardRequest(
        base=_base(study),
        axes=_axes(study),
        train_sessions=plan["trainSessions"],
        test_sessions=plan["testSessions"],
        anchored=plan["anchored"],
        purge=plan["purge"],
        objective=study.objective,
        method=study.method,
        step=plan["step"],
        embargo=plan["embargo"],
        groups=plan["groups"],
        test_groups=plan["testGroups"],
    )


def _base(study: Sweep | WalkForward) -> BacktestRequest:
    return TypeAdapter(BacktestRequest).validate_python(study.base)


def _axes(study: Sweep | WalkForward) -> tuple[AxisRequest, ...]:
    return tuple(AxisRequest(**_axis(axis)) for axis in study.axes)


def _axis(stored: dict[str, Any]) -> dict[str, Any]:
    values = stored.get("values")
    return {**stored, "values": None if values is None else tuple(values)}
