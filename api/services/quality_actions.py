"""Gates for splits and dividends: against the calendar, their own figures, and the prices."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from math import isfinite

import numpy as np

from api.ports import Action, BarBatch, Listing
from api.services.adjustment import factor_steps, vendor_steps
from api.services.calendars import Calendar
from api.services.reasons import Reason
from engine.types import FloatArray, IntArray

# A split is told from one that is absent or made twice where its effect stands out of what the
# price does by itself on a day: this log return, or five of the share's own deviations.
QUIET = 0.1
DEVIATIONS = 5.0
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
    prices = _Prices.of(batch)
    repeated = _repeated(actions)
    kept: list[Action] = []
    refused: list[RefusedAction] = []
    for place, action in enumerate(actions):
        found = repeated.get(place) or _on_its_day(action, calendar, now=now)
        found = found or (
            _split_fault(action, prices, actions)
            if action.kind == "SPLIT"
            else _dividend_fault(action, prices, actions, listing, fx or {})
        )
        if found:
            refused.append(RefusedAction(action=action, reason=found[0], detail=found[1]))
        else:
            kept.append(_in_currency(action, listing, fx or {}))
    return ActionVerdict(kept=tuple(kept), refused=tuple(refused))


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
        known = np.isfinite(close) & (close > 0)
        columns = [batch.values.get(name) for name in ("open", "adjusted_close")]
        first, adjusted = [None if column is None else column[known] for column in columns]
        return cls(batch.day[known], first, close[known], adjusted)

    def row_of(self, ex_day: int) -> int | None:
        """Row on which the action counts; None without a bar on both sides of its day."""
        row = int(np.searchsorted(self.day, ex_day))
        return row if 0 < row < len(self.day) else None

    def close_before(self, ex_day: int) -> float | None:
        row = int(np.searchsorted(self.day, ex_day))
        return float(self.close[row - 1]) if row > 0 else None

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


def _split_fault(action: Action, prices: _Prices, actions: Sequence[Action]) -> Fault | None:
    ratio = action.ratio
    if ratio is None or not isfinite(ratio) or ratio <= 0 or ratio == 1.0:
        return Reason.BAD_RATIO, f"a split of {ratio} new shares for one old is none"
    row = prices.row_of(action.ex_day)
    if row is None:
        return None
    times = _times_in_prices(action, prices, actions, row)
    if times is None:
        times = _times_in_adjusted(action, prices, actions, row)
    if times is None:
        return None
    applied = "not" if times < 1.0 else "more than once"
    return Reason.SPLIT_MISMATCH, f"prices show the split {applied}: {times:.2f} times"


def _times_in_prices(
    action: Action, prices: _Prices, actions: Sequence[Action], row: int
) -> float | None:
    """Tell how many times prices fell by the split, where not once, from open or close."""
    others = [each for each in actions if each is not action and _explains(each)]
    factor = factor_steps(prices.day, prices.close, others)[row]
    split = -np.log(action.ratio or 1.0)
    told = [prices.close[row]] + ([] if prices.open is None else [prices.open[row]])
    moves = [np.log(price / prices.close[row - 1] / factor) for price in told if price > 0]
    best = min(moves, key=lambda move: abs(move - split))
    if abs(best - split) <= max(prices.quiet(), abs(split) / 2):
        return None
    return float(best / split)


def _times_in_adjusted(
    action: Action, prices: _Prices, actions: Sequence[Action], row: int
) -> float | None:
    """Tell the same from the vendor's adjusted close, where it gives one; that has no noise."""
    if prices.adjusted is None or not np.isfinite(prices.adjusted[row - 1 : row + 1]).all():
        return None
    others = [each for each in actions if each is not action and _explains(each)]
    factor = factor_steps(prices.day, prices.close, others)[row]
    split = -np.log(action.ratio or 1.0)
    applied = np.log(vendor_steps(prices.close, prices.adjusted)[row] / factor)
    return None if abs(applied - split) <= abs(split) / 2 else float(applied / split)


def _explains(action: Action) -> bool:
    figure = action.ratio if action.kind == "SPLIT" else action.cash
    return figure is not None and isfinite(figure) and figure > 0


def _dividend_fault(
    action: Action, prices: _Prices, actions: Sequence[Action], listing: Listing, fx: Rates
) -> Fault | None:
    cash = action.cash
    if cash is None or not isfinite(cash) or cash <= 0:
        return Reason.BAD_DIVIDEND, f"a dividend of {cash} is none"
    if _is_foreign(action, listing) and (action.currency, action.ex_day) not in fx:
        return Reason.NO_FX, f"no rate is known from {action.currency} to {listing.currency}"
    before = prices.close_before(action.ex_day)
    if before is None:
        return None
    before /= _ratio_on(action.ex_day, actions)
    paid = _in_currency(action, listing, fx).cash or 0.0
    if paid >= before:
        return Reason.BAD_DIVIDEND, f"{paid:g} is not less than the close before, {before:g}"
    return None


def _ratio_on(day: int, actions: Sequence[Action]) -> float:
    splits = (each for each in actions if each.kind == "SPLIT" and each.ex_day == day)
    return next((each.ratio for each in splits if each.ratio and _explains(each)), 1.0)


def _is_foreign(action: Action, listing: Listing) -> bool:
    return action.currency is not None and action.currency != listing.currency


def _in_currency(action: Action, listing: Listing, fx: Rates) -> Action:
    if action.cash is None or not _is_foreign(action, listing):
        return action
    rate = fx[str(action.currency), action.ex_day]
    return replace(action, cash=action.cash * rate, currency=listing.currency)
