"""Exchange rates: which way round they are, and what they add to a return."""

from collections.abc import Mapping
from typing import Final, NamedTuple

import numpy as np

from engine.errors import MissingData, PanelError
from engine.types import FloatArray

# Where a pair's rate can lie; outside, name and numbers disagree and nobody should guess.
PLAUSIBLE: Final[Mapping[str, tuple[float, float]]] = {
    "AUDUSD": (0.3, 1.3),
    "USDAUD": (0.75, 3.3),
}


class ReturnParts(NamedTuple):
    """What adds up to the return of a foreign asset in the base currency."""

    asset: FloatArray
    currency: FloatArray
    interaction: FloatArray


def base_per_unit(pair: str, rates: FloatArray, *, base: str) -> FloatArray:
    """Return units of ``base`` per unit of the pair's other currency.

    Parameters
    ----------
    pair : str
        ``AUDUSD`` quotes US dollars per one Australian dollar.
    rates : ndarray
        Quotes of the pair; NaN where there is none.

    Raises
    ------
    PanelError
        A rate lies outside what the pair's name allows: the pair was probably inverted.
    MissingData
        ``base`` is neither side of the pair.
    """
    low, high = PLAUSIBLE.get(pair, (0.0, np.inf))
    wrong = (rates <= low) | (rates >= high)
    if wrong.any():
        found = float(rates[wrong][0])
        raise PanelError(f"{pair} was {found}; it lies between {low} and {high}, check the sides")
    if base == pair[3:]:
        return rates
    if base == pair[:3]:
        return 1.0 / rates
    raise MissingData(f"{pair} does not quote {base}")


def split_return(local: FloatArray, fx: FloatArray) -> ReturnParts:
    """Return the additive parts of ``(1 + local)(1 + fx) - 1``, all per session."""
    return ReturnParts(asset=local, currency=fx, interaction=local * fx)
