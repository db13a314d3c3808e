"""One read of Secrets Manager without the SDK, whose import takes longer than a whole cold start.

Timeouts, tries and errors are those the SDK's clients have in `api.adapters.aws`.
"""

import asyncio
import json
import os
import random
from datetime import UTC, datetime
from http.client import HTTPConnection, HTTPException
from typing import Any
from urllib.parse import urlsplit

from api.adapters.aws import CONNECT_SECONDS, TRIES, refused
from api.adapters.aws_signature import Signer
from api.adapters.connections import connection_to
from api.errors import Unavailable

SERVICE = "secretsmanager"
HEADERS = {
    "content-type": "application/x-amz-json-1.1",
    "x-amz-target": "secretsmanager.GetSecretValue",
}
ANSWER_SECONDS = 5.0


def signer() -> Signer | None:
    """Return who this process is by its environment, read anew: credentials may be renewed."""
    return Signer.of(SERVICE, os.environ)


async def get_secret_value(signer: Signer, name: str, doing: str) -> dict[str, Any]:
    """Return the service's answer. Raises NotFound, Unavailable, ServerError."""
    for pauses in range(TRIES - 1):
        try:
            return await _get(signer, name, doing)
        except Unavailable:
            # As the SDK's standard mode waits.
            await asyncio.sleep(random.random() * 2**pauses)  # noqa: S311 - spreads callers out
    return await _get(signer, name, doing)


async def _get(signer: Signer, name: str, doing: str) -> dict[str, Any]:
    place = urlsplit(
        os.environ.get("AWS_ENDPOINT_URL") or f"https://{SERVICE}.{signer.region}.amazonaws.com"
    )
    body = json.dumps({"SecretId": name}).encode()
    headers = signer.sign_post(place.netloc, HEADERS, body, datetime.now(UTC))
    connection = connection_to(place, timeout_seconds=CONNECT_SECONDS)
    try:
        status, content = await asyncio.to_thread(_post, connection, headers, body)
    except (OSError, HTTPException) as e:
        raise Unavailable(f"{doing}: AWS did not answer ({type(e).__name__})") from e
    answer = _parsed(content)
    if status != 200:
        code = str(answer.get("__type") or status).rpartition("#")[2].partition(":")[0]
        raise refused(code, status, doing)
    return answer


def _post(connection: HTTPConnection, headers: dict[str, str], body: bytes) -> tuple[int, bytes]:
    try:
        connection.connect()
        connection.sock.settimeout(ANSWER_SECONDS)
        connection.request("POST", "/", body, headers)
        answer = connection.getresponse()
        return answer.status, answer.read()
    finally:
        connection.close()


def _parsed(content: bytes) -> dict[str, Any]:
    """Return the answer; from whatever stands between, nothing."""
    try:
        answer = json.loads(content)
    except ValueError:
        return {}
    return answer if isinstance(answer, dict) else {}
