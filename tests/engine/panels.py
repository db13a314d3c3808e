"""Panels for tests: New York sessions on weekdays, two currencies, one market unless said."""

from typing import Any

import numpy as np

from engine.panel import NEVER, Panel

HOUR = 3_600_000_000_000
DAY = 24 * HOUR
US_OPEN, US_CLOSE = 14 * HOUR + HOUR // 2, 21 * HOUR
ASX_OPEN, ASX_CLOSE = -HOUR, 5 * HOUR + HOUR // 6


def make_sessions(count, start="2000-01-03"):
    """Return `count` weekdays from `start`, as days since 1970-01-01."""
    days = np.busday_offset(start, np.arange(count), roll="forward")
    return days.astype("datetime64[D]").astype(np.int64)


def make_closes(*, sessions, assets, seed=7):
    """Return positive random walks, (sessions, assets), all well above a dollar."""
    steps = np.random.default_rng(seed).normal(0.0004, 0.015, (sessions, assets))
    return 100.0 * np.exp(np.cumsum(steps, axis=0))


def make_panel(close, **changes: Any) -> Panel:
    """Return a panel of `close` (n, m) in US dollars, whole and known at each session's close."""
    close = np.asarray(close, np.float64)
    n, m = close.shape
    session = np.asarray(changes.pop("session", make_sessions(n)))
    bar = np.isfinite(close)
    closes_at = (session * DAY + US_CLOSE)[:, None]
    values: dict[str, Any] = {
        "session": session,
        "symbols": tuple(f"S{i:03d}" for i in range(m)),
        "asset_id": np.arange(m) + 1,
        "market": np.zeros(m),
        "markets": ("XNYS",),
        "currency": np.zeros(m),
        "currencies": ("USD",),
        "open": close,
        "high": close,
        "low": close,
        "close": close,
        "volume": np.where(bar, 1e6, np.nan),
        "tr_factor": np.ones((n, m)),
        "split": np.ones((n, m)),
        "dividend": np.zeros((n, m)),
        "known_at": np.where(bar, closes_at, NEVER),
        "tradable": bar,
        "member": np.ones((n, m)),
        "fx": np.ones((n, 1)),
        "fx_known_at": np.zeros((n, 1)),
        "rf": np.zeros(n),
        "opens_at": (session * DAY + US_OPEN)[:, None],
        "closes_at": closes_at,
        "benchmark": np.full(n, 100.0),
        "benchmark_symbol": "^GSPC",
        "groups": {"SECTOR": ("unknown",) * m},
    }
    return Panel(**{**values, **changes})
