import asyncio
from socket import IPPROTO_TCP, TCP_NODELAY
from uuid import UUID, uuid4

import orjson
import pytest

from api.cli.serve import listening
from api.wiring import App
from models.jobs import JobRepository
from tests.api.browsing import browser
from tests.api.finished import finish_backtest
from tests.api.market import make_settings

JSON = "application/json"
GRAPHQL = "application/graphql-response+json"
VERSION = "{ server { environment } }"


async def post(http, body, **headers):
    content = body if isinstance(body, bytes) else orjson.dumps(body)
    given = {"content-type": JSON, "accept": GRAPHQL} | headers
    return await http.post("/graphql", content=content, headers=given)


async def test_a_query_is_answered(http):
    answer = await post(http, {"query": VERSION})

    assert answer.status_code == 200
    assert answer.json() == {
        "data": {"server": {"environment": "test"}},
        "extensions": {"cost": 1},
    }
    assert answer.headers["content-type"] == f"{GRAPHQL}; charset=utf-8"
    assert answer.headers["cache-control"] == "no-store"


@pytest.mark.parametrize(
    ("accept", "media"),
    [
        (GRAPHQL, GRAPHQL),
        (JSON, JSON),
        ("*/*", JSON),
        ("", JSON),
        (f"{JSON};q=0.5, {GRAPHQL}", GRAPHQL),
        (f"{GRAPHQL};q=0, {JSON}", JSON),
        (f"text/html, {JSON}; charset=utf-8", JSON),
    ],
)
async def test_the_media_type_is_negotiated(http, accept, media):
    answer = await post(http, {"query": VERSION}, accept=accept)

    assert answer.headers["content-type"] == f"{media}; charset=utf-8"


async def test_a_refused_document_has_no_data_and_the_status_of_its_media_type(http):
    new = await post(http, {"query": "{ helo }"})
    legacy = await post(http, {"query": "{ helo }"}, accept=JSON)

    assert (new.status_code, legacy.status_code) == (400, 200)
    assert "data" not in new.json()
    assert new.json()["errors"][0]["message"] == "Cannot query field 'helo' on type 'Query'."
    assert new.json() == legacy.json()


async def test_at_most_ten_short_errors_are_told(http):
    fields = " ".join(f"nothing{number}" for number in range(19))

    answer = await post(http, {"query": f"{{ {'x' * 500} {fields} }}"})

    errors = answer.json()["errors"]
    assert len(errors) == 10
    assert max(len(error["message"]) for error in errors) <= 300


async def test_a_fault_of_ours_is_masked_with_the_request_id_and_logged(
    http, app, caplog, monkeypatch
):
    async def broken(_key):
        raise RuntimeError("the secret path /var/lib")

    run = await finish_backtest(app)
    monkeypatch.setattr(app.store, "get", broken)
    query = "query($id: ID!) { backtest(id: $id) { id equity { dates } } }"

    answer = await post(http, {"query": query, "variables": {"id": f"backtest_{run.id}"}})

    told = answer.json()
    assert told["data"] == {"backtest": {"id": f"backtest_{run.id}", "equity": None}}
    assert told["errors"][0]["message"] == "internal error"
    assert told["errors"][0]["extensions"] == {
        "code": "INTERNAL",
        "requestId": answer.headers["x-request-id"],
    }
    assert "secret" not in answer.text
    assert any("secret path" in str(record.exc_info) for record in caplog.records)


async def test_a_database_that_does_not_answer_is_told_as_such(built, tmp_path):
    nowhere = f"postgresql://nobody@/none?host={tmp_path}"
    app = App(make_settings(tmp_path, database_url=nowhere))

    async with browser(app, built) as http:
        health = await http.get("/healthz")
        answer = await post(http, {"query": "{ jobs { nodes { id } } }"})
        file = await http.get(f"/downloads/results/{uuid4()}/1/orders.csv")
    await app.close()

    assert (file.status_code, file.headers["x-content-type-options"]) == (503, "nosniff")
    assert file.json()["errors"][0]["message"] == "temporarily unavailable, try again"
    assert health.status_code == 503
    assert health.json()["status"] == "unavailable"
    assert answer.json()["errors"][0]["message"] == "temporarily unavailable, try again"
    assert answer.json()["errors"][0]["extensions"]["code"] == "UNAVAILABLE"


async def test_health(http):
    answer = await http.get("/healthz")

    assert (answer.status_code, answer.json()["status"]) == (200, "ok")


async def test_headers_guard_every_answer(http):
    answer = await http.get("/healthz")

    assert answer.headers["x-frame-options"] == "DENY"
    assert answer.headers["referrer-policy"] == "same-origin"
    assert answer.headers["content-security-policy"].startswith("default-src 'none'")
    assert len(answer.headers["x-request-id"]) == 32


@pytest.mark.parametrize("host", ["evil.example", "127.0.0.1.evil.example", "192.168.0.7"])
async def test_a_foreign_host_name_is_refused(app, built, host):
    async with browser(app, built, host=host) as http:
        answer = await post(http, {"query": VERSION})

    assert answer.status_code == 421
    assert "127.0.0.1 and localhost only" in answer.json()["errors"][0]["message"]


@pytest.mark.parametrize("host", ["localhost", "[::1]", "127.0.0.5"])
async def test_loopback_names_are_answered(app, built, host):
    async with browser(app, built, host=host) as http:
        answer = await post(http, {"query": VERSION})

    assert answer.status_code == 200


async def test_a_message_goes_out_only_after_the_commit(http, app, market, sessions):
    seen = asyncio.get_running_loop().create_future()

    async def consume(body):
        async with sessions() as session:
            job = await JobRepository(session).require(UUID(orjson.loads(body)["jobId"]))
        seen.set_result(job.status)

    run = """mutation { runBacktest(input: {strategy: "equal_weight", universe: "TEST_US",
        start: "2018-06-01", currency: USD}) { job { id } } }"""
    await post(http, {"query": run})
    consumer = asyncio.create_task(app.queue.consume(consume))
    status = await seen
    consumer.cancel()

    assert status == "queued"


async def test_answers_are_not_held_back_by_nagle():
    with listening("127.0.0.1", 0) as listener:
        served = await asyncio.start_server(
            lambda _, writer: seen.set_result(writer), sock=listener
        )
        seen = asyncio.get_running_loop().create_future()
        _, writer = await asyncio.open_connection(*listener.getsockname())
        accepted = await seen

        held_back = accepted.get_extra_info("socket").getsockopt(IPPROTO_TCP, TCP_NODELAY) == 0

        for each in (writer, accepted):
            each.close()
            await each.wait_closed()
        served.close()
    assert not held_back
