"""A failed job is asked for again as a new one of the same content."""

from datetime import timedelta
from uuid import UUID, uuid4

import pytest

from api.services.backtests import submit_backtest
from api.services.retry_job import RETRIES, request_of
from models.backtests import BacktestRepository
from models.job import Job, JobKind, JobStatus
from models.jobs import JobRepository
from models.session import unit_of_work
from tests.api import scanning, searching
from tests.api.submitting import changed, rows, submit
from tests.factories import STRANGER, make_job

RETRY = """
mutation($id: ID!) {
  retryJob(id: $id) {
    job { id kind status attempts subject { id } }
    userErrors { code reason field message }
  }
}
"""


async def retried(ask, job_id, **more):
    body = await ask(RETRY, id=str(job_id) if "_" in str(job_id) else f"job_{job_id}", **more)
    assert "errors" not in body, body
    return body["data"]["retryJob"]


async def ended(app, how, **given):
    """Return a job that has ended so."""
    async with unit_of_work(app.sessions) as session:
        jobs = JobRepository(session)
        job = await jobs.add(make_job(**{"owner_id": app.settings.owner_id} | given))
        if how != "queued":
            claim = await jobs.claim(job.id, lease=timedelta(minutes=1))
        if how == "failed":
            await jobs.fail(job.id, fence=claim.fence, code="TIMEOUT", reason=None, detail="slow")
        if how == "succeeded":
            await jobs.finish(
                job.id, fence=claim.fence, result_prefix=None, sha256=None, compute_seconds=1.0
            )
        if how == "cancelled":
            await jobs.cancel(job.id, owner_id=job.owner_id)
            await jobs.acknowledge_cancel(job.id, fence=claim.fence)
    return job


async def fail(app, job_id):
    async with unit_of_work(app.sessions) as session:
        jobs = JobRepository(session)
        claim = await jobs.claim(UUID(job_id.removeprefix("job_")), lease=timedelta(minutes=1))
        await jobs.fail(
            UUID(job_id.removeprefix("job_")),
            fence=claim.fence,
            code="TIMEOUT",
            reason=None,
            detail="slow",
        )


async def stored(app, job_id) -> Job:
    async with unit_of_work(app.sessions) as session:
        return await JobRepository(session).require(job_id)


@pytest.mark.parametrize("kind", [JobKind.INGEST, JobKind.PLAN, JobKind.REGIME, JobKind.SNAPSHOT])
@pytest.mark.parametrize("how", ["failed", "cancelled"])
async def test_a_job_is_queued_anew_with_the_same_payload(ask, app, kind, how):
    old = await ended(app, how, kind=kind, payload={"universe": "SPX500"})

    told = await retried(ask, old.id)

    assert told["userErrors"] == []
    new = await stored(app, UUID(told["job"]["id"].removeprefix("job_")))
    assert (new.kind, new.payload, new.status) == (kind, old.payload, JobStatus.QUEUED)
    assert new.id != old.id
    assert (await stored(app, old.id)).status is JobStatus(how)


async def test_pressed_twice_it_is_retried_once(ask, app):
    old = await ended(app, "failed", kind=JobKind.INGEST)

    first, second = await retried(ask, old.id), await retried(ask, old.id)

    assert first == second
    assert await rows(app.sessions, Job) == 2


@pytest.mark.parametrize(
    ("how", "reason"),
    [("queued", "NOT_FINISHED"), ("running", "NOT_FINISHED"), ("succeeded", "SUCCEEDED")],
)
async def test_what_is_open_or_has_succeeded_is_not_done_again(ask, app, how, reason):
    job = await ended(app, how, kind=JobKind.INGEST)

    told = await retried(ask, job.id)

    assert told["job"] is None
    assert [(e["code"], e["reason"]) for e in told["userErrors"]] == [("CONFLICT", reason)]
    assert await rows(app.sessions, Job) == 1


async def test_unknown_foreign_and_hidden_jobs_look_alike(ask, app):
    theirs = await ended(app, "failed", kind=JobKind.INGEST, owner_id=STRANGER)
    shard = await ended(app, "failed", kind=JobKind.SHARD)

    told = [await retried(ask, job_id) for job_id in (uuid4(), theirs.id, shard.id, "job_x")]

    assert told[0]["userErrors"][0]["code"] == "NOT_FOUND"
    assert all(each == told[0] for each in told)


async def test_a_kind_without_a_way_says_so(ask, app, monkeypatch):
    monkeypatch.delitem(RETRIES, JobKind.PLAN)
    job = await ended(app, "failed", kind=JobKind.PLAN)

    told = await retried(ask, job.id)

    assert told["userErrors"][0]["reason"] == "NOT_RETRYABLE"


async def test_the_quota_counts_a_retry(ask, app):
    old = await ended(app, "failed", kind=JobKind.INGEST)
    app.settings = app.settings.model_copy(update={"jobs_per_day": 1})

    told = await retried(ask, old.id)

    assert [(e["code"], e["reason"]) for e in told["userErrors"]] == [
        ("LIMIT_EXCEEDED", "JOBS_PER_DAY")
    ]


async def test_a_backtest_is_run_anew_with_the_same_content(ask, app, market):
    first = await submit(ask)
    await fail(app, first["job"]["id"])

    told = await retried(ask, first["job"]["id"])

    assert told["userErrors"] == []
    assert told["job"]["subject"]["id"] != first["backtest"]["id"]
    again = await submit(ask)
    assert (again["reused"], again["job"]["id"]) == (True, told["job"]["id"])
    assert again["backtest"]["contentKey"] == first["backtest"]["contentKey"]


async def test_a_backtest_that_was_done_meanwhile_is_returned(ask, app, market):
    first = await submit(ask)
    await fail(app, first["job"]["id"])
    second = await submit(ask)

    told = await retried(ask, first["job"]["id"])

    assert told["job"]["id"] == second["job"]["id"]


@pytest.mark.parametrize(
    "given",
    [
        {"knownAt": "2019-06-01T00:00:00Z", "end": "2019-05-01"},
        {"universe": ..., "symbols": ["BBB", "AAA"], "overlayVolTarget": 0.1},
        {"constraints": {"maxWeight": 0.6, "maxPositions": 2}, "costs": {"slippageBps": 7}},
        {"rebalance": "WEEKLY", "benchmark": "AAA", "initialCapital": "5000.50", "fill": None},
    ],
)
async def test_the_request_of_a_run_is_the_one_that_made_it(ask, app, market, given):
    """Every field that enters the content key comes back from the row."""
    submitted = await submit(ask, changed(**given))
    assert submitted["userErrors"] == []
    async with unit_of_work(app.sessions) as session:
        run = await BacktestRepository(session).by_job(
            UUID(submitted["job"]["id"].removeprefix("job_")), owner_id=app.settings.owner_id
        )
        again = await submit_backtest(
            session, owner_id=app.settings.owner_id, request=request_of(run)
        )

    assert again.reused
    assert again.backtest.id == run.id


async def test_what_a_run_is_refused_for_now_is_told_at_the_id(ask, app, market):
    first = await submit(ask)
    await fail(app, first["job"]["id"])
    async with unit_of_work(app.sessions) as session:
        run = await BacktestRepository(session).by_job(
            UUID(first["job"]["id"].removeprefix("job_")), owner_id=app.settings.owner_id
        )
        run.universe_key = "GONE"

    told = await retried(ask, first["job"]["id"])

    assert [(e["code"], e["field"]) for e in told["userErrors"]] == [("NOT_FOUND", ["id"])]


SEARCHES = [
    (scanning.RUN, "runScan", scanning.INPUT),
    (scanning.RUN, "runScan", scanning.changed(universe=..., symbols=["BBB", "AAA"])),
    (scanning.RUN, "runScan", scanning.changed(knownAt="2019-06-01T00:00:00Z", maxResults=7)),
    (searching.RUN_SWEEP, "runSweep", searching.SWEEP),
    (
        searching.RUN_SWEEP,
        "runSweep",
        searching.changed(method="RANDOM", maxTrials=5, seed=3, objective="sortino"),
    ),
    (searching.RUN_WALK_FORWARD, "runWalkForward", searching.changed(trainSessions=120, step=21)),
    (
        searching.RUN_WALK_FORWARD,
        "runWalkForward",
        searching.on_base(
            searching.changed(trainSessions=100, testSessions=21),
            knownAt="2019-06-01T00:00:00Z",
            end="2019-05-01",
        ),
    ),
]


@pytest.mark.parametrize(("document", "field", "given"), SEARCHES)
async def test_a_search_is_asked_for_anew_with_the_same_content(
    ask, app, market, document, field, given
):
    first = await searching.submitted(ask, given, document, field)
    assert first["userErrors"] == []
    await fail(app, first["job"]["id"])

    told = await retried(ask, first["job"]["id"])
    again = await searching.submitted(ask, given, document, field)

    assert told["userErrors"] == []
    assert told["job"]["id"] != first["job"]["id"]
    # Whoever asks in the same words is answered with the job that the retry made.
    assert (again["reused"], again["job"]["id"]) == (True, told["job"]["id"])
