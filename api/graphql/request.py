"""The body of a GraphQL request, read strictly: what could mean two things means neither."""

import json
import math
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

MOST_LEVELS = 32
LONGEST_NUMBER = 400
# NUL cannot be stored, and half a surrogate pair is no character.
UNSTORABLE = re.compile("[\x00\ud800-\udfff]")


class BadRequest(Exception):
    """The request is malformed; nothing of it was executed."""


@dataclass(frozen=True)
class GraphQLRequest:
    query: str
    operation_name: str | None = None
    variables: dict[str, Any] | None = None


def read_request(body: bytes) -> GraphQLRequest:
    """Read one request. Raises BadRequest, saying what to write instead."""
    content = _content(body)
    if not isinstance(content, dict):
        raise BadRequest("the body was no JSON object; send one with the key query")
    query = content.get("query")
    if not isinstance(query, str) or not query.strip():
        raise BadRequest("query was missing or no text; send the document as text")
    return GraphQLRequest(
        query=query,
        operation_name=_optional(content, "operationName", str, "text"),
        variables=_optional(content, "variables", dict, "an object"),
    )


def _content(body: bytes) -> Any:
    try:
        content = json.loads(
            body.decode("utf-8", errors="strict"),
            object_pairs_hook=_object,
            parse_constant=_no_constant,
            parse_float=_float,
            parse_int=_int,
        )
    except RecursionError:
        raise BadRequest(f"the body was nested deeper than {MOST_LEVELS} levels") from None
    except ValueError as e:
        raise BadRequest(f"the body was no JSON: {e}") from e
    _check(content, 0)
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


def _float(text: str) -> float:
    value = float(text) if len(text) <= LONGEST_NUMBER else math.inf
    if not math.isfinite(value):
        raise ValueError(f"the number {text[:20]} is too large")
    return value


def _int(text: str) -> int:
    if len(text) > LONGEST_NUMBER:
        raise ValueError(f"the number {text[:20]} is too large")
    return int(text)


def _check(value: Any, level: int) -> None:
    if level > MOST_LEVELS:
        raise BadRequest(f"the body was nested deeper than {MOST_LEVELS} levels")
    match value:
        case str():
            if UNSTORABLE.search(value):
                raise BadRequest("a text held NUL or half a surrogate pair; remove it")
        case dict():
            for key, item in value.items():
                _check(key, level)
                _check(item, level + 1)
        case list():
            for item in value:
                _check(item, level + 1)
