"""Trades as a caller meets them: written, left, put right, taken out, and looked at."""

import pytest

from tests.factories import STRANGER

TRADE = """
fragment Row on Trade {
  id reference symbol side quantity entryPrice exitPrice entryAt exitAt commission exitCommission
  currency fxRateAtEntry fxRateAtExit status strategy signalScore notes tags reason splitRatio
  pnl pnlAud pnlPct unrealisedPnl unrealisedPnlAud lastPrice lastPriceDate holdingDays version
  knownFrom knownTo instrument { symbol }
}
"""
ERRORS = "userErrors { field code reason message }"
OPEN = (
    TRADE + f"mutation($input: OpenTradeInput!) {{ openTrade(input: $input) "
    f"{{ trade {{ ...Row }} {ERRORS} }} }}"
)
CLOSE = (
    TRADE + f"mutation($input: CloseTradeInput!) {{ closeTrade(input: $input) "
    f"{{ trade {{ ...Row }} {ERRORS} }} }}"
)
CORRECT = (
    TRADE + f"mutation($input: CorrectTradeInput!) {{ correctTrade(input: $input) "
    f"{{ trade {{ ...Row }} {ERRORS} }} }}"
)
CANCEL = (
    TRADE + f"mutation($input: CancelTradeInput!) {{ cancelTrade(input: $input) "
    f"{{ trade {{ ...Row }} {ERRORS} }} }}"
)
READ = (
    TRADE + "query($id: ID!, $knownAt: DateTime) { trade(id: $id, knownAt: $knownAt) { ...Row } }"
)
LIST = (
    TRADE
    + """
query($filter: TradeFilter, $orderBy: TradeOrder, $knownAt: DateTime, $first: Int, $after: String) {
  trades(filter: $filter, orderBy: $orderBy, knownAt: $knownAt, first: $first, after: $after) {
    nodes { ...Row } totalCount pageInfo { endCursor hasNextPage } } }
"""
)
HISTORY = """
query($id: ID!, $knownAt: DateTime) { trade(id: $id, knownAt: $knownAt) {
  history { version quantity status reason knownFrom knownTo } } }
"""
BHP = {
    "symbol": "BHP.AX",
    "side": "BUY",
    "quantity": "100",
    "entryPrice": "45.20",
    "entryAt": "2024-01-08T00:30:00Z",
}
EXIT = {"exitPrice": "50", "exitAt": "2024-02-05T00:30:00Z"}


async def told(ask, document, **variables):
    """Return the one field a document asks for."""
    answer = await ask(document, **variables)
    assert "errors" not in answer, answer
    [field] = answer["data"].values()
    return field


async def opened(ask, **given):
    payload = await told(ask, OPEN, input=BHP | given)
    assert payload["userErrors"] == []
    return payload["trade"]


async def refused(ask, document, input, **more):
    payload = await told(ask, document, input=input, **more)
    assert payload["trade"] is None
    return [(error["field"], error["code"], error["reason"]) for error in payload["userErrors"]]


async def test_a_trade_is_written_down_with_its_defaults(ask):
    trade = await opened(ask)

    assert trade["reference"] == "BHP.AX-20240108"
    assert (trade["commission"], trade["currency"], trade["fxRateAtEntry"]) == ("3", "AUD", "1")
    assert (trade["status"], trade["version"], trade["knownTo"]) == ("OPEN", 1, None)
    assert (trade["exitPrice"], trade["pnl"], trade["pnlPct"]) == (None, None, None)
    # Nobody has ingested it: a price that is not known is not zero.
    assert (trade["instrument"], trade["unrealisedPnl"], trade["lastPrice"]) == (None, None, None)


async def test_references_of_one_day_are_numbered(ask):
    named = [(await opened(ask))["reference"] for _ in range(3)]

    assert named == ["BHP.AX-20240108", "BHP.AX-20240108-2", "BHP.AX-20240108-3"]


async def test_a_foreign_trade_takes_the_stored_rate_of_its_day(ask, market):
    bought = {"symbol": "AAA", "currency": "USD", "entryAt": "2018-07-03T15:00:00Z"}
    trade = await opened(ask, **bought)

    # The market's fixings are all 0.75 US dollars for one Australian dollar.
    assert trade["fxRateAtEntry"] == "1.333333333333333333"
    left = {"id": trade["id"], "exitPrice": "50", "exitAt": "2018-08-01T15:00:00Z"}
    closed = (await told(ask, CLOSE, input=left | {"fxRate": "1.5"}))["trade"]
    assert (closed["fxRateAtExit"], closed["pnl"]) == ("1.5", "474")
    # 7500 less 4520 at the rate of entry; 3 at that rate, and 4.5, of commission.
    assert closed["pnlAud"] == "1464.833333333333334841"


async def test_a_day_without_a_rate_asks_for_one(ask, market):
    early = BHP | {"symbol": "AAA", "currency": "USD", "entryAt": "2018-01-03T15:00:00Z"}

    payload = await told(ask, OPEN, input=early)

    [error] = payload["userErrors"]
    assert (error["field"], error["code"]) == (["input", "fxRate"], "MISSING_DATA")
    assert "2018-01-03" in error["message"]
    assert (await told(ask, OPEN, input=early | {"fxRate": "1.28"}))["userErrors"] == []


async def test_a_currency_that_is_not_the_share_s_is_refused(ask, market):
    assert await refused(ask, OPEN, BHP | {"symbol": "AAA"}) == [
        (["input", "currency"], "INVALID", None)
    ]


async def test_a_closed_trade_counts_both_commissions(ask):
    trade = await opened(ask)

    closed = (await told(ask, CLOSE, input={"id": trade["id"]} | EXIT))["trade"]

    # 4.80 on each of 100 shares, and twice 3.
    assert (closed["pnl"], closed["pnlAud"]) == ("474", "474")
    assert closed["pnlPct"] == pytest.approx(474 / 4520)
    assert (closed["status"], closed["version"], closed["holdingDays"]) == ("CLOSED", 2, 28)
    assert closed["unrealisedPnl"] is None


async def test_a_short_trade_earns_when_the_price_falls(ask):
    trade = await opened(ask, side="SELL")

    closed = (await told(ask, CLOSE, input={"id": trade["id"]} | EXIT | {"exitPrice": "40"}))[
        "trade"
    ]

    assert closed["pnl"] == "514"


async def test_part_of_a_trade_is_left_as_a_trade_of_its_own(ask):
    trade = await opened(ask, commission="10")
    left = {"id": trade["id"], "quantity": "30"} | EXIT

    part = (await told(ask, CLOSE, input=left))["trade"]
    again = (await told(ask, CLOSE, input=left))["trade"]

    rest = await told(ask, READ, id=trade["id"])
    assert (part["reference"], again["reference"]) == ("BHP.AX-20240108/2", "BHP.AX-20240108/3")
    assert (part["quantity"], again["quantity"], rest["quantity"]) == ("30", "30", "40")
    # What the entry cost is shared: 3, then 30/70 of the 7 that were left.
    assert (part["commission"], again["commission"], rest["commission"]) == ("3", "3", "4")
    assert (rest["status"], rest["version"], part["version"]) == ("OPEN", 3, 1)
    assert (
        part["knownFrom"] == (await told(ask, HISTORY, id=trade["id"]))["history"][1]["knownFrom"]
    )


async def test_a_part_of_the_longest_reference_has_a_shorter_one(ask):
    trade = await opened(ask, reference="x" * 100)
    left = {"id": trade["id"], "quantity": "30"} | EXIT

    parts = [(await told(ask, CLOSE, input=left))["trade"]["reference"] for _ in range(2)]

    assert parts == ["x" * 94 + "/2", "x" * 94 + "/3"]


async def test_a_split_in_between_is_counted(ask, split_share):
    trade = await opened(ask, entryPrice="44")

    # 400 shares at 12.50 against 100 at 44, and 3 of commission.
    assert (trade["unrealisedPnl"], trade["lastPrice"]) == ("597", "12.5")
    assert (trade["lastPriceDate"], trade["instrument"]) == ("2024-02-02", {"symbol": "BHP.AX"})
    part = (await told(ask, CLOSE, input={"id": trade["id"], "quantity": "200"} | EXIT))["trade"]
    assert (part["quantity"], part["splitRatio"]) == ("50", "4")
    # 200 shares at 50 against 50 at 44, 1.50 of the entry's commission and 3 of the exit's.
    assert part["pnl"] == "7795.5"


@pytest.mark.parametrize(("entered", "price"), [("2024-02-09", "12.5"), ("2024-02-10", None)])
async def test_a_close_from_long_before_the_entry_is_no_price(ask, split_share, entered, price):
    trade = await opened(ask, entryAt=f"{entered}T00:30:00Z", entryPrice="12")

    assert (trade["lastPrice"], trade["unrealisedPnl"]) == (price, price and "47")


async def test_more_than_is_held_is_not_left(ask, split_share):
    trade = await opened(ask)

    payload = await told(ask, CLOSE, input={"id": trade["id"], "quantity": "401"} | EXIT)

    [error] = payload["userErrors"]
    assert error["field"] == ["input", "quantity"]
    assert "holds 400, splits since its entry counted" in error["message"]


async def test_a_correction_leaves_what_was_believed_to_whoever_stands_before_it(ask):
    trade = await opened(ask)
    fixed = {"id": trade["id"], "expectedVersion": 1, "quantity": "90", "reason": "a misread fill"}

    after = (await told(ask, CORRECT, input=fixed))["trade"]

    assert (after["quantity"], after["version"], after["reason"]) == ("90", 2, "a misread fill")
    then = await told(ask, READ, id=trade["id"], knownAt=trade["knownFrom"])
    assert (then["quantity"], then["version"], then["knownTo"]) == ("100", 1, None)
    [first, second] = (await told(ask, HISTORY, id=trade["id"]))["history"]
    assert (first["knownTo"], second["knownTo"]) == (second["knownFrom"], None)
    believed = await told(ask, HISTORY, id=trade["id"], knownAt=trade["knownFrom"])
    assert [(each["version"], each["knownTo"]) for each in believed["history"]] == [(1, None)]
    listed = await told(ask, LIST, knownAt=trade["knownFrom"])
    assert [row["quantity"] for row in listed["nodes"]] == ["100"]


async def test_a_corrected_day_takes_the_rate_and_the_splits_of_the_new_one(ask, split_share):
    trade = await opened(ask)
    closed = (await told(ask, CLOSE, input={"id": trade["id"]} | EXIT))["trade"]
    assert closed["splitRatio"] == "4"

    earlier = {"exitAt": "2024-01-15T00:30:00Z", "reason": "x"}
    fixed = await told(ask, CORRECT, input={"id": trade["id"], "expectedVersion": 2} | earlier)

    assert (fixed["trade"]["splitRatio"], fixed["trade"]["pnl"]) == ("1", "474")


async def test_text_and_labels_are_taken_away_by_empty_ones(ask):
    trade = await opened(ask, notes="as told", tags=["core", "core", "au"], strategy="momentum")
    assert trade["tags"] == ["core", "au"]

    gone = {"notes": "", "tags": [], "strategy": "", "reason": "tidied"}
    after = await told(ask, CORRECT, input={"id": trade["id"], "expectedVersion": 1} | gone)

    assert [after["trade"][name] for name in ("notes", "tags", "strategy")] == [None, [], None]


async def test_a_change_from_a_version_that_was_replaced_is_a_conflict(ask):
    trade = await opened(ask)
    fixed = {"id": trade["id"], "expectedVersion": 1, "quantity": "90", "reason": "x"}
    await told(ask, CORRECT, input=fixed)
    stale = [(["input", "expectedVersion"], "CONFLICT", "STALE_VERSION")]

    assert await refused(ask, CORRECT, fixed) == stale
    closing = {"id": trade["id"], "expectedVersion": 1} | EXIT
    assert await refused(ask, CLOSE, closing) == stale
    gone = {"id": trade["id"], "expectedVersion": 1, "reason": "x"}
    assert await refused(ask, CANCEL, gone) == stale


async def test_a_cancelled_trade_changes_no_more(ask):
    trade = await opened(ask)
    gone = (await told(ask, CANCEL, input={"id": trade["id"], "reason": "never filled"}))["trade"]
    assert (gone["status"], gone["holdingDays"], gone["unrealisedPnl"]) == ("CANCELLED", None, None)
    conflict = [(["input", "id"], "CONFLICT", "CANCELLED")]

    fixed = {"id": trade["id"], "expectedVersion": 2, "quantity": "90", "reason": "x"}
    assert await refused(ask, CORRECT, fixed) == conflict
    assert await refused(ask, CLOSE, {"id": trade["id"]} | EXIT) == conflict
    assert await refused(ask, CANCEL, {"id": trade["id"], "reason": "x"}) == conflict


async def test_a_closed_trade_is_not_closed_again(ask):
    trade = await opened(ask)
    await told(ask, CLOSE, input={"id": trade["id"]} | EXIT)

    again = await refused(ask, CLOSE, {"id": trade["id"]} | EXIT)

    assert again == [(["input", "id"], "CONFLICT", "ALREADY_CLOSED")]


async def test_what_belongs_to_an_exit_waits_for_one(ask):
    trade = await opened(ask)
    fixed = {"id": trade["id"], "expectedVersion": 1, "exitPrice": "9", "reason": "x"}

    assert await refused(ask, CORRECT, fixed) == [(["input", "exitPrice"], "INVALID", None)]


async def test_a_correction_that_changes_nothing_writes_nothing(ask):
    trade = await opened(ask)
    same = {"id": trade["id"], "expectedVersion": 1, "quantity": "100.0", "reason": "x"}

    assert await refused(ask, CORRECT, same) == [(["input"], "INVALID", "NO_CHANGE")]
    assert (await told(ask, READ, id=trade["id"]))["version"] == 1


async def test_a_stranger_meets_nothing(ask):
    trade = await opened(ask)
    asked = {"viewer_id": STRANGER}
    unknown = [(["input", "id"], "NOT_FOUND", None)]

    assert await told(ask, READ, id=trade["id"], **asked) is None
    assert (await told(ask, LIST, **asked))["nodes"] == []
    assert (
        await told(ask, "query($id: ID!) { node(id: $id) { id } }", id=trade["id"], **asked) is None
    )
    assert await refused(ask, CLOSE, {"id": trade["id"]} | EXIT, **asked) == unknown
    assert await refused(ask, CANCEL, {"id": trade["id"], "reason": "x"}, **asked) == unknown
    fixed = {"id": trade["id"], "expectedVersion": 1, "quantity": "90", "reason": "x"}
    assert await refused(ask, CORRECT, fixed, **asked) == unknown


async def test_one_key_is_one_trade(ask):
    first = await opened(ask, idempotencyKey="k1")
    again = await opened(ask, idempotencyKey="k1")
    theirs = await told(ask, OPEN, input=BHP | {"idempotencyKey": "k1"}, viewer_id=STRANGER)

    assert again["id"] == first["id"] != theirs["trade"]["id"]
    other = BHP | {"idempotencyKey": "k1", "quantity": "90"}
    assert await refused(ask, OPEN, other) == [
        (["input", "idempotencyKey"], "CONFLICT", "IDEMPOTENCY_CONFLICT")
    ]
    assert (await told(ask, LIST))["totalCount"] == 1


async def test_a_reference_is_given_once(ask):
    await opened(ask, reference="A-1")

    again = await refused(ask, OPEN, BHP | {"reference": "A-1"})

    assert again == [(["input", "reference"], "CONFLICT", "REFERENCE_TAKEN")]
