"""Each asset's own last bars side by side: another market's holidays are not gaps in it."""

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from engine.panel import Window
from engine.types import FloatArray, IntArray


@dataclass(frozen=True)
class OwnRows:
    """Where in a window the last `count` bars of assets are: of all m, or of some columns."""

    window: Window
    count: int
    columns: IntArray | None = None  # (c,)

    @cached_property
    def _holed(self) -> tuple[IntArray, IntArray]:
        """Places of those whose last rows are not all bars, and the rows (count, h) of theirs.

        The newest is last; -1 for none.
        """
        valid = np.isfinite(self._chosen(self.window.total_return))
        recent = valid[-self.count :]
        holed = np.flatnonzero(~recent.all(axis=0) | (len(recent) < self.count))
        back = np.cumsum(valid[::-1, holed], axis=0)[::-1]  # 1 for the newest
        row, place = np.nonzero(valid[:, holed] & (back <= self.count))
        rows = np.full((self.count, len(holed)), -1)
        rows[self.count - back[row, place], place] = row
        return holed, rows

    def back(self, values: FloatArray, bars: int) -> FloatArray:
        """Return each one's value (c,) so many of its bars before its last one; NaN unknown."""
        holed, rows = self._holed
        values = self._chosen(values)
        found = np.array(values[max(len(values) - 1 - bars, 0)])
        found[holed] = _at(values, rows[-1 - bars], holed)
        return found

    def last(self, values: FloatArray, count: int | None = None) -> FloatArray:
        """Return the values (count, c) on its last bars of each; NaN where it has fewer."""
        count = self.count if count is None else count
        holed, rows = self._holed
        values = self._chosen(values)
        if not len(holed):
            return values[-count:]
        missing = np.full((max(count - len(values), 0), values.shape[1]), np.nan)
        last = np.concatenate([missing, values[-count:]])
        last[:, holed] = _at(values, rows[-count:], holed)
        return last

    def _chosen(self, values: FloatArray) -> FloatArray:
        return values if self.columns is None else np.take(values, self.columns, axis=1)


def _at(values: FloatArray, rows: IntArray, columns: IntArray) -> FloatArray:
    return np.where(rows >= 0, values[rows, columns], np.nan)
