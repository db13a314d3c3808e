"""Gates that look at a bar beside its neighbours: what came back, what changed unit, what froze.

Moves are log returns from one kept row to the next. What a split or a dividend explains is taken
off first, so that a real split is no spike.
"""

from collections.abc import Iterator, Sequence

import numpy as np

from api.ports import Action, BarBatch
from api.services.adjustment import factor_steps
from api.services.reasons import Reason
from engine.types import BoolArray, FloatArray, IntArray

SPIKE = 0.5  # absolute log return between two bars that is worth a look
UNDONE = 0.8  # share of a spike the next bar must take back for it to be an error
TENFOLD_TOLERANCE = 0.1  # in log10: how near a power of ten a move is a shifted point
STALE_RUN = 5  # equal closes in a row, with trading, that are worth a look
HUNDRED = float(np.log(100.0))  # pence for pounds, cents for dollars
UNIT_TOLERANCE = 0.25  # log: what the price itself may do on the day its unit changes
WIDEST_BAR = float(np.log(10.0))  # log of high over low above which a bar mixes two units


def refuse_moves(batch: BarBatch, kept: BoolArray, actions: Sequence[Action]) -> dict[int, Reason]:
    """Return the rows in another unit, and those whose move the next bar takes back.

    Where a source has an adjusted close, a raw one may jump for good: by a split.
    """
    left = kept.copy()
    refused: dict[int, Reason] = {}
    for name in ("close", "adjusted_close"):
        if name not in batch.values:
            continue
        may_stay = name == "close" and "adjusted_close" in batch.values
        rows = np.flatnonzero(left)
        move, whole = _moves(batch, name, rows, actions), _whole_bars(batch, rows)
        found = _flipped(rows, move, whole, may_stay=may_stay)
        left[list(found)] = False
        rows = np.flatnonzero(left)
        found |= undone(rows, _moves(batch, name, rows, actions))
        left[list(found)] = False
        refused |= found
    return refused


def undone(rows: IntArray, move: FloatArray) -> dict[int, Reason]:
    """Name the rows whose move from the row before is taken back by the row after."""
    found: dict[int, Reason] = {}
    for i in np.flatnonzero(np.abs(move[:-1]) > SPIKE):
        back = -move[i + 1] / move[i]
        if back >= UNDONE and int(rows[i]) not in found:
            found[int(rows[i + 1])] = _name_of(move[i])
    return found


def standing_moves(batch: BarBatch, kept: BoolArray, actions: Sequence[Action]) -> BoolArray:
    """Rows with a large move that stands.

    It is real as far as anyone can tell from prices alone (Apple lost 52 % on 2000-09-29): used,
    and marked. Where the source has an adjusted close of its own, that is judged.
    """
    suspect = np.zeros(len(batch.day), np.bool_)
    rows = np.flatnonzero(kept)
    name = "adjusted_close" if "adjusted_close" in batch.values else "close"
    suspect[rows[1:]] = np.abs(_moves(batch, name, rows, actions)) > SPIKE
    return suspect


def stale(batch: BarBatch, kept: BoolArray) -> BoolArray:
    """Rows that end a run of equal closes although shares changed hands."""
    found = np.zeros(len(batch.day), np.bool_)
    if not {"close", "volume"} <= set(batch.values):
        return found
    rows = np.flatnonzero(kept)
    close = batch.values["close"][rows]
    traded = batch.values["volume"][rows] > 0
    repeats = np.concatenate([[False], close[1:] == close[:-1]]) & traded
    position = np.arange(len(rows))
    last_change = np.maximum.accumulate(np.where(repeats, 0, position))
    found[rows] = position - last_change >= STALE_RUN - 1
    return found


def moved_without_trading(batch: BarBatch) -> BoolArray:
    """Rows with a volume of zero whose prices moved: a halted share stays where it is."""
    if not {"high", "low", "volume"} <= set(batch.values):
        return np.zeros(len(batch.day), np.bool_)
    moved: BoolArray = (batch.values["volume"] == 0) & (batch.values["high"] > batch.values["low"])
    return moved


def _moves(batch: BarBatch, name: str, rows: IntArray, actions: Sequence[Action]) -> FloatArray:
    """Log returns between the rows, (n_rows - 1,), of a raw close less what actions explain."""
    price = batch.values[name][rows]
    moves: FloatArray = np.diff(np.log(price))
    if name == "close" and actions:
        moves -= np.log(factor_steps(batch.day[rows], price, actions))[1:]
    return moves


def _flipped(
    rows: IntArray, move: FloatArray, whole: BoolArray, *, may_stay: bool
) -> dict[int, Reason]:
    """Rows in another unit than those before them, until the unit comes back or the rows end.

    One bar of which not all prices changed, or that has no others, is a shifted point instead.
    """
    turns = np.flatnonzero(np.abs(np.abs(move) - HUNDRED) < UNIT_TOLERANCE)
    found: dict[int, Reason] = {}
    for start, stop in _spans(turns, move, None if may_stay else len(rows)):
        if stop - start > 1 or whole[start]:
            found |= dict.fromkeys((int(row) for row in rows[start:stop]), Reason.UNIT_FLIP)
    return found


def _spans(turns: IntArray, move: FloatArray, end: int | None) -> Iterator[tuple[int, int]]:
    """Pair each change of unit with the next one the other way; one without lasts to `end`."""
    began: int | None = None
    for turn in turns.tolist():
        if began is None:
            began = turn
        elif np.sign(move[turn]) != np.sign(move[began]):
            yield began + 1, turn + 1
            began = None
    if began is not None and end is not None:
        yield began + 1, end


def _whole_bars(batch: BarBatch, rows: IntArray) -> BoolArray:
    """Rows whose prices are all in one unit, (n_rows,); none where only a close is known."""
    if not {"high", "low"} <= set(batch.values):
        return np.zeros(len(rows), np.bool_)
    high, low = batch.values["high"][rows], batch.values["low"][rows]
    whole: BoolArray = np.log(high / low) < WIDEST_BAR
    return whole


def _name_of(move: float) -> Reason:
    tens = abs(move) / np.log(10.0)
    shifted = round(tens) >= 1 and abs(tens - round(tens)) < TENFOLD_TOLERANCE
    return Reason.DECIMAL_SHIFT if shifted else Reason.SPIKE
