from datetime import UTC, date, datetime, timedelta

import pytest

from models import DataQuality
from models.backtests import BacktestRepository
from models.fingerprints import Input, RunInputRepository
from models.instruments import InstrumentRepository
from models.jobs import JobRepository
from models.pages import Place
from models.price_bars import PriceBarRepository
from models.revisions import MOST_RUNS, Change, RevisionRepository
from tests.factories import OWNER, STRANGER, make_backtest, make_bar, make_instrument, make_job

MONDAY, TUESDAY = date(2024, 1, 8), date(2024, 1, 9)
PAST = datetime(2024, 1, 9, 22, tzinfo=UTC)


async def write(sessions, rows, reason="a late trade"):
    async with sessions.begin() as session:
        await PriceBarRepository(session).write(rows, reason=reason)


@pytest.fixture
async def corrected(sessions):
    """Two instruments; the Monday of the first is corrected twice, both of the second once."""
    async with sessions.begin() as session:
        ids = await InstrumentRepository(session).upsert(map(make_instrument, ("AAA", "BBB")))
    one, two = ids["AAA"], ids["BBB"]
    await write(
        sessions, [make_bar(each, day, 1.0) for each in ids.values() for day in (MONDAY, TUESDAY)]
    )
    await write(sessions, [make_bar(one, MONDAY, None, close=2.0)], reason="first")
    await write(
        sessions, [make_bar(two, MONDAY, 3.0), make_bar(two, TUESDAY, 4.0)], reason="second"
    )
    await write(sessions, [make_bar(one, MONDAY, 5.0, quality="SUSPECT")], reason="third")
    return one, two


async def test_changes_come_newest_first_with_what_was_and_what_is(sessions, corrected):
    one, _ = corrected
    async with sessions() as session:
        page = await RevisionRepository(session).list_page(None, first=10)

    found = [
        (each.symbol, each.date, each.reason, each.before.adjusted_close, each.after.adjusted_close)
        for each in page.rows
    ]
    assert found == [
        ("AAA", MONDAY, "third", None, 5.0),
        ("BBB", TUESDAY, "second", 1.0, 4.0),
        ("BBB", MONDAY, "second", 1.0, 3.0),
        ("AAA", MONDAY, "first", 1.0, None),
    ]
    assert not page.has_next
    last = page.rows[0]
    assert (last.before.close, last.after.close) == (2.0, None)
    assert last.before.quality is DataQuality.GOOD
    assert last.after.quality is DataQuality.SUSPECT
    assert last.known_at == last.after.known_at > last.before.known_at
    assert last.id == f"{one}/2024-01-08"


async def test_changes_are_narrowed_and_counted(sessions, corrected):
    one, two = corrected
    async with sessions() as session:
        revisions = RevisionRepository(session)
        ours = await revisions.list_page([two], date=TUESDAY, first=10)
        counts = [
            await revisions.count_listed(ids, date=day)
            for ids, day in ((None, None), ([one], None), ([one], TUESDAY), ([], None))
        ]

    assert [(each.instrument_id, each.date) for each in ours.rows] == [(two, TUESDAY)]
    assert counts == [4, 2, 0, 0]


async def test_each_page_begins_where_the_last_one_ended(sessions, corrected):
    async with sessions() as session:
        revisions = RevisionRepository(session)
        whole = (await revisions.list_page(None, first=10)).rows
        walked, place = [], None
        while True:
            page = await revisions.list_page(None, first=1, after=place)
            walked += page.rows
            if not page.has_next:
                break
            place = Place(value=page.rows[-1].known_at, id=page.rows[-1].id)

    keys = [(each.known_at, each.id) for each in whole]
    assert [(each.known_at, each.id) for each in walked] == keys
    assert len(set(keys)) == 4


async def ran(session, instrument_id, *, year=2024, scope="bars", **given):
    owner, status = given.pop("owner_id", OWNER), given.pop("status", None)
    job = await JobRepository(session).add(make_job(owner_id=owner))
    run = await BacktestRepository(session).add(
        make_backtest(job, **{"end_on": date(2024, 12, 31), "known_at": PAST} | given)
    )
    if status == "cancelled":
        await JobRepository(session).cancel(job.id, owner_id=owner)
    elif status == "failed":
        claim = await JobRepository(session).claim(job.id, lease=timedelta(seconds=30))
        why = {"code": "INTERNAL", "reason": None, "detail": None}
        await JobRepository(session).fail(job.id, fence=claim.fence, **why)
    await RunInputRepository(session).record(
        run.id, [Input(scope, str(instrument_id), year, "0" * 64)]
    )
    return run.id


async def test_a_change_names_the_runs_that_read_what_was(sessions, corrected):
    one, two = corrected
    async with sessions.begin() as session:
        third, _, monday, first = (await RevisionRepository(session).list_page(None, first=4)).rows
        early = await ran(session, one)
        between = await ran(session, one, known_at=first.known_at)
        late = await ran(session, one, known_at=third.known_at)
        await ran(session, one, known_at=datetime(2024, 1, 8, tzinfo=UTC))  # before it was known
        await ran(session, one, year=2023)
        await ran(session, one, scope="membership")
        await ran(session, one, end_on=date(2024, 1, 5))
        await ran(session, one, owner_id=STRANGER)
        for status in ("failed", "cancelled"):
            await ran(session, one, status=status)
        other = await ran(session, two, end_on=MONDAY)

    async with sessions() as session:
        changes = [
            Change(each.instrument_id, each.date, each.known_at) for each in (third, monday, first)
        ]
        touched = await RevisionRepository(session).affected(changes, owner_id=OWNER)
        nothing = await RevisionRepository(session).affected([], owner_id=OWNER)

    assert [[run.id for run in runs] for runs in touched] == [[between], [other], [early]]
    assert late not in {run.id for runs in touched for run in runs}
    assert nothing == []


async def test_the_newest_hundred_runs_are_named(session):
    ids = await InstrumentRepository(session).upsert([make_instrument("AAA")])
    bars = PriceBarRepository(session)
    await bars.write([make_bar(ids["AAA"], MONDAY, 1.0)])
    await bars.write([make_bar(ids["AAA"], MONDAY, 2.0)])
    made = [
        await ran(session, ids["AAA"], created_at=PAST + timedelta(hours=number))
        for number in range(MOST_RUNS + 1)
    ]
    revisions = RevisionRepository(session)
    (change,) = (await revisions.list_page(None, first=1)).rows

    [touched] = await revisions.affected(
        [Change(change.instrument_id, change.date, change.known_at)], owner_id=OWNER
    )

    assert [run.id for run in touched] == made[:0:-1]
