"""The first page: what was gained lately, and what it says where nothing is known."""

from datetime import UTC, datetime, timedelta

import pytest

from api.services.portfolio_days import AHEAD
from models.job import JobKind
from models.jobs import JobRepository
from models.session import unit_of_work
from tests.api.books import deposit, fix_rates, january, list_share, trade
from tests.factories import OWNER, STRANGER, make_job

FIELDS = """
    todayPnl weekPnl monthPnl lastSession openPositions lastUpdated
    recentTrades { reference } recentBacktests { id } runningJobs { kind progress }
    regime { current } dataHealth { state symbols }
    portfolio { validAt totalValue recordedSince }
"""


@pytest.fixture
def today():
    return (datetime.now(UTC) + AHEAD).date()


async def see(ask, fields=FIELDS, **given):
    told = await ask(f"{{ dashboard {{ {fields} }} }}", **given)
    assert "errors" not in told, told["errors"]
    return told["data"]["dashboard"]


async def test_a_brand_new_book_is_empty_and_says_so(ask, today):
    before = datetime.now(UTC)

    told = await see(ask)

    updated = datetime.fromisoformat(told.pop("lastUpdated"))
    assert before <= updated <= datetime.now(UTC)
    assert told == {
        "todayPnl": None,
        "weekPnl": None,
        "monthPnl": None,
        "lastSession": None,
        "openPositions": 0,
        "recentTrades": [],
        "recentBacktests": [],
        "runningJobs": [],
        "regime": None,
        "dataHealth": {"state": "EMPTY", "symbols": 0},
        "portfolio": {
            "validAt": today.isoformat(), "totalValue": "0.00", "recordedSince": None,
        },
    }  # fmt: skip


async def test_gains_of_the_session_the_week_and_the_month(ask, sessions, today):
    """100 shares: 10 forty days ago, 11 eight days ago, 12 two days ago, 12.50 yesterday.

    A deposit in between is no gain.
    """
    prices = {40: 10.0, 8: 11.0, 2: 12.0, 1: 12.5}
    closes = {today - timedelta(days=ago): price for ago, price in prices.items()}
    number = await list_share(sessions, "A.AX", closes)
    await deposit(sessions, today - timedelta(days=41), "10000")
    await deposit(sessions, today - timedelta(days=3), "700")
    await trade(sessions, "A.AX", number, 100, 10, today - timedelta(days=40))

    told = await see(ask, "todayPnl weekPnl monthPnl lastSession openPositions")

    assert told == {
        "todayPnl": "50.00",
        "weekPnl": "150.00",
        "monthPnl": "250.00",
        "lastSession": (today - timedelta(days=1)).isoformat(),
        "openPositions": 1,
    }


async def test_what_was_priced_long_ago_has_gained_nobody_knows_what(ask, sessions, today):
    old = {today - timedelta(days=60): 10.0, today - timedelta(days=59): 11.0}
    number = await list_share(sessions, "A.AX", old)
    await deposit(sessions, today - timedelta(days=61), "10000")
    await trade(sessions, "A.AX", number, 100, 10, today - timedelta(days=60))

    told = await see(ask, "todayPnl weekPnl monthPnl portfolio { totalValue }")

    assert told == {
        "todayPnl": "100.00", "weekPnl": None, "monthPnl": None,
        "portfolio": {"totalValue": "10100.00"},
    }  # fmt: skip


async def test_the_last_session_is_told_without_what_the_rate_did_after_it(ask, sessions, today):
    """100 shares from US$10 to US$11 at A$1.25; later the dollar is A$2."""
    before, last = today - timedelta(days=60), today - timedelta(days=59)
    number = await list_share(sessions, "U", {before: 10.0, last: 11.0})
    await fix_rates(sessions, {before: 0.8, today - timedelta(days=1): 0.5})
    await deposit(sessions, today - timedelta(days=61), "10000")
    await trade(sessions, "U", number, 100, 10, before, fx="1.25")

    told = await see(ask, "todayPnl lastSession portfolio { invested }")

    assert told == {
        "todayPnl": "125.00",
        "lastSession": last.isoformat(),
        "portfolio": {"invested": "2200.00"},
    }


async def test_without_a_price_there_is_no_gain_to_tell(ask, sessions, today):
    await deposit(sessions, today - timedelta(days=2), "10000")
    await trade(sessions, "NOBODY.AX", None, 100, 10, today - timedelta(days=1))

    told = await see(ask, "todayPnl weekPnl monthPnl portfolio { missingPrices }")

    assert told == {
        "todayPnl": None, "weekPnl": None, "monthPnl": None,
        "portfolio": {"missingPrices": ["NOBODY.AX"]},
    }  # fmt: skip


async def test_the_newest_trades_come_first_and_only_some(ask, sessions, today):
    for ago in range(7, 0, -1):
        day = today - timedelta(days=ago)
        await trade(sessions, "X.AX", None, 1, 10, day, reference=f"ago {ago}")

    told = await see(ask, "recentTrades { reference }")

    assert [each["reference"] for each in told["recentTrades"]] == [
        f"ago {ago}" for ago in range(1, 6)
    ]


async def test_only_running_jobs_of_the_viewer_are_shown(ask, sessions):
    async with unit_of_work(sessions) as session:
        jobs = JobRepository(session)
        await jobs.add(make_job())
        for owner in (OWNER, STRANGER):
            job = await jobs.add(make_job(owner_id=owner, kind=JobKind.INGEST))
            await jobs.claim(job.id, lease=timedelta(seconds=30))

    told = await see(ask, "runningJobs { id kind }")

    assert [job["kind"] for job in told["runningJobs"]] == ["INGEST"]


async def test_it_was_updated_when_something_was_recorded(ask, sessions, today):
    before = datetime.now(UTC)
    await deposit(sessions, today, "1")
    after = datetime.now(UTC)

    told = await see(ask, "lastUpdated")

    assert before <= datetime.fromisoformat(told["lastUpdated"]) <= after


async def test_as_known_before_anything_was_recorded_it_is_empty(ask, sessions, today):
    await deposit(sessions, today - timedelta(days=1), "10000")
    early = datetime.now(UTC) - timedelta(hours=1)

    told = await ask(
        "query ($at: DateTime) { dashboard(knownAt: $at) { lastUpdated todayPnl"
        " portfolio { totalValue knownAt } } }",
        at=early.isoformat(),
    )

    found = told["data"]["dashboard"]
    assert (found["todayPnl"], found["portfolio"]["totalValue"]) == (None, "0.00")
    assert datetime.fromisoformat(found["lastUpdated"]) == early
    assert datetime.fromisoformat(found["portfolio"]["knownAt"]) == early


async def test_a_dashboard_takes_few_statements_however_much_it_shows(ask, sessions, counting):
    # Days of the calendar: a bar on a Saturday takes the data one statement more.
    number = await list_share(sessions, "A.AX", {january(3): 10.0})
    for day in range(3, 8):
        await deposit(sessions, january(day), "100")
        await trade(sessions, "A.AX", number, 1, 10, january(day))

    with counting() as seen:
        await see(ask)

    # What is held and the days, each with its planning; which of these a snapshot stands for;
    # trades, runs, jobs; the regime's index; four for the data; when it was updated, since when.
    assert len(seen) == 14
