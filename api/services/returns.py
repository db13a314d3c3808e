"""Returns of money that came and went, as `engine.cash_flows` has them, where NumPy is not."""

import math
from collections.abc import Sequence
from datetime import date, timedelta
from typing import NamedTuple

DAYS = 365.0
YEAR = timedelta(days=365)
LOWEST, HIGHEST = -0.9999, 10.0  # where a yearly rate is looked for
PROBES = 512
HALVINGS = 60
# Money below this is the rounding of sums.
DUST = 0.005

NO_FLOW = "no deposit or withdrawal is recorded"


class Figure(NamedTuple):
    """A figure, or None and the reason."""

    value: float | None
    reason: str | None = None


class Flow(NamedTuple):
    """Money that came in (above 0) or went out at the start of a day."""

    day: date
    amount: float


def time_weighted(
    days: Sequence[date], values: Sequence[float | None], flows: Sequence[float]
) -> list[Figure]:
    """Return, for each day, what one unit of money had become that stayed throughout.

    `values` are at the end of each day, flows included; None is unknown. Once a day cannot be
    linked, neither can those after it.
    """
    if not any(flows):
        return [Figure(None, NO_FLOW)] * len(days)
    found: list[Figure] = []
    grown, before = Figure(1.0), 0.0
    for day, value, flow in zip(days, values, flows, strict=True):
        grown = grown if grown.value is None else _linked(grown.value, before + flow, value, day)
        found.append(grown)
        before = 0.0 if value is None else value
    return found


def _linked(grown: float, base: float, value: float | None, day: date) -> Figure:
    if value is None:
        return Figure(None, f"a holding had no price or no rate on {day}")
    if abs(base) < DUST and abs(value) < DUST:
        return Figure(grown)
    if base < DUST or value < DUST:
        return Figure(None, f"the account was worth nothing or less on {day}")
    return Figure(grown * value / base)


def money_weighted(flows: Sequence[Flow], value: float | None, on: date) -> Figure:
    """Return the yearly rate that the money earned; the simple return in the first year.

    A year is 365 days; before it has passed, each flow is weighted by its share of the span.
    """
    if not flows:
        return Figure(None, NO_FLOW)
    if value is None:
        return Figure(None, f"a holding has no price or no rate on {on}")
    if on - flows[0].day < YEAR:
        return _modified_dietz(flows, value, on)
    ages = [(on - flow.day).days / DAYS for flow in flows]
    return _rate([(-flow.amount, age) for flow, age in zip(flows, ages, strict=True)], value)


def _modified_dietz(flows: Sequence[Flow], value: float, on: date) -> Figure:
    span = (on - flows[0].day).days
    if not span:
        return Figure(None, "fewer than two days")
    at_work = sum(flow.amount * (on - flow.day).days / span for flow in flows)
    gain = value - sum(flow.amount for flow in flows)
    return Figure(gain / at_work) if at_work > 0.0 else Figure(None, "no money was at work")


def _rate(paid: Sequence[tuple[float, float]], value: float) -> Figure:
    def worth(rate: float) -> float:
        """Return the worth of all flows on the last day, which has the sign it had on the first."""
        return value + sum(amount * math.pow(1.0 + rate, age) for amount, age in paid)

    if not min(amount for amount, _ in paid) < 0.0 < max(value, *(amount for amount, _ in paid)):
        return Figure(None, "flows of one sign only")
    step = (HIGHEST - LOWEST) / (PROBES - 1)
    probes = [LOWEST + step * number for number in range(PROBES)]
    above = [worth(rate) > 0.0 for rate in probes]
    crossings = [number for number in range(PROBES - 1) if above[number] != above[number + 1]]
    if len(crossings) != 1:
        return Figure(None, "several rates fit" if crossings else "no rate fits")
    (at,) = crossings
    low, high = probes[at], probes[at + 1]
    for _ in range(HALVINGS):
        middle = (low + high) / 2.0
        low, high = (middle, high) if (worth(middle) > 0.0) == above[at] else (low, middle)
    return Figure((low + high) / 2.0)
