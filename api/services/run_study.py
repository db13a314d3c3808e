"""The work of a search's job: first to cut it into parts, and at the end to put them together."""

import asyncio
import math
import time
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import numpy as np

from api.errors import DataError
from api.ports import ObjectStore
from api.services.axes import order_of
from api.services.fold_sweep import fold_sweep
from api.services.fold_walk_forward import fold_walk_forward
from api.services.studies import Scene, content_keys, load_scene
from api.services.trial_returns import Returns, load_returns
from api.services.work import ClaimedJob, Pulse
from engine.axes import fits, fitting
from engine.search import scattered
from models.job import Job, JobStatus
from models.job_parts import JobParts
from models.session import SessionFactory, unit_of_work
from models.studies import StudyTrialRepository
from models.study import SearchMethod, Sweep

PARTS = 16
LEAST_TRIALS = 8  # of a part: each reads the market anew


async def run_study(
    job: ClaimedJob, pulse: Pulse, *, sessions: SessionFactory, store: ObjectStore
) -> dict[str, Any]:
    """Return the parts of a search that has none yet, else what came of them.

    Raises Stopped, EngineError, Unavailable.
    """
    started = time.monotonic()
    pulse(0.0, "planning")
    async with unit_of_work(sessions) as session:
        scene = await load_scene(session, job.id)
        parts = await JobParts(session).of(job.id)
    if not parts:
        return await _plan(scene, sessions)
    pulse(0.91, "folding")
    async with unit_of_work(sessions) as session:
        trials = await StudyTrialRepository(session).between(job.id, 1, scene.study.combinations)
    returns = await _gather(parts, store)
    if isinstance(scene.study, Sweep):
        folded = await fold_sweep(scene, trials, returns, job.prefix, store)
    else:
        folded = await fold_walk_forward(
            scene, trials, returns, job.prefix, pulse=pulse, sessions=sessions, store=store
        )
    return folded | {"compute_seconds": time.monotonic() - started + _spent(parts)}


async def _plan(scene: Scene, sessions: SessionFactory) -> dict[str, Any]:
    """Name every combination, and cut them into parts; a search that learns is one part."""
    study = scene.study
    if isinstance(study, Sweep) and study.method is SearchMethod.BAYESIAN:
        return {"parts": [[1, study.combinations]], "trials": []}
    combinations = await asyncio.to_thread(_combinations, scene)
    async with unit_of_work(sessions) as session:
        keys = await content_keys(session, scene, combinations)
    named = zip(combinations, keys, strict=True)
    trials = [
        {"number": number, "parameters": values, "content_key": key}
        for number, (values, key) in enumerate(named, start=1)
    ]
    size = max(math.ceil(len(trials) / PARTS), LEAST_TRIALS)
    starts = range(1, len(trials) + 1, size)
    parts = [[first, min(first + size - 1, len(trials))] for first in starts]
    return {"parts": parts, "trials": trials}


def _combinations(scene: Scene) -> list[dict[str, Any]]:
    study, fixed, pairs = scene.study, scene.base.parameters, order_of(scene.entry)
    if isinstance(study, Sweep) and study.method is SearchMethod.RANDOM:

        def allowed(values: Mapping[str, Any]) -> bool:
            return fits({**fixed, **values}, pairs)

        return scattered(scene.axes, count=study.combinations, seed=study.seed, allowed=allowed)
    return fitting(scene.axes, fixed, pairs, study.combinations)


async def _gather(parts: list[Job], store: ObjectStore) -> Returns:
    """Join the returns of all parts, in the order of their trials."""
    done = [part for part in parts if part.status is JobStatus.SUCCEEDED]
    done.sort(key=lambda part: int(part.payload["first"]))
    blobs = await asyncio.gather(*(store.get(f"{part.result_prefix}returns.npz") for part in done))
    if not blobs:
        raise DataError("a search has no part that succeeded")
    loaded = [await asyncio.to_thread(load_returns, blob) for blob in blobs]
    return replace(loaded[0], returns=np.hstack([each.returns for each in loaded]))


def _spent(parts: list[Job]) -> float:
    return sum(part.compute_seconds or 0.0 for part in parts)
