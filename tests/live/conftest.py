"""Providers for the suite of this folder: fakes on loopback, or with PARAKEET_LIVE the real ones.

`make live` sets it. On days everybody can look up both must say the same.
"""

import os
from contextlib import AsyncExitStack, asynccontextmanager
from datetime import date, time

import pytest

from api.adapters.ecb_rates import EcbRates
from api.adapters.french_factors import FrenchFactors
from api.adapters.tiingo_prices import TiingoPrices
from api.adapters.yahoo_prices import YahooPrices
from tests.providers.archives import Tables, fake_archives
from tests.providers.market import Bar, Scenario, Share, asx_share, us_share
from tests.providers.tiingo import fake_tiingo
from tests.providers.yahoo import fake_yahoo

LIVE = bool(os.environ.get("PARAKEET_LIVE"))
KEY = os.environ.get("TIINGO_API_KEY", "")
TIINGO, YAHOO = "https://api.tiingo.com", "https://query2.finance.yahoo.com"
ECB, FRENCH = "https://www.ecb.europa.eu", "https://mba.tuck.dartmouth.edu"


def closes(by_day, **changes):
    bars = [Bar(date.fromisoformat(on), c, c, c, c, 1_000.0) for on, c in by_day.items()]
    return Share(bars=bars, **changes)


def around_the_clock(by_day, **changes):
    return closes(by_day, opens=time(0), closes=time(23, 59), **changes)


APPLE = closes(
    {"2020-08-06": 455.61, "2020-08-07": 444.45, "2020-08-28": 499.23, "2020-08-31": 129.04},
    splits={date(2020, 8, 31): 4.0},
    dividends={date(2020, 8, 7): 0.82},
)
AUDUSD = {"2024-03-06": 0.6502, "2024-03-07": 0.6563, "2024-03-08": 0.6621}
SHARES = {
    "AAPL": APPLE,
    "BRK-B": us_share(date(2024, 7, 1), date(2024, 7, 8)),
    "BHP.AX": asx_share(date(2024, 1, 22), date(2024, 1, 31)),
    "^GSPC": closes({"2024-01-18": 4780.94, "2024-01-19": 4839.81}, kind="INDEX"),
    "^VIX": closes({"2024-03-07": 14.44, "2024-03-08": 14.74}, kind="INDEX"),
    "^VIX3M": closes({"2024-03-07": 15.6, "2024-03-08": 15.8}, kind="INDEX"),
    "AUDUSD=X": around_the_clock(AUDUSD, kind="CURRENCY", zone="Europe/London"),
    "BTC-USD": around_the_clock(
        {"2024-03-08": 68300.1, "2024-03-09": 68498.9, "2024-03-10": 69019.8},
        kind="CRYPTOCURRENCY",
        zone="UTC",
    ),
}
FIXINGS = {
    date(2024, 3, 8): {"USD": 1.0932, "AUD": 1.6469},
    date(2024, 3, 11): {"USD": 1.0926, "AUD": 1.6546},
}
THREE, FIVE = (2.96, -2.56, -2.43, 0.22), (-0.39, -0.41, -0.97, 0.68, -1.18, 0.27)
REGIONS = ("Developed_ex_US", "Asia_Pacific_ex_Japan")
FACTORS = {
    "F-F_Research_Data_Factors_CSV.zip": {"192607": THREE},
    "F-F_Research_Data_Factors_daily_CSV.zip": {"19260701": THREE},
    "F-F_Research_Data_5_Factors_2x3_CSV.zip": {"196307": FIVE},
    "F-F_Research_Data_5_Factors_2x3_daily_CSV.zip": {"19630701": FIVE},
    **{f"{area}_3_Factors_CSV.zip": {"199007": THREE} for area in REGIONS},
    **{f"{area}_5_Factors_CSV.zip": {"199007": FIVE} for area in REGIONS},
}


@asynccontextmanager
async def opened(real, fake, make):
    """Yield the adapter that asks the real address, or that of the fake."""
    async with AsyncExitStack() as stack:
        made = make(real if LIVE else (await stack.enter_async_context(fake)).url)
        stack.push_async_callback(made.close)
        yield made


@pytest.fixture
async def tiingo():
    if LIVE and not KEY:
        pytest.skip("TIINGO_API_KEY is not set: Tiingo was not asked")
    scenario = Scenario(shares=dict(SHARES))
    key = KEY if LIVE else scenario.key
    async with opened(
        TIINGO, fake_tiingo(scenario), lambda url: TiingoPrices(url=url, key=key)
    ) as made:
        yield made


@pytest.fixture
async def yahoo():
    fake = fake_yahoo(Scenario(shares=dict(SHARES)))
    async with opened(YAHOO, fake, lambda url: YahooPrices(url=url)) as made:
        yield made


@pytest.fixture(params=["tiingo", "yahoo"])
def prices(request):
    return request.getfixturevalue(request.param)


@pytest.fixture
async def ecb():
    fake = fake_archives(Scenario(), Tables(fixings=FIXINGS))
    async with opened(ECB, fake, lambda url: EcbRates(url=url)) as made:
        yield made


@pytest.fixture
async def french():
    fake = fake_archives(Scenario(), Tables(factors=FACTORS))
    async with opened(FRENCH, fake, lambda url: FrenchFactors(url=url)) as made:
        yield made
