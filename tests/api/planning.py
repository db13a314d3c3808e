"""Documents made at random over a schema, and both ways to answer one."""

import json
from typing import Any

import orjson
from graphql import (
    GraphQLField,
    GraphQLObjectType,
    GraphQLSchema,
    execute,
    get_named_type,
    get_operation_ast,
    is_abstract_type,
    is_leaf_type,
    is_object_type,
    is_required_argument,
    parse,
    validate,
)
from hypothesis import strategies as st
from strawberry.execution.is_awaitable import optimized_is_awaitable

from api.graphql.documents import Admitted
from api.graphql.planned import Plans

WHEN = ("", " @include(if: $yes)", " @skip(if: $no)", " @include(if: $no)", " @skip(if: false)")
VARIABLES = {"yes": True, "no": False}
DEEPEST = 4


@st.composite
def documents(draw: st.DrawFn, schema: GraphQLSchema, asked: Any = lambda _: True) -> str:
    """Draw a valid query: aliases, fragments of both kinds, directives, the same field twice."""
    fragments: list[str] = []
    selection = _selection(draw, schema, schema.query_type, fragments, asked, DEEPEST)
    used = [name for name in ("yes", "no") if f"${name}" in selection + "".join(fragments)]
    given = ", ".join(f"${name}: Boolean!" for name in used)
    return " ".join([f"query Q{f'({given})' if given else ''} {selection}", *fragments])


def _selection(
    draw: st.DrawFn,
    schema: GraphQLSchema,
    type_: GraphQLObjectType,
    fragments: list[str],
    asked: Any,
    deep: int,
) -> str:
    fields = [(name, field) for name, field in type_.fields.items() if _can(field, asked, deep)]
    parts = ["__typename"] if draw(st.booleans()) or not fields else []
    chosen = draw(st.lists(st.sampled_from(fields), min_size=1, max_size=4)) if fields else []
    for number, (name, field) in enumerate(chosen):
        alias = f"{name[0]}{number}: " if draw(st.booleans()) else ""
        named = get_named_type(field.type)
        below = ""
        if is_object_type(named):
            below = _selection(draw, schema, named, fragments, asked, deep - 1)
        elif is_abstract_type(named):
            below = _variants(draw, schema, named, fragments, asked, deep - 1)
        # Fields of one name in the answer must ask for one thing: an alias keeps them apart.
        own = alias or (f"a{len(fragments)}x{number}: " if below else "")
        part = f"{own}{name}{draw(st.sampled_from(WHEN))} {below}"
        match draw(st.integers(0, 5)):
            case 0:
                part = f"... on {type_.name}{draw(st.sampled_from(WHEN))} {{ {part} }}"
            case 1:
                fragments.append(f"fragment F{len(fragments)} on {type_.name} {{ {part} }}")
                part = f"...F{len(fragments) - 1}{draw(st.sampled_from(WHEN))}"
        parts.append(part)
    return f"{{ {' '.join(parts)} }}"


def _variants(
    draw: st.DrawFn,
    schema: GraphQLSchema,
    type_: Any,
    fragments: list[str],
    asked: Any,
    deep: int,
) -> str:
    """Ask each object type for fields under a prefix of its own, so that none meet another's."""
    parts = []
    for possible in schema.get_possible_types(type_):
        leaves = [
            name
            for name, field in possible.fields.items()
            if asked(field) and is_leaf_type(get_named_type(field.type)) and not field.args
        ]
        chosen = draw(st.lists(st.sampled_from(leaves), max_size=3)) if leaves else []
        parts += [f"... on {possible.name} {{ {possible.name}_{name}: {name} }}" for name in chosen]
    return f"{{ __typename {' '.join(parts)} }}"


def _can(field: GraphQLField, asked: Any, deep: int) -> bool:
    named = get_named_type(field.type)
    if any(is_required_argument(argument) for argument in field.args.values()):
        return False
    return asked(field) and (is_leaf_type(named) or deep > 1)


def admitted(document: str) -> Admitted:
    read = parse(document)
    operation = get_operation_ast(read)
    assert operation is not None
    return Admitted(document, read, operation, digest=document, cost=0)


async def by_core(schema: GraphQLSchema, document: str, variables: Any, context: Any) -> Any:
    told = execute(
        schema,
        parse(document),
        variable_values=variables,
        context_value=context,
        is_awaitable=optimized_is_awaitable,
    )
    return await told if hasattr(told, "__await__") else told


async def check_same(plans: Plans, document: str, variables: Any, make_context: Any) -> bool:
    """Check that both ways give the same bytes, or that a plan leaves what fails; tell which."""
    assert validate(plans.schema, parse(document)) == []
    core = await by_core(plans.schema, document, variables, make_context())
    ours = await plans.answer(admitted(document), variables, make_context())
    if core.errors:
        assert ours is None, document
        return False
    assert orjson.dumps(ours) == orjson.dumps(core.data), document
    return True


def spelt(data: Any) -> str:
    """Return an answer's values in their order: the database spells 100.0 as 100."""
    return json.dumps(json.loads(orjson.dumps(data), parse_int=float))
