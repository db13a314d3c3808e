"""A named panel: figures published apart from prices, and what was known of them when."""

from dataclasses import dataclass

import numpy as np

from engine.errors import PanelError
from engine.types import BoolArray, FloatArray, IntArray

# A daily figure stands over weekends and holidays; one older than this is unknown.
DAILY_REACH = 7


@dataclass(frozen=True, kw_only=True)
class Published:
    """Rows as they were published, oldest first; `day` and `known_at` are of shape (s,).

    Every figure is finite: what is unknown was not published and has no row. Construction refuses
    anything else (PanelError).
    """

    columns: tuple[str, ...]
    day: IntArray  # days since 1970-01-01, strictly increasing
    value: FloatArray  # (s, c) in the publisher's unit; returns are fractions
    known_at: IntArray  # ns UTC
    reach: int = DAILY_REACH  # days for which a figure stands

    def __post_init__(self) -> None:
        for name, dtype in {"day": np.int64, "value": np.float64, "known_at": np.int64}.items():
            view = np.ascontiguousarray(getattr(self, name), dtype).view()
            view.flags.writeable = False
            object.__setattr__(self, name, view)
        _check(self)

    def on(self, session: IntArray) -> FloatArray:
        """Return the last figures published on or before each session, shape (k, c).

        `session` holds days since 1970-01-01. NaN before the first figure, and where the last one
        is older than `reach` days.
        """
        last = np.searchsorted(self.day, session, side="right") - 1
        found = np.full((len(session), len(self.columns)), np.nan)
        stands = last >= 0
        stands[stands] = session[stands] - self.day[last[stands]] <= self.reach
        found[stands] = self.value[last[stands]]
        return found

    def column(self, name: str) -> FloatArray:
        """Return one column, (s,). Raises KeyError, which is a fault of the caller's."""
        if name not in self.columns:
            raise KeyError(f"{name} is none of {', '.join(self.columns)}")
        return self.value[:, self.columns.index(name)]

    def seen(self, day: int, instant: int) -> "Published":
        """Return the rows up to `day` that were known at `instant` (ns UTC)."""
        count = int(np.searchsorted(self.day, day, side="right"))
        known = self.known_at[:count] <= instant
        if known.all():
            return self._rows(slice(0, count))
        return self._rows(known.nonzero()[0])

    def until(self, day: int) -> "Published":
        """Return the rows up to `day`."""
        return self._rows(slice(0, int(np.searchsorted(self.day, day, side="right"))))

    def _rows(self, chosen: IntArray | slice) -> "Published":
        # The rows of a panel that was checked need no second check for every decision.
        rows = object.__new__(Published)
        day, value, known_at = self.day[chosen], self.value[chosen], self.known_at[chosen]
        for values in (day, value, known_at):
            values.flags.writeable = False
        vars(rows).update(vars(self), day=day, value=value, known_at=known_at)
        return rows


def _check(panel: Published) -> None:
    s, c = len(panel.day), len(panel.columns)
    if not panel.columns or len(set(panel.columns)) < c:
        raise PanelError(f"columns were {', '.join(panel.columns)}; name each, and each once")
    if panel.value.shape != (s, c) or panel.day.shape != (s,) or panel.known_at.shape != (s,):
        raise PanelError(f"value was of shape {panel.value.shape}; {s} days, {c} columns need it")
    steps = np.diff(panel.day)
    if len(steps) and steps.min() <= 0:
        at = int(np.argmax(steps <= 0))
        raise PanelError(f"day was not ascending: {_iso(panel.day[at + 1])} came too late")
    unknown: BoolArray = ~np.isfinite(panel.value)
    if unknown.any():
        row, column = (int(at[0]) for at in np.nonzero(unknown))
        name, value = panel.columns[column], panel.value[row, column]
        raise PanelError(f"{name} on {_iso(panel.day[row])} was {value}; leave such a day out")


def _iso(day: int | np.int64) -> str:
    return str(np.int64(day).astype("datetime64[D]"))
