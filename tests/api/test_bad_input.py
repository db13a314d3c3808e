"""The bad inputs of GraphQL, each under its number: none is a fault of ours, none has an effect.

1 to 30 are requests, 31 to 54 documents and what is sent beside them.
"""

import asyncio

import httpx
import orjson
import pytest

from api.graphql.execute import Profile
from api.http import create_app
from api.limits import LIMITS
from tests.api.browsing import lasting_browser
from tests.api.edge import origin_of
from tests.api.posting import GOOD, GRAPHQL, post, told


@pytest.fixture(scope="module")
async def http(engine, tmp_path_factory):
    async with lasting_browser(engine, tmp_path_factory.mktemp("home")) as made:
        yield made


def with_x(value: bytes):
    return b'{"query":"{ a }","variables":{"x":' + value + b"}}"


BODIES = {
    "1 empty": b"",
    "2 null": b"null",
    "3 number": b"5",
    "4 string": b'"x"',
    "5 empty list": b"[]",
    "6 batch": b"[" + b'{"query":"{ server { environment } }"},' * 999 + b'{"query":"{ a }"}]',
    "7 empty object": b"{}",
    "8 no UTF-8": b"\xff",
    "8 no UTF-8 in a string": b'{"query":"{ a } # \xff"}',
    "9 UTF-16": '{"query": "{ server { environment } }"}'.encode("utf-16"),
    "9 a mark before UTF-8": b'\xef\xbb\xbf{"query":"{ server { environment } }"}',
    "10 nested lists": b"[" * 100_000,
    "10 nested objects": b'{"x":' * 50_000,
    "10 just too deep": with_x(b"[" * 33 + b"]" * 33),
    "11 key twice": b'{"query":"{ a }","query":"{ b }"}',
    "11 key twice, spelt otherwise": b'{"query":"{ a }","qu\\u0065ry":"{ b }"}',
    "11 key twice, deep": with_x(b'{"y":1,"y":1}'),
    "12 NaN": with_x(b"NaN"),
    "12 Infinity": with_x(b"Infinity"),
    "12 -Infinity": with_x(b"-Infinity"),
    "12 too large for a float": with_x(b"1e400"),
    "12 too many digits": with_x(b"9" * 401),
    "13 half a surrogate pair": with_x(b'"\\ud800"'),
    "13 half a pair in a key": with_x(b'{"\\udfff":1}'),
    "14 NUL": with_x(b'"\\u0000"'),
    "25 query is a number": b'{"query":5}',
    "25 query is a list": b'{"query":["{ a }"]}',
    "25 query is an object": b'{"query":{}}',
    "25 query is blank": b'{"query":" "}',
    "26 variables are text": b'{"query":"{ a }","variables":"x"}',
    "26 variables are a list": b'{"query":"{ a }","variables":[1]}',
    "26 extensions are text": b'{"query":"{ a }","extensions":"x"}',
    "27 operation is a number": b'{"query":"{ a }","operationName":5}',
    "27 operation is unknown": b'{"query":"query A { server { version } }","operationName":"B"}',
    "28 two operations": b'{"query":"query A { server { version } } query B { a }"}',
    "28 two mutations": b'{"query":"mutation A { a } mutation B { a }"}',
    "28 no operation": b'{"query":"fragment A on Query { server { version } }"}',
    "50 hash in capitals": orjson.dumps({"documentId": "0A" * 32}),
    "50 63 digits": orjson.dumps({"documentId": "a" * 63}),
    "50 65 digits": orjson.dumps({"documentId": "a" * 65}),
    "50 hash is a number": b'{"documentId":5}',
    "50 hash is empty": b'{"documentId":""}',
    "50 two hashes": orjson.dumps(
        {"documentId": "a" * 64, "extensions": {"persistedQuery": {"sha256Hash": "b" * 64}}}
    ),
    "50 persistedQuery is text": b'{"extensions":{"persistedQuery":"x"}}',
    "50 persistedQuery is empty": b'{"extensions":{"persistedQuery":{}}}',
}


@pytest.mark.parametrize("name", BODIES)
@pytest.mark.parametrize("accept", [GRAPHQL, "application/json"])
async def test_bad_http_input(http, name, accept):
    answer = await post(http, BODIES[name], accept=accept)

    assert answer.status_code == 400
    assert told(answer) == ["BAD_REQUEST"]


@pytest.mark.parametrize(
    "body",
    [
        with_x(b"[" * 10 + b"]" * 10),
        with_x(b"9" * 400),
        with_x(b'"\\ud83e\\udd9c"'),
        b'{"query":"{ server { environment } }","unknown":1,"extensions":{"other":{}}}',
        b'{"query":"{ server { environment } }","operationName":null,"variables":null}',
        b'{"query":"{ server { environment } }","operationName":""}',
        b' \n{"query":"{ server { environment } }"} ',
    ],
)
async def test_what_is_just_good_enough_is_read(http, body):
    answer = await post(http, body.replace(b"{ a }", GOOD.encode()))

    assert answer.status_code == 200
    assert answer.json()["data"] == {"server": {"environment": "test"}}


FORMS = {
    "16 packed": ({"content-encoding": "gzip"}, 415),
    "16 packed second": ({"content-encoding": "identity, br"}, 415),
    "18 plain text": ({"content-type": "text/plain"}, 415),
    "18 no type": ({"content-type": ""}, 415),
    "18 the answer's type": ({"content-type": GRAPHQL}, 415),
    "19 form": ({"content-type": "application/x-www-form-urlencoded"}, 415),
    "20 upload": ({"content-type": "multipart/form-data; boundary=x"}, 415),
    "21 latin1": ({"content-type": "application/json; charset=latin1"}, 415),
    "an answer nobody makes": ({"accept": "text/html"}, 406),
    "utf-8 in capitals": ({"content-type": 'application/json; charset="UTF-8"'}, 200),
}


@pytest.mark.parametrize("name", FORMS)
async def test_bad_form(http, name):
    headers, status = FORMS[name]

    answer = await post(http, {"query": GOOD}, **headers)

    assert answer.status_code == status
    if status != 200:
        assert told(answer) == ["BAD_REQUEST"]


async def test_15_a_body_of_ten_megabytes_is_refused(http):
    answer = await post(http, {"query": GOOD, "variables": {"x": "y" * 10_000_000}})

    assert answer.status_code == 413
    assert told(answer) == ["BAD_REQUEST"]


@pytest.mark.parametrize("beyond", [0, 1])
async def test_15_the_largest_body_at_its_edge(http, beyond):
    body = orjson.dumps({"query": GOOD})
    body += b" " * (LIMITS.body_bytes + beyond - len(body))

    answer = await post(http, body)

    assert answer.status_code == (413 if beyond else 200)


async def test_17_a_body_without_end_is_given_up(app, built, monkeypatch):
    """What never ends is not waited for, and the connection is free for the next."""
    monkeypatch.setattr("api.http.body.BODY_SECONDS", 0.05)
    async with origin_of(app, built) as url:
        host, port = httpx.URL(url).host, httpx.URL(url).port
        reader, writer = await asyncio.open_connection(host, port)
        head = "POST /graphql HTTP/1.1\r\nhost: 127.0.0.1\r\ncontent-type: application/json\r\n"
        writer.write(f"{head}transfer-encoding: chunked\r\n\r\n1\r\n{{\r\n".encode())
        await writer.drain()
        line = await reader.readline()
        writer.close()
        async with httpx.AsyncClient(base_url=url) as client:
            after = await post(client, {"query": GOOD})

    assert line.split()[1] == b"408"
    assert after.status_code == 200


@pytest.mark.parametrize("method", ["GET", "PUT", "DELETE", "PATCH", "OPTIONS", "TRACE", "HEAD"])
@pytest.mark.parametrize("asked", ["{server{version}}", "mutation{cancelJob(id:1){job{id}}}"])
async def test_22_to_24_other_methods(http, method, asked):
    answer = await http.request(method, "/graphql", params={"query": asked})

    assert answer.status_code == 405
    assert answer.headers["allow"] == "POST"


async def test_22_a_mutation_by_get_is_refused_where_queries_are_not(app, built):
    transport = httpx.ASGITransport(
        create_app(app, client=built, profile=Profile(queries_by_get=True))
    )
    async with httpx.AsyncClient(transport=transport, base_url="http://127.0.0.1") as client:
        writes = await client.get(
            "/graphql", params={"query": 'mutation { cancelJob(id: "x") { job { id } } }'}
        )
        reads = await client.get("/graphql", params={"query": GOOD})

    assert (writes.status_code, reads.status_code) == (405, 200)
    assert told(writes) == ["BAD_REQUEST"]
