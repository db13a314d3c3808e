"""Lists of one's own and corrections of who was in one, as a caller meets them."""

import pytest

from tests.api.market import UNIVERSE
from tests.factories import STRANGER

pytestmark = pytest.mark.usefixtures("market")

SAVE = """
mutation Save($input: SaveUniverseInput!) {
  saveUniverse(input: $input) {
    universe { key name benchmark memberCount members { symbol startsOn endsOn } }
    userErrors { field code message }
  }
}
"""
RECORD = """
mutation Record($input: RecordMembershipInput!) {
  recordMembership(input: $input) {
    membership { symbol startsOn endsOn instrument { name } }
    userErrors { field code message }
  }
}
"""
MEMBERS = """
query Members($key: String!, $validAt: Date, $knownAt: DateTime) {
  universe(key: $key, validAt: $validAt, knownAt: $knownAt) { members { symbol } }
}
"""


async def test_a_list_of_ones_own_is_its_owners_alone(ask):
    wished = {"key": "MINE", "name": "My two", "symbols": ["BBB", "AAA"], "benchmark": "^GSPC"}

    saved = (await ask(SAVE, input=wished))["data"]["saveUniverse"]
    others = await ask(MEMBERS, key="MINE", viewer_id=STRANGER)
    taken = (await ask(SAVE, input=wished, viewer_id=STRANGER))["data"]["saveUniverse"]

    assert saved["userErrors"] == []
    assert (saved["universe"]["name"], saved["universe"]["memberCount"]) == ("My two", 2)
    assert [each["symbol"] for each in saved["universe"]["members"]] == ["AAA", "BBB"]
    assert others["data"]["universe"] is None
    assert taken["universe"] is None
    assert taken["userErrors"][0]["code"] == "CONFLICT"


async def test_a_list_changes_from_a_day_on_and_its_history_stays(ask):
    first = {"key": "MINE", "name": "Mine", "symbols": ["AAA"], "validFrom": "2018-01-01"}
    await ask(SAVE, input=first)

    await ask(SAVE, input=first | {"symbols": ["BBB"], "validFrom": "2019-01-02"})
    before = await ask(MEMBERS, key="MINE", validAt="2019-01-01")
    after = await ask(MEMBERS, key="MINE", validAt="2019-01-02")

    assert before["data"]["universe"]["members"] == [{"symbol": "AAA"}]
    assert after["data"]["universe"]["members"] == [{"symbol": "BBB"}]


async def test_what_a_list_refuses_stands_at_its_field_and_nothing_is_kept(ask):
    wrong = {"key": "mine", "name": " ", "symbols": []}

    told = (await ask(SAVE, input=wrong))["data"]["saveUniverse"]
    unknown = await ask(SAVE, input={"key": "MINE", "name": "Mine", "symbols": ["NOPE"]})

    assert told["universe"] is None
    assert [error["field"] for error in told["userErrors"]] == [
        ["input", "key"],
        ["input", "symbols"],
    ]
    [fault] = unknown["data"]["saveUniverse"]["userErrors"]
    assert (fault["field"], fault["code"]) == (["input", "symbols"], "UNKNOWN_SYMBOL")
    assert (await ask(MEMBERS, key="MINE"))["data"]["universe"] is None


async def test_a_membership_is_put_right_and_the_old_belief_stays(ask):
    asked = await ask('{ universe(key: "TEST_US") { knownAt } }')
    before = asked["data"]["universe"]["knownAt"]
    right = {
        "universe": UNIVERSE,
        "symbol": "AAA",
        "startsOn": "2018-01-01",
        "endsOn": "2019-01-02",
        "reason": "it left in the new year",
    }

    told = (await ask(RECORD, input=right))["data"]["recordMembership"]
    now = await ask(MEMBERS, key=UNIVERSE, validAt="2019-06-03")
    then = await ask(MEMBERS, key=UNIVERSE, validAt="2019-06-03", knownAt=before)

    assert told["membership"] == {
        "symbol": "AAA",
        "startsOn": "2018-01-01",
        "endsOn": "2019-01-02",
        "instrument": {"name": "A share made for a test"},
    }
    assert {"symbol": "AAA"} not in now["data"]["universe"]["members"]
    assert {"symbol": "AAA"} in then["data"]["universe"]["members"]


async def test_a_membership_needs_a_reason_and_a_list(ask):
    given = {"universe": "NONE", "symbol": "AAA", "startsOn": "2019-01-02", "reason": "why not"}

    nowhere = (await ask(RECORD, input=given))["data"]["recordMembership"]
    silent = await ask(RECORD, input=given | {"universe": UNIVERSE, "reason": " "})

    assert nowhere["membership"] is None
    assert nowhere["userErrors"][0]["field"] == ["input", "universe"]
    assert silent["data"]["recordMembership"]["userErrors"][0]["field"] == ["input", "reason"]
