"""Numbers and days out of a provider's JSON: what is of another type is refused, not guessed."""

import json
from collections.abc import Sequence
from datetime import date
from typing import Any

import numpy as np

from api.errors import FailureKind, FetchFailed
from engine.types import FloatArray, IntArray

EPOCH = date(1970, 1, 1)


def bad_data(message: str) -> FetchFailed:
    return FetchFailed(FailureKind.BAD_DATA, message)


def parse_json(content: bytes, *, provider: str) -> Any:
    """Return the document. Raises FetchFailed: HTML, an empty body and NaN are no JSON."""
    try:
        return json.loads(content, parse_constant=_no_number)
    except (ValueError, RecursionError) as e:
        shown = content[:60].decode("utf-8", "replace") or "nothing"
        raise bad_data(f"{provider} sent no JSON but {shown!r}") from e


def _no_number(name: str) -> float:
    raise ValueError(f"{name} is no number of JSON")


def to_floats(cells: Sequence[object], *, what: str) -> FloatArray:
    """Return the numbers as float64, (n,); null is NaN. Raises FetchFailed."""
    for cell in cells:
        if cell is not None and (isinstance(cell, bool) or not isinstance(cell, int | float)):
            raise bad_data(f"{what} should be a number, was {cell!r}")
    try:
        return np.array([np.nan if cell is None else float(cell) for cell in cells])  # type: ignore[arg-type]
    except OverflowError as e:
        raise bad_data(f"{what} should be a number of this world: {e}") from e


def day_number(day: date) -> int:
    """Days since 1970-01-01."""
    return (day - EPOCH).days


def require_order(day: IntArray, *, what: str) -> None:
    """Refuse days that run backwards; the same day twice is for the quality rules to judge."""
    if (np.diff(day) < 0).any():
        raise bad_data(f"the days of {what} are not in order")
