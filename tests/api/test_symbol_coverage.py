"""What is stored of each symbol beside its market's calendar, and what all come to."""

from datetime import UTC, date, datetime

import pytest

from api.services.data_health import DataState, summarise
from api.services.symbol_coverage import symbol_coverage
from models.instrument import Exchange
from models.instruments import InstrumentRepository
from models.price_bar import DataQuality, Quarantine
from models.price_bars import PriceBarRepository
from models.quarantines import QuarantineRepository
from tests.factories import make_bar, make_instrument

# Friday of the week; New York closed at 21:00 UTC, Sydney at 05:10.
NOW = datetime(2024, 3, 8, 22, tzinfo=UTC)
MONDAY, TUESDAY, WEDNESDAY, THURSDAY, FRIDAY = (date(2024, 3, day) for day in range(4, 9))


async def stored(session, symbol, days, **given):
    ids = await InstrumentRepository(session).upsert([make_instrument(symbol, **given)])
    bars = PriceBarRepository(session)
    await bars.write([make_bar(ids[symbol], day) for day in days])
    return ids[symbol]


async def line(session, instrument_id):
    [found] = await symbol_coverage(session, [instrument_id], now=NOW)
    return found


async def test_a_whole_history_has_no_gap_and_is_not_late(session, counting):
    whole = await stored(session, "AAA", [WEDNESDAY, THURSDAY, FRIDAY])

    with counting() as seen:
        found = await line(session, whole)

    assert (found.symbol, found.source) == ("AAA", "test")
    assert (found.first_bar, found.last_bar) == (WEDNESDAY, FRIDAY)
    assert (found.expected, found.present, found.gaps) == (3, 3, [])
    assert found.stale_sessions == 0
    # Its days are not read: their number is the calendar's.
    assert len(seen) == 3, seen


async def test_a_missing_session_is_a_gap_and_a_holiday_is_none(session):
    # Good Friday 2024 was 29 March; Thursday 28 March is missing.
    days = [date(2024, 3, 27), date(2024, 4, 1)]
    holed = await stored(session, "AAA", days)

    found = await line(session, holed)

    assert (found.expected, found.present) == (3, 2)
    assert found.gaps == [date(2024, 3, 28)]


async def test_sessions_closed_since_the_last_bar_are_counted_by_the_market(session):
    new_york = await stored(session, "AAA", [WEDNESDAY])
    sydney = await stored(session, "AAA.AX", [WEDNESDAY], exchange=Exchange.XASX, currency="AUD")
    gone = await stored(session, "BBB", [WEDNESDAY], delisted_on=WEDNESDAY)

    # The half hour before New York closes on Friday, long after Sydney has.
    before = datetime(2024, 3, 8, 20, 30, tzinfo=UTC)
    found = await symbol_coverage(session, [new_york, sydney, gone], now=before)

    assert {each.symbol: each.stale_sessions for each in found} == {
        "AAA": 1,
        "AAA.AX": 2,
        "BBB": 0,
    }


async def test_a_bundled_set_is_finished_and_not_late(session):
    sample = await stored(session, "AAA", [WEDNESDAY], source="sample:test")

    assert (await line(session, sample)).stale_sessions == 0


async def test_an_instrument_without_bars_expects_nothing(session):
    empty = await stored(session, "AAA", [])

    found = await line(session, empty)

    assert (found.first_bar, found.expected, found.present, found.gaps) == (None, 0, 0, [])
    assert found.stale_sessions == 0


async def test_suspect_bars_and_refused_rows_are_told(session):
    some = await stored(session, "AAA", [MONDAY])
    suspect = make_bar(some, TUESDAY, quality=DataQuality.SUSPECT)
    await PriceBarRepository(session).write([suspect])
    row = Quarantine(source="test", file="a.csv", symbol="AAA", raw="AAA", reason="SPIKE")
    await QuarantineRepository(session).add([row])

    found = await line(session, some)

    assert (found.suspect, found.quarantined) == (1, 1)


async def test_everything_stored_is_told_by_symbol(session):
    await stored(session, "BBB", [FRIDAY])
    await stored(session, "AAA", [FRIDAY])

    found = await symbol_coverage(session, None, now=NOW)

    assert [each.symbol for each in found] == ["AAA", "BBB"]


@pytest.mark.parametrize(
    ("days", "state", "share"),
    [
        ([], DataState.EMPTY, None),
        ([WEDNESDAY], DataState.STALE, 100.0),
        ([WEDNESDAY, FRIDAY], DataState.INCOMPLETE, 100 * 2 / 3),
        ([WEDNESDAY, THURSDAY], DataState.GOOD, 100.0),
    ],
)
async def test_the_state_names_what_is_the_matter(session, days, state, share):
    await stored(session, "AAA", days)

    found = summarise(await symbol_coverage(session, None, now=NOW))

    assert (found.state, found.coverage_pct) == (state, share)


async def test_bars_that_were_withdrawn_are_not_there(session):
    """One inside is a gap; those at an end, such as of a history another source tells, are none."""
    days = [MONDAY, TUESDAY, WEDNESDAY, THURSDAY, FRIDAY]
    share = await stored(session, "AAA", days)
    gone = [make_bar(share, day, quality=DataQuality.BAD) for day in (*days[:2], days[3])]
    await PriceBarRepository(session).write(gone)

    found = await line(session, share)

    assert (found.first_bar, found.last_bar) == (WEDNESDAY, FRIDAY)
    assert (found.expected, found.present, found.gaps) == (3, 2, [THURSDAY])
