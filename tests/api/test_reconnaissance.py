"""What a stranger's tools try first: the fourteen checks of graphql-cop, and guessing names.

Each check is one of graphql-cop's, put as a test: negative means that the tool finds nothing.
"""

import pytest

from api.graphql.execute import Profile
from api.graphql.schema import schema
from tests.api.browsing import browser, lasting_browser
from tests.api.posting import post

PAGES = ["/graphiql", "/playground", "/console", "/graphql", "/v1/graphiql", "/altair"]
FORM = {"content-type": "application/x-www-form-urlencoded"}


@pytest.fixture(scope="module")
async def http(engine, tmp_path_factory):
    async with lasting_browser(engine, tmp_path_factory.mktemp("home")) as made:
        yield made


def refused(answer):
    """Tell whether nothing was executed."""
    return answer.status_code >= 400 and "data" not in answer.json()


async def test_alias_overloading(http):
    aliases = " ".join(f"alias{n}: __typename" for n in range(101))

    assert refused(await post(http, {"query": f"query cop {{ {aliases} }}"}))


async def test_array_based_batching(http):
    assert refused(await post(http, [{"query": "query cop { __typename }"}] * 10))


async def test_directive_overloading(http):
    assert refused(await post(http, {"query": "query cop { __typename " + "@aa" * 10 + " }"}))
    many = "@include(if: true)" * 51
    assert refused(await post(http, {"query": f"query cop {{ __typename {many} }}"}))


async def test_circular_query_via_introspection(http):
    levels = "fields { type { " * 4
    query = f"query cop {{ __schema {{ types {{ {levels} name {'} }' * 4} }} }} }}"

    assert refused(await post(http, {"query": query}))


async def test_circular_fragment(http):
    query = "query { ...A } fragment A on Query { ...B } fragment B on Query { ...A }"

    assert refused(await post(http, {"query": query}))


async def test_field_duplication(http):
    assert refused(await post(http, {"query": "query cop { " + "__typename " * 500 + "}"}))


async def test_field_suggestions(http):
    answer = await post(http, {"query": "query cop { __schema { directive } }"})

    assert "Did you mean" not in answer.text


@pytest.mark.parametrize(
    "query", ["{ __schema { types { name } } }", '{ __type(name: "Job") { name } }']
)
async def test_introspection_is_off_where_it_is_off(app, built, query):
    async with browser(app, built, profile=Profile(introspection=False)) as deployed:
        assert refused(await post(deployed, {"query": query}))


async def test_mutation_over_get(http):
    answer = await http.get("/graphql", params={"query": "mutation cop { __typename }"})

    assert answer.status_code == 405


async def test_query_over_get(http):
    answer = await http.get("/graphql", params={"query": "query cop { __typename }"})

    assert answer.status_code == 405


async def test_post_from_a_form(http):
    answer = await http.post("/graphql", content="query=query+cop+{__typename}", headers=FORM)

    assert answer.status_code == 415


@pytest.mark.parametrize("path", PAGES)
async def test_no_graphiql_of_the_servers_own(http, path):
    """The playground is a page of the client's build, and no answer of the API."""
    answer = await http.get(path, headers={"accept": "text/html"})

    assert "graphiql" not in answer.text.lower()


async def test_no_trace_mode(http):
    answer = await post(http, {"query": "query cop { __typename }"}, **{"apollo-trace": "1"})

    assert set(answer.json()["extensions"]) == {"cost"}


@pytest.mark.parametrize(
    "query", ["qwerty cop { abc }", "", "{", "\u0000", "query cop { abc(", "}"]
)
async def test_no_unhandled_error(http, query):
    answer = await post(http, {"query": query})

    assert answer.status_code == 400
    assert "Traceback" not in answer.text
    assert set(answer.json()["errors"][0]["extensions"]) <= {"code", "requestId"}


async def test_guessing_recovers_no_field(http):
    """As clairvoyance does: words that are near to names, and what the errors give away."""
    names = {
        name for kind in schema._schema.type_map.values() for name in getattr(kind, "fields", {})
    }
    near = [name[:-1] for name in sorted(names) if name[:-1] not in names][:400]
    given_away = set()
    for start in range(0, len(near), 20):
        words = near[start : start + 20]
        answer = await post(http, {"query": "{ " + " ".join(words) + " }"})
        said = answer.text
        for word in words:
            said = said.replace(f"'{word}'", "")
        given_away |= {name for name in names if f"'{name}'" in said}

    assert given_away == set()
