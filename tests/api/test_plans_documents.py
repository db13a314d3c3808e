"""The page's documents, the examples and what may be made of the schema: both ways, one answer."""

import orjson
import pytest
from graphql import OperationType, get_named_type, get_operation_ast, parse
from hypothesis import HealthCheck, given, settings

from api.graphql.guide import examples
from api.graphql.planned import NOTHING, Plans
from api.graphql.schema import schema
from api.graphql.trusted import FOLDER
from tests.api.planning import VARIABLES, admitted, documents, spelt
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


@pytest.mark.parametrize("document", QUERIES, ids=root_of)
async def test_every_query_of_the_page_and_of_the_examples_has_a_plan(document):
    asked = admitted(document)
    plans = Plans(schema._schema)

    _, planned = plans._plan("key", plans._outline("key", asked.document, asked.operation), NOTHING)

    assert planned is not None


async def test_examples_are_answered_in_the_values_of_graphql_core(ask, answered, market):
    await submit(ask)
    same = 0
    for document in FREE:
        planned, core = await answered(document)
        if core.errors:
            assert planned is None, document
        else:
            assert spelt(planned) == spelt(core.data), document
            same += 1

    assert same >= 10


def steady(field):
    return get_named_type(field.type).name not in UNSTEADY


@settings(max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(document=documents(schema._schema, steady))
async def test_what_the_schema_allows_is_answered_in_the_same_values(answered, market, document):
    planned, core = await answered(document, VARIABLES)

    if core.errors:
        assert planned is None
    else:
        assert spelt(planned) == spelt(core.data)
