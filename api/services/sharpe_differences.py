"""How much the Sharpe ratio of each of several runs is above each other's; no NumPy."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import combinations

from engine.overfitting import SESSIONS_PER_YEAR
from engine.sharpe_difference import difference, influences

Column = list[float | None]


@dataclass(frozen=True, kw_only=True)
class SharpeDifferences:
    """Row less column, a year's, and the chance of as much without any; None where untested."""

    value: list[Column]
    p_value: list[Column]


def sharpe_differences(excess: Sequence[Sequence[float] | None]) -> SharpeDifferences:
    """Test each pair of series of excess returns, one value for each shared session."""
    known = [None if each is None else influences(each) for each in excess]
    found = SharpeDifferences(
        value=[[None] * len(known) for _ in known],
        p_value=[[None] * len(known) for _ in known],
    )
    year = math.sqrt(SESSIONS_PER_YEAR)
    for one, other in combinations(range(len(known)), 2):
        first, second = known[one], known[other]
        tested = None if first is None or second is None else difference(first, second)
        if tested is None:
            continue
        found.value[one][other] = year * tested.value
        found.value[other][one] = -year * tested.value
        found.p_value[one][other] = found.p_value[other][one] = tested.p_value
    return found
