from datetime import date

import numpy as np
import pytest
from sqlalchemy import event

from api.adapters.local_store import LocalStore
from api.errors import MissingData, NotFound, UnknownSymbol
from api.services.panels import PanelRequest, load_panel
from engine.panel import NEVER

EPOCH = date(1970, 1, 1)
# Every list of the sample was picked later, and its index pays no dividends.
HINDSIGHT = ("survivorship_not_controlled", "benchmark_without_dividends")
MOMENTUM = 253  # sessions that a lookback of 252 needs


@pytest.fixture(scope="module")
def shared(tmp_path_factory):
    """A store that keeps its snapshots from one reading test to the next."""
    return LocalStore(tmp_path_factory.mktemp("panels"))


def instant(text: str) -> int:
    return int(np.datetime64(text, "ns").astype(np.int64))


def row_of(panel, on: str) -> int:
    return int(np.searchsorted(panel.session, (date.fromisoformat(on) - EPOCH).days))


def us(**given) -> PanelRequest:
    defaults = {"universe": "SAMPLE_US", "start": date(1990, 1, 1), "currency": "USD"}
    return PanelRequest(**defaults | given)


async def test_the_whole_sample_in_us_dollars(sample_sessions, shared):
    panel = await load_panel(sample_sessions, shared, us())

    assert panel.close.shape == (8313, 20)
    assert panel.symbols[:3] == ("AAPL", "AMD", "BAC")
    assert panel.currencies == ("USD",)
    assert panel.markets == ("XNYS",)
    assert panel.close[0, 0] == 0.264
    assert panel.close[-1, panel.symbols.index("XOM")] == 106.627
    np.testing.assert_array_equal(panel.total_return(), panel.close)
    assert (panel.benchmark_symbol, panel.benchmark[0], panel.benchmark[-1]) == (
        "^GSPC",
        359.69,
        3783.22,
    )
    assert panel.tradable.all()
    assert panel.member.all()
    for name in ("open", "high", "low", "volume"):
        assert np.isnan(getattr(panel, name)).all()


async def test_flags_say_what_a_run_is_made_of(sample_sessions, shared):
    early = await load_panel(sample_sessions, shared, us(end=date(2018, 11, 30)))
    late = await load_panel(sample_sessions, shared, us(start=date(2018, 11, 30)))
    abroad = await load_panel(
        sample_sessions, shared, us(start=date(2005, 1, 3), end=date(2010, 1, 4), currency="AUD")
    )

    assert early.flags == ("vendor_adjusted", "volume_unknown", *HINDSIGHT)
    assert late.flags == ("rf_missing", "vendor_adjusted", "volume_unknown", *HINDSIGHT)
    assert abroad.flags == ("rf_foreign", "vendor_adjusted", "volume_unknown", *HINDSIGHT)


async def test_australian_dollars_divide_by_the_fixing_of_the_day(sample_sessions, shared):
    panel = await load_panel(
        sample_sessions, shared, us(start=date(2005, 1, 3), end=date(2022, 12, 28), currency="AUD")
    )
    dollars = await load_panel(sample_sessions, shared, us())

    row, same = row_of(panel, "2022-12-28"), row_of(dollars, "2022-12-28")
    # ECB, 2022-12-28: 1.0640 US and 1.5660 Australian dollars for one euro.
    aud = 1.5660 / 1.0640
    assert panel.currencies == ("AUD", "USD")
    assert panel.fx[row].tolist() == [1.0, pytest.approx(aud, rel=1e-15)]
    np.testing.assert_allclose(
        panel.total_return()[row], dollars.close[same] * aud, rtol=1e-15, atol=0.0
    )
    assert panel.benchmark[row] == pytest.approx(3783.22 * aud, rel=1e-15)
    assert panel.fx_known_at[row].tolist() == [0, instant("2022-12-28T15:00")]


async def test_a_day_without_a_fixing_takes_the_last_one(sample_sessions, shared):
    panel = await load_panel(
        sample_sessions, shared, us(start=date(2015, 1, 2), end=date(2016, 1, 4), currency="AUD")
    )

    # 1 May is a holiday of the euro's payment system and a session in New York.
    row = row_of(panel, "2015-05-01")
    assert panel.fx[row, 1] == panel.fx[row - 1, 1]
    assert panel.fx_known_at[row, 1] == instant("2015-04-30T15:00")


async def test_hours_are_new_yorks(sample_sessions, shared):
    panel = await load_panel(sample_sessions, shared, us())

    row = row_of(panel, "2022-11-25")  # the day after Thanksgiving closes at 13:00
    assert panel.opens_at[row, 0] == instant("2022-11-25T14:30")
    assert panel.closes_at[row, 0] == instant("2022-11-25T18:00")
    np.testing.assert_array_equal(panel.known_at, np.repeat(panel.closes_at, 20, axis=1))


async def test_rows_begin_a_session_before_the_warm_up(sample_sessions, shared):
    panel = await load_panel(
        sample_sessions,
        shared,
        us(start=date(2005, 1, 1), end=date(2005, 12, 31), warmup=MOMENTUM),
    )

    first = row_of(panel, "2005-01-01")
    assert str(panel.session[first].astype("datetime64[D]")) == "2005-01-03"
    assert first == MOMENTUM
    assert len(panel.session) == MOMENTUM + 252
    assert str(panel.session[-1].astype("datetime64[D]")) == "2005-12-30"


async def test_the_warm_up_may_be_shorter_where_the_data_begin(sample_sessions, shared):
    panel = await load_panel(sample_sessions, shared, us(warmup=MOMENTUM))

    assert row_of(panel, "1990-01-02") == 0


async def test_too_early_a_start_in_australian_dollars_names_the_first_possible(
    sample_sessions, shared
):
    asked = us(start=date(1999, 6, 1), currency="AUD", warmup=MOMENTUM)

    with pytest.raises(
        MissingData, match=r"253 sessions .* start on 2000-01-03 or later"
    ) as caught:
        await load_panel(sample_sessions, shared, asked)

    assert caught.value.field == ("input", "start")
    possible = us(start=date(2000, 1, 3), currency="AUD", warmup=MOMENTUM)
    panel = await load_panel(sample_sessions, shared, possible)
    assert np.isfinite(panel.total_return()[1:]).all()
    assert str(panel.session[1].astype("datetime64[D]")) == "1999-01-04"


@pytest.mark.parametrize(
    ("start", "end"), [("1980-01-02", None), ("2023-06-01", None), ("1990-01-06", "1990-01-07")]
)
async def test_days_without_bars_are_refused(sample_sessions, shared, start, end):
    asked = us(
        start=date.fromisoformat(start), end=None if end is None else date.fromisoformat(end)
    )

    with pytest.raises(MissingData, match=r"no session lies in it; .* 1990-01-02 to 2022-12-28$"):
        await load_panel(sample_sessions, shared, asked)


async def test_whole_bars_are_laid_in_adjusted_space(sample_sessions, shared):
    panel = await load_panel(
        sample_sessions,
        shared,
        PanelRequest(
            symbols=("MSFT:OHLCV", "AAPL:OHLCV"),
            start=date(2005, 1, 3),
            end=date(2005, 12, 30),
            currency="USD",
        ),
    )

    assert panel.symbols == ("AAPL:OHLCV", "MSFT:OHLCV")
    assert panel.benchmark_symbol == ""
    assert np.isnan(panel.benchmark).all()
    assert panel.flags == ("vendor_adjusted", "survivorship_not_controlled")
    # Apple split two for one on 2005-02-28: 88.99 became 44.86, the adjusted close hardly moved.
    row = row_of(panel, "2005-02-28")
    assert panel.close[row, 0] / panel.close[row - 1, 0] == pytest.approx(1.0082, abs=1e-4)
    assert (panel.low <= np.minimum(panel.open, panel.close) * (1 + 1e-12)).all()
    assert (panel.high >= np.maximum(panel.open, panel.close) * (1 - 1e-12)).all()


async def test_quarantined_rows_leave_a_gap(sample_sessions, shared):
    panel = await load_panel(
        sample_sessions,
        shared,
        PanelRequest(universe="SAMPLE_OHLCV", start=date(2009, 8, 21), currency="USD"),
    )

    row, asset = row_of(panel, "2010-02-03"), panel.symbols.index("ADP:2009")
    assert panel.close.shape == (252, 524)
    assert int(np.isfinite(panel.close).sum()) == 122_496
    assert np.isnan(panel.close[row, asset])
    assert not panel.tradable[row, asset]
    assert panel.known_at[row, asset] == NEVER
    # Neither these shares nor the benchmark have dividends: nothing is flattered.
    assert panel.flags == ("exchange_assumed", "no_corporate_actions", HINDSIGHT[0])
    assert panel.groups["SECTOR"][panel.symbols.index("MMM:2009")] == "Industrials"
    assert panel.groups["SECTOR"][panel.symbols.index("JAVA:2009")] == "unknown"


async def test_a_kept_snapshot_is_read_without_touching_bars(sample_sessions, shared):
    first = await load_panel(sample_sessions, shared, us())
    asked = []
    bind = sample_sessions.kw["bind"].sync_engine
    listener = lambda *args: asked.append(args[2])  # noqa: E731 - removed again below
    event.listen(bind, "before_cursor_execute", listener)

    again = await load_panel(sample_sessions, shared, us(currency="AUD", start=date(2005, 1, 3)))

    event.remove(bind, "before_cursor_execute", listener)
    assert len(asked) == 6  # universe, members, instruments, fingerprints, endings, cash rates
    assert not any("price_bar" in statement for statement in asked)
    np.testing.assert_array_equal(again.close, first.close[row_of(first, "2004-12-31") :])


async def test_unknown_names_are_refused(sample_sessions, shared):
    with pytest.raises(NotFound, match="universe NOWHERE does not exist"):
        await load_panel(sample_sessions, shared, us(universe="NOWHERE"))
    with pytest.raises(UnknownSymbol, match="TSLA"):
        await load_panel(sample_sessions, shared, us(universe=None, symbols=("AAPL", "TSLA")))
    with pytest.raises(UnknownSymbol, match="TSLA"):
        await load_panel(sample_sessions, shared, us(benchmark="TSLA"))
