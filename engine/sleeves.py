"""When bitcoin, gold and silver are worth holding: each a rule on what was known."""

import math
from typing import Final

import numpy as np

from engine.eligibility import least_bars
from engine.types import SESSIONS_PER_YEAR, FloatArray

RETURN_SESSIONS: Final = 21
VOLATILITY_SESSIONS: Final = 63
TREND_SESSIONS: Final = 200
YEAR: Final = 252
STILL: Final = 1e-12  # relative to the mean: a ratio that spreads no further does not move


def momentum_per_risk(level: FloatArray) -> float:
    """Return the 21-session return of ``level`` (k,) over its annual 63-session volatility.

    Volatility is scaled by 252 sampled sessions, also for what trades at weekends. NaN where an end
    point or a fifth of the sessions is missing, or nothing moved.
    """
    recent = level[-VOLATILITY_SESSIONS - 1 :]
    if len(recent) <= VOLATILITY_SESSIONS:
        return math.nan
    returns = recent[1:] / recent[:-1] - 1.0
    known = returns[np.isfinite(returns)]
    if len(known) < least_bars(VOLATILITY_SESSIONS):
        return math.nan
    risk = float(known.std(ddof=1)) * math.sqrt(SESSIONS_PER_YEAR)
    gain = float(level[-1] / level[-1 - RETURN_SESSIONS]) - 1.0
    return gain / risk if risk > STILL else math.nan


def z_score(history: FloatArray, today: float) -> float:
    """Return how many standard deviations (ddof 1) ``today`` lies above the mean of ``history``.

    NaN where a fifth of the history is missing or it does not move.
    """
    known = history[np.isfinite(history)]
    if len(known) < max(least_bars(len(history)), 2):
        return math.nan
    mean, spread = float(known.mean()), float(known.std(ddof=1))
    return (today - mean) / spread if spread > STILL * abs(mean) else math.nan


def below_mean(values: FloatArray) -> bool | None:
    """Tell whether the last of ``values`` is below their mean; None where that is unknown."""
    known = values[np.isfinite(values)]
    if len(known) < least_bars(YEAR) or not np.isfinite(values[-1]):
        return None
    return bool(values[-1] < known.mean())


def above_trend(level: FloatArray) -> bool:
    """Tell whether the last of ``level`` is above its 200-session mean; unknown is no."""
    recent = level[-TREND_SESSIONS:]
    known = recent[np.isfinite(recent)]
    return len(known) >= least_bars(TREND_SESSIONS) and bool(level[-1] > known.mean())
