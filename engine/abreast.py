"""The windows of several decisions side by side, so that one operation serves all of them."""

from dataclasses import dataclass

import numpy as np

from engine.panel import Panel
from engine.types import BoolArray, FloatArray, IntArray


@dataclass(frozen=True, kw_only=True)
class Abreast:
    """What d decisions see of m assets: every asset at the first of them, then at the second.

    A column is that of the decision's own window, to the bit.
    """

    total_return: FloatArray  # (k, d m), as are close, volume and due
    close: FloatArray
    volume: FloatArray
    due: BoolArray
    member: BoolArray  # (d m,)
    price_floor: FloatArray  # (d m,)


def decided_together(panel: Panel, rows: IntArray, instants: IntArray, length: int) -> int:
    """Return how many of the first decisions see all of windows of `length` rows.

    What was not known yet at its instant, or was believed otherwise, ends them.
    """
    if not len(rows) or rows[0] + 1 < length:
        return 0
    latest = panel.complete_at()[_stretch(rows, length)].max(axis=0)
    late = np.flatnonzero(latest > instants)
    return int(late[0]) if len(late) else len(rows)


def abreast(panel: Panel, rows: IntArray, instants: IntArray, length: int) -> Abreast:
    """Return the windows of decisions that `decided_together` has counted."""
    stretch, d = _stretch(rows, length), len(rows)
    closed = panel.closes_at[stretch] <= instants[None, :, None]

    def side_by_side(values: FloatArray) -> FloatArray:
        return values[stretch].reshape(length, -1)

    return Abreast(
        total_return=side_by_side(panel.total_return()),
        close=side_by_side(panel.close),
        volume=side_by_side(panel.volume),
        due=closed[:, :, panel.market].reshape(length, -1),
        member=panel.member[rows].ravel(),
        price_floor=np.tile(panel.price_floor(), d),
    )


def _stretch(rows: IntArray, length: int) -> IntArray:
    """Return the rows (k, d) of the windows, the decisions' own last."""
    stretch: IntArray = rows + np.arange(1 - length, 1)[:, None]
    return stretch
