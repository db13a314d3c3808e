"""What the routes do: parse, call one function, answer."""

from importlib.metadata import version
from typing import Any

import orjson
from sqlalchemy.exc import SQLAlchemyError
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from api.errors import ErrorCode, NotFound, Unavailable
from api.graphql.execute import PROFILE, Profile, Replayed, answer
from api.graphql.request import BadRequest, GraphQLRequest, read_query, read_request
from api.http.body import GRAPHQL, JSON, Refusal, answer_type, read_body
from api.http.caller import caller_of
from api.services.backtest_results import download_owner
from api.telemetry import logger, request_id
from api.wiring import App
from models.database import ping
from models.jobs import JobRepository
from models.ownership import sessions_of

VERSION = version("potential-parakeet")
FILE_TYPES = {"parquet": "application/vnd.apache.parquet", "csv": "text/csv; charset=utf-8"}


class Endpoints:
    """The routes of one application."""

    def __init__(self, app: App, profile: Profile = PROFILE) -> None:
        self.app = app
        self.profile = profile

    async def graphql(self, request: Request) -> Response:
        """Answer one operation; whatever goes wrong, with JSON that says so."""
        media = JSON
        try:
            media = answer_type(request.headers.get("accept"))
            asked = await self._asked(request)
            caller = caller_of(request.scope, self.app.settings)
            told = await answer(
                asked,
                self.app,
                viewer_id=caller.viewer_id,
                scopes=caller.scopes,
                nonce=caller.nonce,
                request_id=request_id.get() or "",
                profile=self.profile,
            )
        except Refusal as e:
            return _problem(e.status, str(e), "BAD_REQUEST", media)
        except BadRequest as e:
            return _problem(e.status, str(e), e.code, media)
        except Replayed as e:
            return _problem(403, str(e), ErrorCode.FORBIDDEN.value, media)
        except Exception:
            # Nothing of a fault is told outside; the log has all of it.
            logger.exception("a request met a fault of ours")
            return _problem(500, "internal error", ErrorCode.INTERNAL.value, media)
        # A legacy client asks for plain JSON and reads the status as the transport's.
        status = 400 if media == GRAPHQL and not told.executed else 200
        return _answered(told.body, status, media, self.profile.limits.answer_bytes)

    async def _asked(self, request: Request) -> GraphQLRequest:
        if request.method == "GET" and self.profile.queries_by_get:
            return read_query(request.query_params, self.profile.limits)
        return read_request(await read_body(request), self.profile.limits)

    async def health(self, _: Request) -> Response:
        """Tell whether the database answers."""
        try:
            async with self.app.sessions() as session:
                await ping(session)
        except (SQLAlchemyError, OSError, TimeoutError):
            logger.warning("the database does not answer", exc_info=True)
            return JSONResponse({"status": "unavailable", "version": VERSION}, status_code=503)
        return JSONResponse({"status": "ok", "version": VERSION})

    async def download(self, request: Request) -> Response:
        """Hand out an object of a finished run of the viewer's; anything else is not found."""
        key = request.path_params["key"]
        missing = JSONResponse({"errors": [{"message": "no such download"}]}, status_code=404)
        place = download_owner(key)
        if place is None:
            return missing
        try:
            owner = caller_of(request.scope, self.app.settings).viewer_id
            async with sessions_of(self.app.sessions, owner)() as session:
                job = await JobRepository(session).get(place[0], owner_id=owner)
            if job is None or job.result_prefix != place[1]:
                return missing
            content = await self.app.store.get(key)
        except NotFound:
            return missing
        except (SQLAlchemyError, OSError, Unavailable):
            logger.warning("a download met something that did not answer", exc_info=True)
            told = {"errors": [{"message": "temporarily unavailable, try again"}]}
            return JSONResponse(told, status_code=503)
        name = key.rpartition("/")[2]
        return Response(
            content,
            media_type=FILE_TYPES.get(name.rpartition(".")[2], "application/octet-stream"),
            headers={
                "content-disposition": f'attachment; filename="{str(place[0])[:8]}-{name}"',
                "cache-control": "private, max-age=31536000, immutable",
            },
        )


def _answered(body: dict[str, Any], status: int, media: str, most: int) -> Response:
    content = orjson.dumps(body)
    if len(content) > most:
        message = f"the answer had {len(content)} bytes; ask for fewer points or items at once"
        return _problem(200, message, ErrorCode.LIMIT_EXCEEDED.value, media)
    return _response(content, status, media)


def _problem(status: int, message: str, code: str, media: str) -> Response:
    extensions = {"code": code, "requestId": request_id.get()}
    content = orjson.dumps({"errors": [{"message": message, "extensions": extensions}]})
    headers = {"allow": "POST"} if status == 405 else {}
    return _response(content, status, media, headers)


def _response(
    content: bytes, status: int, media: str, headers: dict[str, str] | None = None
) -> Response:
    told = {"content-type": f"{media}; charset=utf-8", "cache-control": "no-store"}
    return Response(content, status_code=status, headers=told | (headers or {}))
