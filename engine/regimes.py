"""Regimes of a market: calm or under stress, from the closes of one index.

1. Features of each session: its log return, and the log of the volatility of the last month.
2. A hidden Markov model is fitted to all sessions so far as soon as there are three years of them,
   and again every quarter; in between its figures stand still and only the filter advances. The
   scale of the features is that of the sessions it was fitted to.
3. States are sorted by the volatility of their returns. A name changes hands only after the
   probability of the other state has been high for some sessions in a row.
4. Before the first fit a plain rule stands in: stress is a volatility above the 80th percentile of
   its own past. It has no probabilities, and gives none.

Every figure of a session comes from that session and earlier ones, bit for bit.

References
----------
Hamilton, J. D. (1989). A New Approach to the Economic Analysis of Nonstationary Time Series and
the Business Cycle. Econometrica, 57(2). Kritzman, M., Page, S. & Turkington, D. (2012). Regime
Shifts: Implications for Dynamic Strategies. Financial Analysts Journal, 68(3).
"""

from bisect import bisect_left, insort
from collections.abc import Mapping
from dataclasses import dataclass
from itertools import permutations
from typing import Final, Literal

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view

from engine import hmm
from engine.errors import InsufficientHistory, InvalidParameters, PanelError
from engine.types import BoolArray, FloatArray, IntArray

# Raised with every change that can move a figure of a regime.
VERSION: Final = 2

CALM, STRESS = "CALM", "STRESS"
NAMES: Final[Mapping[int, tuple[str, ...]]] = {
    2: (CALM, STRESS),
    3: (CALM, "CHOPPY", STRESS),
    4: (CALM, "CHOPPY", "TURBULENT", STRESS),
}
Features = Literal["return", "return_vol", "return_vol_vix"]

VOLATILITY_WINDOW: Final = 21
TINY: Final = 1e-8  # volatility of a series that stood still
FALLBACK_HISTORY: Final = 252  # sessions before the rule without a model speaks
FALLBACK_SHARE: Final = 0.8


@dataclass(frozen=True, kw_only=True)
class Terms:
    """How regimes are told apart."""

    states: int = 2
    min_obs: int = 756  # sessions of the first fit
    refit: int = 63  # sessions between fits
    min_occupancy: float = 0.05  # a state that holds less of the sessions is no regime
    threshold: float = 0.6  # probability a state must pass to give its name
    confirm: int = 3  # sessions in a row for which it must

    def __post_init__(self) -> None:
        if self.states not in NAMES:
            raise InvalidParameters(f"states was {self.states}; give 2, 3 or 4")
        if self.min_obs < FALLBACK_HISTORY:
            raise InvalidParameters(f"min_obs was {self.min_obs}; give {FALLBACK_HISTORY} or more")
        if not 0.5 <= self.threshold < 1.0:
            raise InvalidParameters(f"threshold was {self.threshold}; give 0.5 to below 1")
        if min(self.refit, self.confirm) < 1:
            raise InvalidParameters("refit and confirm were below 1; give at least one session")


@dataclass(frozen=True, kw_only=True)
class Fit:
    """A model in force from its session until the next one that was accepted."""

    row: int  # of the levels: the last session it was fitted to
    transition: FloatArray  # (k, k) from, to
    mean: FloatArray  # (k,) log return per session
    volatility: FloatArray  # (k,) of log returns, per session
    relabelled: bool  # sorted otherwise than the states most like those before


@dataclass(frozen=True, kw_only=True)
class Regimes:
    """What was known of the regime at each session. Rows are those of the levels."""

    names: tuple[str, ...]  # by volatility, ascending
    row: IntArray  # (n,)
    label: IntArray  # (n,) index into names
    probability: FloatArray  # (n, k) filtered; NaN before the first model
    fits: tuple[Fit, ...]
    rejected: tuple[int, ...]  # rows whose fit failed or had an empty state


def detect(level: FloatArray, terms: Terms | None = None) -> Regimes:
    """Return the regimes of an index.

    Parameters
    ----------
    level : ndarray of shape (n,)
        Closes, above 0, no NaN, one a session.

    Raises
    ------
    InsufficientHistory
        Below `FALLBACK_HISTORY` sessions with a volatility nothing can be said.
    """
    terms = terms or Terms()
    x = features(level)
    if len(x) < FALLBACK_HISTORY:
        needed = FALLBACK_HISTORY + VOLATILITY_WINDOW
        raise InsufficientHistory(f"regimes need {needed} closes, there were {len(level)}")
    fits, rejected, probability = _walk(x, terms)
    return told(len(level), x[:, 1], fits, rejected, probability, terms)


def told(
    levels: int,
    volatility: FloatArray,
    fits: list[Fit],
    rejected: list[int],
    probability: FloatArray,
    terms: Terms,
) -> Regimes:
    """Return what models and, before the first of them, the rule say; from one year on.

    `volatility` (n,) and `probability` (n, k) end with the last of so many levels.
    """
    n = len(volatility)
    modelled = int(np.argmax(np.isfinite(probability[:, 0]))) if fits else n
    label = confirmed(probability, fallback(volatility[:modelled]), terms)
    spoken = slice(FALLBACK_HISTORY - 1, None)
    return Regimes(
        names=NAMES[terms.states],
        row=np.arange(levels - n, levels)[spoken],
        label=label[spoken],
        probability=probability[spoken],
        fits=tuple(fits),
        rejected=tuple(rejected),
    )


def features(level: FloatArray) -> FloatArray:
    """Return the log return and the log volatility of the last month, shape (n - 21, 2)."""
    if not (np.isfinite(level).all() and (level > 0.0).all()):
        raise PanelError("a close of the index was missing or not above zero")
    returns = np.diff(np.log(level))
    if len(returns) < VOLATILITY_WINDOW:
        return np.empty((0, 2))
    windows = sliding_window_view(np.square(returns), VOLATILITY_WINDOW)
    volatility = np.sqrt(windows.mean(axis=1))
    return np.column_stack([returns[VOLATILITY_WINDOW - 1 :], np.log(np.maximum(volatility, TINY))])


def fallback(volatility: FloatArray) -> IntArray:
    """Return 1 where volatility (n,) lies above the 80th percentile of its own past, else 0."""
    past: list[float] = []
    labels = np.zeros(len(volatility), np.int64)
    for t, now in enumerate(volatility.tolist()):
        insort(past, now)
        labels[t] = bisect_left(past, now) > FALLBACK_SHARE * (len(past) - 1)
    return labels


def confirmed(probability: FloatArray, rule: IntArray, terms: Terms) -> IntArray:
    """Return the label of each session, (n,): the rule's, then that of the filtered states.

    The label moves to a state whose probability was above the threshold for some sessions in a
    row, and to no state while none is.
    """
    labels = np.empty(len(probability), np.int64)
    calm_or_stress = np.array([0, terms.states - 1])
    labels[: len(rule)] = calm_or_stress[rule]
    label = int(labels[len(rule) - 1])
    candidate, streak = label, 0
    modelled = probability[len(rule) :]
    likely = modelled.argmax(axis=1).tolist()
    sure = (modelled.max(axis=1, initial=0.0) > terms.threshold).tolist()
    for t, (state, known) in enumerate(zip(likely, sure, strict=True), start=len(rule)):
        streak = (streak + 1 if state == candidate else 1) if known else 0
        candidate = state
        if streak >= terms.confirm:
            label = candidate
        labels[t] = label
    return labels


def _walk(x: FloatArray, terms: Terms) -> tuple[list[Fit], list[int], FloatArray]:
    """Fit at each refit, and filter from there to the next with the last model accepted."""
    n = len(x)
    probability = np.full((n, terms.states), np.nan)
    ends = np.arange(terms.min_obs, n + 1, terms.refit)
    if not len(ends):
        return [], [], probability
    centre = np.stack([x[:end].mean(axis=0) for end in ends], axis=-1)
    scale = np.stack([np.maximum(x[:end].std(axis=0), TINY) for end in ends], axis=-1)
    standard = (x[:, :, None] - centre) / scale
    fitted = hmm.fit(standard, x[:, 1], ends, states=terms.states)
    good = accepted(fitted, terms) & (scale > TINY).all(axis=0)
    rejected = [int(end) - 1 + VOLATILITY_WINDOW for end in ends[~good]]
    if not good.any():
        return [], rejected, probability
    kept = np.flatnonzero(good)
    models = by_volatility(fitted.models.take(kept))
    until = np.append(ends[kept][1:] - 1, n)
    known = hmm.filtered(models, np.ascontiguousarray(standard[..., kept]), until)
    for i, end in enumerate(ends[kept].tolist()):
        probability[end - 1 : until[i]] = known[end - 1 : until[i], :, i]
    rows = ends[kept] - 1 + VOLATILITY_WINDOW
    return in_own_units(models, rows, centre[:, kept], scale[:, kept]), rejected, probability


def accepted(fitted: hmm.Fitted, terms: Terms) -> BoolArray:
    """Tell which fits are finite and have no state that hardly ever is."""
    filled: BoolArray = fitted.occupancy.min(axis=0) >= terms.min_occupancy
    return filled & np.isfinite(fitted.log_likelihood)


def by_volatility(models: hmm.Models) -> hmm.Models:
    """Return the models with their states by the variance of their returns, ascending."""
    order = np.argsort(models.covariance[:, 0, 0], axis=0, kind="stable")
    each = np.arange(order.shape[1])
    return hmm.Models(
        start=models.start[order, each],
        transition=models.transition[order[:, None], order[None], each],
        mean=np.moveaxis(models.mean[order, :, each], -1, 1),
        covariance=np.moveaxis(models.covariance[order, :, :, each], 1, -1),
    )


def in_own_units(
    models: hmm.Models, rows: IntArray, centre: FloatArray, scale: FloatArray
) -> list[Fit]:
    """Return the models in the unit of the features themselves; `rows` are where they begin."""
    mean = models.mean * scale + centre
    covariance = models.covariance * scale[:, None] * scale[None]
    return [
        Fit(
            row=int(row),
            transition=models.transition[:, :, i],
            mean=mean[:, 0, i],
            volatility=np.sqrt(covariance[:, 0, 0, i]),
            relabelled=i > 0
            and not _alike(mean[..., i - 1 : i + 1], covariance[..., i - 1 : i + 1]),
        )
        for i, row in enumerate(rows)
    ]


def _alike(mean: FloatArray, covariance: FloatArray) -> bool:
    """Tell whether each state is most like the one of its place in the model before.

    Of two models (k, d, 2) the assignment counts whose emissions are nearest to each other, by the
    sum of their Bhattacharyya distances.
    """
    states = range(len(mean))
    distance = [
        [
            _bhattacharyya(
                mean[i, :, 0] - mean[j, :, 1], covariance[i, ..., 0], covariance[j, ..., 1]
            )
            for j in states
        ]
        for i in states
    ]
    nearest = min(permutations(states), key=lambda to: sum(distance[i][to[i]] for i in states))
    return nearest == tuple(states)


def _bhattacharyya(away: FloatArray, one: FloatArray, other: FloatArray) -> float:
    both = (one + other) / 2.0
    shapes = np.linalg.slogdet(np.stack([both, one, other])).logabsdet
    spread = 0.5 * (shapes[0] - 0.5 * (shapes[1] + shapes[2]))
    return float(away @ np.linalg.solve(both, away) / 8.0 + spread)
