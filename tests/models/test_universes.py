from datetime import UTC, date, datetime, timedelta

import pytest
from sqlalchemy import event, text
from sqlalchemy.exc import IntegrityError

from models import Region
from models.instruments import InstrumentRepository
from models.universes import Spell, UniverseRepository
from tests.factories import OWNER, STRANGER, make_instrument, make_universe

START = date(2010, 1, 4)
DAY = timedelta(days=1)


def instant(day):
    return datetime(day.year, day.month, day.day, tzinfo=UTC)


def spell(instrument_id, starts_on=START, ends_on=None):
    return Spell(instrument_id, starts_on, ends_on, known_from=instant(starts_on))


async def listed(session, *symbols):
    ids = await InstrumentRepository(session).upsert(make_instrument(each) for each in symbols)
    return UniverseRepository(session), *(ids[symbol] for symbol in symbols)


async def symbols(universes, valid_at, known_at=None, key="TEST_US"):
    members = await universes.members(key, valid_at=valid_at, known_at=known_at)
    return [member.symbol for member in members]


async def test_members_are_those_of_the_day(session):
    universes, one, two = await listed(session, "AAA", "BBB")
    left = date(2015, 6, 1)
    await universes.save(make_universe(), [spell(one), spell(two, ends_on=left)], reason="import")

    seen = {day: await symbols(universes, day) for day in (START - DAY, START, left - DAY, left)}

    assert seen == {
        START - DAY: [],
        START: ["AAA", "BBB"],
        left - DAY: ["AAA", "BBB"],
        left: ["AAA"],
    }


async def test_imported_membership_is_known_from_its_first_day(session):
    universes, one = await listed(session, "AAA")
    await universes.save(make_universe(), [spell(one)], reason="import")

    (member,) = await universes.members("TEST_US", valid_at=START)

    assert (member.instrument_id, member.starts_on, member.ends_on) == (one, START, None)
    assert member.known_from == instant(START)
    assert await symbols(universes, START, known_at=instant(START) - timedelta(seconds=1)) == []
    assert await symbols(universes, START, known_at=instant(START)) == ["AAA"]


async def test_a_corrected_membership_is_seen_only_from_its_correction(sessions):
    async with sessions.begin() as session:
        universes, one = await listed(session, "AAA")
        await universes.save(make_universe(), [spell(one)], reason="import")
    left = date(2012, 1, 2)

    async with sessions.begin() as session:
        universes = UniverseRepository(session)
        await universes.save(make_universe(), [spell(one, ends_on=left)], reason="it had left")

    async with sessions() as session:
        universes = UniverseRepository(session)
        corrected = (await universes.spells("TEST_US"))[0]
        before = corrected.known_from - timedelta(microseconds=1)
        told = [
            await symbols(universes, day, known_at)
            for day in (left - DAY, left)
            for known_at in (before, corrected.known_from, None)
        ]
        reasons = await session.execute(
            text("SELECT reason, known_to IS NULL FROM index_membership ORDER BY known_from")
        )
    assert told == [["AAA"], ["AAA"], ["AAA"], ["AAA"], [], []]
    assert corrected.ends_on == left
    assert [tuple(row) for row in reasons] == [("import", False), ("it had left", True)]


async def test_a_correction_leaves_neither_gap_nor_overlap(sessions):
    for starts_on in (START, START + DAY, START + 2 * DAY):
        async with sessions.begin() as session:
            universes, one = await listed(session, "AAA")
            await universes.save(make_universe(), [spell(one, starts_on)], reason="again")

    async with sessions() as session:
        rows = (
            await session.execute(
                text("SELECT known_from, known_to FROM index_membership ORDER BY known_from")
            )
        ).all()
    assert [row.known_to for row in rows[:-1]] == [row.known_from for row in rows[1:]]
    assert rows[-1].known_to is None


async def test_saving_the_same_again_touches_nothing(session):
    universes, one, two = await listed(session, "AAA", "BBB")
    spells = [spell(one), spell(two, ends_on=date(2015, 6, 1))]
    first = await universes.save(make_universe(), spells, reason="import")
    before = await session.execute(text("SELECT xmin::text, id FROM index_membership ORDER BY id"))

    second = await universes.save(make_universe(), reversed(spells), reason="import")

    after = await session.execute(text("SELECT xmin::text, id FROM index_membership ORDER BY id"))
    assert first.id == second.id
    assert before.all() == after.all()


async def test_a_member_that_is_dropped_is_closed_not_erased(session):
    universes, one, two = await listed(session, "AAA", "BBB")
    await universes.save(make_universe(), [spell(one), spell(two)], reason="import")

    await universes.save(make_universe(), [spell(one)], reason="dropped")

    assert [each.symbol for each in await universes.spells("TEST_US")] == ["AAA"]
    assert await symbols(universes, START, known_at=instant(START)) == ["AAA", "BBB"]


async def test_a_member_that_was_dropped_is_taken_back(session):
    universes, one = await listed(session, "AAA")
    for spells in ([spell(one)], [], [spell(one)]):
        await universes.save(make_universe(), spells, reason="import")

    (member,) = await universes.spells("TEST_US")

    assert member.symbol == "AAA"
    assert member.known_from > instant(START)


async def test_a_universe_is_described_anew(session):
    universes = UniverseRepository(session)
    first = await universes.save(make_universe(), [], reason="import")

    second = await universes.save(make_universe(name="Renamed"), [], reason="import")

    assert (second.id, second.name) == (first.id, "Renamed")


async def test_a_private_universe_is_its_owners(session):
    universes = UniverseRepository(session)
    await universes.save(make_universe("EVERYONES"), [], reason="import")
    await universes.save(make_universe("MINE", owner_id=OWNER), [], reason="mine")

    async def keys(owner_id=None):
        return [each.key for each in await universes.list(owner_id=owner_id)]

    assert await keys() == ["EVERYONES"]
    assert await keys(OWNER) == ["EVERYONES", "MINE"]
    assert await keys(STRANGER) == ["EVERYONES"]
    assert await universes.by_key("MINE", owner_id=STRANGER) is None
    assert (await universes.by_key("MINE", owner_id=OWNER)).owner_id == OWNER


@pytest.mark.parametrize("owner_id", [None, STRANGER])
async def test_a_key_that_is_taken_is_refused(session, owner_id):
    universes = UniverseRepository(session)
    await universes.save(make_universe("MINE", owner_id=OWNER, name="kept"), [], reason="mine")

    with pytest.raises(ValueError, match="universe key MINE is taken"):
        await universes.save(make_universe("MINE", owner_id=owner_id), [], reason="theirs")

    assert (await universes.by_key("MINE", owner_id=OWNER)).name == "kept"


async def test_universes_are_listed_by_region(session):
    universes = UniverseRepository(session)
    await universes.save(make_universe("ASX", region=Region.AU), [], reason="import")
    await universes.save(make_universe("SPX"), [], reason="import")

    assert [each.key for each in await universes.list(region=Region.AU)] == ["ASX"]


INSERT = text(
    "INSERT INTO index_membership"
    " (universe_id, instrument_id, starts_on, ends_on, known_from, known_to, reason)"
    " VALUES (:universe, :instrument, :starts, :ends, :known_from, :known_to, 'test')"
)


@pytest.mark.parametrize(
    ("given", "constraint"),
    [
        ({}, "ex_index_membership_overlap"),
        ({"starts": START + 100 * DAY}, "ex_index_membership_overlap"),
        ({"known_to": instant(START + DAY)}, "ex_index_membership_overlap"),
        ({"ends": START}, "ck_index_membership_dates_order"),
        ({"known_to": instant(START)}, "ck_index_membership_knowledge_order"),
    ],
)
async def test_the_database_refuses_two_truths_at_once(session, given, constraint):
    universes, one = await listed(session, "AAA")
    saved = await universes.save(make_universe(), [spell(one)], reason="import")
    row = {
        "universe": saved.id,
        "instrument": one,
        "starts": START,
        "ends": None,
        "known_from": instant(START),
        "known_to": None,
    }

    with pytest.raises(IntegrityError) as refused:
        await session.execute(INSERT, row | given)

    assert refused.value.orig.__cause__.constraint_name == constraint


async def test_what_overlaps_on_one_axis_only_is_allowed(session):
    universes, one = await listed(session, "AAA")
    await universes.save(
        make_universe(),
        [spell(one, START, START + 10 * DAY), spell(one, START + 10 * DAY)],
        reason="left and came back the same day",
    )

    assert len(await universes.spells("TEST_US")) == 2


async def test_history_imported_later_is_believed_of_its_time_and_from_now(session):
    """What was believed in between stays what a reader of that time sees."""
    universes, one = await listed(session, "AAA")
    universe = make_universe(survivorship_free=True)
    await universes.save(universe, [Spell(one, date(1970, 1, 1), None)], reason="a list")
    between = await session.scalar(text("SELECT clock_timestamp()"))
    left = date(2015, 6, 1)

    await universes.save(universe, [spell(one, START, left)], reason="its history")

    assert await symbols(universes, left, known_at=instant(left)) == []
    assert await symbols(universes, START, known_at=instant(START)) == ["AAA"]
    assert await symbols(universes, left, known_at=between) == ["AAA"]
    assert await symbols(universes, left) == []
    versions = await universes.memberships(universe)
    assert [(each.starts_on, each.ends_on) for each in versions] == [
        (date(1970, 1, 1), None),
        (START, left),
        (START, left),
    ]
    before, listing, after = sorted(versions, key=lambda each: each.known_from)
    assert before.known_from == instant(START)
    assert before.known_to == listing.known_from
    assert listing.known_to == after.known_from
    assert after.known_to is None


async def test_a_run_as_known_at_an_instant_does_not_see_what_ended_after_it(session):
    universes, one = await listed(session, "AAA")
    universe = make_universe(survivorship_free=True)
    await universes.save(universe, [spell(one)], reason="import")
    before = await session.scalar(text("SELECT clock_timestamp()"))
    await universes.save(universe, [spell(one, ends_on=date(2015, 6, 1))], reason="it had left")

    [then] = await universes.memberships(universe, known_at=before)
    first, second = await universes.memberships(universe)

    assert (then.ends_on, then.known_to) == (None, None)
    assert (first.ends_on, first.known_to) == (None, second.known_from)
    assert (second.ends_on, second.known_to) == (date(2015, 6, 1), None)


async def test_a_run_without_history_sees_what_is_believed_last(session):
    universes, one, two = await listed(session, "AAA", "BBB")
    universe = make_universe()
    await universes.save(universe, [Spell(one, START, None)], reason="a list")
    await universes.save(universe, [Spell(two, START, None)], reason="a list")

    found = await universes.memberships(universe)

    assert [each.symbol for each in found] == ["BBB"]


async def test_universes_are_told_at_a_glance(session):
    universes, one, two = await listed(session, "AAA", "BBB")
    left = date(2015, 6, 1)
    await universes.save(make_universe("EMPTY"), [], reason="import")
    await universes.save(make_universe("MINE", owner_id=OWNER), [spell(two)], reason="mine")
    await universes.save(
        make_universe("SHARED"), [spell(one, ends_on=left), spell(two, START + DAY)], reason="x"
    )
    await universes.save(make_universe("SHARED"), [spell(one), spell(two)], reason="y")

    async def told(on, owner_id=None):
        found = await universes.listed(on, owner_id=owner_id)
        return [(each.universe.key, each.members, each.first_on) for each in found]

    assert await told(START - DAY) == [("EMPTY", 0, None), ("SHARED", 0, START)]
    assert await told(START, OWNER) == [
        ("EMPTY", 0, None), ("MINE", 1, START), ("SHARED", 2, START)
    ]  # fmt: skip


async def test_many_universes_are_read_in_one_statement(engine, sessions):
    async with sessions.begin() as session:
        universes, one = await listed(session, "AAA")
        for key in ("ONE", "OTHER", "THIRD"):
            await universes.save(make_universe(key), [spell(one)], reason="import")
    seen = []

    def note(*asked):
        seen.append(asked[2])

    event.listen(engine.sync_engine, "before_cursor_execute", note)
    async with sessions() as session:
        universes = UniverseRepository(session)
        found = await universes.members_of(["ONE", "OTHER", "NONE"], valid_at=START)
    event.remove(engine.sync_engine, "before_cursor_execute", note)

    assert len(seen) == 1
    assert {key: len(members) for key, members in found.items()} == {
        "ONE": 1, "OTHER": 1, "NONE": 0
    }  # fmt: skip
