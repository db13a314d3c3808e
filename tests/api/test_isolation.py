"""Two owners, everything the schema offers, and no way from one to the other's rows."""

import re
from uuid import UUID, uuid4

import pytest
from sqlalchemy import text

from models import Entity
from models.ownership import OWNER_ID
from tests.api.documents import operation, roots, takes_id
from tests.factories import STRANGER

CANARY = "canary7f3a"
ROOTS = {name: (kind, name, field) for kind, name, field in roots()}
BY_ID = [name for name, root in ROOTS.items() if takes_id(root[2])]
OTHERS = [name for name in ROOTS if name not in BY_ID]
OWNED = [table for table in Entity.metadata.sorted_tables if OWNER_ID in table.columns]

WORLD = """
mutation {
  trade: openTrade(input: {
    reference: "%(canary)s" symbol: "AAA" side: BUY quantity: "10" entryPrice: "5" currency: USD
    entryAt: "2019-03-04T15:00:00Z" notes: "%(canary)s" tags: ["%(canary)s"]
  }) { trade { id } userErrors { message field } }
  flow: recordCashFlow(input: { date: "2019-01-02" amount: "1000" reason: "%(canary)s" }) {
    cashFlow { id } userErrors { message }
  }
  list: saveUniverse(input: { key: "MY_%(upper)s" name: "%(canary)s" symbols: ["AAA", "BBB"] }) {
    universe { key } userErrors { message }
  }
}
"""
QUEUED = (
    """
    mutation { runBacktest(input: {
        strategy: "equal_weight" symbols: ["AAA", "BBB"] start: "2018-06-01" currency: USD
        name: "%(canary)s" idempotencyKey: "%(canary)s"
    }) { backtest { id } job { id } userErrors { message } } }
    """,
    """
    mutation { runScan(input: { scanner: "momentum" universe: "MY_%(upper)s" asOf: "2019-06-03" }) {
        scan { id } userErrors { message }
    } }
    """,
)


@pytest.fixture
async def theirs(ask, market):
    """Another owner's belongings; their ids by type."""
    words = {"canary": CANARY, "upper": CANARY.upper()}
    made = [await ask(each % words, viewer_id=STRANGER) for each in (WORLD, *QUEUED)]
    told = str(made)
    assert not re.findall("'errors'|'message'", told), told
    ids = re.findall(r"\b([a-z_]+)_([0-9a-f]{8}-[0-9a-f-]{27})", told)
    return {kind: UUID(uuid) for kind, uuid in ids}


async def state(sessions):
    """Return a digest of every owned table's rows of the stranger's."""
    found = {}
    async with sessions() as session:
        for table in OWNED:
            rows = text(
                f"SELECT md5(string_agg(t::text, ',' ORDER BY t::text)) FROM {table.name} t"  # noqa: S608
                " WHERE owner_id = :owner"
            )
            found[table.name] = await session.scalar(rows, {"owner": STRANGER})
    return found


def masked(body, uuid):
    return str(body).replace(str(uuid), "UUID")


@pytest.mark.parametrize("name", BY_ID)
async def test_an_id_of_somebody_else_s_is_answered_like_one_that_never_was(
    ask, sessions, theirs, name
):
    before = await state(sessions)
    for kind, uuid in theirs.items():
        never = uuid4()
        asked = [operation(*ROOTS[name], f"{kind}_{each}") for each in (uuid, never)]
        found, missing = [await ask(document) for document in asked]

        assert CANARY not in str(found)
        assert masked(found, uuid) == masked(missing, never)
    assert await state(sessions) == before


@pytest.mark.parametrize("name", OTHERS)
async def test_what_takes_no_id_shows_and_touches_nothing_of_somebody_else_s(
    ask, sessions, theirs, name
):
    before = await state(sessions)
    body = await ask(operation(*ROOTS[name], ""))

    assert CANARY not in str(body).lower()
    assert not [uuid for uuid in theirs.values() if str(uuid) in str(body)]
    assert await state(sessions) == before


async def test_its_owner_is_shown_all_of_it(ask, theirs):
    """The other tests would pass on an empty world, or with documents nobody can ask."""
    seen = ""
    for kind, uuid in theirs.items():
        body = await ask(operation(*ROOTS["node"], f"{kind}_{uuid}"), viewer_id=STRANGER)
        assert body["data"]["node"]["__typename"], kind
    for name in ("trades", "cashFlows", "backtests", "jobs", "universes", "scans"):
        body = await ask(operation(*ROOTS[name], ""), viewer_id=STRANGER)
        assert "errors" not in body, body
        seen += str(body)

    assert set(theirs) == {"trade", "cash_flow", "backtest", "job", "scan"}
    missing = [kind for kind, uuid in theirs.items() if str(uuid) not in seen]
    assert (missing, CANARY in seen.lower()) == ([], True)


async def test_aliases_and_batches_do_not_mix_owners(ask, theirs):
    """One loader's batch holds an id of each owner's."""
    mine = await ask(
        'mutation { openTrade(input: { symbol: "BBB" side: BUY quantity: "1" entryPrice: "5"'
        ' currency: USD entryAt: "2019-03-04T15:00:00Z" }) { trade { id } } }'
    )
    own = mine["data"]["openTrade"]["trade"]["id"]
    body = await ask(
        f'{{ a: trade(id: "{own}") {{ id }} b: trade(id: "trade_{theirs["trade"]}") {{ id notes }}'
        f' c: node(id: "trade_{theirs["trade"]}") {{ id }} }}'
    )

    assert body["data"] == {"a": {"id": own}, "b": None, "c": None}
