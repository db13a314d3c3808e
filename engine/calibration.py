"""From the scores of a classifier to probabilities, and how good either is.

References
----------
Platt, J. (1999). Probabilistic Outputs for Support Vector Machines. Niculescu-Mizil, A. & Caruana,
R. (2005). Predicting Good Probabilities with Supervised Learning. Lin, H.-T., Lin, C.-J. & Weng,
R. C. (2007). A Note on Platt's Probabilistic Outputs for Support Vector Machines.
"""

import math
from dataclasses import dataclass
from typing import Any, Final, Literal

import numpy as np

from engine.types import BoolArray, FloatArray

ISOTONIC_EVENTS: Final = 500  # fewer would be a staircase of noise
BINS: Final = 10
STEPS: Final = 100
RIDGE: Final = 1e-12
FLAT: Final = 1e-5  # gradient at which Newton's method has arrived


@dataclass(frozen=True, kw_only=True)
class Calibration:
    """A rising curve from scores to probabilities, as points between which it is a line.

    `sigmoid` is given by slope and intercept instead: p = 1 / (1 + exp(a score + b)).
    """

    method: Literal["isotonic", "sigmoid"]
    score: FloatArray  # ascending; of the sigmoid (a, b)
    probability: FloatArray

    def apply(self, scores: FloatArray) -> FloatArray:
        """Return the probability of each score, NaN where it is NaN."""
        if self.method == "sigmoid":
            return _sigmoid(scores, *self.score)
        found: FloatArray = np.interp(scores, self.score, self.probability)
        return np.where(np.isnan(scores), np.nan, found)


def calibrate(scores: FloatArray, won: BoolArray) -> Calibration:
    """Fit a calibration to scores that their model has not been fitted to.

    Isotonic from 500 events on, Platt's sigmoid below. Both classes must be there.
    """
    if len(scores) >= ISOTONIC_EVENTS:
        return _isotonic(scores, won)
    return Calibration(method="sigmoid", score=_platt(scores, won), probability=np.empty(0))


def _isotonic(scores: FloatArray, won: BoolArray) -> Calibration:
    """Pool adjacent violators, equal scores first of all."""
    level, place = np.unique(scores, return_inverse=True)
    count = np.bincount(place).astype(np.float64)
    blocks: list[tuple[float, float, int]] = []  # mean, weight, levels
    for mean, weight in zip(np.bincount(place, won) / count, count, strict=True):
        block = (float(mean), float(weight), 1)
        while blocks and blocks[-1][0] >= block[0]:
            before = blocks.pop()
            total = before[1] + block[1]
            pooled = (before[0] * before[1] + block[0] * block[1]) / total
            block = (pooled, total, before[2] + block[2])
        blocks.append(block)
    fitted = np.repeat([mean for mean, _, _ in blocks], [levels for _, _, levels in blocks])
    return Calibration(method="isotonic", score=level, probability=fitted)


def _platt(scores: FloatArray, won: BoolArray) -> FloatArray:
    """Return slope and intercept by Newton's method with backtracking, on Platt's targets."""
    wins = int(won.sum())
    losses = len(won) - wins
    target = np.where(won, (wins + 1.0) / (wins + 2.0), 1.0 / (losses + 2.0))
    at = np.array([0.0, math.log((losses + 1.0) / (wins + 1.0))])
    loss = _loss(scores, target, at)
    for _ in range(STEPS):
        p = _sigmoid(scores, *at)
        slope = np.array([((target - p) * scores).sum(), (target - p).sum()])
        if np.abs(slope).max() < FLAT:
            break
        bend = p * (1.0 - p)
        cross = float((bend * scores).sum())
        squares = float((bend * np.square(scores)).sum())
        hessian = np.array([[squares, cross], [cross, float(bend.sum())]]) + RIDGE * np.eye(2)
        direction = -np.linalg.solve(hessian, slope)
        at, loss = _search(scores, target, at, loss, direction, float(slope @ direction))
    return at


def _search(
    scores: FloatArray,
    target: FloatArray,
    at: FloatArray,
    loss: float,
    direction: FloatArray,
    descent: float,
) -> tuple[FloatArray, float]:
    """Halve the step until the loss falls by enough; where it never does, stay."""
    step = 1.0
    while step > RIDGE:
        moved = at + step * direction
        found = _loss(scores, target, moved)
        if found < loss + 1e-4 * step * descent:
            return moved, found
        step /= 2.0
    return at, loss


def _loss(scores: FloatArray, target: FloatArray, at: FloatArray) -> float:
    z = at[0] * scores + at[1]
    return float((target * z + np.logaddexp(0.0, -z)).sum())


def _sigmoid(scores: FloatArray, a: float, b: float) -> FloatArray:
    # Of the two equal forms the one whose exponential cannot overflow.
    z = a * scores + b
    small = np.exp(-np.abs(z))
    probability: FloatArray = np.where(z > 0.0, small, 1.0) / (1.0 + small)
    return probability


def area_under_curve(scores: FloatArray, won: BoolArray) -> float | None:
    """Return the chance that a win scores above a loss, ties half; None with one class only."""
    wins = int(won.sum())
    losses = len(won) - wins
    if not wins or not losses:
        return None
    _, place, count = np.unique(scores, return_inverse=True, return_counts=True)
    mean_rank = np.cumsum(count) - (count - 1) / 2.0
    ranks = float(mean_rank[place][won].sum())
    return (ranks - wins * (wins + 1) / 2.0) / (wins * losses)


def brier_score(probability: FloatArray, won: BoolArray) -> float | None:
    """Return the mean squared error of probabilities; None for none."""
    return float(np.square(probability - won).mean()) if len(won) else None


def reliability(probability: FloatArray, won: BoolArray) -> list[dict[str, Any]]:
    """Return, for each tenth of the probabilities that holds some, what was said and what came."""
    bins = np.minimum((probability * BINS).astype(np.int64), BINS - 1)
    return [
        {
            "range": f"{place / BINS:.1f} to {(place + 1) / BINS:.1f}",
            "events": int(inside.sum()),
            "predicted": float(probability[inside].mean()),
            "observed": float(won[inside].mean()),
        }
        for place in range(BINS)
        if (inside := bins == place).any()
    ]


def bet_size(probability: FloatArray, *, step: float) -> FloatArray:
    """Return ``2 Phi((p - 1/2) / sqrt(p (1 - p))) - 1``, at least 0, in multiples of `step`.

    A step of 0 leaves it as it is. NaN stays NaN.

    References
    ----------
    López de Prado, M. (2018). Advances in Financial Machine Learning, chapter 10.
    """
    with np.errstate(divide="ignore"):
        z = (probability - 0.5) / np.sqrt(probability * (1.0 - probability))
    size = np.array([math.erf(each / math.sqrt(2.0)) for each in z])
    size = np.where(np.isnan(size), np.nan, np.maximum(size, 0.0))
    return np.minimum(np.round(size / step) * step, 1.0) if step > 0.0 else size
