from datetime import UTC, date, datetime

from models import Scope
from models.fingerprints import FingerprintRepository
from models.panel_days import PanelDays, panel_days
from models.published_series import (
    FactorReturnRepository,
    FactorRow,
    MacroRow,
    MacroSeriesRepository,
)

KNOWN = datetime(2024, 1, 8, tzinfo=UTC)


async def test_a_panel_is_stored_from_its_first_day_to_its_last_over_years_and_symbols(session):
    days = {
        "VIX": [date(2020, 5, 4), date(2022, 3, 1)],
        "VIX3M": [],
        "NEWS_FLAG/AAA": [date(2021, 1, 5)],
        "NEWS_FLAG/BBB": [date(2019, 7, 1), date(2020, 7, 1)],
    }
    rows = [MacroRow(name, day, 1.0, "test", KNOWN) for name, on in days.items() for day in on]
    await MacroSeriesRepository(session).write(rows)
    months = [date(2001, 1, 31), date(2003, 12, 31)]
    factors = [FactorRow("FF3", "monthly", "RF", day, 0.1, "test", KNOWN) for day in months]
    await FactorReturnRepository(session).write(factors)
    fingerprints = FingerprintRepository(session)
    await fingerprints.refresh(Scope.MACRO, list(days))
    await fingerprints.refresh(Scope.FACTORS, ["FF3"])

    found = await panel_days(session, ["VIX", "VIX3M", "NEWS_FLAG", "FF3", "FF5"])

    assert found == {
        "VIX": PanelDays(date(2020, 5, 4), date(2022, 3, 1)),
        "NEWS_FLAG": PanelDays(date(2019, 7, 1), date(2021, 1, 5)),
        "FF3": PanelDays(*months),
    }
