"""Two kinds of trouble: what the caller can mend is data, the rest is a masked error."""

import re
from typing import Any

import strawberry
from graphql import GraphQLError
from sqlalchemy.exc import DBAPIError
from strawberry.exceptions import StrawberryInputCoercionError

from api.errors import ClientError, ErrorCode, Unavailable
from api.limits import LIMITS
from api.services.failures import failure_of
from api.services.findings import Refused
from api.telemetry import logger

LONGEST_MESSAGE = LIMITS.error_characters
MOST_ERRORS = LIMITS.errors
# What the library guesses that was meant, which tells of names nobody asked for.
SUGGESTION = re.compile(r" Did you mean [^?]*\?")


strawberry.enum(ErrorCode, description="What kind of thing is wrong; `reason` may be finer.")


class DeadlinePassed(Exception):
    """The operation was given up so that the answer still reaches its caller."""


# What is told as it is, and is no fault.
SHOWN = (ClientError, StrawberryInputCoercionError, DeadlinePassed)


@strawberry.type(
    description="What the caller can put right. Top-level errors are only for malformed requests "
    "and server faults."
)
class UserError:
    message: str = strawberry.field(description="What was found, and what to do about it.")
    code: ErrorCode = strawberry.field(description="What kind of thing is wrong.")
    field: list[str] | None = strawberry.field(
        default=None, description="Path of the argument it is about, when it is about one."
    )
    reason: str | None = strawberry.field(
        default=None, description="The finer code, such as IDEMPOTENCY_CONFLICT."
    )


def user_errors(error: ClientError) -> list[UserError]:
    """Turn what a service refused into data."""
    faults = error.errors if isinstance(error, Refused) else (error,)
    return [
        UserError(
            message=str(fault),
            code=fault.code,
            field=list(fault.field) or None,
            reason=fault.reason,
        )
        for fault in faults
    ]


def shown(errors: list[GraphQLError], request_id: str) -> list[dict[str, Any]]:
    """Return what a caller may read of the errors: the first ten, faults of ours masked."""
    _log([cause for error in errors if (cause := _cause(error)) is not None])
    return [_shown(error, request_id) for error in errors[:MOST_ERRORS]]


def _cause(error: GraphQLError) -> Exception | None:
    cause = error.original_error
    while isinstance(cause, GraphQLError):
        cause = cause.original_error
    return cause


def _log(causes: list[Exception]) -> None:
    """Log in one line what was masked, however often it happened: the worst of it in full."""
    ours = [cause for cause in causes if not isinstance(cause, SHOWN) and not _transient(cause)]
    if ours:
        logger.error("a request met %d faults of ours", len(ours), exc_info=ours[0])
        return
    passing = [cause for cause in causes if _transient(cause)]
    if passing:
        logger.warning("a request met something that did not answer", exc_info=passing[0])


def _shown(error: GraphQLError, request_id: str) -> dict[str, Any]:
    message, extensions = _told(error, request_id)
    answer: dict[str, Any] = {"message": message[:LONGEST_MESSAGE]}
    if error.locations:
        answer["locations"] = [
            {"line": place.line, "column": place.column} for place in error.locations
        ]
    if error.path:
        answer["path"] = error.path
    return answer | {"extensions": extensions}


def _told(error: GraphQLError, request_id: str) -> tuple[str, dict[str, Any]]:
    cause = _cause(error)
    if isinstance(cause, ClientError):
        extensions = {"code": cause.reason or cause.code.value}
        return str(cause), extensions | ({"field": list(cause.field)} if cause.field else {})
    if cause is None or isinstance(cause, StrawberryInputCoercionError):
        return SUGGESTION.sub("", error.message), {"code": "BAD_REQUEST"}
    if isinstance(cause, DeadlinePassed):
        return "this took too long; ask for less at once", _masked(ErrorCode.TIMEOUT, request_id)
    if _transient(cause):
        return "temporarily unavailable, try again", _masked(ErrorCode.UNAVAILABLE, request_id)
    return "internal error", _masked(ErrorCode.INTERNAL, request_id)


def _transient(cause: Exception) -> bool:
    """Tell what did not answer, a lost socket included, from what answered wrongly."""
    if isinstance(cause, DBAPIError):
        return failure_of(cause).transient
    return isinstance(cause, Unavailable | OSError)


def _masked(code: ErrorCode, request_id: str) -> dict[str, Any]:
    return {"code": code.value, "requestId": request_id}
