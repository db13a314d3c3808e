"""Bodies posted as a client posts them, and what is told of a bad one."""

import orjson

GRAPHQL = "application/graphql-response+json"
JSON = {"content-type": "application/json", "accept": GRAPHQL}
GOOD = "{ server { environment } }"


async def post(http, body, **headers):
    content = body if isinstance(body, bytes) else orjson.dumps(body)
    return await http.post("/graphql", content=content, headers=JSON | headers)


def told(answer):
    """Return the errors of an answer that has nothing else, and no fault of ours."""
    body = answer.json()
    assert "data" not in body
    assert answer.headers["content-type"].startswith(("application/json", GRAPHQL))
    codes = [error["extensions"]["code"] for error in body["errors"]]
    assert "INTERNAL" not in codes
    return codes
