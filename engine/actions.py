"""Corporate actions as a holder meets them: on a session with a bar, before its open.

An action on a session on which the asset has no bar is met on its next bar. A delisting is met on
its own session; only a merger into a company that has not traded yet waits for its first bar. The
panel says more in optional columns of `by_asset`, each of shape (n, m):

* ``delisted``: 1.0 on the session on which the listing ends, else 0 or NaN;
* ``terminal_value``: cash per share paid on it, in the asset's currency; NaN where unknown;
* ``conversion``: shares of another company a share becomes on it, NaN where it becomes none;
* ``successor``: `asset_id` of that company; NaN where it is none of the panel's, and the terminal
  value holds what its shares are worth;
* ``paid_on``: day on which the dividend of this ex-date is paid, NaN where unknown: then at once.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np

from engine.types import BoolArray, FloatArray, IntArray

if TYPE_CHECKING:
    from engine.panel import Panel

DELISTED: Final = "delisted"
TERMINAL_VALUE: Final = "terminal_value"
CONVERSION: Final = "conversion"
SUCCESSOR: Final = "successor"
PAID_ON: Final = "paid_on"


@dataclass(frozen=True)
class Merger:
    """A share that becomes shares of another asset of the panel; both are columns."""

    asset: int
    successor: int
    ratio: float  # shares of the successor for one


@dataclass(frozen=True, kw_only=True)
class Actions:
    """Splits, dividends and delistings by session, moved to where a holder meets them."""

    split: FloatArray  # (n, m) new shares per old, 1.0 = none
    dividend: FloatArray  # (n, m) cash per post-split share, 0.0 = none
    delisted: BoolArray  # (n, m)
    terminal: FloatArray  # (n, m) cash per share on delisting, beside any shares; NaN unknown
    mergers: Mapping[int, tuple[Merger, ...]]  # by row; a successor that ends too comes later
    converted: BoolArray | None  # (n, m) cash stands for shares of outside the panel; None: nowhere
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
    unknown = np.broadcast_to(np.nan, split.shape)
    delisted = panel.by_asset.get(DELISTED, unknown) == 1.0
    terminal = panel.by_asset.get(TERMINAL_VALUE, unknown)
    mergers: Mapping[int, tuple[Merger, ...]] = {}
    if SUCCESSOR in panel.by_asset:
        terminal = terminal.copy()
        mergers = _settle_mergers(panel, delisted, terminal)
    happens = ((split != 1.0) | (dividend != 0.0) | delisted).any(axis=1)
    if paid is not None:
        arrives = paid[dividend != 0.0]
        happens[arrives[arrives < len(happens)]] = True
    return Actions(
        split=split,
        dividend=dividend,
        delisted=delisted,
        terminal=terminal,
        mergers=mergers,
        converted=_converted(panel),
        rows=tuple(np.flatnonzero(happens).tolist()),
        paid=paid,
    )


def _settle_mergers(
    panel: Panel, delisted: BoolArray, terminal: FloatArray
) -> dict[int, tuple[Merger, ...]]:
    """Return the mergers by the row on which they are met, and move these endings there, in place.

    Nobody can value what has never traded: such shares come on their first bar, and until then the
    old ones are held.
    """
    successor, ratio = panel.by_asset[SUCCESSOR], panel.by_asset[CONVERSION]
    found: dict[int, list[Merger]] = {}
    for row, asset in np.argwhere(delisted & np.isfinite(successor)).tolist():
        column = int(np.searchsorted(panel.asset_id, successor[row, asset]))
        traded = np.flatnonzero(np.isfinite(panel.marks()[row:, column]))
        cash = terminal[row, asset]
        delisted[row, asset] = False
        if len(traded):
            met = row + int(traded[0])
            delisted[met, asset] = True
            terminal[met, asset] = 0.0 if np.isnan(cash) else cash
            merger = Merger(asset, column, float(ratio[row, asset]))
            found.setdefault(met, []).append(merger)
    return {row: tuple(_in_turn(mergers)) for row, mergers in found.items()}


def mergers_by_row(panel: Panel, shares: FloatArray) -> tuple[tuple[int, Merger], ...]:
    """Return the row on which each listing became another's, each before those that follow on it.

    The ratios are of shares of the panel's first session, of which `shares` (n, m) tells what
    splits have made.
    """
    if SUCCESSOR not in panel.by_asset:
        return ()
    successor, ratio = panel.by_asset[SUCCESSOR], panel.by_asset[CONVERSION]
    found: dict[int, list[Merger]] = {}
    for met, asset in np.argwhere(np.isfinite(successor)).tolist():
        column = int(np.searchsorted(panel.asset_id, successor[met, asset]))
        taken = float(ratio[met, asset] * shares[met, asset] / shares[met, column])
        found.setdefault(met, []).append(Merger(asset, column, taken))
    return tuple((met, each) for met, mergers in found.items() for each in _in_turn(mergers))


def _in_turn(mergers: list[Merger]) -> list[Merger]:
    """Put first whose successor ends on the same row, so that its shares go the same way."""
    following = {each.asset: each.successor for each in mergers}

    def steps(each: Merger) -> int:
        count, asset = 0, each.successor
        while asset in following:
            count, asset = count + 1, following[asset]
        return count

    return sorted(mergers, key=steps, reverse=True)


def _converted(panel: Panel) -> BoolArray | None:
    if CONVERSION not in panel.by_asset:
        return None
    outside = np.isfinite(panel.by_asset[CONVERSION])
    if SUCCESSOR in panel.by_asset:
        outside &= np.isnan(panel.by_asset[SUCCESSOR])
    return outside


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
