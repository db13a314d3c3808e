"""Queries answered by their plans; graphql-core answers what has none, and whatever fails.

A plan holds no rule of errors. A query may be read twice, so a fault costs a second reading and
spares a second set of rules: where a null belongs, in which order, with which words.
"""

from collections import OrderedDict
from collections.abc import Mapping
from typing import Any, NamedTuple

from graphql import (
    DirectiveNode,
    DocumentNode,
    FragmentDefinitionNode,
    GraphQLIncludeDirective,
    GraphQLSchema,
    GraphQLSkipDirective,
    OperationDefinitionNode,
    VariableNode,
    Visitor,
    visit,
)
from graphql.execution.collect_fields import FragmentDetails
from graphql.execution.values import VariableValues, get_variable_values

from api.graphql.completions import Objects
from api.graphql.context import Context
from api.graphql.documents import Admitted
from api.graphql.plan import Asked, Run, Unplanned, plan
from api.telemetry import logger

KEPT = 256
NOTHING = VariableValues({}, {})
# What the resolvers of the root are given as their parent.
ROOT = object()
CHOOSING = (GraphQLIncludeDirective.name, GraphQLSkipDirective.name)


class Outline(NamedTuple):
    """An operation of a document, and the variables that choose among its fields."""

    operation: OperationDefinitionNode
    fragments: dict[str, FragmentDetails]
    choosing: tuple[str, ...]


class Plans:
    """The plans of one schema, kept by the documents' hashes; the least used make way."""

    def __init__(self, schema: GraphQLSchema) -> None:
        self.schema = schema
        self.outlines: OrderedDict[object, Outline] = OrderedDict()
        self.plans: OrderedDict[object, tuple[Asked, Objects | None]] = OrderedDict()

    async def answer(
        self, admitted: Admitted, variables: Mapping[str, Any] | None, context: Context
    ) -> dict[str, Any] | None:
        """Return the data of an admitted query; None when graphql-core has to answer it.

        What fails inside is not raised: executed again, it fails in the words of graphql-core.
        """
        if not admitted.reads_only:
            return None
        operation, digest = admitted.operation, admitted.digest
        name = operation.name.value if operation.name else None
        outline = self._outline((digest, name), admitted.document, operation)
        given = self._coerced(operation, variables)
        if given is None:
            return None
        chosen = tuple(given.coerced.get(each) for each in outline.choosing)
        asked, planned = self._plan((digest, name, chosen), outline, given)
        if planned is None:
            return None
        context.bodies = asked.bodies
        try:
            [data] = await planned.later([ROOT], Run(asked, context, given))
        except Exception as e:  # noqa: BLE001 - executed again, it is told and logged there
            logger.debug("a plan gave up: %s", type(e).__name__)
            await context.restart()
            return None
        told: dict[str, Any] = data
        return told

    def _outline(
        self, key: object, document: DocumentNode, operation: OperationDefinitionNode
    ) -> Outline:
        if key not in self.outlines:
            fragments = {
                each.name.value: FragmentDetails(each)
                for each in document.definitions
                if isinstance(each, FragmentDefinitionNode)
            }
            _keep(self.outlines, key, Outline(operation, fragments, _choosing(document)))
        return self.outlines[key]

    def _coerced(
        self, operation: OperationDefinitionNode, variables: Mapping[str, Any] | None
    ) -> VariableValues | None:
        if not operation.variable_definitions:
            return NOTHING
        given = get_variable_values(
            self.schema, operation.variable_definitions, dict(variables or {})
        )
        return given if isinstance(given, VariableValues) else None

    def _plan(
        self, key: object, outline: Outline, given: VariableValues
    ) -> tuple[Asked, Objects | None]:
        if key not in self.plans:
            asked = Asked(self.schema, outline.operation, outline.fragments, given, {})
            try:
                made: Objects | None = plan(asked)
            except Unplanned as e:
                logger.debug("no plan is made: %s", e)
                made = None
            _keep(self.plans, key, (asked, made))
        return self.plans[key]


def _keep(kept: OrderedDict[object, Any], key: object, value: Any) -> None:
    kept[key] = value
    if len(kept) > KEPT:
        kept.popitem(last=False)


class _Choosing(Visitor):
    """Notes the variables under @skip and @include."""

    def __init__(self) -> None:
        super().__init__()
        self.names: set[str] = set()

    def enter_directive(self, node: DirectiveNode, *_: Any) -> None:
        if node.name.value in CHOOSING:
            values = (argument.value for argument in node.arguments or ())
            self.names |= {each.name.value for each in values if isinstance(each, VariableNode)}


def _choosing(document: DocumentNode) -> tuple[str, ...]:
    noted = _Choosing()
    visit(document, noted)
    return tuple(sorted(noted.names))
