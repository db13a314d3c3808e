"""Ingests in this process: the real works, the real database, providers on loopback."""

import json
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

from sqlalchemy import text

from api.adapters.sample_prices import SamplePrices
from api.services.ingest import ingest
from api.services.ingest_live import Live
from api.services.work import ClaimedJob, Pulse
from api.wiring import App
from api.works import Providers
from models.session import unit_of_work
from tests.api.job_rows import add_job
from tests.api.market import make_settings
from tests.providers.archives import Tables, fake_archives
from tests.providers.loopback import Loopback
from tests.providers.market import Bar, Scenario, Share, asx_share, us_share
from tests.providers.tiingo import fake_tiingo
from tests.providers.yahoo import fake_yahoo

START, END = date(2022, 1, 3), date(2024, 12, 31)
# A Friday evening: New York has closed, Sydney hours before.
FRIDAY = datetime(2024, 6, 28, 22, tzinfo=UTC)
MONDAY = FRIDAY + timedelta(days=3)
SPLIT, DIVIDEND = date(2023, 6, 15), date(2024, 5, 10)


def pair(close: float = 0.65) -> Share:
    """The Australian dollar on every weekday."""
    days = [START + timedelta(days=number) for number in range((END - START).days)]
    bars = [Bar(day, close, close, close, close, 0.0) for day in days if day.weekday() < 5]
    return Share(bars=bars, kind="CURRENCY", zone="Europe/London", opens=time(0), closes=time(23))


def index(close: float) -> Share:
    bars = [replace(bar, close=close) for bar in us_share(START, END).bars]
    even = [Bar(bar.day, close, close, close, close, 0.0) for bar in bars]
    return Share(bars=even, kind="INDEX", zone="America/Chicago", opens=time(8, 30))


def published() -> Tables:
    """What the Reserve Bank has set, one figure each weekday; the other publishers have nothing."""
    days = [bar.day for bar in pair().bars]
    averages = {date(2021, 12, 31): 0.10}
    return Tables(cash_rates=dict.fromkeys(days, 4.35), cash_averages=averages)


def market(**changes: Any) -> Scenario:
    """Two American shares, one Australian, and what belongs to no share."""
    shares = {
        "AAPL": us_share(START, END, seed=1, splits={SPLIT: 4.0}, dividends={DIVIDEND: 0.25}),
        "MSFT": us_share(START, END, seed=2),
        "BHP.AX": asx_share(START, END, seed=3),
        "AUDUSD=X": pair(),
        "^VIX": index(15.0),
        "^VIX3M": index(17.0),
    }
    return Scenario(**{"shares": shares} | changes)


@dataclass
class Desk:
    """An ingest desk: who is asked, and how to ask."""

    app: App
    live: Live
    tiingo: Loopback
    yahoo: Loopback
    archives: Loopback
    scenario: Scenario

    @property
    def asked(self) -> int:
        return len(self.tiingo.asked) + len(self.yahoo.asked) + len(self.archives.asked)

    async def ingest(self, *, now: datetime = FRIDAY, pulse: Pulse | None = None, **payload):
        """Do one ingest as of an instant; return its report."""
        job = await self.job(**payload)

        async def clock(_):
            return now

        async def live():
            return replace(self.live, clock=clock)

        outcome = await ingest(
            job,
            pulse or Pulse(),
            sessions=self.app.sessions,
            store=self.app.store,
            source=SamplePrices(),
            live=live,
        )
        return json.loads(json.dumps(outcome["report"]))

    async def job(self, **payload) -> ClaimedJob:
        row = await add_job(self.app.sessions, payload=payload)
        return ClaimedJob(
            id=row.id,
            kind="INGEST",
            fence=row.fence,
            attempt=1,
            owner_id=row.owner_id,
            payload=payload,
        )

    async def rows(self, statement: str, **given) -> list[tuple]:
        async with unit_of_work(self.app.sessions) as session:
            return [tuple(row) for row in await session.execute(text(statement), given)]


@asynccontextmanager
async def desk(app: App, home, scenario: Scenario | None = None, **settings):
    """Open a desk on the test's database, with providers that speak the real formats."""
    scenario = scenario or market()
    async with (
        fake_tiingo(scenario) as tiingo,
        fake_yahoo(scenario) as yahoo,
        fake_archives(scenario, published()) as archives,
    ):
        given = {
            "tiingo_url": tiingo.url,
            "yahoo_url": yahoo.url,
            "ecb_url": archives.url,
            "french_url": archives.url,
            "rba_url": archives.url,
            "tiingo_api_key": scenario.key,
            "retry_base_seconds": 0.001,
            "retry_cap_seconds": 0.01,
            "provider_timeout_seconds": 5.0,
        }
        told = make_settings(home, database_url="postgresql://test", **given | settings)
        asking = App(told)
        asking.engine, asking.sessions = app.engine, app.sessions
        providers = Providers(asking)
        try:
            live = await providers.open()
            yield Desk(asking, live, tiingo, yahoo, archives, scenario)
        finally:
            await providers.close()
