"""What bars were before they changed, and the runs that had read them, as a caller meets it."""

from datetime import date

import pytest

from api.services.identity import EXPLORE, OWN_DATA
from models.fingerprint import Scope
from models.fingerprints import FingerprintRepository
from models.instruments import InstrumentRepository
from models.price_bars import PriceBarRepository
from models.session import unit_of_work
from tests.api.market import UNIVERSE
from tests.factories import STRANGER, make_bar

pytestmark = pytest.mark.usefixtures("market")

DAY = date(2019, 6, 3)
RUN = """
mutation Run($input: RunBacktestInput!) {
  runBacktest(input: $input) { backtest { id } userErrors { message } }
}
"""
REVISION = """
fragment Revision on PriceRevision {
  symbol date knownAt reason before { adjustedClose knownAt } after { adjustedClose knownAt }
  affectedBacktests { id }
}
"""
OF_SYMBOL = (
    REVISION
    + """
query Revisions($symbol: String!, $date: Date, $first: Int, $after: String) {
  priceRevisions(symbol: $symbol, date: $date, first: $first, after: $after) {
    nodes { ...Revision } totalCount pageInfo { endCursor hasNextPage } } }
"""
)
CORRECT = (
    REVISION
    + """
mutation Correct($input: CorrectPriceInput!) {
  correctPrice(input: $input) { revision { ...Revision } userErrors { field code reason } } }
"""
)
OF_ALL = (
    REVISION
    + """
query Revisions($universe: String) {
  dataHealth(universe: $universe) { revisions(first: 10) { nodes { ...Revision } } } }
"""
)


async def change(sessions, symbol, close, *, day=DAY, reason="the source changed"):
    async with unit_of_work(sessions) as session:
        [found] = await InstrumentRepository(session).by_symbols([symbol])
        bars = PriceBarRepository(session)
        await bars.write([make_bar(found.id, day, close)], reason=reason)
        await FingerprintRepository(session).refresh(Scope.BARS, [found.id])


async def run(ask, *, viewer_id=None, **given):
    """Ask for a run; what it reads is recorded when it is submitted."""
    wished = {"strategy": "equal_weight", "universe": UNIVERSE, "start": "2018-07-02"}
    told = await ask(RUN, input=wished | {"currency": "USD"} | given, viewer_id=viewer_id)
    assert told["data"]["runBacktest"]["userErrors"] == []
    return told["data"]["runBacktest"]["backtest"]["id"]


async def test_a_changed_bar_names_what_it_was_and_the_runs_that_had_read_it(ask, sessions):
    before = await run(ask)
    shorter = await run(ask, end="2019-05-31")

    await change(sessions, "AAA", 55.0, reason="a late correction")
    after = await run(ask, name="after")
    body = await ask(OF_SYMBOL, symbol="AAA")

    [found] = body["data"]["priceRevisions"]["nodes"]
    assert (found["symbol"], found["date"]) == ("AAA", DAY.isoformat())
    assert found["reason"] == "a late correction"
    assert found["after"] == {"adjustedClose": 55.0, "knownAt": found["knownAt"]}
    assert found["before"]["adjustedClose"] != 55.0
    assert found["before"]["knownAt"] < found["knownAt"]
    assert found["affectedBacktests"] == [{"id": before}]
    assert len({before, shorter, after}) == 3


async def test_another_owners_runs_are_not_named(ask, sessions):
    await run(ask, viewer_id=STRANGER)
    await change(sessions, "AAA", 55.0)

    body = await ask(OF_SYMBOL, symbol="AAA")

    [found] = body["data"]["priceRevisions"]["nodes"]
    assert found["affectedBacktests"] == []


async def test_revisions_come_newest_first_by_the_page_and_by_the_day(ask, sessions):
    other = date(2019, 6, 4)
    await change(sessions, "AAA", 55.0)
    await change(sessions, "AAA", 56.0)
    await change(sessions, "AAA", 57.0, day=other)
    await change(sessions, "BBB", 58.0)

    first = (await ask(OF_SYMBOL, symbol="AAA", first=2))["data"]["priceRevisions"]
    after = first["pageInfo"]["endCursor"]
    second = (await ask(OF_SYMBOL, symbol="AAA", first=2, after=after))["data"]["priceRevisions"]
    of_day = (await ask(OF_SYMBOL, symbol="AAA", date=other.isoformat()))["data"]

    assert [node["after"]["adjustedClose"] for node in first["nodes"]] == [57.0, 56.0]
    assert (first["totalCount"], first["pageInfo"]["hasNextPage"]) == (3, True)
    assert [node["after"]["adjustedClose"] for node in second["nodes"]] == [55.0]
    assert second["nodes"][0]["after"] == first["nodes"][1]["before"]
    assert [node["date"] for node in of_day["priceRevisions"]["nodes"]] == ["2019-06-04"]


async def test_a_page_of_revisions_with_their_runs_takes_three_statements(ask, sessions, counting):
    await run(ask)
    for symbol in ("AAA", "BBB"):
        await change(sessions, symbol, 55.0)
        await change(sessions, symbol, 56.0)

    with counting() as seen:
        body = await ask(OF_SYMBOL.replace("totalCount", ""), symbol="AAA")

    assert len(body["data"]["priceRevisions"]["nodes"]) == 2
    # The instrument, its changes, the runs of them all.
    assert len(seen) == 3, seen


async def test_revisions_of_a_universe_are_its_members(ask, sessions):
    await change(sessions, "AAA", 55.0)
    await change(sessions, "^GSPC", 3_000.0)

    members = (await ask(OF_ALL, universe=UNIVERSE))["data"]["dataHealth"]["revisions"]["nodes"]
    everything = (await ask(OF_ALL))["data"]["dataHealth"]["revisions"]["nodes"]

    assert [each["symbol"] for each in members] == ["AAA"]
    assert [each["symbol"] for each in everything] == ["^GSPC", "AAA"]


async def test_revisions_of_nothing_are_refused_by_name(ask):
    body = await ask(OF_SYMBOL, symbol="NOPE")

    assert body["errors"][0]["extensions"] == {"code": "UNKNOWN_SYMBOL", "field": ["symbol"]}


async def test_a_correction_by_hand_names_the_runs_it_touches(ask):
    before = await run(ask)
    right = {"symbol": "AAA", "date": DAY.isoformat(), "adjustedClose": 55.0, "reason": "seen"}

    told = (await ask(CORRECT, input=right))["data"]["correctPrice"]
    stored = await ask(OF_SYMBOL, symbol="AAA")

    assert told["userErrors"] == []
    assert told["revision"]["after"]["adjustedClose"] == 55.0
    assert told["revision"]["reason"] == "seen"
    assert told["revision"]["affectedBacktests"] == [{"id": before}]
    assert stored["data"]["priceRevisions"]["nodes"] == [told["revision"]]


@pytest.mark.parametrize(
    ("given", "fault"),
    [
        ({"reason": " "}, (["input", "reason"], "INVALID", None)),
        ({"adjustedClose": -1.0}, (["input", "adjustedClose"], "INVALID", "BAD_PRICE")),
        ({"adjustedClose": None}, (["input"], "INVALID", None)),
        ({"date": "2019-06-02"}, (["input", "date"], "NOT_FOUND", None)),
        ({"symbol": "NOPE"}, (["input", "symbol"], "UNKNOWN_SYMBOL", None)),
    ],
)
async def test_a_correction_that_cannot_be_is_told_at_its_field_and_nothing_is_kept(
    ask, given, fault
):
    right = {"symbol": "AAA", "date": DAY.isoformat(), "adjustedClose": 55.0, "reason": "seen"}

    told = (await ask(CORRECT, input=right | given))["data"]["correctPrice"]

    assert told["revision"] is None
    assert [(e["field"], e["code"], e["reason"]) for e in told["userErrors"]] == [fault]
    assert (await ask(OF_ALL))["data"]["dataHealth"]["revisions"]["nodes"] == []


async def test_a_price_is_corrected_only_with_the_scope(ask, market):
    right = {"symbol": "AAA", "date": DAY.isoformat(), "adjustedClose": 55.0, "reason": "seen"}

    told = (await ask(CORRECT, scopes=OWN_DATA | {EXPLORE}, input=right))["data"]["correctPrice"]

    assert told["revision"] is None
    assert [error["code"] for error in told["userErrors"]] == ["FORBIDDEN"]
    assert (await ask(OF_ALL))["data"]["dataHealth"]["revisions"]["nodes"] == []
