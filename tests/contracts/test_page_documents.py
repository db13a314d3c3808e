"""What the page asks for is listed, valid, and within the limits however long its pages are."""

import hashlib

import orjson
import pytest
from graphql import parse

from api.graphql.documents import Gate
from api.graphql.guards import survey
from api.graphql.request import GraphQLRequest
from api.graphql.schema import schema
from api.graphql.trusted import FOLDER, NAMES, Trusted
from api.limits import LIMITS

LISTED = orjson.loads((FOLDER / NAMES[0]).read_bytes())
TITLES = {digest: text.partition("{")[0].partition("(")[0] for digest, text in LISTED.items()}


@pytest.mark.parametrize("digest", LISTED, ids=TITLES.get)
def test_a_document_of_the_page_is_admitted_with_the_longest_pages(digest):
    (operation,) = [d for d in parse(LISTED[digest]).definitions if d.kind.startswith("operation")]
    defined = operation.variable_definitions or ()
    longest = {each.variable.name.value: LIMITS.page_items for each in defined}
    sizes = survey(parse(LISTED[digest]), schema._schema, {}, LIMITS).sizes
    request = GraphQLRequest(
        digest=digest, variables={name: longest[name] for name in sizes if name in longest}
    )

    admitted = Gate(schema._schema, LIMITS, Trusted()).admit(
        request, explores=False, introspects=False
    )

    assert admitted.text == LISTED[digest]
    assert admitted.cost <= LIMITS.cost


def test_each_is_listed_under_the_hash_of_its_text():
    assert {hashlib.sha256(text.encode()).hexdigest() for text in LISTED.values()} == set(LISTED)


def test_a_thousand_documents_that_are_not_listed_are_not_executed():
    """Each differs from one of the page's by a single character or a name."""
    gate = Gate(schema._schema, LIMITS, Trusted())
    refused = 0
    for number in range(1_000):
        text = list(LISTED.values())[number % len(LISTED)] + " " * (1 + number)
        for request in (
            GraphQLRequest(text),
            GraphQLRequest(text, digest=hashlib.sha256(text.encode()).hexdigest()),
        ):
            with pytest.raises(Exception, match="page"):
                gate.admit(request, explores=False, introspects=False)
            refused += 1

    assert refused == 2_000
    assert gate.trusted == {}
