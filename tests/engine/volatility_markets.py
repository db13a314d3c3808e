"""Markets of one index and its two volatility indices, for tests of what trades on them."""

import numpy as np

from engine.published import Published
from tests.engine.panels import DAY, US_CLOSE, make_panel, make_sessions


def series(values, session):
    """Return a daily panel of `values` (n,), NaN not published, known at the New York close."""
    kept = np.isfinite(values)
    return Published(
        columns=("value",),
        day=session[kept],
        value=np.asarray(values)[kept, None],
        known_at=session[kept] * DAY + US_CLOSE,
    )


def make_index(level, *, vix=20.0, vix3m=22.0, **changes):
    """Return a panel of indices at `level` (n,) or (n, m); the volatility indices in per cent."""
    close = np.asarray(level, np.float64)
    close = close[:, None] if close.ndim == 1 else close
    session = changes.pop("session", make_sessions(len(close)))
    each = [np.broadcast_to(np.asarray(values, float), len(close)) for values in (vix, vix3m)]
    published = {"VIX": series(each[0], session), "VIX3M": series(each[1], session)}
    return make_panel(close, **{"session": session, "extra": published, **changes})
