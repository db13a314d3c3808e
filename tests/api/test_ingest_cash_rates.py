"""Cash rates through an ingest: asked for once a day, written once, named when they fail."""

from datetime import date, timedelta

import pytest

from tests.api.ingesting import FRIDAY, MONDAY, desk, market
from tests.api.test_ingest_universe import write_list
from tests.providers.market import always, status

FILES = ("f1-data.csv", "f1.1-data.csv")
STORED = "SELECT date, value, source, known_at FROM macro_series WHERE series = 'AU_CASH_RATE'"


@pytest.fixture
async def listed(app):
    await write_list(app, "BHP.AX")


def count(asked):
    return sum(asked.archives.count(file) for file in FILES)


async def test_the_bank_is_asked_once_a_day_and_each_figure_is_written_once(app, tmp_path, listed):
    async with desk(app, tmp_path) as asked:
        await asked.ingest(universe="LISTED")
        first, files = await asked.rows(f"{STORED} ORDER BY date"), count(asked)
        await asked.ingest(universe="LISTED", now=FRIDAY + timedelta(minutes=5))
        again = count(asked)
        await asked.ingest(universe="LISTED", now=MONDAY)
        later = await asked.rows(f"{STORED} ORDER BY date")
        digests = await asked.rows(
            "SELECT year FROM fingerprint WHERE key = 'AU_CASH_RATE' ORDER BY year"
        )

    assert (files, again, count(asked)) == (2, 2, 4)
    # Friday's own figure is posted on Saturday morning in Sydney, when Friday is over here.
    assert [first[0][:3], first[-1][:3]] == [
        (date(2021, 12, 31), 0.10, "rba"),
        (date(2024, 6, 27), 4.35, "rba"),
    ]
    assert first[-1][3].isoformat() == "2024-06-28T00:00:00+00:00"
    assert later[: len(first)] == first
    assert [row[0] for row in later[len(first) :]] == [date(2024, 6, 28)]
    assert digests == [(2021,), (2022,), (2023,), (2024,)]


@pytest.mark.parametrize("file", FILES)
async def test_a_bank_that_is_away_is_named_and_stays_due(app, tmp_path, listed, file):
    scenario = market(faults={file: always(status(404))})
    async with desk(app, tmp_path, scenario) as asked:
        report = await asked.ingest(universe="LISTED")
        scenario.faults.clear()
        mended = await asked.ingest(universe="LISTED")
        rates = await asked.rows(STORED)

    [failure] = [each for each in report["failures"] if each["symbol"] == "AU_CASH_RATE"]
    assert failure["source"] == "rba"
    assert failure["message"] == "The Reserve Bank of Australia answered with status 404"
    assert report["succeeded"] == report["requested"]
    assert "AU_CASH_RATE" not in {each["symbol"] for each in mended["failures"]}
    assert len(rates) > 600
