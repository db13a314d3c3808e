"""A market in which leaders rest, break out and go on or fail, each asset at times of its own."""

import numpy as np

from tests.engine.panels import make_panel

RISE, REST, AFTER = 60, 14, 30
PERIOD = RISE + REST + AFTER


def make_breakouts(*, sessions=420, assets=12, seed=3, **changes):
    """Return a panel of walks with bases: narrow, quiet stretches that end on thrice the volume."""
    rng = np.random.default_rng(seed)
    phase = (np.arange(sessions)[:, None] + rng.integers(0, PERIOD, assets)) % PERIOD
    rests, breaks = (phase >= RISE) & (phase < RISE + REST), phase == RISE + REST
    after = np.where(rng.random((sessions // PERIOD + 2, assets)) < 0.6, 0.006, -0.008)
    cycle = (np.arange(sessions)[:, None] + PERIOD - phase) // PERIOD
    drift = np.where(phase < RISE, 0.007, np.take_along_axis(after, cycle, axis=0))
    drift = np.where(rests, 0.0, np.where(breaks, 0.06, drift))
    noise = rng.normal(0.0, np.where(rests, 0.004, 0.012), (sessions, assets))
    close = 40.0 * np.exp(np.cumsum(drift + noise - 0.002, axis=0))
    reach = np.where(rests, 0.016, 0.03) * rng.uniform(0.8, 1.2, (sessions, assets))
    opening = np.vstack([close[:1], close[:-1]]) * np.exp(rng.normal(0.0, 0.004, close.shape))
    high = np.maximum(opening, close) * (1.0 + reach * rng.uniform(0.3, 0.7, close.shape))
    low = np.minimum(opening, close) * (1.0 - reach * rng.uniform(0.3, 0.7, close.shape))
    volume = np.round(2e6 * rng.uniform(0.8, 1.2, close.shape) * np.where(breaks, 3.0, 1.0))
    fields = {"open": opening, "high": high, "low": low, "volume": volume}
    benchmark = 100.0 * np.exp(0.0003 * np.arange(sessions))
    return make_panel(close, **{**fields, "benchmark": benchmark, **changes})
