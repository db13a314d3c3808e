"""Limits on trades: which are too small to make, and how much of the others may be made."""

from dataclasses import dataclass, replace

import numpy as np

from engine.types import BoolArray, FloatArray

PROMISE = 1e-9


@dataclass(frozen=True, kw_only=True)
class Trim:
    """Limits that depend on what is held. Fractions of equity, unless said."""

    no_trade_band: float = 0.0
    relative_band: float = 0.0  # of the target weight
    min_trade: float = 0.0  # money, a fraction in what `at` returns; less is not traded
    spread: bool = False  # weight that skipped trades would have moved goes to those made
    max_turnover: float | None = None
    max_weight: float = 1.0  # which a turnover cap may keep out of reach
    invested: float = 1.0  # most of it, but for what targets ask on credit
    relaxes: bool = False  # then the cap is loosened as little as it takes

    @property
    def trims(self) -> bool:
        banded = max(self.no_trade_band, self.relative_band, self.min_trade) > 0.0
        return banded or self.max_turnover is not None

    def at(self, equity: float) -> "Trim":
        """Return the limits of an account worth so much: money has become a band of weights."""
        if self.min_trade == 0.0:
            return self
        least = self.min_trade / equity
        return replace(self, no_trade_band=max(self.no_trade_band, least), min_trade=least)

    def shortfall(self, weights: FloatArray, drifted: FloatArray) -> str:
        """Say in numbers that the turnover cap leaves a weight (k,) above the largest allowed."""
        if self.max_turnover is None or not len(weights):
            return ""
        worst = int(np.argmax(weights))
        if weights[worst] <= self.max_weight + PROMISE:
            return ""
        return (
            f"turnover cap {self.max_turnover:.2f} cannot reach max_weight {self.max_weight:.2f}"
            f" from current {drifted[worst]:.2f}"
        )


def trimmed_weights(
    weights: FloatArray, drifted: FloatArray, trim: Trim, *, leaving: BoolArray
) -> FloatArray:
    """Return what `trim_trades` trades to."""
    return trim_trades(weights, drifted, trim, leaving=leaving)[0]


def trim_trades(
    weights: FloatArray, drifted: FloatArray, trim: Trim, *, leaving: BoolArray
) -> tuple[FloatArray, str]:
    """Skip trades within the bands, then move only as far as the turnover cap allows.

    What the cap or a lack of cash has made of a trade is left out where it is below the least one.
    `weights` (k,) are the targets, `drifted` (k,) what is held, `trim` is in fractions of equity
    (`Trim.at`); names marked `leaving` (k,), which the universe has left, are traded in full and
    first. Returns what is traded to, and in numbers what the cap kept out of reach or how far it
    was loosened.
    """
    target = weights
    if trim.no_trade_band > 0.0 or trim.relative_band > 0.0:
        target = skip_small_trades(
            target,
            drifted,
            band=trim.no_trade_band,
            relative_band=trim.relative_band,
            spread=trim.spread,
            max_weight=trim.max_weight,
            invested=trim.invested,
        )
    return _at_least(target, drifted, trim, leaving, most=max(trim.invested, float(weights.sum())))


def _at_least(
    target: FloatArray, drifted: FloatArray, trim: Trim, leaving: BoolArray, *, most: float
) -> tuple[FloatArray, str]:
    """Go as far as the cap allows, with as many trades as are then worth the least one each.

    Of several that are not the smallest is left out, the last of equal ones, and the cap is shared
    among the others again. No more than `most` of the equity is held.
    """
    least = trim.min_trade * (1.0 - PROMISE)
    while True:
        capped, told = _capped(target, drifted, trim, leaving)
        size = np.abs(capped - drifted)
        small = (size > 0.0) & (size < least)
        if not small.any():
            return capped, told
        smallest = len(size) - 1 - int(np.argmin(np.where(small, size, np.inf)[::-1]))
        change = target - drifted
        change[smallest] = 0.0
        target = drifted + _paid_for(change, drifted, most)


def _capped(
    target: FloatArray, drifted: FloatArray, trim: Trim, leaving: BoolArray
) -> tuple[FloatArray, str]:
    if trim.max_turnover is None:
        return target, ""
    capped = cap_turnover(target, drifted, cap=trim.max_turnover, exempt=leaving)
    told = trim.shortfall(capped, drifted)
    if not told or not trim.relaxes:
        return capped, told
    reached = _down_to(trim.max_weight, capped, target)
    return reached, f"{told}, relaxed to {turnover(reached, drifted):.2f}"


def _down_to(most: float, start: FloatArray, target: FloatArray) -> FloatArray:
    """Return the first weights on the way from `start` to `target` of which none is above `most`.

    One whose target is above it too goes all the way.
    """
    over = (start > most) & (target < start)
    shares = (start[over] - most) / (start[over] - target[over])
    return start + min(1.0, float(shares.max(initial=0.0))) * (target - start)


def turnover(target: FloatArray, drifted: FloatArray) -> float:
    """Return half of all changes of weight, cash included, as a fraction of equity."""
    change = target - drifted
    return 0.5 * float(np.abs(change).sum() + abs(change.sum()))


def cap_turnover(
    target: FloatArray, drifted: FloatArray, *, cap: float, exempt: BoolArray | None = None
) -> FloatArray:
    """Return weights on the way from `drifted` to `target`, as far as the turnover cap allows.

    Names marked `exempt`, which the universe has left, are traded in full and first; the others
    share what is left of the cap.
    """
    start = drifted if exempt is None else np.where(exempt, target, drifted)
    spent, wanted = turnover(start, drifted), turnover(target, drifted)
    if wanted <= cap:
        return target
    share = max(0.0, cap - spent) / (wanted - spent) if wanted > spent else 0.0
    return start + share * (target - start)


def skip_small_trades(
    target: FloatArray,
    drifted: FloatArray,
    *,
    band: float,
    relative_band: float = 0.0,
    spread: bool = False,
    max_weight: float = 1.0,
    invested: float = 1.0,
) -> FloatArray:
    """Leave a weight as it is where the trade would be smaller than its band.

    The band is the wider of `band` and `relative_band` times the target weight, so that an exit is
    held back by the first alone. With `spread` the trades that are made take what the others would
    have moved, in proportion to their targets and none above `max_weight`; otherwise it stays in
    cash. A sale that is skipped frees no cash, so purchases shrink in proportion where they would
    otherwise lead above the share of equity that may be `invested`.
    """
    change = target - drifted
    skipped = np.abs(change) < np.maximum(band, relative_band * np.abs(target))
    change = np.where(skipped, 0.0, change)
    if spread:
        change = _spread(change, target, drifted, skipped, max_weight)
    # Targets above 1 are bought on credit.
    return drifted + _paid_for(change, drifted, max(invested, float(target.sum())))


def _paid_for(change: FloatArray, drifted: FloatArray, most: float) -> FloatArray:
    """Shrink purchases in proportion where more than `most` of the equity would be held."""
    bought = np.maximum(change, 0.0).sum()
    excess = drifted.sum() + change.sum() - most
    if excess > 0 and bought > 0:
        return np.where(change > 0, change * (1.0 - min(excess / bought, 1.0)), change)
    return change


def _spread(
    change: FloatArray,
    target: FloatArray,
    drifted: FloatArray,
    skipped: BoolArray,
    max_weight: float,
) -> FloatArray:
    """Return the trades that are made such that the sum of `target` is invested again."""
    made = np.where(skipped, 0.0, np.maximum(target, 0.0))
    missing = float(target.sum() - (drifted + change).sum())
    if not made.sum() > 0.0:
        return change
    aimed = np.minimum(made * max(1.0 + missing / made.sum(), 0.0), np.maximum(max_weight, made))
    return np.where(made > 0.0, aimed - drifted, change)
