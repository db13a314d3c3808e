from datetime import UTC, date, datetime

import pytest
from sqlalchemy import select
from sqlalchemy.exc import IntegrityError
from sqlmodel import col

from models.price_bar import Quarantine
from models.published_series import (
    FactorReturnRepository,
    FactorRow,
    FxRateRepository,
    FxRow,
    MacroRow,
    MacroSeriesRepository,
)
from models.quarantines import QuarantineRepository
from models.staging import Written

# European Central Bank reference rates: US dollars for one Australian dollar.
RATES = {date(2024, 1, 2): 0.6771, date(2024, 1, 3): 0.6727, date(2024, 1, 4): 0.6717}


def fixing(day, rate, pair="AUDUSD"):
    return FxRow(pair, day, rate, "ECB", datetime(day.year, day.month, day.day, 15, tzinfo=UTC))


FIXINGS = [fixing(day, rate) for day, rate in RATES.items()]


async def test_rates_come_back_as_columns(session):
    rates = FxRateRepository(session)
    await rates.write(reversed(FIXINGS))

    columns = await rates.columns(["AUDUSD", "NZDUSD"])

    assert columns["AUDUSD"].values == [0.6771, 0.6727, 0.6717]
    assert columns["AUDUSD"].days == [19_724, 19_725, 19_726]
    assert columns["AUDUSD"].known_at_us[0] == 1_704_207_600_000_000
    assert columns["NZDUSD"].days == []


async def test_rates_are_cut_on_both_axes(session):
    rates = FxRateRepository(session)
    await rates.write(FIXINGS)

    by_day = await rates.columns(["AUDUSD"], start=date(2024, 1, 3), end=date(2024, 1, 3))
    by_instant = await rates.columns(["AUDUSD"], known_at=datetime(2024, 1, 3, 14, tzinfo=UTC))

    assert by_day["AUDUSD"].values == [0.6727]
    assert by_instant["AUDUSD"].values == [0.6771]


async def test_the_first_fixing_is_known(session):
    rates = FxRateRepository(session)
    await rates.write(FIXINGS)

    assert await rates.first_date("AUDUSD") == date(2024, 1, 2)
    assert await rates.first_date("NZDUSD") is None


async def test_writing_again_touches_only_what_differs(session):
    rates = FxRateRepository(session)

    written = [
        await rates.write(FIXINGS),
        await rates.write(FIXINGS),
        await rates.write([fixing(date(2024, 1, 4), 0.68), fixing(date(2024, 1, 5), 0.6692)]),
    ]

    assert written == [Written(new=3), Written(unchanged=3), Written(new=1, revised=1)]
    assert sum(written, Written()) == Written(new=4, revised=1, unchanged=3)
    assert (await rates.columns(["AUDUSD"]))["AUDUSD"].values[-2:] == [0.68, 0.6692]


@pytest.mark.parametrize("rate", [0.0, -1.0, float("nan"), float("inf")])
async def test_a_rate_that_cannot_be_is_refused(session, rate):
    with pytest.raises(IntegrityError, match="ck_fx_rate_rate_positive"):
        await FxRateRepository(session).write([fixing(date(2024, 1, 2), rate)])


async def test_factors_are_read_by_set_and_frequency(session):
    known = datetime(2024, 2, 1, tzinfo=UTC)
    month_end = date(2024, 1, 31)
    factors = FactorReturnRepository(session)
    await factors.write(
        [
            FactorRow("FF3", "monthly", "RF", month_end, 0.0047, "French", known),
            FactorRow("FF3", "monthly", "HML", month_end, -0.0238, "French", known),
            FactorRow("FF3", "daily", "RF", month_end, 0.00022, "French", known),
            FactorRow("FF5", "monthly", "RF", month_end, 0.1, "French", known),
        ]
    )

    columns = await factors.columns(["RF", "HML", "SMB"], factor_set="FF3", frequency="monthly")

    assert {name: column.values for name, column in columns.items()} == {
        "RF": [0.0047],
        "HML": [-0.0238],
        "SMB": [],
    }


async def test_macro_figures_are_read_by_series(session):
    macro = MacroSeriesRepository(session)
    known = datetime(2024, 1, 3, tzinfo=UTC)
    await macro.write(
        [MacroRow("VIX", day, value, "CBOE", known) for day, value in RATES.items()]
        + [MacroRow("VIX3M", date(2024, 1, 2), 15.0, "CBOE", known)]
    )

    columns = await macro.columns(["VIX"], end=date(2024, 1, 3))

    assert columns["VIX"].values == [0.6771, 0.6727]


async def test_refused_rows_are_kept_as_they_came_and_once(session):
    def rows():
        return [
            Quarantine(source="feed", file="a.csv", row_number=number, raw="1,2,3", reason=reason)
            for number, reason in enumerate(("OHLC_ORDER", "SPIKE", "SPIKE"), start=1)
        ]

    await QuarantineRepository(session).add(rows())
    await QuarantineRepository(session).add(rows())

    kept = await session.scalars(select(Quarantine).order_by(col(Quarantine.id)))
    assert [(row.row_number, row.raw, row.reason) for row in kept] == [
        (1, "1,2,3", "OHLC_ORDER"),
        (2, "1,2,3", "SPIKE"),
        (3, "1,2,3", "SPIKE"),
    ]
