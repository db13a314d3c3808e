"""What a scan sees at one instant: each asset's own last bars, side by side.

1. Borrow the panel's window: what became known later is NaN in it already.
2. Put prices in the money of each asset's last bar: a split or a dividend before it is no fall.
3. Push each asset's bars to the bottom: another market's holidays are not gaps in it.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Final

import numpy as np

from engine.eligibility import has_last_bar, longest_gap
from engine.panel import Panel, Window
from engine.types import BoolArray, FloatArray, IntArray

# Sessions looked at beyond the bars needed: holidays of other markets, and gaps.
SLACK: Final = 73
FIELDS: Final = ("open", "high", "low", "close", "volume")


@dataclass(frozen=True, kw_only=True)
class Aside:
    """What a panel does not say of its assets; what is left out is read from the panel."""

    traded_close: FloatArray | None = None  # (m,) last close as traded; NaN unknown
    aud: Mapping[str, float] = field(default_factory=dict)  # AUD per unit, by currency


@dataclass(frozen=True, kw_only=True)
class View:
    """The last k bars of m assets, the newest in the last row; NaN where there are not so many."""

    symbols: tuple[str, ...]
    asset_id: IntArray  # (m,)
    currency: tuple[str, ...]  # of each asset
    member: BoolArray  # (m,) in the universe on the day
    open: FloatArray  # (k, m) in the money of the asset's last bar, as are high, low and close
    high: FloatArray
    low: FloatArray
    close: FloatArray
    volume: FloatArray  # (k, m) in shares of the last bar
    turnover: FloatArray  # (k, m) money traded, own currency
    level: FloatArray  # (k, m) total return in the panel's currency
    benchmark: FloatArray  # (k, m) its level on the asset's own bars, the panel's currency
    benchmark_symbol: str
    traded_close: FloatArray  # (m,) last close as traded; NaN unknown
    aud: FloatArray  # (m,) AUD per unit of the asset's currency; NaN unknown
    current: BoolArray  # (m,) the last session of its market has a bar
    gap: FloatArray  # (m,) longest run of its sessions without a bar, in the rows looked at
    split: BoolArray  # (m,) one happened within the rows looked at

    @cached_property
    def bars(self) -> IntArray:
        """How many bars there are of each asset, k at most, shape (m,)."""
        counted: IntArray = np.isfinite(self.close).sum(axis=0)
        return counted

    def carries(self, name: str) -> BoolArray:
        """Tell for each asset whether any of its bars has this field, shape (m,)."""
        if name == "close as traded":
            return np.isfinite(self.traded_close)
        carried: BoolArray = np.isfinite(getattr(self, name)).any(axis=0)
        return carried


def see(window: Window, *, bars: int, member: BoolArray) -> View:
    """Return the last ``bars`` bars of each asset as a decision sees them, in the run's currency.

    A window has no opens, no benchmark and no rates to Australian dollars: rules over them are
    unknown.
    """
    valid = np.isfinite(window.total_return)
    pushed = _pusher(valid, bars)
    close, level = pushed(window.close), pushed(window.total_return)
    factor = level / close / (level[-1] / close[-1])
    volume, unknown = pushed(window.volume), np.full_like(close, np.nan)
    return View(
        symbols=window.symbols,
        asset_id=window.asset_id,
        currency=("",) * len(window.symbols),
        member=member,
        open=unknown,
        high=pushed(window.high) * factor,
        low=pushed(window.low) * factor,
        close=close * factor,
        volume=volume / factor,
        turnover=close * volume,
        level=level,
        benchmark=unknown,
        benchmark_symbol="",
        traded_close=np.where(window.price_floor > 0.0, close[-1], np.nan),
        aud=np.full(len(window.symbols), np.nan),
        current=has_last_bar(valid, window.due),
        gap=longest_gap(valid, window.due),
        split=np.zeros(len(window.symbols), np.bool_),
    )


def _pusher(valid: BoolArray, bars: int) -> Callable[[FloatArray], FloatArray]:
    """Return what moves each asset's bars to the bottom rows, the last ``bars`` of them."""
    # Stable: bars keep their order, and those there are end in the last rows.
    order = np.argsort(valid, axis=0, kind="stable")[-bars:]

    def pushed(values: FloatArray) -> FloatArray:
        moved: FloatArray = np.take_along_axis(np.where(valid, values, np.nan), order, axis=0)
        return moved

    return pushed


def look(panel: Panel, row: int, instant: int, *, bars: int, aside: Aside | None = None) -> View:
    """Return the last ``bars`` bars of each asset up to ``row``, as known at ``instant`` (ns)."""
    length = min(row + 1, bars + SLACK)
    rows = slice(row + 1 - length, row + 1)
    window = panel.window(row, length, instant)
    valid = np.isfinite(window.close)
    pushed = _pusher(valid, bars)
    factor = pushed(panel.tr_factor[rows])
    factor = factor / factor[-1]
    prices = {name: pushed(getattr(window, name)) for name in ("high", "low", "close", "volume")}
    opening = pushed(_opening(panel, rows, instant, window))
    aside = aside or _aside(panel, prices["close"][-1], rows, instant)
    named = tuple(panel.currencies[index] for index in panel.currency)
    return View(
        symbols=panel.symbols,
        asset_id=panel.asset_id,
        currency=named,
        member=window.member,
        open=opening * factor,
        high=prices["high"] * factor,
        low=prices["low"] * factor,
        close=prices["close"] * factor,
        volume=prices["volume"] / factor,
        turnover=prices["close"] * prices["volume"],
        level=pushed(window.total_return),
        benchmark=pushed(np.repeat(panel.benchmark[rows, None], len(named), axis=1)),
        benchmark_symbol=panel.benchmark_symbol,
        traded_close=_traded(aside, len(named)),
        aud=np.array([aside.aud.get(name, np.nan) for name in named]),
        current=has_last_bar(valid, window.due),
        gap=longest_gap(valid, window.due),
        split=(panel.split[rows] != 1.0).any(axis=0),
    )


def _opening(panel: Panel, rows: slice, instant: int, window: Window) -> FloatArray:
    """Return opens as known at the instant; that of a bar corrected later is not kept: unknown."""
    opening = np.where(np.isfinite(window.close), panel.open[rows], np.nan)
    was = panel.superseded.believed(instant, rows.start, rows.stop - 1)
    opening[was.row - rows.start, was.asset] = np.nan
    return opening


def _aside(panel: Panel, close: FloatArray, rows: slice, instant: int) -> Aside:
    """Read from the panel what a caller did not say: closes as traded, and rates to AUD."""
    traded = None if "vendor_adjusted" in panel.flags else close
    known = panel.fx_known_at[rows.stop - 1] <= instant
    rates = np.where(known, panel.fx[rows.stop - 1], np.nan)
    rates[0] = 1.0
    if "AUD" not in panel.currencies:
        return Aside(traded_close=traded)
    per_aud = rates[panel.currencies.index("AUD")]
    named = zip(panel.currencies, (rates / per_aud).tolist(), strict=True)
    return Aside(traded_close=traded, aud=dict(named))


def _traded(aside: Aside, assets: int) -> FloatArray:
    return np.full(assets, np.nan) if aside.traded_close is None else aside.traded_close
