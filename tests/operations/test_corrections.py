"""A price put right by the role of the API, which may delete nothing and sees its owner's rows."""

from datetime import date

import pytest
from sqlalchemy import text

from api.services.correct_price import correct_price
from models import Scope
from models.audit_events import AuditEventRepository
from models.fingerprints import FingerprintRepository
from models.instruments import InstrumentRepository
from models.ownership import sessions_of
from models.price_bars import PriceBarRepository
from models.session import unit_of_work
from tests.factories import OWNER, STRANGER, make_bar, make_instrument
from tests.operations.conftest import sessions_as

MONDAY = date(2024, 1, 8)


@pytest.fixture
async def api(deployed):
    """Sessions of the API on a database in which a worker has stored a bar."""
    worker = sessions_as(deployed, "parakeet_worker")
    async with worker as sessions, unit_of_work(sessions) as session:
        ids = await InstrumentRepository(session).upsert([make_instrument("AAA")])
        await PriceBarRepository(session).write([make_bar(ids["AAA"], MONDAY, 1.0)])
        await FingerprintRepository(session).refresh(Scope.BARS, list(ids.values()))
    async with sessions_as(deployed, "parakeet_api") as sessions:
        yield sessions


async def test_the_api_puts_a_price_right_and_only_its_owner_sees_who_did(api):
    async with unit_of_work(sessions_of(api, OWNER)) as session:
        revision = await correct_price(
            session,
            owner_id=OWNER,
            symbol="AAA",
            date=MONDAY,
            values={"adjusted_close": 2.0},
            reason="a test",
        )

    seen = []
    for owner in (OWNER, STRANGER):
        async with unit_of_work(sessions_of(api, owner)) as session:
            (bar,) = await PriceBarRepository(session).columns([revision.instrument_id])
            seen.append(bar.adjusted_close)
            seen.append(
                len(await AuditEventRepository(session).of("AAA 2024-01-08", owner_id=owner))
            )
            seen.append(await session.scalar(text("SELECT count(*) FROM audit_event")))
    assert seen == [[2.0], 1, 1, [2.0], 0, 0]
