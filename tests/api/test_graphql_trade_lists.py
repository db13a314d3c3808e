"""Lists of trades: sorted, narrowed, by the page, and as they were known."""

from datetime import UTC, date, datetime

from models.instruments import InstrumentRepository
from models.price_bars import PriceBarRepository
from models.session import unit_of_work
from tests.api.test_graphql_trades import CLOSE, EXIT, LIST, READ, opened, told
from tests.factories import make_bar


async def test_pages_follow_each_other_in_every_order(ask):
    for number in range(5):
        trade = await opened(
            ask, quantity=str(number + 1), entryAt=f"2024-01-0{number + 1}T00:30:00Z"
        )
        if number % 2:
            left = EXIT | {"exitPrice": str(46 + number)}
            await told(ask, CLOSE, input={"id": trade["id"]} | left)
    for field in ("ENTRY_AT", "EXIT_AT", "SYMBOL", "PNL", "QUANTITY"):
        for direction in ("ASC", "DESC"):
            order = {"field": field, "direction": direction}
            whole = [row["id"] for row in (await told(ask, LIST, orderBy=order))["nodes"]]
            paged, after = [], None
            while len(paged) < 5:
                page = await told(ask, LIST, orderBy=order, first=2, after=after)
                paged += [row["id"] for row in page["nodes"]]
                after = page["pageInfo"]["endCursor"]
            assert paged == whole
            assert page["pageInfo"]["hasNextPage"] is False


async def test_a_list_is_narrowed(ask):
    await opened(ask, strategy="momentum", tags=["core"])
    await opened(ask, side="SELL", entryAt="2024-03-01T00:30:00Z")

    async def found(**filter):
        return (await told(ask, LIST, filter=filter))["totalCount"]

    assert await found(symbol="BHP.AX") == 2
    assert await found(strategy="momentum") == 1
    assert await found(tag="core") == 1
    assert await found(side="SELL") == 1
    assert await found(status="CLOSED") == 0
    assert await found(entryFrom="2024-02-01") == 1
    assert await found(entryTo="2024-02-01") == 1


async def test_nobody_stands_in_the_future(ask):
    trade = await opened(ask)

    for document in (READ, LIST):
        answer = await ask(document, id=trade["id"], knownAt="2090-01-01T00:00:00Z")
        [error] = answer["errors"]
        assert error["extensions"]["field"] == ["knownAt"]
    before = await told(ask, LIST, knownAt="2020-01-01T00:00:00Z")
    assert (before["nodes"], before["totalCount"]) == ([], 0)


async def test_a_mark_knows_nothing_of_what_came_later(ask, split_share, sessions):
    trade = await opened(ask)
    assert trade["lastPrice"] == "12.5"
    async with unit_of_work(sessions) as session:
        [share] = await InstrumentRepository(session).by_symbols(["BHP.AX"])
        bar = make_bar(share.id, date(2024, 2, 5), None, close=20.0, known_at=datetime.now(UTC))
        await PriceBarRepository(session).write([bar])

    assert (await told(ask, READ, id=trade["id"]))["lastPrice"] == "20"
    then = await told(ask, READ, id=trade["id"], knownAt=trade["knownFrom"])
    assert (then["lastPrice"], then["lastPriceDate"]) == ("12.5", "2024-02-02")


async def test_a_page_of_trades_takes_as_many_statements_as_one(ask, split_share, counting):
    await opened(ask)
    with counting() as one:
        await told(ask, LIST, first=50)
    for _ in range(5):
        await opened(ask)
    with counting() as six:
        await told(ask, LIST, first=50)

    assert len(one) == len(six)
