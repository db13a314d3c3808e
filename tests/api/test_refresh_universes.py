"""The known lists on their way into the database."""

from dataclasses import replace
from datetime import UTC, date, datetime

import pytest
from sqlalchemy import select, text

from api.adapters.membership_csv import parse_membership
from api.adapters.universe_lists import UniverseLists
from api.errors import DataError, FailureKind, FetchFailed, NotFound
from api.ports import ListedUniverse, Listing, UniverseListing
from api.services.refresh_universes import Refreshed, refresh_universe, refresh_universes
from models import Instrument
from models.fingerprint import Scope
from models.fingerprints import FingerprintRepository
from models.instrument_aliases import InstrumentAliasRepository
from models.instruments import InstrumentRepository
from models.universes import UniverseRepository
from tests.factories import make_instrument

ROWS = "SELECT xmin::text, * FROM {} ORDER BY 2"
TODAY = datetime.now(UTC).date()
HISTORY = """\
ticker,start_date,end_date
AAL,1996-01-02,1997-01-15
AAL,2015-03-23,
AMD,1996-01-02,2013-09-23
AMD,2017-03-20,
BRK.B,2010-02-16,
GE,1996-01-02,2018-06-26
"""


def listing(symbol, **given):
    described = {
        "symbol": symbol, "name": f"{symbol} Inc.", "asset_class": "EQUITY", "exchange": "XNYS",
        "currency": "USD", "source": "lists", "fields": (), "sector": "Energy",
    }  # fmt: skip
    return Listing(**described | given)


class Lists:
    """A source of lists whose words a test puts into its mouth."""

    keys = ("SPX500", "NASDAQ100")

    def __init__(self, *symbols):
        self.members = [listing(symbol) for symbol in symbols]
        self.history = None
        self.fails = {}

    async def fetch_list(self, key):
        if key in self.fails:
            raise self.fails[key]
        universe = UniverseListing(
            key=key, name=f"The {key}", description="A list.", region="US", benchmark="^GSPC",
            source="a test", symbols=tuple(each.symbol for each in self.members),
        )  # fmt: skip
        level = listing("^GSPC", asset_class="INDEX", exchange="INDEX", sector=None)
        return ListedUniverse(universe=universe, members=tuple(self.members), benchmark=level)

    async def fetch_history(self, key):
        if self.history is None or key != "SPX500":
            return None
        return parse_membership(self.history.encode(), source="members.csv")


@pytest.fixture
def seen(sessions):
    """Return what a reader sees of the S&P 500 on a day, as known at an instant or now."""

    async def read(valid_at, known_at=None, key="SPX500"):
        async with sessions() as session:
            members = await UniverseRepository(session).members(
                key, valid_at=valid_at, known_at=known_at
            )
        return [member.symbol for member in members]

    return read


@pytest.fixture
def universe_of(sessions):
    async def read(key="SPX500"):
        async with sessions() as session:
            return await UniverseRepository(session).by_key(key)

    return read


async def rows_of(sessions, *tables):
    async with sessions() as session:
        return [(await session.execute(text(ROWS.format(table)))).all() for table in tables]


async def now(sessions):
    async with sessions() as session:
        return await session.scalar(text("SELECT clock_timestamp()"))


async def test_a_list_without_history_has_held_its_members_always_and_is_known_from_now(
    sessions, seen, universe_of
):
    before = await now(sessions)

    refreshed = await refresh_universe(sessions, Lists("AAA", "BBB"), "SPX500")

    assert refreshed == Refreshed(key="SPX500", members=2, changed=2)
    assert await seen(date(1990, 1, 2)) == ["AAA", "BBB"]
    assert await seen(TODAY, known_at=before) == []
    universe = await universe_of()
    assert (universe.name, universe.description, universe.source) == (
        "The SPX500", "A list.", "a test",
    )  # fmt: skip
    assert (universe.benchmark, universe.survivorship_free, universe.owner_id) == (
        "^GSPC", False, None,
    )  # fmt: skip


async def test_members_come_and_go_on_the_day_it_is_noticed(sessions, seen):
    await refresh_universe(sessions, Lists("AAA", "BBB"), "SPX500")
    before = await now(sessions)

    refreshed = await refresh_universe(sessions, Lists("BBB", "CCC"), "SPX500")

    # One began, and one was replaced by the same with an end.
    assert (refreshed.members, refreshed.changed) == (2, 3)
    assert await seen(TODAY) == ["BBB", "CCC"]
    assert await seen(date(2020, 1, 2)) == ["AAA", "BBB"]
    assert await seen(TODAY, known_at=before) == ["AAA", "BBB"]


async def test_a_refresh_that_finds_nothing_new_writes_nothing(sessions):
    lists = Lists("AAA", "AMD")
    lists.history = HISTORY
    tables = ("instrument", "universe", "index_membership", "fingerprint", "instrument_alias")
    await refresh_universes(sessions, lists)
    before = await rows_of(sessions, *tables)

    again = await refresh_universes(sessions, lists)

    assert [(each.key, each.changed) for each in again] == [("SPX500", 0), ("NASDAQ100", 0)]
    assert await rows_of(sessions, *tables) == before


async def test_history_is_believed_of_the_time_it_is_about(sessions, seen, universe_of):
    lists = Lists("AMD", "BRK-B")
    lists.history = HISTORY

    refreshed = await refresh_universe(sessions, lists, "SPX500")

    assert refreshed.history_from == date(1996, 1, 2)
    assert refreshed.members == 3
    assert await seen(date(1996, 1, 2)) == ["AAL-199701", "AMD", "GE"]
    assert await seen(date(2014, 1, 2)) == ["BRK-B", "GE"]
    assert await seen(date(2020, 1, 2)) == ["AAL", "AMD", "BRK-B"]
    as_then = datetime(2014, 1, 2, tzinfo=UTC)
    assert await seen(date(2014, 1, 2), known_at=as_then) == ["BRK-B", "GE"]
    universe = await universe_of()
    assert universe.survivorship_free
    assert universe.source == "a test; history: members.csv"
    assert universe.description == (
        "A list. Those who have left are listed too, from 1996-01-02 on."
    )


async def test_a_reused_ticker_is_two_instruments(sessions):
    lists = Lists("AMD")
    lists.history = HISTORY

    await refresh_universe(sessions, lists, "SPX500")

    async with sessions() as session:
        aliases = InstrumentAliasRepository(session)
        ids = await InstrumentRepository(session).ids_by_symbol(["AAL", "AAL-199701"])
        then = await aliases.ids_by_symbol(["AAL"], on=date(1996, 6, 3))
        later = await aliases.ids_by_symbol(["AAL"], on=date(2020, 6, 3))
        [former] = await InstrumentRepository(session).by_symbols(["AAL-199701"])
    assert len(set(ids.values())) == 2
    assert then == {"AAL": ids["AAL-199701"]}
    assert later == {}  # its own symbol needs none
    assert former.name == "Alexander & Alexander Services"
    assert former.flags == ["exchange_assumed"]


async def test_history_that_comes_later_is_believed_of_its_time_and_of_now(sessions, seen):
    """In between, a reader still sees what was believed in between."""
    lists = Lists("AMD", "BRK-B")
    await refresh_universe(sessions, lists, "SPX500")
    between = await now(sessions)
    lists.history = HISTORY

    await refresh_universe(sessions, lists, "SPX500")

    day = date(2014, 1, 2)
    assert await seen(day, known_at=datetime(2014, 1, 2, tzinfo=UTC)) == ["BRK-B", "GE"]
    # AMD as the list had it then; GE was in no list, so its past is believed of then too.
    assert await seen(day, known_at=between) == ["AMD", "BRK-B", "GE"]
    assert await seen(day) == ["BRK-B", "GE"]


async def test_a_run_over_history_sees_each_day_what_was_known_on_it(sessions, universe_of):
    lists = Lists("AMD", "BRK-B")
    await refresh_universe(sessions, lists, "SPX500")
    lists.history = HISTORY
    await refresh_universe(sessions, lists, "SPX500")

    async with sessions() as session:
        universe = await universe_of()
        found = await UniverseRepository(session).memberships(universe)

    amd = [
        (each.starts_on, each.ends_on, each.known_from, each.known_to)
        for each in found
        if each.symbol == "AMD"
    ]
    first, imported = sorted({each[2] for each in amd if each[2].date() == TODAY})
    began, back = datetime(1996, 1, 2, tzinfo=UTC), datetime(2017, 3, 20, tzinfo=UTC)
    assert sorted(amd, key=lambda each: (each[2], each[0])) == [
        (date(1996, 1, 2), date(2013, 9, 23), began, first),
        (date(2017, 3, 20), None, back, first),
        (date(1970, 1, 1), None, first, imported),
        (date(1996, 1, 2), date(2013, 9, 23), imported, None),
        (date(2017, 3, 20), None, imported, None),
    ]


async def test_history_once_imported_is_not_forgotten(sessions, seen, universe_of):
    lists = Lists("AMD", "BRK-B", "AAL")
    lists.history = HISTORY
    await refresh_universe(sessions, lists, "SPX500")
    described = await universe_of()
    lists.history = None
    lists.members = lists.members[:2]

    await refresh_universe(sessions, lists, "SPX500")

    universe = await universe_of()
    assert universe.survivorship_free
    assert universe.description == described.description
    assert await seen(date(1996, 1, 2)) == ["AAL-199701", "AMD", "GE"]
    assert await seen(TODAY) == ["AMD", "BRK-B"]


async def test_what_prices_have_described_a_list_does_not_describe_anew(sessions):
    async with sessions.begin() as session:
        theirs = make_instrument("AAA", name="Theirs", source="tiingo", fields=["close"])
        await InstrumentRepository(session).upsert([theirs])

    await refresh_universe(sessions, Lists("AAA", "BBB"), "SPX500")

    async with sessions() as session:
        found = await session.scalars(select(Instrument).order_by(Instrument.symbol))
    assert [(each.symbol, each.name, each.source, each.fields) for each in found] == [
        ("AAA", "Theirs", "tiingo", ["close"]),
        ("BBB", "BBB Inc.", "lists", []),
        ("^GSPC", "^GSPC Inc.", "lists", []),
    ]


async def test_a_new_name_is_taken_over(sessions):
    lists = Lists("AAA")
    await refresh_universe(sessions, lists, "SPX500")
    lists.members = [replace(lists.members[0], name="Renamed", sector=None)]

    await refresh_universe(sessions, lists, "SPX500")

    async with sessions() as session:
        [found] = await InstrumentRepository(session).by_symbols(["AAA"])
    assert (found.name, found.sector) == ("Renamed", None)


async def test_a_change_of_members_changes_the_fingerprint(sessions):
    async def digest():
        async with sessions() as session:
            found = await FingerprintRepository(session).digest_of(
                {Scope.MEMBERSHIP: ["SPX500"]}, first_year=1990, last_year=2030
            )
        return found.combined

    await refresh_universe(sessions, Lists("AAA"), "SPX500")
    before = await digest()
    await refresh_universe(sessions, Lists("AAA"), "SPX500")
    same = await digest()
    await refresh_universe(sessions, Lists("AAA", "BBB"), "SPX500")

    assert same == before
    assert await digest() != before


async def test_a_list_that_cannot_be_had_is_left_and_the_others_go_on(sessions, seen):
    lists = Lists("AAA")
    await refresh_universes(sessions, lists)
    lists.members = [listing("BBB")]
    lists.fails = {"SPX500": FetchFailed(FailureKind.NETWORK, "members.csv could not be reached")}

    first, second = await refresh_universes(sessions, lists)

    assert (first.key, first.problem) == ("SPX500", "members.csv could not be reached")
    assert (second.key, second.problem, second.members) == ("NASDAQ100", None, 1)
    assert await seen(TODAY) == ["AAA"]
    assert await seen(TODAY, key="NASDAQ100") == ["BBB"]


@pytest.mark.parametrize("error", [DataError("asx200.csv, line 4"), NotFound("no list")])
async def test_one_list_by_itself_raises_what_is_wrong(sessions, error):
    lists = Lists("AAA")
    lists.fails = {"SPX500": error}

    with pytest.raises(type(error), match=str(error)):
        await refresh_universe(sessions, lists, "SPX500")


async def test_every_known_list_is_stored_as_it_is(sessions, seen):
    lists = UniverseLists({})

    refreshed = await refresh_universes(sessions, lists)

    assert [each.problem for each in refreshed] == [None] * 6
    for each in refreshed:
        listed = await lists.fetch_list(each.key)
        assert each.members == len(listed.members)
        assert set(await seen(TODAY, key=each.key)) == set(listed.universe.symbols)
    assert all(each.changed == 0 for each in await refresh_universes(sessions, lists))


async def test_a_company_of_both_indices_is_one_instrument(sessions):
    await refresh_universes(sessions, UniverseLists({}), ["SPX500", "NASDAQ100"])

    async with sessions() as session:
        universes = UniverseRepository(session)
        found = await universes.members_of(["SPX500", "NASDAQ100"], valid_at=TODAY)
    ids = [{each.symbol: each.instrument_id for each in members} for members in found.values()]
    assert ids[0]["GOOG"] == ids[1]["GOOG"] != ids[0]["GOOGL"] == ids[1]["GOOGL"]
