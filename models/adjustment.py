"""Closes adjusted for the splits and dividends that came after them."""

from bisect import bisect_left
from collections.abc import Iterable, Sequence
from itertools import chain, groupby
from math import nan, prod
from typing import NamedTuple


class KnownAction(NamedTuple):
    """A split (ratio) or a dividend (cash) as known at an instant.

    `close_before` is the last close before the ex day; None has it looked up among the closes.
    """

    ex_day: int  # days since 1970-01-01
    ratio: float | None
    cash: float | None
    close_before: float | None = None


def adjusted_closes(
    days: Sequence[int], closes: Sequence[float | None], actions: Iterable[KnownAction]
) -> list[float | None]:
    """Return each close times the factors of all actions that went ex after it.

    A split's factor is one over its ratio, a dividend's one less its share of the close before
    it. Days are ascending, actions in the order of their ex days. None where the close is
    unknown, and before a dividend whose factor is.
    """
    parts: list[list[float | None]] = []
    end, product = len(days), 1.0
    for ex_day, factor in reversed(_factors(days, closes, actions)):
        begin = bisect_left(days, ex_day, 0, end)
        parts.append(_scaled(closes[begin:end], product))
        end, product = begin, product * factor
    parts.append(_scaled(closes[:end], product))
    return list(chain.from_iterable(reversed(parts)))


def _factors(
    days: Sequence[int], closes: Sequence[float | None], actions: Iterable[KnownAction]
) -> list[tuple[int, float]]:
    """Return what each ex day does to the closes before it, by day; NaN where that is unknown."""
    factors = []
    for ex_day, group in groupby(actions, key=lambda each: each.ex_day):
        together = list(group)
        told = [each.close_before for each in together if each.close_before is not None]
        before = told[0] if told else _close_before(bisect_left(days, ex_day), closes)
        factors.append((ex_day, _factor(together, before)))
    return factors


def _factor(actions: Sequence[KnownAction], before: float | None) -> float:
    ratio = prod(each.ratio for each in actions if each.ratio is not None)
    cash = sum(each.cash for each in actions if each.cash is not None)
    if not cash:
        return 1.0 / ratio
    # Paid per new share, so that the close before it is counted in new shares too.
    kept = nan if before is None else 1.0 - cash * ratio / before
    return kept / ratio if kept > 0.0 else nan


def _close_before(row: int, closes: Sequence[float | None]) -> float | None:
    return next((closes[at] for at in range(row - 1, -1, -1) if closes[at] is not None), None)


def _scaled(closes: Sequence[float | None], product: float) -> list[float | None]:
    if product != product:
        return [None] * len(closes)
    if product == 1.0:
        return list(closes)
    return [None if close is None else close * product for close in closes]
