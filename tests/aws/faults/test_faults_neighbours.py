"""F6 to F8 and F11: what a function leans on does not answer, or answers nonsense."""

import pytest

from tests.aws.faults.matrix import CELLS, Cell
from tests.aws.faults.stage import Stage


@pytest.mark.parametrize(
    "cell", [c for c in CELLS if c.fault in ("F6", "F7", "F8", "F11")], ids=lambda c: c.name
)
async def test_failing_neighbours(cell: Cell, stage: Stage):
    await cell.inject(stage, 1)
