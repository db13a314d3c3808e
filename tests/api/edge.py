"""The edge and the origin as they are deployed, on loopback: workerd, uvicorn, an issuer."""

import asyncio
import base64
import hashlib
import hmac
import json
import re
import time
from asyncio.subprocess import PIPE
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from uuid import uuid4

import httpx
import orjson
import uvicorn

from api.adapters.local_store import LocalStore
from api.cli.serve import listening
from api.errors import NotFound
from api.http import create_app
from api.settings import Settings
from api.wiring import App
from tests.api.tokens import AUDIENCE, ISSUER, SUBJECT, Issuer, b64

CLOUDFLARE = Path(__file__).parents[2] / "cloudflare"
MANIFEST = Path(__file__).parents[2] / "api" / "documents" / "current.json"
PAGE = "https://app.example.com"
EDGE_KEY = {"id": "edge-2", "key": base64.b64encode(b"2" * 32).decode()}
OLD_KEY = {"id": "edge-1", "key": base64.b64encode(b"1" * 32).decode()}
EDGE_KEYS = {"current": EDGE_KEY, "previous": OLD_KEY}
VERSION = b'{"query":"{ server { environment } }"}'
# A server closes what lies idle, and a client that is about to use it cannot know: none is kept.
UNKEPT = httpx.Limits(max_keepalive_connections=0)
# For the same reason the Worker, which keeps its connections for 5 s, closes them before we do.
KEPT_SECONDS = 60


def page_document(name, **variables) -> bytes:
    """Return the body by which the page asks for one of its operations."""
    for digest, document in orjson.loads(MANIFEST.read_bytes()).items():
        if re.match(rf"(query|mutation) {name}\b", document):
            persisted = {"persistedQuery": {"version": 1, "sha256Hash": digest}}
            return orjson.dumps({"variables": variables, "extensions": persisted})
    raise AssertionError(f"the page has no operation {name}")


class HeldSecrets:
    """Secrets in memory; counts how often it had to be asked afresh."""

    def __init__(self, **values):
        self.values = values
        self.insisted = 0

    async def read(self, name, *, fresh=False):
        self.insisted += fresh
        if name not in self.values:
            raise NotFound(name)
        return self.values[name]


def make_deployed(home, *, jwks_url) -> Settings:
    settings = Settings(
        _env_file=None,
        home=home,
        environment="dev",
        queue="sqs",
        queue_url="https://sqs.example.com/backtest",
        ingest_queue_url="https://sqs.example.com/ingest",
        store="s3",
        bucket="lake",
        secrets="aws",
        database_secret="database",  # noqa: S106 - its name
        edge_secret="edge",  # noqa: S106 - its name
        token_issuer=ISSUER,
        token_audience=AUDIENCE,
        jwks_url="https://login.example.com/jwks",
    )
    # Deployed it must be https; here the issuer is on loopback.
    return settings.model_copy(update={"jwks_url": jwks_url})


@asynccontextmanager
async def serving_keys(issuer: Issuer):
    """Publish the issuer's keys; what is yielded can be told to publish others, or to fail."""
    published = Published()
    published.publish(issuer.jwks())
    published.server = await asyncio.start_server(published.reply, "127.0.0.1", 0)
    port = published.server.sockets[0].getsockname()[1]
    published.url = f"http://127.0.0.1:{port}/jwks.json"
    async with published.server:
        yield published
        published.mend()


class Published:
    def __init__(self):
        self.asked = 0
        self.mended = asyncio.Event()
        self.mend()

    def publish(self, document):
        self.good = json.dumps(document).encode()
        self.mend()

    def mend(self):
        self.break_by()
        self.mended.set()

    def break_by(self, status="200 OK", body=None, extra="", held=False, drip=False):
        self.status, self.body, self.extra, self.held, self.drip = status, body, extra, held, drip
        self.mended.clear()

    async def reply(self, reader, writer):
        await reader.readuntil(b"\r\n\r\n")
        self.asked += 1
        if self.held:
            await self.mended.wait()
        content = self.good if self.body is None else self.body
        head = f"HTTP/1.1 {self.status}\r\ncontent-length: {len(content)}\r\n{self.extra}"
        writer.write(f"{head}connection: close\r\n\r\n".encode())
        if self.drip:
            await self._drip(writer)
        writer.write(content)
        writer.close()

    async def _drip(self, writer):
        """A byte now and then: each read succeeds, the whole never ends."""
        while not self.mended.is_set():
            with suppress(ConnectionError):
                writer.write(b" ")
                await writer.drain()
            with suppress(TimeoutError):
                await asyncio.wait_for(self.mended.wait(), 0.05)


@dataclass
class Deployment:
    """All of it, with a client of each door."""

    app: App
    issuer: Issuer
    published: "Published"
    edge: httpx.AsyncClient
    origin: httpx.AsyncClient


@asynccontextmanager
async def deployed(engine, home, **given):
    """Deploy it all on loopback."""
    issuer = Issuer()
    async with serving_keys(issuer) as published:
        app = make_app(make_deployed(home, jwks_url=published.url), engine=engine)
        app.store = LocalStore(home / "objects")
        async with (
            origin_of(app, home) as origin_url,
            worker_of(origin_url, published.url, **given) as edge_url,
            httpx.AsyncClient(base_url=origin_url, limits=UNKEPT) as origin,
            httpx.AsyncClient(base_url=edge_url, limits=UNKEPT) as edge,
        ):
            yield Deployment(app, issuer, published, edge, origin)


def make_app(settings, *, engine, secrets=None) -> App:
    app = App(settings)
    app.engine = engine
    app.secrets = secrets or HeldSecrets(edge=json.dumps(EDGE_KEYS))
    return app


@asynccontextmanager
async def origin_of(app, client, **given):
    """Serve the application on a socket, as the function's gateway would reach it."""
    with listening("127.0.0.1", 0) as listener:
        config = uvicorn.Config(
            create_app(app, client=client, **given),
            log_config=None,
            access_log=False,
            timeout_keep_alive=KEPT_SECONDS,
        )
        server = uvicorn.Server(config)
        # Signals are pytest's.
        task = asyncio.create_task(server._serve([listener]))
        try:
            yield f"http://127.0.0.1:{listener.getsockname()[1]}"
        finally:
            server.should_exit = True
            await task


@asynccontextmanager
async def worker_of(origin, jwks_url, **given):
    """Run the Worker in workerd; yields its address."""
    bindings = {
        "ORIGIN": origin,
        "TOKEN_ISSUER": ISSUER,
        "TOKEN_AUDIENCE": AUDIENCE,
        "JWKS_URL": jwks_url,
        "ALLOWED_ORIGINS": json.dumps([PAGE]),
        "EDGE_KEYS": json.dumps(EDGE_KEYS),
        "LIMIT_SECONDS": "60",
    }
    process = await asyncio.create_subprocess_exec(
        "node",
        "--input-type=module",
        f"--eval={await _bundled('test/serve.ts')}",
        stdin=PIPE,
        stdout=PIPE,
        cwd=CLOUDFLARE,
    )
    try:
        process.stdin.write(json.dumps({"bindings": bindings, "limit": 1_000} | given).encode())
        process.stdin.write(b"\n")
        yield json.loads(await process.stdout.readline())["url"]
    finally:
        process.stdin.close()
        await process.wait()


async def _bundled(source) -> str:
    """Return TypeScript as a module Node can run."""
    esbuild = CLOUDFLARE / "node_modules" / ".bin" / "esbuild"
    assert esbuild.is_file(), "the edge is not installed: run `make edge`"
    options = ("--bundle", "--platform=node", "--format=esm", "--packages=external")
    process = await asyncio.create_subprocess_exec(
        esbuild, source, *options, stdout=PIPE, cwd=CLOUDFLARE
    )
    made, _ = await process.communicate()
    assert process.returncode == 0
    return made.decode()


def sign(
    *,
    method="POST",
    target="/graphql",
    body=VERSION,
    subject=SUBJECT,
    key=EDGE_KEY,
    nonce=None,
    at=0,
):
    """Return the headers the edge would send; `at` is seconds from now."""
    timestamp, nonce = str(int(time.time()) + at), nonce or str(uuid4())
    digest = hashlib.sha256(body).hexdigest()
    text = "\n".join([method, target, digest, timestamp, nonce, subject])  # noqa: FLY002
    signature = hmac.digest(base64.b64decode(key["key"]), text.encode(), "sha256")
    return {
        "x-parakeet-key": key["id"],
        "x-parakeet-timestamp": timestamp,
        "x-parakeet-nonce": nonce,
        "x-parakeet-signature": b64(signature),
    }
