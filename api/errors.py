"""What the product refuses, and what it could not do.

AppError(code, retryable)
 x ClientError    the caller can put it right; the message is shown
    x InvalidInput  NotFound  Conflict  Forbidden  LimitExceeded
    x UnknownSymbol  InsufficientHistory  MissingData
 x ServerError    the caller cannot; masked and logged
    x Unavailable   something did not answer; trying again is right
    x DataError     something answered nonsense; trying again is not
    x FetchFailed   a provider did not give what it was asked for; `kind` says why
"""

from collections.abc import Sequence
from enum import StrEnum
from typing import ClassVar


class ErrorCode(StrEnum):
    """The contract's codes; a finer code travels as the error's ``reason``."""

    INVALID = "INVALID"
    NOT_FOUND = "NOT_FOUND"
    CONFLICT = "CONFLICT"
    FORBIDDEN = "FORBIDDEN"
    LIMIT_EXCEEDED = "LIMIT_EXCEEDED"
    UNAVAILABLE = "UNAVAILABLE"
    INFEASIBLE = "INFEASIBLE"
    INSUFFICIENT_HISTORY = "INSUFFICIENT_HISTORY"
    UNKNOWN_SYMBOL = "UNKNOWN_SYMBOL"
    STALE_VERSION = "STALE_VERSION"
    MISSING_DATA = "MISSING_DATA"
    TIMEOUT = "TIMEOUT"
    RESOURCE_EXHAUSTED = "RESOURCE_EXHAUSTED"
    EXPIRED = "EXPIRED"
    INTERNAL = "INTERNAL"


class AppError(Exception):
    """Base of what the product raises on purpose."""

    code: ClassVar[ErrorCode] = ErrorCode.INTERNAL
    retryable: ClassVar[bool] = False


class ClientError(AppError):
    """Name the field by its path in the request, such as ``("input", "parameters", "top_n")``."""

    def __init__(
        self, message: str, *, field: Sequence[str] = (), reason: str | None = None
    ) -> None:
        super().__init__(message)
        self.field = tuple(field)
        self.reason = reason


class InvalidInput(ClientError):
    code = ErrorCode.INVALID


class NotFound(ClientError):
    code = ErrorCode.NOT_FOUND


class Conflict(ClientError):
    code = ErrorCode.CONFLICT


class Forbidden(ClientError):
    code = ErrorCode.FORBIDDEN


class LimitExceeded(ClientError):
    code = ErrorCode.LIMIT_EXCEEDED


class UnknownSymbol(ClientError):
    code = ErrorCode.UNKNOWN_SYMBOL


class InsufficientHistory(ClientError):
    code = ErrorCode.INSUFFICIENT_HISTORY


class MissingData(ClientError):
    code = ErrorCode.MISSING_DATA


class ServerError(AppError):
    """Base of what the caller cannot put right."""


class Unavailable(ServerError):
    code = ErrorCode.UNAVAILABLE
    retryable = True


class DataError(ServerError):
    code = ErrorCode.INTERNAL


class FailureKind(StrEnum):
    """Why a provider did not give what it was asked for."""

    RATE_LIMITED = "RATE_LIMITED"
    UNKNOWN_SYMBOL = "UNKNOWN_SYMBOL"
    DELISTED = "DELISTED"
    TIMEOUT = "TIMEOUT"
    NETWORK = "NETWORK"
    BAD_DATA = "BAD_DATA"
    NOT_CONFIGURED = "NOT_CONFIGURED"


PASSING = frozenset({FailureKind.RATE_LIMITED, FailureKind.TIMEOUT, FailureKind.NETWORK})


class FetchFailed(ServerError):
    """One try at a provider failed; whether another may succeed depends on the kind."""

    code = ErrorCode.UNAVAILABLE

    def __init__(
        self, kind: FailureKind, message: str, *, retry_after_seconds: float | None = None
    ) -> None:
        super().__init__(message)
        self.kind = kind
        self.retry_after_seconds = retry_after_seconds

    @property
    def passing(self) -> bool:
        """Tell whether another try can help."""
        return self.kind in PASSING
