"""What is read of a search: its verdict, its surface, its ledger. Plain Python for the API."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import orjson

from api.errors import DataError, InvalidInput, NotFound
from api.ports import ObjectStore
from api.services.results import Columns, curve_key, level_for, read_columns
from engine import overfitting
from models.study import Sweep, WalkForward
from models.trials import Tally

LOGITS = "logits.columns.gz"
MOST_STEPS = 12  # of an axis whose trials are scattered


@dataclass(frozen=True)
class Surface:
    """A figure over two axes, by row of y and column of x; None where no trial is."""

    x: list[Any]
    y: list[Any]
    values: list[list[float | None]]

    @property
    def stability(self) -> list[list[float | None]]:
        """Mean of the neighbours of each cell, one step away along x, y or both."""
        return self._around(lambda near: sum(near) / len(near))

    @property
    def worst(self) -> list[list[float | None]]:
        """Lowest of the same neighbours."""
        return self._around(min)

    def _around(self, summary: Any) -> list[list[float | None]]:
        rows, columns = range(len(self.y)), range(len(self.x))
        return [[self._summed(row, column, summary) for column in columns] for row in rows]

    def _summed(self, row: int, column: int, summary: Any) -> float | None:
        near = [
            value
            for line in self.values[max(row - 1, 0) : row + 2]
            for value in line[max(column - 1, 0) : column + 2]
            if value is not None
        ]
        own = self.values[row][column]
        if own is None:
            return None
        near.remove(own)
        found: float | None = summary(near) if near else None
        return found


def surface(rows: Sequence[tuple[Any, Any, float | None]], *, scattered: bool = False) -> Surface:
    """Lay trials out by (x, y, figure); a cell that several share is their mean.

    Where trials are scattered, an axis of many numbers is cut into a dozen equal steps, each named
    by its middle: else hardly two of them would lie beside each other.
    """
    place_x = _steps([x for x, _, _ in rows]) if scattered else _itself
    place_y = _steps([y for _, y, _ in rows]) if scattered else _itself
    cells: dict[tuple[Any, Any], list[float]] = {}
    for x, y, value in rows:
        found = cells.setdefault((place_x(x), place_y(y)), [])
        if value is not None:
            found.append(value)
    across, up = _ordered({x for x, _ in cells}), _ordered({y for _, y in cells})
    return Surface(across, up, [[_mean(cells.get((x, y), [])) for x in across] for y in up])


def _itself(value: Any) -> Any:
    return value


def _steps(values: Sequence[Any]) -> Callable[[Any], Any]:
    """Return what names the step a value lies in; itself where there are few or no numbers."""
    distinct = set(values)
    if len(distinct) <= MOST_STEPS or not all(isinstance(v, int | float) for v in distinct):
        return _itself
    low, high = min(distinct), max(distinct)
    width = (high - low) / MOST_STEPS
    whole = all(isinstance(value, int) for value in distinct)

    def middle(value: float) -> float | int:
        step = min(int((value - low) / width), MOST_STEPS - 1)
        centre = low + (step + 0.5) * width
        return round(centre) if whole else float(f"{centre:.4g}")

    return middle


def varied_name(study: Sweep, name: str, argument: str) -> str:
    """Return the name of an axis of this search. Raises InvalidInput, naming what there is."""
    names = [str(axis["name"]) for axis in study.axes]
    if name not in names:
        raise InvalidInput(
            f"{argument} was {name[:64]!r}; this search varied {', '.join(names)}",
            field=(argument,),
        )
    return name


def judgement(summary: Mapping[str, Any] | None, tally: Tally) -> dict[str, Any] | None:
    """Return how far the best of a search can be believed, by the ledger as it stands now.

    Deflated by the number of trials of the family and, where it is known, by the number of
    different ones; the lower probability counts.
    """
    if summary is None or summary["overfitting"] is None:
        return None
    moments = summary["moments"]
    by_all = by_different = _deflated(moments, tally.variance or 0.0, tally.measured)
    effective = summary.get("effective_trials")
    if effective is not None:
        by_different = _deflated(moments, summary["effective_variance"], effective)
    known = [chance for chance in (by_all, by_different) if chance is not None]
    deflated = min(known) if known else None
    own: dict[str, Any] = summary["overfitting"]
    return own | {
        "deflated_sharpe": deflated,
        "deflated_by_trials": by_all,
        "deflated_by_effective_trials": None if effective is None else by_different,
        "rough": overfitting.is_rough(tally.measured),
        "trials": max(tally.measured, 1),
        "effective_trials": effective,
        "pbo": summary["pbo"],
        "verdict": overfitting.verdict(deflated),
    }


async def read_logits(store: ObjectStore, sweep: Sweep) -> bytes | None:
    """Return the logits of the cross-validation as a stored JSON array."""
    if sweep.result_prefix is None or sweep.summary is None or not sweep.summary["splits"]:
        return None
    columns = read_columns(await _get(store, f"{sweep.result_prefix}{LOGITS}")).columns
    return columns["logits"]


async def read_path(
    store: ObjectStore, study: WalkForward, name: str, *, max_points: int | None
) -> Columns | None:
    """Return a curve out of sample at the finest stored resolution within the wish."""
    if study.result_prefix is None or study.summary is None:
        return None
    try:
        level = level_for(max_points, study.summary["points"])
    except ValueError as e:
        raise InvalidInput(str(e), field=("maxPoints",), reason="BAD_MAX_POINTS") from e
    return read_columns(await _get(store, curve_key(study.result_prefix, name, level)))


def _deflated(moments: Mapping[str, Any], spread: float, trials: int) -> float | None:
    if None in (moments["sharpe"], moments["skew"], moments["kurtosis"]):
        return None
    return overfitting.psr(
        moments["sharpe"],
        sessions=moments["sessions"],
        skew=moments["skew"],
        kurtosis=moments["kurtosis"],
        threshold=overfitting.expected_maximum(spread, trials),
    )


def _ordered(values: set[Any]) -> list[Any]:
    """Return numbers ascending, names by the alphabet."""
    numbers = [value for value in values if isinstance(value, int | float)]
    others = [value for value in values if not isinstance(value, int | float)]
    return [*sorted(numbers), *sorted(others, key=str)]


def _mean(values: Sequence[float]) -> float | None:
    return sum(values) / len(values) if values else None


async def _get(store: ObjectStore, key: str) -> bytes:
    try:
        return await store.get(key)
    except NotFound as e:
        raise DataError(f"{key} is published but not stored") from e


def written(values: Sequence[float | None]) -> orjson.Fragment:
    """Return a column as it leaves."""
    return orjson.Fragment(orjson.dumps(values))
