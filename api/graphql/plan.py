"""Plans of queries: what a validated document asks, made ready once.

graphql-core walks the document again for every row it answers. A plan walks it once: each
selection set becomes the list of its fields, each field a function over a column of parents.
"""

from collections.abc import Callable, Sequence
from inspect import Parameter
from operator import attrgetter
from typing import Any, NamedTuple

from graphql import (
    GraphQLAbstractType,
    GraphQLField,
    GraphQLObjectType,
    GraphQLOutputType,
    GraphQLResolveInfo,
    GraphQLSchema,
    OperationDefinitionNode,
    default_type_resolver,
    get_nullable_type,
    is_abstract_type,
    is_leaf_type,
    is_list_type,
    is_non_null_type,
    is_object_type,
)
from graphql.execution.collect_fields import (
    FieldDetails,
    FragmentDetails,
    collect_fields,
    collect_subfields,
)
from graphql.execution.values import VariableValues, get_argument_values
from strawberry.execution.is_awaitable import optimized_is_awaitable
from strawberry.types.field import StrawberryField
from strawberry.types.info import Info

from api.graphql.columns import Column, leaf
from api.graphql.completions import Completion, Leaf, Listed, Objects, Step, Variants
from api.graphql.written import LONGEST_ALIAS, listed_body, written_as

DEFINITION = "strawberry-definition"


class Unplanned(Exception):
    """The document asks for what only graphql-core answers."""


class Asked(NamedTuple):
    """An operation and the values of the variables that choose among its fields."""

    schema: GraphQLSchema
    operation: OperationDefinitionNode
    fragments: dict[str, FragmentDetails]
    variables: VariableValues
    # By the identity of a list's field: how the database writes its rows.
    bodies: dict[int, str]


class Run(NamedTuple):
    """What one request brings to a plan."""

    asked: Asked
    context: Any
    variables: VariableValues


class _Place(NamedTuple):
    """A field of an object type, and where the document asks for it."""

    parent: GraphQLObjectType
    field: GraphQLField
    details: list[FieldDetails]


def plan(asked: Asked) -> Objects:
    """Make an operation's plan. Raises Unplanned."""
    root = asked.schema.query_type
    if root is None:
        raise Unplanned("a schema without queries")
    fields = collect_fields(asked.schema, asked.fragments, asked.variables, root, asked.operation)
    return _objects(asked, root, fields.grouped_field_set, nullable=True)


def _objects(
    asked: Asked,
    type_: GraphQLObjectType,
    fields: dict[str, list[FieldDetails]],
    *,
    nullable: bool,
) -> Objects:
    steps = [_step(asked, type_, key, details) for key, details in fields.items()]
    names = [details[0].node.name.value for details in fields.values()]
    body = _body(type_, names, steps)
    return Objects(type_, steps, nullable, waits=any(step.waits for step in steps), body=body)


def _body(type_: GraphQLObjectType, names: Sequence[str], steps: Sequence[Step]) -> str | None:
    """Return how the database writes a selection; None where it holds what is made here."""
    parts = []
    for name, step in zip(names, steps, strict=True):
        expression = written_as(type_, name, step.completion)
        if expression is None or len(step.key) > LONGEST_ALIAS:
            return None
        parts.append(f'{expression} AS "{step.key}"')
    return ", ".join(parts) or None


def _step(asked: Asked, parent: GraphQLObjectType, key: str, details: list[FieldDetails]) -> Step:
    name = details[0].node.name.value
    if name == "__typename":
        return Step(key, lambda values, _: [parent.name] * len(values), Leaf(_as_it_is), False)
    field = parent.fields.get(name)
    if field is None or field.resolve is None:
        raise Unplanned(f"{parent.name}.{name}")
    completion = _completion(asked, field.type, _Place(parent, field, details))
    body = listed_body(completion)
    if body is not None:
        asked.bodies[id(details[0].node)] = body
    if getattr(field.resolve, "_is_default", False):
        return Step(key, _attribute(field), completion, completion.waits)
    return Step(key, _resolver(_Place(parent, field, details)), completion, waits=True)


def _as_it_is(values: Column) -> Column:
    return values


def _completion(asked: Asked, type_: GraphQLOutputType, place: _Place) -> Completion:
    nullable, inner = not is_non_null_type(type_), get_nullable_type(type_)
    if is_list_type(inner):
        return Listed(_completion(asked, inner.of_type, place), nullable)
    if is_leaf_type(inner):
        return Leaf(leaf(inner, nullable=nullable))
    if is_object_type(inner):
        return _selected(asked, inner, place, nullable=nullable)
    if not is_abstract_type(inner):
        raise Unplanned(f"{inner}")
    possible = asked.schema.get_possible_types(inner)
    variants = {each.name: _selected(asked, each, place, nullable=False) for each in possible}
    return Variants(_namer(inner, place), variants, nullable)


def _selected(asked: Asked, type_: GraphQLObjectType, place: _Place, *, nullable: bool) -> Objects:
    fields = collect_subfields(
        asked.schema, asked.fragments, asked.variables, asked.operation, type_, place.details
    )
    return _objects(asked, type_, fields.grouped_field_set, nullable=nullable)


def _namer(type_: GraphQLAbstractType, place: _Place) -> Callable[[Any, Run], Any]:
    resolve = type_.resolve_type or default_type_resolver
    return lambda value, run: resolve(value, _info(run, place), type_)


def _attribute(field: GraphQLField) -> Callable[[Column, Run], Column]:
    definition: StrawberryField = field.extensions[DEFINITION]
    get = attrgetter(definition.python_name)
    return lambda parents, _: list(map(get, parents))


def _resolver(place: _Place) -> Callable[[Column, Run], Column]:
    """Return what calls a resolver for each parent; info and arguments are made once for all."""
    field = place.field
    definition: StrawberryField = field.extensions[DEFINITION]
    if not definition.arguments and not definition.extensions:
        call = _plain_call(definition)
        if call is not None:
            return lambda parents, run: call(parents, Info(_info(run, place), definition))
    return lambda parents, run: _called(field, parents, _info(run, place), run)


def _called(
    field: GraphQLField, parents: Column, info: GraphQLResolveInfo[Any], run: Run
) -> Column:
    given = get_argument_values(field, info.field_nodes[0], run.variables)
    resolve: Callable[..., Any] = field.resolve  # type: ignore[assignment]
    return [resolve(parent, info, **given) for parent in parents]


def _plain_call(definition: StrawberryField) -> Callable[[Column, Any], Column] | None:
    """Return how to call a resolver that takes at most its parent and the info, in their order."""
    resolver = definition.base_resolver
    if resolver is None:
        return None
    parameters = resolver.signature.parameters.values()
    if any(each.kind is not Parameter.POSITIONAL_OR_KEYWORD for each in parameters):
        return None
    told = resolver.info_parameter
    function: Any = resolver.wrapped_func
    match [told is not None and each.name == told.name for each in parameters]:
        case []:
            return lambda parents, _: [function() for _ in parents]
        case [False]:
            return lambda parents, _: list(map(function, parents))
        case [True]:
            return lambda parents, info: [function(info) for _ in parents]
        case [False, True]:
            return lambda parents, info: [function(parent, info) for parent in parents]
    return None


def _info(run: Run, place: _Place) -> GraphQLResolveInfo[Any]:
    """Return what a resolver may ask of its place; it stands for all rows, so it has no path."""
    asked = run.asked
    nodes = [each.node for each in place.details]
    return GraphQLResolveInfo(
        field_name=nodes[0].name.value,
        field_nodes=nodes,
        return_type=place.field.type,
        parent_type=place.parent,
        path=None,  # type: ignore[arg-type]
        schema=asked.schema,
        fragments={name: each.definition for name, each in asked.fragments.items()},
        root_value=None,
        operation=asked.operation,
        variable_values=run.variables,
        context=run.context,
        is_awaitable=optimized_is_awaitable,  # type: ignore[arg-type]
        abort_signal=None,
        async_helpers=None,  # type: ignore[arg-type]
    )
