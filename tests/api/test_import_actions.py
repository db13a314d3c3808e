"""Corporate actions from a file: all of it or nothing, each refusal by its line."""

from datetime import UTC, date, datetime
from uuid import uuid4

import pytest
from sqlalchemy import text

from api.adapters.csv_actions import read_actions
from api.adapters.csv_prices import read_prices
from api.cli.import_actions import bring_in, report
from api.errors import InvalidInput
from api.services.import_actions import import_actions
from api.services.import_prices import import_prices
from models.corporate_actions import CorporateActionRepository
from models.instrument import Exchange
from models.instruments import InstrumentRepository
from models.price_bars import PriceBarRepository
from models.session import unit_of_work
from models.staging import Written
from tests.api.market import make_settings
from tests.conftest import SAMPLE
from tests.factories import make_bar, make_instrument

NOW = datetime(2024, 6, 1, tzinfo=UTC)
HEADER = "symbol,ex_date,kind,ratio,cash,currency,pay_date,successor\n"
DAYS = [date(2024, 1, day) for day in (16, 17, 18, 19)]
GOOD = """\
NEW,2024-01-18,SPLIT,2,,,,
NEW,2024-01-19,dividend,,0.50,USD,2024-02-15,
OLD,2024-01-18,DELISTING,0.75,1.25,USD,,NEW
GONE,2024-01-18,DELISTING,,0,,,
"""


@pytest.fixture
async def market(sessions):
    """OLD and GONE end after two days, NEW is split on the third; ADJ is adjusted by its source."""
    closes = {"OLD": [10, 10], "GONE": [3, 1], "NEW": [40, 40, 20, 20], "ADJ": [5, 5, 5, 5]}
    raw, adjusted = ["open", "close"], ["close", "adjusted_close"]
    async with unit_of_work(sessions) as session:
        made = [
            make_instrument(
                symbol, fields=adjusted if symbol == "ADJ" else raw, flags=["no_corporate_actions"]
            )
            for symbol in closes
        ]
        made.append(make_instrument("BHP.AX", currency="AUD", exchange=Exchange.XASX, fields=raw))
        ids = await InstrumentRepository(session).upsert(made)
        bars = [
            make_bar(ids[symbol], day, None, open=float(close), close=float(close))
            for symbol, each in closes.items()
            for day, close in zip(DAYS, each, strict=False)
        ]
        await PriceBarRepository(session).write(bars)
    return ids


async def bring(sessions, lines, *, now=NOW):
    file = read_actions((HEADER + lines).encode(), name="actions.csv")
    async with unit_of_work(sessions) as session:
        return await import_actions(session, file, now=now)


async def rows(sessions, statement):
    async with sessions() as session:
        return [tuple(row) for row in await session.execute(text(statement))]


async def test_all_three_kinds_are_written_and_listings_end(sessions, market):
    done = await bring(sessions, GOOD)

    assert done.written == Written(new=4)
    assert done.ended == (("OLD", DAYS[1]), ("GONE", DAYS[1]))
    assert done.acting == ("NEW",)
    async with sessions() as session:
        actions = CorporateActionRepository(session)
        split, paid = await actions.of([market["NEW"]])
        old, gone = await actions.endings([market["OLD"], market["GONE"]])
        known = await InstrumentRepository(session).by_symbols(["NEW", "OLD"])
    assert (split.ratio, paid.cash, paid.pay_date) == (2.0, 0.5, date(2024, 2, 15))
    assert (old.ratio, old.cash, old.successor_id) == (0.75, 1.25, market["NEW"])
    assert (gone.ratio, gone.cash, gone.successor_id) == (None, 0.0, None)
    # Known when the first session without it opened, in New York's winter.
    assert old.known_at == datetime(2024, 1, 18, 14, 30, tzinfo=UTC)
    described = {each.symbol: (each.delisted_on, each.fields, each.flags) for each in known}
    assert described["NEW"] == (None, ["open", "close", "actions"], [])
    assert described["OLD"] == (DAYS[1], ["open", "close"], ["no_corporate_actions"])


async def test_the_same_file_again_changes_nothing(sessions, market):
    await bring(sessions, GOOD)
    before = await rows(sessions, "SELECT key, digest FROM fingerprint ORDER BY key, year")

    again = await bring(sessions, GOOD)

    assert again.written == Written(unchanged=4)
    assert before == await rows(sessions, "SELECT key, digest FROM fingerprint ORDER BY key, year")


async def test_a_corrected_line_keeps_what_was_believed(sessions, market):
    await bring(sessions, GOOD)

    terms = await bring(sessions, "OLD,2024-01-18,DELISTING,0.80,1.25,USD,,NEW\n")
    moved = await bring(sessions, "OLD,2024-01-19,DELISTING,0.80,1.25,USD,,NEW\n")

    assert (terms.written, moved.written) == (Written(revised=1), Written(new=1))
    assert moved.ended == (("OLD", DAYS[2]),)
    was = "SELECT ex_date, ratio FROM corporate_action_revision ORDER BY known_to"
    assert await rows(sessions, was) == [(DAYS[2], 0.75), (DAYS[2], 0.8)]
    now = "SELECT ex_date FROM corporate_action WHERE kind = 'DELISTING' ORDER BY 1"
    assert await rows(sessions, now) == [(DAYS[2],), (DAYS[3],)]


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("NONE,2024-01-18,SPLIT,2,,,,", "no instrument is called NONE"),
        ("OLD,2024-01-18,DELISTING,1,,,,NONE", "no instrument is called NONE"),
        ("NEW,2024-01-20,SPLIT,2,,,,", "XNYS is closed on 2024-01-20"),
        ("NEW,2024-07-01,SPLIT,2,,,,", "the session of 2024-07-01 has not opened yet"),
        ("NEW,2050-01-05,SPLIT,2,,,,", "the session of 2050-01-05 has not opened yet"),
        ("NEW,2024-01-19,SPLIT,5,,,,", "SPLIT_MISMATCH: prices do not move as the split says"),
        ("NEW,2024-01-18,SPLIT,1,,,,", "BAD_RATIO: a split of 1.0"),
        ("NEW,2024-01-19,SPLIT,,,,,", "BAD_RATIO: it has no ratio, new shares for one old"),
        ("NEW,2024-01-19,DIVIDEND,,25,,,", "BAD_DIVIDEND: 25 is not less than the close"),
        ("NEW,2024-01-19,DIVIDEND,,0.5,AUD,,", "currency was AUD, and NEW trades in USD"),
        ("NEW,2024-01-19,DIVIDEND,,0.5,,2024-01-01,", "pay_date was 2024-01-01, before"),
        ("NEW,2024-01-19,DIVIDEND,2,0.5,,,", "ratio was '2'; a DIVIDEND has none"),
        ("NEW,2024-01-19,SPLIT,2,,,,OLD", "successor was 'OLD'; a SPLIT has none"),
        ("NEW,2024-01-19,MERGER,2,,,,OLD", "kind was 'MERGER'; write SPLIT, DIVIDEND or DEL"),
        ("NEW,2024-01-19,SPLIT,two,,,,", "ratio was 'two'; write a number"),
        ("NEW,2024-02-30,SPLIT,2,,,,", "ex_date was '2024-02-30'; write a day"),
        ("NEW,19/01/2024,SPLIT,2,,,,", "ex_date was '19/01/2024'; write a day"),
        ("a b,2024-01-19,SPLIT,2,,,,", "symbol was 'a b'; write one like BHP.AX"),
        ("ADJ,2024-01-19,SPLIT,2,,,,", "the prices of ADJ are adjusted by their source"),
        ("OLD,2024-01-18,DELISTING,1,,,,ADJ", "the prices of ADJ are adjusted by their source"),
        ("OLD,2024-01-18,DELISTING,,,,,", "it does not say what holders got; give cash"),
        ("OLD,2024-01-18,DELISTING,1,,,,", "ratio and successor go together"),
        ("OLD,2024-01-18,DELISTING,,1,,,NEW", "ratio and successor go together"),
        ("OLD,2024-01-18,DELISTING,0,,,,NEW", "ratio was 0; give the successor's shares"),
        ("OLD,2024-01-18,DELISTING,,-1,,,", "cash was -1; give at least 0"),
        ("OLD,2024-01-17,DELISTING,,1,,,", "a bar of 2024-01-17 is stored"),
        ("OLD,2024-01-18,DELISTING,1,,,,OLD", "its successors lead back to OLD"),
        ("OLD,2024-01-19,DELISTING,1,,,,GONE", "successor GONE is no longer listed on 2024-01-19"),
        ("OLD,2024-01-18,DELISTING,,101,,,", "holders would have got 101 for a share that last"),
        ("OLD,2024-01-18,DELISTING,2.6,,,,NEW", "holders would have got 104 for a share"),
        ("GONE,2024-01-18,DIVIDEND,,0.5,,,", "the listing of GONE had ended by 2024-01-18"),
        ("GONE,2024-01-19,DELISTING,,1,,,", "GONE was listed until 2024-01-17, and ex_date"),
    ],
)
async def test_a_line_that_cannot_be_refuses_the_file(sessions, market, line, said):
    async with unit_of_work(sessions) as session:
        gone = make_instrument("GONE", fields=["open", "close"], delisted_on=DAYS[1])
        await InstrumentRepository(session).upsert([gone])
    sound = "BHP.AX,2024-01-18,DELISTING,,0,,,\n"

    with pytest.raises(InvalidInput) as refused:
        await bring(sessions, sound + line + "\n")

    assert f"\n  line 3: {said}" in str(refused.value)
    assert "line 2" not in str(refused.value)
    assert await rows(sessions, "SELECT id FROM corporate_action") == []


async def test_every_line_that_is_wrong_is_named(sessions, market):
    lines = "NONE,2024-01-18,SPLIT,2,,,,\nNEW,2024-01-18,SPLIT,2,,,,\nNEW,2024-01-19,SPLIT,x,,,,\n"

    with pytest.raises(InvalidInput) as refused:
        await bring(sessions, lines + "NEW,2024-01-18,SPLIT,2,,,,\n")

    told = str(refused.value).splitlines()[1:]
    assert [line.split(":")[0] for line in told] == ["  line 2", "  line 4", "  line 5"]
    assert "it repeats line 3" in told[2]


async def test_a_listing_ends_once(sessions, market):
    lines = "OLD,2024-01-18,DELISTING,,-5,,,\nOLD,2024-01-19,DELISTING,,2,,,\n"

    with pytest.raises(InvalidInput) as refused:
        await bring(sessions, lines)

    told = str(refused.value).splitlines()[1:]
    assert [line.split(";")[0] for line in told] == [
        "  line 2: cash was -5",
        "  line 3: it repeats line 2",
    ]


async def test_what_others_became_stays_listed_until_then(sessions, market):
    await bring(
        sessions, "OLD,2024-01-19,DELISTING,0.75,,,,GONE\nGONE,2024-01-19,DELISTING,,1,,,\n"
    )

    with pytest.raises(InvalidInput, match="holders of another share got GONE on 2024-01-19"):
        await bring(sessions, "GONE,2024-01-18,DELISTING,,1,,,\n")
    both = "OLD,2024-01-18,DELISTING,0.75,,,,GONE\nGONE,2024-01-18,DELISTING,,1,,,\n"
    assert (await bring(sessions, both)).written == Written(new=2)


async def test_two_that_become_each_other_are_refused(sessions, market):
    lines = "OLD,2024-01-18,DELISTING,1,,,,GONE\nGONE,2024-01-18,DELISTING,1,,,,OLD\n"

    with pytest.raises(InvalidInput, match="its successors lead back to OLD"):
        await bring(sessions, lines)


async def test_prices_imported_again_leave_what_was_told_of_their_actions(sessions):
    prices = b"symbol,date,close\nMINE,2024-01-16,40\nMINE,2024-01-17,20\n"
    told = "MINE,2024-01-17,SPLIT,2,,,,\nMINE,2024-01-18,DELISTING,,21,,,\n"
    owner_id = uuid4()

    async def bring_prices():
        async with unit_of_work(sessions) as session:
            file = read_prices(prices, name="mine.csv")
            await import_prices(session, file, universe="MINE", owner_id=owner_id, now=NOW)

    await bring_prices()
    await bring(sessions, told)
    await bring_prices()

    described = "SELECT fields, flags, delisted_on FROM instrument"
    assert await rows(sessions, described) == [(["close", "actions"], [], DAYS[1])]


async def test_prices_after_an_end_that_was_told_are_quarantined(sessions):
    owner_id, prices = uuid4(), "date,symbol,open,close\n2024-01-16,MINE,20,20\n"
    told = "MINE,2024-01-18,DELISTING,,21,,,\n"

    async def imported(content):
        file = read_prices(content.encode(), name="mine.csv")
        async with unit_of_work(sessions) as session:
            done = await import_prices(session, file, universe="MINE", owner_id=owner_id, now=NOW)
        return done.tally

    await imported(prices + "2024-01-17,MINE,21,21\n")
    await bring(sessions, told)
    tally = await imported("date,symbol,open,close\n2024-01-17,MINE,21,21\n2024-01-18,MINE,22,22\n")

    assert (tally.written.new, tally.reasons) == (0, {"AFTER_DELISTING": 1})
    refused = "SELECT symbol, date, reason FROM quarantine"
    assert await rows(sessions, refused) == [("MINE", DAYS[2], "AFTER_DELISTING")]
    assert (await bring(sessions, told)).written == Written(unchanged=1)


async def test_the_terminal_says_what_would_be_written_before_it_is(
    make_database, sample_url, tmp_path, worker_id
):
    url = await make_database(f"actions_{worker_id}", template=SAMPLE)
    settings = make_settings(tmp_path, database_url=url)
    path = tmp_path / "actions.csv"
    path.write_text(HEADER + "AAPL,2023-01-03,DELISTING,,130,USD,,\n")

    shown = [
        report(*await bring_in(settings, path, lambda _: None, dry_run=dry), dry_run=dry)
        for dry in (True, False, True)
    ]

    counts = ["new 1, revised 0, unchanged 0"] * 2 + ["new 0, revised 0, unchanged 1"]
    for told, dry, count in zip(shown, (True, False, True), counts, strict=True):
        assert told == [
            "actions.csv: actions read 1",
            f"Actions{' that would be written' * dry}: {count}",
            "The listing of AAPL ended on 2022-12-30",
        ]


async def test_a_file_that_is_none_is_refused(tmp_path):
    settings = make_settings(tmp_path)
    path = tmp_path / "actions.csv"

    for content, said in (
        (None, "cannot be read"),
        ("symbol,ex_date\nNEW,2024-01-18\n", "line 1 has no column 'kind'"),
        ("symbol,ex_date,kind,price\nNEW,2024-01-18,SPLIT,2\n", "line 1 names 'price'"),
    ):
        if content is not None:
            path.write_text(content)
        with pytest.raises(InvalidInput, match=said):
            await bring_in(settings, path, lambda _: None)
