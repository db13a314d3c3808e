"""The work of a part of a search: evaluate its trials and store their returns."""

import asyncio
import hashlib
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, replace
from typing import Any
from uuid import UUID

import numpy as np

from api.ports import ObjectStore
from api.services.axes import order_of
from api.services.panels import load_panel
from api.services.studies import Scene, content_keys, load_scene
from api.services.trial_returns import Returns, returns_of
from api.services.work import ClaimedJob, Pulse
from api.telemetry import Metric
from engine.axes import fits
from engine.backtest import Request
from engine.objectives import value_of
from engine.panel import Panel
from engine.ratios import session_returns
from engine.search import learned
from engine.trials import Trials, evaluate, figures, risk_free
from engine.types import FloatArray
from models.session import SessionFactory, unit_of_work
from models.studies import StudyTrialRepository
from models.study import Sweep

READ, COMPUTED = 0.1, 0.97
# Figures are a good half of the work where trials share their rankings.
SIMULATED = 0.6


async def run_shard(
    job: ClaimedJob, pulse: Pulse, *, sessions: SessionFactory, store: ObjectStore
) -> dict[str, Any]:
    """Evaluate the trials the payload names. Raises Stopped, EngineError, Unavailable."""
    started = time.monotonic()
    parent = UUID(job.payload["parent"])
    first, last = job.payload["first"], job.payload["last"]
    pulse(0.01, "reading prices")
    async with unit_of_work(sessions) as session:
        scene = await load_scene(session, parent)
        named = await StudyTrialRepository(session).between(parent, first, last)
    panel = await _market(parent, scene, sessions, store)
    if named:
        values = [trial.parameters for trial in named]
        keys = [trial.content_key for trial in named]
        made, returns = await asyncio.to_thread(_evaluate, panel, scene, values, keys, pulse)
    else:
        name = _namer(scene, sessions, asyncio.get_running_loop())
        learnt = await asyncio.to_thread(_learn, panel, scene, last, name, pulse)
        values, keys, made, returns = learnt
    blob = await asyncio.to_thread(returns.dump)
    await store.put(f"{job.prefix}returns.npz", blob)
    numbered = zip(values, keys, made, strict=True)
    return {
        "trials": [
            {"number": number, "parameters": value, "content_key": key, **figures_}
            for number, (value, key, figures_) in enumerate(numbered, start=first)
        ],
        "sha256": hashlib.sha256(blob).hexdigest(),
        "compute_seconds": time.monotonic() - started,
        "counts": {Metric.TRIALS: len(made)},
    }


Made = list[dict[str, Any]]
Values = Sequence[Mapping[str, Any]]
Namer = Callable[[Values], list[str]]
# The market of the search this process last worked on: its parts come one after the other.
_kept: dict[UUID, Panel] = {}


async def _market(
    parent: UUID, scene: Scene, sessions: SessionFactory, store: ObjectStore
) -> Panel:
    panel = _kept.get(parent)
    if panel is None:
        panel = await load_panel(sessions, store, scene.panel)
        _kept.clear()
        _kept[parent] = panel
    return panel


def _namer(scene: Scene, sessions: SessionFactory, loop: asyncio.AbstractEventLoop) -> Namer:
    """Return what names combinations by their content, to be called from another thread."""

    async def name(values: Values) -> list[str]:
        async with unit_of_work(sessions) as session:
            return await content_keys(session, scene, values)

    return lambda values: asyncio.run_coroutine_threadsafe(name(values), loop).result()


def _requests(panel: Panel, scene: Scene, values: Values, keys: Sequence[str]) -> list[Request]:
    return [scene.request(each, key, panel) for each, key in zip(values, keys, strict=True)]


def _evaluate(
    panel: Panel, scene: Scene, values: Values, keys: Sequence[str], pulse: Pulse
) -> tuple[Made, Returns]:
    """Return the figures and returns of combinations, which are named by their content."""
    requests = _requests(panel, scene, values, keys)

    def checkpoint(share: float, stage: str) -> None:
        pulse(READ + share * SIMULATED * (COMPUTED - READ), stage)

    trials = evaluate(panel, requests, checkpoint=checkpoint)
    made = []
    for number in range(len(requests)):
        made.append(_figures(panel, scene, trials, number))
        share = SIMULATED + (1.0 - SIMULATED) * (number + 1) / len(requests)
        pulse(READ + share * (COMPUTED - READ), "measuring")
    return made, _returns(panel, trials)


def _learn(
    panel: Panel, scene: Scene, count: int, name: Namer, pulse: Pulse
) -> tuple[list[dict[str, Any]], list[str], Made, Returns]:
    """Let a search propose its own combinations, as many as were asked for."""
    keys: list[str] = []
    made: Made = []
    parts: list[Returns] = []

    def batch(values: Sequence[dict[str, Any]]) -> list[float | None]:
        named = name(values)
        keys.extend(named)
        requests = _requests(panel, scene, values, named)
        trials = evaluate(panel, requests, checkpoint=lambda _share, _stage: pulse(0.0, "trials"))
        found = [_figures(panel, scene, trials, number) for number in range(len(values))]
        made.extend(found)
        parts.append(_returns(panel, trials))
        pulse(READ + (COMPUTED - READ) * len(made) / count, "trials")
        return [each["metrics"]["objective"] for each in found]

    fixed, pairs = scene.base.parameters, order_of(scene.entry)
    seed = scene.study.seed if isinstance(scene.study, Sweep) else 0
    tried = learned(
        scene.axes,
        count=count,
        seed=seed,
        allowed=lambda values: fits({**fixed, **values}, pairs),
        evaluate=batch,
    )
    values = [value for value, _ in tried]
    joined: FloatArray = np.hstack([part.returns for part in parts])
    whole = replace(parts[0], returns=joined)
    return values, keys, made, whole


def _figures(panel: Panel, scene: Scene, trials: Trials, number: int) -> dict[str, Any]:
    capital = float(scene.base.initial_capital)
    metrics, moments = figures(panel, trials, number, capital)
    value = value_of(metrics, moments, scene.study.objective)
    return {"metrics": asdict(metrics) | {"objective": value}, "moments": asdict(moments)}


def _returns(panel: Panel, trials: Trials) -> Returns:
    return Returns(
        session=panel.session[trials.row],
        returns=returns_of(trials.equity),
        rf=risk_free(panel, trials.row)[1:],
        benchmark=session_returns(panel.benchmark[trials.row]),
    )
