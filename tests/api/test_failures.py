import pytest
from sqlalchemy.exc import DBAPIError

from api.errors import DataError, ErrorCode, InvalidInput, NotFound, Unavailable
from api.services.failures import Failure, WorkFailed, failure_of
from engine import errors as engine


class DriverError(Exception):
    def __init__(self, sqlstate: str) -> None:
        super().__init__("postgresql://user:secret@host SELECT ssn")
        self.sqlstate = sqlstate


def refused(sqlstate: str, *, lost: bool = False) -> DBAPIError:
    return DBAPIError("SELECT ssn", {}, DriverError(sqlstate), connection_invalidated=lost)


@pytest.mark.parametrize(
    ("error", "code", "reason"),
    [
        (engine.InvalidParameters("x"), ErrorCode.INVALID, None),
        (engine.InsufficientHistory("x"), ErrorCode.INSUFFICIENT_HISTORY, None),
        (engine.MissingData("x"), ErrorCode.MISSING_DATA, None),
        (engine.Infeasible("x"), ErrorCode.INFEASIBLE, None),
        (engine.PanelError("x"), ErrorCode.INTERNAL, "BAD_PANEL"),
        (engine.BrokenIdentity("x"), ErrorCode.INTERNAL, "BROKEN_IDENTITY"),
        (engine.LookedAhead("x"), ErrorCode.INTERNAL, "LOOKED_AHEAD"),
        (InvalidInput("x", reason="BAD_VALUE"), ErrorCode.INVALID, "BAD_VALUE"),
        (NotFound("x"), ErrorCode.NOT_FOUND, None),
        (DataError("x"), ErrorCode.INTERNAL, None),
    ],
)
def test_translates_what_is_raised_on_purpose(error, code, reason):
    assert failure_of(error) == Failure(code=code, message="x", reason=reason)


def test_every_engine_error_has_a_meaning():
    from api.services.failures import ENGINE_CODES, ENGINE_REASONS

    assert set(engine.EngineError.__subclasses__()) == set(ENGINE_CODES) | set(ENGINE_REASONS)


def test_names_an_error_nobody_foresaw():
    assert failure_of(ZeroDivisionError("division by zero")) == Failure(
        code=ErrorCode.INTERNAL,
        message="the computation raised ZeroDivisionError: division by zero",
        reason="UNEXPECTED_ERROR",
    )


def test_out_of_memory_is_exhaustion_and_may_pass_by_itself():
    assert failure_of(MemoryError()) == Failure(
        code=ErrorCode.RESOURCE_EXHAUSTED,
        message="the computation ran out of memory",
        reason="OUT_OF_MEMORY",
        transient=True,
    )


@pytest.mark.parametrize(
    "error",
    [
        Unavailable("x"),
        ConnectionResetError(),
        TimeoutError(),
        refused("40001"),
        refused("40P01"),
        refused("55P03"),
        refused("57P01"),
        refused("08006"),
        refused("25006"),
        refused("53100"),
        refused("53300"),
        refused("28P01"),
        refused("28000"),
        refused("XX000", lost=True),
    ],
)
def test_knows_what_may_pass_by_itself(error):
    failure = failure_of(error)

    assert (failure.code, failure.transient) == (ErrorCode.UNAVAILABLE, True)


def test_a_refused_statement_is_final_and_tells_no_secret():
    failure = failure_of(refused("23514"))

    assert failure == Failure(
        code=ErrorCode.INTERNAL,
        message="the database refused a statement (state 23514)",
        reason="DATABASE_ERROR",
    )


def test_cuts_a_long_message():
    assert len(failure_of(DataError("x" * 5_000)).message) == 1_000


def test_travels_from_child_to_parent_unchanged():
    failure = failure_of(engine.MissingData("no AUDUSD before 1999-01-04"))

    assert failure_of(WorkFailed(Failure.load(failure.dump()))) == failure
