"""No request whatever is a fault of ours: a few at random here, twenty thousand in `make soak`."""

import pytest

from tests.api.browsing import browser
from tests.api.fuzzing import bodies, documents

JSON = {"content-type": "application/json", "accept": "application/graphql-response+json"}
SEED = 20_261_122


async def faults(http, contents):
    """Return what was answered with a fault of ours, and how often each status came."""
    found, statuses = [], {}
    for content in contents:
        answer = await http.post("/graphql", content=content, headers=JSON)
        statuses[answer.status_code] = statuses.get(answer.status_code, 0) + 1
        codes = [error["extensions"]["code"] for error in answer.json().get("errors", ())]
        if answer.status_code >= 500 or "INTERNAL" in codes:
            found.append((content, answer.text))
    return found, statuses


@pytest.mark.parametrize("number", [300])
async def test_bytes_at_random(http, number):
    found, statuses = await faults(http, bodies(number, SEED))

    assert found == []
    assert set(statuses) <= {200, 400, 413}
    assert statuses[400] > number / 3


async def test_documents_at_random(app, market, built):
    import orjson

    asked = documents(100, SEED)
    async with browser(app, built) as http:
        found, statuses = await faults(http, (orjson.dumps({"query": text}) for text in asked))

    assert found == []
    assert statuses[200] > len(asked) / 3
