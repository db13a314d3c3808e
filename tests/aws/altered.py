"""A function on a worse host, or of another build: its environment says in what it differs.

ORIGINAL_HANDLER
    What it is apart from that.
HOST_CLOCK
    A file that holds by how many seconds the host's clock is ahead; it may change at any time.
HOST_MEMORY, GREEDY
    Bytes the process may hold, and the place, as ``module:function``, that asks for more.
BUILD
    A name of `BUILDS`: the messages of a release before this one, or after it.
"""

import datetime as dt
import importlib
import json
import os
import resource
import time
from collections.abc import Callable
from pathlib import Path
from typing import Annotated, Any

REAL_TIME, REAL_DATETIME, REAL_DATE = time.time, dt.datetime, dt.date


def ahead() -> float:
    return float(Path(os.environ["HOST_CLOCK"]).read_text() or 0)


class Like(type):
    """Its classes stand for real ones: what is made of them is real, and counts as theirs."""

    def __instancecheck__(cls, instance: object) -> bool:
        return isinstance(instance, cls.__mro__[1])

    def __subclasscheck__(cls, other: type) -> bool:
        return issubclass(other, cls.__mro__[1])


class HostDatetime(REAL_DATETIME, metaclass=Like):
    def __new__(cls, *given: Any, **named: Any) -> Any:
        return REAL_DATETIME(*given, **named)

    @classmethod
    def now(cls, tz: dt.tzinfo | None = None) -> Any:
        return REAL_DATETIME.fromtimestamp(time.time(), tz)

    @classmethod
    def today(cls) -> Any:
        return cls.now()

    @classmethod
    def utcnow(cls) -> Any:
        return cls.now(dt.UTC).replace(tzinfo=None)


class HostDate(REAL_DATE, metaclass=Like):
    def __new__(cls, *given: Any, **named: Any) -> Any:
        return REAL_DATE(*given, **named)

    @classmethod
    def today(cls) -> Any:
        return HostDatetime.now().date()


def move_clock() -> None:
    """Show the host's clock to whatever is imported from now on, but what is compiled.

    That knows the real classes by their size.
    """
    for compiled in ("asyncpg", "pandas", "pyarrow"):
        importlib.import_module(compiled)
    time.time = lambda: REAL_TIME() + ahead()
    time.time_ns = lambda: int(time.time() * 1e9)
    dt.datetime, dt.date = HostDatetime, HostDate  # type: ignore[misc]


def make_greedy(place: str, most: int) -> None:
    """Let the function there ask for all the process may hold before it does its work."""
    module, name = place.split(":")
    home = importlib.import_module(module)
    usual = getattr(home, name)

    def greedy(*given: Any, **named: Any) -> Any:
        bytearray(most)
        return usual(*given, **named)

    setattr(home, name, greedy)
    resource.setrlimit(resource.RLIMIT_DATA, (most, most))


def speak(messages: Callable[[type], type]) -> None:
    """Let both ends of the queue use another release's messages."""
    import api.jobs
    import api.services.jobs

    api.jobs.JobMessage = api.services.jobs.JobMessage = messages(api.jobs.JobMessage)


def terse(usual: type) -> type:
    """A release that knew fewer fields."""

    class Terse(usual):
        def model_dump_json(self, **given: Any) -> str:
            told = json.loads(super().model_dump_json(**given))
            return json.dumps({name: told[name] for name in ("schemaVersion", "jobId")})

    return Terse


def verbose(usual: type) -> type:
    """A release that knows more fields."""

    class Verbose(usual):
        priority: int = 5
        labels: dict[str, str] = {"team": "research"}  # noqa: RUF012 - pydantic copies it

    return Verbose


def second(usual: type) -> type:
    """A release whose messages this one cannot read."""
    from pydantic import Field

    class Second(usual):
        schema_version: Annotated[int, Field(ge=1, le=2)] = 2

    return Second


BUILDS = {build.__name__: build for build in (terse, verbose, second)}

if "HOST_CLOCK" in os.environ:
    move_clock()
if "BUILD" in os.environ:
    speak(BUILDS[os.environ["BUILD"]])
if "GREEDY" in os.environ:
    make_greedy(os.environ["GREEDY"], int(os.environ["HOST_MEMORY"]))
original = importlib.import_module(os.environ["ORIGINAL_HANDLER"].rpartition(".")[0])


def handler(event: Any, context: Any) -> Any:
    if "HOST_CLOCK" in os.environ:
        # The deadline is told by the clock of the same host.
        context._epoch_deadline_time_in_ms += int(ahead() * 1_000)
    return original.handler(event, context)
