"""Lists that the database writes: it has the rows at hand, and spares a look at each value here.

A type says how with WRITTEN: for a field of its own an expression, for another type's row what
stands behind FROM, and None for what is made here. Exposed columns need not be named. A selection
that holds anything else is answered from the rows, as ever.
"""

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

from graphql import (
    GraphQLObjectType,
    GraphQLOutputType,
    get_named_type,
    get_nullable_type,
    is_enum_type,
    is_list_type,
)
from sqlalchemy import Column
from sqlalchemy.orm import class_mapper
from sqlmodel import SQLModel
from strawberry.types.field import StrawberryField

from models.base import Choice

if TYPE_CHECKING:
    from api.graphql.completions import Completion, Objects
    from api.graphql.context import Info

DEFINITION = "strawberry-definition"
# PostgreSQL cuts longer names short, and would answer under another one.
LONGEST_ALIAS = 63
# How a column becomes what its scalar would write of it.
LEAVES: Mapping[str, str] = {
    "String": "{}",
    "Boolean": "{}",
    "Int": "{}",
    "Float": "{}",
    "Date": "{}",
    "Decimal": "trim_scale({})::text",
    "DateTime": "replace(to_char({} AT TIME ZONE 'UTC', 'YYYY-MM-DD\"T\"HH24:MI:SS.US'),"
    " '.000000', '') || 'Z'",
}


def body_of(info: "Info") -> str | None:
    """Return what a list's statement is to write of each row; None where the rows are needed."""
    bodies: Mapping[int, str] = info.context.bodies
    return bodies.get(id(info._raw_info.field_nodes[0]))


def written_as(type_: GraphQLObjectType, name: str, completion: "Completion") -> str | None:
    """Return the expression of a field that the database can write, in terms of its table."""
    if name == "__typename":
        return f"'{type_.name}'"
    origin = type_.extensions[DEFINITION].origin
    definition: StrawberryField = type_.fields[name].extensions[DEFINITION]
    own: Mapping[str, str | None] = getattr(origin, "WRITTEN", {})
    if definition.python_name in own:
        return _own(own[definition.python_name], completion)
    entity: type[SQLModel] | None = getattr(origin, "ENTITY", None)
    if entity is None or definition.base_resolver is not None:
        return None
    column = class_mapper(entity).columns.get(definition.python_name)
    return None if column is None else _column(column, get_nullable_type(type_.fields[name].type))


def _own(written: str | None, completion: "Completion") -> str | None:
    selected = getattr(completion, "body", "")
    if written is None or selected is None:
        return None
    if not selected:
        return written
    return f"(SELECT row_to_json(row) FROM (SELECT {selected} FROM {written}) AS row)"  # noqa: S608


def _column(column: Column[Any], type_: GraphQLOutputType) -> str | None:
    place = f"{column.table.name}.{column.name}"
    if is_enum_type(type_) and isinstance(column.type, Choice):
        # A member is stored by its value and shown by its name.
        alike = all(name == str(each.value) for name, each in type_.values.items())
        return place if alike else None
    if is_list_type(type_):
        return place if get_named_type(type_).name == "String" else None
    leaf = LEAVES.get(getattr(type_, "name", ""))
    return None if leaf is None else leaf.format(place)


def listed_body(completion: "Completion") -> str | None:
    """Return how the rows of a connection are written; None unless there is just one way."""
    bodies = {items.body for items in _items(completion)}
    return bodies.pop() if len(bodies) == 1 else None


def _items(connection: "Completion") -> Iterator["Objects"]:
    """Yield each selection that a connection makes of its items: as nodes, and in edges."""
    for step in getattr(connection, "steps", ()):
        listed: Any = getattr(step.completion, "item", None)
        if hasattr(listed, "body"):
            yield from _ends(listed) if listed.type_.name.endswith("Edge") else [listed]


def _ends(edge: "Objects") -> Iterator["Objects"]:
    for step in edge.steps:
        node: Any = step.completion
        if hasattr(node, "body"):
            yield node
