"""What a request must look like before its body is read, and what the answer is called."""

import asyncio

from starlette.requests import Request

from api.limits import LIMITS

LARGEST_BODY = LIMITS.body_bytes
BODY_SECONDS = LIMITS.body_seconds
JSON = "application/json"
GRAPHQL = "application/graphql-response+json"


class Refusal(Exception):
    """A request that is refused by its form alone."""

    def __init__(self, status: int, message: str) -> None:
        super().__init__(message)
        self.status = status


async def read_body(request: Request) -> bytes:
    """Return the body of a POST of JSON. Raises Refusal."""
    check_form(request)
    return await read_all(request)


async def read_all(request: Request) -> bytes:
    """Return the body, whatever it is. Raises Refusal."""
    try:
        async with asyncio.timeout(BODY_SECONDS):
            return await _read(request)
    except TimeoutError as e:
        raise Refusal(408, "the body did not end in time; send it at once") from e


def check_form(request: Request) -> None:
    """Refuse other methods, types and encodings: a plain form could be posted by any page."""
    if request.method != "POST":
        raise Refusal(405, f"the method was {request.method}; send POST")
    media, _, parameters = request.headers.get("content-type", "").partition(";")
    if media.strip().lower() != JSON:
        raise Refusal(415, f"content-type was {media.strip()[:60]!r}; send {JSON}")
    charset = parameters.strip().lower().removeprefix("charset=").strip('"')
    if charset not in ("", "utf-8", "utf8"):
        raise Refusal(415, f"charset was {charset[:30]!r}; send utf-8")
    encoding = request.headers.get("content-encoding", "identity").strip().lower()
    if encoding != "identity":
        raise Refusal(415, f"content-encoding was {encoding[:30]!r}; send the body as it is")


async def _read(request: Request) -> bytes:
    body = bytearray()
    async for chunk in request.stream():
        body += chunk
        if len(body) > LARGEST_BODY:
            raise Refusal(413, f"the body was larger than {LARGEST_BODY} bytes; send less at once")
    return bytes(body)


def answer_type(accept: str | None) -> str:
    """Choose the media type of the answer. Raises Refusal when none of ours is wanted."""
    wanted = sorted(_wishes(accept or "*/*"), key=lambda wish: -wish[1])
    for media, quality in wanted:
        if quality <= 0:
            continue
        if media == GRAPHQL:
            return GRAPHQL
        if media in (JSON, "application/*", "*/*"):
            return JSON
    raise Refusal(406, f"accept was {(accept or '')[:60]!r}; take {GRAPHQL} or {JSON}")


def _wishes(accept: str) -> list[tuple[str, float]]:
    wishes = []
    for part in accept.split(","):
        media, *parameters = [piece.strip().lower() for piece in part.split(";")]
        qualities = [piece[2:] for piece in parameters if piece.startswith("q=")]
        wishes.append((media, _quality(qualities[0]) if qualities else 1.0))
    return wishes


def _quality(text: str) -> float:
    try:
        return float(text)
    except ValueError:
        return 0.0
