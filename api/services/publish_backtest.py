"""What becomes visible when a backtest has finished, inside the fenced update's transaction."""

import hashlib
from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy.ext.asyncio import AsyncSession

from api.services.work import ClaimedJob
from engine import overfitting
from models.backtest import Backtest, Trial
from models.backtests import BacktestRepository
from models.trials import TrialRepository


async def publish_backtest(session: AsyncSession, job: ClaimedJob, outcome: dict[str, Any]) -> None:
    """Enter the run in the trials ledger, deflate its Sharpe by the ledger, show its figures."""
    backtests, trials = BacktestRepository(session), TrialRepository(session)
    run = await backtests.require_by_job(job.id)
    moments, family = outcome["moments"], family_of(run)
    await trials.record(_trial(run, family, moments, f"{job.prefix}series.parquet"))
    sharpes = await trials.sharpes(owner_id=run.owner_id, family=family)
    judged = judge(moments, sharpes)
    metrics = outcome["summary"]["metrics"]
    await backtests.publish(
        run.id,
        result_prefix=job.prefix,
        summary=outcome["summary"] | {"overfitting": judged},
        sharpe=metrics["sharpe"],
        cagr=metrics["cagr"],
        max_drawdown=metrics["max_drawdown"],
        deflated_sharpe=judged["deflated_sharpe"],
    )


def family_of(run: Backtest) -> str:
    """Name the family whose trials compete: one idea on one universe or on one set of symbols."""
    if run.universe_key is not None:
        return f"{run.strategy_key}:{run.universe_key}"
    symbols = hashlib.sha256("\n".join(sorted(run.symbols)).encode()).hexdigest()
    return f"{run.strategy_key}:{symbols[:16]}"


def judge(moments: Mapping[str, Any], trial_sharpes: Sequence[float]) -> dict[str, Any]:
    """Return how far the Sharpe ratio can be believed, given every trial of its family.

    What cannot be known from one run (effective trials, PBO) is None.
    """
    sharpe, skew, kurtosis = moments["sharpe"], moments["skew"], moments["kurtosis"]
    judged: dict[str, Any] = {
        "psr": None,
        "deflated_sharpe": None,
        "min_track_record_length": None,
        "sharpe_interval": None,
    }
    if None not in (sharpe, skew, kurtosis):
        shape = {"skew": skew, "kurtosis": kurtosis}
        sessions = moments["sessions"]
        judged = {
            "psr": overfitting.psr(sharpe, sessions=sessions, **shape),
            "deflated_sharpe": overfitting.deflated_sharpe(
                sharpe, sessions=sessions, trial_sharpes=trial_sharpes, **shape
            ),
            "min_track_record_length": overfitting.min_track_record_length(sharpe, **shape),
            "sharpe_interval": overfitting.sharpe_interval(sharpe, sessions=sessions, **shape),
        }
    return judged | {
        "trials": max(len(trial_sharpes), 1),
        "effective_trials": None,
        "pbo": None,
        "verdict": overfitting.verdict(judged["deflated_sharpe"]),
    }


def _trial(run: Backtest, family: str, moments: Mapping[str, Any], returns_key: str) -> Trial:
    return Trial(
        owner_id=run.owner_id,
        family=family,
        content_key=run.content_key,
        backtest_id=run.id,
        parameters=run.parameters,
        returns_key=returns_key,
        **moments,
    )
