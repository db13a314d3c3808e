"""Whatever windows a history comes in, and in whatever order: the same tables (I14)."""

from datetime import date, timedelta

import pytest

from tests.api.ingesting import FRIDAY, START, desk, market
from tests.providers.market import us_share

SPLIT, DIVIDEND, RISE = date(2023, 3, 15), date(2023, 8, 10), date(2023, 5, 10)
# All that says what a bar or an action is and since when; not when our row was written.
HASH = """
    SELECT
        (SELECT md5(string_agg(concat_ws('|', symbol, date, open, high, low, close,
            adjusted_close, volume, b.source, quality, known_at), ';' ORDER BY symbol, date))
         FROM price_bar b JOIN instrument i ON i.id = b.instrument_id),
        (SELECT md5(string_agg(concat_ws('|', symbol, ex_date, kind, ratio, cash, a.currency,
            known_at), ';' ORDER BY symbol, ex_date, kind))
         FROM corporate_action a JOIN instrument i ON i.id = a.instrument_id),
        (SELECT md5(string_agg(concat_ws('|', symbol, date, reason, raw), ';' ORDER BY raw))
         FROM quarantine),
        (SELECT count(*) FROM price_bar_revision)
"""
YEAR = (date(2023, 1, 3), date(2023, 12, 29))
WINDOWS = {
    "at once": [YEAR],
    "twice": [YEAR, YEAR],
    "by the month": [
        (date(2023, month, 1), date(2023, month + 1, 1) - timedelta(days=1))
        for month in range(1, 12)
    ]
    + [(date(2023, 12, 1), YEAR[1])],
    "backwards": [(date(2023, month, 1), YEAR[1]) for month in (10, 7, 4)] + [YEAR],
    "cut at the split": [(YEAR[0], SPLIT - timedelta(days=1)), YEAR],
    "begun at the split": [(SPLIT, YEAR[1]), YEAR],
    "cut at the rise": [(YEAR[0], RISE - timedelta(days=1)), YEAR],
    "begun at the dividend": [(DIVIDEND, date(2023, 9, 1)), YEAR],
    "the middle first": [(date(2023, 6, 1), date(2023, 6, 30)), (YEAR[0], date(2023, 3, 31)), YEAR],
}


def scenario():
    """A year with a split, a dividend, a day on which the price nearly doubles, and a bad row."""
    share = us_share(START, YEAR[1], seed=5, splits={SPLIT: 100.0}, dividends={DIVIDEND: 0.02})
    bars = [_risen(bar) if bar.day >= RISE else bar for bar in share.bars]
    changed = type(share)(bars=bars, splits=share.splits, dividends=share.dividends)
    return market(shares=market().shares | {"ODD": changed})


def _risen(bar):
    figures = {name: getattr(bar, name) * 1.9 for name in ("open", "high", "low", "close")}
    if bar.day == date(2023, 11, 7):
        figures["low"] = figures["high"] * 2
    return type(bar)(day=bar.day, volume=bar.volume, **figures)


@pytest.mark.parametrize("order", WINDOWS)
async def test_any_windows_in_any_order_leave_the_same_tables(app, tmp_path, order, known_tables):
    async with desk(app, tmp_path, scenario()) as asked:
        for start, end in WINDOWS[order]:
            report = await asked.ingest(
                symbols=["ODD"], start=start.isoformat(), end=end.isoformat(), now=FRIDAY
            )
            assert report["failures"] == []
        [found] = await asked.rows(HASH)

    known_tables.setdefault("found", found)
    assert found == known_tables["found"]
    assert found[3] == 0


@pytest.fixture(scope="module")
def known_tables():
    """What the first order left; all others have to leave the same."""
    return {}
