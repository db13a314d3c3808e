"""Faults of exchange rates."""

from collections.abc import Callable, Sequence
from functools import partial

import numpy as np

from api.services.reasons import Reason as R  # noqa: N817 - it stands in every line
from tests.quality.defect import Defect, place_of
from tests.quality.found import Found, in_rates
from tests.quality.made import make_rates


def _rates(
    name: str,
    reason: R,
    plant: Callable[[np.ndarray, int], object],
    *,
    pairs: Sequence[str] = ("AUDUSD",),
) -> Defect:
    """Change the AUDUSD of one day; `pairs` are those whose rate of the day is lost."""

    def planted(seed: int) -> tuple[Found, Found]:
        series = make_rates(seed)
        at = place_of(seed, len(series[0].day))
        plant(series[0].value, at)
        return in_rates(series), {(f"{pair} {at}", reason.value) for pair in pairs}

    return Defect(name, reason, planted)


def _times(factor: float, value: np.ndarray, at: int) -> None:
    value[at] *= factor


def _invert(value: np.ndarray, at: int) -> None:
    value[at] = 1.0 / value[at]


def _forget(value: np.ndarray, at: int) -> None:
    value[at] = np.nan


RATES = [
    _rates("a rate the wrong way round", R.FX_TRIANGLE, _invert),
    _rates("a rate five per cent off its triangle", R.FX_TRIANGLE, partial(_times, 1.05)),
    _rates(
        "a triangle 80 points open",
        R.FX_TRIANGLE,
        partial(_times, 1.008),
        pairs=("AUDUSD", "EURUSD", "EURAUD"),  # nobody can tell which of them it was
    ),
    _rates("a rate with its point shifted", R.DECIMAL_SHIFT, partial(_times, 10.0)),
    _rates("a rate that is no number", R.NOT_A_NUMBER, _forget),
]
