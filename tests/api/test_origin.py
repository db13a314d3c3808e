"""The origin serves what the edge signed, and nothing else: the way past the edge is shut."""

import asyncio
import json
from datetime import timedelta
from uuid import uuid4

import orjson
import pytest
from sqlalchemy import func, select, text

from api.adapters.local_queue import LocalQueue
from api.errors import DataError
from api.http.body import LARGEST_BODY
from api.services.identity import viewer_id
from api.services.signature import EdgeKeys, parse_keys
from api.services.sweeper import sweep
from models.edge_nonce import EdgeNonce
from models.session import unit_of_work
from tests.api.edge import (
    EDGE_KEY,
    EDGE_KEYS,
    OLD_KEY,
    PAGE,
    VERSION,
    HeldSecrets,
    deployed,
    sign,
)
from tests.api.finished import finish_backtest
from tests.api.tokens import ISSUER, SUBJECT
from tests.factories import PATIENCE

VIEWER = b'{"query":"{ viewer { id } }"}'
ALICE, BOB = (viewer_id(ISSUER, subject) for subject in (SUBJECT, "auth0|bob"))
NONCE = "5b0c3f5e-9f43-4b5e-8a37-0d6c9b1f0a11"


@pytest.fixture(scope="module")
async def deployment(engine, tmp_path_factory):
    async with deployed(engine, tmp_path_factory.mktemp("home")) as made:
        yield made


@pytest.fixture
def bearer(deployment):
    """Return a function that makes the headers of a person who is signed in."""

    def make(subject=SUBJECT, scope="api:explore"):
        token = deployment.issuer.token({"claims": {"sub": subject, "scope": scope}})
        return {"authorization": f"Bearer {token}", "content-type": "application/json"}

    return make


async def asked(door, headers, query, **variables):
    body = orjson.dumps({"query": query, "variables": variables})
    return await door.post("/graphql", content=body, headers=headers)


async def test_a_person_is_the_owner_of_the_token_through_edge_and_origin(deployment, bearer):
    answer = await deployment.edge.post("/graphql", content=VIEWER, headers=bearer())

    assert answer.json()["data"] == {"viewer": {"id": f"viewer_{ALICE}"}}


@pytest.mark.parametrize(
    ("granted", "scopes"),
    [
        ("", []),
        ("openid admin market:correct", ["market:correct"]),
        ("market:correction API:EXPLORE", []),
    ],
)
async def test_a_token_grants_the_scopes_it_names(deployment, bearer, granted, scopes):
    headers = bearer(scope=f"api:explore {granted}")

    answer = await asked(deployment.edge, headers, "{ viewer { scopes } }")

    assert answer.json()["data"]["viewer"]["scopes"] == sorted(
        ["api:explore", "read", "write", *scopes]
    )


async def test_a_stranger_finds_nothing_of_hers(deployment, sessions, bearer):
    run = await finish_backtest(deployment.app, owner_id=ALICE)
    query = "query($id: ID!) { backtest(id: $id) { id downloads { url } } }"
    given = {"id": f"backtest_{run.id}"}

    hers = await asked(deployment.edge, bearer(), query, **given)
    his = await asked(deployment.edge, bearer("auth0|bob"), query, **given)
    path = hers.json()["data"]["backtest"]["downloads"][0]["url"]
    file = await deployment.edge.get(path, headers=bearer())
    no_file = await deployment.edge.get(path, headers=bearer("auth0|bob"))

    assert hers.json()["data"]["backtest"]["id"] == given["id"]
    assert his.json()["data"] == {"backtest": None}
    assert (file.status_code, file.content) == (200, b"date,side")
    assert no_file.status_code == 404


async def test_health_needs_the_edge_but_no_token(deployment):
    through = await deployment.edge.get("/healthz", headers={"authorization": "Bearer x.y.z"})
    past = await deployment.origin.get("/healthz")

    assert (through.status_code, through.json()["status"]) == (200, "ok")
    assert past.status_code == 403


async def test_nobody_becomes_another_by_a_header(deployment, bearer):
    spoofed = {
        "cf-connecting-ip": "127.0.0.1",
        "x-forwarded-for": "127.0.0.1",
        "x-user-id": str(BOB),
        "x-parakeet-sub": "auth0|bob",
        "host": "127.0.0.1",
    }
    through = await deployment.edge.post("/graphql", content=VIEWER, headers=bearer() | spoofed)
    past = await deployment.origin.post("/graphql", content=VIEWER, headers=bearer() | spoofed)
    signed = await deployment.origin.post(
        "/graphql", content=VIEWER, headers=bearer() | spoofed | sign(body=VIEWER)
    )

    assert through.json() == signed.json()
    assert through.json()["data"] == {"viewer": {"id": f"viewer_{ALICE}"}}
    assert past.status_code == 403


async def test_one_request_id_from_the_edge_to_the_origins_answer(deployment, bearer):
    headers = bearer() | {"x-request-id": "f" * 32}

    answer = await deployment.edge.post("/graphql", content=b"[]", headers=headers)

    given = answer.headers["x-request-id"]
    assert given != "f" * 32
    assert answer.json()["errors"][0]["extensions"] == {"code": "BAD_REQUEST", "requestId": given}


async def test_a_request_id_is_adopted_only_with_a_signature(deployment, bearer):
    given = bearer() | {"x-request-id": "e" * 32}

    signed = await deployment.origin.post("/graphql", content=VERSION, headers=given | sign())
    unsigned = await deployment.origin.post("/graphql", content=VERSION, headers=given)
    odd = sign() | {"x-request-id": "x" * 500}
    replaced = await deployment.origin.post("/graphql", content=VERSION, headers=bearer() | odd)

    assert signed.headers["x-request-id"] == "e" * 32
    assert unsigned.headers["x-request-id"] != "e" * 32
    assert len(replaced.headers["x-request-id"]) == 32


def without(name):
    return lambda headers: {key: value for key, value in headers.items() if key != name}


def twice(name):
    return lambda headers: [*headers.items(), (name, headers[name])]


def replaced(name, value):
    def change(headers):
        new = value(headers[name]) if callable(value) else value
        return headers | {name: new}

    return change


KEY, TIME, NONCE_NAME, SIGNATURE = (
    f"x-parakeet-{name}" for name in ("key", "timestamp", "nonce", "signature")
)
# Each alters one thing of a request that would be served.
VARIANTS = {
    **{f"no {name}": {"headers": without(name)} for name in sign()},
    **{f"{name} twice": {"headers": twice(name)} for name in sign()},
    **{f"{name} empty": {"headers": replaced(name, "")} for name in sign()},
    "unsigned": {"headers": lambda headers: {"content-type": "application/json"}},
    "stale": {"signed": {"at": -62}},
    "from the future": {"signed": {"at": 63}},
    "another timestamp": {"headers": replaced(TIME, lambda old: str(int(old) + 1))},
    "timestamp with a fraction": {"headers": replaced(TIME, lambda old: f"{old}.0")},
    "timestamp in milliseconds": {"headers": replaced(TIME, lambda old: f"{old}000")},
    "timestamp with a sign": {"headers": replaced(TIME, lambda old: f"+{old}")},
    "timestamp in words": {"headers": replaced(TIME, "now")},
    "unknown key": {"headers": replaced(KEY, "edge-3")},
    "key in other case": {"headers": replaced(KEY, "EDGE-2")},
    "key that is a path": {"headers": replaced(KEY, "../edge-2")},
    "the other key's id": {"headers": replaced(KEY, "edge-1")},
    "key of one's own": {"signed": {"key": EDGE_KEY | {"key": OLD_KEY["key"]}}},
    "another nonce": {"headers": replaced(NONCE_NAME, NONCE)},
    "nonce in capitals": {"headers": replaced(NONCE_NAME, str.upper)},
    "nonce that is no uuid": {"headers": replaced(NONCE_NAME, "1")},
    "signature of zeros": {"headers": replaced(SIGNATURE, "A" * 43)},
    "signature cut": {"headers": replaced(SIGNATURE, lambda old: old[:-1])},
    "signature padded": {"headers": replaced(SIGNATURE, lambda old: f"{old}=")},
    "signature backwards": {"headers": replaced(SIGNATURE, lambda old: old[::-1])},
    "signature in hex": {"headers": replaced(SIGNATURE, "a" * 64)},
    "another body": {"body": b'{"query":"{ viewer { id } }"}'},
    "a space more": {"body": VERSION + b" "},
    "no body": {"body": b""},
    "another method": {"method": "PUT"},
    "signed for another method": {"signed": {"method": "GET"}},
    "signed for another path": {"signed": {"target": "/healthz"}},
    "a slash more": {"path": "/graphql/"},
    "a query more": {"path": "/graphql?access=1"},
    "a query less": {"signed": {"target": "/graphql?access=1"}},
    "the page": {"path": "/"},
    "health without its signature": {"path": "/healthz", "method": "GET", "body": b""},
    "a download without its signature": {"path": "/downloads/x", "method": "GET", "body": b""},
    "preflight": {"method": "OPTIONS", "headers": lambda headers: {"origin": PAGE}},
    "signed for another person": {"signed": {"subject": "auth0|bob"}},
    "signed for nobody": {"signed": {"subject": ""}},
    "token of another person": {"subject": "auth0|bob"},
    "token taken away": {"subject": None},
    "two tokens": {"subject": "two"},
}


@pytest.mark.parametrize("name", VARIANTS)
async def test_direct_to_origin(deployment, bearer, name):
    change = VARIANTS[name]
    signature = sign(**change.get("signed", {}))
    headers = change.get("headers", dict)(signature)
    given = [*(headers.items() if isinstance(headers, dict) else headers)]
    match change.get("subject", SUBJECT):
        case None:
            pass
        case "two":
            given += 2 * [*bearer().items()]
        case subject:
            given += bearer(subject).items()

    answer = await deployment.origin.request(
        change.get("method", "POST"),
        change.get("path", "/graphql"),
        content=change.get("body", VERSION),
        headers=given,
    )
    unaltered = await deployment.origin.post("/graphql", content=VERSION, headers=bearer() | sign())

    assert unaltered.status_code == 200
    assert answer.status_code == 403
    assert answer.json()["errors"][0]["message"] == "this is not the way in"


def test_there_are_forty_ways_past_the_edge():
    assert len(VARIANTS) >= 40


async def test_the_previous_key_still_signs(deployment, bearer):
    headers = bearer() | sign(key=OLD_KEY)

    answer = await deployment.origin.post("/graphql", content=VERSION, headers=headers)

    assert answer.status_code == 200


async def test_a_large_body_is_refused_behind_the_edge_too(deployment, bearer):
    body = b" " * (LARGEST_BODY + 1)

    answer = await deployment.origin.post(
        "/graphql", content=body, headers=bearer() | sign(body=body)
    )

    assert answer.status_code == 413


RENAME = """
mutation($id: ID!) { annotateBacktest(input: {id: $id, name: "again"}) { backtest { name } } }
"""


async def test_a_request_that_writes_is_made_once(deployment, sessions, bearer):
    run = await finish_backtest(deployment.app, owner_id=ALICE)
    body = orjson.dumps({"query": RENAME, "variables": {"id": f"backtest_{run.id}"}})
    headers = bearer() | sign(body=body)

    answers = await asyncio.gather(
        *(deployment.origin.post("/graphql", content=body, headers=headers) for _ in range(10))
    )
    late = await deployment.origin.post("/graphql", content=body, headers=headers)
    anew = await deployment.origin.post(
        "/graphql", content=body, headers=bearer() | sign(body=body)
    )

    assert sorted(answer.status_code for answer in answers) == [200] + 9 * [403]
    assert late.json()["errors"][0]["extensions"]["code"] == "FORBIDDEN"
    assert anew.json()["data"]["annotateBacktest"]["backtest"]["name"] == "again"


async def test_a_request_that_reads_leaves_no_mark(deployment, sessions, bearer):
    headers = bearer() | sign()

    answers = [
        await deployment.origin.post("/graphql", content=VERSION, headers=headers) for _ in "12"
    ]

    async with sessions() as session:
        assert await session.scalar(select(func.count()).select_from(EdgeNonce)) == 0
    assert [answer.status_code for answer in answers] == [200, 200]


async def test_a_nonce_is_kept_while_its_signature_could_hold(sessions):
    write = text("INSERT INTO edge_nonce VALUES (:nonce, now() - make_interval(secs => :age))")
    async with unit_of_work(sessions) as session:
        for age in (115, 121):
            await session.execute(write, {"nonce": uuid4(), "age": age})

    await sweep(sessions, LocalQueue(), PATIENCE)

    async with sessions() as session:
        ages = await session.scalars(select(func.now() - EdgeNonce.used_at))
        assert [age < timedelta(seconds=120) for age in ages] == [True]


async def test_a_new_key_is_learnt_by_asking_once():
    now = 1_000.0
    secrets = HeldSecrets(edge=json.dumps(EDGE_KEYS))
    keys = EdgeKeys(secrets, "edge", clock=lambda: now)

    assert await keys.find("edge-2") == b"2" * 32
    assert secrets.insisted == 0
    assert await keys.find("edge-3") is await keys.find("edge-4") is None
    assert secrets.insisted == 1
    now += 60
    assert await keys.find("edge-3") is None
    assert secrets.insisted == 2


@pytest.mark.parametrize(
    "secret",
    [
        "",
        "[]",
        "{}",
        '{"current": null}',
        '{"current": {"id": "a", "key": "c2hvcnQ="}}',
        '{"current": {"id": "a", "key": "?"}}',
    ],
)
def test_a_secret_that_cannot_be_read_is_a_fault(secret):
    with pytest.raises(DataError):
        parse_keys(secret)


async def test_without_the_secret_nothing_is_served(deployment, bearer, monkeypatch):
    monkeypatch.setattr(deployment.app.secrets, "values", {})

    answer = await deployment.origin.post("/graphql", content=VERSION, headers=bearer() | sign())

    assert answer.status_code == 503
