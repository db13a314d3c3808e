"""F1: functions killed before and after each step, and at random."""

import pytest

from tests.aws.faults.matrix import CELLS, Cell
from tests.aws.faults.stage import Stage


@pytest.mark.parametrize("cell", [c for c in CELLS if c.fault == "F1"], ids=lambda c: c.name)
async def test_killed(cell: Cell, stage: Stage):
    await cell.inject(stage, 1)
