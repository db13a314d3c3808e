"""Documents: bounded before they are read, and read only once."""

from collections.abc import Iterator
from functools import lru_cache

from graphql import DocumentNode, GraphQLError, GraphQLSchema, parse, specified_rules
from strawberry.extensions import SchemaExtension
from strawberry.schema.schema import validate_document

LONGEST_DOCUMENT = 10_000
MOST_TOKENS = 1_000
KEPT = 128


class Documents(SchemaExtension):
    """Parses and validates through a cache of what was accepted; a refusal is never kept."""

    def on_parse(self) -> Iterator[None]:
        context = self.execution_context
        context.graphql_document = parsed(context.query or "")
        yield

    def on_validate(self) -> Iterator[None]:
        context = self.execution_context
        try:
            _validated(context.schema._schema, context.query or "")
            context.pre_execution_errors = []
        except InvalidDocument as refused:
            context.pre_execution_errors = refused.errors
        yield


class InvalidDocument(Exception):
    def __init__(self, errors: list[GraphQLError]) -> None:
        super().__init__("the document is not valid")
        self.errors = errors


@lru_cache(maxsize=KEPT)
def parsed(text: str) -> DocumentNode:
    if len(text) > LONGEST_DOCUMENT:
        raise GraphQLError(
            f"the document had {len(text)} characters; write at most {LONGEST_DOCUMENT}"
        )
    return parse(text, max_tokens=MOST_TOKENS)


@lru_cache(maxsize=KEPT)
def _validated(schema: GraphQLSchema, text: str) -> None:
    errors = validate_document(schema, parsed(text), tuple(specified_rules))
    if errors:
        raise InvalidDocument(errors)
