"""A dozen writers at one trade, and what a reader of an earlier instant is told afterwards."""

import asyncio
from datetime import UTC, datetime
from decimal import Decimal

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from api.errors import ClientError, Conflict
from api.services.amend_trade import cancel_trade
from api.services.close_trade import close_trade
from api.services.correct_trade import correct_trade
from api.services.new_trades import Exit, NewTrade
from api.services.open_trade import open_trade
from models import Currency, Side, Trade
from models.session import unit_of_work
from models.trades import KEPT, TradeRepository
from tests.factories import OWNER, make_trade
from tests.models.trade_storm import begin, recall, some_instants, storm

WRITERS = 12


async def test_writers_take_turns_and_none_is_lost(sessions):
    ids = await begin(sessions, trades=2)
    first = await storm(sessions, ids, writers=WRITERS, amendments=60)
    instants = await some_instants(sessions, 20)
    told = await recall(sessions, instants)

    then = await storm(sessions, ids, writers=WRITERS, amendments=60)

    for outcome in (first, then):
        assert (outcome.overlaps, outcome.gaps, outcome.lost) == (0, 0, 0)
    assert then.versions == 120
    assert await recall(sessions, instants) == told


async def test_of_those_who_saw_one_version_one_may_change_it(sessions):
    async with unit_of_work(sessions) as session:
        trade = await TradeRepository(session).add(make_trade())

    async def correct(number):
        async with unit_of_work(sessions) as session:
            return await correct_trade(
                session,
                trade.id,
                owner_id=OWNER,
                expected_version=1,
                values={"quantity": Decimal(200 + number)},
                reason="mine",
            )

    told = await asyncio.gather(*map(correct, range(WRITERS)), return_exceptions=True)

    [won] = [each for each in told if isinstance(each, Trade)]
    refused = [each for each in told if isinstance(each, Conflict)]
    assert len(refused) == WRITERS - 1
    assert {each.reason for each in refused} == {"STALE_VERSION"}
    async with sessions() as session:
        found = await TradeRepository(session).versions([trade.id], owner_id=OWNER)
        assert [each.quantity for each in found] == [Decimal(100), won.quantity]


async def test_of_versions_written_past_the_lock_one_is_let_in(sessions):
    """The database alone: writers who forgot to take turns."""
    async with unit_of_work(sessions) as session:
        trade = await TradeRepository(session).add(make_trade())

    async def amend():
        async with unit_of_work(sessions) as session:
            await session.execute(text("SET LOCAL deadlock_timeout = '50ms'"))
            repository = TradeRepository(session)
            found = await repository.get(trade.id, owner_id=OWNER)
            await asyncio.sleep(0.05)  # all of them have read the same version by now
            return await repository.amend(found, {}, reason="past the lock")

    told = await asyncio.gather(*(amend() for _ in range(4)), return_exceptions=True)

    assert len([each for each in told if isinstance(each, Trade)]) == 1
    assert len([each for each in told if isinstance(each, DBAPIError)]) == 3


async def test_of_one_reference_one_trade_is_opened(sessions):
    async def enter(_):
        async with unit_of_work(sessions) as session:
            return await open_trade(session, asked(reference="A-1"), owner_id=OWNER)

    told = await asyncio.gather(*map(enter, range(WRITERS)), return_exceptions=True)

    assert len([each for each in told if isinstance(each, Trade)]) == 1
    assert {each.reason for each in told if isinstance(each, Conflict)} == {"REFERENCE_TAKEN"}


async def test_of_one_key_one_trade_is_opened_and_all_are_told_of_it(sessions):
    async def enter(_):
        async with unit_of_work(sessions) as session:
            return (await open_trade(session, asked(idempotency_key="k"), owner_id=OWNER)).id

    told = await asyncio.gather(*map(enter, range(WRITERS)))

    assert len(set(told)) == 1


def asked(**given):
    defaults = {
        "symbol": "BHP.AX",
        "side": Side.BUY,
        "quantity": Decimal(100),
        "entry_price": Decimal(45),
        "entry_at": datetime(2024, 1, 8, 0, 30, tzinfo=UTC),
        "commission": Decimal(3),
        "currency": Currency.AUD,
    }
    return NewTrade(**defaults | given)


# One thing a person does to one of the trades there are, counted round.
change = st.tuples(
    st.sampled_from(["open", "correct", "close", "close in part", "cancel"]),
    st.integers(0, 5),
    st.integers(1, 99),
)


async def do(session, ids, change):
    """Do it, and return the new trade if one came of it; what is refused is no change."""
    kind, which, amount = change
    of = {"owner_id": OWNER, "expected_version": None}
    left = Exit(price=Decimal(50), at=datetime(2024, 2, 5, tzinfo=UTC), commission=Decimal(3))
    if kind == "open" or not ids:
        return await open_trade(session, asked(quantity=Decimal(amount)), owner_id=OWNER)
    chosen = ids[which % len(ids)]
    match kind:
        case "correct":
            trade = await TradeRepository(session).get(chosen, owner_id=OWNER)
            of["expected_version"] = trade.version
            values = {"entry_price": Decimal(amount)}
            return await correct_trade(session, chosen, values=values, reason="x", **of)
        case "close":
            return await close_trade(session, chosen, quantity=None, left=left, **of)
        case "close in part":
            part = Decimal(amount) / 100
            return await close_trade(session, chosen, quantity=part, left=left, **of)
    return await cancel_trade(session, chosen, reason="x", **of)


async def believed(session, known_at):
    """What a reader at an instant is told: each trade once, in all its columns."""
    page = await TradeRepository(session).list_page(owner_id=OWNER, known_at=known_at, first=100)
    told = [(each.id, each.version, *(getattr(each, name) for name in KEPT)) for each in page.rows]
    assert len({row[0] for row in told}) == len(told)
    return [tuple(map(str, row)) for row in told]


@settings(
    max_examples=15,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(changes=st.lists(change, min_size=2, max_size=8))
async def test_what_was_believed_at_an_instant_never_changes(session, changes):
    example = await session.begin_nested()
    ids, told = [], []
    for each in changes:
        try:
            async with session.begin_nested():
                trade = await do(session, ids, each)
        except ClientError:
            continue
        if trade.id not in ids:
            ids.append(trade.id)
        instant = await session.scalar(text("SELECT clock_timestamp()"))
        told.append((instant, await believed(session, instant)))
        assert told[-1][1] == await believed(session, None)
        for earlier, answer in told[:-1]:
            assert await believed(session, earlier) == answer
    await example.rollback()


@settings(
    max_examples=10,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(parts=st.lists(st.integers(1, 40), min_size=1, max_size=4), commission=st.integers(0, 1_000))
async def test_parts_make_up_the_whole(session, parts, commission):
    """Nothing of the quantity or of the entry's commission is lost, however a trade is left."""
    example = await session.begin_nested()
    fee = Decimal(commission) / 100
    trade = await open_trade(session, asked(commission=fee), owner_id=OWNER)
    left = Exit(price=Decimal(50), at=datetime(2024, 2, 5, tzinfo=UTC), commission=Decimal(3))
    for part in parts:
        try:
            async with session.begin_nested():
                await close_trade(
                    session,
                    trade.id,
                    owner_id=OWNER,
                    expected_version=None,
                    quantity=Decimal(part),
                    left=left,
                )
        except ClientError:
            continue
    page = await TradeRepository(session).list_page(owner_id=OWNER, first=100)
    assert sum(each.quantity for each in page.rows) == Decimal(100)
    assert sum(each.commission for each in page.rows) == fee
    await example.rollback()
