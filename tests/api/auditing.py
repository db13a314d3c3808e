"""The audits of GraphQL over HTTP by npm's graphql-http, and a gateway before a function."""

import asyncio
import base64
import json
from asyncio.subprocess import PIPE
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from types import SimpleNamespace

from mangum import Mangum

from tests.aws.gateway import http_event

CLIENT = Path(__file__).parents[2] / "client"
AUDITS = 61
# Sent to stdin: the address, and what to add to each request's headers.
SCRIPT = """
import { auditServer } from "graphql-http";
const { url, headers } = JSON.parse(await new Promise((told) => process.stdin.once("data", told)));
const fetchFn = (to, init = {}) => fetch(to, { ...init, headers: { ...init.headers, ...headers } });
const results = await auditServer({ url, fetchFn });
const told = results.map(({ id, name, status, reason }) => ({ id, name, status, reason }));
console.log(JSON.stringify(told));
"""


async def audit(url, headers=None):
    """Return what did not pass, by the id of its audit."""
    module = CLIENT / "node_modules" / "graphql-http"
    assert module.is_dir(), "the audits are not installed: run `make client-check`"
    process = await asyncio.create_subprocess_exec(
        "node", "--input-type=module", "--eval", SCRIPT, stdin=PIPE, stdout=PIPE, cwd=CLIENT
    )
    asked = json.dumps({"url": url, "headers": headers or {}}).encode()
    said, _ = await process.communicate(asked)
    results = json.loads(said)
    assert len(results) == AUDITS
    return {told["id"]: told for told in results if told["status"] != "ok"}


@contextmanager
def gateway(application) -> Iterator[str]:
    """Answer on loopback as API Gateway does before a function; yield the address."""
    function = Mangum(application, lifespan="off", text_mime_types=["text/", "application/"])

    class Gate(BaseHTTPRequestHandler):
        def do_any(self):
            answer = function(event_of(self), SimpleNamespace())
            body = answer.get("body", "")
            content = base64.b64decode(body) if answer.get("isBase64Encoded") else body.encode()
            self.send_response(answer["statusCode"])
            for name, value in answer["headers"].items():
                if name != "content-length":
                    self.send_header(name, value)
            self.send_header("content-length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        do_GET = do_POST = do_PUT = do_DELETE = do_any  # noqa: N815 - the library's names

        def log_message(self, *_):
            pass

    def serve():
        # Mangum takes the loop of its thread.
        asyncio.set_event_loop(loop)
        server.serve_forever()

    class Server(ThreadingHTTPServer):
        def process_request(self, request, client_address):
            self.finish_request(request, client_address)
            self.shutdown_request(request)

    loop = asyncio.new_event_loop()
    server = Server(("127.0.0.1", 0), Gate)
    thread = Thread(target=serve)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}/graphql"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
        loop.close()


def event_of(request: BaseHTTPRequestHandler):
    path, _, query = request.path.partition("?")
    size = int(request.headers.get("content-length") or 0)
    body = request.rfile.read(size)
    headers = {name.lower(): value for name, value in request.headers.items()}
    event = http_event(path, method=request.command, host=headers["host"], headers=headers)
    encoded = base64.b64encode(body).decode() if body else None
    return event | {"rawQueryString": query, "body": encoded, "isBase64Encoded": bool(body)}
