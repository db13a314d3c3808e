"""The application as a browser reaches it, without a socket."""

from contextlib import asynccontextmanager

import httpx

from api.http import create_app


@asynccontextmanager
async def browser(app, client, host="127.0.0.1", **given):
    transport = httpx.ASGITransport(app=create_app(app, client=client, **given))
    async with httpx.AsyncClient(transport=transport, base_url=f"http://{host}:8000") as made:
        yield made
