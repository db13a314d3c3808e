"""Which documents are executed: known or allowed, within the limits, valid, and read only once.

1. The text: of a trusted document by its hash, else as it was sent, by who may explore.
2. Length and tokens, before and while it is read.
3. One walk for everything else that is limited, before the standard rules, which are not.
4. The standard rules.

What was accepted is kept; a refusal never is, or junk would drive the good ones out.
"""

import hashlib
from collections import OrderedDict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from graphql import (
    DocumentNode,
    GraphQLError,
    GraphQLSchema,
    OperationDefinitionNode,
    OperationType,
    parse,
    specified_rules,
    validate,
)
from strawberry.extensions import SchemaExtension
from strawberry.schema.validation_rules.maybe_null import MaybeNullValidationRule
from strawberry.schema.validation_rules.one_of import OneOfInputValidationRule

from api.errors import LimitExceeded
from api.graphql.guards import Survey, survey
from api.graphql.request import BadRequest, GraphQLRequest
from api.graphql.sent_values import excesses
from api.graphql.trusted import Trusted
from api.limits import Limits

RULES = (*specified_rules, MaybeNullValidationRule, OneOfInputValidationRule)
KEPT_DOCUMENTS = 128
KEPT_COSTS = 128


class Refused(Exception):
    """The document is not executed; `cost` is told where it was reckoned."""

    def __init__(self, errors: list[GraphQLError], cost: int | None = None) -> None:
        super().__init__("the document was refused")
        self.errors = errors
        self.cost = cost


@dataclass
class Known:
    """A document, and what its operations cost by the sizes of their pages."""

    document: DocumentNode
    survey: Survey
    costs: dict[tuple[object, ...], int] = field(default_factory=dict)


@dataclass(frozen=True)
class Admitted:
    """A document that may be executed, and the operation of it that is asked for."""

    text: str
    document: DocumentNode
    operation: OperationDefinitionNode
    digest: str
    cost: int

    @property
    def reads_only(self) -> bool:
        return self.operation.operation is OperationType.QUERY


class Documents(SchemaExtension):
    """Spares Strawberry what the gate has done; what did not come through it is read in full."""

    def on_parse(self) -> Iterator[None]:
        context = self.execution_context
        context.graphql_document = getattr(context.context, "document", None)
        yield

    def on_validate(self) -> Iterator[None]:
        context = self.execution_context
        if context.graphql_document is getattr(context.context, "document", None):
            context.pre_execution_errors = []
        yield


class Gate:
    """Admits documents to one schema within one set of limits."""

    def __init__(self, schema: GraphQLSchema, limits: Limits, listed: Trusted) -> None:
        self.schema, self.limits, self.listed = schema, limits, listed
        # As many as the page has, so nothing drives them out.
        self.trusted: dict[str, Known] = {}
        self.raw: OrderedDict[str, Known] = OrderedDict()

    def admit(self, request: GraphQLRequest, *, explores: bool, introspects: bool) -> Admitted:
        """Return what to execute.

        `explores` lets documents in that are not the page's, `introspects` those that ask for the
        schema. Raises BadRequest when it cannot be told what is asked for, Refused when it is not
        to be executed.
        """
        digest, text = self._text(request, explores=explores)
        variables = request.variables or {}
        kept = self._kept(digest, text)
        document = kept.document if kept else self._parsed(text)
        operation = _operation(document, request.operation_name)
        known = kept or self._walked(document, request.operation_name, variables)
        cost = self._cost(known, request.operation_name, variables)
        self._check(known, cost, variables, introspects=introspects)
        if kept is None:
            self._validate(document, cost)
            self._keep(digest, text, known)
        return Admitted(text, document, operation, digest or sha256(text), cost)

    def _text(self, request: GraphQLRequest, *, explores: bool) -> tuple[str | None, str]:
        """Return the document and, if it is a trusted one, its hash."""
        text, digest = request.query or "", request.digest
        if text and digest and sha256(text) != digest:
            raise BadRequest(
                "the hash was not the document's; send one of the two", code="HASH_MISMATCH"
            )
        listed = self.listed.find(digest) if digest else None
        if listed is not None:
            return digest, listed
        if text and explores:
            return None, text
        if digest:
            raise BadRequest(
                "the page has no document of this hash; reload it", code="PERSISTED_QUERY_NOT_FOUND"
            )
        raise BadRequest(
            "only the page's own documents are executed here; to send others, ask whoever runs this"
            " server for the scope api:explore",
            status=403,
            code="PERSISTED_QUERY_ONLY",
        )

    def _kept(self, digest: str | None, text: str) -> Known | None:
        if digest is not None:
            return self.trusted.get(digest)
        if text in self.raw:
            self.raw.move_to_end(text)
        return self.raw.get(text)

    def _keep(self, digest: str | None, text: str, known: Known) -> None:
        if digest is not None:
            self.trusted[digest] = known
            return
        self.raw[text] = known
        if len(self.raw) > KEPT_DOCUMENTS:
            self.raw.popitem(last=False)

    def _parsed(self, text: str) -> DocumentNode:
        most = self.limits.document_characters
        if len(text) > most:
            raise _beyond(f"the document had {len(text):,} characters; write at most {most:,}")
        try:
            return parse(text, max_tokens=self.limits.tokens)
        except GraphQLError as e:
            raise Refused([e]) from e

    def _walked(
        self, document: DocumentNode, name: str | None, variables: Mapping[str, Any]
    ) -> Known:
        found = survey(document, self.schema, variables, self.limits)
        cost = found.cost(name, self.limits)
        return Known(document, found, {_sizes(found, name, variables): cost})

    def _cost(self, known: Known, name: str | None, variables: Mapping[str, Any]) -> int:
        """Return the cost; only a page of a size not seen yet is reckoned anew."""
        sizes = _sizes(known.survey, name, variables)
        if sizes not in known.costs:
            if len(known.costs) >= KEPT_COSTS:
                known.costs.clear()
            found = survey(known.document, self.schema, variables, self.limits)
            known.costs[sizes] = found.cost(name, self.limits)
        return known.costs[sizes]

    def _check(
        self, known: Known, cost: int, variables: Mapping[str, Any], *, introspects: bool
    ) -> None:
        problems = [*known.survey.problems, *excesses(variables, self.limits)]
        if cost > self.limits.cost:
            most = f"{self.limits.cost:,}"
            problems.append(f"the document costs {cost:,}; by smaller pages ask for at most {most}")
        if known.survey.introspects:
            if not introspects:
                raise Refused([GraphQLError("the schema is not told here")])
            if _is_introspection(known.document):
                return
        if problems:
            raise _beyond(*problems, cost=cost)

    def _validate(self, document: DocumentNode, cost: int) -> None:
        errors = validate(self.schema, document, RULES, hide_suggestions=True)
        if errors:
            raise Refused(errors, cost)


def sha256(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


def _beyond(*problems: str, cost: int | None = None) -> Refused:
    errors = [GraphQLError(told, original_error=LimitExceeded(told)) for told in problems]
    return Refused(errors, cost)


def _sizes(found: Survey, name: str | None, variables: Mapping[str, Any]) -> tuple[object, ...]:
    asked = (variables.get(size) for size in sorted(found.sizes))
    return (name, *(size if type(size) is int else None for size in asked))


def _operation(document: DocumentNode, name: str | None) -> OperationDefinitionNode:
    """Return the operation that is asked for; where two might be, running one would be a guess."""
    nodes = [node for node in document.definitions if isinstance(node, OperationDefinitionNode)]
    named = [n for n in nodes if name is None or (n.name is not None and n.name.value == name)]
    if not named:
        raise BadRequest("the document has no operation of this name; name one it has")
    if name is None and len(nodes) > 1:
        raise BadRequest("the document has several operations; name one by operationName")
    if named[0].operation is OperationType.SUBSCRIPTION:
        raise Refused([GraphQLError("subscriptions are not served; ask again for what changes")])
    return named[0]


def _is_introspection(document: DocumentNode) -> bool:
    """Tell the standard question for the whole schema, which every tool asks, from others."""
    from api.graphql.introspection import is_standard

    return is_standard(document)
