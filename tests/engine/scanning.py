"""Scans for tests: on the last row unless told otherwise, at that session's close."""

from dataclasses import replace

import numpy as np

from engine.panel import NEVER
from engine.scan import scan
from engine.scanners import SCANNERS
from engine.schedule import DecisionClock, decision_instants
from tests.engine.panels import make_closes, make_panel

EASY = {
    "quallamaggie": {
        "min_price_us": None,
        "min_price_au": None,
        "min_turnover_us": None,
        "min_turnover_au": None,
        "min_return_63": None,
        "min_return_21": -0.5,
        "beat_benchmark": False,
        "narrowing": False,
    },
    "momentum": {"top_fraction": 0.5},
    "mean_reversion": {"max_rsi": 60.0},
    "new_high": {"min_share": 0.8},
    "high_tight_flag": {"min_return": 0.0, "max_spread": 0.5},
    "vcp": {"leg": 5, "max_volume_share": 2.0},
    "episodic_pivot": {"min_gap": 0.0, "min_volume_share": 0.1},
    "quiet": {"window": 63, "above_sma_200": False},
}
ROWS, ASSETS = 320, 12


def make_market(seed=7, **changes):
    """Return a panel whose highs and lows lie around its closes, volumes about a million."""
    close = make_closes(sessions=ROWS, assets=ASSETS, seed=seed)
    noise = np.random.default_rng(seed)
    values = {
        "high": close * (1.0 + noise.uniform(0.0, 0.02, close.shape)),
        "low": close * (1.0 - noise.uniform(0.0, 0.02, close.shape)),
        "volume": noise.uniform(5e5, 2e6, close.shape),
        "benchmark": 100.0 * np.exp(0.0002 * np.arange(ROWS)),
    }
    return make_panel(close, **{**values, **changes})


def holed(panel, share, seed):
    """Return the panel with this share of its bars gone."""
    gone = np.random.default_rng(seed).random(panel.close.shape) < share
    cells = {
        name: np.where(gone, np.nan, getattr(panel, name))
        for name in ("open", "high", "low", "close", "volume")
    }
    known_at = np.where(gone, NEVER, panel.known_at)
    return replace(panel, **cells, known_at=known_at, tradable=panel.tradable & ~gone)


def make_scanner(key, **parameters):
    cls = SCANNERS[key]
    return cls(cls.parameters_type(**parameters))


def close_of(panel, row):
    return int(decision_instants(panel, np.array([row]), DecisionClock.US_CLOSE)[0])


def scanned(panel, key, *, row=None, aside=None, **parameters):
    row = len(panel.session) - 1 if row is None else row
    return scan(panel, row, close_of(panel, row), make_scanner(key, **parameters), aside=aside)


def outcome(found):
    """Return what a reader sees of a scan, by symbol, so that two can be compared whole."""
    symbols = found.view.symbols
    hits = [
        (symbols[hit.asset], hit.score, hit.strong, [share.points for share in hit.shares])
        for hit in found.hits
    ]
    reasons = [[each.reason(hit.asset) for each in found.judged] for hit in found.hits]
    return found.funnel, hits, reasons
