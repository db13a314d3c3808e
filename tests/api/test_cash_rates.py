"""Runs paid by what central banks set: what covers them, what they earn, what they are made of."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import numpy as np
import orjson
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from api.adapters.csv_series import read_series
from api.adapters.local_store import LocalStore
from api.errors import MissingData
from api.services.axes import AxisRequest
from api.services.backtest_request import BacktestRequest, Costs
from api.services.backtests import submit_backtest
from api.services.cash_rates import CashRates, read_cash_rates
from api.services.import_series import import_series
from api.services.named_panels import CASH_RATE_REACH
from api.services.panels import PanelRequest, load_panel
from api.services.results import FULL, curve_key, read_columns
from api.services.study_request import SweepRequest
from api.services.submit_study import submit_sweep
from api.settings import LOCAL_OWNER_ID
from models.backtest import Currency, FillPolicy
from models.cash_rates import CashRateRepository
from models.published_series import MacroRow, MacroSeriesRepository, SeriesColumns
from models.session import make_engine, make_sessions, unit_of_work
from tests.api.test_run_backtest import finished
from tests.conftest import SAMPLE

EPOCH = date(1970, 1, 1)
DAY_US = 86_400 * 10**6
NOW = datetime(2024, 6, 1, tzinfo=UTC)


def set_on(day):
    """Return what the Reserve Bank's board had set for a day of 2016."""
    later = [
        rate
        for since, rate in ((date(2016, 5, 4), "1.75"), (date(2016, 8, 3), "1.50"))
        if day >= since
    ]
    return ["2.00", *later][-1]


WEEKDAYS = [
    day for number in range(358) if (day := date(2016, 1, 4) + timedelta(days=number)).weekday() < 5
]
RATES = "date,value\n" + "".join(f"{day},{set_on(day)}\n" for day in WEEKDAYS)
RATED = date(2016, 1, 4)  # the first session with a rate
IN_CASH = BacktestRequest(
    strategy="buy_and_hold",
    symbols=("AAPL",),
    start=date(2016, 7, 1),
    end=date(2016, 9, 1),
    currency=Currency.AUD,
    costs=Costs(cash_rate_basis="PUBLISHED", cash_buffer=0.5, cash_margin_bps=50.0),
    fill=FillPolicy.NEXT_CLOSE,
)


@pytest.fixture(scope="module")
def store(tmp_path_factory):
    return LocalStore(tmp_path_factory.mktemp("objects"))


@pytest.fixture(scope="module")
async def bare(make_database, sample_url, worker_id):
    engine = make_engine(
        await make_database(f"bare_rates_{worker_id}", template=SAMPLE),
        pool_size=2,
        command_timeout_seconds=60.0,
    )
    yield make_sessions(engine)
    await engine.dispose()


@pytest.fixture(scope="module")
async def rated(make_database, sample_url, worker_id):
    engine = make_engine(
        await make_database(f"rated_{worker_id}", template=SAMPLE),
        pool_size=2,
        command_timeout_seconds=60.0,
    )
    made = make_sessions(engine)
    await bring(made, RATES)
    yield made
    await engine.dispose()


async def bring(sessions, content, name="AU_CASH_RATE", *, force=False):
    file = read_series(content.encode(), name="rates.csv", panel=name)
    async with unit_of_work(sessions) as session:
        return await import_series(session, file, now=NOW, force=force)


def at(text):
    return (date.fromisoformat(text) - EPOCH).days


def told(*figures, delay=1):
    """Return figures as stored, each known so many days after the one it is of began."""
    days = [at(day) for day, _ in figures]
    known = [(day + delay) * DAY_US for day in days]
    return SeriesColumns(days, [value for _, value in figures], known)


def test_interest_is_paid_at_the_rate_of_the_session_before():
    # Thursday, Friday and, over the weekend, Monday: what begins on Monday is first paid Tuesday.
    rates = CashRates(figures=told(("2016-08-03", 1.75), ("2016-08-08", 1.5)))
    session = np.array([at(day) for day in ("2016-08-03", "2016-08-04", "2016-08-05")])
    session = np.concatenate([session, [at("2016-08-08"), at("2016-08-09")]])

    paid = rates.published(session)

    assert np.isnan(paid[0])
    assert paid[1:].tolist() == pytest.approx([0.0175, 0.0175, 0.0175, 0.015])


@pytest.mark.parametrize(("delay", "expected"), [(1, 0.015), (2, 0.0175)])
def test_what_was_not_yet_told_when_the_day_began_is_paid_from_the_next(delay, expected):
    figures = told(("2016-07-01", 1.75))
    late = told(("2016-08-03", 1.5), delay=delay)
    joined = SeriesColumns(
        figures.days + late.days,
        figures.values + late.values,
        figures.known_at_us + late.known_at_us,
    )

    paid = CashRates(figures=joined).published(np.array([at("2016-08-03"), at("2016-08-04")]))

    assert paid[1] == pytest.approx(expected)


def test_a_rate_does_not_stand_for_ever():
    rates = CashRates(figures=told(("2016-08-03", 1.5)))
    last = at("2016-08-03") + CASH_RATE_REACH

    paid = rates.published(np.array([last, last + 1, last + 2]))

    assert paid[:2].tolist() == pytest.approx([0.015, 0.015])
    assert np.isnan(paid[2])


@pytest.mark.parametrize(("primary", "year"), [("XASX", 252), ("24/7", 365)])
def test_only_sessions_of_the_leading_market_count_towards_the_risk_free_year(primary, year):
    rates = CashRates(figures=told(("2016-08-01", 2.52)))
    session = at("2016-08-02") + np.arange(3)

    dated = rates.laid_on(
        session,
        np.full(3, np.nan),
        held=np.array([True, False, True]),
        primary=primary,
        currency="AUD",
    )

    assert dated.rf.tolist() == pytest.approx([0.0252 / year, 0.0, 0.0252 / year])
    assert dated.annual.tolist() == pytest.approx([0.0252] * 3)  # nights are paid all the same
    assert dated.flags(0, 2) == ()


def test_an_american_rate_of_one_s_own_fills_in_where_no_bill_is_known():
    rates = CashRates(figures=told(("2016-08-01", 0.5)))
    session = at("2016-08-02") + np.arange(2)
    terms = {"held": np.ones(2, np.bool_), "primary": "XNYS"}

    dollars = rates.laid_on(session, np.array([1e-5, np.nan]), currency="USD", **terms)
    sydney = CashRates().laid_on(session, np.array([1e-5, np.nan]), currency="AUD", **terms)

    assert dollars.rf.tolist() == pytest.approx([1e-5, 0.005 / 252])
    assert (dollars.flags(0, 1), sydney.flags(0, 1)) == ((), ("rf_foreign", "rf_missing"))


def test_a_bill_pays_its_own_month_and_no_other():
    july = told(("2016-07-31", 0.0002))
    session = np.array([at(day) for day in ("2016-07-01", "2016-07-05", "2016-08-01")])
    session = np.append(session, at("2016-08-02"))
    terms = {"held": np.ones(4, np.bool_), "primary": "XNYS", "currency": "USD"}

    dated = CashRates(bills=july).laid_on(session, np.zeros(4), **terms)

    # The night before 1 August is one of July.
    assert dated.annual[1:3].tolist() == pytest.approx([0.0024, 0.0024])
    assert np.isnan(dated.annual[[0, 3]]).all()


async def test_a_run_earns_what_the_bank_set_day_by_day(rated, store):
    run = await finished(rated, store, IN_CASH)

    # All of it for four nights, then half: to 3 August at 1.75 and 30 nights at 1.50, less 0.50.
    parts = run.summary["attribution"]
    assert run.costs["cash_rate_basis"] == "PUBLISHED"
    earned = ((4 + 0.5 * 28) * 0.0125 + 0.5 * 30 * 0.01) / 365
    assert parts["cash"] == pytest.approx(earned, rel=0.02)
    assert "rf_foreign" not in run.summary["guards"]["flags"]
    assert "rf_missing" not in run.summary["guards"]["flags"]


async def test_a_hedge_is_told_where_the_rates_of_both_currencies_are_known(rated, bare, store):
    fixed = replace(IN_CASH, costs=Costs())

    async def curves(sessions):
        run = await finished(sessions, store, fixed)
        stored = read_columns(await store.get(curve_key(run.result_prefix, "equity", FULL)))
        return {name: orjson.loads(found) for name, found in stored.columns.items()}

    known, unknown = await curves(rated), await curves(bare)

    assert "hedged" not in unknown
    assert known["local"] == unknown["local"]
    # Two months at 1.75 and 1.50 % less bills at 0.2 %, all of it in an American share.
    gained = known["hedged"][-1] / known["local"][-1] - 1.0
    assert gained == pytest.approx(43 * (0.0163 - 0.0024) / 252, rel=0.05)


async def test_the_risk_free_rate_is_the_banks_own_where_it_is_known(rated, bare, tmp_path):
    asked = PanelRequest(
        symbols=("AAPL",), start=date(2016, 7, 1), end=date(2016, 9, 1), currency="AUD"
    )
    dollars = replace(asked, currency="USD")

    own = await load_panel(rated, LocalStore(tmp_path), asked)
    foreign = await load_panel(bare, LocalStore(tmp_path), asked)
    american = await load_panel(rated, LocalStore(tmp_path), dollars)

    row = int(np.searchsorted(own.session, at("2016-08-04")))
    assert own.rf[row - 1 : row + 1].tolist() == pytest.approx([0.0175 / 252, 0.015 / 252])
    assert own.cash_rate[row - 1 : row + 1].tolist() == pytest.approx([0.0175, 0.015])
    assert "rf_foreign" in foreign.flags
    assert "rf_foreign" not in {*own.flags, *american.flags}
    assert np.isnan(foreign.cash_rate).all()
    np.testing.assert_array_equal(american.rf, foreign.rf)
    # A hedge earns the difference: of each currency its own rate, and nobody else's in its place.
    np.testing.assert_array_equal(own.cash_returns, np.stack([own.rf, american.rf], axis=1))
    assert np.isnan(foreign.cash_returns[:, 0]).all()
    np.testing.assert_array_equal(foreign.cash_returns[:, 1], american.rf)
    # A month's bill twelve times, of American cash alone: 0.02 % in August 2016.
    assert american.cash_rate[row] == pytest.approx(12 * 0.0002)


@pytest.mark.parametrize(
    ("fill", "flagged"), [(FillPolicy.DECISION_CLOSE, True), (FillPolicy.NEXT_CLOSE, False)]
)
async def test_the_night_before_is_warned_of_where_it_is_measured(rated, store, fill, flagged):
    asked = replace(IN_CASH, start=RATED, end=date(2016, 3, 1), costs=Costs(), fill=fill)

    run = await finished(rated, store, asked)

    assert ("rf_foreign" in run.summary["guards"]["flags"]) == flagged


@pytest.mark.parametrize(("start", "flagged"), [(date(2015, 12, 31), True), (RATED, False)])
async def test_the_night_before_the_first_session_is_not_warned_of(rated, tmp_path, start, flagged):
    asked = PanelRequest(symbols=("AAPL",), start=start, end=date(2016, 2, 1), currency="AUD")

    panel = await load_panel(rated, LocalStore(tmp_path), asked)

    row = int(np.searchsorted(panel.session, at("2016-01-04")))
    assert np.isnan(panel.cash_rate[row])
    assert ("rf_foreign" in panel.flags) == flagged


async def test_days_before_the_banks_rates_have_the_american_bills_and_say_so(rated, tmp_path):
    asked = PanelRequest(
        symbols=("AAPL",), start=date(2015, 12, 1), end=date(2016, 2, 1), currency="AUD"
    )

    panel = await load_panel(rated, LocalStore(tmp_path), asked)

    first = int(np.searchsorted(panel.session, at("2016-01-05")))
    assert "rf_foreign" in panel.flags
    assert np.isnan(panel.cash_rate[:first]).all()
    assert panel.rf[first:].tolist() == pytest.approx([0.02 / 252] * len(panel.rf[first:]))


@pytest.mark.parametrize(
    ("start", "end", "day"),
    [
        (date(2015, 12, 1), date(2016, 3, 1), "2015-12-01"),
        (date(2016, 7, 1), date(2017, 6, 1), "2017-02-27"),
    ],
)
async def test_days_without_a_rate_refuse_a_run_when_it_is_submitted(rated, start, end, day):
    asked = replace(IN_CASH, start=start, end=end)

    async with unit_of_work(rated) as session:
        with pytest.raises(MissingData, match=f"AU_CASH_RATE has no rate for {day}") as refused:
            await submit_backtest(session, owner_id=LOCAL_OWNER_ID, request=asked)

    assert refused.value.field == ("input", "costs", "cashRateBasis")
    assert refused.value.reason == "MISSING_RATE"


async def test_the_night_before_the_last_day_is_the_last_that_is_paid(rated):
    asked = replace(IN_CASH, end=date(2017, 2, 27))

    async with unit_of_work(rated) as session:
        submitted = await submit_backtest(session, owner_id=LOCAL_OWNER_ID, request=asked)

    assert submitted.backtest.end_on == date(2017, 2, 27)


async def test_a_search_is_refused_too(bare):
    axis = AxisRequest(name="costs.cashMarginBps", values=(0.0, 50.0))
    asked = SweepRequest(base=IN_CASH, axes=(axis,))

    async with unit_of_work(bare) as session:
        with pytest.raises(MissingData, match="AU_CASH_RATE has no rate for 2016-07-01"):
            await submit_sweep(session, owner_id=LOCAL_OWNER_ID, request=asked)


async def test_american_cash_earns_what_bills_paid_where_nothing_else_is_stored(bare, store):
    asked = replace(IN_CASH, currency=Currency.USD)

    run = await finished(bare, store, asked)

    assert run.summary["attribution"]["cash"] == 0.0  # bills paid less than the margin
    whole = replace(asked, costs=replace(IN_CASH.costs, cash_margin_bps=0.0))
    earned = (await finished(bare, store, whole)).summary["attribution"]["cash"]
    assert earned == pytest.approx((4 + 0.5 * 58) * 12 * 0.0002 / 365, rel=0.02)


async def test_a_corrected_rate_is_another_run(rated):
    async def key():
        async with unit_of_work(rated) as session:
            submitted = await submit_backtest(session, owner_id=LOCAL_OWNER_ID, request=IN_CASH)
            return submitted.backtest.content_key

    before = await key()
    corrected = RATES.replace("2016-08-05,1.50", "2016-08-05,1.25")
    await bring(rated, corrected, force=True)
    after = await key()
    await bring(rated, RATES, force=True)

    assert corrected != RATES
    assert before != after
    assert await key() == before


async def test_what_was_known_later_covers_no_earlier_view(rated):
    asked = replace(IN_CASH, known_at=datetime(2016, 8, 20, tzinfo=UTC), end=date(2016, 8, 19))

    async with unit_of_work(rated) as session:
        rates = await read_cash_rates(session, "AUD", asked.known_at)

    assert rates.figures.days[-1] == at("2016-08-19")


@settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(
    figures=st.dictionaries(
        st.integers(0, 60), st.tuples(st.integers(1, 12), st.integers(0, 2)), max_size=8
    ),
    first=st.integers(0, 40),
    length=st.integers(0, 30),
    reach=st.integers(0, 20),
)
async def test_the_first_gap_is_that_of_a_walk_from_day_to_day(
    session, figures, first, length, reach
):
    origin, series = date(2020, 1, 1), "GAP_TEST"
    rows = [
        MacroRow(
            series,
            origin + timedelta(days=day),
            1.0,
            "test",
            datetime(2020, 1, 1, tzinfo=UTC) + timedelta(days=day + late, hours=hour),
        )
        for day, (late, hour) in figures.items()
    ]
    async with session.begin_nested() as savepoint:
        await MacroSeriesRepository(session).write(rows)
        found = await CashRateRepository(session).first_gap(
            series,
            factor_set=None,
            reach=reach,
            first=origin + timedelta(days=first),
            last=origin + timedelta(days=first + length),
        )
        await savepoint.rollback()

    def holds(day):
        midnight = datetime(2020, 1, 1, tzinfo=UTC) + timedelta(days=day + 1)
        return any(
            0 <= day - (row.date - origin).days <= reach and row.known_at <= midnight
            for row in rows
        )

    days = range(first, first + length + 1)
    missing = next((day for day in days if not holds(day)), None)
    assert found == (None if missing is None else origin + timedelta(days=missing))
