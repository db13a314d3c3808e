from datetime import UTC, date, datetime, timedelta

import pytest
from sqlalchemy import text
from sqlalchemy.exc import IntegrityError

from models.corporate_actions import CorporateActionRepository
from models.instruments import InstrumentRepository
from models.staging import Written
from tests.factories import make_delisting, make_dividend, make_instrument, make_split

JUNE = date(2024, 6, 10)
XMIN = "SELECT xmin::text, * FROM corporate_action ORDER BY id"


async def listed(session, *symbols):
    ids = await InstrumentRepository(session).upsert(make_instrument(each) for each in symbols)
    return CorporateActionRepository(session), *(ids[symbol] for symbol in symbols)


async def test_actions_come_back_by_instrument_and_ex_date(session):
    actions, one, two = await listed(session, "AAA", "BBB")
    rows = [
        make_dividend(two, JUNE, 0.5, pay_date=date(2024, 6, 28)),
        make_split(one, JUNE, 10.0),
        make_dividend(one, date(2024, 3, 5), 0.04),
    ]

    written = await actions.write(rows)

    assert written == Written(new=3)
    assert await actions.of([two, one]) == [rows[2], rows[1], rows[0]]
    assert await actions.of([two]) == [rows[0]]


async def test_writing_the_same_actions_twice_changes_nothing(session):
    actions, one = await listed(session, "AAA")
    rows = [make_split(one, JUNE, 10.0), make_dividend(one, JUNE, 0.25)]
    await actions.write(rows)
    before = (await session.execute(text(XMIN))).all()

    again = await actions.write([row._replace(source="another") for row in rows])

    assert again == Written(unchanged=2)
    assert (await session.execute(text(XMIN))).all() == before


async def test_the_last_digits_are_no_news(session):
    actions, one = await listed(session, "AAA")
    await actions.write([make_dividend(one, JUNE, 0.25)])

    noise = await actions.write([make_dividend(one, JUNE, 0.25 * (1 + 0.9e-6))])
    news = await actions.write([make_dividend(one, JUNE, 0.25 * (1 + 1.1e-6))])

    assert (noise, news) == (Written(unchanged=1), Written(revised=1))


async def test_a_corrected_action_is_seen_as_it_was_known(sessions):
    async with sessions.begin() as session:
        actions, one = await listed(session, "AAA")
        first = make_dividend(one, JUNE, 0.25)
        await actions.write([first])
    async with sessions.begin() as session:
        corrected = await CorporateActionRepository(session).write(
            [make_dividend(one, JUNE, 0.5)], reason="the company restated it"
        )

    async with sessions() as session:
        actions = CorporateActionRepository(session)
        (now,) = await actions.of([one])
        early = await actions.of([one], known_at=first.known_at - timedelta(microseconds=1))
        then = await actions.of([one], known_at=first.known_at)
        until = await actions.of([one], known_at=now.known_at - timedelta(microseconds=1))
        since = await actions.of([one], known_at=now.known_at)
        reasons = await session.scalars(text("SELECT reason FROM corporate_action_revision"))
        assert reasons.all() == ["the company restated it"]

    assert corrected == Written(revised=1)
    assert (early, then, until) == ([], [first], [first])
    assert since == [now]
    assert now.cash == 0.5


@pytest.mark.parametrize(
    ("given", "constraint"),
    [
        ({"ratio": 0.0}, "ratio_positive"),
        ({"ratio": float("nan")}, "ratio_positive"),
        ({"ratio": None}, "split_has_ratio"),
        ({"cash": 1.0}, "dividend_has_cash"),
        ({"kind": "MERGER"}, "kind_known"),
        ({"currency": "usd"}, "currency_iso"),
        ({"ex_date": date(1066, 10, 14)}, "ex_date_plausible"),
    ],
)
async def test_what_no_action_can_be_is_refused(session, given, constraint):
    actions, one = await listed(session, "AAA")
    known_at = datetime(2024, 6, 10, tzinfo=UTC)

    with pytest.raises(IntegrityError, match=f"ck_corporate_action_{constraint}"):
        await actions.write([make_split(one, JUNE, 2.0, known_at=known_at)._replace(**given)])


@pytest.mark.parametrize("given", [{"cash": 0.0}, {"cash": 1.5, "currency": "USD"}])
async def test_a_listing_ends_in_cash_which_may_be_nothing(session, given):
    actions, one = await listed(session, "AAA")

    await actions.write([make_delisting(one, JUNE, **given)])

    assert await actions.of([one]) == []
    [told] = await actions.endings([one])
    assert (told.cash, told.ratio, told.successor_id) == (given["cash"], None, None)


async def test_a_listing_ends_in_shares_of_a_successor(sessions):
    async with sessions.begin() as session:
        actions, one, two, three = await listed(session, "AAA", "BBB", "CCC")
        first = make_delisting(one, JUNE, ratio=0.75, successor_id=two)
        await actions.write([first])
    async with sessions.begin() as session:
        actions = CorporateActionRepository(session)
        again = await actions.write([first])
        corrected = await actions.write([first._replace(successor_id=three)])

    async with sessions() as session:
        actions = CorporateActionRepository(session)
        [then] = await actions.endings([one], known_at=first.known_at)
        [now] = await actions.endings([one])

    assert (again, corrected) == (Written(unchanged=1), Written(revised=1))
    assert (then, now.successor_id, now.ratio) == (first, three, 0.75)


@pytest.mark.parametrize(
    ("given", "constraint"),
    [
        ({}, "delisting_pays"),
        ({"ratio": 0.5}, "successor_has_ratio"),
        ({"cash": 1.0, "successor_id": 2}, "successor_has_ratio"),
        ({"cash": -1.0}, "cash_positive"),
        ({"cash": float("inf")}, "cash_positive"),
        ({"ratio": 0.5, "successor_id": 1}, "successor_is_another"),
        ({"kind": "DIVIDEND", "cash": 0.0}, "cash_positive"),
        ({"kind": "SPLIT", "ratio": 2.0, "successor_id": 2}, "successor_has_ratio"),
    ],
)
async def test_what_no_listing_ends_in_is_refused(session, given, constraint):
    actions, *ids = await listed(session, "AAA", "BBB")
    if "successor_id" in given:
        given = given | {"successor_id": ids[given["successor_id"] - 1]}

    with pytest.raises(IntegrityError, match=f"ck_corporate_action_{constraint}"):
        await actions.write([make_delisting(ids[0], JUNE)._replace(**given)])


async def test_what_an_action_was_is_not_altered(session):
    actions, one = await listed(session, "AAA")
    await actions.write([make_split(one, JUNE, 2.0)])
    await actions.write([make_split(one, JUNE, 4.0)])

    with pytest.raises(IntegrityError, match="corporate_action_revision is append-only"):
        await session.execute(text("UPDATE corporate_action_revision SET ratio = 3"))
