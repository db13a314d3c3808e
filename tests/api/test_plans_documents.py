"""The page's documents, the examples and what may be made of the schema: both ways, one answer."""

import orjson
import pytest
from graphql import OperationType, get_named_type, get_operation_ast, parse
from hypothesis import HealthCheck, given, settings

from api.graphql.context import Context
from api.graphql.guide import examples
from api.graphql.planned import NOTHING, Plans
from api.graphql.schema import schema
from api.graphql.trusted import FOLDER
from models.ownership import sessions_of
from tests.api.planning import VARIABLES, admitted, by_core, documents
from tests.api.submitting import submit

PAGE = orjson.loads((FOLDER / "current.json").read_bytes()).values()
EXAMPLES = [document for named in examples().values() for document in named.values()]
# Two readings differ in what they say of their own instant.
UNSTEADY = {"DateTime"}
# And in what else is drawn from the clock.
TIMELY = ("At", "lastUpdated", "Pnl")


def reads(document: str) -> bool:
    return get_operation_ast(parse(document)).operation is OperationType.QUERY


def root_of(document: str) -> str:
    return get_operation_ast(parse(document)).selection_set.selections[0].name.value


QUERIES = [document for document in (*PAGE, *EXAMPLES) if reads(document)]
FREE = [
    document
    for document in EXAMPLES
    if reads(document)
    and "..." not in document
    and not get_operation_ast(parse(document)).variable_definitions
    and not any(word in document for word in TIMELY)
]


@pytest.fixture
def make_context(app):
    """Return a context manager of a context that reads, as a request's."""

    class Lent:
        async def __aenter__(self):
            self.session = sessions_of(app.sessions, app.settings.owner_id)()
            return Context(
                self.session,
                viewer_id=app.settings.owner_id,
                settings=app.settings,
                store=app.store,
                reads_only=True,
            )

        async def __aexit__(self, *_):
            await self.session.close()

    return Lent


@pytest.fixture
def answered(make_context):
    """Return a function that answers a document both ways: (plan's, graphql-core's)."""
    plans = Plans(schema._schema)

    async def answer(text, variables=None):
        async with make_context() as context:
            planned = await plans.answer(admitted(text), variables, context)
        async with make_context() as context:
            core = await by_core(schema._schema, text, variables, context)
        return planned, core

    return answer


@pytest.mark.parametrize("document", QUERIES, ids=root_of)
async def test_every_query_of_the_page_and_of_the_examples_has_a_plan(document):
    asked = admitted(document)
    plans = Plans(schema._schema)

    _, planned = plans._plan("key", plans._outline("key", asked.document, asked.operation), NOTHING)

    assert planned is not None


async def test_examples_are_answered_in_the_bytes_of_graphql_core(ask, answered, market):
    await submit(ask)
    same = 0
    for document in FREE:
        planned, core = await answered(document)
        if core.errors:
            assert planned is None, document
        else:
            assert orjson.dumps(planned) == orjson.dumps(core.data), document
            same += 1

    assert same >= 10


def steady(field):
    return get_named_type(field.type).name not in UNSTEADY


@settings(max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(document=documents(schema._schema, steady))
async def test_what_the_schema_allows_is_answered_in_the_same_bytes(answered, market, document):
    planned, core = await answered(document, VARIABLES)

    if core.errors:
        assert planned is None
    else:
        assert orjson.dumps(planned) == orjson.dumps(core.data)
