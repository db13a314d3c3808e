"""Each asset's own last bars side by side: another market's holidays are not gaps in it."""

from dataclasses import dataclass, replace

import numpy as np

from engine.panel import Window
from engine.types import FloatArray, IntArray


@dataclass(frozen=True)
class OwnRows:
    """Where in a window the last bars of assets are: of all m, or of some columns."""

    window: Window
    holed: IntArray  # (h,) places of those whose last rows are not all bars
    rows: IntArray  # (count, h) of theirs, the newest last; -1 for none
    columns: IntArray | None = None  # (c,)

    def of(self, columns: IntArray) -> "OwnRows":
        """Return the same of some (c,) of all columns."""
        place = np.full(len(self.window.symbols), -1)
        place[self.holed] = np.arange(len(self.holed))
        holed = np.flatnonzero(place[columns] >= 0)
        rows = self.rows[:, place[columns[holed]]]
        return replace(self, holed=holed, rows=rows, columns=columns)

    def back(self, values: FloatArray, bars: int) -> FloatArray:
        """Return each one's value (c,) so many of its bars before its last one; NaN unknown."""
        found = np.array(self._chosen(values[max(len(values) - 1 - bars, 0), None])[0])
        found[self.holed] = self._at(values, self.rows[-1 - bars])
        return found

    def last(self, values: FloatArray, count: int | None = None) -> FloatArray:
        """Return the values (count, c) on its last bars of each; NaN where it has fewer."""
        count = len(self.rows) if count is None else count
        recent = self._chosen(values[-count:])
        if not len(self.holed):
            return recent
        missing = np.full((count - len(recent), recent.shape[1]), np.nan)
        last = np.concatenate([missing, recent])
        last[:, self.holed] = self._at(values, self.rows[-count:])
        return last

    def _chosen(self, values: FloatArray) -> FloatArray:
        if self.columns is None:
            return values
        chosen: FloatArray = np.take(values, self.columns, axis=1)
        return chosen

    def _at(self, values: FloatArray, rows: IntArray) -> FloatArray:
        holed = self.holed if self.columns is None else self.columns[self.holed]
        return np.where(rows >= 0, values[rows, holed], np.nan)


def own_rows(window: Window, count: int) -> OwnRows:
    """Find the last `count` bars of every asset of a window."""
    recent = np.isfinite(window.total_return[-count:])
    whole = recent.all(axis=0) & (len(recent) == count)
    holed = np.flatnonzero(~whole)
    valid = np.isfinite(window.total_return[:, holed])
    back = np.cumsum(valid[::-1], axis=0)[::-1]  # 1 for the newest
    row, place = np.nonzero(valid & (back <= count))
    rows = np.full((count, len(holed)), -1)
    rows[count - back[row, place], place] = row
    return OwnRows(window, holed, rows)
