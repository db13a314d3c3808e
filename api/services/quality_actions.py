"""Gates for splits and dividends: against the calendar, their own figures, and the prices."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from math import isfinite

import numpy as np

from api.ports import Action, BarBatch, Listing
from api.services.adjustment import factor_steps, is_quote, vendor_steps
from api.services.calendars import Calendar
from api.services.reasons import Reason
from engine.types import FloatArray, IntArray

# A split is told from one that is absent or made twice where its effect stands out of what the
# price does by itself on a day: this log return, or five of the share's own deviations.
QUIET = 0.1
DEVIATIONS = 5.0
MOST_FOR_ONE = 1e6  # shares for one: no split was ever near
MAD_TO_DEVIATION = 1.4826  # of a normal distribution

# Listing currency per one unit of (currency, day since 1970-01-01).
Rates = Mapping[tuple[str, int], float]


@dataclass(frozen=True, kw_only=True)
class RefusedAction:
    """A split or dividend that was not believed."""

    action: Action
    reason: Reason
    detail: str

    @property
    def raw(self) -> str:
        """The action as one line of text, for quarantine."""
        given = self.action
        return (
            f"{given.kind} ex {np.datetime64(given.ex_day, 'D')}"
            f" ratio={given.ratio} cash={given.cash} currency={given.currency}"
        )


@dataclass(frozen=True, kw_only=True)
class ActionVerdict:
    """Actions in the order given; a kept dividend is in the currency of the prices."""

    kept: tuple[Action, ...]
    refused: tuple[RefusedAction, ...]


def judge_actions(
    actions: Sequence[Action],
    batch: BarBatch,
    listing: Listing,
    calendar: Calendar,
    *,
    now: int,
    fx: Rates | None = None,
) -> ActionVerdict:
    """Ask of every action whether it can be, and of every split whether the prices show it.

    Parameters
    ----------
    batch : BarBatch
        The raw bars around the actions; where it has no close before an action's day, the
        action is not compared with prices.
    now : int
        Instant of reading, ns UTC.
    fx : mapping, optional
        What one unit of a foreign dividend's currency was worth on its day.
    """
    faults = _repeated(actions)
    for place, action in enumerate(actions):
        fault = _on_its_day(action, calendar, now=now) or _by_itself(action, listing, fx or {})
        if fault:
            faults.setdefault(place, fault)
    prices = _Prices.of(batch)
    sound = {
        place: _in_currency(action, listing, fx or {})
        for place, action in enumerate(actions)
        if place not in faults
    }
    # Dividends first: one that is none would belie the split of its day.
    for place, action in sorted(sound.items(), key=lambda each: each[1].kind):
        fault = _beside_prices(action, prices, list(sound.values()))
        if fault:
            faults[place] = fault
            del sound[place]
    return ActionVerdict(
        kept=tuple(sound.values()),
        refused=tuple(
            RefusedAction(action=actions[place], reason=reason, detail=detail)
            for place, (reason, detail) in sorted(faults.items())
        ),
    )


Fault = tuple[Reason, str]


@dataclass(frozen=True)
class _Prices:
    """Bars with a usable close, oldest first."""

    day: IntArray
    open: FloatArray | None
    close: FloatArray
    adjusted: FloatArray | None

    @classmethod
    def of(cls, batch: BarBatch) -> "_Prices":
        close = batch.values.get("close", np.full(len(batch.day), np.nan))
        known = is_quote(close)
        columns = [batch.values.get(name) for name in ("open", "adjusted_close")]
        first, adjusted = [None if column is None else column[known] for column in columns]
        return cls(batch.day[known], first, close[known], adjusted)

    def quiet(self) -> float:
        """Log return that is nothing unusual for this share."""
        move = np.abs(np.diff(np.log(self.close)))
        return max(QUIET, DEVIATIONS * MAD_TO_DEVIATION * float(np.median(move)))


def _repeated(actions: Sequence[Action]) -> dict[int, Fault]:
    places: dict[tuple[int, str], list[int]] = defaultdict(list)
    for place, action in enumerate(actions):
        places[action.ex_day, action.kind].append(place)
    found: dict[int, Fault] = {}
    for same in places.values():
        if len({actions[place] for place in same}) > 1:
            conflict = (Reason.DUPLICATE_CONFLICT, f"{len(same)} of one kind on one day differ")
            found |= dict.fromkeys(same, conflict)
        else:
            found |= dict.fromkeys(same[1:], (Reason.DUPLICATE_SAME, "it was given before"))
    return found


def _on_its_day(action: Action, calendar: Calendar, *, now: int) -> Fault | None:
    day = np.array([action.ex_day])
    if not calendar.holds(day)[0]:
        closed = Reason.NOT_A_TRADING_DAY if action.kind == "SPLIT" else Reason.BAD_DIVIDEND
        return closed, f"{calendar.code} is closed on {day.astype('datetime64[D]')[0]}"
    if calendar.opens_at[calendar.between(action.ex_day, action.ex_day)][0] > now:
        return Reason.FUTURE_BAR, "its session has not opened yet"
    return None


def _by_itself(action: Action, listing: Listing, fx: Rates) -> Fault | None:
    if action.kind == "SPLIT":
        ratio = action.ratio
        if ratio is None:
            return Reason.BAD_RATIO, "it has no ratio, new shares for one old"
        if not 1 / MOST_FOR_ONE <= ratio <= MOST_FOR_ONE or ratio == 1.0:
            return Reason.BAD_RATIO, f"a split of {ratio} new shares for one old is none"
        return None
    cash = action.cash
    if cash is None:
        return Reason.BAD_DIVIDEND, "it has no cash, an amount per share"
    if not isfinite(cash) or cash <= 0:
        return Reason.BAD_DIVIDEND, f"a dividend of {cash} is none"
    if _is_foreign(action, listing) and (action.currency, action.ex_day) not in fx:
        return Reason.NO_FX, f"no rate is known from {action.currency} to {listing.currency}"
    return None


def _beside_prices(action: Action, prices: _Prices, sound: Sequence[Action]) -> Fault | None:
    row = int(np.searchsorted(prices.day, action.ex_day))
    if row == 0:
        return None
    if action.kind == "DIVIDEND":
        return _more_than_the_price(action, float(prices.close[row - 1]), sound)
    if row == len(prices.day):
        return None
    others = [each for each in sound if each is not action]
    factor = float(factor_steps(prices.day, prices.close, others)[row])
    times = _times_in_prices(action, prices, row, factor)
    times = _times_in_adjusted(action, prices, row, factor) if times is None else times
    if times is None:
        return None
    seen = "do not move as the split says" if times < 1.0 else "show the split more than once"
    return Reason.SPLIT_MISMATCH, f"prices {seen}: {times:.2f} times of what it would make"


def _more_than_the_price(action: Action, before: float, sound: Sequence[Action]) -> Fault | None:
    """Compare cash with the close before, both per share of the dividend's day."""
    for each in sound:
        if each.kind == "SPLIT" and each.ex_day == action.ex_day:
            before /= each.ratio or 1.0
    if (action.cash or 0.0) < before:
        return None
    return Reason.BAD_DIVIDEND, f"{action.cash:g} is not less than the close before, {before:g}"


def _times_in_prices(action: Action, prices: _Prices, row: int, factor: float) -> float | None:
    """Tell how many times prices fell by the split, where not once, from open or close.

    `factor` is what the other actions of the day make of the price.
    """
    split = -np.log(action.ratio or 1.0)
    told = [prices.close[row]] + ([] if prices.open is None else [prices.open[row]])
    told = [price for price in told if is_quote(price)]
    moves = [np.log(price / prices.close[row - 1] / factor) for price in told]
    best = min(moves, key=lambda move: abs(move - split))
    stands_out = abs(best - split) > max(prices.quiet(), abs(split) / 2)
    return float(best / split) if stands_out else None


def _times_in_adjusted(action: Action, prices: _Prices, row: int, factor: float) -> float | None:
    """Tell the same from the vendor's adjusted close, where it gives one; that has no noise."""
    if prices.adjusted is None:
        return None
    split = -np.log(action.ratio or 1.0)
    applied = np.log(vendor_steps(prices.close, prices.adjusted)[row] / factor)
    # NaN, where the vendor is silent, is not farther either.
    return float(applied / split) if abs(applied - split) > abs(split) / 2 else None


def _is_foreign(action: Action, listing: Listing) -> bool:
    paid = action.kind == "DIVIDEND" and action.currency is not None
    return paid and action.currency != listing.currency


def _in_currency(action: Action, listing: Listing, fx: Rates) -> Action:
    if not _is_foreign(action, listing):
        return action
    rate = fx[str(action.currency), action.ex_day]
    return replace(action, cash=(action.cash or 0.0) * rate, currency=listing.currency)
