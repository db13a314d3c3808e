"""The application as a browser reaches it, without a socket."""

from contextlib import asynccontextmanager

import httpx

from api.http import create_app
from api.wiring import App
from models.session import make_sessions
from tests.api.market import make_settings


@asynccontextmanager
async def browser(app, client, host="127.0.0.1", **given):
    transport = httpx.ASGITransport(app=create_app(app, client=client, **given))
    async with httpx.AsyncClient(transport=transport, base_url=f"http://{host}:8000") as made:
        yield made


@asynccontextmanager
async def lasting_browser(engine, home):
    """For tests that leave nothing behind: one application for all of a module's."""
    app = App(make_settings(home, database_url="postgresql://test"))
    app.engine, app.sessions = engine, make_sessions(engine)
    async with browser(app, home) as made:
        yield made
