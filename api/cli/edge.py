"""What every command shares: settings, and errors turned into a sentence and an exit code."""

from collections.abc import Iterator
from contextlib import contextmanager

import typer
from pydantic import ValidationError

from api import telemetry
from api.errors import AppError, ClientError, ErrorCode, Unavailable
from api.settings import Settings

FAILED, BAD_INPUT, UNAVAILABLE = 1, 2, 3


@contextmanager
def exit_codes() -> Iterator[None]:
    """Say on standard error what went wrong and leave with the code of its kind."""
    try:
        yield
    except AppError as e:
        typer.echo(f"parakeet: {e}", err=True)
        raise typer.Exit(exit_code(e)) from e


def exit_code(error: AppError) -> int:
    if isinstance(error, ClientError):
        return BAD_INPUT
    return UNAVAILABLE if error.code is ErrorCode.UNAVAILABLE else FAILED


def load_settings() -> Settings:
    """Read the settings; one that cannot be is named on standard error, and the command ends."""
    try:
        return Settings()
    except ValidationError as e:
        for problem in e.errors():
            name = ".".join(str(part) for part in problem["loc"])
            message = problem["msg"].removeprefix("Value error, ")
            typer.echo(f"parakeet: setting {name}: {message}", err=True)
        raise typer.Exit(BAD_INPUT) from e


def begin() -> Settings:
    """Read the settings and open the log; what prevents either is said, and the command ends."""
    settings = load_settings()
    with exit_codes():
        try:
            telemetry.configure(settings.log_level, path=settings.home / "parakeet.log")
        except OSError as e:
            raise Unavailable(
                f"nothing can be written in {settings.home}: {e.strerror};"
                " name a folder of yours in PARAKEET_HOME"
            ) from e
    return settings
