"""Corporate actions as a holder meets them: on a session with a bar, before its open.

An action on a session on which the asset has no bar is met on its next bar. A delisting is met on
its own session. The panel says more in optional columns of `by_asset`, each of shape (n, m):

* ``delisted``: 1.0 on the session on which the listing ends, else 0 or NaN;
* ``terminal_value``: cash per share paid on it, in the asset's currency; NaN where unknown;
* ``paid_on``: day on which the dividend of this ex-date is paid, NaN where unknown: then at once.
"""

from __future__ import annotations

from bisect import bisect_right
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np

from engine.types import BoolArray, FloatArray, IntArray

if TYPE_CHECKING:
    from engine.panel import Panel

DELISTED: Final = "delisted"
TERMINAL_VALUE: Final = "terminal_value"
PAID_ON: Final = "paid_on"


@dataclass(frozen=True, kw_only=True)
class Actions:
    """Splits, dividends and delistings by session, moved to where a holder meets them."""

    split: FloatArray  # (n, m) new shares per old, 1.0 = none
    dividend: FloatArray  # (n, m) cash per post-split share, 0.0 = none
    delisted: BoolArray  # (n, m)
    terminal: FloatArray  # (n, m) cash per share on delisting, NaN unknown
    rows: tuple[int, ...]  # on which anything happens, ascending
    paid: IntArray | None  # (n, m) row on which a dividend met here is paid; None: all at once

    def between(self, after: int, until: int) -> tuple[int, ...]:
        """Return the rows of actions in (after, until]."""
        return self.rows[bisect_right(self.rows, after) : bisect_right(self.rows, until)]


def settle_actions(panel: Panel) -> Actions:
    """Read a panel's actions, none of them lost on a session without a bar."""
    split = np.where(np.isnan(panel.split), 1.0, panel.split)
    dividend = np.where(np.isnan(panel.dividend), 0.0, panel.dividend)
    move_to_bars(split, dividend, np.isfinite(panel.close))
    paid = _payment_rows(panel, dividend)
    unknown = np.full_like(split, np.nan)
    delisted = panel.by_asset.get(DELISTED, unknown) == 1.0
    happens = ((split != 1.0) | (dividend != 0.0) | delisted).any(axis=1)
    if paid is not None:
        arrives = paid[dividend != 0.0]
        happens[arrives[arrives < len(happens)]] = True
    return Actions(
        split=split,
        dividend=dividend,
        delisted=delisted,
        terminal=panel.by_asset.get(TERMINAL_VALUE, unknown),
        rows=tuple(np.flatnonzero(happens).tolist()),
        paid=paid,
    )


def _payment_rows(panel: Panel, dividend: FloatArray) -> IntArray | None:
    """Return the row on which each dividend is paid, as met after `move_to_bars`."""
    days = panel.by_asset.get(PAID_ON)
    if days is None or not np.isfinite(days).any():
        return None
    paid = np.tile(np.arange(len(days))[:, None], days.shape[1])
    bar = np.isfinite(panel.close)
    for row, asset in np.argwhere(dividend != 0.0).tolist():
        # A dividend that had to wait for a bar keeps the day it was promised for.
        bars = np.flatnonzero(bar[:row, asset])
        promised = days[int(bars[-1]) + 1 if len(bars) else 0 : row + 1, asset]
        known = promised[np.isfinite(promised)]
        if len(known):
            paid[row, asset] = max(row, int(np.searchsorted(panel.session, known[-1])))
    return paid


def forward_factor(close: FloatArray, split: FloatArray, dividend: FloatArray) -> FloatArray:
    """Return the factor that makes a close a total-return level, 1.0 on the first bar.

    All arrays are (n, m), oldest first; a close is NaN without a bar. A dividend is reinvested at
    the close of its ex-date, per post-split share, and a later action never changes an earlier
    factor. An action without a bar counts on the asset's next one.
    """
    factor = np.ones_like(close)
    acted = np.flatnonzero(((split != 1.0) | (dividend != 0.0)).any(axis=0))
    if len(acted):
        factor[:, acted] = _grown(close[:, acted], split[:, acted], dividend[:, acted])
    return factor


def _grown(close: FloatArray, split: FloatArray, dividend: FloatArray) -> FloatArray:
    bar = np.isfinite(close)
    move_to_bars(split, dividend, bar)
    steps = np.where(bar, split * (1.0 + dividend / np.where(bar, close, 1.0)), 1.0)
    steps[np.argmax(bar, axis=0), np.arange(close.shape[1])] = 1.0
    grown: FloatArray = np.cumprod(steps, axis=0, dtype=np.float64)
    return grown


def move_to_bars(split: FloatArray, dividend: FloatArray, bar: BoolArray) -> None:
    """Move actions on barless cells to the asset's next bar, in place and in order of time."""
    stranded = ~bar & ((split != 1.0) | (dividend != 0.0))
    for row, asset in np.argwhere(stranded).tolist():
        later = np.flatnonzero(bar[row + 1 :, asset])
        ratio, cash = split[row, asset], dividend[row, asset]
        split[row, asset], dividend[row, asset] = 1.0, 0.0
        if len(later):
            met = row + 1 + int(later[0])
            # Cash was promised per share of its own ex-date; the later split has multiplied those.
            dividend[met, asset] += cash / _splits(split, asset, row, met)
            split[met, asset] *= ratio


def _splits(split: FloatArray, asset: int, after: int, until: int) -> float:
    return float(np.prod(split[after + 1 : until + 1, asset]))
