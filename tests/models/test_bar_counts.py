from datetime import date

from models.bar_counts import BarCountRepository
from models.instruments import InstrumentRepository
from models.price_bar import DataQuality
from models.price_bars import PriceBarRepository
from tests.factories import make_bar, make_instrument


async def test_a_withdrawn_bar_is_neither_counted_nor_named(session):
    instruments = InstrumentRepository(session)
    [id_] = (await instruments.upsert([make_instrument("AAA")])).values()
    days = [date(1970, 1, day) for day in (2, 5, 6)]
    await PriceBarRepository(session).write(make_bar(id_, day) for day in days)
    withdrawn = [make_bar(id_, day, quality=DataQuality.BAD) for day in days]
    await PriceBarRepository(session).write(withdrawn[:1])

    [found] = await instruments.by_ids([id_])
    some = found.bar_count, found.first_bar
    named = await BarCountRepository(session).days_of([id_])
    await PriceBarRepository(session).write(withdrawn)
    await session.refresh(found)

    assert (some, named) == ((2, days[0]), {id_: [4, 5]})
    assert (found.bar_count, found.first_bar, found.last_bar) == (0, None, None)


async def test_days_and_suspects_are_counted_without_reading_bars(session):
    ids = await InstrumentRepository(session).upsert(
        make_instrument(symbol) for symbol in ("AAA", "BBB", "CCC")
    )
    bars = [
        make_bar(ids["AAA"], date(1970, 1, 6)),
        make_bar(ids["AAA"], date(1970, 1, 2), quality=DataQuality.SUSPECT),
        make_bar(ids["BBB"], date(1969, 12, 31)),
    ]
    await PriceBarRepository(session).write(bars)
    counts = BarCountRepository(session)

    days = await counts.days_of(list(ids.values()))
    suspects = await counts.suspects(list(ids.values()))

    assert days == {ids["AAA"]: [1, 5], ids["BBB"]: [-1]}
    assert suspects == {ids["AAA"]: 1}
    assert await counts.days_of([]) == {}
