"""Each function's way: everything its handler does in the world, so that it needs every grant."""

import json
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta
from uuid import UUID, uuid4

from api.jobs import JobMessage
from tests.aws.relay import losing_the_reply, s3, times
from tests.infra.inside.inside import FETCHED, Denied, Inside
from tests.lambda_runtime import LambdaRuntime

Way = Callable[[Inside, LambdaRuntime], Awaitable[None]]
CURVE = """
query Curve($id: ID!) {
  backtest(id: $id) { equity(maxPoints: 50) { strategy pointCount } }
}
"""
SWEEP = "mutation Run($input: RunSweepInput!) { runSweep(input: $input) { job { id } } }"
MOST_POLLS = 6
ON_THE_HOUR = {"time": "2026-01-05T10:00:00Z"}


async def query_way(inside: Inside, query: LambdaRuntime) -> None:
    """Submit, so that a message is sent; read a series and a download; look for one in vain."""
    await inside.purge()
    await inside.submit(query)
    if await inside.count("backtest") != 1:
        raise Denied("no message was sent")
    (run,) = await inside.rows(
        "SELECT id, result_prefix FROM backtest WHERE result_prefix IS NOT NULL LIMIT 1"
    )
    told = await inside.ask(query, CURVE, id=f"backtest_{run['id']}")
    if not told["backtest"]["equity"]["pointCount"]:
        raise Denied("the series is empty")
    for name, expected in (("orders.csv", 200), ("never.csv", 404)):
        answer = await inside.request(query, f"/downloads/{run['result_prefix']}{name}")
        if answer["statusCode"] != expected:
            raise Denied(f"{name} was answered with {answer['statusCode']}")


async def backtest_way(inside: Inside, backtest: LambdaRuntime) -> None:
    """Compute a run that finds no panel and one that does; a reply of the store gets lost."""
    query = await inside.warm("query")
    await inside.purge()
    await inside.forget("panels/")
    for _ in range(2):
        _, job = await inside.submit(query)
        lost = times(1, losing_the_reply)
        with inside.relay.spoiling(s3("PUT", "/results/"), lost):
            await inside.poll("backtest", backtest)
        await inside.require_succeeded(job)
    await _search(inside, query, backtest)
    if await inside.count("backtest"):
        raise Denied("a message was not deleted")


async def _search(inside: Inside, query: LambdaRuntime, backtest: LambdaRuntime) -> None:
    """Cut a sweep into parts, each a message of its own, whose last one sends for the end."""
    inside.submitted += 1
    base = inside.run | {"initialCapital": str(10_000 + inside.submitted)}
    axes = [{"name": "offset", "low": 0, "high": 8}]
    told = await inside.ask(query, SWEEP, input={"base": base, "axes": axes})
    job = UUID(told["runSweep"]["job"]["id"].removeprefix("job_"))
    sent = []
    while await inside.count("backtest") and len(sent) < MOST_POLLS:
        sent.append(await inside.poll("backtest", backtest))
    # The search, its nine trials by eight in two parts, its end.
    if sum(sent) != 4:
        raise Denied(f"a search was {sum(sent)} messages")
    await inside.require_succeeded(job)


async def ingest_way(inside: Inside, ingest: LambdaRuntime) -> None:
    """Do what a schedule asks for while a reply of the store gets lost; ask Tiingo for a share."""
    await inside.purge()
    key = await send_schedule(inside)
    with inside.relay.spoiling(s3("PUT", "/results/"), times(1, losing_the_reply)):
        await inside.poll("ingest", ingest)
    (job,) = await inside.rows("SELECT id FROM job WHERE idempotency_key = :key", key=key)
    done = await inside.require_succeeded(job["id"])
    if not await inside.keys(done["result_prefix"]):
        raise Denied("no report was stored")
    await _fetch(inside, ingest)
    if await inside.count("ingest"):
        raise Denied("the message was not deleted")


async def _fetch(inside: Inside, ingest: LambdaRuntime) -> None:
    payload = {"symbols": [FETCHED], "start": "2024-01-02", "end": "2024-03-28"}
    (job,) = await inside.rows(
        "INSERT INTO job (owner_id, kind, payload)"
        " VALUES (:owner, 'INGEST', CAST(:payload AS jsonb)) RETURNING id",
        owner=uuid4(),
        payload=json.dumps(payload),
    )
    sqs = await inside.lent("sqs", "asx-close-schedule")
    body = JobMessage(job_id=job["id"]).model_dump_json()
    await sqs.send_message(QueueUrl=inside.queue_url("ingest"), MessageBody=body)
    await inside.poll("ingest", ingest)
    await inside.require_succeeded(job["id"])
    (found,) = await inside.rows("SELECT source FROM instrument WHERE symbol = :key", key=FETCHED)
    if found["source"] != "tiingo":
        raise Denied(f"the share came from {found['source']}")


async def send_schedule(inside: Inside) -> str:
    """Send what the schedule of the ASX's close sends, at an instant of its own."""
    inside.submitted += 1
    instant = datetime(2026, 1, 5, tzinfo=UTC) + timedelta(minutes=inside.submitted)
    time = instant.strftime("%Y-%m-%dT%H:%M:%SZ")
    (schedule,) = [
        each
        for each in inside.stack.of("aws:scheduler/schedule:Schedule")
        if each.name == "asx-close"
    ]
    body = schedule.inputs["target"]["input"].replace("<aws.scheduler.scheduled-time>", time)
    sqs = await inside.lent("sqs", "asx-close-schedule")
    await sqs.send_message(QueueUrl=inside.queue_url("ingest"), MessageBody=body)
    return f"asx-close {time}"


async def sweeper_way(inside: Inside, sweeper: LambdaRuntime) -> None:
    """Send a lost job of each queue again, and remove what an attempt has left behind."""
    await inside.purge()
    await inside.rows("UPDATE job SET enqueued_at = now() WHERE status = 'queued'")
    for kind in ("BACKTEST", "INGEST"):
        await inside.rows(
            "INSERT INTO job (owner_id, kind, created_at, next_run_at)"
            " VALUES (:owner, :kind, now() - interval '1 minute', now() - interval '1 minute')",
            owner=uuid4(),
            kind=kind,
        )
    left = await _leave_rubbish(inside)
    await inside.invoke("sweeper", sweeper, ON_THE_HOUR)
    sent = [await inside.count(name) for name in ("backtest", "ingest")]
    if sent != [1, 1]:
        raise Denied(f"the queues hold {sent} messages")
    if left in await inside.keys("results/"):
        raise Denied("the rubbish was not swept")


async def _leave_rubbish(inside: Inside) -> str:
    (job,) = await inside.rows("SELECT id FROM job WHERE status = 'succeeded' LIMIT 1")
    key = f"results/{job['id']}/99/orders.csv"
    await inside.operator["s3"].put_object(Bucket=inside.bucket, Key=key, Body=b"half")
    return key


async def migrate_way(inside: Inside, migrate: LambdaRuntime) -> None:
    """Bring the database to the newest revision."""
    answer = await inside.invoke("migrate", migrate, {})
    (row,) = await inside.rows("SELECT version_num FROM alembic_version")
    if answer != {"revision": row["version_num"]}:
        raise Denied(f"the migration answered {answer}")


WAYS: dict[str, Way] = {
    "query": query_way,
    "backtest": backtest_way,
    "ingest": ingest_way,
    "sweeper": sweeper_way,
    "migrate": migrate_way,
}
