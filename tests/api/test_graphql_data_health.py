"""The state of the data as a caller meets it."""

from datetime import UTC, datetime, timedelta

import pytest
from pydantic import SecretStr

from models.job import JobKind
from models.jobs import JobRepository
from models.price_bar import Quarantine
from models.provider_states import ProviderStateRepository
from models.quarantines import QuarantineRepository
from models.session import unit_of_work
from tests.api.market import FIRST, LAST, SHARES, UNIVERSE
from tests.factories import STRANGER, make_job

pytestmark = pytest.mark.usefixtures("market")

COVERAGE = """
query Health($universe: String) {
  dataHealth(universe: $universe) {
    asOf knownUniverses
    summary { symbols bars coveragePct stale gaps suspect quarantined state }
    coverage {
      symbol source firstBar lastBar expected present gaps staleSessions suspect quarantined }
  }
}
"""
PROVIDERS = """
{ dataHealth { providers {
  name status detail lastSuccessAt lastFailureAt errorsByKind requestsLeft } } }
"""
QUARANTINE = """
query Quarantine($universe: String, $symbol: String, $first: Int, $after: String) {
  dataHealth(universe: $universe) {
    quarantine(symbol: $symbol, first: $first, after: $after) {
      nodes { symbol date source file rowNumber raw reason explanation detail recordedAt }
      totalCount pageInfo { endCursor hasNextPage } } } }
"""
# New York's sessions of 2018, 251, and of 2019 up to 27 December, 250: the test's market has a bar
# on each weekday, and those on holidays count for nothing.
SESSIONS_EXPECTED = 251 + 250


def refused(symbol, row, reason="OHLC_ORDER"):
    return Quarantine(
        source="test",
        file="prices.csv#abc",
        row_number=row,
        symbol=symbol,
        date=FIRST,
        raw=f"{symbol},{FIRST},1,2,3",
        reason=reason,
        detail={"high": 2.0},
    )


async def keep(sessions, *rows):
    for row in rows:
        async with unit_of_work(sessions) as session:
            await QuarantineRepository(session).add([row])


async def test_coverage_of_a_universe_is_a_line_a_member(ask):
    health = (await ask(COVERAGE, universe=UNIVERSE))["data"]["dataHealth"]

    assert [line["symbol"] for line in health["coverage"]] == list(SHARES)
    line = health["coverage"][0]
    assert (line["firstBar"], line["lastBar"]) == (FIRST.isoformat(), LAST.isoformat())
    assert line["expected"] == line["present"] == SESSIONS_EXPECTED
    assert line["gaps"] == []
    assert line["staleSessions"] > 1_500
    assert health["summary"]["symbols"] == 5
    assert health["summary"]["bars"] == 5 * SESSIONS_EXPECTED
    assert (health["summary"]["coveragePct"], health["summary"]["stale"]) == (100.0, 5)
    assert health["summary"]["state"] == "STALE"
    assert health["asOf"].endswith("Z")
    assert health["knownUniverses"][:2] == ["ASX200", "ASX_ETFS"]


async def test_coverage_takes_as_many_statements_however_many_symbols(ask, counting):
    with counting() as seen:
        health = (await ask(COVERAGE))["data"]["dataHealth"]

    assert health["summary"]["symbols"] == 6
    # Instruments, days of those that differ from the calendar, suspects, refused rows.
    assert len(seen) == 4, seen
    with counting() as seen:
        await ask(COVERAGE, universe=UNIVERSE)
    # And before them the universe and its members.
    assert len(seen) == 6, seen


async def test_a_universe_that_is_nobodys_is_refused_by_name(ask):
    body = await ask(COVERAGE, universe="NONE")

    assert body["errors"][0]["extensions"] == {"code": "NOT_FOUND", "field": ["universe"]}


async def test_providers_say_how_they_fare(ask, sessions, counting):
    soon = datetime.now(UTC) + timedelta(minutes=10)
    async with unit_of_work(sessions) as session:
        states = ProviderStateRepository(session)
        await states.record("yahoo", succeeded=True, errors={"TIMEOUT": 2}, requests_left=7)
        await states.record("ecb", succeeded=False, errors={"NETWORK": 3}, open_until=soon)
        await states.record("french", succeeded=True, errors={"UNKNOWN_SYMBOL": 1})

    with counting() as seen:
        found = (await ask(PROVIDERS))["data"]["dataHealth"]["providers"]

    told = {each["name"].split()[0]: each for each in found}
    assert {name: each["status"] for name, each in told.items()} == {
        "Tiingo": "NOT_CONFIGURED",
        "Yahoo": "DEGRADED",
        "European": "DOWN",
        "Ken": "HEALTHY",
        "Reserve": "HEALTHY",
    }
    assert (told["Yahoo"]["errorsByKind"], told["Yahoo"]["requestsLeft"]) == ({"TIMEOUT": 2}, 7)
    assert told["Yahoo"]["lastSuccessAt"] is not None
    assert told["European"]["lastSuccessAt"] is None
    assert f"{soon:%H:%M} UTC" in told["European"]["detail"]
    assert len(seen) == 1, seen


async def test_a_provider_without_its_key_says_what_to_set(ask, app):
    without = (await ask(PROVIDERS))["data"]["dataHealth"]["providers"][0]
    app.settings = app.settings.model_copy(update={"tiingo_api_key": SecretStr("a key")})
    keyed = (await ask(PROVIDERS))["data"]["dataHealth"]["providers"][0]

    assert (without["name"], without["status"]) == ("Tiingo", "NOT_CONFIGURED")
    assert "TIINGO_API_KEY" in without["detail"]
    assert (keyed["status"], keyed["detail"]) == ("HEALTHY", "US shares and funds. Not asked yet.")


async def test_a_provider_that_was_left_alone_long_enough_is_no_longer_down(ask, sessions):
    past = datetime.now(UTC) - timedelta(minutes=10)
    async with unit_of_work(sessions) as session:
        await ProviderStateRepository(session).record(
            "ecb", succeeded=False, errors={"NETWORK": 3}, open_until=past
        )

    found = (await ask(PROVIDERS))["data"]["dataHealth"]["providers"]

    assert [each["status"] for each in found if each["name"].startswith("European")] == ["DEGRADED"]


async def test_refused_rows_come_newest_first_with_the_reason_in_words(ask, sessions, counting):
    await keep(sessions, refused("AAA", 1), refused("^GSPC", 2, "SPIKE"), refused("AAA", 3))

    with counting() as seen:
        first = (await ask(QUARANTINE, first=2))["data"]["dataHealth"]["quarantine"]
    after = first["pageInfo"]["endCursor"]
    second = (await ask(QUARANTINE, first=2, after=after))["data"]["dataHealth"]["quarantine"]

    assert [row["rowNumber"] for row in first["nodes"] + second["nodes"]] == [3, 2, 1]
    assert (first["totalCount"], first["pageInfo"]["hasNextPage"]) == (3, True)
    row = dict(first["nodes"][0])
    assert row.pop("recordedAt").endswith("Z")
    assert row == {
        "symbol": "AAA",
        "date": FIRST.isoformat(),
        "source": "test",
        "file": "prices.csv#abc",
        "rowNumber": 3,
        "raw": f"AAA,{FIRST},1,2,3",
        "reason": "OHLC_ORDER",
        "explanation": "The high is not the highest price, or the low not the lowest.",
        "detail": {"high": 2.0},
    }
    # The page and its total; nothing of the coverage is read for it.
    assert len(seen) == 2, seen


async def test_refused_rows_are_narrowed_to_a_symbol_or_the_members(ask, sessions):
    await keep(sessions, refused("AAA", 1), refused("^GSPC", 2))

    one = await ask(QUARANTINE, symbol="^GSPC")
    members = await ask(QUARANTINE, universe=UNIVERSE)

    assert [r["symbol"] for r in one["data"]["dataHealth"]["quarantine"]["nodes"]] == ["^GSPC"]
    assert [r["symbol"] for r in members["data"]["dataHealth"]["quarantine"]["nodes"]] == ["AAA"]


async def test_the_last_ingest_is_the_viewers_newest(ask, app):
    query = "{ dataHealth { lastIngest { id status subject { id } } } }"
    owner = app.settings.owner_id
    none = await ask(query)
    async with unit_of_work(app.sessions) as session:
        jobs = JobRepository(session)
        await jobs.add(make_job(owner_id=owner, kind=JobKind.INGEST))
    async with unit_of_work(app.sessions) as session:
        newest = await JobRepository(session).add(make_job(owner_id=owner, kind=JobKind.INGEST))
    async with unit_of_work(app.sessions) as session:
        await JobRepository(session).add(make_job(owner_id=owner))
        await JobRepository(session).add(make_job(owner_id=STRANGER, kind=JobKind.INGEST))

    body = await ask(query)

    assert none["data"]["dataHealth"]["lastIngest"] is None
    assert body["data"]["dataHealth"]["lastIngest"] == {
        "id": f"job_{newest.id}",
        "status": "QUEUED",
        "subject": None,
    }
