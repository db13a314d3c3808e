"""What a source brings again writes nothing: not one row of any table is touched."""

from datetime import UTC, date, datetime

import pytest
from sqlalchemy import text

from models import AliasRow, Quarantine, Scope
from models.asked_range import AskedRow
from models.asked_ranges import AskedRangeRepository
from models.corporate_actions import CorporateActionRepository
from models.fingerprints import FingerprintRepository
from models.instrument_aliases import InstrumentAliasRepository
from models.instruments import InstrumentRepository
from models.price_bars import PriceBarRepository
from models.published_series import (
    FactorReturnRepository,
    FactorRow,
    FxRateRepository,
    FxRow,
    MacroRow,
    MacroSeriesRepository,
)
from models.quarantines import QuarantineRepository
from models.universes import Spell, UniverseRepository
from tests.factories import make_bars, make_dividend, make_instrument, make_split, make_universe

DAY, KNOWN = date(2024, 1, 8), datetime(2024, 1, 8, 22, tzinfo=UTC)


async def instruments(session, one):
    await InstrumentRepository(session).upsert([make_instrument("AAA")])


async def bars(session, one):
    rows = make_bars(one, DAY, [1.0, 2.0, 3.0], open=0.1 + 0.2, volume=1e6)
    await PriceBarRepository(session).write(rows)


async def actions(session, one):
    rows = [make_split(one, DAY, 2.0), make_dividend(one, DAY, 0.1 + 0.2)]
    await CorporateActionRepository(session).write(rows)


async def aliases(session, one):
    await InstrumentAliasRepository(session).write([AliasRow(one, "A", DAY, None)])


async def quarantine(session, one):
    row = {"source": "feed", "file": "a.csv", "raw": "1,2", "reason": "SPIKE"}
    rows = [Quarantine(**row, row_number=number) for number in (None, 1)]
    await QuarantineRepository(session).add(rows)


async def rates(session, one):
    await FxRateRepository(session).write([FxRow("AUDUSD", DAY, 0.67, "ECB", KNOWN)])


async def factors(session, one):
    row = FactorRow("FF3", "monthly", "RF", DAY, 0.004, "French", KNOWN)
    await FactorReturnRepository(session).write([row])


async def macro(session, one):
    await MacroSeriesRepository(session).write([MacroRow("VIX", DAY, 13.0, "CBOE", KNOWN)])


async def memberships(session, one):
    spells = [Spell(one, DAY, None, KNOWN)]
    await UniverseRepository(session).save(make_universe(), spells, reason="import")


async def fingerprints(session, one):
    await bars(session, one)
    await FingerprintRepository(session).refresh(Scope.BARS, [one])


async def asked_ranges(session, one):
    await AskedRangeRepository(session).save([AskedRow("AAA", "yahoo", DAY, DAY, KNOWN)])


WRITES = {
    "instrument": instruments,
    "price_bar": bars,
    "corporate_action": actions,
    "instrument_alias": aliases,
    "quarantine": quarantine,
    "fx_rate": rates,
    "factor_return": factors,
    "macro_series": macro,
    "universe": memberships,
    "index_membership": memberships,
    "fingerprint": fingerprints,
    "asked_range": asked_ranges,
}


@pytest.mark.parametrize("table", WRITES)
async def test_a_second_write_touches_no_row(session, table):
    ids = await InstrumentRepository(session).upsert([make_instrument("AAA")])

    async def versions():
        # Each write of a savepoint has a transaction number of its own, and rows keep theirs.
        async with session.begin_nested():
            await WRITES[table](session, ids["AAA"])
        found = await session.execute(text(f"SELECT ctid::text, xmin::text FROM {table}"))  # noqa: S608
        return sorted(map(tuple, found))

    first = await versions()
    second = await versions()

    assert first
    assert second == first
