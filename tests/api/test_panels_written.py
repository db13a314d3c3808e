"""Panels of bars a test writes itself: two markets, corrections, what is not known."""

from dataclasses import replace
from datetime import UTC, date, datetime

import numpy as np
import pytest

from api.adapters.local_store import LocalStore
from api.errors import DataError, MissingData
from api.services.panels import PanelRequest, load_panel
from engine.panel import NEVER
from models import Scope
from models.corporate_actions import CorporateActionRepository
from models.fingerprints import FingerprintRepository
from models.instruments import InstrumentRepository
from models.price_bars import PriceBarRepository
from models.published_series import (
    FactorReturnRepository,
    FactorRow,
)
from models.session import unit_of_work
from tests.api.two_markets import row_of, write_pair
from tests.factories import (
    make_bar,
    make_dividend,
    make_instrument,
    make_split,
)


@pytest.fixture
def store(tmp_path):
    return LocalStore(tmp_path)


PAIR = PanelRequest(symbols=("ACME", "BHP.AX"), start=date(2024, 1, 12), currency="USD")


async def test_two_markets_share_one_grid(sessions, store):
    await write_pair(sessions, days=8)

    panel = await load_panel(sessions, store, PAIR)

    row = row_of(panel, "2024-01-15")
    assert panel.markets == ("XASX", "XNYS")
    assert panel.currencies == ("USD", "AUD")
    np.testing.assert_array_equal(panel.fx[:, 1], np.full(6, 0.67))
    assert panel.closes_at[row, 1] == NEVER
    assert np.isnan(panel.close[row, panel.symbols.index("ACME")])
    assert panel.total_return()[row, panel.symbols.index("BHP.AX")] == 40.0 * 0.67


async def test_factors_measured_in_us_dollars_bring_their_rates(sessions, store):
    await write_pair(sessions, days=8)
    alone = replace(PAIR, symbols=("BHP.AX",), currency="AUD")

    plain = await load_panel(sessions, store, alone)
    abroad = await load_panel(sessions, store, replace(alone, panels=("FF3_ASIA_PACIFIC",)))

    assert (plain.currencies, abroad.currencies) == (("AUD",), ("AUD", "USD"))
    np.testing.assert_allclose(abroad.fx[:, 1], 1.0 / 0.67)


async def test_fixings_that_end_too_early_are_named(sessions, store):
    await write_pair(sessions)

    with pytest.raises(
        MissingData, match="last fixed on 2024-01-12 before the session of 2024-01-22"
    ):
        await load_panel(sessions, store, PAIR)


async def test_an_inverted_pair_is_refused(sessions, store):
    await write_pair(sessions, rate=1.49, days=4)

    with pytest.raises(DataError, match="is the pair inverted"):
        await load_panel(sessions, store, PAIR)


async def test_a_correction_changes_the_panel_and_not_what_was_known_before(sessions, store):
    us_id, _ = await write_pair(sessions)
    alone = PanelRequest(symbols=("ACME",), start=date(2024, 1, 12), currency="USD")
    before = await load_panel(sessions, store, alone)
    async with unit_of_work(sessions) as session:
        await PriceBarRepository(session).write([make_bar(us_id, date(2024, 1, 17), 90.0)])
        await FingerprintRepository(session).refresh(Scope.BARS, [us_id])

    now = await load_panel(sessions, store, alone)
    then = await load_panel(
        sessions,
        store,
        PanelRequest(
            symbols=("ACME",),
            start=date(2024, 1, 12),
            currency="USD",
            known_at=datetime(2024, 6, 1, tzinfo=UTC),
        ),
    )

    row = row_of(now, "2024-01-17")
    assert (before.close[row, 0], now.close[row, 0], then.close[row, 0]) == (100.0, 90.0, 100.0)
    kept = [key.rpartition("/")[2] for key in await store.list("panels/")]
    assert kept == ["2024.parquet", "beside.parquet"]


class Interrupted(LocalStore):
    """A store that is so slow that the rows change while it looks for a snapshot."""

    def __init__(self, root, change) -> None:
        super().__init__(root)
        self.change = change

    async def get(self, key):
        await self.change()
        return await super().get(key)


async def test_rows_that_change_under_a_reader_are_kept_as_themselves(sessions, tmp_path):
    us_id, _ = await write_pair(sessions)
    alone = PanelRequest(symbols=("ACME",), start=date(2024, 1, 12), currency="USD")

    async def correct():
        async with unit_of_work(sessions) as session:
            await PriceBarRepository(session).write([make_bar(us_id, date(2024, 1, 17), 90.0)])
            await FingerprintRepository(session).refresh(Scope.BARS, [us_id])

    first = await load_panel(sessions, Interrupted(tmp_path, correct), alone)
    watched = Watched(tmp_path)
    second = await load_panel(sessions, watched, alone)

    row = row_of(first, "2024-01-17")
    assert (first.close[row, 0], second.close[row, 0]) == (90.0, 90.0)
    assert watched.written == []


class Watched(LocalStore):
    """A store that notes what is put into it."""

    def __init__(self, root) -> None:
        super().__init__(root)
        self.written = []

    async def put(self, key, content):
        self.written.append(key.rpartition("/")[2])
        await super().put(key, content)


async def test_only_the_year_whose_rows_changed_is_made_again(sessions, tmp_path):
    async with unit_of_work(sessions) as session:
        ids = await InstrumentRepository(session).upsert([make_instrument("ACME")])
        us_id = ids["ACME"]
        old, new = date(2022, 12, 30), date(2024, 1, 3)
        await PriceBarRepository(session).write(
            [make_bar(us_id, old, 100.0), make_bar(us_id, new, 110.0)]
        )
        await FingerprintRepository(session).refresh(Scope.BARS, [us_id])
    alone = PanelRequest(symbols=("ACME",), start=old, currency="USD")
    store = Watched(tmp_path)
    await load_panel(sessions, store, alone)
    first = sorted(store.written)
    store.written.clear()
    async with unit_of_work(sessions) as session:
        await PriceBarRepository(session).write([make_bar(us_id, date(2024, 1, 4), 111.0)])
        await FingerprintRepository(session).refresh(Scope.BARS, [us_id])

    panel = await load_panel(sessions, store, alone)

    # 2023 has no bar of it, and sessions all the same.
    assert first == ["2022.parquet", "2023.parquet", "2024.parquet", "beside.parquet"]
    assert sorted(store.written) == ["2024.parquet", "beside.parquet"]
    assert panel.close[[0, -2, -1], 0].tolist() == [100.0, 110.0, 111.0]
    assert len(panel.session) == 1 + 250 + 3


async def test_a_decision_before_a_correction_sees_what_was_then_believed(sessions, store):
    us_id, _ = await write_pair(sessions)
    alone = PanelRequest(symbols=("ACME",), start=date(2024, 1, 12), currency="USD")
    async with unit_of_work(sessions) as session:
        await PriceBarRepository(session).write([make_bar(us_id, date(2024, 1, 17), 90.0)])
        await FingerprintRepository(session).refresh(Scope.BARS, [us_id])

    panel = await load_panel(sessions, store, alone)

    row = row_of(panel, "2024-01-18")
    then = panel.window(row, 3, int(panel.known_at[row, 0]))
    now = panel.window(row, 3, int(panel.known_at[row - 1, 0]))
    assert then.close[:, 0].tolist() == [100.0, 100.0, 100.0]
    assert now.close[:, 0].tolist() == [100.0, 90.0, 100.0]


async def test_splits_and_dividends_make_the_total_return(sessions, store):
    async with unit_of_work(sessions) as session:
        share = make_instrument("ACME", fields=["close", "actions"])
        us_id = (await InstrumentRepository(session).upsert([share]))["ACME"]
        traded = {"adjusted_close": None, "open": None, "high": None, "low": None}
        await PriceBarRepository(session).write(
            [
                make_bar(us_id, date(2024, 1, 16), 100.0)._replace(**traded, close=100.0),
                make_bar(us_id, date(2024, 1, 17), 51.0)._replace(**traded, close=51.0),
            ]
        )
        on = date(2024, 1, 17)
        await CorporateActionRepository(session).write(
            [make_split(us_id, on, 2.0), make_dividend(us_id, on, 0.5)]
        )
        await FingerprintRepository(session).refresh(Scope.BARS, [us_id])
    alone = PanelRequest(symbols=("ACME",), start=date(2024, 1, 16), currency="USD")

    panel = await load_panel(sessions, store, replace(alone, benchmark="ACME"))

    # engine.md G1.3: 2 (51 + 0.50) / 100 - 1 = 3 %.
    assert panel.total_return()[:, 0].tolist() == [100.0, 103.0]
    assert panel.close[:, 0].tolist() == [100.0, 51.0]
    assert panel.benchmark.tolist() == [100.0, 103.0]
    assert "vendor_adjusted" not in panel.flags


async def test_a_rate_not_yet_known_is_not_in_the_panel(sessions, store):
    """The bill rate of January is known in February, after the last bar."""
    await write_pair(sessions)
    month, known = date(2024, 1, 31), datetime(2024, 2, 1, tzinfo=UTC)
    async with unit_of_work(sessions) as session:
        rate = FactorRow("FF3", "monthly", "RF", month, 0.0047, "test", known)
        await FactorReturnRepository(session).write([rate])
        await FingerprintRepository(session).refresh(Scope.FACTORS, ["FF3"])
    alone = PanelRequest(symbols=("ACME",), start=date(2024, 1, 12), currency="USD")

    after = await load_panel(sessions, store, replace(alone, known_at=known))
    before = await load_panel(
        sessions, store, replace(alone, known_at=datetime(2024, 1, 26, tzinfo=UTC))
    )

    assert np.isfinite(after.rf).all()
    assert np.isnan(before.rf).all()


async def test_bars_not_yet_known_are_not_in_the_panel(sessions, store):
    await write_pair(sessions)
    request = PanelRequest(
        symbols=("ACME",),
        start=date(2024, 1, 12),
        currency="USD",
        known_at=datetime(2024, 1, 17, 12, tzinfo=UTC),
    )

    panel = await load_panel(sessions, store, request)

    assert str(panel.session[-1].astype("datetime64[D]")) == "2024-01-16"
