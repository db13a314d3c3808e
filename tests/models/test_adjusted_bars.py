"""Adjusted closes: derived from what was traded and the actions known."""

from datetime import date, timedelta

from models import DataQuality
from models.corporate_actions import CorporateActionRepository
from models.instruments import InstrumentRepository
from models.price_bars import PriceBarRepository
from tests.factories import (
    make_bar,
    make_bars,
    make_delisting,
    make_dividend,
    make_instrument,
    make_split,
)

ACTING = [date(2024, 7, day) for day in (8, 9, 10, 11)]


async def listed(session, *symbols):
    ids = await InstrumentRepository(session).upsert(make_instrument(each) for each in symbols)
    return PriceBarRepository(session), *(ids[symbol] for symbol in symbols)


async def acting(session):
    """An instrument as a live source writes it: three closes as traded, a dividend, a split."""
    traded = make_instrument("ACT", fields=["close", "actions"])
    ids = await InstrumentRepository(session).upsert([traded])
    one = ids["ACT"]
    rows = [
        make_bar(one, day, None, close=close)
        for day, close in zip(ACTING, [80.0, 100.0, 45.0, 60.0], strict=True)
    ]
    actions = [make_dividend(one, ACTING[1], 8.0), make_split(one, ACTING[2], 2.0)]
    return PriceBarRepository(session), one, rows, actions


async def test_closes_as_traded_are_adjusted_by_the_actions_after_them(session):
    bars, one, rows, actions = await acting(session)
    await bars.write(rows)
    await CorporateActionRepository(session).write(actions)

    (columns,) = await bars.columns([one])
    (early,) = await bars.columns([one], end=ACTING[0])
    (late,) = await bars.columns([one], start=ACTING[1])

    assert columns.close == [80.0, 100.0, 45.0, 60.0]
    assert columns.adjusted_close == [36.0, 50.0, 45.0, 60.0]
    # The factor of a dividend beyond the end hangs on a close that is not read.
    assert early.adjusted_close == [36.0]
    assert late.adjusted_close == [50.0, 45.0, 60.0]


async def test_a_dividend_beyond_the_end_is_measured_by_the_close_before_it(session):
    bars, one, rows, _ = await acting(session)
    await bars.write(rows)
    await CorporateActionRepository(session).write([make_dividend(one, ACTING[3], 9.0)])

    (columns,) = await bars.columns([one], end=ACTING[1])

    assert columns.adjusted_close == [80.0 * 0.8, 100.0 * 0.8]  # 1 - 9 / 45


async def test_the_end_of_a_listing_adjusts_nothing(session):
    bars, one, rows, _ = await acting(session)
    await bars.write(rows[:2])
    [other] = (await InstrumentRepository(session).upsert([make_instrument("NEW")])).values()
    ended = make_delisting(one, ACTING[2], ratio=0.5, cash=9.0, successor_id=other)
    await CorporateActionRepository(session).write([ended])

    (columns,) = await bars.columns([one])
    (latest,) = await bars.latest_by_instrument([one])

    assert columns.adjusted_close == [80.0, 100.0]
    assert latest.adjusted_close == 100.0


async def test_an_adjusted_close_that_is_stored_is_left_as_it_is(session):
    bars, one = await listed(session, "AAA")
    await bars.write(make_bars(one, ACTING[0], [1.0, 2.0, 3.0]))
    await CorporateActionRepository(session).write([make_split(one, ACTING[1], 2.0)])

    (columns,) = await bars.columns([one])
    (latest,) = await bars.latest_by_instrument([one], valid_at=ACTING[0])

    assert columns.actions is None
    assert columns.adjusted_close == [1.0, 2.0, 3.0]
    assert latest.adjusted_close == 1.0


async def test_an_action_adjusts_nothing_before_it_is_known(session):
    bars, one, rows, actions = await acting(session)
    await bars.write(rows)
    announced = actions[1].known_at
    await CorporateActionRepository(session).write(actions)

    (before,) = await bars.columns([one], known_at=announced - timedelta(microseconds=1))
    (since,) = await bars.columns([one], known_at=announced)

    assert before.adjusted_close == [80.0 * 0.9, 100.0]
    assert since.adjusted_close == [36.0, 50.0]


async def test_a_corrected_action_or_close_changes_no_answer_of_the_past(sessions):
    async with sessions.begin() as session:
        bars, one, rows, actions = await acting(session)
        await bars.write(rows)
        await CorporateActionRepository(session).write(actions)
        past = rows[-1].known_at
        first = (await bars.columns([one], known_at=past))[0].adjusted_close
    async with sessions.begin() as session:
        await CorporateActionRepository(session).write([actions[0]._replace(cash=4.0)])
    async with sessions.begin() as session:
        await PriceBarRepository(session).write([rows[0]._replace(close=40.0)])

    async with sessions() as session:
        bars = PriceBarRepository(session)
        (then,) = await bars.columns([one], known_at=past)
        (now,) = await bars.columns([one])

    assert then.adjusted_close == first == [36.0, 50.0, 45.0, 60.0]
    assert now.adjusted_close == [40.0 * 0.9 / 2, 50.0, 45.0, 60.0]


async def test_the_latest_bar_is_that_of_a_day_as_it_was_known(sessions):
    async with sessions.begin() as session:
        bars, one, rows, actions = await acting(session)
        await bars.write(rows)
        await CorporateActionRepository(session).write(actions)
    async with sessions.begin() as session:
        await PriceBarRepository(session).write([rows[1]._replace(close=90.0)])

    async with sessions() as session:
        bars = PriceBarRepository(session)
        seen = [
            (await bars.latest_by_instrument([one], valid_at=day, known_at=known_at))[0]
            for day, known_at in [
                (None, None),
                (ACTING[1], None),
                (ACTING[1], rows[-1].known_at),
                (None, rows[0].known_at),
            ]
        ]
        nothing = await bars.latest_by_instrument([one], valid_at=date(2000, 1, 1))

    assert [(bar.date, bar.close, bar.adjusted_close) for bar in seen] == [
        (ACTING[3], 60.0, 60.0),
        (ACTING[1], 90.0, 90.0),
        (ACTING[1], 100.0, 100.0),
        (ACTING[0], 80.0, 80.0),
    ]
    assert seen[0].quality is DataQuality.GOOD
    assert nothing == []


async def test_the_latest_bar_is_adjusted_for_what_went_ex_since(session):
    bars, one, rows, actions = await acting(session)
    await bars.write(rows[:1])
    await CorporateActionRepository(session).write(actions)

    (now,) = await bars.latest_by_instrument([one])
    (until,) = await bars.latest_by_instrument([one], valid_at=ACTING[1])
    (before,) = await bars.latest_by_instrument([one], known_at=rows[0].known_at)

    assert [each.adjusted_close for each in (now, until, before)] == [36.0, 72.0, 80.0]


async def test_bars_alone_come_without_actions(session):
    bars, one, rows, actions = await acting(session)
    await bars.write(rows)
    await CorporateActionRepository(session).write(actions)

    (columns,) = await bars.columns([one], adjust=False)

    assert columns.close == [80.0, 100.0, 45.0, 60.0]
    assert (columns.actions, columns.adjusted_close) == (None, [None] * 4)
