"""``parakeet serve``: everything in one process, and nothing left behind when it ends."""

import asyncio
import errno
import gc
import ipaddress
import socket
from collections.abc import Iterator
from contextlib import contextmanager, suppress

import typer
import uvicorn
import uvloop
from fastapi import FastAPI

from api.cli.edge import begin, exit_codes
from api.cli.opening import Say, opened
from api.cli.signals import stop_on_signals
from api.errors import InvalidInput, Unavailable
from api.running import working
from api.services.follow_ups import catch_up
from api.settings import Settings
from api.wiring import App
from models.session import unit_of_work

BACKLOG = 128
OPEN_REQUESTS_SECONDS = 3
# A page of a list makes some thousands; those of an answer die with it, without the collector.
YOUNG_OBJECTS = 100_000


def run(*, host: str, port: int) -> None:
    """Serve until a signal says stop."""
    settings = begin()
    # Compiled, as is the parser of requests: both are passed through several times an answer.
    with exit_codes(), asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(serve(settings, host=host, port=port, say=typer.echo))


async def serve(
    settings: Settings, *, host: str, port: int, say: Say, kind: type[App] = App
) -> None:
    """Start what is needed in order, serve, and stop it in the opposite order.

    Raises InvalidInput for an address others could reach, Unavailable for a taken port or a
    database that does not start.
    """
    with listening(host, port) as listener, suppress(asyncio.CancelledError), stop_on_signals():
        async with opened(settings, say, kind=kind) as app:
            async with unit_of_work(app.sessions) as session:
                await catch_up(session, owner_id=settings.owner_id)
            async with working(app):
                await _answer(app, listener, say)
    say("Stopped")


@contextmanager
def listening(host: str, port: int) -> Iterator[socket.socket]:
    """Take the port before anything is started. Raises InvalidInput, Unavailable."""
    family = _loopback_family(host)
    # Named, the protocol lets asyncio turn off Nagle's delay: unnamed, each answer waits 40 ms.
    with socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP) as listener:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            listener.bind((host, port))
            listener.listen(BACKLOG)
        except OSError as e:
            raise Unavailable(_why_not(e, host, port)) from e
        yield listener


def _loopback_family(host: str) -> socket.AddressFamily:
    """Refuse an address others could reach: without accounts everybody would be the owner."""
    if host == "localhost":
        return socket.AF_INET
    try:
        address = ipaddress.ip_address(host)
    except ValueError as e:
        raise InvalidInput(f"--host was {host!r}, expected a loopback address") from e
    if not address.is_loopback:
        raise InvalidInput(
            f"--host was {host!r}; without accounts only a loopback address is served,"
            " such as 127.0.0.1"
        )
    return socket.AF_INET if address.version == 4 else socket.AF_INET6


def _why_not(error: OSError, host: str, port: int) -> str:
    if error.errno == errno.EADDRINUSE:
        free = port + 1 if port < 65_535 else 8_000
        return f"port {port} is taken; choose another with PORT=, as in `make run PORT={free}`"
    return f"cannot listen on {host} port {port}: {error.strerror}; choose another with PORT="


class _Server(uvicorn.Server):
    """Leaves signals to us, and says when it is ready."""

    def __init__(self, config: uvicorn.Config, ready: str, say: Say) -> None:
        super().__init__(config)
        self._ready, self._say = ready, say

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        if self.started:
            self._say(self._ready)


def _hosted(app: App) -> FastAPI:
    """Return the API inside FastAPI, where a route of one's own has its place and its checks."""
    from api.http import create_app

    host = FastAPI(openapi_url=None, docs_url=None, redoc_url=None)
    host.mount("/", create_app(app))
    return host


def _spare_collector() -> None:
    """Take what is loaded for needed: to look through it again stops every answer for a while."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(YOUNG_OBJECTS, 50, 100)


async def _answer(app: App, listener: socket.socket, say: Say) -> None:
    """Answer requests until cancelled; open ones have a moment to end."""
    host = _hosted(app)
    _spare_collector()
    config = uvicorn.Config(
        host,
        log_config=None,
        access_log=False,
        http="httptools",
        timeout_graceful_shutdown=OPEN_REQUESTS_SECONDS,
    )
    name, port = listener.getsockname()[:2]
    address = f"[{name}]" if ":" in name else name
    server = _Server(config, f"Potential Parakeet is ready at http://{address}:{port}", say)
    serving = asyncio.create_task(server.serve(sockets=[listener]))
    try:
        await asyncio.shield(serving)
    finally:
        server.should_exit = True
        await asyncio.wait([serving])
    raise Unavailable("the API ended by itself; its log says why")
