"""Twenty-five years of an index of 500: corrections add to what is known and take nothing back."""

from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import text

from api.services.identity import ALL_SCOPES
from api.services.universes import from_then_on, record_membership
from models.instruments import InstrumentRepository
from models.universes import Member, Spell, UniverseRepository
from tests.factories import OWNER, make_instrument, make_universe

FIRST, LAST = date(2000, 1, 3), date(2025, 1, 2)
DAYS = (LAST - FIRST).days
SIZE, CHANGES_A_QUARTER = 500, 5
QUARTERS = 100
NAMES = SIZE + QUARTERS * CHANGES_A_QUARTER
SAMPLED = [FIRST + timedelta(days=day) for day in range(0, DAYS + 1, 761)]
OVERLAPS = text(
    "SELECT count(*) FROM index_membership a JOIN index_membership b"
    " ON a.id < b.id AND a.universe_id = b.universe_id AND a.instrument_id = b.instrument_id"
    " AND daterange(a.starts_on, a.ends_on) && daterange(b.starts_on, b.ends_on)"
    " AND tstzrange(a.known_from, a.known_to) && tstzrange(b.known_from, b.known_to)"
)

days = st.integers(0, DAYS).map(lambda day: FIRST + timedelta(days=day))
correction = st.tuples(
    st.integers(0, NAMES - 1), days, st.none() | st.integers(1, 3 * 365)
)  # who, from when, for how many days


def symbol(number):
    return f"S{number:04}"


def history():
    """Each quarter the five longest members make room for five that never were in."""
    for number in range(NAMES):
        joined = max(0, number - SIZE) // CHANGES_A_QUARTER
        left = number // CHANGES_A_QUARTER
        starts_on = FIRST if number < SIZE else FIRST + timedelta(days=91 * (joined + 1))
        gone = left < QUARTERS
        yield number, starts_on, FIRST + timedelta(days=91 * (left + 1)) if gone else None


@pytest.fixture
async def index(session):
    ids = await InstrumentRepository(session).upsert(
        make_instrument(symbol(number)) for number in range(NAMES)
    )
    spells = [
        Spell(ids[symbol(number)], starts_on, ends_on, _midnight(starts_on))
        for number, starts_on, ends_on in history()
    ]
    universes = UniverseRepository(session)
    await universes.save(make_universe("INDEX", survivorship_free=True), spells, reason="import")
    return universes


def _midnight(day):
    return datetime(day.year, day.month, day.day, tzinfo=UTC)


async def answers(universes, known_at):
    """What a reader at an instant is told of some days."""
    return [
        [
            (each.symbol, each.starts_on, each.ends_on)
            for each in await universes.members("INDEX", valid_at=day, known_at=known_at)
        ]
        for day in SAMPLED
    ]


async def test_the_index_has_500_members_on_every_day(index):
    for day in SAMPLED:
        assert len(await index.members("INDEX", valid_at=day)) == SIZE
        assert len(await index.members("INDEX", valid_at=day, known_at=_midnight(LAST))) == SIZE


@settings(
    max_examples=10,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(corrections=st.lists(correction, min_size=1, max_size=3))
async def test_a_correction_changes_no_answer_of_before_it(session, index, corrections):
    savepoint = await session.begin_nested()
    told = []
    for number, starts_on, length in corrections:
        instant = await session.scalar(text("SELECT clock_timestamp()"))
        told.append((instant, await answers(index, instant)))
        ends_on = None if length is None else starts_on + timedelta(days=length)

        recorded = await record_membership(
            session, owner_id=OWNER, scopes=ALL_SCOPES, universe="INDEX", symbol=symbol(number),
            starts_on=starts_on, ends_on=ends_on, reason="a correction",
        )  # fmt: skip

        assert (recorded.starts_on, recorded.ends_on) == (starts_on, ends_on)
        assert recorded.symbol in await members_on(index, starts_on)
    for instant, before in told:
        assert await answers(index, instant) == before
    assert await session.scalar(OVERLAPS) == 0
    await savepoint.rollback()


async def members_on(universes, day):
    return {each.symbol for each in await universes.members("INDEX", valid_at=day)}


@st.composite
def lists(draw):
    """Memberships of a few instruments that do not overlap, as a list may have come to them."""
    spells = []
    for number in range(draw(st.integers(1, 4))):
        bounds = draw(st.lists(st.integers(0, 60), unique=True, max_size=4).map(sorted))
        ends = [*bounds[1::2], *([None] if len(bounds) % 2 else [])]
        for start, end in zip(bounds[::2], ends, strict=True):
            ends_on = None if end is None else FIRST + timedelta(days=end)
            spells.append(
                Member(
                    number, symbol(number), FIRST + timedelta(days=start), ends_on, _midnight(LAST)
                )
            )
    return spells


def held(spells, day):
    return sorted(
        each.instrument_id
        for each in spells
        if each.starts_on <= day and (each.ends_on is None or day < each.ends_on)
    )


@given(
    believed=lists(),
    ids=st.sets(st.integers(0, 5), max_size=4).map(sorted),
    first=st.integers(0, 60).map(lambda day: FIRST + timedelta(days=day)),
)
def test_a_list_holds_these_from_a_day_on_and_what_it_held_before(believed, ids, first):
    spells = from_then_on(believed, ids, first)

    for offset in range(70):
        day = FIRST + timedelta(days=offset)
        assert held(spells, day) == (ids if day >= first else held(believed, day))
    assert all(each.ends_on is None or each.starts_on < each.ends_on for each in spells)
