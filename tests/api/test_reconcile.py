"""Two providers, each in its own wire format, asked about one share."""

from contextlib import AsyncExitStack, asynccontextmanager
from datetime import UTC, date, datetime

import numpy as np
import pytest

from api.adapters.tiingo_prices import TiingoPrices
from api.adapters.yahoo_prices import YahooPrices
from api.errors import FailureKind, FetchFailed
from api.ports import BarBatch, BarRequest
from api.services.reconcile import Difference, compare, reconcile
from tests.providers.market import Scenario, always, status, us_share
from tests.providers.tiingo import fake_tiingo
from tests.providers.yahoo import fake_yahoo

START, END = date(2020, 8, 3), date(2020, 9, 30)
SPLIT, DIVIDEND = date(2020, 8, 31), date(2020, 8, 7)
SHARE = us_share(START, END, splits={SPLIT: 4.0}, dividends={DIVIDEND: 0.82})
REQUEST = BarRequest(symbol="AAPL", exchange="XNAS", currency="USD", start=START, end=END)
NOW = datetime(2020, 10, 1, 12, tzinfo=UTC).timestamp()


@asynccontextmanager
async def providers(at_tiingo, at_yahoo, **faults):
    """Yield Tiingo and Yahoo, each with its own idea of the share."""
    scenarios = [
        Scenario(shares={"AAPL": share}, faults=faults.get(name, {}))
        for name, share in (("tiingo", at_tiingo), ("yahoo", at_yahoo))
    ]
    async with AsyncExitStack() as stack:
        tiingo = await stack.enter_async_context(fake_tiingo(scenarios[0]))
        yahoo = await stack.enter_async_context(fake_yahoo(scenarios[1]))
        first = TiingoPrices(url=tiingo.url, key=scenarios[0].key, clock=lambda: NOW)
        stack.push_async_callback(first.close)
        second = YahooPrices(url=yahoo.url, clock=lambda: NOW)
        stack.push_async_callback(second.close)
        yield first, second


async def test_providers_that_agree_differ_nowhere():
    """One tells prices as traded, the other adjusted for the split: the days before it agree."""
    async with providers(SHARE, SHARE) as (tiingo, yahoo):
        (found,) = await reconcile(REQUEST, [tiingo, yahoo])

    assert (found.symbol, found.first, found.second) == ("AAPL", "tiingo", "yahoo")
    assert found.compared == len(SHARE.bars) == 42
    assert found.agrees


async def test_a_close_that_differs_is_told_with_both_values():
    on = date(2020, 9, 15)
    close = next(bar.close for bar in SHARE.bars if bar.day == on)
    other = SHARE.with_close(on, round(close * 1.002, 4))

    async with providers(SHARE, other) as (tiingo, yahoo):
        (found,) = await reconcile(REQUEST, [tiingo, yahoo])
        (wide,) = await reconcile(REQUEST, [tiingo, yahoo], tolerance=0.003)

    (difference,) = found.differences
    assert (difference.day, difference.first) == (on, close)
    assert difference.second == pytest.approx(round(close * 1.002, 4), rel=1e-6)
    assert difference.relative == pytest.approx(0.002, abs=1e-5)
    assert not found.agrees
    assert wide.agrees


async def test_what_is_stored_is_compared_with_each_of_them():
    stored = batch({str(bar.day): bar.close for bar in SHARE.bars[:-1]})

    async with providers(SHARE, SHARE) as (tiingo, yahoo):
        found = await reconcile(REQUEST, [tiingo, yahoo], stored=stored)

    assert [(each.first, each.second, each.only_second) for each in found] == [
        ("stored", "tiingo", (SHARE.last,)),
        ("stored", "yahoo", (SHARE.last,)),
        ("tiingo", "yahoo", ()),
    ]


async def test_who_gives_nothing_is_named():
    faults = {"yahoo": {"AAPL": always(status(500))}}

    async with providers(SHARE, SHARE, **faults) as (tiingo, yahoo):
        with pytest.raises(FetchFailed) as failed:
            await reconcile(REQUEST, [tiingo, yahoo])

    assert failed.value.kind is FailureKind.NETWORK


def batch(closes: dict[str, float]) -> BarBatch:
    days = np.array(list(closes), "datetime64[D]").astype(np.int64)
    return BarBatch(
        symbol="ACME",
        file="acme",
        row_number=np.arange(len(days)),
        day=days,
        values={"close": np.array(list(closes.values()))},
        raw=[],
    )


def test_days_that_one_of_them_lacks_are_told():
    one = batch({"2024-01-02": 10.0, "2024-01-03": 11.0, "2024-01-04": np.nan})
    other = batch({"2024-01-03": 11.0, "2024-01-04": 12.0, "2024-01-05": 13.0})

    found = compare(one, other, first="a", second="b")

    assert found.compared == 1
    assert found.only_first == (date(2024, 1, 2),)
    assert found.only_second == (date(2024, 1, 4), date(2024, 1, 5))
    assert found.differences == ()
    assert not found.agrees


@pytest.mark.parametrize("wrong", [0.0, np.inf, 100.0])
def test_what_no_gate_would_let_in_differs(wrong):
    found = compare(
        batch({"2024-01-02": wrong}), batch({"2024-01-02": 10.0}), first="a", second="b"
    )

    assert found.differences == (Difference(day=date(2024, 1, 2), first=wrong, second=10.0),)
    assert (found.differences[0].relative is None) == (wrong == 0.0)


@pytest.mark.parametrize("wrong", [0.0, np.inf])
def test_two_that_are_wrong_alike_do_not_agree(wrong):
    one = batch({"2024-01-02": wrong})

    assert not compare(one, one, first="a", second="b").agrees


# A tenth of a per cent is what tapes may differ by.
@pytest.mark.parametrize(("close", "agrees"), [(100.09, True), (100.11, False)])
def test_the_tolerance_is_ten_basis_points(close, agrees):
    one, other = batch({"2024-01-02": 100.0}), batch({"2024-01-02": close})

    assert compare(one, other, first="a", second="b").agrees is agrees
