"""What a sweep comes to once all its trials were evaluated."""

import asyncio
import hashlib
import math
from collections.abc import Sequence
from dataclasses import asdict
from typing import Any, Final

import numpy as np

from api.ports import ObjectStore
from api.services.publish_backtest import judge
from api.services.results import write_columns
from api.services.studies import Scene
from api.services.trial_returns import Returns
from engine.bootstrap import seed_of, snooping
from engine.clusters import effective_trials
from engine.cscv import PERCENT, Cscv, blocks_for, cscv
from engine.objectives import scores_of
from engine.trials import approximations
from engine.types import SESSIONS_PER_YEAR
from models.study import StudyTrial

LOGITS = "logits.columns.gz"
SHARES: Final = (0.05, 0.1, 0.25, 0.5, 0.75, 0.9, 0.95)
YEAR: Final = math.sqrt(SESSIONS_PER_YEAR)


async def fold_sweep(
    scene: Scene, trials: Sequence[StudyTrial], returns: Returns, prefix: str, store: ObjectStore
) -> dict[str, Any]:
    """Find the best trial, and how likely it is the best by luck; store the logits."""
    blocks = blocks_for(len(returns.returns))
    excess = returns.returns - returns.rf[:, None]
    split = None if blocks is None else await asyncio.to_thread(cscv, excess, blocks=blocks)
    clusters = await asyncio.to_thread(effective_trials, excess)
    lucky = await asyncio.to_thread(_luck, returns, seed_of(scene.study.content_key))
    best = best_trial(trials, returns, scene.study.objective)
    logits: list[float] = [] if split is None else split.logits.tolist()
    blob = write_columns({"logits": logits}, total_points=len(logits))
    await store.put(f"{prefix}{LOGITS}", blob)
    moments = None if best is None else best.moments
    costs, terms = scene.terms
    return {
        "summary": {
            "trials": len(trials),
            "best": None if best is None else best.number,
            "moments": moments,
            "overfitting": None if moments is None else judge(moments),
            "effective_trials": clusters.count,
            "effective_variance": clusters.variance,
            **lucky,
            "approximations": approximations(costs, **terms),
            **_splits(split, blocks),
        },
        "sha256": hashlib.sha256(blob).hexdigest(),
    }


def _luck(returns: Returns, seed: int) -> dict[str, Any]:
    """Test whether the best beat bills, and the benchmark where it is known, by luck."""
    known = np.isfinite(returns.benchmark)
    gains = {
        "snooping": returns.returns - returns.rf[:, None],
        "snooping_benchmark": returns.returns[known] - returns.benchmark[known, None],
    }
    found = {name: snooping(each, seed=seed) if each.size else None for name, each in gains.items()}
    return {name: None if each is None else asdict(each) for name, each in found.items()}


def best_trial(trials: Sequence[StudyTrial], returns: Returns, objective: str) -> StudyTrial | None:
    """Return the trial of the highest objective, of equal ones the first; None without any."""
    values = [(trial.metrics or {}).get("objective") for trial in trials]
    scores = np.array([np.nan if value is None else value for value in values], np.float64)
    if objective == "deflatedSharpe":  # each against the best of as many blind ones
        scores = scores_of(returns.returns, returns.rf, objective)
    return None if np.isnan(scores).all() else trials[int(np.nanargmax(scores))]


def _splits(split: Cscv | None, blocks: int | None) -> dict[str, Any]:
    if split is None:
        return {"pbo": None, "splits": 0, "blocks": blocks, "slope": None, "loss": None}
    spread = float(np.var(split.in_sample))
    shared = float(np.cov(split.in_sample, split.out_of_sample, ddof=0)[0, 1])
    return {
        "pbo": split.pbo,
        "splits": len(split.logits),
        "blocks": blocks,
        "slope": shared / spread if spread > 0.0 else None,
        "loss": float(np.mean(split.out_of_sample < 0.0)),
        "dominance": _dominance(split),
    }


def _dominance(split: Cscv) -> dict[str, Any]:
    """Return how choosing compares with picking blindly, in annual Sharpe ratios out of sample."""
    chosen, blind = (
        YEAR * np.interp(SHARES, PERCENT, each) for each in (split.chosen, split.anyone)
    )
    return {
        "shares": list(SHARES),
        "chosen": chosen.tolist(),
        "blind": blind.tolist(),
        "first_order": split.dominates,
        "second_order": split.dominates_second,
    }
