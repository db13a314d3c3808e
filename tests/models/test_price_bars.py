import asyncio
from datetime import UTC, date, datetime, timedelta

import pytest
from sqlalchemy import func, select, text
from sqlalchemy.exc import IntegrityError
from sqlmodel import col

from models import Fingerprint, Instrument, PriceBar, PriceBarRevision, Scope
from models.fingerprints import FingerprintRepository
from models.instruments import InstrumentRepository
from models.price_bars import PriceBarRepository
from models.staging import Written
from tests.factories import make_bar, make_bars, make_instrument

MONDAY = date(2024, 1, 8)
EPOCH = date(1970, 1, 1)
LONG_AGO = datetime(2000, 1, 1, tzinfo=UTC)


async def listed(session, *symbols):
    ids = await InstrumentRepository(session).upsert(make_instrument(each) for each in symbols)
    return PriceBarRepository(session), *(ids[symbol] for symbol in symbols)


async def revisions(session):
    found = select(PriceBarRevision).order_by(col(PriceBarRevision.known_to))
    return list(await session.scalars(found))


async def test_bars_come_back_as_columns_oldest_first(session):
    bars, first, second = await listed(session, "AAA", "BBB")
    full = make_bar(second, MONDAY, 99.5, open=1.0, high=4.0, low=0.5, close=3.0, volume=1e6)
    await bars.write([*reversed(make_bars(first, MONDAY, [10.0, 11.0])), full])

    columns = await bars.columns([second, first])

    monday = (MONDAY - EPOCH).days
    known = int(datetime(2024, 1, 8, 21, 15, tzinfo=UTC).timestamp()) * 1_000_000
    assert [each.instrument_id for each in columns] == [first, second]
    assert columns[0].days == [monday, monday + 1]
    assert columns[0].adjusted_close == [10.0, 11.0]
    assert columns[0].open == columns[0].volume == [None, None]
    assert columns[0].known_at_us == [known, known + 86_400_000_000]
    one = columns[1]
    assert (one.open, one.high, one.low, one.close) == ([1.0], [4.0], [0.5], [3.0])
    assert (one.adjusted_close, one.volume) == ([99.5], [1e6])


async def test_columns_are_cut_to_the_days_asked_for(session):
    bars, one = await listed(session, "AAA")
    await bars.write(make_bars(one, MONDAY, [1.0, 2.0, 3.0, 4.0, 5.0]))

    cut = await bars.columns([one], start=date(2024, 1, 9), end=date(2024, 1, 11))
    nothing = await bars.columns([one], start=date(2025, 1, 1))

    assert cut[0].adjusted_close == [2.0, 3.0, 4.0]
    assert nothing == []


async def test_the_day_of_the_nth_usable_bar_is_found(session):
    bars, one = await listed(session, "AAA")
    await bars.write(make_bars(one, MONDAY, [1.0, 2.0, 3.0, 4.0, 5.0]))
    await bars.write([make_bar(one, MONDAY, 1.5), make_bar(one, date(2024, 1, 9), quality="BAD")])
    at_first = datetime(2024, 1, 11, tzinfo=UTC)

    assert await bars.day_of_bar(one, 1) == MONDAY
    assert await bars.day_of_bar(one, 2) == date(2024, 1, 10)
    assert await bars.day_of_bar(one, 5) is None
    assert await bars.day_of_bar(one, 2, start=date(2024, 1, 10)) == date(2024, 1, 11)
    # Before the corrections came, all five were as first written; two were not known yet.
    assert await bars.day_of_bar(one, 2, known_at=at_first) == date(2024, 1, 9)
    assert await bars.day_of_bar(one, 4, known_at=at_first) is None


async def test_a_bad_bar_is_kept_but_not_used(session):
    bars, one = await listed(session, "AAA")
    await bars.write([make_bar(one, MONDAY), make_bar(one, date(2024, 1, 9), quality="BAD")])

    columns = await bars.columns([one])

    assert len(columns[0].days) == 1
    assert await session.scalar(select(func.count()).select_from(PriceBar)) == 2


async def test_writing_the_same_bars_twice_changes_nothing(session):
    bars, one = await listed(session, "AAA")
    rows = make_bars(one, MONDAY, [1.0, 2.0, 3.0])
    first = await bars.write(rows)
    before = await session.scalars(select(text("xmin::text")).select_from(PriceBar))

    second = await bars.write(rows)

    after = await session.scalars(select(text("xmin::text")).select_from(PriceBar))
    assert first == Written(new=3)
    assert second == Written(unchanged=3)
    assert before.all() == after.all()
    assert await revisions(session) == []


async def test_a_correction_keeps_what_it_replaces(session):
    bars, one = await listed(session, "AAA")
    old = make_bars(one, MONDAY, [1.0, 2.0, 3.0])
    await bars.write(old)

    written = await bars.write([old[0], old[1]._replace(adjusted_close=2.5)], reason="a late split")

    (kept,) = await revisions(session)
    now = await session.scalar(select(PriceBar).where(col(PriceBar.date) == old[1].date))
    assert written == Written(revised=1, unchanged=1)
    assert (kept.date, kept.adjusted_close, kept.reason) == (old[1].date, 2.0, "a late split")
    assert (kept.known_at, kept.known_to) == (old[1].known_at, now.known_at)
    assert now.adjusted_close == 2.5
    assert now.known_at == now.recorded_at > old[1].known_at


async def test_the_past_is_seen_as_it_was_known(sessions):
    async with sessions.begin() as session:
        bars, one = await listed(session, "AAA")
        await bars.write([make_bar(one, MONDAY, 1.0)])
    for close in (2.0, 3.0):
        async with sessions.begin() as session:
            await PriceBarRepository(session).write([make_bar(one, MONDAY, close)])

    async with sessions() as session:
        bars = PriceBarRepository(session)
        first, second = await revisions(session)
        at_first_sight = first.known_at
        seen = [
            await bars.columns([one], known_at=instant)
            for instant in (
                at_first_sight - timedelta(seconds=1),
                at_first_sight,
                first.known_to - timedelta(microseconds=1),
                first.known_to,
                second.known_to,
                None,
            )
        ]

    assert [found[0].adjusted_close if found else None for found in seen] == [
        None,
        [1.0],
        [1.0],
        [2.0],
        [3.0],
        [3.0],
    ]
    assert seen[-1][0].known_at_us == [int(second.known_to.timestamp() * 1_000_000 + 0.5)]


async def test_a_bar_not_yet_known_is_not_seen(session):
    bars, one = await listed(session, "AAA")
    await bars.write(make_bars(one, MONDAY, [1.0, 2.0]))

    seen = await bars.columns([one], known_at=datetime(2024, 1, 9, 21, 14, tzinfo=UTC))

    assert seen[0].adjusted_close == [1.0]


async def test_the_known_instant_alone_is_no_correction(session):
    bars, one = await listed(session, "AAA")
    bar = make_bar(one, MONDAY)
    await bars.write([bar])

    written = await bars.write([bar._replace(known_at=LONG_AGO)])

    assert written == Written(unchanged=1)


async def test_an_instrument_counts_its_bars(session):
    bars, one, other = await listed(session, "AAA", "BBB")

    await bars.write(make_bars(one, MONDAY, [1.0, 2.0, 3.0]))
    await bars.write(make_bars(one, date(2024, 1, 1), [1.0]))

    found = await InstrumentRepository(session).by_ids([one, other])
    for each in found:
        await session.refresh(each)
    assert (found[0].first_bar, found[0].last_bar) == (date(2024, 1, 1), date(2024, 1, 10))
    assert [each.bar_count for each in found] == [4, 0]
    assert found[1].first_bar is None


async def test_the_latest_bar_of_many_is_one_statement(session):
    bars, one, two, empty = await listed(session, "AAA", "BBB", "CCC")
    await bars.write(make_bars(one, MONDAY, [1.0, 2.0]) + make_bars(two, MONDAY, [5.0]))

    latest = await bars.latest_by_instrument([one, two, empty])

    assert {bar.instrument_id: bar.adjusted_close for bar in latest} == {one: 2.0, two: 5.0}


async def test_two_writers_of_the_same_bars_write_them_once(sessions):
    async with sessions.begin() as session:
        _, one = await listed(session, "AAA")
    rows = make_bars(one, MONDAY, [float(n) for n in range(1, 200)])

    async def write():
        async with sessions.begin() as session:
            return await PriceBarRepository(session).write(rows)

    written = await asyncio.gather(*(write() for _ in range(4)))

    assert sum((each.new for each in written), 0) == 199
    assert sum((each.unchanged for each in written), 0) == 3 * 199


async def test_writers_of_different_days_lose_neither_count_nor_digest(sessions):
    async with sessions.begin() as session:
        _, one, two = await listed(session, "AAA", "BBB")

    async def write(year, order):
        async with sessions.begin() as session:
            bars, fingerprints = PriceBarRepository(session), FingerprintRepository(session)
            days = [date(year, 1, 4), date(year, 1, 5)]
            await bars.write([make_bar(each, day) for each in order for day in days])
            await fingerprints.refresh(Scope.BARS, order)

    await asyncio.gather(*(write(2000 + n, [one, two] if n % 2 else [two, one]) for n in range(10)))

    async with sessions() as session:
        counted = await InstrumentRepository(session).by_ids([one, two])
        years = await session.scalar(select(func.count()).select_from(Fingerprint))
        stale = await FingerprintRepository(session).refresh(Scope.BARS, [one, two])
    assert [each.bar_count for each in counted] == [20, 20]
    assert (years, stale) == (20, 0)


async def test_a_bar_given_twice_in_one_write_is_refused(session):
    bars, one = await listed(session, "AAA")

    with pytest.raises(Exception, match="cannot affect row a second time"):
        await bars.write([make_bar(one, MONDAY, 1.0), make_bar(one, MONDAY, 2.0)])


@pytest.mark.parametrize(
    ("values", "constraint"),
    [
        ({"high": 9.0, "low": 1.0, "open": 10.0, "close": 5.0}, "high_is_highest"),
        ({"high": 9.0, "low": 8.0, "open": 8.5, "close": 7.0}, "low_is_lowest"),
        ({"high": 1.0, "low": 2.0}, "high_is_highest"),
        ({"open": 0.0}, "open_positive"),
        ({"close": -1.0}, "close_positive"),
        ({"adjusted_close": float("nan")}, "adjusted_close_positive"),
        ({"adjusted_close": float("inf")}, "adjusted_close_positive"),
        ({"volume": -1.0}, "volume_not_negative"),
        ({"volume": float("nan")}, "volume_not_negative"),
        ({"adjusted_close": None}, "close_known"),
        ({"quality": "FINE"}, "quality_known"),
        ({"date": date(1066, 10, 14)}, "date_plausible"),
    ],
)
async def test_the_database_refuses_a_bar_that_cannot_be(session, values, constraint):
    bars, one = await listed(session, "AAA")

    with pytest.raises(IntegrityError) as refused:
        await bars.write([make_bar(one, MONDAY)._replace(**values)])

    assert refused.value.orig.__cause__.constraint_name == f"ck_price_bar_{constraint}"


async def test_a_bar_of_an_unknown_instrument_is_refused(session):
    with pytest.raises(IntegrityError, match="fk_price_bar_instrument_id"):
        await PriceBarRepository(session).write([make_bar(-1, MONDAY)])


async def test_revisions_are_append_only(session):
    bars, one = await listed(session, "AAA")
    await bars.write([make_bar(one, MONDAY, 1.0)])
    await bars.write([make_bar(one, MONDAY, 2.0)])

    with pytest.raises(IntegrityError, match="price_bar_revision is append-only"):
        await session.execute(text("DELETE FROM price_bar_revision"))


async def test_updated_at_moves_with_a_change_only(sessions):
    async with sessions.begin() as session:
        await InstrumentRepository(session).upsert([make_instrument("AAA", name="old")])
    async with sessions() as session:
        before = await session.scalar(select(col(Instrument.updated_at)))

    async with sessions.begin() as session:
        await InstrumentRepository(session).upsert([make_instrument("AAA", name="old")])
    async with sessions() as session:
        same = await session.scalar(select(col(Instrument.updated_at)))
    async with sessions.begin() as session:
        await InstrumentRepository(session).upsert([make_instrument("AAA", name="new")])
    async with sessions() as session:
        after = await session.scalar(select(col(Instrument.updated_at)))

    assert before == same < after


async def test_a_bad_bar_is_not_the_latest(session):
    bars, one = await listed(session, "AAA")
    await bars.write([make_bar(one, MONDAY), make_bar(one, date(2024, 1, 9), quality="BAD")])

    (latest,) = await bars.latest_by_instrument([one])

    assert latest.date == MONDAY


async def test_a_latest_bar_is_to_look_at_and_cannot_be_changed(session):
    bars, one = await listed(session, "AAA")
    await bars.write([make_bar(one, MONDAY, 1.0)])

    (latest,) = await bars.latest_by_instrument([one])

    with pytest.raises(AttributeError):
        latest.adjusted_close = 2.0
    with pytest.raises(AttributeError, match="recorded_at of PriceBar was not read"):
        _ = latest.recorded_at


async def test_the_last_digits_are_no_correction(session):
    bars, one = await listed(session, "AAA")
    bar = make_bar(one, MONDAY, 100.0, volume=0.0)
    await bars.write([bar])

    noise = await bars.write([bar._replace(adjusted_close=100.0 * (1 - 0.9e-6))])
    news = await bars.write([bar._replace(adjusted_close=100.0 * (1 - 1.1e-6))])
    known_at_last = await bars.write([bar._replace(adjusted_close=100.0 * (1 - 1.1e-6), open=1.0)])
    from_zero = await bars.write(
        [bar._replace(adjusted_close=100.0 * (1 - 1.1e-6), open=1.0, volume=1e-9)]
    )

    assert noise == Written(unchanged=1)
    assert news == known_at_last == from_zero == Written(revised=1)


async def test_another_provider_of_the_same_figures_is_no_correction(session):
    bars, one = await listed(session, "AAA")
    await bars.write([make_bar(one, MONDAY)])

    assert await bars.write([make_bar(one, MONDAY, source="another")]) == Written(unchanged=1)
