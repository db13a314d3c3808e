"""Regimes as a decision meets them: one more session each time, and every earlier fit kept.

`follow` says what `regimes.detect` says of the same sessions. Detection fits all its models at
once, because it has the whole series; who decides has only what was known by then, and comes back
with a little more. A model and its filter depend on the sessions up to their end and on nothing
else, so they are kept by just that.
"""

import math
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Final

import numpy as np

from engine import hmm
from engine.errors import InsufficientHistory
from engine.regimes import (
    FALLBACK_HISTORY,
    TINY,
    VOLATILITY_WINDOW,
    Features,
    Fit,
    Regimes,
    Terms,
    accepted,
    by_volatility,
    features,
    in_own_units,
    told,
)
from engine.types import SESSIONS_PER_YEAR, FloatArray, IntArray

MOST_KEPT: Final = 128  # models: a quarter each over thirty years
# Of a state under a model: filtered and averaged, a year, a year, and None where never left.
MODELLED: Final = ("probability", "smoothed", "mean_return", "volatility", "expected_sessions")


@dataclass(frozen=True, kw_only=True)
class Index:
    """The sessions of an index that have a level of their own, oldest first."""

    session: IntArray  # (n,) days since 1970-01-01
    level: FloatArray  # (n,)
    vix: FloatArray  # (n,) NaN where it is not asked for

    @classmethod
    def of(cls, session: IntArray, level: FloatArray, vix: FloatArray | None) -> "Index":
        """Read levels (k,), NaN where unknown, each standing until the next is known.

        A session on which the level did not move in its last digit had none of its own: a holiday
        of its market, or a close that is not yet known. With a `vix` (k,) it must be known too.
        """
        known = np.isfinite(level) if vix is None else np.isfinite(level) & (vix > 0.0)
        values = np.full(len(level), np.nan) if vix is None else vix
        return cls(session=session[known], level=level[known], vix=values[known])._moved()

    def behind(self, before: "Index | None") -> "Index":
        """Return the index with what was known of earlier sessions, `before`, put first."""
        if before is None or not len(self.session):
            return before or self
        old = before.session < self.session[0]
        return Index(
            session=np.concatenate([before.session[old], self.session]),
            level=np.concatenate([before.level[old], self.level]),
            vix=np.concatenate([before.vix[old], self.vix]),
        )._moved()

    def _moved(self) -> "Index":
        moved = np.concatenate([[True], self.level[1:] != self.level[:-1]])[: len(self.level)]
        return Index(session=self.session[moved], level=self.level[moved], vix=self.vix[moved])


@dataclass(frozen=True, kw_only=True)
class Observed:
    """What is seen of each session."""

    x: FloatArray  # (n, d)
    volatility: FloatArray  # (n,) log of the last month's


@dataclass(frozen=True, kw_only=True, eq=False)
class _Model:
    """One accepted fit, states by volatility, and the scale of what it was fitted to."""

    models: hmm.Models
    centre: FloatArray  # (d, 1)
    scale: FloatArray  # (d, 1)


def observe(index: Index, chosen: Features) -> Observed:
    """Return the features chosen of the sessions that have a month before them, (n - 21, d)."""
    known = features(index.level)
    volatility = known[:, 1]
    if chosen == "return":
        known = known[:, :1]
    if chosen == "return_vol_vix":
        known = np.column_stack([known, np.log(index.vix[len(index.vix) - len(known) :])])
    return Observed(x=np.ascontiguousarray(known), volatility=np.ascontiguousarray(volatility))


def follow(seen: Observed, terms: Terms) -> Regimes:
    """Return the regimes of the sessions seen; see `regimes.detect`. Raises InsufficientHistory."""
    n = len(seen.x)
    levels = n + VOLATILITY_WINDOW
    if n < FALLBACK_HISTORY:
        raise InsufficientHistory(
            f"regimes need {FALLBACK_HISTORY + VOLATILITY_WINDOW} closes, there were {levels}"
        )
    fitted = {
        end: _fitted(seen.x[:end].tobytes(), seen.volatility[:end].tobytes(), terms)
        for end in range(terms.min_obs, n + 1, terms.refit)
    }
    kept = {end: model for end, model in fitted.items() if model is not None}
    rejected = [end - 1 + VOLATILITY_WINDOW for end in fitted.keys() - kept.keys()]
    probability = np.full((n, terms.states), np.nan)
    until = [*[end - 1 for end in kept][1:], n]
    for (end, model), stop in zip(kept.items(), until, strict=False):
        probability[end - 1 : stop] = _filtered(seen.x[:stop].tobytes(), model)[end - 1 :]
    return told(levels, seen.volatility, _fits(kept), sorted(rejected), probability, terms)


def smoothed(found: Regimes, span: int) -> FloatArray:
    """Return the trailing average of the filtered probabilities, (k,); of a rule, its word."""
    modelled = found.probability[np.isfinite(found.probability[:, 0])]
    if not len(modelled):
        certain: FloatArray = np.eye(len(found.names))[found.label[-1]]
        return certain
    weight = 2.0 / (span + 1)
    weights = weight * (1.0 - weight) ** np.arange(len(modelled))[::-1]
    weights[0] /= weight  # the first value is where the average begins
    average: FloatArray = weights @ modelled
    return average


def describe(found: Regimes, session: IntArray, average: FloatArray) -> dict[str, Any]:
    """Return what is known of the regime, as JSON; None where a rule stands in for a model.

    `session` (n,) are those of the levels, `average` (k,) the smoothed probabilities.
    """
    label = found.label
    changes = np.flatnonzero(label[1:] != label[:-1])
    since = int(changes[-1]) + 1 if len(changes) else 0
    switch = str(session[found.row[since]].astype("datetime64[D]")) if since else None
    return {
        "current": found.names[label[-1]],
        "source": "model" if found.fits else "fallback",
        "last_switch": switch,
        "sessions_in_state": len(label) - since,
        "transition": found.fits[-1].transition.tolist() if found.fits else None,
        "states": [_state(found, state, average) for state in range(len(found.names))],
    }


def _state(found: Regimes, state: int, average: FloatArray) -> dict[str, Any]:
    share = float((found.label == state).mean())
    entry: dict[str, Any] = {"name": found.names[state], "share": share}
    if not found.fits:
        return entry | dict.fromkeys(MODELLED)
    fit = found.fits[-1]
    stay = float(fit.transition[state, state])
    figures = (
        float(found.probability[-1, state]),
        float(average[state]),
        float(fit.mean[state]) * SESSIONS_PER_YEAR,
        float(fit.volatility[state]) * math.sqrt(SESSIONS_PER_YEAR),
        1.0 / (1.0 - stay) if stay < 1.0 else None,
    )
    return entry | dict(zip(MODELLED, figures, strict=True))


def _fits(kept: dict[int, _Model]) -> list[Fit]:
    if not kept:
        return []
    models = [model.models for model in kept.values()]
    joined = hmm.Models(
        **{
            name: np.concatenate([getattr(each, name) for each in models], axis=-1)
            for name in ("start", "transition", "mean", "covariance")
        }
    )
    centre = np.concatenate([model.centre for model in kept.values()], axis=-1)
    scale = np.concatenate([model.scale for model in kept.values()], axis=-1)
    rows = np.array([*kept]) - 1 + VOLATILITY_WINDOW
    return in_own_units(joined, rows, centre, scale)


@lru_cache(maxsize=MOST_KEPT)
def _fitted(x: bytes, volatility: bytes, terms: Terms) -> _Model | None:
    """Return the model of the sessions whose figures these are; None where none is accepted."""
    spread = np.frombuffer(volatility)
    values = np.frombuffer(x).reshape(len(spread), -1)
    centre = values.mean(axis=0)[:, None]
    scale = np.maximum(values.std(axis=0), TINY)[:, None]
    if (scale <= TINY).any():
        return None
    standard = (values[:, :, None] - centre) / scale
    fitted = hmm.fit(standard, spread, np.array([len(spread)]), states=terms.states)
    if not accepted(fitted, terms)[0]:
        return None
    return _Model(models=by_volatility(fitted.models), centre=centre, scale=scale)


@lru_cache(maxsize=MOST_KEPT)
def _filtered(x: bytes, model: _Model) -> FloatArray:
    """Return the filtered probabilities (n, k) of the sessions whose figures these are."""
    values = np.frombuffer(x).reshape(-1, len(model.centre))
    standard = (values[:, :, None] - model.centre) / model.scale
    return hmm.filtered(model.models, standard, np.array([len(values)]))[..., 0]
