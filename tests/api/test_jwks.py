"""The issuer's keys, fetched by a real client from an issuer that misbehaves."""

import asyncio
import json

import pytest

from api.adapters import jwks
from api.adapters.jwks import Jwks
from api.errors import Unavailable
from api.services.identity import keys_of
from tests.api.edge import serving_keys
from tests.api.tokens import Issuer

ISSUER = Issuer()
RSA, OTHER = ISSUER.jwk("rsa"), ISSUER.jwk("retired")


class Clock:
    now = 1_000.0

    def __call__(self):
        return self.now


@pytest.fixture
def clock():
    return Clock()


@pytest.fixture
async def published():
    async with serving_keys(ISSUER) as made:
        made.publish(ISSUER.jwks("rsa"))
        yield made


@pytest.fixture
def keys(published, clock, monkeypatch):
    monkeypatch.setattr(jwks, "FETCH_SECONDS", 0.2)
    return Jwks(published.url, clock=clock)


def many(count):
    return {"keys": [{**OTHER, "kid": f"key-{number}"} for number in range(count)]}


def body(document):
    return {"body": document if isinstance(document, bytes) else json.dumps(document).encode()}


FAULTS = {
    "status 500": {"status": "500 Internal Server Error"},
    "a redirect": {"status": "302 Found", "extra": "location: /elsewhere\r\n"},
    "nothing": body(b""),
    "no keys": body({"keys": []}),
    "HTML": body(b"<!doctype html><title>Sign in</title>"),
    "a list": body([]),
    "null": body(None),
    "deep": body(b"[" * 50_000),
    "no text": body(b"\xff"),
    "1,000 keys": body(many(1_000)),
    "21 keys": body(many(21)),
    "two keys of one id": body({"keys": [OTHER, {**RSA, "kid": "retired"}]}),
    "100 kB": body({"keys": [RSA], "more": "x" * 100_000}),
    "no answer": {"held": True},
    "a slow drip": {"drip": True},
    "another protocol": {"status": "\0\0\0"},
}


@pytest.mark.parametrize("fault", FAULTS)
async def test_the_last_good_set_is_kept(published, keys, clock, fault):
    await keys.find("rsa")
    published.break_by(**FAULTS[fault])
    clock.now += 601

    assert await keys.find("rsa") is not None
    assert await keys.find("retired") is None
    assert published.asked == 3


@pytest.mark.parametrize("fault", FAULTS)
async def test_without_a_set_nothing_is_checked_for_five_seconds(published, keys, clock, fault):
    published.break_by(**FAULTS[fault])

    with pytest.raises(Unavailable):
        await keys.find("rsa")
    published.mend()
    with pytest.raises(Unavailable):
        await keys.find("rsa")
    clock.now += 5
    assert await keys.find("rsa") is not None
    assert published.asked == 2


async def test_an_issuer_that_is_gone_is_unavailable(keys, published):
    published.server.close()

    with pytest.raises(Unavailable):
        await keys.find("rsa")


async def test_a_rotated_set_is_learnt_by_one_question(published, keys, clock):
    await keys.find("rsa")
    published.publish(ISSUER.jwks("rsa", "retired"))

    assert await keys.find("retired") is not None
    assert [await keys.find("third"), await keys.find("fourth")] == [None, None]
    assert published.asked == 2
    clock.now += 60
    assert await keys.find("third") is None
    assert published.asked == 3


async def test_a_withdrawn_key_is_forgotten_within_ten_minutes(published, keys, clock):
    await keys.find("rsa")
    published.publish(ISSUER.jwks("retired"))

    clock.now += 599
    assert await keys.find("rsa") is not None
    clock.now += 1
    assert await keys.find("rsa") is None
    assert published.asked == 2


async def test_the_set_is_fetched_once_for_many_that_wait(published, keys):
    found = await asyncio.gather(*(keys.find("rsa") for _ in range(20)))

    assert all(found)
    assert published.asked == 1


@pytest.mark.parametrize(
    "change",
    [
        {"use": "enc"},
        {"alg": "RS384"},
        {"key_ops": ["sign"]},
        {"kty": "oct", "k": "c2VjcmV0"},
        {"n": None},
        {"e": None},
        {"kid": "../../dev/null"},
        {"kid": None},
    ],
    # Not by value: the key is another in each process of a run.
    ids=lambda change: next(iter(change)),
)
def test_a_key_for_something_else_is_not_used(change):
    assert list(keys_of({"keys": [RSA, {**OTHER, "kid": "other"} | change]})) == ["rsa"]


def test_a_key_of_a_curve_is_not_used():
    """The gateway would refuse its tokens behind an edge that believed them."""
    assert list(keys_of(ISSUER.jwks("rsa", "ec"))) == ["rsa"]


def test_a_key_that_is_too_short_is_not_used():
    assert list(keys_of({"keys": [RSA, ISSUER.weak.jwk]})) == ["rsa"]
