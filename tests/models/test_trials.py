import pytest
from sqlalchemy import text
from sqlalchemy.exc import IntegrityError

from models.trials import TrialRepository
from tests.factories import OWNER, STRANGER, make_trial

FAMILY = "momentum:SAMPLE_US"


async def test_a_trial_is_counted_once(session):
    trials = TrialRepository(session)

    first = await trials.record(make_trial(content_key="a", sharpe=0.05))
    again = await trials.record(make_trial(content_key="a", sharpe=0.06))
    other = await trials.record(make_trial(content_key="b", sharpe=0.02))

    assert (first, again, other) == (True, False, True)
    assert sorted(await trials.sharpes(owner_id=OWNER, family=FAMILY)) == [0.02, 0.05]


async def test_a_family_belongs_to_one_owner_and_one_search(session):
    trials = TrialRepository(session)
    await trials.record(make_trial(content_key="a", sharpe=0.05))
    await trials.record(make_trial(content_key="a", sharpe=0.07, owner_id=STRANGER))
    await trials.record(make_trial(content_key="a", sharpe=0.09, family="hrp:SAMPLE_US"))
    await trials.record(make_trial(content_key="c", sharpe=None))

    assert await trials.sharpes(owner_id=OWNER, family=FAMILY) == [0.05]
    assert await trials.sharpes(owner_id=STRANGER, family=FAMILY) == [0.07]
    assert await trials.sharpes(owner_id=OWNER, family="none") == []


@pytest.mark.parametrize("change", ["UPDATE trial SET sharpe = 9", "DELETE FROM trial"])
async def test_the_ledger_is_append_only(session, change):
    await TrialRepository(session).record(make_trial())

    with pytest.raises(IntegrityError, match="trial is append-only"):
        await session.execute(text(change))
