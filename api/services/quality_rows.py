"""Gates that look at one bar by itself: its day, its time of day, its values."""

from collections.abc import Sequence
from datetime import date

import numpy as np

from api.ports import BarBatch, Listing
from api.services.adjustment import is_quote
from api.services.calendars import Calendar
from api.services.reasons import LARGEST_VOLUME, Reason
from api.services.sessions import EPOCH
from engine.types import BoolArray, IntArray

NS_PER_DAY = 86_400 * 10**9
PRICES = ("open", "high", "low", "close", "adjusted_close")
FIELDS = (*PRICES, "volume")

Objections = Sequence[tuple[Reason, BoolArray]]


def row_gates(batch: BarBatch, listing: Listing, calendar: Calendar, *, now: int) -> Objections:
    """Return each gate with the rows it objects to; the first to object names the reason."""
    same, conflict = duplicates(batch)
    return [
        (Reason.DUPLICATE_CONFLICT, conflict),
        (Reason.DUPLICATE_SAME, same),
        *_day_gates(batch, listing, calendar, now=now),
        (Reason.NULL_FIELD, _nulls(batch, listing)),
        (Reason.BAD_PRICE, _bad_prices(batch)),
        (Reason.BAD_VOLUME, _bad_volume(batch)),
        (Reason.OHLC_ORDER, _out_of_order(batch)),
    ]


def duplicates(batch: BarBatch) -> tuple[BoolArray, BoolArray]:
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


def _day_gates(batch: BarBatch, listing: Listing, calendar: Calendar, *, now: int) -> Objections:
    session = calendar.holds(batch.day)
    closes_at = _closes_at(batch.day, calendar, session)
    stamped_at = closes_at if batch.stamped_at is None else batch.stamped_at
    return [
        (Reason.FUTURE_BAR, closes_at > now),
        (Reason.NOT_A_TRADING_DAY, ~session),
        (Reason.AFTER_CLOSE, stamped_at > closes_at),
        (Reason.BEFORE_LISTING, batch.day < _day(listing.listed_on, np.iinfo(np.int64).min)),
        (Reason.AFTER_DELISTING, batch.day > _day(listing.delisted_on, np.iinfo(np.int64).max)),
    ]


def _closes_at(day: IntArray, calendar: Calendar, session: BoolArray) -> IntArray:
    """When each session closes, ns UTC; a day without one counts from its midnight."""
    closes_at = day * NS_PER_DAY
    closes_at[session] = calendar.close_of(day[session])
    return closes_at


def _day(on: date | None, unknown: int) -> int:
    return unknown if on is None else (on - EPOCH).days


def _nulls(batch: BarBatch, listing: Listing) -> BoolArray:
    absent = np.zeros(len(batch.day), np.bool_)
    for name in FIELDS:
        if name not in listing.fields:
            continue
        if name not in batch.values:
            return np.ones(len(batch.day), np.bool_)
        absent |= np.isnan(batch.values[name])
    return absent


def _bad_prices(batch: BarBatch) -> BoolArray:
    bad = np.zeros(len(batch.day), np.bool_)
    for name in PRICES:
        if name in batch.values:
            price = batch.values[name]
            bad |= ~np.isnan(price) & ~is_quote(price)
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
