from decimal import Decimal
from uuid import uuid4

import pytest
from sqlalchemy import text
from sqlalchemy.exc import IntegrityError

from models import JobStatus
from models.backtests import BacktestRepository, SortBy, Wanted
from models.jobs import JobRepository
from models.pages import Place
from tests.factories import OWNER, STRANGER, make_backtest, make_job
from tests.models.claimed import FAILURE, LEASE, RESULT

FIGURES = {
    "result_prefix": "results/x/1/",
    "summary": {"metrics": {"sharpe": 0.8, "undefined": {}}},
    "sharpe": 0.8,
    "cagr": 0.1,
    "max_drawdown": -0.3,
}


async def submitted(session, **given):
    """Return the jobs, the runs, and a run whose job is queued."""
    jobs, runs = JobRepository(session), BacktestRepository(session)
    job = await jobs.add(make_job(owner_id=given.get("owner_id", OWNER)))
    return jobs, runs, await runs.add(make_backtest(job, **given))


async def test_a_run_is_read_as_it_was_written(session):
    _, runs, run = await submitted(session, name="first", symbols=["AAPL", "IBM"])

    read = await runs.get(run.id, owner_id=OWNER)

    assert (read.name, read.symbols) == ("first", ["AAPL", "IBM"])
    assert read.parameters == {"lookback": 252, "skip": 21, "top_n": 10}
    assert read.initial_capital == Decimal(100_000)
    assert read.created_at.tzinfo is not None
    assert (read.summary, read.sharpe, read.result_prefix) == (None, None, None)


async def test_the_run_of_a_job_is_found(session):
    _, runs, run = await submitted(session)
    missing = uuid4()

    assert (await runs.require_by_job(run.job_id)).id == run.id
    assert (await runs.by_job(run.job_id, owner_id=OWNER)).id == run.id
    assert [found.id for found in await runs.list_by_jobs([run.job_id], owner_id=OWNER)] == [run.id]
    with pytest.raises(LookupError, match=f"job {missing} is for no backtest"):
        await runs.require_by_job(missing)


async def test_another_owners_run_looks_unknown(session):
    _, runs, run = await submitted(session)

    found = [
        await runs.get(run.id, owner_id=STRANGER),
        await runs.by_job(run.job_id, owner_id=STRANGER),
        await runs.find_same(owner_id=STRANGER, content_key=run.content_key),
        await runs.annotate(run.id, owner_id=STRANGER, changes={"name": "mine"}),
    ]
    listed = [
        await runs.list_by_ids([run.id], owner_id=STRANGER),
        await runs.list_by_jobs([run.job_id], owner_id=STRANGER),
        (await runs.list_page(owner_id=STRANGER, first=10)).rows,
    ]

    assert found == [None] * 4
    assert listed == [[]] * 3
    assert (await runs.get(run.id, owner_id=OWNER)).name is None


async def test_the_same_content_is_found_while_queued_running_and_finished(session):
    jobs, runs, run = await submitted(session)
    asked = {"owner_id": OWNER, "content_key": run.content_key}

    queued = await runs.find_same(**asked)
    claim = await jobs.claim(run.job_id, lease=LEASE)
    running = await runs.find_same(**asked)
    await jobs.finish(run.job_id, fence=claim.fence, **RESULT)
    finished = await runs.find_same(**asked)

    assert [found.id for found in (queued, running, finished)] == [run.id] * 3
    assert await runs.find_same(owner_id=OWNER, content_key="f" * 64) is None


async def test_what_failed_or_was_cancelled_is_not_the_same(session):
    jobs, runs, failed = await submitted(session)
    _, _, cancelled = await submitted(session)
    _, _, stopping = await submitted(session)
    claim = await jobs.claim(failed.job_id, lease=LEASE)
    await jobs.fail(failed.job_id, fence=claim.fence, **FAILURE)
    await jobs.cancel(cancelled.job_id, owner_id=OWNER)
    await jobs.claim(stopping.job_id, lease=LEASE)
    await jobs.cancel(stopping.job_id, owner_id=OWNER)

    found = [
        await runs.find_same(owner_id=OWNER, content_key=run.content_key)
        for run in (failed, cancelled, stopping)
    ]

    assert found == [None] * 3


async def test_of_two_runs_of_one_content_the_newest_is_found(sessions):
    async with sessions.begin() as session:
        _, _, first = await submitted(session, content_key="a" * 64)
    async with sessions.begin() as session:
        _, _, second = await submitted(session, content_key="a" * 64)

    async with sessions() as session:
        found = await BacktestRepository(session).find_same(owner_id=OWNER, content_key="a" * 64)

    assert found.id == second.id
    assert first.id != second.id


async def test_figures_are_published_together(session):
    _, runs, run = await submitted(session)

    await runs.publish(run.id, **FIGURES)

    read = await runs.get(run.id, owner_id=OWNER)
    assert {name: getattr(read, name) for name in FIGURES} == FIGURES


async def test_a_note_changes_only_what_was_given(session):
    _, runs, run = await submitted(session, name="old", notes="kept")

    renamed = await runs.annotate(run.id, owner_id=OWNER, changes={"name": "new"})
    after_rename = renamed.name, renamed.notes
    untouched = await runs.annotate(run.id, owner_id=OWNER, changes={})
    cleared = await runs.annotate(run.id, owner_id=OWNER, changes={"notes": None})

    assert after_rename == ("new", "kept")
    assert untouched is not None
    assert (cleared.name, cleared.notes) == ("new", None)


@pytest.mark.parametrize(
    ("descending", "expected"),
    [(True, [0.9, 0.4, 0.1, None, None]), (False, [0.1, 0.4, 0.9, None, None])],
)
async def test_pages_sorted_by_a_figure_end_with_the_unknown(session, descending, expected):
    for sharpe in (0.4, None, 0.9, None, 0.1):
        _, runs, run = await submitted(session)
        await runs.publish(run.id, **FIGURES | {"sharpe": sharpe})

    seen, after = [], None
    for _ in range(3):
        page = await runs.list_page(
            owner_id=OWNER, by=SortBy.SHARPE, descending=descending, first=2, after=after
        )
        seen += page.rows
        after = Place(page.rows[-1].sharpe, page.rows[-1].id)

    assert [run.sharpe for run in seen] == expected
    assert len({run.id for run in seen}) == 5
    assert not page.has_next


async def test_equal_figures_do_not_repeat_or_vanish_between_pages(session):
    for _ in range(5):
        _, runs, run = await submitted(session)
        await runs.publish(run.id, **FIGURES)

    first = await runs.list_page(owner_id=OWNER, by=SortBy.CAGR, first=2)
    place = Place(first.rows[-1].cagr, first.rows[-1].id)
    rest = await runs.list_page(owner_id=OWNER, by=SortBy.CAGR, first=10, after=place)

    assert len({run.id for run in first.rows + rest.rows}) == 5


async def test_lists_are_narrowed(session):
    jobs, runs, first = await submitted(session, name="Ten % a year", universe_key="SAMPLE_US")
    _, _, second = await submitted(session, notes="the second", strategy_key="hrp")
    await jobs.cancel(second.job_id, owner_id=OWNER)

    async def found(**wanted):
        page = await runs.list_page(owner_id=OWNER, wanted=Wanted(**wanted), first=10)
        total = await runs.count_listed(owner_id=OWNER, wanted=Wanted(**wanted))
        assert total == len(page.rows)
        return {run.id for run in page.rows}

    assert await found(strategy="hrp") == {second.id}
    assert await found(universe="SAMPLE_US") == {first.id, second.id}
    assert await found(universe="ASX200") == set()
    assert await found(status=JobStatus.CANCELLED) == {second.id}
    assert await found(search="TEN %") == {first.id}
    assert await found(search="SECOND") == {second.id}
    assert await found(search="_") == set()


async def test_newest_comes_first(sessions):
    made = []
    for _ in range(3):
        async with sessions.begin() as session:
            made.append((await submitted(session))[2].id)

    async with sessions() as session:
        page = await BacktestRepository(session).list_page(owner_id=OWNER, first=2)
        last = page.rows[-1]
        rest = await BacktestRepository(session).list_page(
            owner_id=OWNER, first=2, after=Place(last.created_at, last.id)
        )

    assert [run.id for run in page.rows + rest.rows] == made[::-1]
    assert (page.has_next, rest.has_next) == (True, False)


@pytest.mark.parametrize(
    ("given", "constraint"),
    [
        ({"initial_capital": "-1"}, "ck_backtest_capital_positive"),
        ({"initial_capital": "NaN"}, "ck_backtest_capital_positive"),
        ({"initial_capital": "Infinity"}, "ck_backtest_capital_positive"),
        ({"end_on": "2005-01-03"}, "ck_backtest_dates_order"),
        ({"universe_key": None}, "ck_backtest_something_to_hold"),
        ({"fill": "YESTERDAY"}, "ck_backtest_fill_known"),
        ({"currency": "EUR"}, "ck_backtest_currency_known"),
        ({"start_on": "0205-01-03"}, "ck_backtest_start_on_plausible"),
        ({"result_prefix": "results/"}, "ck_backtest_published_whole"),
    ],
)
async def test_the_database_refuses_a_run_that_cannot_be(session, given, constraint):
    _, _, run = await submitted(session)
    (column, value), *_ = given.items()
    literal = "NULL" if value is None else f"'{value}'"

    with pytest.raises(IntegrityError) as refused:
        await session.execute(
            text(f"UPDATE backtest SET {column} = {literal} WHERE id = :id"),  # noqa: S608
            {"id": run.id},
        )

    assert refused.value.orig.__cause__.constraint_name == constraint


async def test_a_job_is_for_one_run(session):
    _, runs, run = await submitted(session)
    twin = make_backtest(make_job(id=run.job_id))

    with pytest.raises(IntegrityError, match="uq_backtest_job_id"):
        await runs.add(twin)
