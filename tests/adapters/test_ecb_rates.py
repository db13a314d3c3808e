"""The ECB's table: AUDUSD out of two fixings of the euro, known when it is published."""

from contextlib import asynccontextmanager
from datetime import date

import numpy as np
import pytest

from api.adapters import archives
from api.adapters.ecb_rates import EcbRates
from api.errors import FailureKind, FetchFailed
from tests.providers.archives import Tables, fake_archives, zipped
from tests.providers.loopback import Answer
from tests.providers.market import EMPTY, EPOCH, HTML, Scenario, body, status, truncated

# As the ECB published them.
FIXINGS = {
    date(2024, 3, 8): {"USD": 1.0932, "AUD": 1.6469},
    date(2024, 3, 11): {"USD": 1.0926, "AUD": 1.6546},
}
FILE = "eurofxref-hist.zip"
RANGE = (date(2024, 1, 1), date(2024, 12, 31))


@asynccontextmanager
async def ecb(fault=None, fixings=FIXINGS):
    faults = {FILE: [fault]} if fault else {}
    async with fake_archives(Scenario(faults=faults), Tables(fixings=fixings)) as fake:
        rates = EcbRates(url=fake.url, timeout_seconds=5.0)
        try:
            yield rates
        finally:
            await rates.close()


async def test_the_pair_is_the_ratio_of_two_fixings_oldest_first():
    async with ecb() as rates:
        (audusd,) = await rates.fetch_rates(*RANGE)

    assert (audusd.key, audusd.source) == ("AUDUSD", "ecb")
    assert audusd.day.tolist() == [(day - EPOCH).days for day in FIXINGS]
    assert audusd.value.tolist() == [1.0932 / 1.6469, 1.0926 / 1.6546]
    known = audusd.known_at.astype("datetime64[ns]")
    assert known.tolist() == np.array(["2024-03-08T15", "2024-03-11T15"], "datetime64[ns]").tolist()


async def test_only_the_range_comes_back():
    async with ecb() as rates:
        (audusd,) = await rates.fetch_rates(date(2024, 3, 9), date(2024, 3, 11))

    assert audusd.day.tolist() == [(date(2024, 3, 11) - EPOCH).days]


@pytest.mark.parametrize(
    ("fault", "kind"),
    [
        (HTML, "BAD_DATA"),
        (EMPTY, "BAD_DATA"),
        (truncated, "BAD_DATA"),
        (body(zipped("a.csv", "Date,USD,\n2024-03-08,1.0932,\n")), "BAD_DATA"),
        (body(zipped("a.csv", "Date,USD,AUD,\n2024-03-08,N/A,1.6,\n")), "BAD_DATA"),
        (body(zipped("a.csv", "Date,USD,AUD,\n2024-03-08,,1.6,\n")), "BAD_DATA"),
        (body(zipped("a.csv", "Date,USD,AUD,\n2024-03-08,1.1,0,\n")), "BAD_DATA"),
        (body(zipped("a.csv", "Date,USD,AUD,\n")), "BAD_DATA"),
        (body(zipped("a.csv", "")), "BAD_DATA"),
        (body(zipped("a.csv", "Date,USD,AUD,\n2024-03-08,1,2,\n2024-03-11,1,2,\n")), "BAD_DATA"),
        (body(zipped("readme.txt", "moved")), "BAD_DATA"),
        (body(zipped("a.csv", "Date,USD,AUD,\n2024-03-08,1,2,\n")[:60]), "BAD_DATA"),
        (status(404), "BAD_DATA"),
        (status(503), "NETWORK"),
        (status(429), "RATE_LIMITED"),
    ],
)
async def test_each_misfortune_has_its_kind(fault, kind):
    async with ecb(fault) as rates:
        with pytest.raises(FetchFailed) as caught:
            await rates.fetch_rates(*RANGE)

    assert caught.value.kind == FailureKind(kind)


async def test_a_broken_byte_in_the_zip_is_noticed():
    def flip(answer):
        content = bytearray(answer.body)
        content[60] ^= 0xFF
        return Answer(body=bytes(content))

    async with ecb(flip) as rates:
        with pytest.raises(FetchFailed) as caught:
            await rates.fetch_rates(*RANGE)

    assert caught.value.kind == FailureKind.BAD_DATA


async def test_a_table_of_unusual_size_is_not_unpacked(monkeypatch):
    monkeypatch.setattr(archives, "LARGEST_TABLE", 50)

    async with ecb() as rates:
        with pytest.raises(FetchFailed, match="one table of a usual size") as caught:
            await rates.fetch_rates(*RANGE)

    assert caught.value.kind == FailureKind.BAD_DATA
