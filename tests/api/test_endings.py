"""What holders got when a listing ended, from the tables into a panel."""

from dataclasses import replace
from datetime import UTC, date, datetime, time

import numpy as np
import pytest

from api.adapters.local_store import LocalStore
from api.services.panels import PanelRequest, load_panel
from engine.execution import FillPolicy
from models import Scope
from models.corporate_actions import CorporateActionRepository
from models.fingerprints import FingerprintRepository
from models.instrument import Exchange
from models.instruments import InstrumentRepository
from models.price_bars import PriceBarRepository
from models.published_series import FxRateRepository, FxRow
from models.session import unit_of_work
from tests.engine.ledgers import make_ledger
from tests.factories import make_bar, make_delisting, make_instrument

DAYS = [date(2024, 1, day) for day in (16, 17, 18, 19, 22)]
ENDED = DAYS[2]
LATE = datetime(2024, 2, 1, tzinfo=UTC)
BOTH = PanelRequest(symbols=("NEW.AX", "OLD"), start=DAYS[1], currency="USD", warmup=1)


@pytest.fixture
def store(tmp_path):
    return LocalStore(tmp_path)


def bar(instrument_id, day, close):
    """A close as traded, known before any market decides."""
    known_at = datetime.combine(day, time(5), tzinfo=UTC)
    return make_bar(instrument_id, day, None, close=close, known_at=known_at)


async def write_market(sessions, *, rate=True):
    """OLD of New York has bars on two days, others go on; an Australian dollar is US$0.50."""
    old = make_instrument("OLD", fields=["close"])
    new = make_instrument("NEW.AX", currency="AUD", exchange=Exchange.XASX, fields=["close"])
    async with unit_of_work(sessions) as session:
        third = make_instrument("THIRD", fields=["close"])
        ids = await InstrumentRepository(session).upsert([old, new, third])
        bars = [bar(ids["THIRD"], day, 5.0) for day in DAYS]
        bars += [bar(ids["OLD"], day, 10.0) for day in DAYS[:2]]
        bars += [bar(ids["NEW.AX"], day, 40.0 + n) for n, day in enumerate(DAYS)]
        await PriceBarRepository(session).write(bars)
        if rate:
            await FxRateRepository(session).write([FxRow("AUDUSD", DAYS[0], 0.5, "test", LATE)])
        await FingerprintRepository(session).refresh(Scope.BARS, list(ids.values()))
        await FingerprintRepository(session).refresh(Scope.FX, ["AUDUSD"])
    return ids["OLD"], ids["NEW.AX"]


async def end(sessions, instrument_id, **given):
    async with unit_of_work(sessions) as session:
        await CorporateActionRepository(session).write(
            [make_delisting(instrument_id, ENDED, **given)]
        )
        await FingerprintRepository(session).refresh(Scope.BARS, [instrument_id])


def got(panel, symbol="OLD"):
    """Return day, cash, shares for one and their id of each ending of a symbol."""
    column, nothing = panel.symbols.index(symbol), np.full(panel.close.shape, np.nan)
    rows = np.flatnonzero(panel.by_asset.get("delisted", nothing)[:, column] == 1.0)
    names = ("terminal_value", "conversion", "successor")
    return [
        (
            str(panel.session[row].astype("datetime64[D]")),
            *(float(panel.by_asset.get(name, nothing)[row, column]) for name in names),
        )
        for row in rows.tolist()
    ]


async def test_a_successor_in_the_panel_goes_on_for_what_it_followed(sessions, store):
    old, new = await write_market(sessions)
    await end(sessions, old, cash=1.25, currency="USD", ratio=0.75, successor_id=new)

    panel = await load_panel(sessions, store, BOTH)

    assert got(panel) == [("2024-01-18", 1.25, 0.75, float(new))]
    assert got(panel, "NEW.AX") == []


async def test_shares_of_outside_the_panel_are_worth_their_last_close_at_the_day_s_rate(
    sessions, store
):
    old, new = await write_market(sessions)
    await end(sessions, old, cash=1.25, currency="USD", ratio=0.75, successor_id=new)

    panel = await load_panel(sessions, store, replace(BOTH, symbols=("OLD", "THIRD")))

    # 0.75 of A$42.00 at 0.50, beside a dollar and a quarter.
    [(day, cash, ratio, successor)] = got(panel)
    assert (day, cash, ratio) == ("2024-01-18", pytest.approx(1.25 + 0.75 * 42.0 * 0.5), 0.75)
    assert np.isnan(successor)


async def test_shares_that_nobody_can_value_leave_the_ending_unknown(sessions, store):
    old, new = await write_market(sessions, rate=False)
    await end(sessions, old, ratio=0.75, successor_id=new)

    panel = await load_panel(sessions, store, replace(BOTH, symbols=("OLD", "THIRD")))

    [(_, cash, ratio, _)] = got(panel)
    assert np.isnan(cash)
    assert ratio == 0.75


async def test_a_correction_of_a_successor_s_close_reaches_the_run_it_stood_for(sessions):
    old, new = await write_market(sessions)
    await end(sessions, old, ratio=0.75, successor_id=new)
    seen = []

    for close in (42.5, 43.5):
        async with unit_of_work(sessions) as session:
            await PriceBarRepository(session).write([make_bar(new, ENDED, None, close=close)])
            fingerprints = FingerprintRepository(session)
            await fingerprints.refresh(Scope.BARS, [new])
            digest = await fingerprints.digest_of(
                {Scope.BARS: [old]}, first_year=2024, last_year=2024
            )
        seen.append(digest.combined)
        assert {each.key for each in digest.inputs} == {str(old), str(new)}

    assert len(set(seen)) == 2


async def test_an_ending_told_later_is_not_in_a_panel_as_of_before(sessions, store):
    old, new = await write_market(sessions)
    told = datetime(2024, 3, 1, tzinfo=UTC)
    await end(sessions, old, ratio=0.75, successor_id=new, known_at=told)

    then = await load_panel(sessions, store, replace(BOTH, known_at=LATE))
    now = await load_panel(sessions, store, replace(BOTH, known_at=told))

    assert got(then) == []
    assert got(now) == [("2024-01-18", 0.0, 0.75, float(new))]


@pytest.mark.parametrize(
    ("given", "cash"), [({"cash": 0.0}, 0.0), ({"cash": 12.5, "currency": "USD"}, 12.5)]
)
async def test_a_listing_that_ended_in_cash_says_so(sessions, store, given, cash):
    old, _ = await write_market(sessions)
    await end(sessions, old, **given)

    panel = await load_panel(sessions, store, BOTH)

    [(day, paid, ratio, successor)] = got(panel)
    assert (day, paid) == ("2024-01-18", cash)
    assert np.isnan([ratio, successor]).all()


async def test_a_run_on_stored_rows_goes_on_with_the_successor(sessions, store):
    old, new = await write_market(sessions)
    await end(sessions, old, cash=1.25, currency="USD", ratio=0.75, successor_id=new)
    panel = await load_panel(sessions, store, replace(BOTH, start=DAYS[0]))
    weights = np.array([1.0 if symbol == "OLD" else 0.0 for symbol in panel.symbols])

    ledger = make_ledger(panel, {0: weights}, capital=1_010.0, fill=FillPolicy.NEXT_CLOSE)

    # 101 at US$10.00 become 75 of A$42.00 at 0.50 each, 15.75 for the fraction, and 126.25.
    days = panel.session[ledger.orders.row].astype("datetime64[D]").astype(str).tolist()
    told = list(zip(days, ledger.orders.filled.tolist(), ledger.orders.reason, strict=True))
    assert told == [
        ("2024-01-17", 101.0, "filled"),
        ("2024-01-18", 101.0, "merged"),
        ("2024-01-18", 75.75, "merged"),
        ("2024-01-18", 0.75, "split_fraction"),
    ]
    assert ledger.books.cash[-1] == pytest.approx(126.25 + 15.75)
    assert ledger.books.quantity[-1].tolist() == pytest.approx(
        [0.0 if panel.symbols[column] == "OLD" else 75.0 for column in ledger.books.held]
    )
    assert "successor_outside" not in ledger.flags
