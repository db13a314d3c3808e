from datetime import date

import pytest
from sqlalchemy.exc import IntegrityError

from models import Exchange
from models.instruments import InstrumentRepository
from models.pages import Place
from tests.factories import make_instrument


async def test_an_instrument_keeps_its_id(session):
    instruments = InstrumentRepository(session)
    first = await instruments.upsert([make_instrument("AAA"), make_instrument("BBB")])

    again = await instruments.upsert([make_instrument("BBB", name="renamed")])

    assert again == {"BBB": first["BBB"]}
    found = await instruments.by_symbols(["BBB", "NONE", "AAA"])
    assert [each.symbol for each in found] == ["AAA", "BBB"]
    assert len({each.uuid for each in found}) == 2


async def test_many_more_than_one_statement_holds_are_written(session):
    instruments = InstrumentRepository(session)

    ids = await instruments.upsert(make_instrument(f"S{number}") for number in range(2_500))

    assert len(set(ids.values())) == 2_500


async def test_nothing_is_written_without_a_row(session):
    assert await InstrumentRepository(session).upsert([]) == {}


async def test_pages_are_sorted_by_symbol(session):
    instruments = InstrumentRepository(session)
    await instruments.upsert(make_instrument(symbol) for symbol in ("CCC", "AAA", "BBB"))

    first = await instruments.list_page(first=2)
    last = first.rows[-1]
    second = await instruments.list_page(first=2, after=Place(last.symbol, last.id))

    assert [each.symbol for each in first.rows + second.rows] == ["AAA", "BBB", "CCC"]
    assert (first.has_next, second.has_next) == (True, False)


@pytest.mark.parametrize(
    ("wanted", "expected"),
    [
        ({"search": "app"}, ["AAPL"]),
        ({"search": "aap"}, ["AAPL"]),
        ({"search": "%"}, []),
        ({"exchange": Exchange.INDEX}, ["^GSPC"]),
        ({"search": "a", "exchange": Exchange.INDEX}, []),
    ],
)
async def test_lists_are_narrowed(session, wanted, expected):
    instruments = InstrumentRepository(session)
    await instruments.upsert(
        [
            make_instrument("AAPL", name="Apple Inc."),
            make_instrument("IBM", name=None),
            make_instrument("^GSPC", name="S&P 500", exchange=Exchange.INDEX, asset_class="INDEX"),
        ]
    )

    page = await instruments.list_page(first=10, **wanted)

    assert [each.symbol for each in page.rows] == expected
    assert await instruments.count_listed(**wanted) == len(expected)


@pytest.mark.parametrize(
    ("given", "constraint"),
    [
        ({"symbol": "TWO WORDS"}, "symbol_shape"),
        ({"symbol": ""}, "symbol_shape"),
        ({"currency": "usd"}, "currency_iso"),
        ({"exchange": "NYSE"}, "exchange_known"),
        ({"listed_on": date(2020, 1, 2), "delisted_on": date(2020, 1, 1)}, "listing_order"),
    ],
)
async def test_the_database_refuses_an_instrument_that_cannot_be(session, given, constraint):
    with pytest.raises(IntegrityError) as refused:
        await InstrumentRepository(session).upsert([make_instrument(**{"symbol": "AAA"} | given)])

    assert refused.value.orig.__cause__.constraint_name == f"ck_instrument_{constraint}"
