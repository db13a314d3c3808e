"""One verdict on a token, at the edge and behind it. Each runs as deployed, on loopback."""

import time

import pytest

from api.services.identity import (
    Rules,
    TokenRefused,
    bearer_of,
    check_claims,
    check_signature,
    keys_of,
    parse_token,
    viewer_id,
)
from tests.api.edge import deployed, page_document, sign
from tests.api.tokens import AUDIENCE, ISSUER, RECIPES, SUBJECT, Issuer

RULES = Rules(ISSUER, AUDIENCE)
JSON = {"content-type": "application/json"}
SERVER = page_document("Server")


@pytest.fixture(scope="module")
async def deployment(engine, tmp_path_factory):
    async with deployed(engine, tmp_path_factory.mktemp("home")) as made:
        yield made


def verify(issuer, token, now):
    read = parse_token(token)
    check_signature(read, keys_of(issuer.jwks()).get(read.kid))
    return check_claims(read, RULES, now)


def test_the_corpus_is_of_its_size():
    assert len(RECIPES) == len({recipe["name"] for recipe in RECIPES}) >= 60


async def post(http, path, authorizations, **headers):
    given = [("authorization", one.encode()) for one in authorizations]
    sent = [*(JSON | headers).items(), *given]
    return await http.post(path, content=SERVER, headers=sent)


@pytest.mark.parametrize("recipe", RECIPES, ids=lambda recipe: recipe["name"])
async def test_edge_and_origin_give_the_verdict_of_the_corpus(deployment, recipe):
    issuer = deployment.issuer
    authorizations = issuer.authorizations(recipe)
    query = recipe.get("query", "").replace("{token}", issuer.token(recipe))
    path = f"/graphql?{query}" if query else "/graphql"

    at_the_edge = await post(deployment.edge, path, authorizations)
    # As if the edge had let it pass: signed by its key, for whom the token speaks of.
    subject = claimed_subject(authorizations)
    proof = sign(target=path, subject=subject, body=SERVER)
    behind_it = await post(deployment.origin, path, authorizations, **proof)

    if recipe["verdict"] == "accepted":
        assert at_the_edge.json() == behind_it.json()
        assert behind_it.json()["data"]["server"]["environment"] == "dev"
        return
    told = f'Bearer error="invalid_token", error_description="{recipe["reason"]}"'
    assert behind_it.status_code == 401
    assert behind_it.headers["www-authenticate"] == told
    assert at_the_edge.status_code in recipe.get("status", [401])
    if at_the_edge.status_code == 401:
        assert at_the_edge.headers["www-authenticate"] == told


def claimed_subject(authorizations):
    try:
        return str(parse_token(bearer_of(authorizations)).claims.get("sub", ""))
    except TokenRefused:
        return ""


@pytest.mark.parametrize(
    ("times", "accepted"),
    [
        ({"exp": -59}, True),
        ({"exp": -60}, False),
        ({"iat": 60, "exp": 120}, True),
        ({"iat": 61, "exp": 120}, False),
        ({"nbf": 60}, True),
        ({"nbf": 61}, False),
        ({"iat": 0, "exp": 86_400}, True),
        ({"iat": 0, "exp": 86_401}, False),
    ],
)
def test_the_clock_decides_to_the_second(times, accepted):
    issuer, now = Issuer(), int(time.time())
    token = issuer.token({"times": {"iat": -600} | times}, now=now)

    if accepted:
        assert verify(issuer, token, now) == SUBJECT
    else:
        with pytest.raises(TokenRefused):
            verify(issuer, token, now)


def test_a_subject_is_one_owner_of_one_issuer():
    assert str(viewer_id(ISSUER, SUBJECT)) == "1aa88138-4665-5bee-b3b4-22cefcb7c331"
    assert viewer_id(ISSUER, "auth0|bob") != viewer_id(ISSUER, SUBJECT)
    assert viewer_id("https://other.example.com/", SUBJECT) != viewer_id(ISSUER, SUBJECT)
