"""What is known of an asset on the day it is bought, as columns of a model."""

from typing import Final

import numpy as np

from engine.errors import InsufficientHistory
from engine.fractional import last_difference
from engine.panel import Window
from engine.ranking import quantise
from engine.regime_following import Index, follow, observe
from engine.regimes import Terms
from engine.technical import atr
from engine.types import FloatArray, IntArray

YEAR: Final = 252
ATR_BARS: Final = 14
VOLUME_BARS: Final = 20
VOLATILITIES: Final = (10, 21, 63)
RETURNS: Final = (5, 21, 63, 252)
MEANS: Final = (10, 50, 200)
ORDER: Final = 0.4  # of the fractional difference

NAMES: Final = (
    "atr",
    *(f"volatility_{bars}" for bars in VOLATILITIES),
    *(f"return_{bars}" for bars in RETURNS),
    *(f"distance_to_mean_{bars}" for bars in MEANS),
    "relative_volume",
    "range",
    "gap",
    "fractional_difference",
    "score",
    "rank",
    "vix",
    "vix_percentile",
    "stress",
)


def trade_features(
    window: Window, chosen: IntArray, scores: FloatArray, stress: float
) -> FloatArray:
    """Return the columns `NAMES` of the assets in `chosen`, shape (len(chosen), f).

    Parameters
    ----------
    scores : ndarray of shape (m,)
        What the strategy ranked its assets by, NaN for those it passed over.
    stress : float
        Probability that the market is under stress; NaN unknown.

    Returns
    -------
    ndarray
        Ratios without a unit, rounded to twelve digits; NaN where unknown. Nothing in them is of a
        later session than the window's last.
    """
    market = [*_vix(window), stress]
    rank = _rank(scores)
    rows = [
        [*_of_asset(window, asset), scores[asset], rank[asset], *market]
        for asset in chosen.tolist()
    ]
    return quantise(np.array(rows, np.float64).reshape(len(rows), len(NAMES)))


def stress_probability(index: Index) -> float:
    """Return the filtered probability of the wildest regime; NaN before a model can be fitted."""
    try:
        found = follow(observe(index, "return_vol"), Terms())
    except InsufficientHistory:
        return np.nan
    return float(found.probability[-1, -1])


def bars_of(window: Window, asset: int) -> tuple[FloatArray, FloatArray, FloatArray, FloatArray]:
    """Return open, high, low and close of an asset's rows, as total-return levels.

    Where only the close is known, high and low are the close; an open that is not known is NaN.
    """
    close = window.total_return[:, asset]
    # A split and a change of currency move no bar against the one before it.
    scale = close / window.close[:, asset]
    high, low = (
        np.where(np.isfinite(each[:, asset]), each[:, asset] * scale, close)
        for each in (window.high, window.low)
    )
    return window.open[:, asset] * scale, high, low, close


def _of_asset(window: Window, asset: int) -> list[float]:
    """Return the columns of its own bars; a session without one is left out."""
    known = np.flatnonzero(np.isfinite(window.total_return[:, asset]))[-YEAR - 1 :]
    opens, high, low, close = (each[known] for each in bars_of(window, asset))
    volume = window.volume[known, asset]
    returns = close[1:] / close[:-1] - 1.0
    ranges = atr(high[:, None], low[:, None], close[:, None], ATR_BARS)[:, 0]
    return [
        _last(ranges / close),
        *(_spread(returns, bars) for bars in VOLATILITIES),
        *(_change(close, bars) for bars in RETURNS),
        *(_distance(close, bars) for bars in MEANS),
        _distance(volume, VOLUME_BARS),
        _last((high - low) / close),
        _last(opens[1:] / close[:-1] - 1.0),
        _difference(close),
    ]


def _vix(window: Window) -> list[float]:
    """Return the VIX, and its place among its last 252: the share below, and half of the ties."""
    published = window.extra.get("VIX")
    if published is None:
        return [np.nan, np.nan]
    values = published.on(window.session[-YEAR:])[:, 0]
    known, today = values[np.isfinite(values)], float(values[-1])
    if not np.isfinite(today):
        return [np.nan, np.nan]
    below, ties = np.count_nonzero(known < today), np.count_nonzero(known == today)
    return [today, (below + ties / 2.0) / len(known)]


def _rank(scores: FloatArray) -> FloatArray:
    """Return places from 0, the best, to 1 by descending score; ties share the better place."""
    known = np.isfinite(scores)
    ordered = np.sort(-quantise(scores[known]))
    place = np.searchsorted(ordered, -quantise(scores))
    return np.where(known, place / max(len(ordered) - 1, 1), np.nan)


def _last(values: FloatArray) -> float:
    return float(values[-1]) if len(values) else np.nan


def _spread(returns: FloatArray, bars: int) -> float:
    return float(returns[-bars:].std(ddof=1)) if len(returns) >= bars else np.nan


def _change(close: FloatArray, bars: int) -> float:
    return float(close[-1] / close[-1 - bars] - 1.0) if len(close) > bars else np.nan


def _distance(values: FloatArray, bars: int) -> float:
    """Return how far the last value lies from the mean of the last `bars`, as a fraction."""
    if len(values) < bars:
        return np.nan
    mean = float(values[-bars:].mean())
    return float(values[-1]) / mean - 1.0 if mean > 0.0 else np.nan


def _difference(close: FloatArray) -> float:
    """Return the fractional difference of the log price about its mean, which has no unit."""
    level = np.log(close)
    return (
        float(last_difference((level - level.mean())[:, None], ORDER)[0]) if len(level) else np.nan
    )
