"""Whom a deployed process serves: what the edge signed, for the subject of the token in it.

The edge has checked the token already. It is checked again, so that who finds a way past the
edge, or takes its key, still speaks only for the tokens he holds.
"""

import re
import time
from typing import Protocol

import orjson
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from api.errors import AppError
from api.http.body import JSON, Refusal, read_all
from api.http.caller import CALLER, Caller
from api.services.identity import (
    Key,
    Rules,
    TokenRefused,
    bearer_of,
    check_claims,
    check_signature,
    parse_token,
    scopes_of,
    viewer_id,
)
from api.services.signature import HEADERS, EdgeKeys, Proof, SignatureRefused, check, proof_of
from api.settings import Settings
from api.telemetry import logger, request_id

TOKENLESS = ("/healthz",)
REQUEST_ID = re.compile(r"[0-9a-f]{32}")


class Keys(Protocol):
    async def find(self, kid: str) -> Key | None:
        """Return the key a token names. Raises Unavailable."""


class Parts(Protocol):
    """What an application lends to the check."""

    @property
    def settings(self) -> Settings: ...
    @property
    def edge_keys(self) -> EdgeKeys: ...
    @property
    def token_keys(self) -> Keys: ...


class Identified:
    """Refuses what the edge did not sign; tells the rest who asks."""

    def __init__(self, app: ASGIApp, parts: Parts) -> None:
        self.app = app
        self.parts = parts

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        try:
            body, caller = await self._admitted(Request(scope, receive))
        except SignatureRefused as e:
            answer = _refused(403, "FORBIDDEN", "this is not the way in", e)
        except TokenRefused as e:
            answer = _refused(401, "UNAUTHENTICATED", "the access token was refused", e)
            told = f'Bearer error="invalid_token", error_description="{e}"'
            answer.headers["www-authenticate"] = told
        except Refusal as e:
            answer = _refused(e.status, "BAD_REQUEST", str(e), e)
        except AppError as e:
            answer = _refused(503, "UNAVAILABLE", "temporarily unavailable, try again", e)
        else:
            await self.app({**scope, CALLER: caller}, _replayed(body, receive), send)
            return
        await answer(scope, receive, send)

    async def _admitted(self, request: Request) -> tuple[bytes, Caller | None]:
        """Return the body and who asks. Raises SignatureRefused, TokenRefused, Refusal, AppError.

        Nothing is fetched and no body is read for who cannot even write the headers.
        """
        names = (*HEADERS, "x-request-id")
        given = {name: request.headers.getlist(name) for name in names}
        proof = proof_of(given, time.time())
        key = await self.parts.edge_keys.find(proof.key_id)
        body = await read_all(request)
        authorizations = request.headers.getlist("authorization")
        check(
            proof,
            key,
            method=request.method,
            target=_target(request),
            body=body,
            subject=_claimed_subject(authorizations),
        )
        _adopt(given["x-request-id"])
        if request.url.path in TOKENLESS:
            return body, None
        return body, await self._caller(authorizations, proof)

    async def _caller(self, authorizations: list[str], proof: Proof) -> Caller:
        settings = self.parts.settings
        rules = Rules(settings.token_issuer or "", settings.token_audience or "")
        token = parse_token(bearer_of(authorizations))
        check_signature(token, await self.parts.token_keys.find(token.kid))
        subject = check_claims(token, rules, time.time())
        return Caller(viewer_id(rules.issuer, subject), proof.used_once, scopes_of(token))


def _target(request: Request) -> str:
    query = request.scope["query_string"].decode("latin-1")
    path: str = request.scope["path"]
    return f"{path}?{query}" if query else path


def _claimed_subject(authorizations: list[str]) -> str:
    """Return whom the token speaks of, before it is believed; the signature is over that."""
    if not authorizations:
        return ""
    try:
        return str(parse_token(bearer_of(authorizations)).claims.get("sub", ""))
    except TokenRefused:
        return ""


def _adopt(given: list[str]) -> None:
    """Go on under the id the edge gave the request, so that one id finds all its lines."""
    if len(given) == 1 and REQUEST_ID.fullmatch(given[0]):
        request_id.set(given[0])


def _replayed(body: bytes, receive: Receive) -> Receive:
    """Return the body that was read for the signature, then what follows it."""
    messages: list[Message] = [{"type": "http.request", "body": body, "more_body": False}]

    async def replay() -> Message:
        return messages.pop() if messages else await receive()

    return replay


def _refused(status: int, code: str, message: str, error: Exception) -> Response:
    logger.warning("refused at the door with %d: %s", status, str(error)[:200])
    extensions = {"code": code, "requestId": request_id.get()}
    content = orjson.dumps({"errors": [{"message": message, "extensions": extensions}]})
    return Response(content, status, {"cache-control": "no-store"}, JSON)
