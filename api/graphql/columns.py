"""Leaves by the column: what the encoder takes as it is, and how the rest is written."""

from collections.abc import Callable
from datetime import date
from itertools import filterfalse
from math import isfinite
from types import NoneType
from typing import Any

from graphql import GRAPHQL_MAX_INT, GRAPHQL_MIN_INT, GraphQLLeafType, GraphQLObjectType, Undefined
from graphql.type import is_enum_type

Column = list[Any]

# What the encoder writes exactly as the scalar would: one look at the kinds spares a call for each
# value.
PLAIN: dict[str, type] = {
    "String": str,
    "ID": str,
    "Boolean": bool,
    "Int": int,
    "Float": float,
    "Date": date,
}


class Unwritable(Exception):
    """A value that its type cannot carry; graphql-core says so in its own words."""


def leaf(type_: GraphQLLeafType, *, nullable: bool) -> Callable[[Column], Column]:
    """Return what completes a column of this type. Raises whatever the type does of a value."""
    plain, bounded = PLAIN.get(type_.name), BOUNDS.get(type_.name)
    write = _member(type_) if is_enum_type(type_) else _writer(type_)

    def complete(values: Column) -> Column:
        kinds = set(map(type, values))
        if NoneType in kinds:
            if not nullable:
                raise Unwritable(f"a null of {type_.name}")
            kinds.remove(NoneType)
        if kinds <= {plain} and (bounded is None or bounded(values)):
            return values
        return [None if value is None else write(value) for value in values]

    return complete


def _fits(values: Column) -> bool:
    known = [value for value in values if value is not None]
    return not known or GRAPHQL_MIN_INT <= min(known) <= max(known) <= GRAPHQL_MAX_INT


def _is_finite(values: Column) -> bool:
    return all(map(isfinite, filterfalse(_is_none, values)))


def _is_none(value: Any) -> bool:
    return value is None


BOUNDS: dict[str, Callable[[Column], bool]] = {"Int": _fits, "Float": _is_finite}


def _writer(type_: GraphQLLeafType) -> Callable[[Any], Any]:
    coerce = type_.coerce_output_value

    def write(value: Any) -> Any:
        if isinstance(value, Exception):
            raise value
        written = coerce(value)
        if written is None or written is Undefined:
            raise Unwritable(f"a value of {type_.name}")
        return written

    return write


def _member(type_: GraphQLLeafType) -> Callable[[Any], Any]:
    """Return what looks a member's name up: a type has few, and each is written many times."""
    write, names = _writer(type_), dict[Any, Any]()

    def look_up(value: Any) -> Any:
        key = (type(value), value)
        if key not in names:
            names[key] = write(value)
        return names[key]

    return look_up


def check_kind(type_: GraphQLObjectType, value: Any) -> None:
    """Refuse what is no value of an object type. Raises Unwritable."""
    if isinstance(value, Exception):
        raise value
    if type_.is_type_of is not None and type_.is_type_of(value, None) is not True:  # type: ignore[arg-type]
        raise Unwritable(f"a value that is no {type_.name}")
