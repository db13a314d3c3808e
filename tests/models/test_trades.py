"""Versions of trades, and what the database itself refuses."""

from datetime import UTC, date, datetime
from decimal import Decimal

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from models import Currency, Side, Trade, TradeStatus
from models.pages import Place
from models.trades import SortBy, TradeRepository, Wanted
from tests.factories import OWNER, STRANGER, make_closed_trade, make_trade


async def added(session, *trades):
    return [await TradeRepository(session).add(trade) for trade in trades]


async def test_a_closed_trade_knows_its_profit_after_both_commissions(session):
    [long] = await added(session, make_closed_trade())
    [short] = await added(session, make_closed_trade(side=Side.SELL))
    [open_] = await added(session, make_trade())

    # A gain of 2.5 on each of 100 shares, and twice 3 of commission.
    assert (long.pnl, long.pnl_aud) == (Decimal(244), Decimal(244))
    assert (short.pnl, short.pnl_aud) == (Decimal(-256), Decimal(-256))
    assert (open_.pnl, open_.pnl_aud) == (None, None)


async def test_profit_in_australian_dollars_takes_each_day_s_rate(session):
    rates = {"fx_at_entry": Decimal("1.5"), "fx_at_exit": Decimal("1.6")}
    [trade] = await added(session, make_closed_trade(currency=Currency.USD, **rates))

    assert trade.pnl == Decimal(244)
    # 2400 at the exit less 1875 at the entry, and 4.5 and 4.8 of commission.
    assert trade.pnl_aud == Decimal("515.7")


async def test_shares_that_were_split_are_sold_at_the_split_price(session):
    [trade] = await added(
        session, make_closed_trade(exit_price=Decimal("3.75"), split_ratio=Decimal(4))
    )

    assert trade.pnl == Decimal(244)


@pytest.mark.parametrize(
    ("currency", "entry_at", "day"),
    [
        # The opening in Sydney in summer, and a late order in New York.
        (Currency.AUD, datetime(2024, 1, 7, 23, 10, tzinfo=UTC), date(2024, 1, 8)),
        (Currency.USD, datetime(2024, 1, 9, 0, 30, tzinfo=UTC), date(2024, 1, 8)),
    ],
)
async def test_a_trade_s_day_is_the_market_s(session, currency, entry_at, day):
    [trade] = await added(session, make_trade(currency=currency, entry_at=entry_at))

    assert (trade.entry_on, trade.exit_on) == (day, None)


async def test_amounts_come_back_exactly_and_without_padding(session):
    widest = Decimal("999999999999999.123456789012345678")
    [trade] = await added(session, make_trade(quantity=widest, entry_price=Decimal(100)))
    session.expunge_all()

    read = await TradeRepository(session).get(trade.id, owner_id=OWNER)

    assert (str(read.quantity), str(read.entry_price)) == (str(widest), "100")


async def test_an_amendment_ends_one_version_and_begins_the_next_at_one_instant(session):
    trades = TradeRepository(session)
    [first] = await added(session, make_trade(notes="as bought", tags=["core"]))

    second = await trades.amend(first, {"quantity": Decimal(90)}, reason="a misread fill")

    old, new = await trades.versions([first.id], owner_id=OWNER)
    assert old.known_to == new.known_from == second.known_from
    assert (old.quantity, new.quantity) == (Decimal(100), Decimal(90))
    assert (old.version, new.version, new.known_to) == (1, 2, None)
    assert (new.notes, new.tags, new.reference) == ("as bought", ["core"], old.reference)
    assert (new.reason, new.trade_no) == ("a misread fill", old.trade_no)


async def test_each_instant_sees_the_version_believed_then(session):
    trades = TradeRepository(session)
    [first] = await added(session, make_trade())
    second = await trades.amend(first, {"quantity": Decimal(90)}, reason="x")

    async def believed(known_at):
        found = await trades.get(first.id, owner_id=OWNER, known_at=known_at)
        return found and found.version

    assert await believed(first.known_from) == 1
    assert await believed(second.known_from) == 2
    assert await believed(datetime(2020, 1, 1, tzinfo=UTC)) is None
    assert await believed(None) == 2


async def test_another_owner_s_trade_is_unknown(session):
    [theirs] = await added(session, make_trade(owner_id=STRANGER))

    trades = TradeRepository(session)
    assert await trades.get(theirs.id, owner_id=OWNER) is None
    assert await trades.versions([theirs.id], owner_id=OWNER) == []
    assert await trades.by_references([theirs.reference], owner_id=OWNER) == []


INFINITE = Decimal("Infinity")
REFUSED = [
    {"quantity": Decimal(0)},
    {"quantity": Decimal(-1)},
    {"quantity": Decimal("NaN")},
    {"quantity": INFINITE},
    {"quantity": Decimal("1e15")},
    {"entry_price": Decimal("NaN")},
    {"commission": Decimal(-1)},
    {"commission": Decimal("NaN")},
    {"signal_score": float("nan")},
    {"signal_score": float("inf")},
    {"entry_at": datetime(1, 1, 1, tzinfo=UTC)},
    {"entry_at": datetime(9999, 12, 31, tzinfo=UTC)},
    {"status": TradeStatus.CLOSED},
    {"exit_price": Decimal(1)},
    {"fx_at_entry": Decimal(2)},
    {"fx_at_entry": Decimal(0)},
    {"split_ratio": Decimal(2)},
    {"reason": " "},
    {"reference": ""},
    {"symbol": "A B"},
    {"version": 2},
    {"known_to": datetime(2200, 1, 1, tzinfo=UTC)},
]


@pytest.mark.parametrize("given", REFUSED, ids=str)
async def test_the_database_refuses(session, given):
    with pytest.raises(DBAPIError):
        await added(session, make_trade(**given))


@pytest.mark.parametrize(
    "exit_at", [datetime(2024, 1, 8, 0, 30, tzinfo=UTC), datetime(2023, 1, 1, tzinfo=UTC)], ids=str
)
async def test_an_exit_comes_after_the_entry(session, exit_at):
    with pytest.raises(DBAPIError, match="ck_trade_entry_before_exit"):
        await added(session, make_closed_trade(exit_at=exit_at))


CHANGES = {
    "UPDATE trade SET quantity = 1": "only ever ended",
    "UPDATE trade SET known_to = 'infinity'": "ck_trade_knowledge_finite",
    "UPDATE trade SET known_to = clock_timestamp(), notes = 'x'": "only ever ended",
    "DELETE FROM trade": "append-only",
    "TRUNCATE trade": "append-only",
}


@pytest.mark.parametrize("statement", CHANGES)
async def test_what_was_written_stays(session, statement):
    await added(session, make_trade())

    with pytest.raises(DBAPIError, match=CHANGES[statement]):
        await session.execute(text(statement))


async def test_an_ended_version_stays_ended(session):
    [first] = await added(session, make_trade())
    await TradeRepository(session).amend(first, {}, reason="x")

    for known_to in ("NULL", "clock_timestamp()"):
        with pytest.raises(DBAPIError, match="only ever ended"):
            async with session.begin_nested():
                await session.execute(
                    text(f"UPDATE trade SET known_to = {known_to} WHERE version = 1")  # noqa: S608
                )


async def test_a_trade_does_not_end_without_a_next_version(sessions):
    async with sessions() as session, session.begin():
        await TradeRepository(session).add(make_trade())

    with pytest.raises(DBAPIError, match="is followed by none"):
        async with sessions() as session, session.begin():
            await session.execute(text("UPDATE trade SET known_to = clock_timestamp()"))


async def test_a_version_leaves_no_gap(session):
    trades = TradeRepository(session)
    [first] = await added(session, make_trade())
    second = await trades.amend(first, {}, reason="x")
    copied = {name: getattr(second, name) for name in ("id", "reference")}

    with pytest.raises(DBAPIError, match="follows none"):
        await added(session, make_trade(version=3, known_from=first.known_from, **copied))


async def test_a_cancelled_trade_is_followed_by_nothing(session):
    trades = TradeRepository(session)
    [first] = await added(session, make_trade())
    gone = await trades.amend(first, {"status": TradeStatus.CANCELLED}, reason="never filled")

    with pytest.raises(DBAPIError, match="follows none"):
        await trades.amend(gone, {"status": TradeStatus.OPEN}, reason="after all")


async def test_two_trades_do_not_share_a_reference(session):
    await added(session, make_trade(reference="A-1"))

    await added(session, make_trade(reference="A-1", owner_id=STRANGER))
    with pytest.raises(DBAPIError, match="uq_trade_owner_id_reference"):
        await added(session, make_trade(reference="A-1"))


async def test_overlapping_versions_are_refused_whoever_writes_them(session):
    [first] = await added(session, make_trade())
    columns = [column.name for column in Trade.__table__.columns if column.name != "row_id"]
    other = {"id": "gen_random_uuid()", "reference": "'another'", "trade_no": str(first.trade_no)}
    copy = ", ".join(other.get(name, name) for name in columns)
    # As a replica no trigger speaks first.
    await session.execute(text("SET LOCAL session_replication_role = replica"))

    with pytest.raises(DBAPIError, match="ex_trade_overlap"):
        await session.execute(
            text(f"INSERT INTO trade ({', '.join(columns)}) SELECT {copy} FROM trade")  # noqa: S608
        )


def days(*numbers):
    return [datetime(2024, 1, number, tzinfo=UTC) for number in numbers]


async def test_pages_sort_by_what_is_asked_for_and_go_on_where_they_ended(session):
    for day, symbol in zip(days(1, 2, 3), ("CCC", "AAA", "BBB"), strict=True):
        await added(session, make_trade(entry_at=day, symbol=symbol))
    [closed] = await added(session, make_closed_trade(symbol="DDD"))
    trades = TradeRepository(session)

    async def symbols(**asked):
        page = await trades.list_page(owner_id=OWNER, first=10, **asked)
        return [trade.symbol for trade in page.rows]

    assert await symbols() == ["DDD", "BBB", "AAA", "CCC"]
    assert await symbols(by=SortBy.SYMBOL, descending=False) == ["AAA", "BBB", "CCC", "DDD"]
    assert (await symbols(by=SortBy.PNL))[0] == "DDD"
    assert (await symbols(by=SortBy.EXIT_AT, descending=False))[0] == "DDD"
    behind = Place(value=closed.entry_at, id=closed.id)
    assert await symbols(after=behind) == ["BBB", "AAA", "CCC"]
    first = await trades.list_page(owner_id=OWNER, first=2)
    assert (first.has_next, len(first.rows)) == (True, 2)
    assert await trades.count_listed(owner_id=OWNER) == 4


async def test_a_list_is_narrowed(session):
    await added(
        session,
        make_trade(symbol="AAA", strategy="momentum", tags=["core", "2024"]),
        make_trade(symbol="BBB", side=Side.SELL, entry_at=days(31)[0]),
        make_closed_trade(symbol="CCC"),
    )

    async def symbols(**wanted):
        page = await TradeRepository(session).list_page(
            owner_id=OWNER, wanted=Wanted(**wanted), by=SortBy.SYMBOL, descending=False, first=10
        )
        return "".join(trade.symbol[0] for trade in page.rows)

    assert await symbols(symbol="AAA") == "A"
    assert await symbols(strategy="momentum") == "A"
    assert await symbols(tag="core") == "A"
    assert await symbols(side=Side.SELL) == "B"
    assert await symbols(status=TradeStatus.CLOSED) == "C"
    assert await symbols(entry_from=days(31)[0].date()) == "B"
    assert await symbols(entry_to=days(8)[0].date()) == "AC"
    assert await symbols(symbol="AAA", side=Side.SELL) == ""
