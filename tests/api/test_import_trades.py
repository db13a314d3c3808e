"""Trades from files: each row is written once, named as there already, or named with why not."""

from sqlalchemy import func, select

from models import AuditEvent, Trade
from tests.api.test_graphql_trades import BHP, CLOSE, CORRECT, LIST, opened, told
from tests.factories import STRANGER

IMPORT = """
mutation($csv: String!, $dryRun: Boolean, $format: String) {
  importTrades(input: {csv: $csv, dryRun: $dryRun, format: $format}) {
    created { id reference symbol side quantity entryPrice entryAt exitAt status commission pnl
      currency strategy signalScore notes tags reason version knownFrom fxRateAtEntry }
    duplicates rejected { line reason text } userErrors { field code reason message } } }
"""
HEADER = "reference,symbol,side,quantity,entry_price,entry_at,commission"
NAMELESS = "symbol,side,quantity,entry_price,entry_at"
ROW = "A-1,BHP.AX,BUY,100,45.20,2024-01-08T10:30:00+11:00,9.5"


def csv(*rows, header=HEADER):
    return "\n".join((header, *rows)) + "\n"


async def brought(ask, text, **more):
    return await told(ask, IMPORT, csv=text, **{"dryRun": False} | more)


async def rejections(ask, text):
    payload = await brought(ask, text)
    assert (payload["created"], payload["userErrors"]) == ([], [])
    return [(row["line"], row["reason"]) for row in payload["rejected"]]


async def test_a_row_becomes_a_trade(ask):
    header = f"{HEADER},exit_price,exit_at,exit_commission,strategy,signal_score,notes,tags"
    row = f'{ROW},50,2024-02-05,9.5,momentum,0.8,"a note, with a comma",core;au'

    payload = await brought(ask, csv(row, header=header))

    [trade] = payload["created"]
    assert payload["rejected"] == payload["duplicates"] == payload["userErrors"] == []
    assert (trade["reference"], trade["entryAt"]) == ("A-1", "2024-01-07T23:30:00Z")
    # A day alone is the close of its market: 16:00 in Sydney, in summer.
    assert (trade["exitAt"], trade["status"], trade["pnl"]) == (
        "2024-02-05T05:00:00Z",
        "CLOSED",
        "461",
    )
    assert (trade["notes"], trade["tags"]) == ("a note, with a comma", ["core", "au"])
    assert (trade["strategy"], trade["signalScore"]) == ("momentum", 0.8)
    assert (trade["reason"], trade["version"], trade["currency"]) == ("imported", 1, "AUD")
    assert [row["id"] for row in (await told(ask, LIST))["nodes"]] == [trade["id"]]


async def test_a_dry_run_shows_and_writes_nothing(ask, sessions):
    payload = await brought(ask, csv(ROW, "A-2,,BUY,1,1,2024-01-08,0"), dryRun=True)

    assert [trade["reference"] for trade in payload["created"]] == ["A-1"]
    assert [row["line"] for row in payload["rejected"]] == [3]
    assert (await told(ask, LIST))["totalCount"] == 0
    async with sessions() as session:
        assert await session.scalar(select(func.count()).select_from(AuditEvent)) == 0


async def test_nothing_is_written_unless_it_is_asked_for(ask):
    await told(ask, IMPORT, csv=csv(ROW))

    assert (await told(ask, LIST))["totalCount"] == 0


async def test_the_same_file_again_names_what_is_there(ask):
    file = csv("BHP.AX,BUY,100,45.20,2024-01-08", "BHP.AX,BUY,50,45.20,2024-01-08", header=NAMELESS)
    first = await brought(ask, file)
    references = [trade["reference"] for trade in first["created"]]
    assert references == ["BHP.AX-20240108", "BHP.AX-20240108-2"]

    again = await brought(ask, file)

    assert (again["created"], again["duplicates"]) == ([], references)
    assert (await told(ask, LIST))["totalCount"] == 2


async def test_what_was_corrected_or_closed_in_part_since_is_still_known(ask):
    [trade] = (await brought(ask, csv(ROW)))["created"]
    left = {
        "id": trade["id"],
        "quantity": "40",
        "exitPrice": "50",
        "exitAt": "2024-02-05T05:00:00Z",
    }
    await told(ask, CLOSE, input=left)
    fixed = {"id": trade["id"], "expectedVersion": 2, "entryPrice": "45", "reason": "x"}
    await told(ask, CORRECT, input=fixed)

    assert (await brought(ask, csv(ROW)))["duplicates"] == ["A-1"]


async def test_a_reference_of_another_trade_is_refused(ask):
    await opened(ask, reference="A-1", quantity="7")

    [row] = (await brought(ask, csv(ROW)))["rejected"]

    assert row["line"] == 2
    assert row["reason"].startswith("reference 'A-1' is that of another trade")


async def test_a_row_that_a_file_repeats_is_written_once(ask):
    payload = await brought(ask, csv(ROW, ROW))

    assert (len(payload["created"]), payload["duplicates"]) == (1, ["A-1"])


async def test_another_owner_s_trade_is_no_duplicate(ask):
    await brought(ask, csv(ROW), viewer_id=STRANGER)

    assert len((await brought(ask, csv(ROW)))["created"]) == 1


async def test_a_file_is_read_however_it_names_and_orders_its_columns(ask):
    text = (
        "\ufeffEntry Price,SYMBOL,entryAt,Side,quantity\r\n"
        '45.2,BHP.AX,2024-01-08 10:30:00 +11:00,long,"100"\r\n\r\n'
    )

    [trade] = (await brought(ask, text))["created"]

    assert (trade["side"], trade["entryAt"], trade["commission"]) == (
        "BUY",
        "2024-01-07T23:30:00Z",
        "0",
    )


async def test_a_column_that_is_none_of_ours_is_named(ask):
    payload = await brought(ask, csv(f"{ROW},red", header=f"{HEADER},colour"))

    assert len(payload["created"]) == 1
    [row] = payload["rejected"]
    assert (row["line"], "colour" in row["reason"]) == (1, True)


async def test_a_row_without_a_currency_takes_its_share_s(ask, market):
    text = csv("AAA,BUY,10,100,2018-07-03", header=NAMELESS)

    [trade] = (await brought(ask, text))["created"]

    assert (trade["currency"], trade["fxRateAtEntry"]) == ("USD", "1.333333333333333333")


FAULTY = {
    "A,,BUY,1,1,2024-01-08,0": "symbol '' is none that a known market writes",
    "A,BHP,BUY,1,1,2024-01-08,0": "no USD rate is stored for 2024-01-08",
    "A,bhp.ax,BUY,1,1,2024-01-08,0": "symbol 'bhp.ax' is none",
    "A,BHP.AX,HOLD,1,1,2024-01-08,0": "side was 'HOLD'; write BUY or SELL",
    "A,BHP.AX,BUY,0,1,2024-01-08,0": "quantity was 0; give a number above 0",
    "A,BHP.AX,BUY,-5,1,2024-01-08,0": "quantity was -5; give a number above 0",
    "A,BHP.AX,BUY,NaN,1,2024-01-08,0": "quantity was 'NaN'; write a number such as 1234.5",
    'A,BHP.AX,BUY,"1,000",1,2024-01-08,0': "quantity was '1,000'; write a number such as 1234.5",
    "A,BHP.AX,BUY,1e16,1,2024-01-08,0": "quantity was 1E+16; give a number above 0 and below",
    "A,BHP.AX,BUY,1,1e-19,2024-01-08,0": "entryPrice was 1E-19; give a number above 0",
    "A,BHP.AX,BUY,1,1,2024-01-08,-1": "commission was -1; give a number of at least 0",
    "A,BHP.AX,BUY,1,1,08/01/2024,0": "entry_at was '08/01/2024'; write a day such as 2024-01-08",
    "A,BHP.AX,BUY,1,1,2024-02-30,0": "entry_at was '2024-02-30'; write a day",
    "A,BHP.AX,BUY,1,1,0001-01-01,0": "entry_at was '0001-01-01'; write a day",
    "A,BHP.AX,BUY,1,1,2024-01-08T10:30:00,0": "or an instant with its offset",
    "A,BHP.AX,BUY,1,1,2090-01-08,0": "which is still to come",
    "A,BHP.AX,BUY,1,1,2024-01-08": "the row has 6 cells and the header has 7",
    "A,BHP.AX,BUY,1,000,1,2024-01-08,0": "the row has 8 cells and the header has 7",
    "A\u202e,BHP.AX,BUY,1,1,2024-01-08,0": "reference held the control character U+202E",
}


async def test_a_row_that_cannot_be_read_says_why(ask):
    told_of = dict(await rejections(ask, csv(*FAULTY)))

    unsaid = {
        row: told_of.get(line)
        for line, (row, why) in enumerate(FAULTY.items(), start=2)
        if why not in told_of.get(line, "")
    }
    assert unsaid == {}


async def test_half_an_exit_is_none(ask):
    header = f"{HEADER},exit_price,exit_at,exit_commission"

    [first, second] = await rejections(
        ask, csv(f"{ROW},50,,", f"{ROW},,2024-02-05,", header=header)
    )

    assert "exit_price was given without exit_price and exit_at" in first[1]
    assert "exit_at was given without exit_price and exit_at" in second[1]


async def test_a_trade_of_one_day_is_left_at_its_close(ask):
    text = csv("BHP.AX,BUY,1,1,2024-01-08,2,2024-01-08", header=f"{NAMELESS},exit_price,exit_at")

    [trade] = (await brought(ask, text))["created"]

    # Ten and four o'clock in Sydney, in summer.
    assert (trade["entryAt"], trade["exitAt"]) == ("2024-01-07T23:00:00Z", "2024-01-08T05:00:00Z")


async def test_every_fault_of_a_row_is_named(ask):
    [(_, reason)] = await rejections(ask, csv("A,BHP.AX,HOLD,x,1,today,0"))

    assert all(name in reason for name in ("side was", "quantity was", "entry_at was"))


REFUSED = {
    "": "EMPTY_FILE",
    HEADER: "EMPTY_FILE",
    "symbol;side\nBHP.AX;BUY\n": "DIALECT",
    "symbol,side,quantity\nBHP.AX,BUY,1\n": "MISSING_COLUMN",
    f"{HEADER},symbol\n{ROW},x\n": "DIALECT",
    f'{HEADER}\n"A-1,BHP.AX\n': "DIALECT",
}


async def test_what_is_no_such_file_is_refused_whole(ask):
    for text, reason in REFUSED.items():
        payload = await brought(ask, text)

        [error] = payload["userErrors"]
        assert (error["field"], error["reason"]) == (["input", "csv"], reason), text
        assert (payload["created"], payload["rejected"]) == ([], [])


async def test_a_format_we_do_not_know_is_refused(ask):
    [error] = (await brought(ask, csv(ROW), format="commsec"))["userErrors"]

    assert error["field"] == ["input", "format"]


async def test_a_file_is_written_in_a_few_statements_however_long(ask, counting):
    def rows(count):
        return csv(*(ROW.replace("A-1", f"B-{count}-{number}") for number in range(count)))

    with counting() as few:
        await brought(ask, rows(2))
    with counting() as many:
        payload = await brought(ask, rows(200))

    assert len(payload["created"]) == 200
    assert len(many) == len(few)


async def test_an_import_is_noted_once(ask, sessions):
    await brought(ask, csv(ROW, ROW.replace("A-1", "A-2")))

    async with sessions() as session:
        [event] = await session.scalars(select(AuditEvent))
        assert (event.action, event.after) == ("importTrades", {"references": ["A-1", "A-2"]})
        assert await session.scalar(select(func.count()).select_from(Trade)) == 2


async def test_references_count_on_from_those_in_use(ask):
    await opened(ask, **BHP)

    payload = await brought(ask, csv("BHP.AX,SELL,1,1,2024-01-08", header=NAMELESS))

    assert [trade["reference"] for trade in payload["created"]] == ["BHP.AX-20240108-2"]
