"""The smoke test fails on each answer that is not the expected one."""

import httpx
import pytest

API, ORIGIN = "https://api.example.com", "https://origin.example.com"


def deployed(**answers):
    """A stack's addresses; `answers` replaces what one of them says."""
    said = {
        "health": httpx.Response(200, json={"status": "ok", "version": "0.1.0"}),
        "stranger": httpx.Response(401, json={"errors": []}),
        "unsigned": httpx.Response(403, json={"errors": []}),
        "caller": httpx.Response(200, json={"data": {"viewer": {"id": "viewer_1"}}}),
    } | answers

    def answer(request):
        if request.url.host == "origin.example.com":
            return said["unsigned"]
        if request.url.path == "/healthz":
            return said["health"]
        return said["caller" if "authorization" in request.headers else "stranger"]

    return httpx.Client(transport=httpx.MockTransport(answer))


def test_a_healthy_stack_passes(smoke):
    assert smoke.faults(deployed(), API, ORIGIN, "token") == []


@pytest.mark.parametrize(
    ("which", "answer", "fault"),
    [
        (
            "health",
            httpx.Response(503, json={"status": "unavailable"}),
            (
                'GET https://api.example.com/healthz: expected 200 "status":"ok", '
                'was 503 {"status":"unavailable"}'
            ),
        ),
        (
            "stranger",
            httpx.Response(200, text="{}"),
            "POST https://api.example.com/graphql: expected 401, was 200 {}",
        ),
        (
            "unsigned",
            httpx.Response(200, text="ok"),
            "GET https://origin.example.com/healthz: expected 403, was 200 ok",
        ),
        (
            "caller",
            httpx.Response(200, text='{"errors": []}'),
            (
                'POST https://api.example.com/graphql: expected 200 {"data":{"viewer":{"id":", '
                'was 200 {"errors": []}'
            ),
        ),
    ],
)
def test_another_answer_fails(smoke, which, answer, fault):
    assert smoke.faults(deployed(**{which: answer}), API, ORIGIN, "token") == [fault]


def test_without_a_client_of_its_own_no_token_is_asked_for(smoke):
    assert smoke.token_of(deployed(), {}) is None


def test_a_token_comes_from_client_credentials(smoke):
    asked = []

    def issuer(request):
        asked.append((request.headers["authorization"], request.content))
        return httpx.Response(200, json={"access_token": "abc"})

    named = {
        "SMOKE_TOKEN_URL": "https://issuer.example.com/token",
        "SMOKE_CLIENT_ID": "smoke",
        "SMOKE_CLIENT_SECRET": "secret",
        "SMOKE_AUDIENCE": API,
    }
    client = httpx.Client(transport=httpx.MockTransport(issuer))
    assert smoke.token_of(client, named) == "abc"
    form = b"grant_type=client_credentials&audience=https%3A%2F%2Fapi.example.com"
    assert asked == [("Basic c21va2U6c2VjcmV0", form)]
