"""A second model beside a strategy: how likely is it that this trade wins.

1. Grow a forest on the trades that have ended, each weighed by what it alone tells.
2. Grow one more for each fold, on trades that share no session with it, and let it score the fold:
   from these scores come the calibration and every figure that is reported.
3. A figure on calibrated probabilities takes, for each fold, a calibration fitted to the others.

References
----------
López de Prado, M. (2018). Advances in Financial Machine Learning, chapters 3, 4 and 7.
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import Any

import numpy as np

from engine.calibration import (
    Calibration,
    area_under_curve,
    brier_score,
    calibrate,
    reliability,
)
from engine.forest import Forest, grow
from engine.panel import AnyArray
from engine.purging import purged_folds
from engine.types import BoolArray, FloatArray, IntArray
from engine.uniqueness import sample_weights, uniqueness
from engine.validation import group_edges


@dataclass(frozen=True, kw_only=True)
class Labelled:
    """Trades that have ended, ascending by start; sessions are counted from any origin."""

    features: FloatArray  # (e, f), NaN unknown
    start: IntArray  # (e,) session of the fill
    end: IntArray  # session of the barrier
    won: BoolArray
    gain: FloatArray  # simple

    def take(self, chosen: IntArray | BoolArray) -> "Labelled":
        return Labelled(**{each.name: getattr(self, each.name)[chosen] for each in fields(self)})

    @property
    def of_both_classes(self) -> bool:
        return bool(self.won.any()) and not bool(self.won.all())


@dataclass(frozen=True, kw_only=True)
class MetaModel:
    forest: Forest
    calibration: Calibration
    report: Mapping[str, Any]  # out-of-fold figures, JSON values

    def tables(self) -> dict[str, AnyArray]:
        """Return all that a probability follows from, as arrays by name."""
        forest = {each.name: getattr(self.forest, each.name) for each in fields(Forest)}
        return forest | {
            "calibration_method": np.array(self.calibration.method),
            "calibration_score": self.calibration.score,
            "calibration_probability": self.calibration.probability,
        }

    def probability(self, features: FloatArray) -> FloatArray:
        """Return the chance of each row of `features` (e, f) to win."""
        return self.calibration.apply(self.forest.score(features))


def train(labelled: Labelled, *, folds: int, embargo: float, seed: int) -> MetaModel | None:
    """Return the model of trades that have ended; None where there is but one class to learn.

    Parameters
    ----------
    embargo : float
        Share of all sessions covered, behind each fold, in which no trade is learnt from.
    """
    scores = _score_out_of_fold(labelled, folds=folds, embargo=embargo, seed=seed)
    scored = np.isfinite(scores)
    if not labelled.take(scored).of_both_classes:
        return None
    forest, unique = _grow(labelled, seed=seed)
    return MetaModel(
        forest=forest,
        calibration=calibrate(scores[scored], labelled.won[scored]),
        report=_report(labelled.take(scored), scores[scored], folds=folds)
        | {"events": len(scores), "mean_uniqueness": unique},
    )


def _grow(labelled: Labelled, *, seed: int) -> tuple[Forest, float]:
    """Return a forest, each tree grown on as many trades as there are unique ones among them."""
    unique = uniqueness(labelled.start, labelled.end)
    share = min(float(unique.mean()), 1.0)
    weights = sample_weights(unique, labelled.gain)
    forest = grow(labelled.features, labelled.won, weights, max_samples=share, seed=seed)
    return forest, share


def _score_out_of_fold(labelled: Labelled, *, folds: int, embargo: float, seed: int) -> FloatArray:
    """Return each trade's score by a forest that knew nothing of its sessions; NaN without one."""
    sessions = int(labelled.end.max() - labelled.start.min()) + 1
    scores = np.full(len(labelled.won), np.nan)
    splits = purged_folds(
        labelled.start, labelled.end, folds=folds, embargo=math.ceil(embargo * sessions)
    )
    for number, (known, judged) in enumerate(splits, start=1):
        learnt = labelled.take(known)
        if learnt.of_both_classes:
            forest, _ = _grow(learnt, seed=seed + number)
            scores[judged] = forest.score(labelled.features[judged])
    return scores


def _report(labelled: Labelled, scores: FloatArray, *, folds: int) -> dict[str, Any]:
    won, share = labelled.won, float(labelled.won.mean())
    probability = _calibrate_out_of_fold(scores, won, folds=folds)
    judged = np.isfinite(probability)
    return {
        "events_scored_out_of_fold": len(won),
        "share_won": share,
        "calibration": calibrate(scores, won).method,
        "auc": _area_within_folds(scores, won, folds=folds),
        "brier": brier_score(probability[judged], won[judged]),
        "brier_of_the_share_won": share * (1.0 - share),
        "reliability": reliability(probability[judged], won[judged]),
    }


def _area_within_folds(scores: FloatArray, won: BoolArray, *, folds: int) -> float | None:
    """Return the mean of each fold's own area, weighed by its trades; None without any.

    Scores of different folds come from different forests. Pooled, a fold in which more was won is
    scored by a forest that has seen fewer wins, and no skill at all would look worse than chance.
    """
    areas = [
        (area_under_curve(scores[first:stop], won[first:stop]), stop - first)
        for first, stop in group_edges(len(scores), folds)
    ]
    known = [(area, count) for area, count in areas if area is not None]
    total = sum(count for _, count in known)
    return sum(area * count for area, count in known) / total if total else None


def _calibrate_out_of_fold(scores: FloatArray, won: BoolArray, *, folds: int) -> FloatArray:
    """Return probabilities by calibrations that saw none of the fold; NaN where none was possible.

    The scores are already those of models that did not see it.
    """
    probability = np.full(len(scores), np.nan)
    place = np.arange(len(scores))
    for known, judged in purged_folds(place, place, folds=folds, embargo=0):
        if won[known].any() and not won[known].all():
            probability[judged] = calibrate(scores[known], won[known]).apply(scores[judged])
    return probability
