"""Leaders that rest and then rise above their range, measured on each asset's own bars.

Highs, lows and closes are in the shares of the asset's last bar and ignore dividends; returns and
relative strength are of total-return levels in the run's currency.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, fields
from functools import cache, cached_property
from typing import Final

import numpy as np

from engine.errors import MissingData
from engine.own_bars import OwnRows
from engine.panel import Window
from engine.ranking import percentiles, quantise
from engine.technical import true_range
from engine.types import BoolArray, FloatArray

BARS: Final = 150  # of an asset; what its means forgot of their seed by then is below 1e-5
FAST, SLOW, TREND = 10, 20, 50
RISING: Final = 10  # bars over which the slow trend must have risen
ATR_WINDOW, ATR_MEAN = 14, 20
ADR_WINDOW, VOLUME_WINDOW = 20, 50


@dataclass(frozen=True)
class Bars:
    """The last `BARS` bars of m assets, the newest in the last row; NaN where there are fewer."""

    high: FloatArray  # (k, m)
    low: FloatArray
    close: FloatArray
    volume: FloatArray  # of fewer rows, as many as are asked for
    level: FloatArray
    benchmark: FloatArray

    @cached_property
    def usual_volume(self) -> FloatArray:
        """Mean volume of the bars before the last, (m,)."""
        return np.asarray(self.volume[-VOLUME_WINDOW - 1 : -1].mean(axis=0))

    @cached_property
    def means(self) -> Mapping[str, FloatArray]:
        """The means a position is trailed by, (m,) each."""
        return {name: mean(self.close) for name, mean in MEANS.items()}

    @cached_property
    def trend_before(self) -> FloatArray:
        """Return the slow trend as it was `RISING` bars ago, (m,)."""
        return np.asarray(self.close[-TREND - RISING : -RISING].mean(axis=0))

    @cached_property
    def ranges(self) -> FloatArray:
        """The last average true ranges by Wilder's mean, (ATR_MEAN, m)."""
        ranges, factor = true_range(self.high, self.low, self.close)[1:], 1.0 / ATR_WINDOW
        means = [last_mean(ranges[: 1 - ATR_MEAN], ATR_WINDOW, factor)]
        for reach in ranges[1 - ATR_MEAN :]:
            means.append(means[-1] + factor * (reach - means[-1]))
        return np.stack(means)

    def strength(self, sessions: int) -> FloatArray:
        """Return the level over the benchmark as a share of its highest of so many bars, (m,)."""
        line = self.level[-sessions:] / self.benchmark[-sessions:]
        share: FloatArray = quantise(line[-1] / line.max(axis=0))
        return share

    def pivot(self, sessions: int, *, back: int) -> FloatArray:
        """Return the highest high of the `sessions` bars that end `back` bars before the last."""
        highest: FloatArray = self.high[_base(len(self.high), sessions, back)].max(axis=0)
        return highest

    def spread(self, sessions: int, *, back: int) -> FloatArray:
        """Return the range of those bars as a share of their highest high, (m,)."""
        low = self.low[_base(len(self.low), sessions, back)].min(axis=0)
        return quantise(1.0 - low / self.pivot(sessions, back=back))


def _base(count: int, sessions: int, back: int) -> slice:
    return slice(count - back - sessions, count - back)


def bars_of(own: OwnRows, shares: FloatArray) -> Bars:
    """Return the last bars of assets, each by its own rows; `shares` as of `shares_of`."""
    window = own.window
    benchmark = np.broadcast_to(window.benchmark[:, None], window.close.shape)
    prices = [own.last(values) for values in (window.high, window.low, window.close)]
    volume = own.last(window.volume, VOLUME_WINDOW + 1)
    if len(shares) > 1:
        prices, volume = [price * shares for price in prices], volume / shares[-len(volume) :]
    high, low, close = prices
    return Bars(
        high=high,
        low=low,
        close=close,
        volume=volume,
        level=own.last(window.total_return),
        benchmark=own.last(benchmark),
    )


def side_by_side(each: Sequence[Bars]) -> Bars:
    """Return the bars of several as those of one."""
    if len(each) == 1:
        return each[0]
    names = [entry.name for entry in fields(Bars)]
    joined = {name: np.concatenate([getattr(bars, name) for bars in each], 1) for name in names}
    return Bars(**joined)


def shares_of(own: OwnRows) -> FloatArray:
    """Return what one share of the last bar was on each, (k, c); (1, c) where nothing split."""
    split = own.window.split
    acted = np.flatnonzero((split != 1.0).any(axis=0))
    if not len(acted):
        return np.ones((1, split.shape[1]))
    product = np.ones_like(split)
    product[:, acted] = np.cumprod(split[:, acted], axis=0, dtype=np.float64)
    shares = own.last(product)
    return np.asarray(shares / shares[-1])


def closes_of(own: OwnRows, shares: FloatArray) -> FloatArray:
    """Return the last closes (k, c), in shares of the last one."""
    close = own.last(own.window.close)
    return close * shares if len(shares) > 1 else close


def have_range(own: OwnRows) -> BoolArray:
    """Tell which assets have a high and a low on all their bars, and enough bars, shape (m,)."""
    # A sum is known where all of it is.
    high, low = own.last(own.window.high), own.last(own.window.low)
    return np.asarray(np.isfinite(high.sum(axis=0) + low.sum(axis=0)))


def carry_volume(own: OwnRows) -> BoolArray:
    """Tell which assets have traded, and known volume on every bar it is asked of."""
    recent = own.last(own.window.volume, count=VOLUME_WINDOW + 1)
    return np.asarray(np.isfinite(recent).all(axis=0) & (recent[:-1] > 0.0).any(axis=0))


def growth(own: OwnRows, sessions: int) -> FloatArray:
    """Return the total return over so many bars, (m,)."""
    level = own.window.total_return
    grown: FloatArray = own.back(level, 0) / own.back(level, sessions) - 1.0
    return grown


def leads(growth: FloatArray, eligible: BoolArray, *, top: float) -> BoolArray:
    """Tell which eligible assets grew as much as the best `top` share of them."""
    passed: BoolArray = quantise(percentiles(growth, eligible)) >= quantise(np.array(1.0 - top))
    return passed


def rises(bars: Bars) -> BoolArray:
    """Tell which assets close above all their means, in order and rising."""
    close = bars.close[-1]
    fast, slow, trend = (bars.means[name] for name in ("ema10", "ema20", "sma50"))
    higher = np.stack([close, close, fast, close, trend])
    lower = np.stack([fast, slow, slow, trend, bars.trend_before])
    return np.asarray(above(higher, lower).all(axis=0))


def contracts(bars: Bars) -> BoolArray:
    """Tell whose average true range is below its own mean of late."""
    return above(bars.ranges.mean(axis=0), bars.ranges[-1])


def daily_range(bars: Bars) -> FloatArray:
    """Return the mean of high over low less one, (m,)."""
    ratio = bars.high[-ADR_WINDOW:] / bars.low[-ADR_WINDOW:]
    return quantise(ratio.mean(axis=0) - 1.0)


def _ema(values: FloatArray, window: int) -> FloatArray:
    return last_mean(values, window, 2.0 / (window + 1.0))


# The means of closes (k, m) a position may be trailed by, (m,) each.
MEANS: Final[Mapping[str, Callable[[FloatArray], FloatArray]]] = {
    "ema10": lambda close: _ema(close, FAST),
    "ema20": lambda close: _ema(close, SLOW),
    "sma50": lambda close: np.asarray(close[-TREND:].mean(axis=0)),
}


def last_mean(values: FloatArray, window: int, factor: float) -> FloatArray:
    """Return the last row of a recursive mean of (k, m), seeded with that of its first window.

    The same as the recursion of `engine.technical`, as one weighted sum; NaN where a row is.
    """
    mean: FloatArray = (_shares(len(values), window, factor)[:, None] * values).sum(axis=0)
    return mean


@cache
def _shares(count: int, window: int, factor: float) -> FloatArray:
    """Return what each row has in such a mean."""
    ages = np.arange(count)[::-1]
    shares = np.asarray(factor * (1.0 - factor) ** ages, np.float64)
    shares[:window] = (1.0 - factor) ** (count - window) / window
    return shares


def above(first: FloatArray, second: FloatArray) -> BoolArray:
    """Tell where the first price is above the second by more than the rounding of a mean.

    Nothing is above a price of zero, which is the range of what never moved.
    """
    there = second > 0.0
    ratio = np.where(there, first, np.nan) / np.where(there, second, 1.0)
    over: BoolArray = quantise(ratio) > 1.0
    return over


def require_fields(window: Window) -> None:
    """Refuse a market in which nobody has what breakouts are made of. Raises MissingData."""
    if not _known(window.close):
        return
    needed = {"ohlc": (window.high, window.low), "volume": (window.volume,)}
    for name, values in needed.items():
        if not _known(*values):
            day = window.session[-1].astype("datetime64[D]")
            raise MissingData(f"breakout needs {name}, which no asset of the run has up to {day}")


def _known(*values: FloatArray) -> bool:
    """Tell whether any cell is known of all; most often one of the last row is."""
    recent = [np.isfinite(each[-1]) for each in values]
    if np.logical_and.reduce(recent).any():
        return True
    return bool(np.logical_and.reduce([np.isfinite(each) for each in values]).any())
