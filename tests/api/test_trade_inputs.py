"""Bad input for trades, by its number in the list of bad inputs, and what passes word for word.

Each value either comes back as it was meant or is refused with its field; nothing is rounded, cut,
shifted or turned into a null on the way through GraphQL into PostgreSQL and back.
"""

import asyncio
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import func, select

from api.services.portfolio_days import today
from models import CashFlow, Trade
from models.backtest import Currency
from models.trade_facts import Moment, facts_of
from tests.api.test_graphql_trades import BHP, CLOSE, CORRECT, EXIT, LIST, OPEN, READ, opened, told
from tests.factories import STRANGER

REFUSED, MALFORMED = "refused with its field", "refused before anything runs"
MOST = "999999999999999.999999999999999999"
LABELS = ["\u00e4", "Z", "a", "\u00c4"]
WIDE = "123456789012345.123456789012345678"
# What is given, and what is read back.
FIDELITY = {
    "33 digits": ("quantity", WIDE, WIDE),
    "the smallest": ("quantity", "0.000000000000000001", "0.000000000000000001"),
    "the largest": ("entryPrice", MOST, MOST),
    "zeros behind the point": ("entryPrice", "12.500", "12.5"),
    "zeros before the number": ("entryPrice", "0012.5", "12.5"),
    "an exponent": ("quantity", "1.5e3", "1500"),
    "a tenth": ("entryPrice", "0.1", "0.1"),
    "a number": ("quantity", 100, "100"),
    "one decimal too many": ("quantity", "0.1234567890123456789", REFUSED),
    "30 decimals": ("quantity", "0.000000000000000000000000000001", REFUSED),
    "38 digits before the point": ("quantity", "9" * 38, REFUSED),
    "1e30": ("quantity", "1e30", REFUSED),
    "1e15": ("quantity", "1e15", REFUSED),
    "an exponent beyond all": ("quantity", "1e-999999999", REFUSED),
    "nothing": ("quantity", "0", REFUSED),
    "less than nothing": ("quantity", "-1", REFUSED),
    "minus nothing": ("quantity", "-0.0", REFUSED),
    "no number": ("quantity", "NaN", REFUSED),
    "no end": ("quantity", "Infinity", REFUSED),
    "less than no end": ("entryPrice", "-Infinity", REFUSED),
    "a decimal comma": ("quantity", "1,5", MALFORMED),
    "41 characters": ("quantity", "1." + "0" * 39, MALFORMED),
    "hexadecimal": ("quantity", "0x10", MALFORMED),
    "truth": ("quantity", True, MALFORMED),
    "an offset": ("entryAt", "2024-01-08T10:30:00+11:00", "2024-01-07T23:30:00Z"),
    "an odd offset": ("entryAt", "2024-01-08T10:30:00+05:45", "2024-01-08T04:45:00Z"),
    "microseconds": ("entryAt", "2024-01-08T00:30:00.000001Z", "2024-01-08T00:30:00.000001Z"),
    "nanoseconds": ("entryAt", "2024-01-08T00:30:00.000000001Z", MALFORMED),
    "no offset": ("entryAt", "2024-01-08T00:30:00", MALFORMED),
    "a leap second": ("entryAt", "2016-12-31T23:59:60Z", MALFORMED),
    "the year 1": ("entryAt", "0001-01-01T00:00:00Z", MALFORMED),
    "the year 9999": ("entryAt", "9999-12-31T00:00:00Z", MALFORMED),
    "infinity": ("entryAt", "infinity", MALFORMED),
    "tomorrow": ("entryAt", "2090-01-01T00:00:00Z", REFUSED),
    "an accent apart": ("notes", "Cafe\u0301", "Caf\u00e9"),
    "an emoji and Greek": ("notes", "\u03bb \U0001f99c", "\u03bb \U0001f99c"),
    "SQL": ("notes", "'; DROP TABLE trade; --", "'; DROP TABLE trade; --"),
    "a pattern": ("strategy", "50%_off\\", "50%_off\\"),
    "lines": ("notes", "one\n\ttwo", "one\n\ttwo"),
    "blanks around": ("strategy", "  momentum ", "momentum"),
    "only blanks": ("strategy", "   ", None),
    "10,000 characters": ("notes", "x" * 10_000, "x" * 10_000),
    "10,001 characters": ("notes", "x" * 10_001, MALFORMED),
    "a NUL": ("notes", "a\x00b", REFUSED),
    "a bidi override": ("strategy", "a\u202eb", REFUSED),
    "a zero-width space": ("reference", "a\u200bb", REFUSED),
    "a line in a name": ("strategy", "a\nb", REFUSED),
    "101 characters in a name": ("strategy", "x" * 101, REFUSED),
    "21 labels": ("tags", [str(number) for number in range(21)], REFUSED),
    "labels in their order": ("tags", LABELS, LABELS),
    "a score": ("signalScore", 0.1, 0.1),
    "a subnormal score": ("signalScore", 5e-324, 5e-324),
    "a lower-case symbol": ("symbol", "bhp.ax", REFUSED),
    "a path for a symbol": ("symbol", "../../etc", REFUSED),
    "a word for a side": ("side", "HOLD", MALFORMED),
}  # fmt: skip


async def test_what_is_given_comes_back_or_is_refused(ask):
    wrong = {}
    for name, (field, value, meant) in FIDELITY.items():
        answer = await ask(OPEN, input=BHP | {field: value})
        came = _outcome(answer, field)
        if came != meant:
            wrong[name] = came
    assert wrong == {}


def _outcome(answer, field):
    if "errors" in answer:
        assert answer["errors"][0]["extensions"]["code"] != "INTERNAL", answer
        return MALFORMED
    payload = answer["data"]["openTrade"]
    if payload["userErrors"]:
        assert {error["field"][1] for error in payload["userErrors"]} == {field}
        return REFUSED
    return payload["trade"][field]


async def test_90_a_trade_is_left_after_it_was_entered(ask):
    trade = await opened(ask)
    for exit_at in (BHP["entryAt"], "2023-01-01T00:00:00Z"):
        payload = await told(ask, CLOSE, input={"id": trade["id"]} | EXIT | {"exitAt": exit_at})
        assert [error["field"] for error in payload["userErrors"]] == [["input", "exitAt"]]

    closed = (await told(ask, CLOSE, input={"id": trade["id"]} | EXIT))["trade"]
    fixed = {"id": trade["id"], "expectedVersion": closed["version"], "reason": "x"}
    payload = await told(ask, CORRECT, input=fixed | {"entryAt": EXIT["exitAt"]})
    assert [error["field"] for error in payload["userErrors"]] == [["input", "exitAt"]]


async def test_91_of_a_dozen_changes_of_one_version_one_is_made(ask):
    trade = await opened(ask)
    fixed = {"id": trade["id"], "expectedVersion": 1, "reason": "x"}

    payloads = await asyncio.gather(
        *(told(ask, CORRECT, input=fixed | {"quantity": str(number)}) for number in range(1, 13))
    )

    codes = [error["code"] for payload in payloads for error in payload["userErrors"]]
    assert codes == ["CONFLICT"] * 11
    assert (await told(ask, READ, id=trade["id"]))["version"] == 2


# 92 and 95: test_a_change_from_a_version_that_was_replaced_is_a_conflict and the tests beside it.


@pytest.mark.parametrize("quantity", ["0", "NaN", "Infinity", "1e30", f"0.{'0' * 29}1"])
async def test_93_a_quantity_that_cannot_be_is_refused_wherever_it_is_given(
    ask, quantity, sessions
):
    trade = await opened(ask)
    fixed = {"id": trade["id"], "expectedVersion": 1, "quantity": quantity, "reason": "x"}
    closing = {"id": trade["id"], "quantity": quantity} | EXIT

    for document, given in (
        (OPEN, BHP | {"quantity": quantity}),
        (CORRECT, fixed),
        (CLOSE, closing),
    ):
        payload = await told(ask, document, input=given)
        assert [error["field"] for error in payload["userErrors"]] == [["input", "quantity"]]
    async with sessions() as session:
        assert await session.scalar(select(func.count()).select_from(Trade)) == 1


async def test_94_nobody_stands_in_the_future_and_before_the_first_version_is_nothing(ask):
    trade = await opened(ask)

    future = await ask(READ, id=trade["id"], knownAt="2090-01-01T00:00:00Z")
    assert future["errors"][0]["extensions"]["field"] == ["knownAt"]
    assert await told(ask, READ, id=trade["id"], knownAt="2020-01-01T00:00:00Z") is None
    assert (await told(ask, LIST, knownAt="2020-01-01T00:00:00Z"))["nodes"] == []


@pytest.mark.parametrize("root", ["portfolio", "dashboard { portfolio"])
async def test_94_nor_do_the_books_stand_in_the_future(ask, root):
    """What a later correction changes would not be what was answered here."""
    name, _, below = root.partition(" ")
    asked = f'{{ {name}(knownAt: "2090-01-01T00:00:00Z") {below} {{ totalValue }}'

    answer = await ask(asked + " }" * (1 + below.count("{")))

    [error] = answer["errors"]
    assert (error["extensions"]["field"], error["path"]) == (["knownAt"], [name])


FLOW = """
mutation($input: RecordCashFlowInput!) { recordCashFlow(input: $input) {
  cashFlow { id date amount currency fxRate reason recordedAt }
  userErrors { field code reason message } } }
"""
FLOWS = """
query($first: Int, $after: String) { cashFlows(first: $first, after: $after) {
  nodes { id date amount currency reason } totalCount pageInfo { endCursor hasNextPage } } }
"""
DEPOSIT = {"date": "2024-01-02", "amount": "10000", "reason": "savings"}


async def flow_refused(ask, **given):
    payload = await told(ask, FLOW, input=DEPOSIT | given)
    assert payload["cashFlow"] is None
    return [(error["field"][-1], error["code"]) for error in payload["userErrors"]]


async def test_money_that_moved_is_recorded_once_for_each_key(ask, sessions):
    first = await told(ask, FLOW, input=DEPOSIT | {"idempotencyKey": "k"})
    again = await told(ask, FLOW, input=DEPOSIT | {"idempotencyKey": "k"})
    theirs = await told(ask, FLOW, input=DEPOSIT | {"idempotencyKey": "k"}, viewer_id=STRANGER)

    assert first == again
    assert first["cashFlow"]["id"] != theirs["cashFlow"]["id"]
    assert await flow_refused(ask, idempotencyKey="k", amount="1") == [
        ("idempotencyKey", "CONFLICT")
    ]
    node = "query($id: ID!) { node(id: $id) { id } }"
    mine = first["cashFlow"]["id"]
    assert (await told(ask, node, id=mine)) == {"id": mine}
    assert await told(ask, node, id=mine, viewer_id=STRANGER) is None
    async with sessions() as session:
        assert await session.scalar(select(func.count()).select_from(CashFlow)) == 2


async def test_flows_come_by_the_page_newest_day_first(ask):
    for day, amount in (("2024-01-02", "10"), ("2024-03-01", "-5.25"), ("2024-02-01", "7")):
        await told(ask, FLOW, input=DEPOSIT | {"date": day, "amount": amount})

    first = await told(ask, FLOWS, first=2)
    rest = await told(ask, FLOWS, first=2, after=first["pageInfo"]["endCursor"])

    listed = [(flow["date"], flow["amount"]) for flow in first["nodes"] + rest["nodes"]]
    assert listed == [("2024-03-01", "-5.25"), ("2024-02-01", "7"), ("2024-01-02", "10")]
    assert (first["totalCount"], rest["pageInfo"]["hasNextPage"]) == (3, False)
    assert (await told(ask, FLOWS, viewer_id=STRANGER))["nodes"] == []


async def test_money_that_cannot_have_moved_is_refused(ask):
    assert await flow_refused(ask, amount="0") == [("amount", "INVALID")]
    assert await flow_refused(ask, amount="NaN") == [("amount", "INVALID")]
    assert await flow_refused(ask, amount="-1e15") == [("amount", "INVALID")]
    assert await flow_refused(ask, date="2090-01-01") == [("date", "INVALID")]
    assert await flow_refused(ask, reason=" ") == [("reason", "INVALID")]
    assert await flow_refused(ask, fxRate="2") == [("fxRate", "INVALID")]
    assert await flow_refused(ask, currency="USD") == [("fxRate", "MISSING_DATA")]


async def test_foreign_money_takes_the_stored_rate_of_its_day(ask, market):
    payload = await told(
        ask, FLOW, input=DEPOSIT | {"date": "2018-07-07", "currency": "USD", "amount": "750"}
    )

    # A Saturday: Friday's fixing of 0.75 speaks for it.
    assert payload["cashFlow"]["fxRate"] == "1.333333333333333333"


async def test_one_key_is_one_rate(ask, market):
    given = {"date": "2018-07-07", "currency": "USD", "idempotencyKey": "k"}
    first = await told(ask, FLOW, input=DEPOSIT | given | {"fxRate": "1.5"})

    assert await told(ask, FLOW, input=DEPOSIT | given | {"fxRate": "1.50"}) == first
    assert await told(ask, FLOW, input=DEPOSIT | given) == first
    assert await flow_refused(ask, **given, fxRate="1.6") == [("idempotencyKey", "CONFLICT")]


async def test_today_is_a_day_money_can_move(ask):
    """In Sydney, where the morning of a day is the evening before in UTC."""
    now = datetime.now(UTC)

    for day in (now.date(), today(now)):
        assert (await told(ask, FLOW, input=DEPOSIT | {"date": str(day)}))["userErrors"] == []
    assert await flow_refused(ask, date=str(today(now) + timedelta(days=1))) == [
        ("date", "INVALID")
    ]


async def test_no_trade_that_has_happened_is_of_a_day_after_today(sessions):
    """Sydney's midnight is 13:00 by UTC in summer and 14:00 in winter."""
    async with sessions() as session:
        for month in (1, 7):
            for hour in range(24):
                instant = datetime(2026, month, 5, hour, 30, tzinfo=UTC)
                [facts] = await facts_of(session, [Moment(Currency.AUD, instant)])
                assert facts.day <= today(instant)
