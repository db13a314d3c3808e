"""F9 and F10: commits nobody hears of, and a database that takes no writes."""

import pytest

from tests.aws.faults.matrix import CELLS, Cell
from tests.aws.faults.stage import Stage

# Several functions start cold on a machine that may be busy.
pytestmark = pytest.mark.timeout(300)


@pytest.mark.parametrize(
    "cell", [c for c in CELLS if c.fault in ("F9", "F10")], ids=lambda c: c.name
)
async def test_commits_lost_and_writes_refused(cell: Cell, stage: Stage):
    await cell.inject(stage, 1)
