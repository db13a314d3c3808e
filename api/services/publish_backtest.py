"""What becomes visible when a backtest has finished, inside the fenced update's transaction."""

import hashlib
from collections.abc import Mapping, Sequence
from typing import Any, Final
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from api.services.follow_ups import follow_run
from api.services.work import ClaimedJob
from engine import overfitting
from models.backtest import Backtest, Trial
from models.backtests import BacktestRepository
from models.session import lock
from models.trials import TrialRepository

LEDGER: Final = ("sharpe", "sessions", "skew", "kurtosis")


async def publish_backtest(session: AsyncSession, job: ClaimedJob, outcome: dict[str, Any]) -> None:
    """Enter the run in the trials ledger, show its figures, deflate every Sharpe of its family.

    A trial counts against the runs before it too: the best of a hundred is not less lucky for
    having come first. Families take turns, so that no trial is missing from the last count.
    """
    backtests, trials = BacktestRepository(session), TrialRepository(session)
    run = await backtests.require_by_job(job.id)
    moments, family = outcome["moments"], family_of(run)
    await lock(session, f"family {run.owner_id} {family}")
    await trials.record(_trial(run, family, moments, f"{job.prefix}series.parquet"))
    metrics = outcome["summary"]["metrics"]
    await backtests.publish(
        run.id,
        result_prefix=job.prefix,
        summary=outcome["summary"] | {"overfitting": judge(moments)},
        sharpe=metrics["sharpe"],
        cagr=metrics["cagr"],
        max_drawdown=metrics["max_drawdown"],
    )
    await deflate_family(session, owner_id=run.owner_id, family=family)
    await follow_run(session, owner_id=run.owner_id, run=job.id)


async def deflate_family(session: AsyncSession, *, owner_id: UUID, family: str) -> None:
    """Deflate every Sharpe ratio of a family by its trials so far; its lock is held."""
    trials = TrialRepository(session)
    tally = await trials.tally(owner_id=owner_id, family=family)
    await trials.deflate(
        owner_id=owner_id,
        family=family,
        threshold=overfitting.expected_maximum(tally.variance or 0.0, tally.measured),
        trials=max(tally.measured, 1),
        least_sessions=overfitting.MIN_SESSIONS,
    )


def family_of(run: Backtest) -> str:
    """Name the family of a run."""
    return family_name(run.strategy_key, run.universe_key, run.symbols)


def family_name(strategy: str, universe: str | None, symbols: Sequence[str]) -> str:
    """Name the family whose trials compete: one idea on one universe or on one set of symbols."""
    if universe is not None:
        return f"{strategy}:{universe}"
    named = hashlib.sha256("\n".join(sorted(symbols)).encode()).hexdigest()
    return f"{strategy}:{named[:16]}"


def judge(moments: Mapping[str, Any]) -> dict[str, Any]:
    """Return how far a Sharpe ratio can be believed by its own returns; None where undefined."""
    sharpe, skew, kurtosis = moments["sharpe"], moments["skew"], moments["kurtosis"]
    if None in (sharpe, skew, kurtosis):
        return {"psr": None, "min_track_record_length": None, "sharpe_interval": None}
    shape = {"skew": skew, "kurtosis": kurtosis}
    sessions = moments["sessions"]
    psr = overfitting.psr(sharpe, sessions=sessions, **shape)
    needed = overfitting.min_track_record_length(sharpe, **shape)
    return {
        "psr": psr,
        "min_track_record_length": None if psr is None else needed,
        "sharpe_interval": overfitting.sharpe_interval(sharpe, sessions=sessions, **shape),
        **_following(moments),
    }


def _following(moments: Mapping[str, Any]) -> dict[str, Any]:
    """Return the same probability where returns follow those before; nothing where they do not."""
    follows = moments.get("autocorrelation")
    sessions = overfitting.independent_sessions(moments["sessions"], follows)
    if sessions is None:
        return {}
    shape = {"skew": moments["skew"], "kurtosis": moments["kurtosis"]}
    return {
        "autocorrelation": follows,
        "independent_sessions": sessions,
        "psr_autocorrelated": overfitting.psr(moments["sharpe"], sessions=sessions, **shape),
    }


def judged(run: Backtest) -> dict[str, Any] | None:
    """Return a published run's judgement, deflated by the trials of its family so far.

    What cannot be known without a sweep (effective trials, PBO) is None.
    """
    if run.summary is None:
        return None
    own: dict[str, Any] = run.summary["overfitting"]
    return own | {
        "deflated_sharpe": run.deflated_sharpe,
        "deflated_by_trials": run.deflated_sharpe,
        "rough": overfitting.is_rough(run.trials or 1),
        "trials": run.trials,
        "effective_trials": None,
        "pbo": None,
        "verdict": overfitting.verdict(run.deflated_sharpe),
    }


def _trial(run: Backtest, family: str, moments: Mapping[str, Any], returns_key: str) -> Trial:
    return Trial(
        owner_id=run.owner_id,
        family=family,
        content_key=run.content_key,
        backtest_id=run.id,
        parameters=run.parameters,
        returns_key=returns_key,
        **in_ledger(moments),
    )


def in_ledger(moments: Mapping[str, Any]) -> dict[str, Any]:
    """Return those of a run's moments that the ledger of trials keeps."""
    return {name: moments[name] for name in LEDGER}
