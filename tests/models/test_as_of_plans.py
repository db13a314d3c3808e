"""What the product asks of an index as of a day and an instant reads no more than the answer.

500 names at a time out of 1,000 over 25 years, among other people's lists. Nothing is timed: the
plans are PostgreSQL's own, with the buffers they touched.
"""

from datetime import UTC, date, datetime

import pytest
from sqlalchemy import event

from models.price_bars import PriceBarRepository
from models.session import make_engine, make_sessions
from models.universes import UniverseRepository
from tests.models.index_of_names import NAMES, SPELLS, fill

# Name k has left 18 k days after the start of 2000.
LEFT_BY_THEN = 263
VALID_AT, KNOWN_AT = date(2012, 6, 15), datetime(2013, 1, 1, tzinfo=UTC)
TABLES = (
    "price_bar_revision",
    "price_bar",
    "index_membership",
    "corporate_action_revision",
    "corporate_action",
)


@pytest.fixture(scope="module")
async def index(make_database, worker_id):
    """An engine on a database that holds the index."""
    url = await make_database(f"index_{worker_id}")
    engine = make_engine(url, pool_size=2, command_timeout_seconds=60.0)
    await fill(engine, every="84 days")
    yield engine
    await engine.dispose()


@pytest.fixture
def explain(index):
    """Return a function that runs a read and answers it with the plan of its only statement."""

    async def explained(read):
        seen = []
        event.listen(index.sync_engine, "before_cursor_execute", note := _note(seen))
        async with make_sessions(index)() as session:
            answer = await read(session)
            event.remove(index.sync_engine, "before_cursor_execute", note)
            [(statement, parameters)] = seen
            connection = await session.connection()
            driver = (await connection.get_raw_connection()).driver_connection
            told = await driver.fetchval(
                f"EXPLAIN (ANALYZE, BUFFERS, FORMAT JSON) {statement}", *parameters
            )
        return answer, told[0]["Plan"]

    return explained


def _note(seen):
    def note(_connection, _cursor, statement, parameters, *_):
        seen.append((statement, parameters))

    return note


def nodes(plan):
    yield plan
    for below in plan.get("Plans", ()):
        yield from nodes(below)


def ways(plan):
    """Return by which index each big table is read, if by any."""
    found = {
        (_table(node), node.get("Index Name"))
        for node in nodes(plan)
        if "Index Name" in node or node["Node Type"] == "Seq Scan"
    }
    return {way for way in found if way[0] in TABLES}


def _table(node):
    # A bitmap is made of an index and read by the node above it; an index is named after its table.
    named = node.get("Relation Name") or node["Index Name"].split("_", 1)[1]
    return next((table for table in TABLES if named.startswith(table)), named)


def touched(plan, tables=TABLES):
    """Return how many rows of these tables were looked at, the refused ones too."""
    return sum(
        (node["Actual Rows"] + node.get("Rows Removed by Filter", 0)) * node["Actual Loops"]
        for node in nodes(plan)
        if node.get("Relation Name") in tables
    )


def buffers(plan):
    return plan["Shared Hit Blocks"] + plan["Shared Read Blocks"]


async def members(session):
    universes = UniverseRepository(session)
    return await universes.members("INDEX", valid_at=VALID_AT, known_at=KNOWN_AT)


async def test_who_was_in_an_index_is_read_from_its_own_memberships(explain):
    found, plan = await explain(members)

    assert len(found) == NAMES
    assert ways(plan) == {("index_membership", "ix_index_membership_universe_id_starts_on")}
    assert touched(plan) <= SPELLS
    assert buffers(plan) <= 10 * NAMES


async def test_who_ever_was_in_an_index_is_read_from_its_own_memberships(explain):
    async def spells(session):
        return await UniverseRepository(session).spells("INDEX", known_at=KNOWN_AT)

    found, plan = await explain(spells)

    assert len(found) == NAMES + LEFT_BY_THEN
    assert ways(plan) == {("index_membership", "ix_index_membership_universe_id_starts_on")}
    assert touched(plan) <= SPELLS


async def test_the_bars_of_a_day_are_one_descent_a_name(explain, index):
    async with make_sessions(index)() as session:
        ids = [each.instrument_id for each in await members(session)]

    async def latest(session):
        bars = PriceBarRepository(session)
        return await bars.latest_by_instrument(ids, valid_at=VALID_AT, known_at=KNOWN_AT)

    found, plan = await explain(latest)

    assert len(found) == NAMES
    assert ways(plan) == {
        ("price_bar", "pk_price_bar"),
        ("price_bar_revision", "pk_price_bar_revision"),
        ("corporate_action", "uq_corporate_action_instrument_id_ex_date_kind"),
        ("corporate_action_revision", "pk_corporate_action_revision"),
    }
    # The bar, however long the history, and however often it was corrected.
    assert touched(plan) <= 1.1 * NAMES
    assert buffers(plan) <= 12 * NAMES


async def test_who_stands_in_the_past_does_not_walk_what_came_since(explain, index):
    async with make_sessions(index)() as session:
        ids = [each.instrument_id for each in await members(session)]

    async def latest(session):
        bars = PriceBarRepository(session)
        return await bars.latest_by_instrument(ids, known_at=datetime(2003, 1, 1, tzinfo=UTC))

    found, plan = await explain(latest)

    assert {bar.date.year for bar in found} == {2002}
    assert touched(plan, ("price_bar", "price_bar_revision")) <= 3 * NAMES


async def test_the_bars_of_a_month_are_all_that_is_read_of_them(explain, index):
    async with make_sessions(index)() as session:
        ids = [each.instrument_id for each in await members(session)]

    async def month(session):
        bars = PriceBarRepository(session)
        return await bars.columns(
            ids, start=date(2012, 3, 1), end=VALID_AT, known_at=KNOWN_AT, adjust=False
        )

    found, plan = await explain(month)

    read = sum(len(columns.days) for columns in found)
    assert read == 2 * NAMES  # the sessions of 84 days apart between the two days
    assert ways(plan) == {
        ("price_bar", "pk_price_bar"),
        ("price_bar_revision", "pk_price_bar_revision"),
    }
    assert touched(plan) <= read + 2 * NAMES
