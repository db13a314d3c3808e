from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from functools import partial
from typing import Any

import pytest
from sqlalchemy import event

from api.wiring import App
from tests.api.asking import asked
from tests.api.browsing import browser
from tests.api.market import make_settings, write_market

Ask = Callable[..., Awaitable[dict[str, Any]]]


@pytest.fixture
def app(engine, sessions, tmp_path):
    """An application on the test's database, with its own folder of objects."""
    made = App(make_settings(tmp_path, database_url="postgresql://test"))
    made.engine, made.sessions = engine, sessions
    return made


@pytest.fixture
async def market(sessions):
    await write_market(sessions)


@pytest.fixture
def ask(app) -> Ask:
    """Return a function that answers a document as the edge would, as plain JSON values."""

    return partial(asked, app)


@pytest.fixture
def counting(engine):
    """Return a context manager that collects the statements of its block."""

    @contextmanager
    def collect() -> Iterator[list[str]]:
        seen: list[str] = []

        def note(_connection, _cursor, statement, *_):
            # The first of each transaction names the owner: test_row_security counts it.
            if "'app.owner'" not in statement:
                seen.append(" ".join(statement.split()))

        event.listen(engine.sync_engine, "before_cursor_execute", note)
        try:
            yield seen
        finally:
            event.remove(engine.sync_engine, "before_cursor_execute", note)

    return collect


@pytest.fixture
def built(tmp_path):
    """A client as the build leaves it."""
    folder = tmp_path / "dist"
    (folder / "assets").mkdir(parents=True)
    (folder / "index.html").write_text("<title>Potential Parakeet</title>")
    (folder / "playground.html").write_text("<title>Playground</title>")
    (folder / "assets" / "main-1a2b.js").write_text("let a = 1;" * 500)
    (folder / "parakeet.svg").write_text("<svg/>")
    return folder


@pytest.fixture
async def http(app, built):
    async with browser(app, built) as made:
        yield made
