"""Structured logging: one JSON object a line, with the request and the job it belongs to."""

import json
import logging
from contextvars import ContextVar
from datetime import UTC, datetime
from logging.handlers import RotatingFileHandler
from pathlib import Path

logger = logging.getLogger("parakeet")
request_id: ContextVar[str | None] = ContextVar("request_id", default=None)
job_id: ContextVar[str | None] = ContextVar("job_id", default=None)

LOG_BYTES = 5_000_000


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
            line["error"] = self.formatException(record.exc_info)
        return json.dumps({key: value for key, value in line.items() if value is not None})


class SentenceFormatter(logging.Formatter):
    """Leaves tracebacks to the file."""

    def formatException(self, _: object) -> str:  # noqa: N802 - the library's name
        return ""


def configure(level: str, *, path: Path | None = None) -> None:
    """Log lines to the file, and warnings as sentences to the terminal.

    Without a file the lines go to the terminal, where a collector picks them up.
    """
    terminal = logging.StreamHandler()
    handlers: list[logging.Handler] = [terminal]
    if path is None:
        terminal.setFormatter(JsonFormatter())
    else:
        path.parent.mkdir(parents=True, exist_ok=True)
        terminal.setLevel(logging.WARNING)
        terminal.setFormatter(SentenceFormatter("%(levelname)s: %(message)s"))
        file = RotatingFileHandler(path, maxBytes=LOG_BYTES, backupCount=1)
        file.setFormatter(JsonFormatter())
        handlers.append(file)
    logging.basicConfig(level=level, handlers=handlers, force=True)
