"""Headers on every answer, and the names under which a local server answers at all."""

import ipaddress
from functools import lru_cache
from uuid import uuid4

from starlette.datastructures import Headers
from starlette.responses import JSONResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from api.telemetry import request_id

NOTHING = "default-src 'none'; frame-ancestors 'none'"
PAGE = (
    "default-src 'none'; script-src 'self'; style-src 'self';"
    " img-src 'self' data:; font-src 'self'; connect-src 'self'; object-src 'none';"
    " base-uri 'none'; form-action 'self'; frame-ancestors 'none';"
    " require-trusted-types-for 'script'; trusted-types 'none'"
)
# Its editor writes style elements and starts workers.
PLAYGROUND = (
    "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline';"
    " img-src 'self' data:; font-src 'self' data:; connect-src 'self'; worker-src 'self' blob:;"
    " base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)
API_PATHS = ("/graphql", "/healthz", "/downloads/")
FIXED = {
    "x-content-type-options": "nosniff",
    "x-frame-options": "DENY",
    "referrer-policy": "same-origin",
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
    "permissions-policy": "camera=(), geolocation=(), microphone=(), payment=(), usb=()",
}


class Headed:
    """Adds security headers and a request id; refuses a foreign host name.

    Without accounts, whoever reaches the port is the owner. A page elsewhere that points its own
    name at this machine would reach it with the visitor's browser, but only under that name.
    Where requests are signed the name says nothing, and any is taken.
    """

    def __init__(self, app: ASGIApp, *, any_host: bool = False) -> None:
        self.app = app
        self.any_host = any_host

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        marked = uuid4().hex
        headers = headers_of(scope["path"])

        async def send_headed(message: Message) -> None:
            if message["type"] == "http.response.start":
                given = {name for name, _ in message["headers"]}
                told = ((b"x-request-id", (request_id.get() or marked).encode()), *headers)
                message["headers"] += [pair for pair in told if pair[0] not in given]
            await send(message)

        token = request_id.set(marked)
        try:
            await self._pass_on(scope, receive, send_headed)
        finally:
            request_id.reset(token)

    async def _pass_on(self, scope: Scope, receive: Receive, send: Send) -> None:
        host = Headers(scope=scope).get("host", "")
        if self.any_host or is_loopback(host):
            await self.app(scope, receive, send)
            return
        message = f"host was {host[:60]!r}; this server answers on 127.0.0.1 and localhost only"
        refusal = JSONResponse({"errors": [{"message": message}]}, status_code=421)
        await refusal(scope, receive, send)


@lru_cache(maxsize=128)
def headers_of(path: str) -> tuple[tuple[bytes, bytes], ...]:
    """Return the headers of an answer, as they are sent, that it does not set itself."""
    told = {**FIXED, "content-security-policy": policy_of(path)}
    return tuple((name.encode(), value.encode()) for name, value in told.items())


def policy_of(path: str) -> str:
    if path.startswith(API_PATHS):
        return NOTHING
    return PLAYGROUND if path.rstrip("/") == "/playground" else PAGE


def is_loopback(host: str) -> bool:
    name = host[1:].partition("]")[0] if host.startswith("[") else host.partition(":")[0]
    if name.lower() == "localhost":
        return True
    try:
        return ipaddress.ip_address(name).is_loopback
    except ValueError:
        return False
