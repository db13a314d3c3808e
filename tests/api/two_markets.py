"""One American and one Australian share, and where their rows are in a panel."""

from datetime import UTC, date, datetime, timedelta

import numpy as np

from models import Exchange, Scope
from models.fingerprints import FingerprintRepository
from models.instruments import InstrumentRepository
from models.price_bars import PriceBarRepository
from models.published_series import (
    FxRateRepository,
    FxRow,
)
from models.session import unit_of_work
from tests.factories import (
    make_bar,
    make_instrument,
)

EPOCH = date(1970, 1, 1)


def row_of(panel, on: str) -> int:
    return int(np.searchsorted(panel.session, (date.fromisoformat(on) - EPOCH).days))


async def write_pair(sessions, *, rate: float = 0.67, days: int = 12) -> tuple[int, int]:
    """One American and one Australian share over days in January 2024, with fixings."""
    start = date(2024, 1, 12)
    span = [start + timedelta(days=n) for n in range(days)]
    new_york = [day for day in span if day.weekday() < 5 and day != date(2024, 1, 15)]
    sydney = [day for day in span if day.weekday() < 5]
    async with unit_of_work(sessions) as session:
        ids = await InstrumentRepository(session).upsert(
            [
                make_instrument("ACME"),
                make_instrument("BHP.AX", currency="AUD", exchange=Exchange.XASX),
            ]
        )
        us_id, au_id = ids["ACME"], ids["BHP.AX"]
        await PriceBarRepository(session).write(
            [make_bar(us_id, day, 100.0) for day in new_york]
            + [make_bar(au_id, day, 40.0) for day in sydney]
        )
        known = datetime(2024, 1, 12, 15, tzinfo=UTC)
        await FxRateRepository(session).write([FxRow("AUDUSD", start, rate, "test", known)])
        await FingerprintRepository(session).refresh(Scope.BARS, [us_id, au_id])
        await FingerprintRepository(session).refresh(Scope.FX, ["AUDUSD"])
    return us_id, au_id
