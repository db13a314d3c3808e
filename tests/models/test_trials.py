import pytest
from sqlalchemy import text
from sqlalchemy.exc import IntegrityError

from models.trials import Tally, TrialRepository
from tests.factories import OWNER, STRANGER, make_trial

FAMILY = "momentum:SAMPLE_US"


async def test_a_trial_is_counted_once(session):
    trials = TrialRepository(session)

    first = await trials.record(make_trial(content_key="a", sharpe=0.05))
    again = await trials.record(make_trial(content_key="a", sharpe=0.06))
    other = await trials.record(make_trial(content_key="b", sharpe=0.02))

    assert (first, again, other) == (True, False, True)
    tally = await trials.tally(owner_id=OWNER, family=FAMILY)
    # The variance of 0.05 and 0.02 is (0.03 / 2) ** 2 * 2.
    assert tally == Tally(all=2, measured=2, variance=pytest.approx(0.00045), best=0.05)


async def test_a_family_belongs_to_one_owner_and_one_search(session):
    trials = TrialRepository(session)
    await trials.record(make_trial(content_key="a", sharpe=0.05))
    await trials.record(make_trial(content_key="a", sharpe=0.07, owner_id=STRANGER))
    await trials.record(make_trial(content_key="a", sharpe=0.09, family="hrp:SAMPLE_US"))
    await trials.record(make_trial(content_key="c", sharpe=None))

    mine = await trials.tally(owner_id=OWNER, family=FAMILY)
    theirs = await trials.tally(owner_id=STRANGER, family=FAMILY)
    nobodys = await trials.tally(owner_id=OWNER, family="none")
    assert mine == Tally(all=2, measured=1, variance=None, best=0.05)
    assert theirs == Tally(all=1, measured=1, variance=None, best=0.07)
    assert nobodys == Tally(all=0, measured=0, variance=None, best=None)


async def test_many_trials_are_counted_once_each(session):
    trials = TrialRepository(session)
    await trials.record(make_trial(content_key="a", sharpe=0.05))

    await trials.record_all([make_trial(content_key=key, sharpe=0.01) for key in ("a", "b", "c")])

    tally = await trials.tally(owner_id=OWNER, family=FAMILY)
    assert (tally.all, tally.best) == (3, 0.05)


@pytest.mark.parametrize("change", ["UPDATE trial SET sharpe = 9", "DELETE FROM trial"])
async def test_the_ledger_is_append_only(session, change):
    await TrialRepository(session).record(make_trial())

    with pytest.raises(IntegrityError, match="trial is append-only"):
        await session.execute(text(change))
