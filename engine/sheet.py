"""Where the figures of a run are entered while they are measured."""

import math
from dataclasses import dataclass, field
from typing import Final

FEW: Final = "fewer than 2 returns"
FLAT: Final = "zero variance"
NO_RATE: Final = "risk-free rate unknown"


@dataclass
class Sheet:
    """Figures by name, and why some of them are None."""

    values: dict[str, float | None] = field(default_factory=dict)
    undefined: dict[str, str] = field(default_factory=dict)

    def put(self, name: str, value: float, reason: str) -> None:
        """Enter a figure; one that is not finite becomes None, and `reason` says why."""
        defined = math.isfinite(value)
        self.values[name] = value if defined else None
        if not defined:
            self.undefined[name] = reason
