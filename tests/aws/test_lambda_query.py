"""The API as API Gateway calls it: one loop, one connection, and answers Lambda passes on."""

import base64
import json
from copy import deepcopy

import pytest
from sqlalchemy import text

from tests.aws.events import load
from tests.lambda_runtime import LambdaRuntime

BACKENDS = text("SELECT pid FROM pg_stat_activity WHERE datname = :name ORDER BY pid")


@pytest.fixture
def name(worker_id) -> str:
    """Name of a database nobody but the function connects to."""
    return f"asked_{worker_id}"


@pytest.fixture
async def function(start_function, environment, make_database, name) -> LambdaRuntime:
    told = environment | {"DATABASE_URL": await make_database(name)}
    return await start_function("tests.aws.asking.handler", env=told)


def asking(document: str, *, encoded: bool = False, **headers: str):
    event = deepcopy(load("http_api_v2"))
    body = json.dumps({"query": document})
    event["body"] = base64.b64encode(body.encode()).decode() if encoded else body
    event["isBase64Encoded"] = encoded
    event["headers"] |= headers
    return event


async def test_invocations_share_one_loop_and_one_connection(function, sessions, name):
    seen = []
    for _ in range(3):
        answer = await function.invoke(asking("{ jobs(first: 1) { totalCount } }"))
        async with sessions() as session:
            pids = list(await session.scalars(BACKENDS, {"name": name}))
        loop = (await function.invoke({"tell": "loop"}))["loop"]
        seen.append((answer["statusCode"], json.loads(answer["body"]), tuple(pids), loop))

    assert len(set(map(str, seen))) == 1
    assert seen[0][0] == 200
    assert seen[0][1]["data"] == {"jobs": {"totalCount": 0}}
    assert len(seen[0][2]) == 1


async def test_a_connection_the_database_closed_is_replaced(function, sessions, name):
    document = "{ jobs(first: 1) { totalCount } }"
    await function.invoke(asking(document))
    async with sessions() as session:
        (pid,) = await session.scalars(BACKENDS, {"name": name})
        await session.execute(text("SELECT pg_terminate_backend(:pid)"), {"pid": pid})

    answer = await function.invoke(asking(document))

    assert json.loads(answer["body"])["data"] == {"jobs": {"totalCount": 0}}


async def test_a_body_may_come_as_base64_and_the_answer_is_text(function):
    wanted = "application/graphql-response+json"

    answer = await function.invoke(
        asking("{ server { environment } }", encoded=True, accept=wanted)
    )

    assert answer["isBase64Encoded"] is False
    assert answer["headers"]["content-type"] == f"{wanted}; charset=utf-8"
    assert json.loads(answer["body"])["data"] == {"server": {"environment": "test"}}


async def test_an_answer_lambda_would_drop_becomes_a_sentence(function):
    """The runtime API of the tests refuses more than 6 MB, as Lambda's does."""
    just = await function.invoke({"tell": "within", "size": 6_000_000})
    over = await function.invoke({"tell": "within", "size": 6_291_456})

    assert len(just["body"]) == 6_000_000
    assert over["statusCode"] == 413
    (error,) = json.loads(over["body"])["errors"]
    assert error["extensions"] == {"code": "LIMIT_EXCEEDED"}
