"""Faults of bars: their day, their values, and what they are beside their neighbours."""

from collections.abc import Iterable
from dataclasses import replace
from datetime import date, timedelta

import numpy as np

from api.services.reasons import Reason as R  # noqa: N817 - it stands in every line
from api.services.sessions import EPOCH
from tests.quality.defect import Defect, Plant, place_of
from tests.quality.found import Found, in_feed
from tests.quality.made import Feed, day_of, make_share


def _bars(name: str, reason: R, plant: Plant, *, adjusted: bool = False) -> Defect:
    def planted(seed: int) -> tuple[Found, Found]:
        feed = make_share(seed, calm=True)
        if not adjusted:
            del feed.values["adjusted_close"]
        at = place_of(seed, len(feed.batch.day))
        rows = plant(feed, at)
        places = [at] if rows is None else rows
        return in_feed(feed), {(f"row {row}", reason.value) for row in places}

    return Defect(name, reason, planted)


def _set(**cells: float) -> Plant:
    def plant(feed: Feed, at: int) -> None:
        for name, value in cells.items():
            feed.values[name][at] = value

    return plant


def _close_times(factor: float) -> Plant:
    def plant(feed: Feed, at: int) -> None:
        feed.values["close"][at] *= factor
        feed.spread(at)

    return plant


def _bar_times(factor: float, *, bars: int | None = 1) -> Plant:
    def plant(feed: Feed, at: int) -> Iterable[int]:
        rows = range(at, len(feed.batch.day) if bars is None else at + bars)
        feed.whole_bar(list(rows), factor)
        return rows

    return plant


def _on(day: str, *, session_before: bool = True) -> Plant:
    """Date a bar otherwise: one that is in order, on a day that has none."""

    def plant(feed: Feed, at: int) -> list[int]:
        row = int(np.searchsorted(feed.batch.day, day_of(day))) - session_before
        feed.batch.day[row] = day_of(day)
        return [row]

    return plant


def _last_on(day: int) -> Plant:
    def plant(feed: Feed, at: int) -> list[int]:
        feed.batch.day[-1] = day
        return [len(feed.batch.day) - 1]

    return plant


def _same_twice(feed: Feed, at: int) -> list[int]:
    for column in (feed.batch.day, *feed.values.values()):
        column[at + 1] = column[at]
    return [at + 1]


def _two_of_a_day(feed: Feed, at: int) -> list[int]:
    feed.batch.day[at + 1] = feed.batch.day[at]
    return [at, at + 1]


def _stamped_late(feed: Feed, at: int) -> list[int]:
    """Stamp one bar at 16:00 in New York on a day that closed at 13:00."""
    row = int(np.searchsorted(feed.batch.day, day_of("2025-07-03")))
    stamps = np.full(len(feed.batch.day), np.iinfo(np.int64).min)
    stamps[row] = int(np.datetime64("2025-07-03T20:00", "ns").astype(np.int64))
    feed.batch = replace(feed.batch, stamped_at=stamps)
    return [row]


def _date(day: int) -> date:
    return EPOCH + timedelta(days=int(day))


def _listed_late(feed: Feed, at: int) -> Iterable[int]:
    feed.listing = replace(feed.listing, listed_on=_date(feed.batch.day[at]))
    return range(at)


def _delisted_early(feed: Feed, at: int) -> Iterable[int]:
    feed.listing = replace(feed.listing, delisted_on=_date(feed.batch.day[at]))
    return range(at + 1, len(feed.batch.day))


def _high_below_low(feed: Feed, at: int) -> None:
    high, low = feed.values["high"][at], feed.values["low"][at]
    feed.values["high"][at], feed.values["low"][at] = low - 1.0, high + 1.0


def _close_above_high(feed: Feed, at: int) -> None:
    feed.values["high"][at] = feed.values["close"][at] * 0.999


def _open_below_low(feed: Feed, at: int) -> None:
    feed.values["open"][at] = feed.values["low"][at] * 0.99


def _frozen(bars: int) -> Plant:
    def plant(feed: Feed, at: int) -> Iterable[int]:
        for row in range(at, at + bars):
            feed.values["close"][row] = feed.values["close"][at]
            feed.spread(row)
        return range(at + 4, at + bars)

    return plant


def _moved_untraded(feed: Feed, at: int) -> None:
    feed.values["volume"][at] = 0.0
    feed.values["high"][at] = feed.values["close"][at] * 1.01


def _halved_for_good(feed: Feed, at: int) -> None:
    feed.whole_bar(slice(at, None), 0.5)


def _adjusted_jumps(feed: Feed, at: int) -> None:
    """Let the vendor adjust for a dividend of half a per cent that it does not report."""
    feed.values["adjusted_close"][:at] *= 0.995


def _adjusted_drifts(feed: Feed, at: int) -> None:
    feed.values["adjusted_close"][:at] *= 1.0 + 1e-5


BARS = [
    _bars("the same row twice", R.DUPLICATE_SAME, _same_twice),
    _bars("two bars of one day", R.DUPLICATE_CONFLICT, _two_of_a_day),
    _bars("a bar of tomorrow", R.FUTURE_BAR, _last_on(day_of("2026-07-01"))),
    _bars("a bar of a session under way", R.FUTURE_BAR, _last_on(day_of("2026-06-30"))),
    _bars("a bar of a year to come", R.FUTURE_BAR, _last_on(day_of("2199-01-02"))),
    _bars("a bar on a Saturday", R.NOT_A_TRADING_DAY, _on("2025-08-16")),
    _bars("a bar on a day of mourning", R.NOT_A_TRADING_DAY, _on("2025-01-09")),
    _bars("a bar on Christmas Day", R.NOT_A_TRADING_DAY, _on("2025-12-25")),
    _bars("a bar after an early close", R.AFTER_CLOSE, _stamped_late),
    _bars("bars before the listing", R.BEFORE_LISTING, _listed_late),
    _bars("bars after the delisting", R.AFTER_DELISTING, _delisted_early),
    _bars("no close", R.NULL_FIELD, _set(close=np.nan)),
    _bars("no open", R.NULL_FIELD, _set(open=np.nan)),
    _bars("no volume beside a price", R.NULL_FIELD, _set(volume=np.nan)),
    _bars("a price of zero", R.BAD_PRICE, _set(low=0.0)),
    _bars("a price of minus zero", R.BAD_PRICE, _set(low=-0.0)),
    _bars("a negative price", R.BAD_PRICE, _set(low=-5.0)),
    _bars("a price of a millionth of a millionth", R.BAD_PRICE, _set(low=1e-12)),
    _bars("a subnormal price", R.BAD_PRICE, _set(low=5e-324)),
    _bars("an infinite price", R.BAD_PRICE, _set(high=np.inf)),
    _bars("a negative volume", R.BAD_VOLUME, _set(volume=-1.0)),
    _bars("a fraction of a share", R.BAD_VOLUME, _set(volume=10.5)),
    _bars("a volume that fits no integer", R.BAD_VOLUME, _set(volume=2.0**63)),
    _bars("high below low", R.OHLC_ORDER, _high_below_low),
    _bars("close above high", R.OHLC_ORDER, _close_above_high),
    _bars("open below low", R.OHLC_ORDER, _open_below_low),
    _bars("a bar ten times too high", R.DECIMAL_SHIFT, _bar_times(10.0)),
    _bars("a bar a thousand times too low", R.DECIMAL_SHIFT, _bar_times(0.001)),
    _bars("a close with its point shifted by two", R.DECIMAL_SHIFT, _close_times(0.01)),
    _bars("a close three times too high", R.SPIKE, _close_times(3.0)),
    _bars("a close at 40 per cent", R.SPIKE, _close_times(0.4)),
    _bars("half the price for good, and no split", R.SPIKE, _halved_for_good),
    _bars("five equal closes", R.STALE, _frozen(5)),
    _bars("thirty equal closes", R.STALE, _frozen(30)),
    _bars("a move without a trade", R.NO_TRADING, _moved_untraded),
    _bars("ten bars in pence", R.UNIT_FLIP, _bar_times(100.0, bars=10)),
    _bars("ten bars in hundreds", R.UNIT_FLIP, _bar_times(0.01, bars=10)),
    _bars("one bar in pence", R.UNIT_FLIP, _bar_times(100.0)),
    _bars("pence from a day on", R.UNIT_FLIP, _bar_times(100.0, bars=None)),
    _bars("adjusted for nothing told", R.SPLIT_MISMATCH, _adjusted_jumps, adjusted=True),
    _bars("adjusted a little otherwise", R.SPLIT_MISMATCH, _adjusted_drifts, adjusted=True),
]
