"""Ask a deployed stack four things through its real addresses: `smoke.py API_URL ORIGIN_URL`.

It is up; the edge refuses who has no token; the origin refuses what the edge did not sign; and,
where SMOKE_TOKEN_URL, SMOKE_CLIENT_ID, SMOKE_CLIENT_SECRET and SMOKE_AUDIENCE name a client of
the identity provider, it answers a query to that client.
"""

import json
import os
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import httpx

LIST = Path(__file__).parents[1] / "api" / "documents" / "current.json"
ASKED = "query ViewerScopes{"
TOKEN_SETTINGS = ("SMOKE_TOKEN_URL", "SMOKE_CLIENT_ID", "SMOKE_CLIENT_SECRET", "SMOKE_AUDIENCE")


def question() -> dict[str, Any]:
    """Return what the page asks, by its hash: more is not executed without a scope."""
    listed = json.loads(LIST.read_text())
    digest = next(known for known, document in listed.items() if document.startswith(ASKED))
    return {"extensions": {"persistedQuery": {"version": 1, "sha256Hash": digest}}}


def faults(http: httpx.Client, api: str, origin: str, token: str | None) -> list[str]:
    """Name each answer that was not the expected one."""
    asked = question()
    found = [
        _differs(http.get(f"{api}/healthz"), 200, '"status":"ok"'),
        _differs(http.post(f"{api}/graphql", json=asked), 401),
        _differs(http.get(f"{origin}/healthz"), 403),
    ]
    if token is not None:
        bearer = {"authorization": f"Bearer {token}"}
        answer = http.post(f"{api}/graphql", json=asked, headers=bearer)
        found.append(_differs(answer, 200, '{"data":{"viewer":{"id":"'))
    return [fault for fault in found if fault is not None]


def _differs(answer: httpx.Response, status: int, start: str = "") -> str | None:
    text = answer.text.replace(" ", "")
    if answer.status_code == status and start in text:
        return None
    asked = f"{answer.request.method} {answer.request.url}"
    wanted = f"{status} {start}".strip()
    return f"{asked}: expected {wanted}, was {answer.status_code} {answer.text[:200]}"


def token_of(http: httpx.Client, environment: Mapping[str, str]) -> str | None:
    """Sign in as the smoke test's own client, if there is one."""
    if not environment.get("SMOKE_CLIENT_SECRET"):
        return None
    url, client_id, secret, audience = (environment[name] for name in TOKEN_SETTINGS)
    form = {"grant_type": "client_credentials", "audience": audience}
    answer = http.post(url, data=form, auth=(client_id, secret))
    answer.raise_for_status()
    token: str = answer.json()["access_token"]
    return token


def main(arguments: list[str]) -> None:
    if len(arguments) != 2:
        sys.exit(__doc__)
    transport = httpx.HTTPTransport(retries=3)
    with httpx.Client(timeout=35, transport=transport) as http:
        token = token_of(http, os.environ)
        if found := faults(http, arguments[0], arguments[1], token):
            sys.exit("\n".join(found))
    signed_in = "with" if token else "without (no SMOKE_CLIENT_SECRET)"
    print(f"{arguments[0]} answers; tested {signed_in} a token")  # noqa: T201


if __name__ == "__main__":
    main(sys.argv[1:])
