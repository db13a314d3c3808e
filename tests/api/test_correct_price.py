import asyncio
from datetime import date

import pytest
from sqlalchemy import select, text
from sqlalchemy.exc import DBAPIError
from sqlmodel import col

from api.errors import ErrorCode, InvalidInput, NotFound, UnknownSymbol
from api.services.correct_price import correct_price
from api.services.failures import failure_of
from api.services.findings import Refused
from models import AuditEvent, DataQuality, PriceBar, Scope
from models.fingerprints import FingerprintRepository
from models.instruments import InstrumentRepository
from models.price_bars import PriceBarRepository
from models.staging import Written
from tests.factories import OWNER, make_bar, make_bars, make_instrument

MONDAY = date(2024, 1, 8)
FIELDS = ["open", "high", "low", "close", "volume", "actions"]
DERIVED = (
    "adjustedClose of BHP.AX is not stored but derived from its closes, splits and dividends;"
    " correct close"
)
SHARES = "give a whole number of shares, from 0 to less than 2^63"
BAR = {"open": 10.0, "high": 12.0, "low": 9.0, "close": 11.0, "volume": 1e6}


@pytest.fixture
async def stored(session):
    """Return a share as a live source writes it, with one suspect bar."""
    ids = await InstrumentRepository(session).upsert([make_instrument("BHP.AX", fields=FIELDS)])
    bar = make_bar(ids["BHP.AX"], MONDAY, None, quality="SUSPECT", **BAR)
    await PriceBarRepository(session).write([bar])
    await FingerprintRepository(session).refresh(Scope.BARS, [bar.instrument_id])
    return bar


async def correct(session, **given):
    wanted = {
        "owner_id": OWNER,
        "symbol": "BHP.AX",
        "date": MONDAY,
        "values": {"close": 10.5},
        "reason": "the exchange cancelled a trade",
    }
    return await correct_price(session, **wanted | given)


async def test_a_correction_replaces_what_is_given_and_keeps_the_rest(session, stored):
    revision = await correct(session, values={"close": 11.5, "volume": 2e6})

    def shown(bar):
        return [getattr(bar, name) for name in BAR]

    assert shown(revision.before) == [10.0, 12.0, 9.0, 11.0, 1e6]
    assert shown(revision.after) == [10.0, 12.0, 9.0, 11.5, 2e6]
    assert (revision.symbol, revision.date) == ("BHP.AX", MONDAY)
    assert revision.reason == "the exchange cancelled a trade"
    assert (revision.before.source, revision.after.source) == ("test", "correction")
    assert revision.before.quality is DataQuality.SUSPECT
    assert revision.after.quality is DataQuality.GOOD
    now = await PriceBarRepository(session).columns([stored.instrument_id])
    then = await PriceBarRepository(session).columns(
        [stored.instrument_id], known_at=stored.known_at
    )
    assert (now[0].close, then[0].close) == ([11.5], [11.0])


async def test_a_correction_is_noted_with_who_and_why(session, stored):
    await correct(session)

    (event,) = await session.scalars(select(AuditEvent))
    assert (event.owner_id, event.action, event.subject) == (
        OWNER,
        "correctPrice",
        "BHP.AX 2024-01-08",
    )
    assert event.reason == "the exchange cancelled a trade"
    assert event.before == {"close": 11.0, "source": "test", "quality": "SUSPECT"}
    assert event.after == {"close": 10.5, "source": "correction", "quality": "GOOD"}


async def test_a_correction_moves_the_fingerprint_of_its_year(session, stored):
    fingerprints = FingerprintRepository(session)
    keys = {Scope.BARS: [stored.instrument_id]}
    before = await fingerprints.digest_of(keys, first_year=2024, last_year=2024)

    await correct(session)

    after = await fingerprints.digest_of(keys, first_year=2024, last_year=2024)
    assert after.combined != before.combined
    assert await fingerprints.refresh(Scope.BARS, [stored.instrument_id]) == 0


async def test_what_a_person_put_right_no_source_replaces(session, stored):
    await correct(session)
    bars = PriceBarRepository(session)

    again = await bars.write([stored, *make_bars(stored.instrument_id, date(2024, 1, 9), [5.0])])
    person = await correct(session, values={"close": 10.25})

    assert again == Written(new=1, unchanged=1)
    assert (person.before.close, person.after.close) == (10.5, 10.25)


async def test_a_suspect_bar_can_be_confirmed(session, stored):
    revision = await correct(session, values={"close": 11.0}, reason="checked with the exchange")

    assert revision.after.quality is DataQuality.GOOD
    with pytest.raises(Exception, match=r"already has close 11\.0, to a millionth"):
        await correct(session, values={"close": 11.0})


@pytest.mark.parametrize(
    ("given", "field", "said"),
    [
        ({"values": {"close": -1.0}}, "close", "close was -1.0; a price is above 0"),
        ({"values": {"open": 0.0}}, "open", "open was 0.0; a price is above 0"),
        ({"values": {"low": float("nan")}}, "low", "low was nan; a price is above 0"),
        ({"values": {"high": float("inf")}}, "high", "high was inf; a price is above 0"),
        ({"values": {"volume": -1.0}}, "volume", f"volume was -1.0; {SHARES}"),
        ({"values": {"volume": 1.5}}, "volume", f"volume was 1.5; {SHARES}"),
        ({"values": {"volume": 1e300}}, "volume", f"volume was 1e+300; {SHARES}"),
        (
            {"values": {"adjusted_close": 5.0}},
            "adjustedClose",
            DERIVED,
        ),
        ({"reason": " \n"}, "reason", "reason was empty; say why the price is corrected"),
        ({"reason": "x" * 501}, "reason", "reason had 501 characters; use at most 500"),
    ],
)
async def test_what_cannot_be_a_price_is_refused_in_words(session, stored, given, field, said):
    with pytest.raises(Refused) as refused:
        await correct(session, **given)

    [error] = refused.value.errors
    assert (error.field, str(error), error.code) == (("input", field), said, ErrorCode.INVALID)
    assert (await PriceBarRepository(session).columns([stored.instrument_id]))[0].close == [11.0]


async def test_every_fault_is_told_at_once(session, stored):
    with pytest.raises(Refused) as refused:
        await correct(session, values={"close": -1.0, "volume": -2.0}, reason="")

    assert [error.field[-1] for error in refused.value.errors] == ["reason", "close", "volume"]


async def test_nothing_to_correct_is_refused(session, stored):
    with pytest.raises(Refused, match="no value was given; name one of open, high, low, close"):
        await correct(session, values={})


@pytest.mark.parametrize(
    ("values", "field"),
    [
        ({"close": 12.5}, "close"),
        ({"open": 8.5}, "open"),
        ({"low": 10.5}, "low"),
        ({"high": 10.5}, "high"),
        ({"high": 8.0, "low": 13.0}, "low"),
    ],
)
async def test_prices_outside_low_and_high_are_refused(session, stored, values, field):
    with pytest.raises(Exception, match="correct them together") as refused:
        await correct(session, values=values)

    assert refused.value.field == ("input", field)
    assert refused.value.reason == "OHLC_ORDER"


async def test_unknown_symbols_and_days_are_named(session, stored):
    await InstrumentRepository(session).upsert([make_instrument("EMPTY", fields=FIELDS)])

    with pytest.raises(UnknownSymbol, match=r"'bhp\.ax'"):
        await correct(session, symbol="bhp.ax")
    with pytest.raises(
        NotFound, match="no bar on 2024-01-07; its bars run from 2024-01-08 to"
    ) as e:
        await correct(session, date=date(2024, 1, 7))
    with pytest.raises(NotFound, match="EMPTY has no bar at all; ingest its prices first"):
        await correct(session, symbol="EMPTY")
    assert e.value.field == ("input", "date")


async def test_a_field_the_source_does_not_carry_is_refused(session):
    ids = await InstrumentRepository(session).upsert([make_instrument("SAMPLE")])
    await PriceBarRepository(session).write([make_bar(ids["SAMPLE"], MONDAY)])

    with pytest.raises(Refused, match="what can be corrected is adjustedClose"):
        await correct(session, symbol="SAMPLE")
    done = await correct(session, symbol="SAMPLE", values={"adjusted_close": 99.0})

    assert done.after.adjusted_close == 99.0


async def test_a_close_is_not_put_right_beside_an_adjusted_one_that_stays_wrong(session):
    imported = make_instrument("FILE", fields=["adjusted_close", "close"])
    ids = await InstrumentRepository(session).upsert([imported])
    await PriceBarRepository(session).write([make_bar(ids["FILE"], MONDAY, 50.0, close=100.0)])
    await FingerprintRepository(session).refresh(Scope.BARS, [ids["FILE"]])

    with pytest.raises(InvalidInput, match=r"stay at 50\.0, .* factor of this bar 45") as caught:
        await correct(session, symbol="FILE", values={"close": 90.0})

    assert caught.value.field == ("input", "adjustedClose")
    both = {"close": 90.0, "adjusted_close": 45.0}
    assert (await correct(session, symbol="FILE", values=both)).after.adjusted_close == 45.0


async def test_two_corrections_at_once_are_both_kept(sessions):
    async with sessions.begin() as session:
        ids = await InstrumentRepository(session).upsert([make_instrument("BHP.AX", fields=FIELDS)])
        await PriceBarRepository(session).write([make_bar(ids["BHP.AX"], MONDAY, None, **BAR)])

    async def one(values):
        async with sessions.begin() as session:
            await correct(session, values=values)

    await asyncio.gather(*(one({name: value}) for name, value in (("low", 8.0), ("high", 13.0))))

    async with sessions() as session:
        bar = await session.scalar(select(PriceBar).where(col(PriceBar.date) == MONDAY))
        kept = await session.scalar(text("SELECT count(*) FROM price_bar_revision"))
    assert (bar.low, bar.high, bar.close, kept) == (8.0, 13.0, 11.0, 2)


async def test_a_correction_that_an_ingest_keeps_waiting_may_be_tried_again(sessions):
    async with sessions.begin() as session:
        ids = await InstrumentRepository(session).upsert([make_instrument("BHP.AX", fields=FIELDS)])
        await PriceBarRepository(session).write([make_bar(ids["BHP.AX"], MONDAY, None, **BAR)])

    async with sessions.begin() as ingest, sessions() as session:
        await PriceBarRepository(ingest).write([make_bar(ids["BHP.AX"], MONDAY, None, **BAR)])
        await session.execute(text("SET LOCAL lock_timeout = '20ms'"))
        with pytest.raises(DBAPIError) as refused:
            await correct(session)

    assert failure_of(refused.value).transient
