"""Several finished runs on the sessions they share: rebased equity and correlation, no NumPy."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from operator import mul

import orjson

from api.errors import InvalidInput, MissingData
from api.ports import ObjectStore
from api.services.backtest_results import read_curve
from models.backtest import Backtest

FEWEST = 2
BASE = 100.0
LEAST_POINTS = 50
# Below this a return series varies by no more than rounding.
ZERO_DEVIATION = 1e-12

Column = list[float | None]


@dataclass(frozen=True, kw_only=True)
class Comparison:
    """Equity rebased to 100 on the first shared session; a correlation is None where undefined."""

    backtests: Sequence[Backtest]
    dates: list[str]
    equity: list[list[float]]
    correlation: list[Column]
    # Session returns beyond the bill rate; None of a run from before that rate was kept.
    excess: list[list[float] | None]


@dataclass(frozen=True, kw_only=True)
class Curve:
    """Levels by day."""

    net: dict[str, float]
    bills: dict[str, float] | None

    def excess(self, days: Sequence[str]) -> list[float] | None:
        if self.bills is None:
            return None
        own, rate = (_returns([level[day] for day in days]) for level in (self.net, self.bills))
        return [each - free for each, free in zip(own, rate, strict=True)]


async def compare_backtests(
    store: ObjectStore, runs: Sequence[Backtest], *, max_points: int | None = None
) -> Comparison:
    """Put finished runs side by side, in the order given.

    Correlations are of the returns between all shared sessions, also where fewer points are asked
    for. Raises InvalidInput, MissingData.
    """
    _check(runs, max_points)
    curves = [await _curve(store, run) for run in runs]
    shared = sorted(set.intersection(*(set(curve.net) for curve in curves)))
    if len(shared) < FEWEST:
        raise MissingData(
            "these runs share no two sessions, so nothing can be compared; choose runs whose"
            " periods overlap",
            field=("ids",),
        )
    levels = [[curve.net[day] for day in shared] for curve in curves]
    kept = _spread(len(shared), max_points)
    return Comparison(
        backtests=runs,
        dates=[shared[row] for row in kept],
        equity=[[_rebased(level, row) for row in kept] for level in levels],
        correlation=correlations([_returns(level) for level in levels]),
        excess=[curve.excess(shared) for curve in curves],
    )


def _check(runs: Sequence[Backtest], max_points: int | None) -> None:
    if max_points is not None and max_points < LEAST_POINTS:
        raise InvalidInput(
            f"maxPoints was {max_points}; ask for at least {LEAST_POINTS}",
            field=("maxPoints",),
            reason="BAD_MAX_POINTS",
        )
    for run in runs:
        if run.result_prefix is None:
            raise MissingData(
                f"backtest_{run.id} has no result yet; compare runs that succeeded",
                field=("ids",),
            )


async def _curve(store: ObjectStore, run: Backtest) -> Curve:
    stored = await read_curve(store, run, "equity", max_points=None)
    if stored is None:
        raise AssertionError("a run without a result has been refused")
    dates, net = (orjson.loads(stored.columns[name]) for name in ("dates", "net"))
    told = stored.columns.get("bills")
    bills = None if told is None else dict(zip(dates, orjson.loads(told), strict=True))
    return Curve(
        net={day: level for day, level in zip(dates, net, strict=True) if level is not None},
        bills=bills,
    )


def differing(runs: Sequence[Backtest]) -> list[str]:
    """Name the parts of the runs' content keys that are not the same in all of them."""
    names = dict.fromkeys(name for run in runs for name in run.components)
    return [name for name in names if len({run.components.get(name) for run in runs}) > 1]


def _rebased(level: list[float], row: int) -> float:
    return round(BASE * level[row] / level[0], 6)


def _returns(level: Sequence[float]) -> list[float]:
    return [after / before - 1.0 for before, after in pairwise(level)]


def correlations(returns: Sequence[Sequence[float]]) -> list[Column]:
    """Return Pearson's correlation of each series with each; None where one does not vary."""
    units = [_unit(each) for each in returns]
    size = range(len(units))
    found: list[Column] = [[None] * len(units) for _ in size]
    for one in size:
        for other in range(one, len(units)):
            first, second = units[one], units[other]
            if first is None or second is None:
                continue
            # Beyond twelve digits stands what rounding left: equal curves correlate by exactly 1.
            product = round(math.fsum(map(mul, first, second)), 12)
            found[one][other] = found[other][one] = max(-1.0, min(1.0, product))
    return found


def _unit(values: Sequence[float]) -> list[float] | None:
    """Return the series less its mean, of length one; None where it does not vary."""
    mean = math.fsum(values) / len(values)
    centred = [value - mean for value in values]
    length = math.sqrt(math.fsum(map(mul, centred, centred)))
    if length <= ZERO_DEVIATION * math.sqrt(len(values)):
        return None
    return [value / length for value in centred]


def _spread(count: int, most: int | None) -> Sequence[int]:
    """Return evenly spread rows, the first and the last among them."""
    if most is None or most >= count:
        return range(count)
    last = count - 1
    return [round(step * last / (most - 1)) for step in range(most)]
