from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from datetime import date
from functools import partial
from typing import Any

import pytest
from sqlalchemy import event

from api.graphql.context import Context
from api.graphql.planned import Plans
from api.graphql.schema import schema
from api.wiring import App
from models.corporate_actions import CorporateActionRepository
from models.instruments import InstrumentRepository
from models.ownership import sessions_of
from models.price_bars import PriceBarRepository
from models.session import unit_of_work
from tests.api.asking import asked
from tests.api.browsing import browser
from tests.api.market import make_settings, write_market
from tests.api.planning import admitted, by_core
from tests.factories import make_bar, make_instrument, make_split

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


@pytest.fixture
async def split_share(sessions):
    """A share that was split four for one in January, with a price before and one after."""
    async with unit_of_work(sessions) as session:
        share = make_instrument("BHP.AX", currency="AUD", fields=["close", "actions"])
        ids = await InstrumentRepository(session).upsert([share])
        bars = [
            make_bar(ids["BHP.AX"], day, None, close=close)
            for day, close in ((date(2024, 1, 8), 45.0), (date(2024, 2, 2), 12.5))
        ]
        await PriceBarRepository(session).write(bars)
        split = make_split(ids["BHP.AX"], date(2024, 1, 22), 4.0)
        await CorporateActionRepository(session).write([split])


@pytest.fixture
def make_context(app):
    """Return a context manager of a context that reads, as a request's."""

    class Lent:
        async def __aenter__(self):
            self.session = sessions_of(app.sessions, app.settings.owner_id)()
            return Context(
                self.session,
                viewer_id=app.settings.owner_id,
                settings=app.settings,
                store=app.store,
                reads_only=True,
            )

        async def __aexit__(self, *_):
            await self.session.close()

    return Lent


@pytest.fixture
def answered(make_context):
    """Return a function that answers a document both ways: (plan's, graphql-core's)."""
    plans = Plans(schema._schema)

    async def answer(text, variables=None):
        async with make_context() as context:
            planned = await plans.answer(admitted(text), variables, context)
        async with make_context() as context:
            core = await by_core(schema._schema, text, variables, context)
        return planned, core

    return answer
