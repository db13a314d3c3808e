"""What becomes visible of a search: its parts, their trials, and at the end what it came to."""

from typing import Any
from uuid import UUID, uuid4

from sqlalchemy.ext.asyncio import AsyncSession

from api.errors import DataError
from api.services.publish_backtest import deflate_family, in_ledger
from api.services.work import ClaimedJob
from models.backtest import Trial
from models.job import Job, JobKind
from models.job_parts import JobParts
from models.session import lock
from models.studies import StudyRepository, StudyTrialRepository
from models.study import StudyTrial, Sweep, WalkForward
from models.trials import TrialRepository


async def publish_sweep(session: AsyncSession, job: ClaimedJob, outcome: dict[str, Any]) -> None:
    """Queue the parts of a sweep, or show what came of it."""
    await _publish(session, job, outcome, StudyRepository(session, Sweep))


async def publish_walk_forward(
    session: AsyncSession, job: ClaimedJob, outcome: dict[str, Any]
) -> None:
    """Queue the parts of a walk-forward, or show what came of it."""
    await _publish(session, job, outcome, StudyRepository(session, WalkForward))


async def publish_shard(session: AsyncSession, job: ClaimedJob, outcome: dict[str, Any]) -> None:
    """Show the trials of a part, and enter each of them in the ledger.

    A trial that never won counts as much as the one that did; families take turns.
    """
    parent = UUID(str(job.payload["parent"]))
    study = await _study(session, parent)
    trials = _trials(parent, job.owner_id, outcome["trials"])
    await StudyTrialRepository(session).save(trials)
    await lock(session, f"family {study.owner_id} {study.family}")
    await TrialRepository(session).record_all(
        [_entered(study, trial, f"{job.prefix}returns.npz") for trial in trials]
    )
    await deflate_family(session, owner_id=study.owner_id, family=study.family)


async def _publish(
    session: AsyncSession,
    job: ClaimedJob,
    outcome: dict[str, Any],
    studies: StudyRepository[Sweep] | StudyRepository[WalkForward],
) -> None:
    if "parts" in outcome:
        trials = _trials(job.id, job.owner_id, outcome["trials"])
        await StudyTrialRepository(session).save(trials)
        await JobParts(session).add([_part(job, *part) for part in outcome["parts"]])
        return
    study = await studies.by_job(job.id)
    if study is None:
        raise DataError(f"job {job.id} is for no search")
    await studies.publish(study.id, result_prefix=job.prefix, summary=outcome["summary"])


async def _study(session: AsyncSession, job_id: UUID) -> Sweep | WalkForward:
    sweep = await StudyRepository(session, Sweep).by_job(job_id)
    found = sweep or await StudyRepository(session, WalkForward).by_job(job_id)
    if found is None:
        raise DataError(f"job {job_id} is for no search")
    return found


def _trials(job_id: UUID, owner_id: UUID, told: list[dict[str, Any]]) -> list[StudyTrial]:
    return [StudyTrial(job_id=job_id, owner_id=owner_id, **each) for each in told]


def _part(job: ClaimedJob, first: int, last: int) -> Job:
    return Job(
        id=uuid4(),
        owner_id=job.owner_id,
        parent_id=job.id,
        kind=JobKind.SHARD,
        payload={"parent": str(job.id), "first": first, "last": last},
    )


def _entered(study: Sweep | WalkForward, trial: StudyTrial, returns_key: str) -> Trial:
    return Trial(
        owner_id=study.owner_id,
        family=study.family,
        content_key=trial.content_key,
        parameters=trial.parameters,
        returns_key=returns_key,
        **({} if trial.moments is None else in_ledger(trial.moments)),
    )
