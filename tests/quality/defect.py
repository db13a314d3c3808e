"""Faults, one each, planted into clean data: the name, the reason it must have, the places.

A plant changes what was made around row `at` and returns where the gates must point; they may
point nowhere else.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from api.services.reasons import Reason
from tests.quality.found import Found
from tests.quality.made import Feed

Plant = Callable[[Feed, int], object]


@dataclass(frozen=True)
class Defect:
    name: str
    reason: Reason
    planted: Callable[[int], tuple[Found, Found]]  # seed -> what was said, what must be


def place_of(seed: int, rows: int) -> int:
    """A row well inside of the data."""
    return int(np.random.default_rng(seed).integers(100, rows - 100))
