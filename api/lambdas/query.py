"""The API behind an HTTP API of API Gateway, payload format 2.0."""

import gc

# Nothing that loads is garbage: to look through it time and again took a sixth of a cold start.
gc.disable()

import json
from typing import Any

from mangum import Mangum
from mangum.types import LambdaContext

from api import telemetry
from api.container import container, runner
from api.http import create_app

# What Lambda passes on of a synchronous answer, in bytes of JSON.
LARGEST_ANSWER = 6 * 1024 * 1024
# Other types travel as base64, a third longer.
TEXT = ["text/", "application/json", "application/graphql-response+json"]

app = container()
runner.get_loop()  # makes it the current loop, which Mangum takes
asgi = Mangum(create_app(app), lifespan="off", text_mime_types=TEXT)
gc.freeze()
gc.enable()


def handler(event: dict[str, Any], context: LambdaContext) -> dict[str, Any]:
    """Answer one request."""
    with telemetry.invocation(context.aws_request_id):
        return within_limit(asgi(event, context))


def within_limit(answer: dict[str, Any]) -> dict[str, Any]:
    """Return the answer, or a sentence in its place where Lambda would drop it."""
    if len(answer.get("body", "")) * 2 <= LARGEST_ANSWER:
        return answer
    size = len(json.dumps(answer))
    if size <= LARGEST_ANSWER:
        return answer
    message = f"the answer had {size} bytes; ask for fewer points or items at once"
    told = {"errors": [{"message": message, "extensions": {"code": "LIMIT_EXCEEDED"}}]}
    headers = {"content-type": "application/json", "cache-control": "no-store"}
    return {"statusCode": 413, "headers": headers, "body": json.dumps(told)}
