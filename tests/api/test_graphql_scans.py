"""Scans through the API: what is queued, what is reused, what is refused, and what is shown."""

import math
from uuid import UUID

import pytest

from models import Job, Scan
from tests.api.market import SESSIONS, SHARES
from tests.api.scanning import changed, performed, submit
from tests.api.submitting import rows
from tests.factories import STRANGER

SHOWN = """
query Shown($id: ID!) {
  scan(id: $id) {
    id asOf session hitCount flags maxResults contentKey
    scanner { key name parameterSchema }
    job { status subject { id } }
    funnel { code name asked entered passed failed unknown because }
    hits { symbol score signal reasons values sparkline instrument { symbol } }
  }
}
"""
LIST = """
query List($first: Int, $after: String) {
  scans(first: $first, after: $after) {
    nodes { id hitCount scanner { name } job { status } funnel { entered } }
    pageInfo { hasNextPage endCursor }
    totalCount
  }
}
"""


async def test_a_scan_is_queued_and_the_same_again_is_reused(ask, market, sessions):
    first = await submit(ask)
    again = await submit(ask, changed(parameters={"skip": 5, "lookback": 60, "top_fraction": 0.1}))

    assert first["userErrors"] == []
    assert (first["reused"], again["reused"]) == (False, True)
    assert first["job"]["kind"] == "SCAN"
    assert first["job"]["status"] == "QUEUED"
    assert first["scan"]["asOf"] == "2019-12-27"
    assert first["scan"]["benchmark"] == "^GSPC"
    assert first["scan"]["parameters"] == {
        "lookback": 60,
        "skip": 5,
        "top_fraction": 0.1,
        "min_return": None,
        "above_sma_200": False,
        "min_turnover": None,
        "rank_base": "survivors",
    }
    assert again["scan"]["id"] == first["scan"]["id"]
    assert await rows(sessions, Scan) == await rows(sessions, Job) == 1


async def test_other_content_is_another_scan(ask, market, sessions):
    others = (
        {},
        {"asOf": "2019-12-26"},
        {"parameters": {"lookback": 61, "skip": 5}},
        {"scanner": "new_high", "parameters": {}},
        {"maxResults": 10},
        {"universe": ..., "symbols": ["AAA", "BBB"]},
        {"knownAt": "2020-01-01T00:00:00Z"},
    )

    made = [await submit(ask, changed(**other)) for other in others]

    assert {each["reused"] for each in made} == {False}
    assert len({each["scan"]["id"] for each in made}) == len(others)


async def test_what_was_found_is_shown_with_its_reasons(ask, app, market):
    submitted = await submit(
        ask, changed(parameters={"lookback": 60, "skip": 5, "top_fraction": 0.4})
    )
    await performed(app.sessions, app.store, _uuid(submitted["job"]["id"]))

    shown = (await ask(SHOWN, id=submitted["scan"]["id"]))["data"]["scan"]

    grown = {symbol: _grown(number) for number, symbol in enumerate(SHARES, start=1)}
    best, second = sorted(grown, key=grown.__getitem__, reverse=True)[:2]
    assert [hit["symbol"] for hit in shown["hits"]] == [best, second]
    assert shown["hitCount"] == 2
    assert shown["session"] == shown["asOf"] == "2019-12-27"
    assert shown["job"] == {"status": "SUCCEEDED", "subject": {"id": shown["id"]}}
    assert shown["flags"][:2] == ["vendor_adjusted", "volume_unknown"]
    assert [
        (step["code"], step["entered"], step["passed"], step["failed"], step["unknown"])
        for step in shown["funnel"]
    ] == [("current", 5, 5, 0, 0), ("gap", 5, 5, 0, 0), ("place", 5, 2, 3, 0)]
    first = shown["hits"][0]
    assert first["instrument"] == {"symbol": best}
    assert first["reasons"][0] == "Has a bar on its market's last session"
    assert first["reasons"][2].startswith(
        "Place by return over 60 sessions, the last 5 left out 1,"
    )
    assert len(first["sparkline"]) == 63
    assert first["sparkline"][-1] == pytest.approx(first["values"]["close"], rel=1e-5)
    earned = {part["code"]: part for part in first["values"]["score"]}
    assert sum(part["points"] for part in earned.values()) == pytest.approx(first["score"])


def _grown(number):
    """Return about a share's return over 60 sessions, the last 5 left out; holidays move it."""
    late, early = SESSIONS - 1 - 5, SESSIONS - 1 - 60
    rise = 0.0003 * number * (late - early)
    wave = 0.02 * (math.sin(late / (3 + number)) - math.sin(early / (3 + number)))
    return math.exp(rise + wave) - 1.0


async def test_rules_over_unknown_fields_pass_nobody_and_say_why(ask, app, market):
    submitted = await submit(
        ask,
        changed(scanner="quallamaggie", parameters={"min_price_us": None, "min_price_au": None}),
    )
    await performed(app.sessions, app.store, _uuid(submitted["job"]["id"]))

    shown = (await ask(SHOWN, id=submitted["scan"]["id"]))["data"]["scan"]

    turnover = shown["funnel"][2]
    assert shown["hits"] == []
    assert (turnover["code"], turnover["entered"], turnover["unknown"]) == ("turnover", 5, 5)
    assert turnover["because"] == ["5: volume is not known at their source"]


async def test_before_it_is_done_a_scan_has_no_result(ask, market):
    submitted = await submit(ask)

    shown = (await ask(SHOWN, id=submitted["scan"]["id"]))["data"]["scan"]

    assert (shown["session"], shown["hitCount"]) == (None, None)
    assert (shown["funnel"], shown["hits"], shown["flags"]) == ([], [], [])


async def test_a_stranger_sees_no_scan_of_mine(ask, market):
    submitted = await submit(ask)
    node = "query Node($id: ID!) { node(id: $id) { id } scan(id: $id) { id } }"

    mine = await ask(node, id=submitted["scan"]["id"])
    theirs = await ask(node, id=submitted["scan"]["id"], viewer_id=STRANGER)
    listed = await ask(LIST, viewer_id=STRANGER)
    again = await submit(ask, viewer_id=STRANGER)

    assert mine["data"]["node"] == mine["data"]["scan"] == {"id": submitted["scan"]["id"]}
    assert theirs["data"] == {"node": None, "scan": None}
    assert listed["data"]["scans"]["nodes"] == []
    assert again["reused"] is False


async def test_the_list_pages_newest_first(ask, market):
    ids = [
        (await submit(ask, changed(asOf=f"2019-12-{day}")))["scan"]["id"] for day in (20, 23, 24)
    ]

    first = (await ask(LIST, first=2))["data"]["scans"]
    rest = (await ask(LIST, first=2, after=first["pageInfo"]["endCursor"]))["data"]["scans"]

    assert [scan["id"] for scan in first["nodes"] + rest["nodes"]] == ids[::-1]
    assert first["totalCount"] == 3
    assert rest["pageInfo"]["hasNextPage"] is False


async def test_a_list_of_scans_takes_as_many_statements_as_one(ask, app, market, counting):
    for day in (20, 23, 24):
        await submit(ask, changed(asOf=f"2019-12-{day}"))

    with counting() as seen:
        await ask(LIST, first=3)

    # The page, the jobs of its scans, the count.
    assert len(seen) == 3


# What is given, the field it stands in below input, its code, and words of the message.
REFUSED = (
    ({"scanner": "momentun"}, ["scanner"], "NOT_FOUND", "did you mean momentum?"),
    ({"parameters": {"lookback": 9999}}, ["parameters", "lookback"], "INVALID", "use at most 756"),
    (
        {"parameters": {"lookbak": 1}},
        ["parameters", "lookbak"],
        "INVALID",
        "did you mean lookback?",
    ),
    (
        {"parameters": {"lookback": 21, "skip": 30}},
        ["parameters", "skip"],
        "INVALID",
        "must be below lookback",
    ),
    ({"parameters": [1]}, ["parameters"], "INVALID", "was no object"),
    ({"universe": ...}, ["universe"], "INVALID", "neither of universe and symbols"),
    ({"symbols": ["AAA"]}, ["symbols"], "INVALID", "both of universe and symbols"),
    ({"universe": "NOPE"}, ["universe"], "NOT_FOUND", "'NOPE' is not known"),
    ({"universe": ..., "symbols": ["ZZZ"]}, ["symbols"], "UNKNOWN_SYMBOL", "'ZZZ'"),
    ({"universe": ..., "symbols": []}, ["symbols"], "INVALID", "0 entries"),
    ({"universe": ..., "symbols": ["AAA", "AAA"]}, ["symbols"], "INVALID", "AAA twice"),
    ({"asOf": "2017-01-03"}, ["asOf"], "MISSING_DATA", "prices run from 2018-01-01"),
    ({"asOf": "2020-06-30"}, ["asOf"], "MISSING_DATA", "to 2019-12-27"),
    ({"asOf": "2099-01-04"}, ["asOf"], "INVALID", "choose it or an earlier day"),
    ({"knownAt": "2099-01-04T00:00:00Z"}, ["knownAt"], "INVALID", "after now"),
    (
        {"asOf": "2019-12-20", "knownAt": "2019-12-19T00:00:00Z"},
        ["asOf"],
        "INVALID",
        "nobody knew that day",
    ),
    ({"maxResults": 0}, ["maxResults"], "INVALID", "ask for 1 to 500"),
    ({"maxResults": 501}, ["maxResults"], "INVALID", "ask for 1 to 500"),
    ({"idempotencyKey": ""}, ["idempotencyKey"], "INVALID", "0 characters"),
)


async def test_what_is_wrong_is_named_and_nothing_is_queued(ask, market, sessions):
    for given, field, code, words in REFUSED:
        refused = await submit(ask, changed(**given))

        assert refused["scan"] is refused["job"] is None
        [error] = refused["userErrors"]
        assert (error["field"], error["code"]) == (["input", *field], code)
        assert words in error["message"]
    assert await rows(sessions, Job) == 0


async def test_a_key_stands_for_one_request(ask, market, sessions):
    first = await submit(ask, changed(idempotencyKey="k"))
    again = await submit(ask, changed(idempotencyKey="k"))
    other = await submit(ask, changed(idempotencyKey="k", asOf="2019-12-20"))

    assert again["reused"] is True
    assert again["scan"]["id"] == first["scan"]["id"]
    assert other["userErrors"][0]["reason"] == "IDEMPOTENCY_CONFLICT"
    assert await rows(sessions, Job) == 1


async def test_the_quota_is_kept(ask, app, market):
    app.settings = app.settings.model_copy(update={"concurrent_jobs": 1})
    await submit(ask)

    refused = await submit(ask, changed(asOf="2019-12-20"))

    assert refused["userErrors"][0]["reason"] == "CONCURRENT_JOBS"


async def test_a_failed_scan_is_done_again(ask, app, market, sessions):
    submitted = await submit(ask)
    await ask(
        "mutation Cancel($id: ID!) { cancelJob(id: $id) { job { status } } }",
        id=submitted["job"]["id"],
    )

    again = await submit(ask)

    assert again["reused"] is False
    assert await rows(sessions, Scan) == 2


async def test_scanners_describe_themselves(ask):
    body = await ask("{ scanners { key name description parameterSchema defaultParameters } }")

    offered = {each["key"]: each for each in body["data"]["scanners"]}
    assert {"quallamaggie", "momentum", "mean_reversion"} <= offered.keys()
    schema = offered["momentum"]["parameterSchema"]["properties"]["lookback"]
    assert (schema["minimum"], schema["maximum"], schema["default"]) == (21, 756, 252)


def _uuid(id):
    return UUID(id.rpartition("_")[2])
