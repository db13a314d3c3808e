"""The Reserve Bank's tables: its target by day, and by month before there were days."""

from contextlib import asynccontextmanager
from datetime import date

import numpy as np
import pytest

from api.adapters.rba_rates import DAILY, MONTHLY, RbaRates, read_rates
from api.errors import DataError, FailureKind, FetchFailed
from tests.providers.archives import Tables, fake_archives, rba_days, rba_months
from tests.providers.market import EMPTY, EPOCH, HTML, Scenario, body, status

# Around the rise of November 2023, and the year's end before the first day of the daily table.
DAYS = {
    date(2011, 1, 4): 4.75,
    date(2023, 11, 7): 4.10,
    date(2023, 11, 8): 4.35,
    date(2023, 11, 9): None,
}
MONTHS = {date(2010, 11, 30): 4.73, date(2010, 12, 31): 4.75, date(2011, 1, 31): 4.76}
TABLES = Tables(cash_rates=DAYS, cash_averages=MONTHS)
ALL = (date(1900, 1, 1), date(2024, 12, 31))


@asynccontextmanager
async def bank(faults=None, tables=TABLES):
    async with fake_archives(Scenario(faults=faults or {}), tables) as fake:
        rates = RbaRates(url=fake.url, timeout_seconds=5.0)
        try:
            yield rates
        finally:
            await rates.close()


async def test_days_are_the_bank_s_and_months_stand_in_before_them():
    async with bank() as rates:
        (found,) = await rates.fetch_macro(*ALL)

    days = [EPOCH.fromordinal(EPOCH.toordinal() + day) for day in found.day.tolist()]
    assert (found.key, found.source) == ("AU_CASH_RATE", "rba")
    assert dict(zip(days, found.value.tolist(), strict=True)) == {
        date(2010, 11, 30): 4.73,
        date(2010, 12, 31): 4.75,
        date(2011, 1, 4): 4.75,
        date(2023, 11, 7): 4.10,
        date(2023, 11, 8): 4.35,
    }


async def test_a_figure_is_known_on_the_next_morning_in_sydney():
    async with bank() as rates:
        (found,) = await rates.fetch_macro(date(2023, 11, 8), date(2023, 11, 30))

    known = found.known_at.astype("datetime64[ns]")
    assert known.tolist() == np.array(["2023-11-09T00"], "datetime64[ns]").tolist()


def spoilt(old, new, table=DAILY):
    content = rba_days(DAYS) if table is DAILY else rba_months(MONTHS)
    changed = content.replace(old.encode(), new.encode())
    assert changed != content
    return changed, table


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (spoilt("Series ID", "Mnemonic"), "f1-data.csv is no table of the bank's: no row begins"),
        (spoilt("FIRMMCRTD", "FIRMMCRTX"), "f1-data.csv has no series FIRMMCRTD"),
        (spoilt("Frequency,Daily", "Frequency,Weekly"), "with Frequency 'Weekly', not 'Daily'"),
        (spoilt("Units,Per cent", "Units,Index"), "with Units 'Index', not 'Per cent'"),
        (spoilt("Units,", "Unit,"), "with Units '', not 'Per cent'"),
        (spoilt("08-Nov-2023", "8 November"), "begins a row with '8 November', which is no date"),
        (spoilt("4.35", "4.35 to 4.50"), "holds a cell that is no number"),
        (spoilt("4.35", "435"), "says 435 percent of 08-Nov-2023"),
        (spoilt("4.35", "nan"), "says nan percent of 08-Nov-2023"),
        (spoilt("FIRMMCRT,", "FIRMMCRI,", MONTHLY), "f1.1-data.csv has no series FIRMMCRT"),
        ((rba_days({date(2024, 1, 2): None}), DAILY), "holds no figure of FIRMMCRTD"),
        ((b"\x81\xff", DAILY), "f1-data.csv is no text"),
        ((b"", DAILY), "is no table of the bank's"),
        ((b'"' + b"x" * 200_000, DAILY), "is no table"),
    ],
)
def test_another_layout_is_named(content, words):
    with pytest.raises(DataError, match=words):
        read_rates(*content)


@pytest.mark.parametrize("file", [DAILY.file, MONTHLY.file])
@pytest.mark.parametrize(
    ("fault", "kind"),
    [
        (HTML, "BAD_DATA"),
        (EMPTY, "BAD_DATA"),
        (status(403), "BAD_DATA"),
        (status(429), "RATE_LIMITED"),
        (status(503), "NETWORK"),
        (body(rba_days(dict(reversed(DAYS.items())))), "BAD_DATA"),
    ],
)
async def test_a_bank_in_trouble_says_which(file, fault, kind):
    async with bank({file: [fault]}) as rates:
        with pytest.raises(FetchFailed) as failed:
            await rates.fetch_macro(*ALL)

    assert failed.value.kind == FailureKind(kind)
