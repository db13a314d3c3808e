"""Some of the rows of a window, as a window of its own."""

from dataclasses import replace
from typing import Final

from engine.panel import SEEN, Window
from engine.types import BoolArray

# What a window has a row of for each session.
BY_ROW: Final = (
    *("session", "total_return", "own_return", *SEEN, "split", "rf", "fixings"),
    *("benchmark", "benchmark_own", "due"),
)


def rows_of(window: Window, chosen: slice | BoolArray) -> Window:
    """Return the window of the rows in `chosen`; what it has no rows of stays as it is."""
    return replace(window, **{name: getattr(window, name)[chosen] for name in BY_ROW})
