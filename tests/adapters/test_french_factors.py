"""Ken French's zips: what is around the table is no data, and neither is -99.99."""

from contextlib import asynccontextmanager
from datetime import date

import numpy as np
import pytest

from api.adapters.french_factors import FrenchFactors
from api.errors import FailureKind, FetchFailed
from tests.providers.archives import Tables, fake_archives, french_table, zipped
from tests.providers.market import EPOCH, HTML, Scenario, body, hanging, status

# The first rows of each file in the library's edition of 2024.
MONTHLY = {
    "192607": (2.96, -2.56, -2.43, 0.22),
    "192608": (2.64, -1.17, 3.82, 0.25),
    "192702": (4.18, 0.04, 3.43, 0.26),
}
DAILY = {"19260701": (0.09, -0.25, -0.27, 0.01), "19260702": (0.45, -0.33, -0.06, 0.01)}
FIVE = {"196307": (-0.39, -0.41, -0.97, 0.68, -1.18, 0.27)}
FIVE_DAILY = {"19630701": (-0.67, 0.02, -0.35, 0.03, 0.13, 0.01)}
THREE_MONTHLY = "F-F_Research_Data_Factors_CSV.zip"
# Of other regions: months alone, each factor of the five a column too.
ABROAD = {"199007": (4.46, 1.37, -1.28, 0.68)}
FIVE_ABROAD = {"199007": (4.46, 0.77, -0.19, 0.27, -0.46, 0.68)}
FACTORS = {
    THREE_MONTHLY: MONTHLY,
    "F-F_Research_Data_Factors_daily_CSV.zip": DAILY,
    "F-F_Research_Data_5_Factors_2x3_CSV.zip": FIVE,
    "F-F_Research_Data_5_Factors_2x3_daily_CSV.zip": FIVE_DAILY,
    "Developed_ex_US_3_Factors_CSV.zip": ABROAD,
    "Developed_ex_US_5_Factors_CSV.zip": FIVE_ABROAD,
    "Asia_Pacific_ex_Japan_3_Factors_CSV.zip": ABROAD,
    "Asia_Pacific_ex_Japan_5_Factors_CSV.zip": FIVE_ABROAD,
}


@asynccontextmanager
async def french(fault=None, factors=FACTORS, timeout_seconds=5.0):
    faults = {THREE_MONTHLY: [fault]} if fault else {}
    async with fake_archives(Scenario(faults=faults), Tables(factors=factors)) as fake:
        library = FrenchFactors(url=fake.url, timeout_seconds=timeout_seconds)
        try:
            yield library
        finally:
            await library.close()


def day(text):
    return (date.fromisoformat(text) - EPOCH).days


async def tables(**changes):
    async with french(**changes) as library:
        return {(t.factor_set, t.frequency): t for t in await library.fetch_factors()}


REGIONAL = {f"{s}_{r}" for s in ("FF3", "FF5") for r in ("DEVELOPED_EX_US", "ASIA_PACIFIC")}


async def test_tables_of_fractions_come_back():
    found = await tables()

    american = {(s, f) for s in ("FF3", "FF5") for f in ("monthly", "daily")}
    assert set(found) == american | {(name, "monthly") for name in REGIONAL}
    three = {series.key: series for series in found["FF3", "monthly"].series}
    assert list(three) == ["Mkt-RF", "SMB", "HML", "RF"]
    assert three["Mkt-RF"].day.tolist() == [day("1926-07-31"), day("1926-08-31"), day("1927-02-28")]
    assert three["Mkt-RF"].value.tolist() == [2.96 / 100, 2.64 / 100, 4.18 / 100]
    assert three["RF"].value.tolist() == [0.22 / 100, 0.25 / 100, 0.26 / 100]
    five = {series.key: series.value.tolist() for series in found["FF5", "monthly"].series}
    names = ("Mkt-RF", "SMB", "HML", "RMW", "CMA", "RF")
    assert five == {name: [x / 100] for name, x in zip(names, FIVE["196307"], strict=True)}
    daily = found["FF3", "daily"].series[0]
    assert daily.day.tolist() == [day("1926-07-01"), day("1926-07-02")]
    assert [series.key for series in found["FF5", "daily"].series] == list(five)
    for name in REGIONAL:
        figures = (FIVE_ABROAD if name.startswith("FF5") else ABROAD)["199007"]
        told = found[name, "monthly"].series
        assert [series.value.tolist() for series in told] == [[x / 100] for x in figures]


async def test_a_return_is_known_when_its_period_is_over():
    found = await tables()

    for frequency, first in (("monthly", "1926-08-01"), ("daily", "1926-07-02")):
        known = found["FF3", frequency].series[0].known_at[0]
        assert known == np.datetime64(first, "ns").astype(np.int64)


@pytest.mark.parametrize("unknown", [-99.99, -999.0])
async def test_what_the_library_does_not_know_is_left_out(unknown):
    rows = MONTHLY | {"192608": (2.64, unknown, 3.82, 0.25)}

    found = await tables(factors=FACTORS | {THREE_MONTHLY: rows})

    counts = {series.key: len(series.day) for series in found["FF3", "monthly"].series}
    assert counts == {"Mkt-RF": 3, "SMB": 2, "HML": 3, "RF": 3}


def table(columns=("Mkt-RF", "SMB", "HML", "RF"), rows=MONTHLY):
    return body(zipped("table.csv", french_table(columns, rows)))


@pytest.mark.parametrize(
    ("fault", "kind"),
    [
        (HTML, "BAD_DATA"),
        (status(404), "BAD_DATA"),
        (status(500), "NETWORK"),
        (table(columns=("Mkt-RF", "HML", "SMB", "RF")), "BAD_DATA"),
        (table(rows={"192607": (1.0, 2.0, 3.0)}), "BAD_DATA"),
        (table(rows={"192613": (1.0, 2.0, 3.0, 4.0)}), "BAD_DATA"),
        (table(rows={"192608": MONTHLY["192608"], "192607": MONTHLY["192607"]}), "BAD_DATA"),
        (body(zipped("table.csv", "")), "BAD_DATA"),
        (body(zipped("table.csv", ",Mkt-RF,SMB,HML,RF\n192607,1,2,x,4\n")), "BAD_DATA"),
    ],
)
async def test_each_misfortune_has_its_kind(fault, kind):
    with pytest.raises(FetchFailed) as caught:
        await tables(fault=fault)

    assert caught.value.kind == FailureKind(kind)


async def test_a_library_that_does_not_answer_is_a_timeout():
    with pytest.raises(FetchFailed) as caught:
        await tables(fault=hanging, timeout_seconds=0.3)

    assert caught.value.kind == FailureKind.TIMEOUT


async def test_a_table_without_a_row_is_no_table():
    with pytest.raises(FetchFailed) as caught:
        await tables(fault=body(zipped("table.csv", ",Mkt-RF,SMB,HML,RF\n")))

    assert caught.value.kind == FailureKind.BAD_DATA
