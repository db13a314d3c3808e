"""``parakeet reconcile`` from settings to what is printed, on a database and two providers."""

from contextlib import AsyncExitStack, asynccontextmanager
from datetime import date

import pytest
import typer

from api.cli.reconcile import Question, compared, tell
from api.errors import InvalidInput
from api.settings import Settings
from api.wiring import App
from models.price_bars import PriceBarRepository
from models.session import unit_of_work
from tests.factories import make_bar, make_instrument
from tests.providers.market import Scenario, us_share
from tests.providers.tiingo import fake_tiingo
from tests.providers.yahoo import fake_yahoo

START, END = date(2024, 1, 2), date(2024, 2, 29)
SHARE = us_share(START, END)
ON = date(2024, 2, 1)
CLOSE = next(bar.close for bar in SHARE.bars if bar.day == ON)
WRONG = round(CLOSE * 1.01, 4)
QUESTION = Question(symbol="ACME", start=START, end=END, tolerance=0.001)


async def store(sessions) -> None:
    """Store ACME's bars without the last one, one close of them wrong."""
    async with unit_of_work(sessions) as session:
        share = make_instrument("ACME", source="csv", fields=["close"])
        session.add(share)
        await session.flush()
        await PriceBarRepository(session).write(
            make_bar(
                share.id,
                bar.day,
                adjusted_close=None,
                close=WRONG if bar.day == ON else bar.close,
            )
            for bar in SHARE.bars[:-1]
        )


@asynccontextmanager
async def app_of(url, **given):
    """Yield an application that asks the two fakes."""
    scenario = Scenario(shares={"ACME": SHARE})
    async with AsyncExitStack() as stack:
        tiingo = await stack.enter_async_context(fake_tiingo(scenario))
        yahoo = await stack.enter_async_context(fake_yahoo(scenario))
        app = App(Settings(DATABASE_URL=url, tiingo_url=tiingo.url, yahoo_url=yahoo.url, **given))
        stack.push_async_callback(app.close)
        yield app


async def test_stored_bars_and_two_providers_are_compared_each_with_each(
    sessions, database_url, capsys
):
    await store(sessions)

    async with app_of(database_url, TIINGO_API_KEY=Scenario().key) as app:
        found = await compared(app, QUESTION)
    with pytest.raises(typer.Exit) as ended:
        tell(found)

    assert ended.value.exit_code == 1
    told = " ".join(capsys.readouterr().out.split())
    assert "ACME: stored and tiingo, 40 days compared, 1 differ by more than 0.100%" in told
    assert f"2024-02-01 {WRONG:.4f} {CLOSE:.4f} -0.990%" in told
    assert f"Only tiingo has 1 day: {SHARE.last}" in told
    assert "ACME: tiingo and yahoo, 41 days compared, 0 differ" in told


async def test_one_provider_and_nothing_stored_is_nothing_to_compare(sessions, database_url):
    async with app_of(database_url) as app:
        with pytest.raises(InvalidInput, match="only yahoo has ACME and no bar as traded"):
            await compared(app, QUESTION)
