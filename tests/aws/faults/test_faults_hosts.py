"""F13, F16 and F18: wrong clocks, too little memory, two releases at once."""

import sys

import pytest

from tests.aws.faults.matrix import CELLS, Cell
from tests.aws.faults.stage import Stage

# Several functions start cold on a machine that may be busy.
pytestmark = pytest.mark.timeout(300)


@pytest.mark.parametrize(
    "cell", [c for c in CELLS if c.fault in ("F13", "F18")], ids=lambda c: c.name
)
async def test_another_clock_or_release(cell: Cell, stage: Stage):
    await cell.inject(stage, 1)


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux bounds what a process may hold")
@pytest.mark.parametrize("cell", [c for c in CELLS if c.fault == "F16"], ids=lambda c: c.name)
async def test_out_of_memory(cell: Cell, stage: Stage):
    await cell.inject(stage, 1)
