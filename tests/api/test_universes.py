"""Lists of one's own, and memberships corrected by hand."""

import asyncio
from datetime import UTC, date, datetime, timedelta

import pytest
from sqlalchemy import select, text

from api.errors import Conflict, Forbidden, InvalidInput, NotFound, UnknownSymbol
from api.services.findings import Refused
from api.services.identity import ALL_SCOPES, OWN_DATA
from api.services.universes import MOST_SYMBOLS, record_membership, save_universe
from models import AuditEvent, Exchange, Region
from models.fingerprint import Scope
from models.fingerprints import FingerprintRepository
from models.instruments import InstrumentRepository
from models.universes import Spell, UniverseRepository
from tests.factories import OWNER, STRANGER, make_instrument, make_universe

DAY = timedelta(days=1)
TODAY = datetime.now(UTC).date()
JOINED = date(2010, 1, 4)


@pytest.fixture
async def ids(session):
    shares = [make_instrument(symbol) for symbol in ("AAA", "BBB", "CCC")]
    banks = [make_instrument(f"{symbol}.AX", exchange=Exchange.XASX) for symbol in ("CBA", "NAB")]
    return await InstrumentRepository(session).upsert([*shares, *banks])


@pytest.fixture
async def shared(session, ids):
    """Everybody's list: AAA since 2010, BBB until 2015."""
    known = datetime(2010, 1, 4, tzinfo=UTC)
    spells = [
        Spell(ids["AAA"], JOINED, None, known),
        Spell(ids["BBB"], JOINED, date(2015, 6, 1), known),
    ]
    universe = make_universe("SHARED", survivorship_free=True)
    saved = await UniverseRepository(session).save(universe, spells, reason="import")
    await FingerprintRepository(session).refresh(Scope.MEMBERSHIP, ["SHARED"])
    return saved


async def save(session, symbols, **given):
    asked = {"owner_id": OWNER, "key": "MINE", "name": "Mine", "symbols": symbols}
    return await save_universe(session, **asked | given)


async def record(session, symbol="AAA", starts_on=JOINED, ends_on=None, **given):
    asked = {
        "owner_id": OWNER,
        "scopes": ALL_SCOPES,
        "universe": "SHARED",
        "reason": "the exchange said so",
    }
    return await record_membership(
        session, symbol=symbol, starts_on=starts_on, ends_on=ends_on, **asked | given
    )


async def spells_of(session, key):
    return [
        (each.symbol, each.starts_on, each.ends_on)
        for each in await UniverseRepository(session).spells(key)
    ]


async def symbols_of(session, key, valid_at, known_at=None):
    members = await UniverseRepository(session).members(key, valid_at=valid_at, known_at=known_at)
    return [each.symbol for each in members]


async def digest_of(session, key):
    digest = await FingerprintRepository(session).digest_of(
        {Scope.MEMBERSHIP: [key]}, first_year=1990, last_year=2030
    )
    return digest.combined


async def now(session):
    return await session.scalar(text("SELECT clock_timestamp()"))


async def test_a_new_list_has_held_its_members_always(session, ids):
    saved = await save(session, ["AAA", "BBB"], description=" Two shares ")

    assert (saved.key, saved.owner_id, saved.name) == ("MINE", OWNER, "Mine")
    assert (saved.description, saved.source) == ("Two shares", "a list of one's own")
    assert saved.survivorship_free is False
    assert await symbols_of(session, "MINE", date(1985, 1, 2)) == ["AAA", "BBB"]
    yesterday = await now(session) - DAY
    assert await symbols_of(session, "MINE", TODAY, known_at=yesterday) == []


async def test_a_new_list_may_begin_on_a_day(session, ids):
    await save(session, ["AAA"], valid_from=JOINED)

    assert await symbols_of(session, "MINE", JOINED - DAY) == []
    assert await symbols_of(session, "MINE", JOINED) == ["AAA"]


async def test_an_edit_counts_from_its_day_and_keeps_what_was_before(session, ids):
    await save(session, ["AAA", "BBB"], valid_from=JOINED)
    before = await now(session)
    changed = date(2020, 3, 2)

    await save(session, ["BBB", "CCC"], valid_from=changed, name="Renamed")

    assert await spells_of(session, "MINE") == [
        ("AAA", JOINED, changed),
        ("BBB", JOINED, None),
        ("CCC", changed, None),
    ]
    assert await symbols_of(session, "MINE", changed, known_at=before) == ["AAA", "BBB"]
    assert (await UniverseRepository(session).by_key("MINE", owner_id=OWNER)).name == "Renamed"


async def test_an_edit_without_a_day_counts_from_today(session, ids):
    await save(session, ["AAA"], valid_from=JOINED)

    await save(session, ["BBB"])

    assert await spells_of(session, "MINE") == [("AAA", JOINED, TODAY), ("BBB", TODAY, None)]


async def test_an_edit_of_the_past_replaces_what_came_after_it(session, ids):
    await save(session, ["AAA"], valid_from=JOINED)
    await save(session, ["BBB"], valid_from=date(2015, 1, 2))

    await save(session, ["AAA", "CCC"], valid_from=date(2012, 1, 3))

    assert await spells_of(session, "MINE") == [
        ("AAA", JOINED, None),
        ("CCC", date(2012, 1, 3), None),
    ]


async def test_a_member_that_comes_back_has_two_spells(session, ids):
    await save(session, ["AAA", "BBB"], valid_from=JOINED)
    await save(session, ["BBB"], valid_from=date(2012, 1, 3))

    await save(session, ["AAA", "BBB"], valid_from=date(2014, 1, 2))

    assert await spells_of(session, "MINE") == [
        ("AAA", JOINED, date(2012, 1, 3)),
        ("AAA", date(2014, 1, 2), None),
        ("BBB", JOINED, None),
    ]


async def test_the_same_list_again_touches_nothing(session, ids):
    await save(session, ["AAA", "BBB"])
    rows = text("SELECT xmin::text, id FROM index_membership ORDER BY id")
    before = (await session.execute(rows)).all()
    digest = await digest_of(session, "MINE")

    await save(session, ["BBB", "AAA"])

    assert (await session.execute(rows)).all() == before
    assert await digest_of(session, "MINE") == digest


async def test_an_edit_changes_the_fingerprint(session, ids):
    await save(session, ["AAA"])
    before = await digest_of(session, "MINE")

    await save(session, ["AAA", "BBB"])

    assert await digest_of(session, "MINE") != before


@pytest.mark.parametrize(
    ("symbols", "region", "benchmark"),
    [
        (["AAA"], Region.US, "^GSPC"),
        (["CBA.AX", "NAB.AX"], Region.AU, "^AXJO"),
        (["AAA", "CBA.AX"], Region.GLOBAL, "^GSPC"),
    ],
)
async def test_a_list_is_of_where_its_members_trade(session, ids, symbols, region, benchmark):
    saved = await save(session, symbols)

    assert (saved.region, saved.benchmark) == (region, benchmark)


async def test_a_benchmark_once_chosen_stays(session, ids):
    await save(session, ["AAA"], benchmark="CCC", description="mine")

    saved = await save(session, ["CBA.AX"])

    assert (saved.benchmark, saved.description) == ("CCC", "mine")


@pytest.mark.parametrize(
    ("given", "field", "message"),
    [
        ({"key": "mine"}, "key", "key was 'mine'; use 1 to 64 capital letters"),
        ({"key": "A" * 65}, "key", "use 1 to 64 capital letters, digits and underscores"),
        ({"key": "MINE\n"}, "key", "use 1 to 64 capital letters"),
        ({"name": "  "}, "name", "name was empty; give the list a name"),
        ({"name": "x" * 201}, "name", "name had 201 characters; use at most 200"),
        ({"description": "x" * 2_001}, "description", "use at most 2000"),
        ({"symbols": []}, "symbols", "symbols had 0 entries; list 1 to 1000"),
        ({"symbols": ["AAA", "AAA"]}, "symbols", "symbols named AAA twice; list each once"),
        ({"valid_from": date(1899, 12, 31)}, "validFrom", "choose a day from 1900-01-01 to today"),
        ({"valid_from": TODAY + DAY}, "validFrom", "choose a day from 1900-01-01 to today"),
    ],
)
async def test_a_list_that_is_wrong_is_told_by_its_field(session, ids, given, field, message):
    with pytest.raises(Refused, match=message) as refused:
        await save(session, **{"symbols": ["AAA"]} | given)

    assert [error.field for error in refused.value.errors] == [("input", field)]
    assert {type(error) for error in refused.value.errors} == {InvalidInput}


async def test_too_many_symbols_are_refused_before_they_are_looked_up(session):
    symbols = [f"S{number}" for number in range(MOST_SYMBOLS + 1)]
    with pytest.raises(Refused, match="symbols had 1001 entries; list 1 to 1000"):
        await save(session, symbols)


async def test_unknown_symbols_are_named(session, ids):
    with pytest.raises(UnknownSymbol, match="symbols named 'NOPE', 'aaa'") as refused:
        await save(session, ["AAA", "NOPE", "aaa"])
    assert refused.value.field == ("input", "symbols")

    with pytest.raises(UnknownSymbol, match=r"benchmark named '\^NOPE'") as refused:
        await save(session, ["AAA"], benchmark="^NOPE")
    assert refused.value.field == ("input", "benchmark")


@pytest.mark.parametrize("key", ["SPX500", "CORE_ETFS", "SAMPLE_OF_MINE"])
async def test_the_keys_of_shared_lists_are_taken_before_they_are_imported(session, ids, key):
    with pytest.raises(Refused, match=f"key {key} is taken; choose another") as refused:
        await save(session, ["AAA"], key=key)
    assert [type(error) for error in refused.value.errors] == [Conflict]


@pytest.mark.parametrize("key", ["SHARED", "THEIRS"])
async def test_a_key_of_somebody_else_is_taken(session, shared, key):
    await save(session, ["BBB"], key="THEIRS", owner_id=STRANGER)

    with pytest.raises(Conflict, match=f"^key {key} is taken; choose another$") as refused:
        await save(session, ["AAA"], key=key)

    assert refused.value.field == ("input", "key")
    assert await symbols_of(session, "THEIRS", TODAY) == ["BBB"]
    assert await symbols_of(session, "SHARED", TODAY) == ["AAA"]


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
