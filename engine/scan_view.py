"""What a scan sees at one instant: each asset's own last bars, side by side.

1. Borrow the panel's window: what became known later is NaN in it already.
2. Put prices in the money of each asset's last bar: a split before it is no fall. Highs and means
   are of prices that were there; returns have dividends in them.
3. Push each asset's bars to the bottom: another market's holidays are not gaps in it.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Final

import numpy as np

from engine.eligibility import has_last_bar, longest_gap
from engine.panel import Panel, Window
from engine.returns import carry_forward
from engine.types import BoolArray, FloatArray, IntArray

# Sessions looked at beyond the bars needed: holidays of other markets, and gaps.
SLACK: Final = 73
PRICES: Final = ("open", "high", "low", "close")


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
    total_return: FloatArray  # (k, m) level in the asset's own currency
    level: FloatArray  # (k, m) the same in the panel's currency
    benchmark: FloatArray  # (k, m) its level on the asset's own bars, the panel's currency
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


def look(panel: Panel, row: int, instant: int, *, bars: int, aside: Aside | None = None) -> View:
    """Return the last ``bars`` bars of each asset up to ``row``, as known at ``instant`` (ns)."""
    window = panel.window(row, min(row + 1, bars + SLACK), instant)
    aside = aside or _aside(panel, row, instant, window)
    return see(window, bars=bars, member=window.member, aside=aside)


def see(window: Window, *, bars: int, member: BoolArray, aside: Aside | None = None) -> View:
    """Return the last ``bars`` bars of each asset as a decision sees them.

    Without an `aside` closes are as traded where the window knows a floor on raw prices, and rates
    to Australian dollars are the last fixings it knows; unknown otherwise.
    """
    valid = np.isfinite(window.close)
    pushed = _pusher(valid, bars)
    shares = pushed(np.cumprod(window.split, axis=0, dtype=np.float64))
    factor = shares / shares[-1]
    prices = {name: pushed(getattr(window, name)) for name in PRICES}
    close, volume = prices["close"], pushed(window.volume)
    level, own = pushed(window.total_return), pushed(window.own_return)
    named = tuple(window.currencies[index] for index in window.currency)
    if aside is None:
        traded = np.where(window.price_floor > 0.0, close[-1], np.nan)
        aside = Aside(traded_close=traded, aud=_rates(window))
    return View(
        symbols=window.symbols,
        asset_id=window.asset_id,
        currency=named,
        member=member,
        **{name: values * factor for name, values in prices.items()},
        volume=volume / factor,
        turnover=close * volume,
        total_return=own,
        level=level,
        benchmark=pushed(np.repeat(window.benchmark[:, None], len(named), axis=1)),
        traded_close=_traded(aside, len(named)),
        aud=np.array([aside.aud.get(name, np.nan) for name in named]),
        current=has_last_bar(valid, window.due),
        gap=longest_gap(valid, window.due),
        split=((window.split != 1.0) & valid).any(axis=0),
    )


def _pusher(valid: BoolArray, bars: int) -> Callable[[FloatArray], FloatArray]:
    """Return what moves each asset's bars to the bottom rows, the last ``bars`` of them."""
    # Stable: bars keep their order, and those there are end in the last rows.
    order = np.argsort(valid, axis=0, kind="stable")[-bars:]

    def pushed(values: FloatArray) -> FloatArray:
        moved: FloatArray = np.take_along_axis(np.where(valid, values, np.nan), order, axis=0)
        return moved

    return pushed


def _aside(panel: Panel, row: int, instant: int, window: Window) -> Aside:
    """Read from the panel what a caller did not say: closes as traded, and rates to AUD."""
    adjusted = "vendor_adjusted" in panel.flags
    traded = None if adjusted else _last(window.close)
    known = panel.fx_known_at[row] <= instant
    rates = np.where(known, panel.fx[row], np.nan)
    rates[0] = 1.0
    if "AUD" not in panel.currencies:
        return Aside(traded_close=traded)
    per_aud = rates[panel.currencies.index("AUD")]
    named = zip(panel.currencies, (rates / per_aud).tolist(), strict=True)
    return Aside(traded_close=traded, aud=dict(named))


def _rates(window: Window) -> dict[str, float]:
    """Return AUD per unit of each currency by the last fixings; of none where AUD has none."""
    if "AUD" not in window.currencies:
        return {}
    fixings = window.fixings[-1]
    per_aud = fixings / fixings[window.currencies.index("AUD")]
    return dict(zip(window.currencies, per_aud.tolist(), strict=True))


def _last(close: FloatArray) -> FloatArray:
    """Return the last known close (m,) of each asset; NaN without one."""
    last: FloatArray = carry_forward(close)[-1]
    return last


def _traded(aside: Aside, assets: int) -> FloatArray:
    return np.full(assets, np.nan) if aside.traded_close is None else aside.traded_close
