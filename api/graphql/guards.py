"""What a document would cost, told by one walk over it, before anything else looks at it.

Each fragment is walked once and its reach remembered: documents that spread fragments in
fragments grow exponentially for whoever walks them again at each spread.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final

from graphql import (
    DocumentNode,
    FieldNode,
    FloatValueNode,
    FragmentDefinitionNode,
    FragmentSpreadNode,
    GraphQLField,
    GraphQLList,
    GraphQLNamedType,
    GraphQLNonNull,
    GraphQLSchema,
    InlineFragmentNode,
    IntValueNode,
    ListValueNode,
    ObjectValueNode,
    OperationDefinitionNode,
    OperationType,
    SchemaMetaFieldDef,
    SelectionSetNode,
    StringValueNode,
    TypeMetaFieldDef,
    ValueNode,
    VariableNode,
    get_named_type,
)

from api.errors import LimitExceeded
from api.graphql.comparisons import pairs
from api.graphql.reach import NOTHING, SATURATED, Reach, add
from api.limits import Limits

# Mutations after which a worker has something to do.
ENQUEUES: Final = frozenset(
    {
        "ingestPrices",
        "planRebalance",
        "retryJob",
        "runBacktest",
        "runScan",
        "runSweep",
        "runWalkForward",
    }
)
META: Final = {"__schema": SchemaMetaFieldDef, "__type": TypeMetaFieldDef}
# Deeper than any document within the limits, shallower than the interpreter's stack.
DEEPEST_SYNTAX: Final = 100
PAGE: Final = "first"
LONGEST_SIZE: Final = 10


@dataclass(frozen=True)
class Survey:
    """What is known of a document; `sizes` are the variables that its cost hangs on."""

    operations: Mapping[str, Reach]
    problems: tuple[str, ...]
    introspects: bool
    sizes: frozenset[str]
    visited: int

    def cost(self, name: str | None, limits: Limits) -> int:
        """Return the cost of one operation, the first where none is named."""
        reach = self.operations.get(name or "") or next(iter(self.operations.values()), NOTHING)
        return reach.cost(limits.unpaged_items)


def survey(
    document: DocumentNode, schema: GraphQLSchema, variables: Mapping[str, Any], limits: Limits
) -> Survey:
    """Walk the document once, whatever is wrong with it; the variables are as they were sent."""
    walk = _Walk(document, schema, variables, limits)
    if len(walk.fragments) > limits.fragments:
        problem = _told("fragments", len(walk.fragments), limits.fragments)
        return Survey({}, (problem,), walk.introspects, frozenset(), walk.visited)
    try:
        return walk.survey()
    except LimitExceeded as e:
        return Survey({}, (str(e),), walk.introspects, frozenset(), walk.visited)


class _Walk:
    def __init__(
        self,
        document: DocumentNode,
        schema: GraphQLSchema,
        variables: Mapping[str, Any],
        limits: Limits,
    ) -> None:
        self.schema, self.given, self.limits = schema, variables, limits
        nodes = document.definitions
        self.operations = [node for node in nodes if isinstance(node, OperationDefinitionNode)]
        self.fragments = {
            node.name.value: node for node in nodes if isinstance(node, FragmentDefinitionNode)
        }
        self.visited = 0
        self.introspects = False
        self.sizes: set[str] = set()
        self.known: dict[str, Reach] = {}
        self.path: set[str] = set()
        self.defaults: dict[str, ValueNode | None] = {}

    def survey(self) -> Survey:
        reaches = [(node, self._operation(node)) for node in self.operations]
        # What no operation spreads is still there for the rules to read.
        loose = [self._fragment(name, 0) for name in self.fragments if name not in self.known]
        whole = sum([*(reach for _, reach in reaches), *loose], NOTHING)
        problems = [*self._roots(reaches), *self._totals(whole)]
        if not problems:  # so that there are not too many to be compared
            found = pairs(self.operations, self.fragments)
            if found > self.limits.pairs:
                problems.append(_told("pairs of fields of one name", found, self.limits.pairs))
        return Survey(
            {node.name.value if node.name else "": reach for node, reach in reaches},
            tuple(problems),
            self.introspects,
            frozenset(self.sizes),
            self.visited,
        )

    def _operation(self, node: OperationDefinitionNode) -> Reach:
        variables = node.variable_definitions or ()
        self.defaults = {each.variable.name.value: each.default_value for each in variables}
        for each in variables:
            self._check_value(each.default_value)
        directives = len(node.directives or ()) + sum(len(v.directives or ()) for v in variables)
        root = self.schema.get_root_type(node.operation)
        return self._selection(node.selection_set, root, 0, 0) + Reach(directives=directives)

    def _selection(
        self, node: SelectionSetNode | None, parent: GraphQLNamedType | None, depth: int, nest: int
    ) -> Reach:
        if nest > DEEPEST_SYNTAX:
            raise LimitExceeded(f"the document is nested deeper than {DEEPEST_SYNTAX} levels")
        reach = NOTHING
        for selection in node.selections if node else ():
            self.visited += 1
            match selection:
                case FieldNode():
                    part = self._field(selection, parent, depth + 1, nest + 1)
                case InlineFragmentNode():
                    kind = selection.type_condition
                    on = self.schema.get_type(kind.name.value) if kind else parent
                    part = self._selection(selection.selection_set, on, depth, nest + 1)
                case FragmentSpreadNode():
                    part = self._fragment(selection.name.value, nest + 1)
                case _:
                    continue
            reach += part + Reach(directives=len(selection.directives or ()))
        if depth + reach.depth > self.limits.depth:
            raise LimitExceeded(_told("levels of fields", depth + reach.depth, self.limits.depth))
        return reach

    def _fragment(self, name: str, nest: int) -> Reach:
        """Return what a fragment comes to; one that is nowhere, which the rules refuse, a field."""
        node = self.fragments.get(name)
        if name in self.known:
            return self.known[name]
        if name in self.path:
            raise LimitExceeded(f"the fragment {name[:40]} spreads itself")
        if node is None:
            return Reach(fields=1)
        self.path.add(name)
        on = self.schema.get_type(node.type_condition.name.value)
        reach = self._selection(node.selection_set, on, 0, nest)
        self.path.discard(name)
        self.known[name] = reach + Reach(directives=len(node.directives or ()))
        return self.known[name]

    def _field(
        self, node: FieldNode, parent: GraphQLNamedType | None, depth: int, nest: int
    ) -> Reach:
        if depth > self.limits.depth:
            raise LimitExceeded(_told("levels of fields", depth, self.limits.depth))
        for argument in node.arguments or ():
            self._check_value(argument.value)
        name = node.name.value
        self.introspects |= name in META
        field = META.get(name) or getattr(parent, "fields", {}).get(name)
        on = get_named_type(field.type) if field else None
        within = self._selection(node.selection_set, on, depth, nest)
        fixed, per_item = self._costs(node, field, within) if node.selection_set else (0, 0)
        return replace(
            within,
            depth=within.depth + 1,
            aliases=add(within.aliases, int(node.alias is not None)),
            fields=add(within.fields, 1),
            top=1,
            enqueuing=int(name in ENQUEUES),
            fixed=fixed,
            per_item=per_item,
        )

    def _costs(self, node: FieldNode, field: GraphQLField | None, within: Reach) -> tuple[int, int]:
        """Return what the field costs by itself, and for each item of the page it stands on."""
        unpaged = self.limits.unpaged_items
        size = self._size(node, field) if field and PAGE in field.args else None
        if field is None or not _is_list(field.type):
            return add(1, within.cost(size or unpaged)), 0
        one = add(1, within.cost(unpaged))
        return (0, one) if size is None else (min(SATURATED, size * one), 0)

    def _size(self, node: FieldNode, field: GraphQLField) -> int:
        """Return how many items a page may hold; beyond the most, the resolver refuses it."""
        given = [a.value for a in node.arguments or () if a.name.value == PAGE]
        asked = self._number(given[0]) if given else field.args[PAGE].default_value
        if type(asked) is not int:  # left out, null, or no number at all
            asked = self.limits.usual_page_items
        return max(1, min(asked, self.limits.page_items))

    def _number(self, node: ValueNode | None) -> Any:
        if isinstance(node, VariableNode):
            name = node.name.value
            self.sizes.add(name)
            if name in self.given:
                return self.given[name]
            node = self.defaults.get(name)
        if not isinstance(node, IntValueNode):
            return None
        # Of no more digits than any page has, or the interpreter refuses to read it.
        return int(node.value[:LONGEST_SIZE])

    def _check_value(self, node: ValueNode | None, level: int = 0) -> None:
        if isinstance(node, ListValueNode):
            within: Sequence[ValueNode] = node.values
        elif isinstance(node, ObjectValueNode):
            within = [field.value for field in node.fields]
        else:
            self._check_leaf(node)
            return
        if level >= self.limits.input_levels:
            raise LimitExceeded(_told("levels of input", level + 1, self.limits.input_levels))
        for item in within:
            self._check_value(item, level + 1)

    def _check_leaf(self, node: ValueNode | None) -> None:
        most = self.limits.number_digits
        if isinstance(node, IntValueNode | FloatValueNode) and len(node.value) > most:
            raise LimitExceeded(_told("digits in a number", len(node.value), most))
        # Written as an escape, it is no NUL before the document is read.
        if isinstance(node, StringValueNode) and "\0" in node.value:
            raise LimitExceeded("a text held NUL; remove it")

    def _roots(self, reaches: Sequence[tuple[OperationDefinitionNode, Reach]]) -> Iterator[str]:
        limits = self.limits
        for node, reach in reaches:
            writes = node.operation is OperationType.MUTATION
            most = limits.mutation_fields if writes else limits.query_fields
            if reach.top > most:
                yield _told("fields at its root", reach.top, most)
            if writes and reach.enqueuing > limits.enqueuing_fields:
                most = limits.enqueuing_fields
                yield _told("fields that start a job", reach.enqueuing, most)

    def _totals(self, whole: Reach) -> Iterator[str]:
        for name in ("aliases", "fields", "directives"):
            found, most = getattr(whole, name), getattr(self.limits, name)
            if found > most:
                yield _told(name, found, most)


def _told(what: str, found: int, most: int) -> str:
    shown = f"{found:,}" if found < SATURATED else "too many"
    return f"the document has {shown} {what}, its fragments expanded; ask for at most {most:,}"


def _is_list(kind: object) -> bool:
    if isinstance(kind, GraphQLNonNull):
        kind = kind.of_type
    return isinstance(kind, GraphQLList)
