"""Corrections of who was a member, as they were known."""

import asyncio
from datetime import date

import pytest
from sqlalchemy import select

from api.errors import Forbidden, NotFound, UnknownSymbol
from api.services.findings import Refused
from api.services.identity import OWN_DATA
from models import AuditEvent
from models.instruments import InstrumentRepository
from models.universes import Spell, UniverseRepository
from tests.api.lists import (
    JOINED,
    TODAY,
    digest_of,
    now,
    record,
    save,
    spells_of,
    symbols_of,
    write_shared,
    write_shares,
)
from tests.factories import OWNER, STRANGER, make_instrument, make_universe


@pytest.fixture
async def ids(session):
    return await write_shares(session)


@pytest.fixture
async def shared(session, ids):
    return await write_shared(session, ids)


async def test_a_correction_is_seen_from_now_on(session, shared):
    before = await now(session)
    left = date(2012, 5, 7)

    recorded = await record(session, "AAA", JOINED, left)

    assert (recorded.symbol, recorded.starts_on, recorded.ends_on) == ("AAA", JOINED, left)
    assert recorded.known_from > before
    assert await symbols_of(session, "SHARED", left) == ["BBB"]
    assert await symbols_of(session, "SHARED", left, known_at=before) == ["AAA", "BBB"]


async def test_each_day_of_a_run_sees_what_was_known_on_it(session, shared):
    """A correction of today takes nothing away from the years in which nobody knew of it."""
    await record(session, "AAA", JOINED, date(2012, 5, 7))

    found = await UniverseRepository(session).memberships(shared)

    versions = [(each.symbol, each.ends_on, each.known_to is None) for each in found]
    assert versions == [
        ("AAA", None, False),
        ("AAA", date(2012, 5, 7), True),
        ("BBB", date(2015, 6, 1), True),
    ]
    assert found[0].known_to == found[1].known_from


async def test_memberships_at_other_times_stand(session, shared):
    await record(session, "BBB", date(2018, 1, 2))
    await record(session, "CCC", date(2019, 1, 2), date(2020, 1, 2))

    assert await spells_of(session, "SHARED") == [
        ("AAA", JOINED, None),
        ("BBB", JOINED, date(2015, 6, 1)),
        ("BBB", date(2018, 1, 2), None),
        ("CCC", date(2019, 1, 2), date(2020, 1, 2)),
    ]


@pytest.mark.parametrize(
    ("starts_on", "ends_on", "expected"),
    [
        # Overlapping by a day, touching, and around all of it.
        (date(2015, 5, 31), None, [(date(2015, 5, 31), None)]),
        (date(2015, 6, 1), None, [(JOINED, date(2015, 6, 1)), (date(2015, 6, 1), None)]),
        (date(2009, 1, 2), JOINED, [(date(2009, 1, 2), JOINED), (JOINED, date(2015, 6, 1))]),
        (date(2009, 1, 2), date(2010, 1, 5), [(date(2009, 1, 2), date(2010, 1, 5))]),
        (date(2000, 1, 3), None, [(date(2000, 1, 3), None)]),
    ],
)
async def test_what_was_believed_of_these_days_is_replaced(
    session, shared, starts_on, ends_on, expected
):
    await record(session, "BBB", starts_on, ends_on)

    spells = await spells_of(session, "SHARED")
    assert [spell[1:] for spell in spells if spell[0] == "BBB"] == expected


async def test_a_correction_is_audited_with_its_reason(session, shared):
    await record(session, "BBB", JOINED, date(2016, 1, 4), reason=" it stayed\tlonger ")
    await record(session, "CCC", JOINED)

    events = (await session.scalars(select(AuditEvent).order_by(AuditEvent.id))).all()
    assert [(e.owner_id, e.action, e.subject, e.reason) for e in events] == [
        (OWNER, "recordMembership", "SHARED BBB", "it stayed\tlonger"),
        (OWNER, "recordMembership", "SHARED CCC", "the exchange said so"),
    ]
    assert events[0].before == {"memberships": [{"startsOn": "2010-01-04", "endsOn": "2015-06-01"}]}
    assert events[0].after == {"memberships": [{"startsOn": "2010-01-04", "endsOn": "2016-01-04"}]}
    assert events[1].before is None
    assert events[1].after == {"memberships": [{"startsOn": "2010-01-04", "endsOn": None}]}


async def test_what_is_believed_already_is_not_recorded_again(session, shared):
    first = (await UniverseRepository(session).spells("SHARED"))[0]
    digest = await digest_of(session, "SHARED")

    again = await record(session, "AAA", JOINED)

    assert again == first
    assert (await session.scalars(select(AuditEvent))).all() == []
    assert await digest_of(session, "SHARED") == digest


async def test_a_correction_changes_the_fingerprint(session, shared):
    before = await digest_of(session, "SHARED")

    await record(session, "AAA", JOINED, TODAY)

    assert await digest_of(session, "SHARED") != before


@pytest.mark.parametrize(
    ("given", "field", "message"),
    [
        ({"reason": " \n"}, "reason", "reason was empty; say why the membership is recorded"),
        ({"reason": "x" * 501}, "reason", "reason had 501 characters; use at most 500"),
        ({"starts_on": date(1899, 1, 1)}, "startsOn", "choose a day from 1900-01-01 on"),
        ({"ends_on": JOINED}, "endsOn", "endsOn was 2010-01-04; it must lie behind startsOn"),
    ],
)
async def test_a_correction_that_is_wrong_is_told_by_its_field(
    session, shared, given, field, message
):
    with pytest.raises(Refused, match=message) as refused:
        await record(session, **given)
    assert [error.field for error in refused.value.errors] == [("input", field)]


async def test_a_correction_of_an_unknown_symbol_names_it(session, shared):
    with pytest.raises(UnknownSymbol, match="symbol named 'NOPE'") as refused:
        await record(session, "NOPE")
    assert refused.value.field == ("input", "symbol")


async def test_a_list_of_somebody_else_is_as_if_it_were_not_there(session, ids):
    await save(session, ["AAA"], key="THEIRS", owner_id=STRANGER)

    for key in ("THEIRS", "NOBODYS"):
        with pytest.raises(NotFound, match=f"universe '{key}' is not known") as refused:
            await record(session, "BBB", universe=key)
        assert refused.value.field == ("input", "universe")

    assert await symbols_of(session, "THEIRS", TODAY) == ["AAA"]


async def test_an_owner_corrects_a_list_of_his_own(session, ids):
    await save(session, ["AAA"], valid_from=JOINED)

    await record(session, "BBB", date(2020, 1, 2), universe="MINE")

    assert await symbols_of(session, "MINE", date(2020, 1, 2)) == ["AAA", "BBB"]


async def test_everybodys_list_is_corrected_only_with_the_scope(session, shared, ids):
    await save(session, ["AAA"], valid_from=JOINED)

    with pytest.raises(Forbidden, match=r"universe SHARED is read by everybody, .* market:correct"):
        await record(session, scopes=OWN_DATA)
    own = await record(session, "BBB", universe="MINE", scopes=OWN_DATA)

    assert own.symbol == "BBB"


async def test_of_two_corrections_at_once_the_second_knows_the_first(sessions):
    async with sessions.begin() as session:
        ids = await InstrumentRepository(session).upsert([make_instrument("AAA")])
        spells = [Spell(ids["AAA"], JOINED, None)]
        await UniverseRepository(session).save(make_universe("SHARED"), spells, reason="import")
    first, second = date(2012, 1, 3), date(2013, 1, 2)

    async def correct_again():
        async with sessions.begin() as session:
            await record(session, "AAA", JOINED, second)

    async with sessions.begin() as session:
        await record(session, "AAA", JOINED, first)
        waiting = asyncio.create_task(correct_again())
        # Whoever did not wait would have read by now that AAA is a member to this day.
        await asyncio.wait([waiting], timeout=0.5)
    await waiting

    async with sessions() as session:
        assert await spells_of(session, "SHARED") == [("AAA", JOINED, second)]
        events = (await session.scalars(select(AuditEvent).order_by(AuditEvent.id))).all()
    believed = [event.before["memberships"][0]["endsOn"] for event in events]
    assert believed == [None, "2012-01-03"]
