"""Panels as of an instant: nothing that was written since may show in them."""

from dataclasses import replace
from datetime import UTC, date, datetime

import pytest

from api.adapters.local_store import LocalStore
from api.services.panels import PanelRequest, load_panel
from models import Scope
from models.corporate_actions import CorporateActionRepository
from models.fingerprints import FingerprintRepository
from models.instruments import InstrumentRepository
from models.price_bars import PriceBarRepository
from models.session import unit_of_work
from tests.factories import make_bar, make_dividend, make_instrument, make_split

DAYS = date(2024, 1, 16), date(2024, 1, 17), date(2024, 1, 18)
# All bars were known by then, and nothing that the tests write afterwards.
FRIDAY = datetime(2024, 1, 19, tzinfo=UTC)
ALONE = PanelRequest(symbols=("ACME",), start=DAYS[0], currency="USD", benchmark="ACME")


@pytest.fixture
def store(tmp_path):
    return LocalStore(tmp_path)


async def write_share(sessions, *, fields=("close", "actions")) -> int:
    """Three bars of a share, as traded."""
    async with unit_of_work(sessions) as session:
        share = make_instrument("ACME", fields=list(fields))
        us_id = (await InstrumentRepository(session).upsert([share]))["ACME"]
        rows = [make_bar(us_id, day, None, close=100.0 + n) for n, day in enumerate(DAYS)]
        await PriceBarRepository(session).write(rows)
        await FingerprintRepository(session).refresh(Scope.BARS, [us_id])
    return us_id


async def test_an_action_told_later_is_not_in_a_panel_as_of_before(sessions, store):
    us_id = await write_share(sessions)
    then = await load_panel(sessions, store, replace(ALONE, known_at=FRIDAY))
    late = datetime(2024, 1, 22, tzinfo=UTC)
    async with unit_of_work(sessions) as session:
        told = [make_dividend(us_id, DAYS[1], 1.0), make_split(us_id, DAYS[2], 2.0)]
        await CorporateActionRepository(session).write(row._replace(known_at=late) for row in told)
        await FingerprintRepository(session).refresh(Scope.BARS, [us_id])

    again = await load_panel(sessions, store, replace(ALONE, known_at=FRIDAY))
    now = await load_panel(sessions, store, ALONE)

    assert now.dividend[:, 0].tolist() == [0.0, 1.0, 0.0]
    assert now.split[:, 0].tolist() == [1.0, 1.0, 2.0]
    assert again.dividend[:, 0].tolist() == then.dividend[:, 0].tolist() == [0.0, 0.0, 0.0]
    assert again.split[:, 0].tolist() == then.split[:, 0].tolist() == [1.0, 1.0, 1.0]
    assert again.benchmark.tolist() == then.benchmark.tolist()


async def test_an_action_withdrawn_later_is_in_a_panel_as_of_before(sessions, store):
    us_id = await write_share(sessions)
    async with unit_of_work(sessions) as session:
        await CorporateActionRepository(session).write([make_dividend(us_id, DAYS[1], 1.0)])
        await FingerprintRepository(session).refresh(Scope.BARS, [us_id])
    then = await load_panel(sessions, store, replace(ALONE, known_at=FRIDAY))
    async with unit_of_work(sessions) as session:
        gone = [(us_id, DAYS[1], "DIVIDEND")]
        await CorporateActionRepository(session).withdraw(gone, reason="test")
        await FingerprintRepository(session).refresh(Scope.BARS, [us_id])

    again = await load_panel(sessions, store, replace(ALONE, known_at=FRIDAY))
    now = await load_panel(sessions, store, ALONE)

    assert now.dividend[:, 0].tolist() == [0.0, 0.0, 0.0]
    assert again.dividend[:, 0].tolist() == then.dividend[:, 0].tolist() == [0.0, 1.0, 0.0]


@pytest.mark.parametrize("symbols", [("ACME",), ("OTHER",)], ids=["asset", "benchmark"])
async def test_a_bar_withdrawn_later_is_in_a_panel_as_of_before(sessions, store, symbols):
    us_id = await write_share(sessions)
    async with unit_of_work(sessions) as session:
        share = make_instrument("OTHER", fields=["close", "actions"])
        other = (await InstrumentRepository(session).upsert([share]))["OTHER"]
        rows = [make_bar(other, day, None, close=50.0) for day in DAYS]
        await PriceBarRepository(session).write(rows)
        await FingerprintRepository(session).refresh(Scope.BARS, [other])
    asked = replace(ALONE, symbols=symbols)
    then = await load_panel(sessions, store, replace(asked, known_at=FRIDAY))
    async with unit_of_work(sessions) as session:
        gone = make_bar(us_id, DAYS[2], None, close=102.0, quality="BAD")
        await PriceBarRepository(session).write([gone])
        await FingerprintRepository(session).refresh(Scope.BARS, [us_id])

    again = await load_panel(sessions, store, replace(asked, known_at=FRIDAY))

    assert again.session.tolist() == then.session.tolist()
    assert again.close.tolist() == then.close.tolist()
    assert again.benchmark.tolist() == then.benchmark.tolist() == [100.0, 101.0, 102.0]


async def test_a_source_that_turns_out_to_know_actions_makes_another_panel(sessions, store):
    us_id = await write_share(sessions, fields=("close",))
    async with unit_of_work(sessions) as session:
        own = [make_bar(us_id, day, None, close=100.0) for day in DAYS]
        await PriceBarRepository(session).write(
            row._replace(adjusted_close=50.0) for row in own[:2]
        )
        await CorporateActionRepository(session).write([make_split(us_id, DAYS[2], 2.0)])
        await FingerprintRepository(session).refresh(Scope.BARS, [us_id])
    adjusted = await load_panel(sessions, store, ALONE)
    async with unit_of_work(sessions) as session:
        await InstrumentRepository(session).upsert(
            [make_instrument("ACME", fields=["close", "actions"])]
        )

    traded = await load_panel(sessions, store, ALONE)

    assert adjusted.close[:, 0].tolist() == [50.0, 50.0, 102.0]
    assert adjusted.split[:, 0].tolist() == [1.0, 1.0, 1.0]
    assert traded.close[:, 0].tolist() == [100.0, 100.0, 102.0]
    assert traded.split[:, 0].tolist() == [1.0, 1.0, 2.0]


async def test_the_day_a_dividend_is_paid_comes_with_it_and_moves_the_panel(sessions, store):
    us_id = await write_share(sessions, fields=("close", "actions"))
    async with unit_of_work(sessions) as session:
        rows = [make_bar(us_id, day, None, close=100.0) for day in DAYS]
        await PriceBarRepository(session).write(rows)
        told = make_dividend(us_id, DAYS[1], 1.0)
        await CorporateActionRepository(session).write([told])
        await FingerprintRepository(session).refresh(Scope.BARS, [us_id])
    unknown = await load_panel(sessions, store, ALONE)
    async with unit_of_work(sessions) as session:
        paid = told._replace(pay_date=DAYS[2])
        await CorporateActionRepository(session).write([paid])
        await FingerprintRepository(session).refresh(Scope.BARS, [us_id])

    known = await load_panel(sessions, store, ALONE)

    assert unknown.by_asset == {}
    assert known.dividend[:, 0].tolist() == unknown.dividend[:, 0].tolist() == [0.0, 1.0, 0.0]
    [_, day, _] = known.by_asset["paid_on"][:, 0].tolist()
    assert day == (DAYS[2] - date(1970, 1, 1)).days
