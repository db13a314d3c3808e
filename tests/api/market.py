"""A small market for tests of the API: five shares, an index, rates, a universe."""

import math
from datetime import UTC, date, datetime

from api.settings import Settings
from models.fingerprint import Scope
from models.fingerprints import FingerprintRepository
from models.instrument import AssetClass, Exchange
from models.instruments import InstrumentRepository
from models.price_bars import PriceBarRepository
from models.published_series import FxRateRepository, FxRow
from models.session import unit_of_work
from models.universes import Spell, UniverseRepository
from tests.factories import OWNER, make_bars, make_instrument, make_universe

FIRST = date(2018, 1, 1)
SESSIONS = 520
# The 520th weekday from the first.
LAST = date(2019, 12, 27)
FIRST_RATE = date(2018, 6, 4)
SHARES = ("AAA", "BBB", "CCC", "DDD", "EEE")
INDEX = "^GSPC"
UNIVERSE = "TEST_US"


async def write_market(sessions) -> None:
    """Write instruments with two years of weekdays, rates from June, and who is in the universe."""
    async with unit_of_work(sessions) as session:
        shares = [make_instrument(symbol) for symbol in SHARES]
        index = make_instrument(INDEX, asset_class=AssetClass.INDEX, exchange=Exchange.INDEX)
        ids = await InstrumentRepository(session).upsert([*shares, index])
        bars = [
            bar
            for number, instrument_id in enumerate(ids.values(), start=1)
            for bar in make_bars(instrument_id, FIRST, _closes(number))
        ]
        await PriceBarRepository(session).write(bars)
        await FxRateRepository(session).write(_rates())
        known = datetime.combine(FIRST, datetime.min.time(), tzinfo=UTC)
        spells = [Spell(ids[symbol], FIRST, None, known) for symbol in SHARES]
        await UniverseRepository(session).save(make_universe(UNIVERSE), spells, reason="a test")
        prints = FingerprintRepository(session)
        await prints.refresh(Scope.BARS, list(ids.values()))
        await prints.refresh(Scope.FX, ["AUDUSD"])
        await prints.refresh(Scope.MEMBERSHIP, [UNIVERSE])


def _closes(number):
    return [
        100.0 * math.exp(0.0003 * number * day + 0.02 * math.sin(day / (3 + number)))
        for day in range(SESSIONS)
    ]


def _rates():
    days = (bar.date for bar in make_bars(0, FIRST_RATE, [1.0] * (SESSIONS - 110)))
    return [
        FxRow("AUDUSD", day, 0.75, "test", datetime(day.year, day.month, day.day, 16, tzinfo=UTC))
        for day in days
    ]


def make_settings(home, **given):
    return Settings(_env_file=None, environment="test", home=home, owner_id=OWNER, **given)
