"""Which assets a strategy may consider at all, before it scores any of them."""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final, Protocol

import numpy as np

from engine.returns import MAX_GAP, carry_forward
from engine.types import BoolArray, FloatArray, IntArray

LIQUIDITY_SESSIONS: Final = 63
MIN_PRESENT: Final = 0.8  # share of a lookback that must have bars
STALE_REACH: Final = 10  # sessions back at which the last close is still looked for


class Sight(Protocol):
    """What of a window, or of several side by side, tells who may be considered."""

    @property
    def total_return(self) -> FloatArray: ...
    @property
    def close(self) -> FloatArray: ...
    @property
    def volume(self) -> FloatArray: ...
    @property
    def due(self) -> BoolArray: ...
    @property
    def member(self) -> BoolArray: ...
    @property
    def price_floor(self) -> FloatArray: ...


class Floors(Protocol):
    @property
    def min_price(self) -> float | None: ...
    @property
    def min_adv(self) -> float: ...


@dataclass(frozen=True)
class Screen:
    passed: BoolArray  # (m,)
    reasons: Mapping[str, int]  # rule -> assets it turned away

    def without(self, passed: BoolArray, reason: str) -> "Screen":
        """Return the screen with one more rule: keep what is in ``passed``, count the others."""
        return _narrow(self.passed, dict(self.reasons), {reason: passed})


def screen(window: Sight, floors: Floors, *, length: int, min_obs: int) -> Screen:
    """Return the assets that may be considered, over the last ``length`` rows of ``window``.

    Rules apply in order and an asset counts under the first it fails: ``not_member``, ``no_bar``
    (its market's last session has none), ``short_history`` (fewer than ``min_obs`` bars), ``gap``
    (more than five consecutive sessions of its own market missing), ``price_floor``, ``illiquid``.
    A rule that meets NaN fails, except that unknown volume is not held against anybody.
    """
    bars = np.isfinite(window.total_return)
    valid, due = bars[-length:], window.due[-length:]
    rules = {
        "not_member": window.member,
        "no_bar": has_last_bar(bars, window.due),
        "short_history": _counted(valid) >= min_obs,
        "gap": longest_gap(valid, due) <= MAX_GAP,
        "price_floor": _price(window) >= _price_floor(window, floors),
        "illiquid": _is_liquid(window, floors.min_adv),
    }
    return _narrow(np.ones(window.member.shape, np.bool_), {}, rules)


def least_bars(lookback: int) -> int:
    """Return how many bars a lookback must hold for its figures to mean anything."""
    return math.ceil(MIN_PRESENT * lookback)


def _narrow(passed: BoolArray, reasons: dict[str, int], rules: Mapping[str, BoolArray]) -> Screen:
    left = int(np.count_nonzero(passed))
    for reason, rule in rules.items():
        passed = passed & rule
        before, left = left, int(np.count_nonzero(passed))
        if left < before:
            reasons[reason] = reasons.get(reason, 0) + before - left
    return Screen(passed, reasons)


def _counted(valid: BoolArray) -> IntArray:
    """Return how many bars each asset has."""
    count = np.full(valid.shape[1], len(valid))
    holed = np.flatnonzero(~valid.all(axis=0))
    count[holed] = valid[:, holed].sum(axis=0)
    return count


def has_last_bar(valid: BoolArray, due: BoolArray) -> BoolArray:
    """Tell for each asset whether its market's last session has a bar of it."""
    if due[-1].all():
        return np.asarray(valid[-1])
    last = len(due) - 1 - np.argmax(due[::-1], axis=0)
    columns = np.arange(due.shape[1])
    has: BoolArray = valid[last, columns] & due[last, columns]
    return has


def longest_gap(valid: BoolArray, due: BoolArray) -> FloatArray:
    """Return the longest run of due but missing bars after the first bar of each asset."""
    longest = np.zeros(valid.shape[1])
    holed = np.flatnonzero(~valid.all(axis=0))
    if len(holed):
        present = valid[:, holed]
        count = np.cumsum(due[:, holed] & ~present, axis=0)
        at_last_bar = np.maximum.accumulate(np.where(present, count, 0), axis=0)
        begun = np.logical_or.accumulate(present, axis=0)
        longest[holed] = np.where(begun, count - at_last_bar, 0).max(axis=0)
    return longest


def _price(window: Sight) -> FloatArray:
    last: FloatArray = carry_forward(window.close[-STALE_REACH:])[-1]
    return last


def _price_floor(window: Sight, floors: Floors) -> FloatArray:
    if floors.min_price is None:
        return window.price_floor
    return np.full(window.member.shape, floors.min_price)


def _is_liquid(window: Sight, min_adv: float) -> BoolArray:
    liquid = np.ones(window.member.shape, np.bool_)
    if min_adv > 0.0:
        recent = slice(-LIQUIDITY_SESSIONS, None)
        turnover = window.close[recent] * window.volume[recent]
        known = np.isfinite(turnover).any(axis=0)
        liquid[known] = _medians(turnover[:, known]) >= min_adv
    return liquid


def _medians(values: FloatArray) -> FloatArray:
    """Return the median (c,) of what each column (k, c) knows, at least one value.

    As `np.nanmedian`, which takes seven times as long over a few rows of many columns.
    """
    ordered, columns = np.sort(values, axis=0), np.arange(values.shape[1])
    count = np.count_nonzero(~np.isnan(values), axis=0)
    # What is unknown was sorted last.
    middle: FloatArray = 0.5 * (ordered[(count - 1) // 2, columns] + ordered[count // 2, columns])
    return middle
