"""What a walk-forward comes to once all its candidates were evaluated."""

import asyncio
import hashlib
import math
from collections.abc import Sequence
from dataclasses import asdict
from datetime import date, timedelta
from typing import Any

import numpy as np

from api.ports import ObjectStore
from api.services.panels import load_panel
from api.services.publish_backtest import judge
from api.services.series import curve_objects
from api.services.studies import Scene
from api.services.trial_returns import Returns
from api.services.work import Pulse
from engine.clusters import effective_trials
from engine.cscv import blocks_for, cscv
from engine.downsample import deepest_per_bucket, largest_triangle_three_buckets
from engine.drawdowns import drawdowns
from engine.metrics import Metrics, Moments
from engine.panel import Panel
from engine.ratios import sharpe_ratio
from engine.trials import approximations, assess, assess_apart
from engine.types import FloatArray, IntArray
from engine.validation import windows
from engine.walk_forward import choose, cross_validate, trade_choices
from models.session import SessionFactory
from models.study import StudyTrial, ValidationMethod, WalkForward

EPOCH = date(1970, 1, 1)


async def fold_walk_forward(
    scene: Scene,
    trials: Sequence[StudyTrial],
    returns: Returns,
    prefix: str,
    *,
    pulse: Pulse,
    sessions: SessionFactory,
    store: ObjectStore,
) -> dict[str, Any]:
    """Choose in each window, judge by what follows it, store the path out of sample."""
    pulse(0.92, "reading prices")
    panel = await load_panel(sessions, store, scene.panel)
    pulse(0.95, "walking forward")
    summary, objects = await asyncio.to_thread(_walk, panel, scene, trials, returns, prefix)
    digest = hashlib.sha256()
    for key, blob in objects:
        await store.put(key, blob)
        digest.update(hashlib.sha256(blob).digest())
    return {"summary": summary, "sha256": digest.hexdigest()}


def _walk(
    panel: Panel, scene: Scene, trials: Sequence[StudyTrial], returns: Returns, prefix: str
) -> tuple[dict[str, Any], list[tuple[str, bytes]]]:
    study = scene.study
    if not isinstance(study, WalkForward):
        raise TypeError("a sweep walks nowhere")
    rows = np.searchsorted(panel.session, returns.session)
    judged = _cpcv if study.method is ValidationMethod.CPCV else _stitched
    found = judged(panel, scene, study, trials, returns, rows)
    row, equity, turnover = found.pop("path")
    capital = float(scene.base.initial_capital)
    metrics, moments = assess(panel, row, equity, capital=capital, turnover=turnover)
    blocks = blocks_for(len(returns.returns))
    excess = returns.returns - returns.rf[:, None]
    split = None if blocks is None else cscv(excess, blocks=blocks)
    clusters = effective_trials(excess)
    costs, terms = scene.terms
    summary = {
        "trials": len(trials),
        "points": len(row),
        "out_of_sample": asdict(metrics),
        "moments": asdict(moments),
        "overfitting": judge(asdict(moments)),
        "pbo": None if split is None else split.pbo,
        "effective_trials": clusters.count,
        "effective_variance": clusters.variance,
        "approximations": approximations(costs, **terms),
        **found,
    }
    return summary, _objects(panel, row, capital * equity, prefix)


def _stitched(
    panel: Panel,
    scene: Scene,
    study: WalkForward,
    trials: Sequence[StudyTrial],
    returns: Returns,
    rows: IntArray,
) -> dict[str, Any]:
    plan = study.plan
    folds = windows(
        len(returns.returns),
        train=plan["trainSessions"],
        test=plan["testSessions"],
        step=plan["step"],
        gap=plan["purge"],
        anchored=plan["anchored"],
    )
    choices = choose(returns.returns, returns.rf, folds, study.objective)
    path = trade_choices(
        panel,
        lambda number: scene.request(trials[number].parameters, trials[number].content_key, panel),
        rows,
        choices,
    )
    made, sharpes = [], []
    for choice in choices:
        inside = _over(panel, rows, *choice.fold.train, returns.returns[:, choice.number])
        start, stop = choice.fold.test
        part = slice(start - path.start, stop - path.start + 1)
        tested, _ = assess(panel, rows[start : stop + 1], _rebased(path.equity[part]), capital=1.0)
        sharpes.append(inside[1].sharpe)
        made.append(
            _window(panel, rows, choice.fold.train, choice.fold.test)
            | {
                "parameters": trials[choice.number].parameters,
                "trial": trials[choice.number].number,
                "partial": choice.fold.partial,
                "in_sample": asdict(inside[0]),
                "out_of_sample": asdict(tested),
            }
        )
    row = rows[path.start :]
    turnover = np.zeros(len(row))
    turnover[-1] = path.turnover
    _, moments = assess(panel, row, path.equity, capital=1.0)
    return {
        "windows": made,
        "efficiency": _efficiency(sharpes, moments.sharpe),
        "path_sharpes": None,
        "path": (row, path.equity, turnover),
    }


def _cpcv(
    panel: Panel,
    scene: Scene,
    study: WalkForward,
    trials: Sequence[StudyTrial],
    returns: Returns,
    rows: IntArray,
) -> dict[str, Any]:
    plan, count = study.plan, len(returns.returns)
    found = cross_validate(
        returns.returns,
        returns.rf,
        groups=plan["groups"],
        test_groups=plan["testGroups"],
        span=plan["purge"],
        embargo=math.ceil(plan["embargo"] * count),
        objective=scene.study.objective,
    )
    made, inside_sharpes, outside_sharpes = [], [], []
    for split, number in found.splits:
        tested = np.concatenate([np.arange(*found.edges[group]) for group in split.groups])
        column = returns.returns[:, number]
        inside, inner = assess_apart(panel, rows, split.train, column)
        outside, outer = assess_apart(panel, rows, tested, column)
        inside_sharpes.append(inner.sharpe)
        outside_sharpes.append(outer.sharpe)
        made.append(
            _window(
                panel,
                rows,
                (int(split.train[0]), int(split.train[-1]) + 1),
                (int(tested[0]), int(tested[-1]) + 1),
            )
            | {
                "parameters": trials[number].parameters,
                "trial": trials[number].number,
                "partial": False,
                "in_sample": asdict(inside),
                "out_of_sample": asdict(outside),
            }
        )
    sharpes = [_annual(path - returns.rf) for path in found.paths]
    known = sorted((value, place) for place, value in enumerate(sharpes) if value is not None)
    median = known[len(known) // 2][1] if known else 0
    known_outside = [value for value in outside_sharpes if value is not None]
    mean = sum(known_outside) / len(known_outside) if known_outside else None
    return {
        "windows": made,
        "efficiency": _efficiency(inside_sharpes, mean),
        "path_sharpes": sharpes,
        "path": (rows, _levels(found.paths[median]), None),
    }


def _window(
    panel: Panel, rows: IntArray, train: tuple[int, int], test: tuple[int, int]
) -> dict[str, Any]:
    """Name the first and last session whose return is in each part."""
    days = panel.session[rows]
    return {
        "train_start": _iso(days[train[0] + 1]),
        "train_end": _iso(days[train[1]]),
        "test_start": _iso(days[test[0] + 1]),
        "test_end": _iso(days[test[1]]),
    }


def _over(
    panel: Panel, rows: IntArray, start: int, stop: int, returns: FloatArray
) -> tuple[Metrics, Moments]:
    return assess(panel, rows[start : stop + 1], _levels(returns[start:stop]), capital=1.0)


def _levels(returns: FloatArray) -> FloatArray:
    return np.concatenate([[1.0], np.cumprod(1.0 + returns)])


def _rebased(equity: FloatArray) -> FloatArray:
    rebased: FloatArray = equity / equity[0] if equity[0] > 0.0 else equity
    return rebased


def _efficiency(inside: Sequence[float | None], outside: float | None) -> float | None:
    """Return the Sharpe ratio out of sample over the mean in sample; None where that is no gain."""
    known = [value for value in inside if value is not None]
    mean = sum(known) / len(known) if known else 0.0
    return None if outside is None or mean <= 0.0 else outside / mean


def _annual(excess: FloatArray) -> float | None:
    found = sharpe_ratio(excess)
    return found if math.isfinite(found) else None


def _objects(
    panel: Panel, row: IntArray, equity: FloatArray, prefix: str
) -> list[tuple[str, bytes]]:
    level = panel.benchmark[row]
    known = np.flatnonzero(np.isfinite(level))
    rebased = equity[0] * level / level[known[0]] if len(known) else level
    dates = np.datetime_as_string(panel.session[row].astype("datetime64[D]"))
    curves = {"strategy": equity, "benchmark": rebased}
    depth = {"strategy": drawdowns(equity)}
    return [
        *curve_objects(prefix, "equity", dates, curves, largest_triangle_three_buckets),
        *curve_objects(prefix, "drawdown", dates, depth, deepest_per_bucket),
    ]


def _iso(day: Any) -> str:
    return (EPOCH + timedelta(days=int(day))).isoformat()
