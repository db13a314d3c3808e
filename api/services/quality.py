"""Quality gates: which rows of a feed become bars, and why the others do not.

A row is kept, kept and marked SUSPECT, or refused with a reason. Nothing is sorted, filled or
mended. A rule speaks only about fields the source declares: what a source never carries is
unknown, not missing.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from api.errors import DataError
from api.ports import Action, BarBatch, Listing
from api.services.adjustment import adjusted_otherwise
from api.services.calendars import Calendar
from api.services.quality_moves import moved_without_trading, refuse_moves, stale, standing_moves
from api.services.quality_rows import Objections, row_gates
from api.services.reasons import Reason
from engine.types import BoolArray

__all__ = ["Reason", "Verdict", "judge"]


@dataclass(frozen=True, kw_only=True)
class Verdict:
    """What the gates said of a batch; both arrays have shape (n_bars,), in its order."""

    refused: Mapping[int, Reason]  # row of the batch -> why
    doubts: Mapping[int, Reason]  # row that is kept and marked -> why
    kept: BoolArray
    suspect: BoolArray


def judge(
    batch: BarBatch,
    listing: Listing,
    calendar: Calendar,
    *,
    now: int,
    actions: Sequence[Action] = (),
) -> Verdict:
    """Ask every gate about every row; the first that objects names the reason.

    Parameters
    ----------
    now : int
        Instant of reading, ns UTC: a session that has not closed by then has no bar yet.
    actions : sequence of Action
        Splits and dividends that were found right; what they explain is no spike.

    Raises
    ------
    DataError
        There is no close, or the file runs backwards: then its rows cannot be told from shifted
        ones, so none is taken.
    """
    declared = _declared(batch, listing)
    _require_table(declared)
    refused = _first(row_gates(declared, listing, calendar, now=now))
    kept = _without(refused, len(batch.day))
    refused |= refuse_moves(declared, kept, actions)
    kept = _without(refused, len(batch.day))
    doubts = {
        row: reason
        for row, reason in _first(
            [
                (Reason.SPIKE, standing_moves(declared, kept, actions)),
                (Reason.SPLIT_MISMATCH, _misadjusted(batch, listing, kept, actions)),
                (Reason.STALE, stale(declared, kept)),
                (Reason.NO_TRADING, moved_without_trading(declared)),
            ]
        ).items()
        if kept[row]
    }
    suspect = ~_without(doubts, len(batch.day))
    return Verdict(refused=refused, doubts=doubts, kept=kept, suspect=suspect)


def _declared(batch: BarBatch, listing: Listing) -> BarBatch:
    """Leave out what the source does not answer for, such as a vendor's own adjusted close."""
    values = {name: column for name, column in batch.values.items() if name in listing.fields}
    return replace(batch, values=values)


def _require_table(batch: BarBatch) -> None:
    if not {"close", "adjusted_close"} & set(batch.values):
        raise DataError(f"SCHEMA: {batch.file} has no closing price for {batch.symbol}")
    steps = np.diff(batch.day)
    if (steps < 0).any():
        line = int(batch.row_number[1:][np.argmax(steps < 0)])
        raise DataError(
            f"UNSORTED: {batch.file} line {line} goes back in time for {batch.symbol}; "
            "sort the file by date, oldest first"
        )


def _first(objections: Objections) -> dict[int, Reason]:
    """Name for each row the first gate that objects to it."""
    found: dict[int, Reason] = {}
    for reason, objects in objections:
        for row in np.flatnonzero(objects):
            found.setdefault(int(row), reason)
    return found


def _without(rows: Mapping[int, Reason], count: int) -> BoolArray:
    left = np.ones(count, np.bool_)
    left[list(rows)] = False
    return left


def _misadjusted(
    batch: BarBatch, listing: Listing, kept: BoolArray, actions: Sequence[Action]
) -> BoolArray:
    """Rows at which the vendor's own adjusted close says another factor than its actions."""
    wrong = np.zeros(len(batch.day), np.bool_)
    if "actions" in listing.fields and {"close", "adjusted_close"} <= set(batch.values):
        rows = np.flatnonzero(kept)
        close, adjusted = batch.values["close"][rows], batch.values["adjusted_close"][rows]
        wrong[rows] = adjusted_otherwise(batch.day[rows], close, adjusted, actions)
    return wrong
