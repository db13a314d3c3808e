"""Documents made from the schema: an operation on any root field, given whatever it needs."""

from collections.abc import Iterator
from typing import Any

from graphql import (
    GraphQLArgument,
    GraphQLEnumType,
    GraphQLField,
    GraphQLInputField,
    GraphQLInputObjectType,
    GraphQLList,
    get_named_type,
    get_nullable_type,
    is_composite_type,
    is_leaf_type,
    is_required_argument,
    is_required_input_field,
)

from api.graphql.schema import schema

QUERY = schema._schema.query_type
MUTATION = schema._schema.mutation_type
SAMPLES = {
    "Date": '"2020-01-02"',
    "DateTime": '"2020-01-02T00:00:00Z"',
    "Decimal": '"10"',
    "String": '"AAA"',
    "Int": "1",
    "Float": "1",
    "Boolean": "false",
    "JSON": "{}",
}
DEEPEST = 3

Given = GraphQLArgument | GraphQLInputField


def roots() -> Iterator[tuple[str, str, GraphQLField]]:
    """Yield each root field with the kind of operation it belongs to."""
    for kind, root in (("query", QUERY), ("mutation", MUTATION)):
        for name, field in root.fields.items():
            yield kind, name, field


def takes_id(field: GraphQLField) -> bool:
    return any(_holds_id(given.type, 0) for given in field.args.values())


def _holds_id(given: Any, level: int) -> bool:
    named = get_named_type(given)
    if isinstance(named, GraphQLInputObjectType):
        return level < DEEPEST and any(
            _holds_id(field.type, level + 1) for field in named.fields.values()
        )
    return bool(named.name == "ID")


def operation(kind: str, name: str, field: GraphQLField, ids: str) -> str:
    """Return a document that asks for all leaves near the top; every id in it is ``ids``."""
    written = ", ".join(
        f"{given}: {_literal(argument.type, ids)}"
        for given, argument in field.args.items()
        if is_required_argument(argument) or given == "first" or _holds_id(argument.type, 0)
    )
    arguments = f"({written})" if written else ""
    return f"{kind} {{ {name}{arguments} {_selection(field.type, 0)} }}"


def _literal(wanted: Any, ids: str) -> str:
    bare = get_nullable_type(wanted)
    if isinstance(bare, GraphQLList):
        return f"[{_literal(bare.of_type, ids)}]"
    if isinstance(bare, GraphQLInputObjectType):
        fields = ", ".join(
            f"{name}: {_literal(given.type, ids)}"
            for name, given in bare.fields.items()
            if is_required_input_field(given) or _holds_id(given.type, 1)
        )
        return f"{{ {fields} }}"
    if isinstance(bare, GraphQLEnumType):
        return next(iter(bare.values))
    return f'"{ids}"' if bare.name == "ID" else SAMPLES[bare.name]


def _selection(wanted: Any, level: int) -> str:
    named = get_named_type(wanted)
    if not is_composite_type(named):
        return ""
    fields = getattr(named, "fields", {})
    chosen = [
        f"{name}{_page(field)} {_selection(field.type, level + 1)}"
        for name, field in fields.items()
        if not any(is_required_argument(given) for given in field.args.values())
        and (is_leaf_type(get_named_type(field.type)) or level < DEEPEST - 1)
        and not _endless(name)
    ]
    return f"{{ __typename {' '.join(chosen)} }}"


def _endless(name: str) -> bool:
    """Tell the fields that lead back to where they came from."""
    return name in ("history", "edges", "affectedBacktests", "backtests", "hits")


def _page(field: GraphQLField) -> str:
    return "(first: 1)" if "first" in field.args else ""
