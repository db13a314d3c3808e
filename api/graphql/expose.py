"""Publish named columns of an entity as a GraphQL type; nothing is public by accident."""

import inspect
from collections.abc import Callable
from typing import Any, TypeVar, get_type_hints

import strawberry
from sqlmodel import SQLModel

C = TypeVar("C", bound=type[Any])


def expose(
    entity: type[SQLModel],
    *names: str,
    name: str | None = None,
    seen_as: type[Any] | None = None,
) -> Callable[[C], C]:
    """Decorate a class into the GraphQL type of `entity`, carrying only `names`.

    Types, nullability and descriptions are the entity's own; what the class writes itself is added.
    A misspelt name fails at import. Resolvers return the entity, nothing is copied;
    or `seen_as`, which shows an entity from somewhere.
    """
    hints = get_type_hints(entity)
    kinds = (entity,) if seen_as is None else (entity, seen_as)

    def decorate(cls: C) -> C:
        own = dict(inspect.get_annotations(cls))
        for column in names:
            description = entity.model_fields[column].description
            setattr(cls, column, strawberry.field(description=description))
        cls.__annotations__ = {column: own.get(column, hints[column]) for column in names} | own
        cls.ENTITY = entity
        cls.is_type_of = classmethod(lambda _, value, __: isinstance(value, kinds))
        description = inspect.cleandoc(entity.__doc__ or "")
        published: Any = strawberry.type(cls, name=name or entity.__name__, description=description)
        return published  # type: ignore[no-any-return]

    return decorate
