"""Quality gates: which rows of a feed become bars, and why the others do not.

A row is kept, kept and marked SUSPECT, or refused with a reason. Nothing is sorted, filled or
mended. A rule speaks only about fields the source declares: what a source never carries is
unknown, not missing.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

import numpy as np

from api.errors import DataError
from api.ports import BarBatch, Listing
from api.services.calendars import Calendar
from engine.types import BoolArray, FloatArray, IntArray


class Reason(StrEnum):
    """Why a row is in quarantine, in the order in which the gates are asked."""

    DUPLICATE_CONFLICT = "DUPLICATE_CONFLICT"
    DUPLICATE_SAME = "DUPLICATE_SAME"
    FUTURE_BAR = "FUTURE_BAR"
    NOT_A_TRADING_DAY = "NOT_A_TRADING_DAY"
    NULL_FIELD = "NULL_FIELD"
    BAD_PRICE = "BAD_PRICE"
    BAD_VOLUME = "BAD_VOLUME"
    OHLC_ORDER = "OHLC_ORDER"
    DECIMAL_SHIFT = "DECIMAL_SHIFT"
    SPIKE = "SPIKE"


NS_PER_DAY = 86_400 * 10**9
PRICES = ("open", "high", "low", "close", "adjusted_close")
# Below this a price is the residue of a wrong unit or of arithmetic, not a quote.
SMALLEST_PRICE = 1e-6
LARGEST_VOLUME = float(2**63)
SPIKE = 0.5  # absolute log return between two bars that is worth a look
UNDONE = 0.8  # share of a spike the next bar must take back for it to be an error
TENFOLD_TOLERANCE = 0.1  # in log10: how near a power of ten a move is a shifted point
STALE_RUN = 5  # equal closes in a row, with trading, that are worth a look


@dataclass(frozen=True, kw_only=True)
class Verdict:
    """What the gates said of a batch; both arrays have shape (n_bars,), in its order."""

    refused: Mapping[int, Reason]  # row of the batch -> why
    kept: BoolArray
    suspect: BoolArray


def judge(batch: BarBatch, listing: Listing, calendar: Calendar, *, now: int) -> Verdict:
    """Ask every gate about every row; the first that objects names the reason.

    Parameters
    ----------
    now : int
        Instant of reading, ns UTC: a session that has not closed by then has no bar yet.

    Raises
    ------
    DataError
        There is no close, or the file runs backwards: then its rows cannot be told from shifted
        ones, so none is taken.
    """
    _require_table(batch)
    refused: dict[int, Reason] = {}
    for reason, objects in _row_gates(batch, listing, calendar, now=now):
        for row in np.flatnonzero(objects):
            refused.setdefault(int(row), reason)
    kept = np.ones(len(batch.day), np.bool_)
    kept[list(refused)] = False
    suspect = _judge_moves(batch, kept, refused)
    suspect |= _stale(batch, kept) | _moved_without_trading(batch)
    return Verdict(refused=refused, kept=kept, suspect=suspect & kept)


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


def _row_gates(
    batch: BarBatch, listing: Listing, calendar: Calendar, *, now: int
) -> list[tuple[Reason, BoolArray]]:
    """Each gate with the rows it objects to; earlier gates name the reason."""
    same, conflict = _duplicates(batch)
    session = calendar.holds(batch.day)
    return [
        (Reason.DUPLICATE_CONFLICT, conflict),
        (Reason.DUPLICATE_SAME, same),
        (Reason.FUTURE_BAR, _known_at(batch, calendar, session) > now),
        (Reason.NOT_A_TRADING_DAY, ~session),
        (Reason.NULL_FIELD, _nulls(batch, listing)),
        (Reason.BAD_PRICE, _bad_prices(batch)),
        (Reason.BAD_VOLUME, _bad_volume(batch)),
        (Reason.OHLC_ORDER, _out_of_order(batch)),
    ]


def _duplicates(batch: BarBatch) -> tuple[BoolArray, BoolArray]:
    """Rows that repeat a day: with equal values (all but the first), with other values (all)."""
    same = np.zeros(len(batch.day), np.bool_)
    conflict = same.copy()
    days, counts = np.unique(batch.day, return_counts=True)
    for day in days[counts > 1]:
        rows = np.flatnonzero(batch.day == day)
        table = np.column_stack([column[rows] for column in batch.values.values()])
        if np.array_equal(table, np.broadcast_to(table[0], table.shape), equal_nan=True):
            same[rows[1:]] = True
        else:
            conflict[rows] = True
    return same, conflict


def _known_at(batch: BarBatch, calendar: Calendar, session: BoolArray) -> IntArray:
    """When each session closes, ns UTC; a day without one counts from its midnight."""
    known_at = batch.day * NS_PER_DAY
    known_at[session] = calendar.close_of(batch.day[session])
    return known_at


def _nulls(batch: BarBatch, listing: Listing) -> BoolArray:
    absent = np.zeros(len(batch.day), np.bool_)
    for name in listing.fields:
        if name not in batch.values:
            return ~absent
        absent |= np.isnan(batch.values[name])
    return absent


def _bad_prices(batch: BarBatch) -> BoolArray:
    bad = np.zeros(len(batch.day), np.bool_)
    for name in PRICES:
        if name in batch.values:
            price = batch.values[name]
            bad |= (price < SMALLEST_PRICE) | np.isinf(price)
    return bad


def _bad_volume(batch: BarBatch) -> BoolArray:
    if "volume" not in batch.values:
        return np.zeros(len(batch.day), np.bool_)
    volume = batch.values["volume"]
    fraction = volume != np.round(volume)
    bad: BoolArray = ~np.isnan(volume) & ((volume < 0) | (volume >= LARGEST_VOLUME) | fraction)
    return bad


def _out_of_order(batch: BarBatch) -> BoolArray:
    """Rows whose high is not the highest or whose low is not the lowest; NaN objects to nothing."""
    found = [
        batch.values[name] for name in ("open", "high", "low", "close") if name in batch.values
    ]
    if not {"high", "low"} <= set(batch.values):
        return np.zeros(len(batch.day), np.bool_)
    highest, lowest = np.fmax.reduce(found), np.fmin.reduce(found)
    wrong: BoolArray = (batch.values["high"] < highest) | (batch.values["low"] > lowest)
    return wrong


def _judge_moves(batch: BarBatch, kept: BoolArray, refused: dict[int, Reason]) -> BoolArray:
    """Refuse moves the next bar takes back; return the large moves that stand.

    A move that stands is real as far as anyone can tell from prices alone (Apple lost 52 % on
    2000-09-29): it is used, and marked. Splits make raw closes jump for good, so they are judged
    on the adjusted close where there is one; a raw close is asked only whether it came back.
    """
    suspect = np.zeros(len(batch.day), np.bool_)
    rows = np.flatnonzero(kept)
    series = [batch.values[name] for name in ("close", "adjusted_close") if name in batch.values]
    for close in series:
        for row, reason in _undone(rows, close).items():
            refused.setdefault(row, reason)
            kept[row] = False
    rows = np.flatnonzero(kept)
    move = np.diff(np.log(series[-1][rows]))
    suspect[rows[1:]] = np.abs(move) > SPIKE
    return suspect


def _undone(rows: IntArray, close: FloatArray) -> dict[int, Reason]:
    """Rows whose move from the bar before is taken back by the bar after."""
    move = np.diff(np.log(close[rows]))
    found: dict[int, Reason] = {}
    for i in np.flatnonzero(np.abs(move[:-1]) > SPIKE):
        back = -move[i + 1] / move[i]
        if back >= UNDONE and int(rows[i]) not in found:
            found[int(rows[i + 1])] = _name_of(move[i])
    return found


def _name_of(move: float) -> Reason:
    tens = abs(move) / np.log(10.0)
    shifted = round(tens) >= 1 and abs(tens - round(tens)) < TENFOLD_TOLERANCE
    return Reason.DECIMAL_SHIFT if shifted else Reason.SPIKE


def _stale(batch: BarBatch, kept: BoolArray) -> BoolArray:
    """Rows that end a run of equal closes although shares changed hands."""
    stale = np.zeros(len(batch.day), np.bool_)
    if not {"close", "volume"} <= set(batch.values):
        return stale
    rows = np.flatnonzero(kept)
    close = batch.values["close"][rows]
    traded = batch.values["volume"][rows] > 0
    repeats = np.concatenate([[False], close[1:] == close[:-1]]) & traded
    position = np.arange(len(rows))
    last_change = np.maximum.accumulate(np.where(repeats, 0, position))
    stale[rows] = position - last_change >= STALE_RUN - 1
    return stale


def _moved_without_trading(batch: BarBatch) -> BoolArray:
    """Rows with a volume of zero whose prices moved: a halted share stays where it is."""
    if not {"high", "low", "volume"} <= set(batch.values):
        return np.zeros(len(batch.day), np.bool_)
    moved: BoolArray = (batch.values["volume"] == 0) & (batch.values["high"] > batch.values["low"])
    return moved
