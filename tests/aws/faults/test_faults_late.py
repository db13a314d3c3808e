"""F2 to F5: zombies, duplicates, disorder, and the end of an invocation's time."""

import pytest

from tests.aws.faults.matrix import CELLS, Cell
from tests.aws.faults.stage import Stage


@pytest.mark.parametrize(
    "cell", [c for c in CELLS if c.fault in ("F2", "F3", "F4", "F5")], ids=lambda c: c.name
)
async def test_late_or_twice(cell: Cell, stage: Stage):
    await cell.inject(stage, 1)
