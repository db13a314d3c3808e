"""The body of a GraphQL request, read strictly: what could mean two things means neither."""

import json
import math
import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from api.limits import LIMITS, Limits

DIGEST = re.compile(r"[0-9a-f]{64}")
# NUL cannot be stored, and half a surrogate pair is no character.
UNSTORABLE = re.compile("[\x00\ud800-\udfff]")


class BadRequest(Exception):
    """The request is malformed, or not one that is taken here; nothing of it was executed."""

    def __init__(self, message: str, *, status: int = 400, code: str = "BAD_REQUEST") -> None:
        super().__init__(message)
        self.status = status
        self.code = code


@dataclass(frozen=True)
class GraphQLRequest:
    """A document or the hash of one, or both."""

    query: str | None = None
    operation_name: str | None = None
    variables: dict[str, Any] | None = None
    digest: str | None = None
    by_get: bool = False


def read_request(body: bytes, limits: Limits = LIMITS) -> GraphQLRequest:
    """Read one request. Raises BadRequest, saying what to write instead."""
    content = _content(body, limits)
    if not isinstance(content, dict):
        raise BadRequest("the body was no JSON object; send one with the key query")
    return request_of(content)


def read_query(parameters: Mapping[str, str], limits: Limits = LIMITS) -> GraphQLRequest:
    """Read a request that came as the parameters of an address. Raises BadRequest."""
    objects = {
        name: _content(parameters[name].encode(), limits)
        for name in ("variables", "extensions")
        if parameters.get(name)
    }
    return replace(request_of({**parameters, **objects}), by_get=True)


def request_of(content: Mapping[str, Any]) -> GraphQLRequest:
    """Return the request that a JSON object makes. Raises BadRequest."""
    query = _optional(content, "query", str, "text")
    digest = _digest(content)
    if digest is None and (query is None or not query.strip()):
        raise BadRequest("query was missing or empty; send the document as text")
    return GraphQLRequest(
        query=query or None,
        operation_name=_optional(content, "operationName", str, "text") or None,
        variables=_optional(content, "variables", dict, "an object"),
        digest=digest,
    )


def _digest(content: Mapping[str, Any]) -> str | None:
    """Return the hash a document is asked for by, in either of the two places for it."""
    extensions = _optional(content, "extensions", dict, "an object") or {}
    persisted = _optional(extensions, "persistedQuery", dict, "an object") or {}
    given = {
        digest
        for digest in (
            _optional(content, "documentId", str, "text"),
            _optional(persisted, "sha256Hash", str, "text"),
        )
        if digest is not None
    }
    if len(given) > 1:
        raise BadRequest("documentId and sha256Hash were not the same; send one of them")
    for digest in given:
        if not DIGEST.fullmatch(digest):
            raise BadRequest("the hash was no SHA-256; send 64 lower-case hex digits")
    return given.pop() if given else None


def _content(body: bytes, limits: Limits) -> Any:
    digits = limits.number_digits
    try:
        content = json.loads(
            body.decode("utf-8", errors="strict"),
            object_pairs_hook=_object,
            parse_constant=_no_constant,
            parse_float=lambda text: _float(text, digits),
            parse_int=lambda text: _int(text, digits),
        )
    except RecursionError:
        raise _too_deep(limits) from None
    except ValueError as e:
        raise BadRequest(f"the body was no JSON: {e}") from e
    _check(content, 0, limits)
    return content


def _optional(content: Mapping[str, Any], name: str, kind: type[Any], wanted: str) -> Any:
    value = content.get(name)
    if value is not None and not isinstance(value, kind):
        raise BadRequest(f"{name} was no {wanted.removeprefix('an ')}; send {wanted} or null")
    return value


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise ValueError("a key was given twice in one object")
    return found


def _no_constant(name: str) -> Any:
    raise ValueError(f"{name} is no JSON number")


def _float(text: str, digits: int) -> float:
    value = float(text) if len(text) <= digits else math.inf
    if not math.isfinite(value):
        raise ValueError(f"the number {text[:20]} is too large")
    return value


def _int(text: str, digits: int) -> int:
    if len(text) > digits:
        raise ValueError(f"the number {text[:20]} is too large")
    return int(text)


def _check(value: Any, level: int, limits: Limits) -> None:
    if level > limits.json_levels:
        raise _too_deep(limits)
    match value:
        case str():
            if UNSTORABLE.search(value):
                raise BadRequest("a text held NUL or half a surrogate pair; remove it")
        case dict():
            for key, item in value.items():
                _check(key, level, limits)
                _check(item, level + 1, limits)
        case list():
            for item in value:
                _check(item, level + 1, limits)


def _too_deep(limits: Limits) -> BadRequest:
    return BadRequest(f"the body was nested deeper than {limits.json_levels} levels")
