"""Snapshots of an account: what a day was worth is kept as it was said, and as it is said now."""

from datetime import UTC, date, datetime, timedelta

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from api.services.follow_ups import catch_up, follow_up
from models.fingerprint import Scope
from models.fingerprints import FingerprintRepository
from models.job import JobKind
from models.jobs import JobRepository
from models.portfolio_books import BookAt
from models.portfolio_snapshots import PortfolioSnapshotRepository
from models.price_bars import PriceBarRepository
from models.session import unit_of_work
from models.trades import TradeRepository
from tests.api.books import at, deposit, fix_rates, january, list_share, look, trade
from tests.api.snapshots import settle, take
from tests.factories import OWNER, STRANGER, make_bar, make_job

HELD = """
    SELECT date, value, cash, flow, growth, metrics IS NOT NULL AS measured
    FROM portfolio_snapshot WHERE owner_id = :owner AND known_to IS NULL ORDER BY date
"""


async def read(sessions, statement, **given):
    async with unit_of_work(sessions) as session:
        return (await session.execute(text(statement), given)).all()


@pytest.fixture
async def account(sessions):
    """10,000 in, 100 shares at 10: worth 10,000, 10,050 and 10,100."""
    closes = {january(3): 10.0, january(4): 10.5, january(5): 11.0}
    number = await list_share(sessions, "A.AX", closes)
    await deposit(sessions, january(2), "10000")
    await trade(sessions, "A.AX", number, 100, 10, january(3))
    return number


async def test_a_snapshot_has_every_day_and_measures_the_newest(sessions, account):
    await take(sessions)

    rows = await read(sessions, HELD, owner=OWNER)

    assert [(row.date, float(row.value), row.measured) for row in rows] == [
        (january(2), 10_000.0, False),
        (january(3), 10_000.0, False),
        (january(4), 10_050.0, False),
        (january(5), 10_100.0, True),
    ]
    assert [row.growth for row in rows] == pytest.approx([1.0, 1.0, 1.005, 1.01])
    assert [(float(row.cash), float(row.flow)) for row in rows[:2]] == [
        (10_000.0, 10_000.0), (9_000.0, 0.0),
    ]  # fmt: skip


async def test_the_figures_are_the_engines_and_are_shown(ask, sessions, account):
    await take(sessions)

    told = await look(ask, "metrics { sessions totalReturn bestDay maxDrawdown sharpe undefined }")

    metrics = told["metrics"]
    assert metrics["totalReturn"] == pytest.approx(0.01)
    assert metrics["bestDay"] == pytest.approx(0.005)
    assert (metrics["sessions"], metrics["maxDrawdown"]) == (4, 0.0)
    assert "beta" in metrics["undefined"]


async def test_the_same_again_writes_nothing(sessions, account):
    await take(sessions)
    await take(sessions)

    [(count,)] = await read(sessions, "SELECT count(*) FROM portfolio_snapshot")

    assert count == 4


async def test_what_a_correction_changes_is_said_anew_and_what_was_said_stays(
    ask, sessions, account
):
    await take(sessions)
    between = datetime.now(UTC)
    async with unit_of_work(sessions) as session:
        await PriceBarRepository(session).write([make_bar(account, january(4), 10.2, close=10.2)])
    await take(sessions)

    rows = await read(
        sessions,
        "SELECT date, value::float8, known_to IS NULL AS holds FROM portfolio_snapshot"
        " ORDER BY date, known_from",
    )
    then = await look(ask, "metrics { bestDay }", valid_at=january(5), known_at=between)
    now = await look(ask, "metrics { bestDay }", valid_at=january(5))

    assert [tuple(row) for row in rows if row.date == january(4)] == [
        (january(4), 10_050.0, False), (january(4), 10_020.0, True),
    ]  # fmt: skip
    # The day after has its value again, and other figures.
    assert [row.holds for row in rows if row.date == january(5)] == [False, True]
    assert [row.holds for row in rows if row.date == january(3)] == [True]
    assert then["metrics"]["bestDay"] == pytest.approx(0.005)
    assert now["metrics"]["bestDay"] == pytest.approx(80 / 10_020)


async def test_a_day_that_is_no_more_ends(sessions, account):
    await take(sessions)
    async with unit_of_work(sessions) as session:
        await session.execute(text("DELETE FROM price_bar WHERE date = :day"), {"day": january(5)})
    await take(sessions)

    rows = await read(sessions, HELD, owner=OWNER)

    assert [(row.date, row.measured) for row in rows] == [
        (january(2), False), (january(3), False), (january(4), True),
    ]  # fmt: skip


async def test_an_earlier_newest_day_keeps_its_figures(ask, sessions, account):
    await take(sessions)
    async with unit_of_work(sessions) as session:
        await PriceBarRepository(session).write([make_bar(account, january(8), 12.0, close=12.0)])
    await take(sessions)

    rows = await read(sessions, HELD, owner=OWNER)

    assert [row.measured for row in rows] == [False, False, False, True, True]
    told = await look(ask, "metrics { totalReturn }", valid_at=january(5))
    assert told["metrics"]["totalReturn"] == pytest.approx(0.01)


async def test_another_owners_account_is_left_alone(sessions, account):
    await take(sessions)
    await take(sessions, STRANGER)

    [(owners, count)] = await read(
        sessions, "SELECT count(DISTINCT owner_id), count(*) FROM portfolio_snapshot"
    )

    assert (owners, count) == (1, 4)


@pytest.mark.parametrize(
    "change",
    [
        "UPDATE portfolio_snapshot SET value = 1",
        "UPDATE portfolio_snapshot SET known_to = now() + interval '1 day', value = 1",
        "DELETE FROM portfolio_snapshot",
    ],
)
async def test_what_was_said_is_not_altered(sessions, account, change):
    await take(sessions)

    with pytest.raises(DBAPIError):
        await read(sessions, change)


async def test_two_of_one_day_cannot_both_hold(sessions, account):
    await take(sessions)

    with pytest.raises(DBAPIError, match="ex_portfolio_snapshot_overlap"):
        await read(
            sessions,
            "INSERT INTO portfolio_snapshot (owner_id, date, cash, flow, dividends, known_from)"
            " VALUES (:owner, :day, 0, 0, 0, :now)",
            owner=OWNER,
            day=january(4),
            now=datetime.now(UTC) + timedelta(days=1),
        )


async def add_ingest(sessions):
    async with unit_of_work(sessions) as session:
        return await JobRepository(session).add(make_job(kind=JobKind.INGEST))


async def queued(sessions):
    rows = await read(
        sessions, "SELECT owner_id, kind FROM job WHERE kind = 'SNAPSHOT' ORDER BY owner_id"
    )
    return [row.owner_id for row in rows]


async def test_an_ingest_is_followed_by_a_snapshot_of_each_account_once(sessions, account):
    await deposit(sessions, january(2), "5", owner_id=STRANGER)
    ingest = await add_ingest(sessions)
    for _ in range(2):
        async with unit_of_work(sessions) as session:
            await follow_up(session, owner_id=OWNER, ingest=ingest.id)

    assert await queued(sessions) == [OWNER, STRANGER]


async def test_who_keeps_no_books_gets_none(sessions):
    ingest = await add_ingest(sessions)
    async with unit_of_work(sessions) as session:
        await follow_up(session, owner_id=OWNER, ingest=ingest.id)

    assert await queued(sessions) == []


async def test_a_start_catches_up_unless_one_is_under_way(sessions, account):
    for _ in range(2):
        async with unit_of_work(sessions) as session:
            await catch_up(session, owner_id=OWNER)

    assert await queued(sessions) == [OWNER]


async def settled_before(sessions, owner=OWNER, day=None):
    """Return the first day that is computed, and how many are not."""
    async with unit_of_work(sessions) as session:
        at = BookAt(owner, day or january(31))
        before, settled = await PortfolioSnapshotRepository(session).settled(at)
    return before, len(settled)


async def test_days_of_which_nothing_new_is_known_are_not_computed_again(ask, sessions, account):
    await settle(sessions)

    fields = "totalValue cash equity { dates strategy } timeWeightedReturn"
    told = await look(ask, fields, valid_at=january(8))

    assert await settled_before(sessions) == (january(5), 3)
    assert told["equity"] == {
        "dates": ["2024-01-02", "2024-01-03", "2024-01-04", "2024-01-05", "2024-01-08"],
        "strategy": pytest.approx([10_000, 10_000, 10_050, 10_100, 10_100]),
    }
    assert (told["totalValue"], told["cash"]) == ("10100.00", "9000.00")
    assert told["timeWeightedReturn"] == pytest.approx(0.01)


@pytest.mark.parametrize("day", [2, 3, 4])
async def test_a_flow_that_is_recorded_later_is_counted_from_its_day(sessions, account, day):
    await settle(sessions)
    await deposit(sessions, january(day), "5")

    before, _ = await settled_before(sessions)

    assert before == january(day)


async def test_a_trade_that_is_amended_is_counted_from_its_entry(sessions, account):
    second = await trade(sessions, "A.AX", account, 10, 10, january(4))
    await settle(sessions)
    async with unit_of_work(sessions) as session:
        trades = TradeRepository(session)
        current = await trades.get(second.id, owner_id=OWNER)
        await trades.amend(current, {"entry_at": at(january(5))}, reason="a day later")

    before, _ = await settled_before(sessions)

    assert before == january(4)


async def test_a_price_that_is_put_right_is_counted_from_the_beginning_of_its_year(
    sessions, account
):
    await settle(sessions)
    async with unit_of_work(sessions) as session:
        await PriceBarRepository(session).write([make_bar(account, january(4), 9.0, close=9.0)])
        await FingerprintRepository(session).refresh(Scope.BARS, [account])

    assert await settled_before(sessions) == (date(2024, 1, 1), 0)


async def test_a_rate_that_comes_in_is_counted_from_the_beginning_of_its_year(sessions, account):
    await settle(sessions)
    await fix_rates(sessions, {january(4): 0.7})
    async with unit_of_work(sessions) as session:
        await FingerprintRepository(session).refresh(Scope.FX, ["AUDUSD"])

    assert await settled_before(sessions) == (date(2024, 1, 1), 0)


async def test_prices_of_what_was_never_traded_change_nothing(sessions, account):
    await settle(sessions)
    other = await list_share(sessions, "B.AX", {january(3): 10.0})
    async with unit_of_work(sessions) as session:
        await FingerprintRepository(session).refresh(Scope.BARS, [other])

    assert await settled_before(sessions) == (january(5), 3)


async def test_a_day_before_the_newest_snapshot_is_computed_whole(sessions, account):
    await settle(sessions)

    assert await settled_before(sessions, day=january(4)) == (None, 0)


async def test_another_programs_word_stands_for_no_day_and_ends_with_the_next_snapshot(
    ask, sessions, account
):
    """Its file says 10,000 and 9,000 of a day, as we do, and 7 of another; it knew no flows."""
    async with unit_of_work(sessions) as session:
        told = [(january(3), "10000", "9000"), (january(9), "7", "7")]
        await PortfolioSnapshotRepository(session).add_missing(OWNER, told)
    before = await settled_before(sessions)
    curve = await look(ask, "equity { strategy }", valid_at=january(9))

    await settle(sessions)

    assert before == (None, 0)
    assert curve["equity"]["strategy"] == pytest.approx([10_000, 10_000, 10_050, 10_100, 10_100])
    assert await settled_before(sessions) == (january(5), 3)
    rows = await read(sessions, HELD, owner=OWNER)
    assert [row.date for row in rows] == [january(day) for day in (2, 3, 4, 5)]
