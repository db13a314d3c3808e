"""The guide of the API, written from the schema and from the playground's examples.

Nothing of it is imported by a server: `parakeet schema` prints it into `docs/api.md`.
"""

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from graphql import (
    GraphQLEnumType,
    GraphQLField,
    GraphQLInputObjectType,
    GraphQLNamedType,
    GraphQLObjectType,
    GraphQLScalarType,
    GraphQLSchema,
    Undefined,
    is_specified_scalar_type,
    print_ast,
)
from graphql.utilities import ast_from_value

from api.graphql.errors import LONGEST_MESSAGE, MOST_ERRORS
from api.graphql.pagination import MOST, USUAL
from api.limits import LIMITS

EXAMPLES = Path(__file__).parents[2] / "client" / "examples"
DOMAINS = {
    "research": "Research",
    "books": "Books",
    "market": "Market data",
    "work": "Work and the viewer",
}
OPENING = f"""# The API

One GraphQL endpoint, `POST /graphql`, answers everything; `/playground` tries it out. This page is
written by `make schema` from the schema and the playground's examples.

* **Ids** are global, `<type>_<uuid>`; `node(id)` finds any of them. What is another's is not found.
* **Two times**: `validAt` is the day a fact is about, `knownAt` the instant at which to stand:
  nothing that became known later is seen. Both are now when left out, and are echoed.
* **Undefined is null**, never 0; where it matters a neighbouring field gives the reason.
* **Amounts** are `Decimal`, exact, as text. Columns (`DateArray`, `FloatArray`) are single leaves.
* **Lists** are connections: `first` is 1 to {MOST}, {USUAL} when left out; `after` takes an
  earlier page's `endCursor` of the same list.
* **Errors**: a mutation answers what its caller can mend in `userErrors`, with the path of the
  argument, and writes nothing then. Top-level errors are for malformed requests and for faults of
  ours, which are masked and carry a request id; at most {MOST_ERRORS}, each at most
  {LONGEST_MESSAGE} characters.
* **Cost**: an object is 1, a list as many as its `first`, any other list {LIMITS.unpaged_items},
  a leaf 0; `extensions.cost` tells the sum, which may be {LIMITS.cost:,}. Depth is at most
  {LIMITS.depth}, aliases {LIMITS.aliases}, fields {LIMITS.fields}, fields at the root
  {LIMITS.query_fields} of a query and {LIMITS.mutation_fields} of a mutation, of which
  {LIMITS.enqueuing_fields} may start a job; fragments count wherever they are spread.
* **Documents**: deployed, the API executes the page's own by their hash; the scope `api:explore`
  opens it to others and to introspection. On one's own machine all are taken.
* **Long work** returns at once with a job. The same content asked again is the same run, `reused`.
"""


def guide(schema: GraphQLSchema) -> str:
    """Return the guide as Markdown. Raises KeyError when a root field has no example."""
    return "\n".join([OPENING, *_operations(schema), *_types(schema)])


def examples() -> dict[str, dict[str, str]]:
    """Return the documents by domain and root field."""
    return {
        domain: {
            path.stem: path.read_text(encoding="utf-8")
            for path in sorted((EXAMPLES / domain).glob("*.graphql"))
        }
        for domain in DOMAINS
    }


def _operations(schema: GraphQLSchema) -> Iterator[str]:
    roots: dict[str, GraphQLField] = {}
    for root in (schema.query_type, schema.mutation_type):
        roots |= {} if root is None else root.fields
    for domain, documents in examples().items():
        yield f"## {DOMAINS[domain]}\n"
        for name, document in documents.items():
            yield from _operation(name, roots[name], document)


def _operation(name: str, field: GraphQLField, document: str) -> Iterator[str]:
    yield f"### {name}: {field.type}\n"
    yield f"{field.description}\n"
    if field.args:
        yield from _table("Argument", field.args)
    yield f"```graphql\n{document.strip()}\n```\n"


def _types(schema: GraphQLSchema) -> Iterator[str]:
    yield "## Types\n"
    roots = {schema.query_type, schema.mutation_type}
    for name in sorted(schema.type_map):
        named = schema.type_map[name]
        if name.startswith("__") or named in roots or is_specified_scalar_type(named):
            continue
        yield f"### {name}\n"
        yield f"{_kind(named)} {named.description}\n"
        if isinstance(named, GraphQLEnumType):
            yield "\n".join(_members(named)) + "\n"
        elif not isinstance(named, GraphQLScalarType):
            yield from _table("Field", named.fields)  # type: ignore[attr-defined]


def _kind(named: GraphQLNamedType) -> str:
    match named:
        case GraphQLObjectType():
            return "*Object.*"
        case GraphQLInputObjectType():
            return "*Input.*"
        case GraphQLEnumType():
            return "*One of.*"
        case GraphQLScalarType():
            return "*Scalar.*"
    return "*Interface.*"


def _members(named: GraphQLEnumType) -> Iterator[str]:
    for name, member in named.values.items():
        yield f"* `{name}`" + (f": {member.description}" if member.description else "")


def _table(heading: str, rows: Mapping[str, Any]) -> Iterator[str]:
    yield f"| {heading} | Type | |\n|---|---|---|\n" + "\n".join(_rows(rows)) + "\n"


def _rows(rows: Mapping[str, Any]) -> Iterator[str]:
    for name, row in rows.items():
        written = f"{row.type}{_default(row)}".replace("|", "\\|")
        yield f"| `{name}` | `{written}` | {_line(row.description)} |"


def _default(row: Any) -> str:
    if getattr(row, "default_value", Undefined) in (Undefined, None):
        return ""
    literal = ast_from_value(row.default_value, row.type)
    return "" if literal is None else f" = {print_ast(literal)}"


def _line(description: str | None) -> str:
    return " ".join((description or "").split()).replace("|", "\\|")
