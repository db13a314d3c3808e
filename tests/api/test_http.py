import asyncio
from socket import IPPROTO_TCP, TCP_NODELAY
from uuid import UUID, uuid4

import orjson
import pytest

from api.cli.serve import listening
from api.http.body import LARGEST_BODY
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


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"null",
        b"5",
        b'"x"',
        b"[]",
        b"[" + b'{"query":"{a}"},' * 3 + b"{}]",
        b"{}",
        b"\xff",
        '{"query": "{ server { version } }"}'.encode("utf-16"),
        b"[" * 100_000,
        b'{"query":"{ a }","query":"{ b }"}',
        b'{"query":"{ a }","variables":{"x":NaN}}',
        b'{"query":"{ a }","variables":{"x":1e400}}',
        b'{"query":"{ a }","variables":{"x":' + b"9" * 500 + b"}}",
        b'{"query":"{ a }","variables":{"x":"\\ud800"}}',
        b'{"query":"{ a }","variables":{"x":"\\u0000"}}',
        b'{"query":"{ a }","variables":' + b'{"x":' * 40 + b"1" + b"}" * 41,
        b'{"query":5}',
        b'{"query":["{ a }"]}',
        b'{"query":""}',
        b'{"query":"{ a }","variables":"x"}',
        b'{"query":"{ a }","variables":[1]}',
        b'{"query":"{ a }","operationName":5}',
        b'{"query":"query A { server { version } }","operationName":"B"}',
        b'{"query":"query A { server { version } } query B { server { version } }"}',
    ],
    ids=lambda body: body[:30].decode(errors="replace"),
)
async def test_a_malformed_body_is_a_bad_request(http, body):
    answer = await post(http, body)

    assert answer.status_code == 400
    assert answer.json()["errors"][0]["extensions"]["code"] == "BAD_REQUEST"


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({"content-type": "text/plain"}, 415),
        ({"content-type": "application/x-www-form-urlencoded"}, 415),
        ({"content-type": "multipart/form-data; boundary=x"}, 415),
        ({"content-type": ""}, 415),
        ({"content-type": "application/json; charset=latin1"}, 415),
        ({"content-encoding": "gzip"}, 415),
        ({"accept": "text/html"}, 406),
        ({"content-type": "application/json; charset=UTF-8"}, 200),
    ],
)
async def test_the_form_of_a_request_is_checked_before_its_body(http, headers, status):
    answer = await post(http, {"query": VERSION}, **headers)

    assert answer.status_code == status


async def test_a_body_too_large_is_refused(http):
    answer = await post(http, {"query": "{ a }", "variables": {"x": "y" * LARGEST_BODY}})

    assert answer.status_code == 413


@pytest.mark.parametrize("method", ["GET", "PUT", "DELETE", "PATCH", "OPTIONS", "TRACE"])
async def test_graphql_takes_post_only(http, method):
    answer = await http.request(method, "/graphql?query={server{version}}")

    assert answer.status_code == 405
    assert answer.headers["allow"] == "POST"


@pytest.mark.parametrize(
    "query",
    [
        "subscription { a }",
        "{ ...a } fragment a on Query { ...b } fragment b on Query { ...a }",
        "{ server { version } } query B { server { version } }",
        "{ " + "server { version } " * 600 + "}",
        "#" * 10_001 + "\n{ server { version } }",
        "query($x: ID!) { job(id: $x) { id } }",
        '{ universe(key: "A", validAt: "2025-02-30") { key } }',
        '{ universe(key: "A", validAt: "20250203") { key } }',
        '{ universe(key: "A", validAt: "0000-01-01") { key } }',
        '{ universe(key: "A", validAt: "9999-12-31") { key } }',
        '{ universe(key: "A", knownAt: "2025-02-03T00:00:00") { key } }',
        "{ instruments(first: 2147483648) { totalCount } }",
        '{ instruments(exchange: "XNYS") { totalCount } }',
        "{ instruments(exchange: NOWHERE) { totalCount } }",
    ],
    ids=lambda query: query[:50],
)
async def test_a_document_that_cannot_be_run_is_a_request_error(http, query):
    answer = await post(http, {"query": query, "operationName": None})

    assert answer.status_code == 400
    assert "data" not in answer.json()
    codes = {error["extensions"]["code"] for error in answer.json()["errors"]}
    assert codes <= {"BAD_REQUEST", "LIMIT_EXCEEDED"}


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
