"""What a search varies: listed values, or a range. Pure Python: the API counts without arrays."""

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice, product
from typing import Any, Final

ROUNDING: Final = 1e-9  # of a step; 0.1 * 3 lies a hair above 0.3
DIGITS: Final = 12  # significant ones of a value on a range


@dataclass(frozen=True, kw_only=True)
class Axis:
    """One name and what it may be. Values are listed, or lie between `low` and `high`.

    A step walks from `low` by addition, on a logarithmic axis by multiplication; without one a
    range of whole numbers has them all, and any other is continuous.
    """

    name: str
    values: tuple[Any, ...] | None = None
    low: float = 0.0
    high: float = 0.0
    step: float | None = None
    log: bool = False
    whole: bool = False

    @property
    def count(self) -> int | None:
        """Return how many values there are; None where they are continuous."""
        if self.values is not None:
            return len(self.values)
        if self.step is None:
            return int(self.high) - int(self.low) + 1 if self.whole else None
        if self.log:
            return int(math.log(self.high / self.low) / math.log(self.step) + ROUNDING) + 1
        return int((self.high - self.low) / self.step + ROUNDING) + 1

    def value(self, position: int) -> Any:
        """Return the value at a position below `count`."""
        if self.values is not None:
            return self.values[position]
        if self.step is None:
            return int(self.low) + position
        found = self.low * self.step**position if self.log else self.low + self.step * position
        return self.rounded(found)

    def at(self, share: float) -> Any:
        """Return the value at a share in [0, 1) of the axis."""
        count = self.count
        if count is not None and not (self.log and self.step is None):
            return self.value(min(int(share * count), count - 1))
        if self.log:
            return self.rounded(self.low * (self.high / self.low) ** share)
        return self.rounded(self.low + share * (self.high - self.low))

    def rounded(self, value: float) -> float | int:
        """Return a value as it is written: whole where the axis is, else to twelve digits."""
        return round(value) if self.whole else float(f"{value:.{DIGITS}g}")


def size(axes: Sequence[Axis]) -> int | None:
    """Return the number of combinations without making any; None where an axis is continuous."""
    counts = [axis.count for axis in axes]
    known = [count for count in counts if count is not None]
    return math.prod(known) if len(known) == len(counts) else None


def grid(axes: Sequence[Axis]) -> Iterator[dict[str, Any]]:
    """Yield every combination, in the order of names, the last name varying fastest."""
    ordered = sorted(axes, key=lambda axis: axis.name)
    listed = [[axis.value(position) for position in range(axis.count or 0)] for axis in ordered]
    for values in product(*listed):
        yield {axis.name: value for axis, value in zip(ordered, values, strict=True)}


def fits(values: Mapping[str, Any], pairs: Sequence[Sequence[str]]) -> bool:
    """Tell whether of each pair of names the first is below the second."""
    for low, high in pairs:
        found, bound = values.get(low), values.get(high)
        if found is not None and bound is not None and not found < bound:
            return False
    return True


def fitting(
    axes: Sequence[Axis], fixed: Mapping[str, Any], pairs: Sequence[Sequence[str]], most: int
) -> list[dict[str, Any]]:
    """Return the combinations of a grid that fit beside what is fixed, `most` at most."""
    return list(islice((one for one in grid(axes) if fits({**fixed, **one}, pairs)), most))
