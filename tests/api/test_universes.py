"""Lists of one's own, and memberships corrected by hand."""

from datetime import date

import pytest
from sqlalchemy import text

from api.errors import Conflict, InvalidInput, UnknownSymbol
from api.services.findings import Refused
from api.services.universes import MOST_SYMBOLS
from models import Region
from models.universes import UniverseRepository
from tests.api.lists import (
    DAY,
    JOINED,
    TODAY,
    digest_of,
    now,
    save,
    spells_of,
    symbols_of,
    write_shared,
    write_shares,
)
from tests.factories import OWNER, STRANGER


@pytest.fixture
async def ids(session):
    return await write_shares(session)


@pytest.fixture
async def shared(session, ids):
    return await write_shared(session, ids)


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
