"""The market as arrays: what traded, what was known when, and what a decision may see of it."""

from collections.abc import Mapping
from dataclasses import dataclass, field, fields, replace
from functools import cached_property
from typing import Any, Final, TypeAlias

import numpy as np

from engine.actions import DELISTED, Merger, mergers_by_row, move_to_bars
from engine.panel_rules import check
from engine.published import Published
from engine.returns import carry_forward
from engine.types import BoolArray, FloatArray, IntArray

AnyArray: TypeAlias = "np.ndarray[Any, np.dtype[Any]]"

# Instant sentinel: a bar that never became known, a market that was closed that day.
NEVER: Final = int(np.iinfo(np.int64).max)

# Raw price below which a share is not worth selecting, by the currency it trades in.
PRICE_FLOORS: Final[Mapping[str, float]] = {"AUD": 0.20, "USD": 1.0}

# A late fixing is replaced by the last one known, looked for this many sessions back.
FIXING_REACH: Final = 10

DTYPES: Final[Mapping[str, type]] = {
    **dict.fromkeys(("session", "asset_id", "market", "currency"), np.int64),
    **dict.fromkeys(("known_at", "fx_known_at", "opens_at", "closes_at"), np.int64),
    **dict.fromkeys(("open", "high", "low", "close", "volume", "tr_factor"), np.float64),
    **dict.fromkeys(("split", "dividend", "fx", "rf", "benchmark"), np.float64),
    **dict.fromkeys(("tradable", "member"), np.bool_),
}
# What may be left out of a panel.
OPTIONAL: Final[Mapping[str, type]] = {
    "benchmark_known_at": np.int64,
    **dict.fromkeys(("benchmark_own", "cash_rate", "cash_returns"), np.float64),
}
# What a window shows of a bar.
SEEN: Final = ("open", "high", "low", "close", "volume")
BY_SESSION: Final = tuple(name for name in DTYPES if name not in {"asset_id", "market", "currency"})


@dataclass(frozen=True, kw_only=True)
class Superseded:
    """Bars that were corrected later, as they were believed until then; (r,), ascending by row.

    A decision from `known_at` on and before `known_to` (ns UTC) sees them in place of the panel's
    own, which it cannot know yet. NaN where a value was unknown.
    """

    row: IntArray
    asset: IntArray  # column of the panel
    open: FloatArray
    high: FloatArray
    low: FloatArray
    close: FloatArray
    volume: FloatArray
    known_at: IntArray
    known_to: IntArray

    def believed(self, instant: int, first: int, last: int) -> "Superseded":
        """Return those of rows `first` to `last` that a decision at `instant` sees, by row."""
        then = (self.known_at <= instant) & (instant < self.known_to)
        return self.take(np.flatnonzero(then & (first <= self.row) & (self.row <= last)))

    def within(self, first: int, last: int) -> "Superseded":
        """Return those of rows `first` to `last`, their rows counted from `first` on."""
        chosen = self.take(np.flatnonzero((first <= self.row) & (self.row <= last)))
        return replace(chosen, row=chosen.row - first)

    def take(self, chosen: IntArray) -> "Superseded":
        return Superseded(
            **{entry.name: getattr(self, entry.name)[chosen] for entry in fields(self)}
        )


_NO_VALUES: Final = np.empty(0, np.float64)
_NO_PLACES: Final = np.empty(0, np.int64)
NONE_SUPERSEDED: Final = Superseded(
    row=_NO_PLACES,
    asset=_NO_PLACES,
    open=_NO_VALUES,
    high=_NO_VALUES,
    low=_NO_VALUES,
    close=_NO_VALUES,
    volume=_NO_VALUES,
    known_at=_NO_PLACES,
    known_to=_NO_PLACES,
)


@dataclass(frozen=True, kw_only=True)
class Window:
    """What a decision sees: rows up to the decision session, NaN where not yet known.

    Every array is read-only. The last row is the decision session.
    """

    symbols: tuple[str, ...]
    asset_id: IntArray  # (m,)
    market: IntArray  # (m,) index into markets
    markets: tuple[str, ...]
    currency: IntArray  # (m,) index into currencies
    currencies: tuple[str, ...]  # currencies[0] is the run's base currency
    session: IntArray  # (k,)
    total_return: FloatArray  # (k, m) total-return level in the base currency
    own_return: FloatArray  # (k, m) the same in the asset's own currency
    open: FloatArray  # (k, m) in the asset's own currency, as are high, low and close
    high: FloatArray
    low: FloatArray
    close: FloatArray
    volume: FloatArray
    # (k, m) new shares per old, 1.0 = none: prices times its running product ignore splits alone
    split: FloatArray
    rf: FloatArray  # (k,)
    fixings: FloatArray  # (k, c) base currency per unit of each, the last one known
    # (k,) level in base currency, the last one known standing until the next is; NaN without one
    benchmark: FloatArray
    benchmark_own: FloatArray  # (k,) the same in the currency it is quoted in
    due: BoolArray  # (k, m) the asset's market had closed by the decision: a bar was due
    shares: FloatArray  # (m,) what one share of the panel's first session is by now, by splits
    ended: BoolArray  # (m,) its listing has ended
    mergers: tuple[Merger, ...]  # of these, into other assets; by shares of the first session
    member: BoolArray  # (m,) at the decision row
    price_floor: FloatArray  # (m,) house floor on the raw close; 0 where raw prices are unknown
    sector: IntArray  # (m,) a number of each sector; all whose sector is unknown share one
    extra: Mapping[str, Published]  # named panels, up to the decision session


@dataclass(frozen=True, kw_only=True)
class Panel:
    """Bars, actions, rates and membership of m assets over n sessions, oldest first.

    NaN means no bar or unknown; it is never zero and never filled. Construction refuses what
    cannot be a market and names field, asset and date (PanelError).
    """

    session: IntArray  # (n,) days since 1970-01-01, strictly increasing, of any exchange
    symbols: tuple[str, ...]
    asset_id: IntArray  # (m,) strictly ascending
    market: IntArray  # (m,) index into markets
    markets: tuple[str, ...]  # markets[0] is the primary calendar of the universe
    currency: IntArray  # (m,) index into currencies
    currencies: tuple[str, ...]  # currencies[0] is the run's base currency
    open: FloatArray  # (n, m), as are all fields down to member
    high: FloatArray
    low: FloatArray
    close: FloatArray
    volume: FloatArray
    tr_factor: FloatArray  # forward factor, 1.0 on the first bar
    split: FloatArray  # new shares per old, 1.0 = none
    dividend: FloatArray  # cash per post-split share on the ex-date, 0.0 = none
    known_at: IntArray  # ns UTC; NEVER where there is no bar
    tradable: BoolArray
    member: BoolArray
    fx: FloatArray  # (n, n_currencies) base currency per unit; column 0 is 1.0
    fx_known_at: IntArray
    rf: FloatArray  # (n,) simple per session; NaN unknown
    opens_at: IntArray  # (n, n_markets) ns UTC; NEVER when that market is closed that day
    closes_at: IntArray
    benchmark: FloatArray  # (n,) level in base currency; NaN before it exists
    benchmark_symbol: str
    groups: Mapping[str, tuple[str, ...]]  # label per asset, "unknown" when missing
    extra: Mapping[str, Published] = field(default_factory=dict)  # named panels
    by_asset: Mapping[str, FloatArray] = field(default_factory=dict)  # (n, m) each, see actions
    flags: tuple[str, ...] = ()
    superseded: Superseded = NONE_SUPERSEDED
    benchmark_currency: int = 0  # index into currencies: what its level was quoted in
    # (n,) ns UTC; None: known when the last market of its session has closed
    benchmark_known_at: IntArray | None = None
    benchmark_own: FloatArray | None = None  # (n,) level as it is quoted; None: in base currency
    # (n,) annual rate of the base currency's central bank over the nights before each session, as
    # known when its day began; NaN unknown. None: nothing is published of it
    cash_rate: FloatArray | None = None
    # (n, n_currencies) what the cash of each currency itself earned per session; NaN unknown
    cash_returns: FloatArray | None = None

    def __post_init__(self) -> None:
        for name, dtype in DTYPES.items():
            object.__setattr__(self, name, _read_only(np.asarray(getattr(self, name), dtype)))
        for name, dtype in OPTIONAL.items():
            if (given := getattr(self, name)) is not None:
                object.__setattr__(self, name, _read_only(np.asarray(given, dtype)))
        check(self)

    def total_return(self) -> FloatArray:
        """Return ``close * tr_factor * fx``, shape (n, m), base currency, NaN without a bar."""
        return self._total_return

    def marks(self) -> FloatArray:
        """Return the last valid close carried forward, (n, m), own currency.

        For valuing what is already held only; NaN before the first bar.
        """
        return self._marks

    def complete_at(self) -> IntArray:
        """Return the instant (n,) by which every bar and fixing of a session was known."""
        return self._complete_at

    def price_floor(self) -> FloatArray:
        """Return the house floor (m,) on raw closes, as in a window."""
        return self._price_floor

    def window(self, row: int, length: int, instant: int) -> Window:
        """Return the last ``length`` rows up to ``row`` as they were known at ``instant`` (ns)."""
        rows = slice(row + 1 - length, row + 1)
        return Window(
            symbols=self.symbols,
            asset_id=self.asset_id,
            market=self.market,
            markets=self.markets,
            currency=self.currency,
            currencies=self.currencies,
            session=self.session[rows],
            split=self._met_splits[rows],
            rf=self.rf[rows],
            benchmark=self._benchmark(rows, instant),
            benchmark_own=self._benchmark_own(rows, instant),
            due=_read_only(self._due(rows, instant)),
            shares=self._shares[row],
            ended=self._ended[row],
            mergers=tuple(each for met, each in self._mergers if met <= row),
            member=self.member[row],
            price_floor=self._price_floor,
            sector=self._sector,
            extra={
                name: each.seen(int(self.session[row]), instant)
                for name, each in self.extra.items()
            },
            **{name: _read_only(values) for name, values in self._seen(rows, instant).items()},
        )

    def truncate(self, row: int) -> "Panel":
        """Return the panel that ends with ``row``."""
        values = {entry.name: getattr(self, entry.name) for entry in fields(self)}
        for name in BY_SESSION:
            values[name] = values[name][: row + 1]
        day = int(self.session[row])
        values["extra"] = {name: each.until(day) for name, each in self.extra.items()}
        values["by_asset"] = {name: column[: row + 1] for name, column in self.by_asset.items()}
        for name in OPTIONAL:
            values[name] = None if values[name] is None else values[name][: row + 1]
        values["superseded"] = self.superseded.take(np.flatnonzero(self.superseded.row <= row))
        # The first rows of a panel that was checked need no second check at every cut.
        panel = object.__new__(Panel)
        for name, value in values.items():
            object.__setattr__(panel, name, value)
        return panel

    def _due(self, rows: slice, instant: int) -> BoolArray:
        if self._closed_at[rows].max() <= instant:
            return np.ones((rows.stop - rows.start, len(self.symbols)), np.bool_)
        return self._asset_closes_at[rows] <= instant

    def _seen(self, rows: slice, instant: int) -> dict[str, FloatArray]:
        if self._complete_at[rows].max() <= instant:
            seen = {name: getattr(self, name)[rows] for name in SEEN}
            levels = {"total_return": self._total_return, "own_return": self._own_return}
            levels["fixings"] = self.fx
            return {**{name: values[rows] for name, values in levels.items()}, **seen}
        known = self.known_at[rows] <= instant
        seen = {name: np.where(known, getattr(self, name)[rows], np.nan) for name in SEEN}
        self._believe(seen, rows, instant)
        fixings = self._fixings(rows, instant)
        own = seen["close"] * self.tr_factor[rows]
        total = own * fixings[:, self.currency]
        return {"total_return": total, "own_return": own, "fixings": fixings, **seen}

    def _believe(self, seen: dict[str, FloatArray], rows: slice, instant: int) -> None:
        """Put what was then believed in the place of bars whose correction was not yet known."""
        was = self.superseded.believed(instant, rows.start, rows.stop - 1)
        for name, values in seen.items():
            values[was.row - rows.start, was.asset] = getattr(was, name)

    def _fixings(self, rows: slice, instant: int) -> FloatArray:
        """Return FX for `rows`, a fixing not yet known replaced by the last one that was."""
        start = max(rows.start - FIXING_REACH, 0)
        known = self.fx_known_at[start : rows.stop] <= instant
        known[:, 0] = True
        fixings = self.fx[start : rows.stop]
        last_known = carry_forward(np.where(known, fixings, np.nan))
        return np.where(known, fixings, last_known)[rows.start - start :]

    def _benchmark(self, rows: slice, instant: int) -> FloatArray:
        return _levels(self.benchmark, self._level_known_at, rows, instant)

    def _benchmark_own(self, rows: slice, instant: int) -> FloatArray:
        if self.benchmark_own is None:
            return self._benchmark(rows, instant)
        return _levels(self.benchmark_own, self._told_at, rows, instant)

    @cached_property
    def _total_return(self) -> FloatArray:
        return _read_only(self._own_return * self.fx[:, self.currency])

    @cached_property
    def _own_return(self) -> FloatArray:
        return _read_only(self.close * self.tr_factor)

    @cached_property
    def _marks(self) -> FloatArray:
        return _read_only(carry_forward(self.close))

    @cached_property
    def _met_splits(self) -> FloatArray:
        met = np.ones_like(self.split)
        acted = np.flatnonzero((self.split != 1.0).any(axis=0))
        split = self.split[:, acted]
        split[np.isnan(split)] = 1.0
        move_to_bars(split, np.zeros_like(split), np.isfinite(self.close[:, acted]))
        met[:, acted] = split
        return _read_only(met)

    @cached_property
    def _shares(self) -> FloatArray:
        split = self._met_splits
        if (split == 1.0).all():
            return split
        return _read_only(np.cumprod(split, axis=0, dtype=np.float64))

    @cached_property
    def _ended(self) -> BoolArray:
        gone = self.by_asset.get(DELISTED, np.zeros(self.close.shape)) == 1.0
        return _read_only(np.logical_or.accumulate(gone, axis=0))

    @cached_property
    def _mergers(self) -> tuple[tuple[int, Merger], ...]:
        return mergers_by_row(self, self._shares)

    @cached_property
    def _asset_closes_at(self) -> IntArray:
        return _read_only(self.closes_at[:, self.market])

    @cached_property
    def _closed_at(self) -> IntArray:
        """Return the instant (n,) by which every market had closed; NEVER where one never did."""
        latest: IntArray = self.closes_at.max(axis=1)
        return latest

    @cached_property
    def _complete_at(self) -> IntArray:
        """Return, per row, the instant at which its last bar and fixing became known."""
        bars = np.where(np.isfinite(self.close), self.known_at, 0)
        fixings = np.where(np.isfinite(self.fx[:, 1:]), self.fx_known_at[:, 1:], 0)
        latest: IntArray = np.maximum(bars.max(axis=1, initial=0), fixings.max(axis=1, initial=0))
        return latest

    @cached_property
    def _level_known_at(self) -> IntArray:
        """Return when each level in base currency was known, the fixing that made it included."""
        fixed = self.fx_known_at[:, self.benchmark_currency]
        latest: IntArray = np.maximum(
            self._told_at, np.where(self.benchmark_currency > 0, fixed, 0)
        )
        return np.where(np.isfinite(self.benchmark), latest, 0)

    @cached_property
    def _told_at(self) -> IntArray:
        """Return when each level was known as it is quoted; 0 where there is none."""
        level = self.benchmark if self.benchmark_own is None else self.benchmark_own
        told = self.benchmark_known_at
        if told is None:
            told = np.where(self.closes_at == NEVER, 0, self.closes_at).max(axis=1, initial=0)
        return np.where(np.isfinite(level), told, 0)

    @cached_property
    def _sector(self) -> IntArray:
        labels = self.groups.get("SECTOR", ("unknown",) * len(self.symbols))
        return _read_only(np.unique(list(labels), return_inverse=True)[1].astype(np.int64))

    @cached_property
    def _price_floor(self) -> FloatArray:
        # An adjusted price is low because of what came later: a floor on it would look ahead.
        adjusted = "vendor_adjusted" in self.flags
        floors = [0.0 if adjusted else PRICE_FLOORS.get(name, 0.0) for name in self.currencies]
        return _read_only(np.asarray(floors, np.float64)[self.currency])


def _levels(values: FloatArray, known_at: IntArray, rows: slice, instant: int) -> FloatArray:
    """Return levels for `rows`, one not yet known replaced by the last that was."""
    if known_at[rows].max() <= instant:
        return _read_only(values[rows])
    start = max(rows.start - FIXING_REACH, 0)
    known = known_at[start : rows.stop] <= instant
    place = np.arange(len(known))
    last = np.maximum.accumulate(np.where(known, place, -FIXING_REACH - 1))
    near = place - last <= FIXING_REACH
    level = np.where(near, values[start : rows.stop][np.maximum(last, 0)], np.nan)
    return _read_only(level[rows.start - start :])


def _read_only(values: AnyArray) -> AnyArray:
    """Return a contiguous view nobody can write through; the caller's array stays writeable."""
    if values.flags.c_contiguous and not values.flags.writeable:
        return values
    view = np.ascontiguousarray(values).view()
    view.flags.writeable = False
    return view
