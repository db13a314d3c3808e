"""What the kernel makes of a listing that ends: its column goes on as what holders got."""

from collections.abc import Callable, Iterator

import numpy as np

from engine.actions import Actions, Merger, settle_actions
from engine.panel import Panel
from engine.returns import carry_forward
from engine.types import FloatArray


def pay_out(
    panel: Panel,
    close: FloatArray,
    fill: FloatArray,
    assumed: float,
    sold: Callable[[int, int], bool],
) -> None:
    """Let columns whose listing ended go on as cash and shares of a successor, in place.

    Cash is a price that moves no more and can be sold from then on; shares move with the
    successor's total return and can be sold when it trades. Where nobody knows what holders got, it
    is the `assumed` return, or the last mark of what was `sold` short by that row, of that asset.
    """
    actions = settle_actions(panel)
    if not actions.delisted.any():
        return
    price, rate = panel.marks(), panel.fx[:, panel.currency]
    factor = carry_forward(np.where(np.isfinite(panel.close), panel.tr_factor, np.nan))
    # Who is short of what becomes other shares is short of them too: each column twice, by the
    # return assumed of every unknown ending, and what the holder of that column has is taken.
    ways = {0.0: (close.copy(), fill.copy()), assumed: (close.copy(), fill.copy())}
    for row, asset, merger in _from_the_last(actions, len(close)):
        last = max(row - 1, 0)
        for lost, (marks, fills) in ways.items():
            paid = actions.terminal[row, asset]
            if np.isnan(paid):
                paid = price[last, asset] * (1.0 + lost)
            cash = factor[last, asset] * rate[row, asset] * paid
            marks[row:, asset] = fills[row:, asset] = cash
            if merger is not None:
                shares = factor[last, asset] * merger.ratio / factor[row, merger.successor]
                goes_on = carry_forward(marks[:, [merger.successor]])[row:, 0]
                marks[row:, asset] += shares * goes_on
                fills[row:, asset] += shares * fills[row:, merger.successor]
        marks, fills = ways[0.0 if sold(row, asset) else assumed]
        close[row:, asset], fill[row:, asset] = marks[row:, asset], fills[row:, asset]


def _from_the_last(actions: Actions, rows: int) -> Iterator[tuple[int, int, Merger | None]]:
    """Yield endings before `rows`, a successor's before those of what became its shares."""
    for row in np.flatnonzero(actions.delisted[:rows].any(axis=1))[::-1].tolist():
        mergers = actions.mergers.get(row, ())
        became = {each.asset for each in mergers}
        for asset in np.flatnonzero(actions.delisted[row]).tolist():
            if asset not in became:
                yield row, asset, None
        for merger in reversed(mergers):
            yield row, merger.asset, merger
