"""Gates for exchange rates: sense by themselves, and beside one another."""

from collections.abc import Iterator, Sequence
from itertools import combinations

import numpy as np

from api.errors import DataError
from api.ports import Observations
from api.services.quality_moves import undone
from api.services.reasons import Reason
from engine.types import BoolArray

# Where a pair has been since 1983; outside it is the other way round, or another pair.
BOUNDS = {"AUDUSD": (0.3, 1.3), "USDAUD": (0.75, 3.3)}
TRIANGLE = 0.005  # log: what a tour through three currencies may gain or lose
# A gain larger than what pairs do in a day is laid to the leg whose own move was that large.
CLEAR = 0.03
OWN_MOVE = 0.8  # share of the gain

Refusals = dict[int, Reason]


def judge_rates(series: Sequence[Observations], *, now: int) -> list[Refusals]:
    """Return for each pair the rows that are refused, with the reason.

    A key such as AUDUSD says US dollars per Australian dollar. Pairs given together must have
    been fixed at one instant: then a tour through their currencies comes back to one. Nothing is
    filled: a day without a rate stays without.

    Raises
    ------
    DataError
        A series runs backwards.
    """
    refused = [_alone(each, now=now) for each in series]
    for tour in _tours(series):
        for leg, rows in _broken(series, refused, tour):
            for row in rows:
                refused[leg].setdefault(row, Reason.FX_TRIANGLE)
    return refused


def _alone(rates: Observations, *, now: int) -> Refusals:
    if (np.diff(rates.day) < 0).any():
        raise DataError(f"UNSORTED: rates of {rates.key} go back in time")
    value = rates.value
    repeats = np.concatenate([[False], np.diff(rates.day) == 0])
    equal = np.concatenate([[False], np.diff(value) == 0])
    refused = _first(
        (Reason.DUPLICATE_SAME, repeats & equal),
        (Reason.DUPLICATE_CONFLICT, repeats & ~equal),
        (Reason.FUTURE_BAR, rates.known_at > now),
        (Reason.NOT_A_NUMBER, np.isnan(value)),
        (Reason.BAD_PRICE, ~np.isnan(value) & ~((value > 0) & np.isfinite(value))),
    )
    rows = np.array([row for row in range(len(value)) if row not in refused], np.int64)
    came_back = undone(rows, np.diff(np.log(value[rows])))
    shifted = {row: why for row, why in came_back.items() if why is Reason.DECIMAL_SHIFT}
    low, high = BOUNDS.get(rates.key, (0.0, np.inf))
    outside = _first((Reason.FX_TRIANGLE, (value < low) | (value > high)))
    return came_back | outside | shifted | refused


def _first(*objections: tuple[Reason, BoolArray]) -> Refusals:
    found: Refusals = {}
    for reason, objects in objections:
        for row in np.flatnonzero(objects):
            found.setdefault(int(row), reason)
    return found


def _tours(series: Sequence[Observations]) -> Iterator[list[tuple[int, int]]]:
    """Ways through two or three pairs back to the first currency: (pair, +1 or -1 against it)."""
    for size in (2, 3):
        for legs in combinations(range(len(series)), size):
            tour = _tour([(leg, series[leg].key[:3], series[leg].key[3:]) for leg in legs])
            if tour:
                yield tour


def _tour(legs: list[tuple[int, str, str]]) -> list[tuple[int, int]]:
    (first, home, at), *left = legs
    tour = [(first, 1)]
    while left:
        found = next((leg for leg in left if at in leg[1:]), None)
        if found is None:
            return []
        left.remove(found)
        forward = found[1] == at
        tour.append((found[0], 1 if forward else -1))
        at = found[2] if forward else found[1]
    return tour if at == home else []


def _broken(
    series: Sequence[Observations], refused: list[Refusals], tour: list[tuple[int, int]]
) -> Iterator[tuple[int, list[int]]]:
    """Rows of each leg on days when the tour gains or loses: of the leg that moved, or of all."""
    rows = [
        np.array([row for row in range(len(series[leg].day)) if row not in refused[leg]], np.int64)
        for leg, _ in tour
    ]
    days = [series[leg].day[kept] for (leg, _), kept in zip(tour, rows, strict=True)]
    common = days[0]
    for day in days[1:]:
        common = np.intersect1d(common, day)
    at = [kept[np.searchsorted(day, common)] for kept, day in zip(rows, days, strict=True)]
    signed = np.array(
        [sign * np.log(series[leg].value[rows]) for (leg, sign), rows in zip(tour, at, strict=True)]
    )
    gain = signed.sum(axis=0)
    for column in np.flatnonzero(np.abs(gain) > TRIANGLE):
        moved = signed[:, column] - signed[:, column - 1] if column else np.zeros(len(tour))
        share = moved / gain[column]
        culprit = int(np.argmax(share))
        clear = abs(gain[column]) > CLEAR and share[culprit] >= OWN_MOVE
        guilty = [culprit] if clear else range(len(tour))
        for leg in guilty:
            yield tour[leg][0], [int(at[leg][column])]
