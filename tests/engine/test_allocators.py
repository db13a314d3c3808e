"""The methods that weigh by a covariance, as strategies that choose names call them."""

import numpy as np
import pytest

from engine.covariance import estimate_covariance
from engine.errors import Refused
from engine.mean_variance import shrunk_mean
from engine.panel import NEVER
from engine.returns import simple_returns
from engine.risk_budgeting import risk_contributions
from engine.strategies.nco import Nco, NcoParameters
from engine.weighting import ALLOCATORS, weigh
from models.backtest import Allocator
from tests.engine.optima import gap_to_optimum
from tests.engine.panels import make_closes, make_panel

NAN = np.nan
METHODS = ("mean_variance", "risk_budgeting", "nco", "black_litterman")


def window_of(close, **changes):
    return make_panel(close, **changes).window(len(close) - 1, len(close), NEVER - 1)


def make_window(*, assets=5, sessions=260, seed=7, drift=0.0, **changes):
    close = make_closes(sessions=sessions, assets=assets, seed=seed)
    rising = np.exp(drift * np.arange(sessions))[:, None]
    return window_of(close * rising, **changes)


def sample_of(window, chosen):
    return simple_returns(window.total_return[-253:, chosen])


def nco(window, **parameters):
    strategy = Nco(NcoParameters(**{"lookback": 252, "max_weight": 1.0} | parameters))
    return strategy.decide(window, None)[0]


def test_every_allocator_of_the_contract_is_offered():
    assert set(ALLOCATORS) == set(Allocator)


@pytest.mark.parametrize("method", METHODS)
def test_shares_are_of_the_chosen_alone_and_sum_to_one(method):
    window = make_window(assets=8, drift=0.002)
    chosen = np.array([6, 1, 3, 4])

    shares = weigh(method, window, chosen, np.linspace(0.1, 0.5, 8))

    assert shares.chosen.tolist() == [1, 3, 4, 6]
    assert (shares.weights >= 0.0).all()
    assert shares.weights.sum() == pytest.approx(1.0, abs=1e-12)
    assert shares.reasons == {}


def test_mean_variance_is_the_best_excess_return_for_its_risk():
    rate = 0.0002
    window = make_window(drift=0.002, rf=np.full(260, rate))

    shares = weigh("mean_variance", window, np.arange(5), np.zeros(5))

    returns, w = sample_of(window, np.arange(5)), shares.weights
    covariance, expected = estimate_covariance(returns), shrunk_mean(returns) - rate
    price = w @ covariance @ w / (w @ expected)
    gradient = covariance @ w - price * expected
    assert gap_to_optimum(gradient, w, unit=np.abs(covariance @ w).max()) < 1e-9


def test_mean_variance_of_what_only_falls_is_refused_by_name():
    with pytest.raises(Refused, match="no expected return is above zero") as refused:
        weigh("mean_variance", make_window(drift=-0.01), np.array([2, 0]), np.zeros(5))

    assert refused.value.method == "mean_variance"
    assert refused.value.chosen.tolist() == [0, 2]


def test_risk_budgeting_lets_every_name_contribute_alike():
    window = make_window()

    shares = weigh("risk_budgeting", window, np.arange(5), np.zeros(5))

    contributions = risk_contributions(
        estimate_covariance(sample_of(window, np.arange(5))), shares.weights
    )
    np.testing.assert_allclose(contributions, np.full(5, 0.2), rtol=1e-9)


def test_scores_tilt_black_litterman_and_equal_scores_leave_it_even():
    window = make_window()

    even = weigh("black_litterman", window, np.arange(5), np.full(5, 0.3)).weights
    tilted = weigh("black_litterman", window, np.arange(5), np.array([0.1, 0.1, 0.9, 0.1, 0.1]))

    np.testing.assert_allclose(even, np.full(5, 0.2), atol=1e-9)
    assert tilted.weights.argmax() == 2
    assert tilted.weights[2] > 0.25
    assert (tilted.weights[[0, 1, 3, 4]] < 0.2).all()


@pytest.mark.parametrize("method", METHODS)
def test_gaps_and_still_lines_are_left_out_and_said(method):
    close = make_closes(sessions=260, assets=6) * np.exp(0.002 * np.arange(260))[:, None]
    close[50:57, 1] = NAN
    close[:, 2] = 30.0

    shares = weigh(method, window_of(close), np.arange(6), np.linspace(0.1, 0.5, 6))

    assert shares.weights[[1, 2]].tolist() == [0.0, 0.0]
    assert shares.weights.sum() == pytest.approx(1.0, abs=1e-12)
    assert shares.reasons == {"gap": 1, "zero_variance": 1}


@pytest.mark.parametrize("method", METHODS)
def test_one_name_takes_all_and_nobody_takes_nothing(method):
    window = make_window(drift=0.005)

    assert weigh(method, window, np.array([1]), np.ones(5)).weights.tolist() == [1.0]
    assert weigh(method, window, np.array([], np.int64), np.ones(5)).weights.tolist() == []


@pytest.mark.parametrize("method", METHODS)
def test_a_universe_that_stands_still_is_all_cash(method):
    shares = weigh(method, window_of(np.full((260, 3), 10.0)), np.arange(3), np.ones(3))

    assert shares.weights.tolist() == [0.0, 0.0, 0.0]
    assert shares.reasons == {"zero_variance": 3}


def test_nco_names_what_its_own_sample_cannot_invert():
    window = make_window(assets=130, sessions=127)

    with pytest.raises(Refused, match="singular_covariance: 126 observations, 130 assets"):
        nco(window, lookback=126, cov="sample")
    assert nco(window, lookback=126).weights.sum() == pytest.approx(1.0, abs=1e-9)


@pytest.mark.parametrize("cov", ["sample", "ledoit_wolf", "denoise"])
@pytest.mark.parametrize("inner", ["min_variance", "erc", "equal"])
def test_nco_holds_what_it_may_and_tells_how_spread_it_is(cov, inner):
    decision = nco(make_window(assets=12), cov=cov, inner=inner, max_weight=0.12)

    assert decision.weights.max() <= 0.12 + 1e-12
    assert decision.weights.sum() <= 1.0 + 1e-12
    spread = decision.diagnostics["nco"]["effective_number"]
    assert spread == pytest.approx(1.0 / np.square(decision.weights).sum())


def test_nco_sells_short_only_where_that_is_allowed_and_never_beyond_its_equity():
    close = make_closes(sessions=260, assets=6)
    close[:, 3] = close[:, 2] * np.exp(0.002 * np.random.default_rng(1).normal(size=260).cumsum())
    close[:, 2] = close[:, 2] ** 1.8
    window = window_of(close)

    long_only = nco(window, outer="min_variance")
    free = nco(window, outer="min_variance", long_only=False)

    assert (long_only.weights >= 0.0).all()
    assert free.weights.min() < -0.01
    assert np.abs(free.weights).sum() == pytest.approx(1.0, abs=1e-9)
    assert Nco(NcoParameters(long_only=False)).shorts
    assert not Nco(NcoParameters()).shorts
