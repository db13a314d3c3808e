"""Who is in a panel: members, as they were known on each day."""

from dataclasses import replace
from datetime import UTC, date, datetime

import numpy as np
import pytest

from api.adapters.local_store import LocalStore
from api.errors import MissingData, NotFound
from api.services.panels import PanelRequest, load_panel
from models.instruments import InstrumentRepository
from models.session import unit_of_work
from models.universes import Spell, UniverseRepository
from tests.api.two_markets import write_pair
from tests.factories import (
    OWNER,
    STRANGER,
    make_instrument,
    make_universe,
)


@pytest.fixture
def store(tmp_path):
    return LocalStore(tmp_path)


async def test_members_are_in_from_their_first_day_to_their_last(sessions, store):
    us_id, au_id = await write_pair(sessions, days=8)
    joined, left = date(2024, 1, 16), date(2024, 1, 18)
    async with unit_of_work(sessions) as session:
        await UniverseRepository(session).save(
            make_universe(benchmark="BHP.AX", survivorship_free=True),
            [
                Spell(us_id, date(2024, 1, 12), left, datetime(2024, 1, 12, tzinfo=UTC)),
                # Known a day after it began, while markets were deciding: from the next one on.
                Spell(au_id, joined, None, datetime(2024, 1, 17, 9, tzinfo=UTC)),
            ],
            reason="test",
        )

    panel = await load_panel(
        sessions,
        store,
        PanelRequest(universe="TEST_US", start=date(2024, 1, 12), currency="USD"),
    )

    member = {symbol: panel.member[:, k].tolist() for k, symbol in enumerate(panel.symbols)}
    assert panel.markets[0] == "XNYS"  # the region's calendar leads
    assert member == {
        "ACME": [True, True, True, True, False, False],
        "BHP.AX": [False, False, False, False, True, True],
    }


async def test_a_list_without_history_stands_throughout(sessions, store):
    us_id, _ = await write_pair(sessions, days=8)
    today = datetime(2026, 1, 1, tzinfo=UTC)
    async with unit_of_work(sessions) as session:
        await UniverseRepository(session).save(
            make_universe(benchmark="BHP.AX"),
            [Spell(us_id, date(2024, 1, 12), None, today)],
            reason="test",
        )

    request = PanelRequest(universe="TEST_US", start=date(2024, 1, 12), currency="USD")
    panel = await load_panel(sessions, store, request)

    assert panel.member.all()
    assert "survivorship_not_controlled" in panel.flags


async def test_a_membership_corrected_later_holds_for_the_days_that_believed_it(sessions, store):
    us_id, au_id = await write_pair(sessions, days=8)
    start, known = date(2024, 1, 12), datetime(2024, 1, 12, tzinfo=UTC)
    universe = make_universe(benchmark="BHP.AX", survivorship_free=True)
    both = [Spell(each, start, None, known) for each in (us_id, au_id)]
    async with unit_of_work(sessions) as session:
        await UniverseRepository(session).save(universe, both, reason="test")
    async with unit_of_work(sessions) as session:
        await UniverseRepository(session).save(universe, both[:1], reason="it never was")

    request = PanelRequest(universe="TEST_US", start=start, currency="USD")
    panel = await load_panel(sessions, store, request)

    # All these sessions lie before the correction, made today.
    assert panel.member.all()


async def test_a_member_told_after_sydney_has_closed_is_none_on_that_day(sessions, store):
    us_id, au_id = await write_pair(sessions, days=8)
    start, known = date(2024, 1, 12), datetime(2024, 1, 12, tzinfo=UTC)
    told = datetime(2024, 1, 17, 6, 30, tzinfo=UTC)
    universe = make_universe(benchmark="BHP.AX", survivorship_free=True)
    spells = [Spell(us_id, start, None, known), Spell(au_id, start, None, told)]
    async with unit_of_work(sessions) as session:
        await UniverseRepository(session).save(universe, spells, reason="test")

    request = PanelRequest(universe="TEST_US", start=start, currency="USD")
    panel = await load_panel(sessions, store, request)

    # Sydney closed at 05:00 UTC on the 17th: its decision of that day could not know.
    days = [str(day) for day in panel.session[panel.member[:, 1]].astype("datetime64[D]")]
    assert days == ["2024-01-18", "2024-01-19"]
    assert panel.member[:, 0].all()


async def test_a_member_without_bars_is_an_empty_column_and_said(sessions, store):
    us_id, _ = await write_pair(sessions, days=8)
    async with unit_of_work(sessions) as session:
        none = (await InstrumentRepository(session).upsert([make_instrument("NONE")]))["NONE"]
        start = date(2024, 1, 12)
        spells = [
            Spell(each, start, None, datetime(2024, 1, 12, tzinfo=UTC)) for each in (us_id, none)
        ]
        await UniverseRepository(session).save(
            make_universe(benchmark="BHP.AX"), spells, reason="test"
        )

    panel = await load_panel(
        sessions, store, PanelRequest(universe="TEST_US", start=start, currency="USD")
    )
    alone = PanelRequest(symbols=("NONE",), start=start, currency="USD")

    assert np.isfinite(panel.close).all(axis=0).tolist() == [
        symbol == "ACME" for symbol in panel.symbols
    ]
    assert "members_without_bars" in panel.flags
    with pytest.raises(MissingData, match="no bars are stored for NONE; ingest them first"):
        await load_panel(sessions, store, alone)


async def test_a_list_of_ones_own_is_found_for_its_owner_alone(sessions, store):
    us_id, _ = await write_pair(sessions, days=8)
    start = date(2024, 1, 12)
    async with unit_of_work(sessions) as session:
        await UniverseRepository(session).save(
            make_universe(benchmark="BHP.AX", owner_id=OWNER),
            [Spell(us_id, start, None, datetime(2024, 1, 12, tzinfo=UTC))],
            reason="test",
        )
    request = PanelRequest(universe="TEST_US", start=start, currency="USD", owner_id=OWNER)

    panel = await load_panel(sessions, store, request)

    assert panel.symbols == ("ACME",)
    with pytest.raises(NotFound):
        await load_panel(sessions, store, replace(request, owner_id=STRANGER))


@pytest.mark.parametrize(("controlled", "flagged"), [(True, False), (False, True)])
async def test_members_picked_later_are_flagged(sessions, store, controlled, flagged):
    us_id, _ = await write_pair(sessions, days=8)
    universe = make_universe(benchmark="BHP.AX", survivorship_free=controlled)
    spell = Spell(us_id, date(2024, 1, 12), None, datetime(2024, 1, 12, tzinfo=UTC))
    async with unit_of_work(sessions) as session:
        await UniverseRepository(session).save(universe, [spell], reason="test")

    request = PanelRequest(universe="TEST_US", start=date(2024, 1, 12), currency="USD")
    panel = await load_panel(sessions, store, request)

    assert ("survivorship_not_controlled" in panel.flags) is flagged


async def test_a_listing_ends_on_the_session_after_its_last_day(sessions, store):
    us_id, au_id = await write_pair(sessions, days=8)
    asked = PanelRequest(symbols=("ACME", "BHP.AX"), start=date(2024, 1, 12), currency="USD")
    listed = await load_panel(sessions, store, asked)
    async with unit_of_work(sessions) as session:
        gone = make_instrument("ACME", delisted_on=date(2024, 1, 16))
        assert (await InstrumentRepository(session).upsert([gone]))["ACME"] == us_id

    panel = await load_panel(sessions, store, asked)

    ended = panel.by_asset["delisted"] == 1.0
    days = panel.session.astype("datetime64[D]").astype(str)
    assert listed.by_asset == {}
    assert days[ended[:, panel.symbols.index("ACME")]].tolist() == ["2024-01-17"]
    assert not ended[:, panel.symbols.index("BHP.AX")].any()
    assert au_id in panel.asset_id
