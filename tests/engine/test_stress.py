from dataclasses import replace
from datetime import date, timedelta

import numpy as np
import pytest

from engine.scenarios import (
    BY_KEY,
    CORRELATION_BREAK,
    SCENARIOS,
    SHOCKS,
    WINDOWS,
    CorrelationBreak,
    Shock,
)
from engine.stress import (
    Curves,
    Holdings,
    betas,
    in_window,
    recent_returns,
    under,
    when_correlated,
)

EPOCH = date(1970, 1, 1)
COVID = BY_KEY["covid"]  # 2020-02-19 to 2020-03-23
START, END = (COVID.start - EPOCH).days, (COVID.end - EPOCH).days


def made_curves(first=START - 10, last=END + 20):
    """A session each day: 100 up to the window, then a fall by 1 a day to 80, 90 at its end."""
    session = np.arange(first, last + 1)
    equity = np.where(session <= START, 100.0, 100.0 - (session - START))
    equity = np.maximum(equity, 80.0)
    equity[session == END] = 90.0
    equity[session > END] = 90.0 + (session[session > END] - END)
    return Curves(
        session=session,
        equity=equity,
        gross=equity * np.where(session <= START, 1.0, 1.02),
        local=np.where(session <= START, 100.0, 95.0),
        benchmark=np.where(session <= START, 50.0, 40.0),
        turnover=np.where(session == START, 1.0, 0.1),
    )


def made_holdings(**given):
    weight = np.asarray(given.get("weight", [0.6, 0.3, 0.1]))
    m = len(weight)
    values = {
        "symbols": ("ABC", "IEF", "GLD")[:m],
        "weight": weight,
        "returns": np.full((252, m), np.nan),
        "home": np.full((252, m), np.nan),
        "benchmark": np.random.default_rng(1).normal(0.0, 0.01, 252),
        "abroad": np.zeros(m),
        "benchmark_abroad": 0.0,
    }
    return Holdings(**values | given)


def test_a_level_of_the_vix_says_nothing_where_no_options_are_held():
    assert not under(BY_KEY["vix_65"], made_holdings(), np.ones(3)).covered


def test_a_window_is_measured_from_close_to_close():
    found = in_window(made_curves(), COVID)

    assert found.covered
    assert found.total_return == pytest.approx(-0.1)
    assert found.max_drawdown == pytest.approx(-0.2)
    assert found.benchmark_return == pytest.approx(-0.2)
    assert found.asset_return == pytest.approx(-0.05)
    assert found.currency_return == pytest.approx(-0.05)
    assert found.costs == pytest.approx(0.9 * 1.02 - 0.9)
    # 33 sessions behind the first, whose own decision was traded before the window.
    assert found.turnover == pytest.approx(3.3)
    assert found.days_to_recover == 10


@pytest.mark.parametrize(("first", "last"), [(START + 1, END + 20), (START - 10, END - 1)])
def test_a_window_that_is_not_covered_whole_has_no_figure(first, last):
    found = in_window(made_curves(first, last), COVID)

    assert not found.covered
    assert {value for name, value in vars(found).items() if name not in ("key", "covered")} == {
        None
    }


def test_the_last_close_of_a_window_belongs_to_it():
    curves = made_curves()
    equity = np.where(curves.session == END, 60.0, curves.equity)

    assert in_window(replace(curves, equity=equity), COVID).max_drawdown == pytest.approx(-0.4)


def test_the_days_of_the_window_themselves_are_enough():
    assert in_window(made_curves(START, END), COVID).covered


def test_a_day_without_a_session_stands_for_the_close_before_it():
    curves = made_curves()
    kept = (curves.session != START) & (curves.session != END)
    cut = Curves(**{name: values[kept] for name, values in vars(curves).items()})

    found = in_window(cut, COVID)

    assert found.total_return == pytest.approx(80.0 / 100.0 - 1.0)
    assert found.covered


def test_what_has_not_recovered_says_so():
    curves = made_curves(last=END + 5)

    assert in_window(curves, COVID).days_to_recover is None


def test_a_benchmark_that_is_absent_has_no_return():
    curves = made_curves()

    found = in_window(replace(curves, benchmark=np.full(len(curves.session), np.nan)), COVID)

    assert (found.covered, found.benchmark_return) == (True, None)


def test_the_windows_are_those_that_happened():
    """Moves of the S&P 500 in the specification, on its closes as skfolio ships them."""
    from skfolio.datasets import load_sp500_index

    closes = load_sp500_index().iloc[:, 0]
    expected = {
        "dot_com": -0.491,
        "september_2001": -0.116,
        "financial_crisis": -0.568,
        "flash_crash_2010": -0.160,
        "us_downgrade_2011": -0.194,
        "china_oil_2015": -0.142,
        "volatility_2018": -0.102,
        "fourth_quarter_2018": -0.198,
        "covid": -0.339,
        "covid_rebound": 0.515,
        "inflation_2022": -0.254,
    }
    session = closes.index.to_numpy().astype("datetime64[D]").astype(np.int64)
    level = closes.to_numpy(np.float64)
    curves = Curves(
        session=session,
        equity=level,
        gross=level,
        local=level,
        benchmark=level,
        turnover=np.zeros(len(level)),
    )

    found = {each.key: in_window(curves, each) for each in WINDOWS}

    moved = {key: found[key].total_return for key in expected}
    assert moved == pytest.approx(expected, abs=0.005)
    assert {key for key, each in found.items() if not each.covered} == {"yen_2024", "tariffs_2025"}


def test_the_specifications_portfolio():
    # .6 shares (beta 1), .3 bonds of 7 years, .1 gold: -.18 - .042 + .015.
    shock = Shock(key="x", name="x", description="x", equity=-0.3, rates=0.02, gold=0.15)

    found = under(shock, made_holdings(), np.array([1.0, 0.0, 0.0]))

    assert found.total_return == pytest.approx(-0.207, abs=1e-15)


def test_a_shock_to_what_is_not_held_is_not_covered():
    held = made_holdings(symbols=("ABC",), weight=np.array([1.0]))

    for key in ("rates_200", "gold_up_15", "gold_down_15", "bitcoin_60"):
        found = under(BY_KEY[key], held, np.array([1.0]))
        assert (found.covered, found.total_return) == (False, None)


@pytest.mark.parametrize(("abroad", "move"), [(0.0, 0.0), (-1.0, 1 / 0.8 - 1), (1.0, -0.2)])
def test_a_fall_of_the_australian_dollar(abroad, move):
    # At home in AUD a dollar is 1/AUDUSD; at home in USD an Australian dollar is AUDUSD itself.
    held = made_holdings(
        symbols=("ABC",), weight=np.array([0.5]), abroad=np.array([abroad]), benchmark_abroad=abroad
    )

    found = under(BY_KEY["aud_down_20"], held, np.array([1.0]))

    assert found.total_return == pytest.approx(0.5 * move)
    assert found.benchmark_return == pytest.approx(move)


def test_a_beta_is_that_of_the_last_252_sessions():
    rng = np.random.default_rng(4)
    market = rng.normal(0.0, 0.01, 400)
    own = np.column_stack([1.5 * market, np.where(np.arange(400) < 148, -market, 0.5 * market)])

    found, assumed = betas(
        made_holdings(symbols=("ABC", "DEF"), weight=np.ones(2), returns=own, benchmark=market)
    )

    np.testing.assert_allclose(found, [1.5, 0.5], rtol=1e-12)
    assert assumed == ()


def test_a_young_share_is_given_the_markets_beta_and_named():
    market = np.random.default_rng(4).normal(0.0, 0.01, 252)
    own = np.column_stack([2.0 * market] * 3)
    own[: 252 - 125, :2] = np.nan

    found, assumed = betas(
        made_holdings(
            symbols=("ABC", "GLD", "DEF"), weight=np.ones(3), returns=own, benchmark=market
        )
    )

    np.testing.assert_allclose(found, [1.0, 0.0, 2.0], rtol=1e-12)
    assert assumed == ("ABC", "GLD")


def test_closer_correlations_cost_more():
    # Closed form: two equal shares of 1 % a session without correlation, half the way to 1,
    # volatility doubled: variance 4e-4 * (2 * .25 + 2 * .25 * .5).
    up_down = np.array([[0.01, 0.01], [0.01, -0.01], [-0.01, 0.01], [-0.01, -0.01]] * 63)
    scale = np.sqrt(251 / 252)  # so that the sample deviation is 1 %
    held = made_holdings(symbols=("ABC", "DEF"), weight=np.array([0.5, 0.5]), home=up_down * scale)
    scenario = CorrelationBreak(key="x", name="x", description="x", towards_one=0.5, volatility=2.0)

    found = when_correlated(scenario, held)

    assert found.total_return == pytest.approx(-1.6448536269514722 * 0.02 * np.sqrt(0.75))


def test_without_a_year_of_returns_correlations_are_not_known():
    scenario = CORRELATION_BREAK

    assert not when_correlated(scenario, made_holdings()).covered
    empty = made_holdings(weight=np.zeros(3))
    assert not when_correlated(scenario, empty).covered
    assert under(SHOCKS[0], empty, np.ones(3)).total_return == 0.0


def test_keys_are_unique_and_windows_in_order_of_time():
    assert len(BY_KEY) == len(SCENARIOS)
    starts = [window.start for window in WINDOWS]
    assert starts == sorted(starts)
    assert all(window.end - window.start > timedelta(days=5) for window in WINDOWS)


def test_a_beta_looks_at_a_year_of_returns():
    level = np.linspace(100.0, 200.0, 400)[:, None]

    found = recent_returns(level)

    assert found.shape == (252, 1)
    assert found[-1, 0] == pytest.approx(level[-1, 0] / level[-2, 0] - 1.0)
