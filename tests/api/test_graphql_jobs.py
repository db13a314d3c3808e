from datetime import timedelta

from models.jobs import JobRepository
from models.session import unit_of_work
from tests.api.finished import finish_backtest
from tests.factories import STRANGER, make_job

CANCEL = """
mutation($id: ID!) {
  cancelJob(id: $id) { job { status cancelRequestedAt } userErrors { code reason message } }
}
"""


async def cancelled(ask, job_id, **more):
    return (await ask(CANCEL, id=f"job_{job_id}", **more))["data"]["cancelJob"]


async def test_a_queued_job_is_cancelled_at_once_and_twice_is_the_same(ask, app):
    async with unit_of_work(app.sessions) as session:
        job = await JobRepository(session).add(make_job(owner_id=app.settings.owner_id))

    first, second = await cancelled(ask, job.id), await cancelled(ask, job.id)

    assert first["job"]["status"] == second["job"]["status"] == "CANCELLED"
    assert first["userErrors"] == second["userErrors"] == []


async def test_a_running_job_is_asked_to_stop(ask, app):
    async with unit_of_work(app.sessions) as session:
        jobs = JobRepository(session)
        job = await jobs.add(make_job(owner_id=app.settings.owner_id))
        await jobs.claim(job.id, lease=timedelta(minutes=1))

    told = await cancelled(ask, job.id)

    assert told["job"]["status"] == "RUNNING"
    assert told["job"]["cancelRequestedAt"].endswith("Z")


async def test_a_job_that_has_ended_or_is_unknown_cannot_be_cancelled(ask, app):
    run = await finish_backtest(app)
    theirs = await finish_backtest(app, owner_id=STRANGER)

    ended = await cancelled(ask, run.job_id)
    unknown = await cancelled(ask, run.id)
    foreign = await cancelled(ask, theirs.job_id)

    assert [(e["code"], e["reason"]) for e in ended["userErrors"]] == [
        ("CONFLICT", "ALREADY_FINISHED")
    ]
    assert unknown["userErrors"] == foreign["userErrors"]
    assert unknown["userErrors"][0]["code"] == "NOT_FOUND"


async def test_jobs_are_listed_newest_first_with_their_subjects(ask, app, counting):
    runs = [await finish_backtest(app) for _ in range(3)]

    with counting() as seen:
        body = await ask(
            "{ jobs(first: 2) { nodes { kind subject { id } } totalCount pageInfo { endCursor } } }"
        )

    assert body["data"]["jobs"]["nodes"] == [
        {"kind": "BACKTEST", "subject": {"id": f"backtest_{run.id}"}} for run in runs[:0:-1]
    ]
    assert body["data"]["jobs"]["totalCount"] == 3
    # The page, the count, the subjects.
    assert len(seen) == 3, seen


async def test_a_failed_job_says_why(ask, app):
    async with unit_of_work(app.sessions) as session:
        jobs = JobRepository(session)
        job = await jobs.add(make_job(owner_id=app.settings.owner_id))
        claim = await jobs.claim(job.id, lease=timedelta(minutes=1))
        await jobs.fail(
            job.id, fence=claim.fence, code="INFEASIBLE", reason="GROUP_CAP", detail="too tight"
        )

    body = await ask(
        "query($id: ID!) { job(id: $id) { status error { code reason message field } } }",
        id=f"job_{job.id}",
    )

    assert body["data"]["job"] == {
        "status": "FAILED",
        "error": {
            "code": "INFEASIBLE",
            "reason": "GROUP_CAP",
            "message": "too tight",
            "field": None,
        },
    }
