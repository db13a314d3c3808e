from datetime import UTC, date, datetime, timedelta

import pytest

from engine.strategies import STRATEGIES
from models.corporate_actions import CorporateActionRepository
from models.instruments import InstrumentRepository
from models.price_bars import PriceBarRepository
from models.session import unit_of_work
from tests.api.market import FIRST_RATE, LAST, SESSIONS, SHARES, UNIVERSE
from tests.factories import make_bar, make_delisting, make_instrument, make_split

pytestmark = pytest.mark.usefixtures("market")

PRICES = """
query Prices($symbols: [String!]!, $currency: Currency, $start: Date, $end: Date, $points: Int,
    $field: PriceField = ADJUSTED_CLOSE, $knownAt: DateTime) {
  prices(symbols: $symbols, currency: $currency, start: $start, end: $end, maxPoints: $points,
      field: $field, knownAt: $knownAt) {
    symbol field currency dates values pointCount totalPoints
  }
}
"""


async def test_instruments_come_by_the_page_with_their_last_bars_in_two_statements(ask, counting):
    with counting() as seen:
        body = await ask(
            "{ instruments(first: 100) { nodes { symbol exchange currency barCount lastBar"
            " latest { date open adjustedClose volume quality } } } }"
        )

    nodes = body["data"]["instruments"]["nodes"]
    assert [node["symbol"] for node in nodes] == [*SHARES, "^GSPC"]
    assert nodes[0]["barCount"] == SESSIONS
    assert nodes[0]["lastBar"] == nodes[0]["latest"]["date"] == LAST.isoformat()
    assert (nodes[0]["latest"]["open"], nodes[0]["latest"]["quality"]) == (None, "GOOD")
    assert len(seen) == 2, seen


async def test_instruments_are_searched_and_paged(ask):
    query = """query($after: String, $search: String, $exchange: Exchange) {
      instruments(first: 2, after: $after, search: $search, exchange: $exchange) {
        nodes { symbol } totalCount pageInfo { endCursor hasNextPage } } }"""

    first = (await ask(query, exchange="XNYS"))["data"]["instruments"]
    second = (await ask(query, exchange="XNYS", after=first["pageInfo"]["endCursor"]))["data"]
    found = (await ask(query, search="gsp"))["data"]["instruments"]

    assert [node["symbol"] for node in first["nodes"]] == ["AAA", "BBB"]
    assert [node["symbol"] for node in second["instruments"]["nodes"]] == ["CCC", "DDD"]
    assert first["totalCount"] == 5
    assert [node["symbol"] for node in found["nodes"]] == ["^GSPC"]


async def test_instruments_say_what_happened_to_them_in_one_statement_more(ask, counting, sessions):
    async with unit_of_work(sessions) as session:
        ids = await InstrumentRepository(session).ids_by_symbol(["AAA", "BBB"])
        await CorporateActionRepository(session).write(
            [
                make_split(ids["AAA"], FIRST_RATE, 2.0),
                make_delisting(ids["AAA"], LAST, cash=0.0, ratio=0.75, successor_id=ids["BBB"]),
            ]
        )

    with counting() as seen:
        body = await ask(
            "{ instruments(first: 100) { nodes { symbol"
            " actions { kind exDate ratio cash successor { symbol } } } } }"
        )

    first, *others = body["data"]["instruments"]["nodes"]
    split, end = first["actions"]
    assert (split["kind"], split["ratio"], split["successor"]) == ("SPLIT", 2.0, None)
    assert end == {
        "kind": "DELISTING",
        "exDate": LAST.isoformat(),
        "ratio": 0.75,
        "cash": 0.0,
        "successor": {"symbol": "BBB"},
    }
    assert all(each["actions"] == [] for each in others)
    assert len(seen) == 3, seen  # instruments, their actions, the successors


async def test_one_instrument_by_symbol_and_by_its_global_id(ask):
    found = (await ask('{ instrument(symbol: "AAA") { id symbol } }'))["data"]["instrument"]

    body = await ask(
        "query($id: ID!) { node(id: $id) { id ... on Instrument { symbol } } }", id=found["id"]
    )
    none = await ask('{ instrument(symbol: "aaa") { id } }')

    assert body["data"]["node"] == found
    assert none["data"]["instrument"] is None


async def test_universes_with_members_take_three_statements(ask, counting):
    with counting() as seen:
        body = await ask(
            "{ universes { key region benchmark memberCount validAt survivorshipFree"
            " members { symbol startsOn endsOn instrument { name } } } }"
        )

    [universe] = body["data"]["universes"]
    assert (universe["key"], universe["memberCount"]) == (UNIVERSE, 5)
    assert universe["members"][0] == {
        "symbol": "AAA",
        "startsOn": "2018-01-01",
        "endsOn": None,
        "instrument": {"name": "A share made for a test"},
    }
    assert len(seen) == 3, seen


async def test_a_universe_stands_on_its_day_and_instant(ask):
    query = """query($validAt: Date, $knownAt: DateTime) {
      universe(key: "TEST_US", validAt: $validAt, knownAt: $knownAt) {
        validAt knownAt memberCount } }"""

    before = (await ask(query, validAt="2017-12-31"))["data"]["universe"]
    unknown = (await ask(query, knownAt="2017-06-01T00:00:00+10:00"))["data"]["universe"]

    assert (before["validAt"], before["memberCount"]) == ("2017-12-31", 0)
    assert (unknown["knownAt"], unknown["memberCount"]) == ("2017-05-31T14:00:00Z", 0)
    assert (await ask('{ universe(key: "NONE") { key } }'))["data"]["universe"] is None


async def test_prices_are_columns_in_the_order_asked_for(ask, counting):
    with counting() as seen:
        body = await ask(PRICES, symbols=["BBB", "AAA"], start="2018-01-02", end="2018-01-03")

    first, second = body["data"]["prices"]
    assert (first["symbol"], second["symbol"]) == ("BBB", "AAA")
    assert first["dates"] == ["2018-01-02", "2018-01-03"]
    assert (first["currency"], first["pointCount"], first["totalPoints"]) == ("USD", 2, 2)
    assert len(seen) == 2, seen


async def test_prices_in_another_currency_begin_with_the_rates(ask):
    body = await ask(PRICES, symbols=["AAA"], currency="AUD", end="2018-06-05")
    plain = await ask(PRICES, symbols=["AAA"], end="2018-06-05")

    converted, quoted = body["data"]["prices"][0], plain["data"]["prices"][0]
    at = converted["dates"].index(FIRST_RATE.isoformat())
    assert converted["currency"] == "AUD"
    assert set(converted["values"][:at]) == {None}
    assert converted["values"][at] == quoted["values"][at] / 0.75


async def test_an_unknown_field_is_null_not_zero(ask):
    body = await ask(PRICES, symbols=["AAA"], field="OPEN", end="2018-01-02")

    assert body["data"]["prices"][0]["values"] == [None, None]


async def test_fewer_points_keep_the_ends_and_real_rows(ask):
    everything = (await ask(PRICES, symbols=["AAA"]))["data"]["prices"][0]

    few = (await ask(PRICES, symbols=["AAA"], points=60))["data"]["prices"][0]

    assert (few["pointCount"], few["totalPoints"]) == (60, SESSIONS)
    assert few["dates"][0] == everything["dates"][0]
    assert few["dates"][-1] == everything["dates"][-1]
    pairs = set(zip(everything["dates"], everything["values"], strict=True))
    assert set(zip(few["dates"], few["values"], strict=True)) <= pairs
    assert len(set(few["dates"])) == 60


async def test_prices_as_they_were_believed(ask, sessions):
    day, before = date(2018, 1, 2), datetime.now(UTC) - timedelta(seconds=1)
    async with unit_of_work(sessions) as session:
        [found] = await InstrumentRepository(session).by_symbols(["AAA"])
        await PriceBarRepository(session).write([make_bar(found.id, day, 55.0)], reason="wrong")

    now = await ask(PRICES, symbols=["AAA"], start=day.isoformat(), end=day.isoformat())
    then = await ask(
        PRICES,
        symbols=["AAA"],
        start=day.isoformat(),
        end=day.isoformat(),
        knownAt=before.isoformat(),
    )

    assert now["data"]["prices"][0]["values"] == [55.0]
    assert then["data"]["prices"][0]["values"] != [55.0]


@pytest.mark.parametrize(
    ("given", "code", "message"),
    [
        ({"symbols": ["AAA", "ZZZ"]}, "UNKNOWN_SYMBOL", "symbols named 'ZZZ', which"),
        ({"symbols": []}, "INVALID", "symbols had 0 entries; name 1 to 50"),
        ({"symbols": ["AAA"] * 51}, "INVALID", "symbols had 51 entries; name 1 to 50"),
        ({"symbols": ["AAA"], "points": 2}, "BAD_MAX_POINTS", "maxPoints was 2"),
        (
            {"symbols": ["AAA"], "start": "2019-01-02", "end": "2019-01-01"},
            "INVALID",
            "start was 2019-01-02, after the end 2019-01-01; swap them",
        ),
    ],
)
async def test_what_prices_refuse_is_named(ask, given, code, message):
    body = await ask(PRICES, **given)

    assert body["data"] is None
    assert body["errors"][0]["extensions"]["code"] == code
    assert body["errors"][0]["message"].startswith(message)


async def test_bars_of_one_symbol_are_chosen_not_merged(ask):
    query = """query($points: Int, $symbol: String = "AAA") {
      bars(symbol: $symbol, maxPoints: $points) {
        symbol dates open high low close adjustedClose volume knownAt } }"""

    whole = (await ask(query))["data"]["bars"]
    few = (await ask(query, points=10))["data"]["bars"]

    assert len(whole["dates"]) == len(whole["adjustedClose"]) == SESSIONS
    assert set(whole["open"]) == {None}
    assert len(few["dates"]) == 10
    assert set(few["dates"]) <= set(whole["dates"])


async def test_a_symbol_without_bars_has_empty_columns(ask, sessions):
    async with unit_of_work(sessions) as session:
        await InstrumentRepository(session).upsert([make_instrument("NEW")])

    body = await ask(
        '{ bars(symbol: "NEW") { dates open } instrument(symbol: "NEW") { latest { date } } }'
    )

    assert body["data"] == {
        "bars": {"dates": [], "open": []},
        "instrument": {"latest": None},
    }


async def test_the_viewer_the_server_and_the_strategies(ask, app, counting):
    with counting() as seen:
        body = await ask(
            """{ viewer { id email scopes quota { jobsPerDay jobsLeftToday concurrentJobs } }
            server { version environment engineVersion schemaHash database }
            strategies { key family version allocators minimumHistory }
            strategy(key: "momentum") { parameterSchema defaultParameters references requires }
            none: strategy(key: "nothing") { key } }"""
        )

    data = body["data"]
    assert data["viewer"]["id"] == f"viewer_{app.settings.owner_id}"
    assert data["viewer"]["quota"]["jobsLeftToday"] == data["viewer"]["quota"]["jobsPerDay"]
    assert data["server"]["environment"] == "test"
    assert data["server"]["database"].startswith("PostgreSQL 1")
    assert len(data["server"]["schemaHash"]) == 64
    assert [each["key"] for each in data["strategies"]] == sorted(STRATEGIES)
    assert data["strategy"]["parameterSchema"]["x-lessThan"] == [["skip", "lookback"]]
    assert data["strategy"]["defaultParameters"]["top_n"] == 10
    assert data["none"] is None
    # The quota and the database's version; the catalogue is a file.
    assert len(seen) == 2, seen
