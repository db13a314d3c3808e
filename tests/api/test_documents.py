"""The gate: whose documents are executed, what is kept of them, and that refusals are not."""

import hashlib
import subprocess
from dataclasses import replace
from pathlib import Path

import orjson
import pytest
from graphql import DocumentNode, get_introspection_query, parse
from sqlalchemy import func, select
from strawberry.extensions import ValidationCache

from api.graphql import documents
from api.graphql.documents import Gate, Refused
from api.graphql.execute import Profile, answer
from api.graphql.request import BadRequest, GraphQLRequest
from api.graphql.schema import schema
from api.graphql.trusted import NAMES, Trusted
from api.limits import LIMITS
from api.services.identity import ALL_SCOPES, OWN_DATA
from models import Job

CLIENT = Path(__file__).parents[2] / "client"
ENVIRONMENT = "{ server { environment } }"


def digest_of(text):
    return hashlib.sha256(text.encode()).hexdigest()


@pytest.fixture
def lists(tmp_path):
    """Return a function that writes the lists of a page and of the one before it."""

    def write(current=(), previous=()):
        for name, texts in zip(NAMES, (current, previous), strict=True):
            content = {digest_of(text): text for text in texts}
            (tmp_path / name).write_bytes(orjson.dumps(content))
        return Trusted(tmp_path)

    return write


@pytest.fixture
def gate(lists):
    return Gate(schema._schema, LIMITS, lists([ENVIRONMENT]))


def admit(gate, query=None, *, explores=True, introspects=True, **given):
    request = GraphQLRequest(query, **given)
    return gate.admit(request, explores=explores, introspects=introspects)


def told(refused):
    return [error.message for error in refused.value.errors]


def test_a_document_of_the_page_is_known_by_its_hash(gate):
    admitted = admit(gate, digest=digest_of(ENVIRONMENT), explores=False)

    assert admitted.text == ENVIRONMENT
    assert (admitted.cost, admitted.reads_only) == (1, True)


def test_allow_list_not_a_cache(gate):
    """Unknown is refused, unknown with its text is never registered, raw needs the scope."""
    text = "{ viewer { id } }"
    asked = digest_of(text)
    refusals = []
    for query, digest in [(text, None), (None, asked), (text, asked), (None, asked)]:
        with pytest.raises(BadRequest) as refused:
            admit(gate, query, digest=digest, explores=False)
        refusals.append((refused.value.status, refused.value.code))

    admit(gate, text, digest=asked, explores=True)
    with pytest.raises(BadRequest, match="reload"):
        admit(gate, digest=asked, explores=True)

    assert refusals == [
        (403, "PERSISTED_QUERY_ONLY"),
        (400, "PERSISTED_QUERY_NOT_FOUND"),
        (400, "PERSISTED_QUERY_NOT_FOUND"),
        (400, "PERSISTED_QUERY_NOT_FOUND"),
    ]
    assert gate.trusted == {}


@pytest.mark.parametrize("explores", [True, False])
def test_a_hash_of_another_text_is_refused(gate, explores):
    with pytest.raises(BadRequest) as refused:
        admit(gate, "{ viewer { id } }", digest=digest_of(ENVIRONMENT), explores=explores)

    assert (refused.value.status, refused.value.code) == (400, "HASH_MISMATCH")


def test_the_page_before_this_one_is_still_served(lists):
    gate = Gate(schema._schema, LIMITS, lists([ENVIRONMENT], ["{ viewer { id } }"]))

    assert admit(gate, digest=digest_of("{ viewer { id } }"), explores=False).text


def test_a_page_built_anew_is_known_without_a_restart(lists):
    listed = lists([ENVIRONMENT])
    assert listed.find(digest_of("{ viewer { id } }")) is None

    lists([ENVIRONMENT, "{ viewer { id } }"])

    assert listed.find(digest_of("{ viewer { id } }")) == "{ viewer { id } }"


def test_without_a_list_nothing_is_trusted(tmp_path):
    assert Trusted(tmp_path / "nowhere").find(digest_of(ENVIRONMENT)) is None


def test_a_trusted_document_is_held_to_the_limits_as_well(lists):
    deep = "{ jobs { nodes { id } } }"
    gate = Gate(schema._schema, replace(LIMITS, depth=2), lists([deep]))

    with pytest.raises(Refused) as refused:
        admit(gate, digest=digest_of(deep), explores=False)

    assert "3 levels of fields" in told(refused)[0]


def test_what_was_accepted_is_read_once(gate, monkeypatch):
    read = []
    monkeypatch.setattr(documents, "parse", lambda *a, **k: read.append("parse") or parse(*a, **k))
    validate = documents.validate
    monkeypatch.setattr(
        documents, "validate", lambda *a, **k: read.append("validate") or validate(*a, **k)
    )

    seen = [admit(gate, ENVIRONMENT).document for _ in range(3)]
    seen += [admit(gate, digest=digest_of(ENVIRONMENT)).document for _ in range(3)]

    assert read == ["parse", "validate"] * 2
    assert len({id(document) for document in seen}) == 2


def test_subscriptions_are_not_served(gate):
    with pytest.raises(Refused) as refused:
        admit(gate, "subscription { a }")

    assert told(refused) == ["subscriptions are not served; ask again for what changes"]


def test_the_rules_guess_nothing(gate):
    with pytest.raises(Refused) as refused:
        admit(gate, "{ servr { version } }")

    assert told(refused) == ["Cannot query field 'servr' on type 'Query'."]


def test_refusals_drive_nothing_out(gate):
    admit(gate, ENVIRONMENT)
    for number in range(200):
        with pytest.raises(Refused):
            admit(gate, f"{{ nothing{number} }}")
        with pytest.raises(Refused):
            admit(gate, f"{{ never closed {number}")

    assert list(gate.raw) == [ENVIRONMENT]


def test_the_oldest_of_many_is_forgotten(gate):
    texts = [f"query A{number} {ENVIRONMENT}" for number in range(documents.KEPT_DOCUMENTS)]
    for text in texts:
        admit(gate, text)
    admit(gate, texts[0])

    admit(gate, ENVIRONMENT)

    assert texts[0] in gate.raw
    assert texts[1] not in gate.raw
    assert len(gate.raw) == documents.KEPT_DOCUMENTS


def test_a_page_of_another_size_costs_something_else(gate):
    document = "query($n: Int) { jobs(first: $n) { nodes { id } } }"

    costs = [admit(gate, document, variables={"n": n}).cost for n in (10, 100, 10, None)]

    assert costs == [11, 101, 11, 51]


def test_cost_is_refused_whatever_was_kept(gate):
    document = (
        "query($n: Int) { backtests(first: $n) { nodes { worstDrawdowns(first: $n) { depth } } } }"
    )
    assert admit(gate, document, variables={"n": 10}).cost == 111

    with pytest.raises(Refused) as refused:
        admit(gate, document, variables={"n": 100})

    assert told(refused) == ["the document costs 10,101; by smaller pages ask for at most 5,000"]
    assert refused.value.cost == 10_101
    assert refused.value.errors[0].original_error.code == "LIMIT_EXCEEDED"


@pytest.mark.parametrize("cost", [251, 250])
def test_the_limit_of_cost_at_its_edge(lists, cost):
    document = "{ jobs(first: 50) { nodes { subject { id } error { code } } edges { cursor } } }"
    gate = Gate(schema._schema, replace(LIMITS, cost=cost - 50), lists())
    assert survey_cost(document) == 201

    if cost == 251:
        assert admit(gate, document).cost == 201
        return
    with pytest.raises(Refused):
        admit(gate, document)


def survey_cost(document):
    from api.graphql.guards import survey

    return survey(parse(document), schema._schema, {}, LIMITS).cost(None, LIMITS)


@pytest.mark.parametrize(
    ("variables", "problem"),
    [
        ({"x": "a" * 10_000}, None),
        ({"x": "a" * 10_001}, "a text had 10,001 characters; write at most 10,000"),
        ({"x": {"csv": "a" * 200_000}}, None),
        ({"x": {"csv": "a" * 200_001}}, "a text had 200,001 characters; write at most 200,000"),
        ({"x": list(range(10_000))}, None),
        ({"x": list(range(10_001))}, "a list had 10,001 items; send at most 10,000"),
        ({"x": [[[[[[[[[[1]]]]]]]]]]}, None),
        ({"x": [[[[[[[[[[[1]]]]]]]]]]]}, "the variables were nested deeper than 10 levels"),
    ],
    ids=range(8),
)
def test_what_is_sent_beside_a_document_is_bounded(gate, variables, problem):
    if problem is None:
        assert admit(gate, ENVIRONMENT, variables=variables)
        return
    with pytest.raises(Refused) as refused:
        admit(gate, ENVIRONMENT, variables=variables)

    assert told(refused) == [problem]


@pytest.mark.parametrize("name", ["document_characters", "tokens"])
def test_a_text_is_bounded_before_it_is_read(lists, name):
    document = "{ server { environment version } }"
    most = {"document_characters": len(document), "tokens": 7}[name]

    just = Gate(schema._schema, replace(LIMITS, **{name: most}), lists())
    over = Gate(schema._schema, replace(LIMITS, **{name: most - 1}), lists())

    assert admit(just, document)
    with pytest.raises(Refused, match="refused"):
        admit(over, document)


INTROSPECTIONS = [
    get_introspection_query(),
    get_introspection_query(descriptions=False),
    get_introspection_query(schema_description=True, input_value_deprecation=True),
    get_introspection_query(specified_by_url=True, directive_is_repeatable=True, one_of=True),
]


@pytest.mark.parametrize("question", INTROSPECTIONS, ids=range(len(INTROSPECTIONS)))
def test_the_standard_question_for_the_schema_is_let_in(gate, question):
    assert admit(gate, question)

    with pytest.raises(Refused) as refused:
        admit(gate, question, introspects=False)

    assert told(refused) == ["the schema is not told here"]


ASKED_BY_GRAPHIQL = """
const { getIntrospectionQuery: ask } = require("graphql");
const all = { specifiedByUrl: true, directiveIsRepeatable: true, schemaDescription: true,
  inputValueDeprecation: true, oneOf: true };
console.log(JSON.stringify([ask(), ask({ descriptions: false }), ask(all), ask({ typeDepth: 7 })]));
"""


def test_so_it_is_as_the_tools_of_another_language_ask_it(gate):
    asked = subprocess.run(
        ["node", "-e", ASKED_BY_GRAPHIQL], cwd=CLIENT, capture_output=True, check=True
    )

    assert len([admit(gate, question) for question in orjson.loads(asked.stdout)]) == 4


@pytest.mark.parametrize(
    "question",
    [
        get_introspection_query(type_depth=10),
        get_introspection_query().replace("kind", "kind kind: name", 1),
        get_introspection_query() + " fragment More on Query { server { version } }",
        "{ __schema { types { " + "fields { type { " * 5 + "name" + " } }" * 5 + " } } }",
    ],
    ids=["deeper", "an alias more", "a fragment more", "circular"],
)
def test_others_are_held_to_the_limits(gate, question):
    with pytest.raises(Refused) as refused:
        admit(gate, question)

    assert "ask for at most" in told(refused)[0]


@pytest.mark.parametrize("explores", [True, False])
@pytest.mark.parametrize(
    "question",
    [
        '{ __type(name: "Job") { name } }',
        "{ ...A } fragment A on Query { __schema { types { name } } }",
    ],
)
async def test_the_schema_is_told_to_who_may_explore(app, question, explores):
    scopes = ALL_SCOPES if explores else OWN_DATA
    request = GraphQLRequest(question)
    asked = answer(request, app, viewer_id=app.settings.owner_id, scopes=scopes, request_id="t")

    if explores:
        assert "errors" not in (await asked).body
        return
    with pytest.raises(BadRequest, match="api:explore"):
        await asked


async def test_introspection_can_be_off_for_all(app):
    told = await answer(
        GraphQLRequest("{ __schema { types { name } } }"),
        app,
        viewer_id=app.settings.owner_id,
        scopes=ALL_SCOPES,
        request_id="t",
        profile=Profile(introspection=False),
    )
    names = await answer(
        GraphQLRequest("{ __typename viewer { __typename } }"),
        app,
        viewer_id=app.settings.owner_id,
        scopes=ALL_SCOPES,
        request_id="t",
        profile=Profile(introspection=False),
    )

    assert (told.executed, "data" in told.body) == (False, False)
    assert names.body["data"] == {"__typename": "Query", "viewer": {"__typename": "Viewer"}}


RUN = """runBacktest(input: {strategy: "equal_weight", universe: "TEST_US", start: "2018-06-01",
    currency: USD}) { job { id } }"""


@pytest.mark.parametrize("aliases", [2, 15, 200])
async def test_refused_document_not_executed(ask, app, market, sessions, aliases, monkeypatch):
    """Not even where a cache of Strawberry's stands before ours and forgets what was refused."""
    cached = (ValidationCache, *schema.extensions)
    monkeypatch.setattr(schema, "extensions", cached)
    document = "mutation { " + " ".join(f"r{n}: {RUN}" for n in range(aliases)) + " }"

    body = await ask(document)

    assert "data" not in body
    async with sessions() as session:
        assert await session.scalar(select(func.count()).select_from(Job)) == 0


async def test_one_run_and_four_notes_are_within_the_limits(ask, app, market, sessions):
    note = 'annotateBacktest(input: {id: "none", name: "x"}) { userErrors { code } }'
    document = f"mutation {{ {RUN} " + " ".join(f"n{n}: {note}" for n in range(4)) + " }"

    body = await ask(document)

    assert body["data"]["runBacktest"]["job"]["id"]
    async with sessions() as session:
        assert await session.scalar(select(func.count()).select_from(Job)) == 1


async def test_a_document_that_did_not_come_through_the_gate_is_read_in_full():
    told = await schema.execute("{ nothing }")

    assert told.errors[0].message == "Cannot query field 'nothing' on type 'Query'."


def test_an_admitted_document_is_one(gate):
    assert type(admit(gate, ENVIRONMENT).document) is DocumentNode
