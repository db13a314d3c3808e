"""What the product tells of itself: log lines, metrics, traces.

One logger for every place. On a machine of one's own its lines go to a file; in a function they
go to standard output as Powertools writes them, with the invocation's metrics as one more line.
Either way a line carries the ids of the request and of the job it belongs to.

Powertools is imported when it first has something to write: not while a function starts.
"""

import json
import logging
import sys
import traceback
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from copy import copy
from datetime import UTC, datetime
from enum import StrEnum
from functools import cached_property
from importlib import import_module
from pathlib import Path
from types import ModuleType
from typing import Any

logger = logging.getLogger("parakeet")
request_id: ContextVar[str | None] = ContextVar("request_id", default=None)
job_id: ContextVar[str | None] = ContextVar("job_id", default=None)

NAMESPACE = "PotentialParakeet"
LOG_BYTES = 5_000_000
# A log of what anybody may send must not grow with it.
MESSAGE_CHARACTERS = 1_000
TRACE_CHARACTERS = 1_200
ORDER = ["level", "location", "message", "timestamp", "logger", "request_id", "job_id"]
OURS = ("api.", "models.", "engine.")
# They tell of each request or statement in words of their own.
CHATTY = ("mangum", "botocore", "aiobotocore", "aws_xray_sdk")


class Metric(StrEnum):
    """Everything that is counted; the names are those of the alarms and the dashboards."""

    JOBS_SUBMITTED = "JobsSubmitted"
    REUSED_RUNS = "ReusedRuns"
    JOBS_SUCCEEDED = "JobsSucceeded"
    JOBS_FAILED = "JobsFailed"
    JOBS_CANCELLED = "JobsCancelled"
    JOBS_RELEASED = "JobsReleased"
    JOBS_LOST = "JobsLost"
    JOBS_PARTED = "JobsParted"
    BACKTESTS = "Backtests"
    TRIALS = "Trials"
    NONDETERMINISTIC_RUNS = "NondeterministicRuns"
    ROWS_WRITTEN = "RowsWritten"
    COMPUTE_SECONDS = "ComputeSeconds"
    POISON_MESSAGES = "PoisonMessages"
    SCHEDULES_REFUSED = "SchedulesRefused"
    OLDEST_QUEUED_SECONDS = "OldestQueuedSeconds"
    OLDEST_RUNNING_SECONDS = "OldestRunningSeconds"
    JOBS_SWEPT = "JobsSwept"
    OBJECTS_SWEPT = "ObjectsSwept"

    @property
    def unit(self) -> str:
        return "Seconds" if self.value.endswith("Seconds") else "Count"


class Meter:
    """Sums what happened since it was last written; as many numbers as there are names."""

    def __init__(self) -> None:
        self.sums: dict[Metric, float] = {}

    def add(self, metric: Metric, number: float = 1.0) -> None:
        self.sums[metric] = self.sums.get(metric, 0.0) + number

    def write(self) -> None:
        """Print the sums as one line that CloudWatch reads metrics from, and begin anew."""
        sums, self.sums = self.sums, {}
        if not sums:
            return
        metrics = powertools("metrics").Metrics(namespace=NAMESPACE)
        for metric, number in sums.items():
            metrics.add_metric(name=metric.value, unit=metric.unit, value=number)
        metrics.flush_metrics()


meter = Meter()


class JsonFormatter(logging.Formatter):
    def format(self, record: logging.LogRecord) -> str:
        """Return one line; ids that are not set are left out."""
        line: dict[str, object] = {
            "at": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname,
            "logger": record.name,
            "message": record.getMessage(),
            "request_id": request_id.get(),
            "job_id": job_id.get(),
        }
        if record.exc_info:
            line["error"] = self.formatException(record.exc_info)[-TRACE_CHARACTERS:]
        return json.dumps({key: value for key, value in line.items() if value is not None})


class SentenceFormatter(logging.Formatter):
    """Leaves tracebacks to the file."""

    def formatException(self, _: object) -> str:  # noqa: N802 - the library's name
        return ""


class FunctionFormatter(logging.Formatter):
    """Writes a line as Powertools does, without what an error of others may quote."""

    @cached_property
    def _made(self) -> logging.Formatter:
        formatter: logging.Formatter = powertools("logging.formatter").LambdaPowertoolsFormatter(
            log_record_order=ORDER, use_rfc3339=True, utc=True, serialize_stacktrace=False
        )
        return formatter

    def format(self, record: logging.LogRecord) -> str:
        line = copy(record)  # other handlers see the record too
        line.msg, line.args = record.getMessage()[:MESSAGE_CHARACTERS], None
        line.request_id, line.job_id, line.logger = request_id.get(), job_id.get(), record.name
        if record.exc_info and record.exc_info[1] is not None:
            line.exc_info, line.exc_text = None, None
            line.exception_name = record.exc_info[0].__name__ if record.exc_info[0] else None
            line.exception = discreet(record.exc_info[1])[-TRACE_CHARACTERS:]
        return self._made.format(line)


def discreet(error: BaseException) -> str:
    """Return a traceback in which only errors of ours speak.

    Those of a driver or a validator quote statements, addresses and values.
    """
    told = traceback.TracebackException.from_exception(error, lookup_lines=False)
    lines = []
    for part, cause in _chain(told, error):
        lines += [f"{frame.filename}:{frame.lineno} in {frame.name}" for frame in part.stack]
        ours = type(cause).__module__.startswith(OURS)
        lines.append(f"{type(cause).__name__}{f': {cause}' if ours else ''}")
    return "\n".join(lines)


def _chain(
    told: traceback.TracebackException | None, error: BaseException | None
) -> Iterator[tuple[traceback.TracebackException, BaseException]]:
    """Pair each link of the chain with its error, the first cause first."""
    links = []
    while told is not None and error is not None:
        links.append((told, error))
        because = told.__cause__ is not None
        told = told.__cause__ if because else told.__context__
        error = error.__cause__ if because else error.__context__
    yield from reversed(links)


def powertools(name: str) -> ModuleType:
    """Import a part of Powertools without botocore, which it needs only to sign its name."""
    hidden = "botocore" not in sys.modules and "aws_lambda_powertools" not in sys.modules
    if hidden:
        sys.modules["botocore"] = None  # type: ignore[assignment]
    try:
        return import_module(f"aws_lambda_powertools.{name}")
    finally:
        if hidden:
            del sys.modules["botocore"]


_tracer: Any = None


def trace() -> None:
    """Tell X-Ray of every `traced` block from now on; imports its SDK."""
    global _tracer  # noqa: PLW0603 - one per process, like the logger
    _tracer = powertools("tracing").Tracer(auto_patch=False)


@contextmanager
def traced(name: str) -> Iterator[None]:
    """Tell X-Ray how long the block took, if it is told anything; a failure without its words."""
    if _tracer is None or _tracer.disabled:
        yield
        return
    part = _tracer.provider.begin_subsegment(name)
    if part is None:  # an invocation nobody traces
        yield
        return
    try:
        part.put_annotation("job_id", job_id.get() or "")
        yield
    except BaseException:
        part.add_fault_flag()
        raise
    finally:
        _tracer.provider.end_subsegment()


@contextmanager
def invocation(id: str) -> Iterator[None]:
    """Mark the lines of one invocation of a function, and write its metrics at the end."""
    token = request_id.set(id)
    try:
        yield
    finally:
        request_id.reset(token)
        meter.write()


def configure(level: str, *, path: Path | None = None) -> None:
    """Log lines to the file, and warnings as sentences to the terminal.

    Without a file the lines go to the terminal, where a collector picks them up.
    """
    terminal = logging.StreamHandler()
    handlers: list[logging.Handler] = [terminal]
    if path is None:
        terminal.setFormatter(JsonFormatter())
    else:
        from logging.handlers import RotatingFileHandler  # brings sockets, and a function has none

        path.parent.mkdir(parents=True, exist_ok=True)
        terminal.setLevel(logging.WARNING)
        terminal.setFormatter(SentenceFormatter("%(levelname)s: %(message)s"))
        file = RotatingFileHandler(path, maxBytes=LOG_BYTES, backupCount=1)
        file.setFormatter(JsonFormatter())
        handlers.append(file)
    logging.basicConfig(level=level, handlers=handlers, force=True)


def configure_function(level: str) -> None:
    """Log to standard output as Powertools does, in place of the runtime's own handler."""
    output = logging.StreamHandler(sys.stdout)
    output.setFormatter(FunctionFormatter())
    logging.basicConfig(level=level, handlers=[output], force=True)
    for name in CHATTY:
        logging.getLogger(name).setLevel(logging.WARNING)
