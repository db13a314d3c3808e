"""Runs on lists of which some members have no prices yet, or are one's own."""

import numpy as np
import pytest

from api.services.panels import PanelRequest, load_panel
from api.services.universes import save_universe
from models.instruments import InstrumentRepository
from models.session import unit_of_work
from models.universes import Spell, UniverseRepository
from tests.api.market import FIRST, LAST, SHARES
from tests.api.submitting import changed, submit
from tests.factories import OWNER, STRANGER, make_instrument, make_universe


@pytest.fixture
async def lists(market, sessions):
    """Two lists beside the market's: one with a member without a bar, one with no other."""
    async with unit_of_work(sessions) as session:
        await InstrumentRepository(session).upsert([make_instrument("NEW")])
        ids = await InstrumentRepository(session).ids_by_symbol(["NEW", *SHARES])
        universes = UniverseRepository(session)
        for key, symbols in {"SOME": ["NEW", *SHARES], "NONE": ["NEW"]}.items():
            spells = [Spell(ids[symbol], FIRST, None) for symbol in symbols]
            await universes.save(make_universe(key), spells, reason="a test")


async def test_a_member_without_bars_sits_the_run_out(ask, app, sessions, lists):
    answered = await submit(ask, changed(universe="SOME"))
    symbols = tuple(answered["backtest"]["symbols"])
    # As the worker asks: the list, and who was in it when the run was submitted.
    asked = PanelRequest(
        universe="SOME", symbols=symbols, start=FIRST, end=LAST, currency="USD", owner_id=OWNER
    )
    panel = await load_panel(sessions, app.store, asked)

    assert answered["userErrors"] == []
    assert set(symbols) == {"NEW", *SHARES}
    assert np.isnan(panel.close[:, panel.symbols.index("NEW")]).all()
    assert "members_without_bars" in panel.flags


@pytest.mark.parametrize(
    ("given", "field", "message"),
    [
        (
            {"universe": "NONE"},
            ["input", "universe"],
            "no member of NONE has bars yet; ingest the universe first",
        ),
        (
            {"universe": ..., "symbols": ["AAA", "NEW"]},
            ["input"],
            "NEW has no bars yet; ingest it first",
        ),
        ({"benchmark": "NEW"}, ["input"], "NEW has no bars yet; ingest it first"),
    ],
)
async def test_what_was_named_must_have_bars(ask, lists, given, field, message):
    answered = await submit(ask, changed(**given))

    assert [(e["code"], e["field"], e["message"]) for e in answered["userErrors"]] == [
        ("MISSING_DATA", field, message)
    ]


async def test_a_run_on_a_list_of_ones_own_is_submitted_and_seen_by_its_worker(
    ask, app, sessions, market
):
    async with unit_of_work(sessions) as session:
        await save_universe(
            session, owner_id=OWNER, key="MINE", name="Mine", symbols=["AAA", "BBB", "CCC"]
        )

    mine = await submit(ask, changed(universe="MINE"))
    theirs = await submit(ask, changed(universe="MINE"), viewer_id=STRANGER)
    panel = await load_panel(
        sessions,
        app.store,
        PanelRequest(universe="MINE", owner_id=OWNER, start=FIRST, end=LAST, currency="USD"),
    )

    assert mine["userErrors"] == []
    assert mine["backtest"]["symbols"] == ["AAA", "BBB", "CCC"]
    assert [error["code"] for error in theirs["userErrors"]] == ["NOT_FOUND"]
    # It was made today, and stands for the whole past: hindsight, and flagged as such.
    assert panel.symbols == ("AAA", "BBB", "CCC")
    assert panel.member.all()
    assert "survivorship_not_controlled" in panel.flags
