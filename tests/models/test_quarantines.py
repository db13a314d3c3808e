from datetime import UTC, datetime

from models.pages import Place
from models.price_bar import Quarantine
from models.quarantines import QuarantineRepository

NOON = datetime(2024, 3, 8, 12, tzinfo=UTC)


def refused(symbol, row, *, hour=12):
    return Quarantine(
        source="test",
        file="prices.csv",
        row_number=row,
        symbol=symbol,
        raw=f"{symbol},{row}",
        reason="SPIKE",
        recorded_at=NOON.replace(hour=hour),
    )


async def test_refused_rows_come_newest_first_by_the_page(session):
    rows = QuarantineRepository(session)
    await rows.add([refused("AAA", 1), refused("BBB", 2, hour=14), refused("AAA", 3, hour=14)])

    first = await rows.list_page(first=2)
    last = first.rows[-1]
    second = await rows.list_page(first=2, after=Place(last.recorded_at, last.id))

    assert [row.row_number for row in first.rows] == [3, 2]
    assert [row.row_number for row in second.rows] == [1]
    assert (first.has_next, second.has_next) == (True, False)


async def test_refused_rows_are_counted_by_symbol(session):
    rows = QuarantineRepository(session)
    nameless = refused("AAA", 9)
    nameless.symbol = None
    await rows.add([refused("AAA", 1), refused("AAA", 2), refused("BBB", 3), nameless])

    page = await rows.list_page(symbols=["AAA", "CCC"], first=10)

    assert [row.symbol for row in page.rows] == ["AAA", "AAA"]
    assert await rows.count_listed(symbols=["AAA", "CCC"]) == 2
    assert await rows.count_listed() == 4
    assert await rows.counts(["AAA", "BBB", "CCC"]) == {"AAA": 2, "BBB": 1}


async def test_no_symbol_is_not_every_symbol(session):
    rows = QuarantineRepository(session)
    await rows.add([refused("AAA", 1)])

    assert (await rows.list_page(symbols=[], first=10)).rows == []
