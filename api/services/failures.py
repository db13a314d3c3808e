"""What an exception means to the person whose job it ended."""

from dataclasses import asdict, dataclass
from typing import Any, Self

from sqlalchemy.exc import DBAPIError

from api.errors import AppError, ErrorCode
from engine import errors as engine

MAX_MESSAGE = 1_000
# Serialisation, deadlock, a lock that another writer holds for longer than we may wait, shutdown. A
# password is refused (28P01, 28000) for as long as a rotation takes to tell us the new one, and a
# write (25006) for as long as a failover takes.
TRANSIENT_STATES = frozenset(
    {"40001", "40P01", "55P03", "57P01", "57P02", "57P03", "28P01", "28000", "25006"}
)
# A lost connection; what the server lacks: memory, disk, connections.
TRANSIENT_CLASSES = ("08", "53")
ENGINE_CODES: dict[type[engine.EngineError], ErrorCode] = {
    engine.InvalidParameters: ErrorCode.INVALID,
    engine.InsufficientHistory: ErrorCode.INSUFFICIENT_HISTORY,
    engine.MissingData: ErrorCode.MISSING_DATA,
    engine.Infeasible: ErrorCode.INFEASIBLE,
}
ENGINE_REASONS: dict[type[engine.EngineError], str] = {
    engine.PanelError: "BAD_PANEL",
    engine.BrokenIdentity: "BROKEN_IDENTITY",
    engine.LookedAhead: "LOOKED_AHEAD",
}
# Reasons that want a traceback in the log.
UNFORESEEN = frozenset(
    {"UNEXPECTED_ERROR", "DATABASE_ERROR", "BROKEN_IDENTITY", "BAD_PANEL", "LOOKED_AHEAD"}
)


@dataclass(frozen=True, kw_only=True)
class Failure:
    """Code of the contract, finer reason, and a sentence the owner of the job may read."""

    code: ErrorCode
    message: str
    reason: str | None = None
    transient: bool = False

    def dump(self) -> dict[str, Any]:
        return asdict(self)

    @classmethod
    def load(cls, fields: dict[str, Any]) -> Self:
        return cls(**fields | {"code": ErrorCode(fields["code"])})


class WorkFailed(AppError):
    """A computation elsewhere ended in this failure."""

    def __init__(self, failure: Failure) -> None:
        super().__init__(failure.message)
        self.failure = failure


def failure_of(error: BaseException) -> Failure:
    """Translate an exception of a work into what its job will say."""
    match error:
        case WorkFailed():
            return error.failure
        case AppError():
            reason = getattr(error, "reason", None)
            return _failure(error.code, str(error), reason, transient=error.retryable)
        case engine.EngineError():
            code = ENGINE_CODES.get(type(error), ErrorCode.INTERNAL)
            return _failure(code, str(error), ENGINE_REASONS.get(type(error)))
        case DBAPIError():
            return _database_failure(error)
        case MemoryError():
            # Perhaps for what else the machine was doing: tried again while attempts are left.
            message = "the computation ran out of memory"
            return _failure(ErrorCode.RESOURCE_EXHAUSTED, message, "OUT_OF_MEMORY", transient=True)
        case ConnectionError() | TimeoutError():
            message = "a part of the system did not answer in time"
            return _failure(ErrorCode.UNAVAILABLE, message, transient=True)
        case _:
            text = str(error).strip() or "no message"
            message = f"the computation raised {type(error).__name__}: {text}"
            return _failure(ErrorCode.INTERNAL, message, "UNEXPECTED_ERROR")


def _database_failure(error: DBAPIError) -> Failure:
    """Name the state only: the driver's text carries statements and values."""
    state = getattr(error.orig, "sqlstate", None) or ""
    if (
        error.connection_invalidated
        or state in TRANSIENT_STATES
        or state.startswith(TRANSIENT_CLASSES)
    ):
        return _failure(ErrorCode.UNAVAILABLE, "the database did not answer", transient=True)
    message = f"the database refused a statement (state {state or 'unknown'})"
    return _failure(ErrorCode.INTERNAL, message, "DATABASE_ERROR")


def _failure(
    code: ErrorCode, message: str, reason: str | None = None, *, transient: bool = False
) -> Failure:
    return Failure(code=code, message=message[:MAX_MESSAGE], reason=reason, transient=transient)
