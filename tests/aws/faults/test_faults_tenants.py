"""I12: what one owner floods the queue with is bounded before it gets there."""

import pytest

from tests.aws.faults.stage import Stage
from tests.aws.faults.tenants import ALLOWED, OTHERS, positions, two_owners

# Several functions start cold on a machine that may be busy.
pytestmark = pytest.mark.timeout(300)

FLOOD = 40


async def test_a_flood_of_one_owner_moves_no_other_back(stage: Stage):
    async with two_owners(stage) as other:
        calm = await positions(stage, other, seed=12, offered=ALLOWED)
        await stage.clean()
        other.submits.clear()

        flooded = await positions(stage, other, seed=12, offered=FLOOD)
        refused = [told for told in stage.client.submits if told.job_id is None]

    assert len(calm) == len(flooded) == OTHERS
    assert {told.answer for told in refused} == {"CONCURRENT_JOBS"}
    assert len(refused) >= FLOOD - ALLOWED
    assert max(flooded) < 2 * max(calm)
