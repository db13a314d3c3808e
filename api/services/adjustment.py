"""What splits and dividends do to prices: factors, and a vendor's adjusted close beside ours."""

from collections.abc import Sequence

import numpy as np

from api.ports import Action
from engine.types import BoolArray, FloatArray, IntArray

EXACT = 1e-6  # relative: what arithmetic in another order may leave
# Relative to a dividend: vendors divide old ones by later splits and keep six decimals.
DIVIDEND_ROUNDING = 1e-3
MOST_DECIMALS = 6  # a vendor that writes more is taken not to round
# Below the first a price is the residue of a wrong unit or of arithmetic, not a quote; above the
# second no currency has one.
SMALLEST_PRICE, LARGEST_PRICE = 1e-6, 1e12


def is_quote(price: FloatArray) -> BoolArray:
    """Tell which prices can be; NaN cannot."""
    quoted: BoolArray = (price >= SMALLEST_PRICE) & (price <= LARGEST_PRICE)
    return quoted


def factor_steps(day: IntArray, close: FloatArray, actions: Sequence[Action]) -> FloatArray:
    """Return what actions make of the close from one bar to the next, (n_bars,); 1.0 where none.

    A split of two for one gives 0.5, a dividend 1 - cash / close before, both times counted in
    shares of the day itself. An action counts on the first bar from its day on; one that has no
    bar before it or none after counts nowhere. `day` ascends, `close` is positive.
    """
    split, cash = split_and_cash(day, actions)
    steps = np.ones(len(day))
    before = close[:-1] / split[1:]
    paid = np.minimum(cash[1:], before * (1.0 - EXACT))  # more than the share cannot leave it
    steps[1:] = (1.0 - paid / before) / split[1:]
    return steps


def split_and_cash(day: IntArray, actions: Sequence[Action]) -> tuple[FloatArray, FloatArray]:
    """Return new shares per old one and cash per share, (n_bars,), on the bar where they count."""
    split, cash = np.ones(len(day)), np.zeros(len(day))
    for action in actions:
        row = int(np.searchsorted(day, action.ex_day))
        if row == len(day):
            continue
        if action.kind == "SPLIT":
            split[row] *= action.ratio or 1.0
        else:
            cash[row] += action.cash or 0.0
    return split, cash


def vendor_steps(close: FloatArray, adjusted: FloatArray) -> FloatArray:
    """Return the factor a vendor's adjusted close has applied from one bar to the next, (n_bars,).

    NaN beside an adjusted close that is none: vendors that subtract old dividends fall below zero.
    """
    steps = np.ones(len(close))
    share = _usable(adjusted) / close
    steps[1:] = share[:-1] / share[1:]
    return steps


def adjusted_otherwise(
    day: IntArray, close: FloatArray, adjusted: FloatArray, actions: Sequence[Action]
) -> BoolArray:
    """Rows from which a vendor's adjusted close departs from the close times our factors.

    The tolerance is 1e-6 where a vendor does not round, and more by half a unit of the last
    decimal it writes. NaN departs from nothing.
    """
    ours, theirs = factor_steps(day, close, actions), vendor_steps(close, adjusted)
    rounding = _half_unit(adjusted) / _usable(adjusted)
    tolerance = np.full(len(day), EXACT)
    tolerance[1:] += rounding[1:] + rounding[:-1]
    _, cash = split_and_cash(day, actions)
    tolerance[1:] += DIVIDEND_ROUNDING * cash[1:] / close[:-1]
    departs: BoolArray = np.abs(theirs / ours - 1.0) > tolerance
    return departs


def _usable(price: FloatArray) -> FloatArray:
    return np.where(is_quote(price), price, np.nan)


def _half_unit(values: FloatArray) -> float:
    """Half a unit of the last decimal in which any of the values is written; 0 if unrounded."""
    known = values[np.isfinite(values)]
    for decimals in range(MOST_DECIMALS + 1):
        if np.allclose(known, np.round(known, decimals), rtol=1e-13, atol=0.0):
            return float(0.5 * 10.0**-decimals)
    return 0.0
