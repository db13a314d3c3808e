"""Lists that the database writes hold what the rows would, to the last digit and letter."""

from datetime import UTC, date, datetime
from decimal import Decimal

import pytest

from api.graphql.planned import NOTHING, Plans
from api.graphql.schema import schema
from api.graphql.written import written_as
from models.instruments import InstrumentRepository
from models.price_bar import DataQuality
from models.price_bars import PriceBarRepository
from models.session import unit_of_work
from models.trade import Side
from tests.api.planning import admitted, spelt
from tests.factories import make_bar, make_closed_trade, make_instrument, make_trade

TYPES = schema._schema.type_map


def leaves(name):
    """Return the fields of a type that the database writes and that hold no others."""
    fields = TYPES[name].fields
    return " ".join(each for each in fields if written_as(TYPES[name], each, object()))


BAR = leaves("Bar")
INSTRUMENT = f"{leaves('Instrument').replace('latest', '')} latest {{ __typename {BAR} }}"
TRADE = f"{leaves('Trade').replace('instrument', '')} instrument {{ {INSTRUMENT} }}"
LISTS = {
    "trades": f"{{ trades(first: 4) {{ nodes {{ {TRADE} }} pageInfo {{ endCursor }} }} }}",
    "the longest name": "{ trades { nodes { " + "a" * 63 + ": quantity } } }",
    "by edges": f"{{ a: trades {{ edges {{ cursor node {{ b: side {TRADE} }} }} totalCount }} }}",
    **{
        f"by {field}": f"{{ trades(first: 3, orderBy: {{field: {field}}}) {{"
        " nodes { id } pageInfo { hasNextPage startCursor endCursor } } }"
        for field in ("EXIT_AT", "SYMBOL", "PNL", "QUANTITY")
    },
    "instruments": f"{{ instruments {{ nodes {{ {INSTRUMENT} }} }} }}",
}
FROM_ROWS = {
    "a figure made here": "{ trades { nodes { id pnlPct } } }",
    "one below": "{ trades { nodes { instrument { latest { adjustedClose } } } } }",
    "an earlier instant": '{ trades(knownAt: "2026-01-01T00:00:00Z") { nodes { id quantity } } }',
    "a name too long for the database": "{ trades { nodes { " + "a" * 64 + ": quantity } } }",
    "two ways at once": "{ trades { nodes { id } edges { node { quantity } } } }",
}


@pytest.fixture
async def books(sessions):
    """Trades with everything that is awkward to write."""
    async with unit_of_work(sessions) as session:
        ids = await InstrumentRepository(session).upsert(
            [
                make_instrument("AAA", name='Ann\'s "A" & Söhne \\ 株', sector=None),
                make_instrument("BBB", listed_on=date(1999, 1, 4)),
                make_instrument("CCC"),
            ]
        )
        bars = [
            make_bar(ids["AAA"], date(2024, 1, 5), None, close=100.0, volume=1e6),
            make_bar(ids["AAA"], date(2024, 1, 8), None, close=1 / 3, volume=1e16),
            make_bar(ids["AAA"], date(2024, 1, 9), None, close=9.0, quality=DataQuality.BAD),
            make_bar(ids["BBB"], date(2024, 1, 8), 1e-7),
        ]
        await PriceBarRepository(session).write(bars)
        session.add_all(
            [
                make_trade(instrument_id=ids["AAA"], symbol="AAA", notes='a "b"\n\t\u2028 \\ ☃'),
                make_trade(symbol="BBB", side=Side.SELL, tags=["core", 'odd "tag"', "ü"]),
                make_trade(symbol="NOBODY", quantity=Decimal("0.000000000000000001")),
                make_trade(symbol="CCC", quantity=Decimal("123456789012.5"), signal_score=0.1),
                make_closed_trade(
                    instrument_id=ids["BBB"],
                    symbol="BBB",
                    entry_at=datetime(2024, 1, 3, 1, 2, 3, 456_700, tzinfo=UTC),
                    entry_price=Decimal(1000),
                ),
            ]
        )


@pytest.mark.parametrize("document", LISTS.values(), ids=LISTS)
async def test_a_written_list_holds_what_its_rows_do(answered, books, document):
    planned, core = await answered(document)

    assert core.errors is None
    assert spelt(planned) == spelt(core.data)


@pytest.mark.parametrize("document", LISTS.values(), ids=LISTS)
async def test_a_written_list_takes_one_statement(answered, books, counting, document):
    with counting() as seen:
        await answered(document.replace("totalCount", ""))

    assert sum("row_to_json" in each for each in seen) == 1
    assert "row_to_json" in seen[0]
    assert "row_to_json" not in seen[1]  # graphql-core's


@pytest.mark.parametrize("document", FROM_ROWS.values(), ids=FROM_ROWS)
async def test_what_is_made_here_is_made_of_rows(answered, books, counting, document):
    with counting() as seen:
        planned, core = await answered(document)

    assert spelt(planned) == spelt(core.data)
    assert not any("row_to_json" in each for each in seen)


def test_what_the_database_writes_is_most_of_a_trade():
    assert len(leaves("Trade").split()) == 27
    assert "adjustedClose" not in BAR
    assert "currency" not in INSTRUMENT


def test_two_lists_of_one_document_are_written_each_its_own_way():
    document = "{ a: trades { nodes { id } } b: trades { nodes { quantity } } }"
    asked = admitted(document)
    plans = Plans(schema._schema)

    made, _ = plans._plan("key", plans._outline("key", asked.document, asked.operation), NOTHING)

    assert sorted(made.bodies.values()) == [
        "'trade_' || trade.id AS \"id\"",
        'trim_scale(trade.quantity)::text AS "quantity"',
    ]
