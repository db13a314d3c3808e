"""Requests as API Gateway's HTTP API hands them to a function, payload format 2.0."""

import json
import time
from collections.abc import Mapping
from typing import Any
from uuid import uuid4


def http_event(
    path: str,
    body: Any = None,
    *,
    method: str = "POST",
    host: str = "origin.example.com",
    headers: Mapping[str, str] | None = None,
) -> dict[str, Any]:
    """Return the event of one request; a body that is no text is sent as JSON."""
    content = body if body is None or isinstance(body, str) else json.dumps(body)
    kind = {} if body is None else {"content-type": "application/json"}
    return {
        "version": "2.0",
        "routeKey": f"{method} {path}",
        "rawPath": path,
        "rawQueryString": "",
        "headers": {"host": host} | kind | dict(headers or {}),
        "requestContext": {
            "accountId": "123456789012",
            "apiId": "a1b2c3d4e5",
            "domainName": host,
            "domainPrefix": host.partition(".")[0],
            "http": {
                "method": method,
                "path": path,
                "protocol": "HTTP/1.1",
                "sourceIp": "203.0.113.7",
                "userAgent": "tests",
            },
            "requestId": str(uuid4()),
            "routeKey": f"{method} {path}",
            "stage": "$default",
            "time": time.strftime("%d/%b/%Y:%H:%M:%S +0000", time.gmtime()),
            "timeEpoch": int(time.time() * 1000),
        },
        "isBase64Encoded": False,
    } | ({} if content is None else {"body": content})
