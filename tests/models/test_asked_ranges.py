from datetime import UTC, date, datetime

import pytest
from sqlalchemy.exc import IntegrityError

from models.asked_range import AskedRow
from models.asked_ranges import AskedRangeRepository

CHECKED = datetime(2026, 11, 20, 22, tzinfo=UTC)


async def test_the_last_word_on_a_symbol_counts(session):
    asked = AskedRangeRepository(session)
    await asked.save(
        [
            AskedRow("AAPL", "tiingo", date(2020, 1, 2), date(2026, 11, 19), CHECKED),
            AskedRow("GONE", "yahoo", None, None, CHECKED, "UNKNOWN_SYMBOL", "yahoo has no GONE"),
        ]
    )

    await asked.save([AskedRow("AAPL", "yahoo", date(2019, 1, 2), date(2026, 11, 20), CHECKED)])

    found = await asked.by_keys(["AAPL", "GONE", "MSFT"])
    assert sorted(found) == ["AAPL", "GONE"]
    assert (found["AAPL"].source, found["AAPL"].first_on) == ("yahoo", date(2019, 1, 2))
    assert (found["GONE"].failure_kind, found["GONE"].last_on) == ("UNKNOWN_SYMBOL", None)


@pytest.mark.parametrize(
    "row",
    [
        AskedRow("AAPL", "tiingo", date(2026, 1, 2), date(2020, 1, 2), CHECKED),
        AskedRow("AAPL", "tiingo", None, date(2020, 1, 2), CHECKED),
        AskedRow("AAPL", "tiingo", None, None, CHECKED),
        AskedRow("AAPL", "tiingo", None, None, CHECKED, "DELISTED", None),
    ],
)
async def test_half_a_range_is_refused(session, row):
    with pytest.raises(IntegrityError):
        await AskedRangeRepository(session).save([row])
