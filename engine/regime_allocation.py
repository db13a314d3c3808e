"""What the regime allocator would hold: shares of other strategies, weighed by the regimes.

Plain Python: it is read where nothing is computed.
"""

from collections.abc import Mapping, Sequence
from typing import Final

# Of each state, the shares of its sleeves: two strategies of the catalogue, and cash.
SLEEVES: Final[Mapping[str, Mapping[str, float]]] = {
    "CALM": {"momentum": 0.7, "inverse_vol": 0.3, "cash": 0.0},
    "CHOPPY": {"momentum": 0.3, "inverse_vol": 0.5, "cash": 0.2},
    "TURBULENT": {"momentum": 0.3, "inverse_vol": 0.5, "cash": 0.2},
    "STRESS": {"momentum": 0.0, "inverse_vol": 0.4, "cash": 0.6},
}
SMOOTHING: Final = 5  # span, in sessions, of the trailing average of the probabilities


def smoothed(values: Sequence[float], span: int = SMOOTHING) -> float:
    """Return the last value of a trailing exponential average, weight 2 / (span + 1) on the new."""
    average, weight = values[0], 2.0 / (span + 1)
    for value in values[1:]:
        average += weight * (value - average)
    return average


def suggest(probabilities: Mapping[str, float]) -> dict[str, float]:
    """Return the share of each sleeve, the sum over the states of probability times share."""
    sleeves = SLEEVES["CALM"]
    return {
        sleeve: sum(p * SLEEVES[state][sleeve] for state, p in probabilities.items())
        for sleeve in sleeves
    }
