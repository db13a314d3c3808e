"""Whom a scan asks: the members of its day, each by the sessions of its own market."""

from datetime import UTC, date, datetime
from uuid import UUID

from models import Scope
from models.fingerprints import FingerprintRepository
from models.instruments import InstrumentRepository
from models.session import unit_of_work
from models.universes import Spell, UniverseRepository
from tests.api.market import SHARES
from tests.api.scanning import changed, performed, submit
from tests.api.two_markets import write_pair
from tests.factories import make_universe

SHOWN = """
query Shown($id: ID!) {
  scan(id: $id) { funnel { entered passed failed unknown because } hits { symbol } }
}
"""
LONG_AGO = datetime(2017, 1, 1, tzinfo=UTC)
EVERYONE = {"lookback": 60, "skip": 5, "top_fraction": 1.0}


async def test_two_markets_are_each_judged_by_their_own_sessions(ask, app):
    # New York was closed on 15 January 2024, Sydney was not.
    await write_pair(app.sessions)
    monday = changed(
        scanner="high_tight_flag",
        parameters={},
        universe=...,
        symbols=["ACME", "BHP.AX"],
        asOf="2024-01-15",
    )
    submitted = await submit(ask, monday)
    await performed(app.sessions, app.store, UUID(submitted["job"]["id"].rpartition("_")[2]))

    shown = (await ask(SHOWN, id=submitted["scan"]["id"]))["data"]["scan"]

    current, gap, rise = shown["funnel"][:3]
    assert (current["entered"], current["passed"]) == (2, 2)
    assert (gap["passed"], gap["failed"]) == (2, 0)
    assert (rise["unknown"], rise["because"]) == (2, ["2: fewer than 61 bars"])


async def test_only_who_was_a_member_on_the_day_is_asked(ask, app, market):
    async with unit_of_work(app.sessions) as session:
        shares = await InstrumentRepository(session).by_symbols(SHARES)
        ids = {share.symbol: share.id for share in shares}
        spells = [Spell(ids["AAA"], date(2018, 1, 1), date(2019, 6, 1), LONG_AGO)]
        spells += [Spell(ids["BBB"], date(2018, 1, 1), None, LONG_AGO)]
        spells += [Spell(ids["CCC"], date(2019, 12, 1), None, LONG_AGO)]
        free = make_universe("OF_THE_DAY", survivorship_free=True)
        await UniverseRepository(session).save(free, spells, reason="a test")
        await FingerprintRepository(session).refresh(Scope.MEMBERSHIP, ["OF_THE_DAY"])

    members = {}
    for day in ("2019-05-31", "2019-06-03", "2019-12-27"):
        wish = changed(universe="OF_THE_DAY", asOf=day, parameters=EVERYONE)
        submitted = await submit(ask, wish)
        await performed(app.sessions, app.store, UUID(submitted["job"]["id"].rpartition("_")[2]))
        shown = (await ask(SHOWN, id=submitted["scan"]["id"]))["data"]["scan"]
        assert shown["funnel"][0]["entered"] == len(shown["hits"])
        members[day] = {hit["symbol"] for hit in shown["hits"]}

    assert members == {
        "2019-05-31": {"AAA", "BBB"},
        "2019-06-03": {"BBB"},
        "2019-12-27": {"BBB", "CCC"},
    }
