import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import norm

from engine.options import (
    FAR,
    HIGHEST_VOL,
    LOWEST_VOL,
    NEAR,
    Smile,
    atm_volatility,
    forward_price,
    option_delta,
    option_price,
    option_vega,
    strike_at_delta,
)

FLAT = {"rate": 0.05, "dividend_yield": 0.0, "volatility": 0.2}
CONDOR = {"rate": 0.04, "dividend_yield": 0.0}
DAYS_45 = 45.0 / 365.0


def test_a_year_at_the_money_has_its_known_price():
    """Golden of engine.md 2.17: S = K = 100, T = 1, r = 5 %, sigma = 20 %."""
    call, put = option_price(np.array([True, False]), 100.0, 100.0, 1.0, **FLAT)

    assert call == pytest.approx(10.450584, abs=5e-7)
    assert put == pytest.approx(5.573526, abs=5e-7)
    assert call - put == pytest.approx(100.0 - 100.0 * math.exp(-0.05), abs=1e-12)


def test_the_textbook_example_has_its_textbook_price():
    """Hull, Options, Futures, and Other Derivatives, example 15.6: 4.76 and 0.81."""
    terms = {"rate": 0.10, "dividend_yield": 0.0, "volatility": 0.2}

    call, put = option_price(np.array([True, False]), 42.0, 40.0, 0.5, **terms)

    assert (round(float(call), 2), round(float(put), 2)) == (4.76, 0.81)
    assert call == pytest.approx(4.759422, abs=5e-7)
    assert put == pytest.approx(0.808599, abs=5e-7)


def test_a_put_thirty_per_cent_out_of_the_money_costs_less_than_a_tick():
    """Golden of engine.md 2.17: 90 days at flat 25 % are worth 0.004657 per 100 of spot."""
    put = option_price(
        False, 100.0, 70.0, 90.0 / 365.0, rate=0.04, dividend_yield=0.0, volatility=0.25
    )

    assert float(put) == pytest.approx(0.004657, abs=5e-7)


def test_the_strikes_of_a_condor_have_their_deltas():
    """Golden of engine.md 2.17: S = 100, r = 4 %, 45 days, flat 20 %, deltas 5 % and 16 %."""
    wanted = [(False, 0.05), (False, 0.16), (True, 0.16), (True, 0.05)]

    found = [
        strike_at_delta(call, delta, 100.0, DAYS_45, **CONDOR, smile=Smile(0.2))
        for call, delta in wanted
    ]

    assert found == pytest.approx([89.7527, 93.9471, 108.0293, 113.0779], abs=5e-5)


def test_the_legs_of_a_condor_have_their_prices():
    """Golden of engine.md 2.17: credit 0.561372, largest loss 3.438628."""
    calls = np.array([False, False, True, True])
    strikes = np.array([88.0, 92.0, 109.0, 113.0])

    legs = option_price(calls, 100.0, strikes, DAYS_45, **CONDOR, volatility=0.2)

    assert legs == pytest.approx([0.074406, 0.334413, 0.447700, 0.146336], abs=5e-7)
    credit = float(legs @ [-1.0, 1.0, 1.0, -1.0])
    assert credit == pytest.approx(0.561372, abs=5e-7)
    assert 4.0 - credit == pytest.approx(3.438628, abs=5e-7)


@given(
    spot=st.floats(10.0, 5000.0),
    moneyness=st.floats(0.5, 1.6),
    years=st.floats(0.01, 2.0),
    rate=st.floats(-0.02, 0.12),
    dividend_yield=st.floats(0.0, 0.08),
    volatility=st.floats(0.05, 1.5),
)
def test_calls_and_puts_are_in_parity(spot, moneyness, years, rate, dividend_yield, volatility):
    strike = spot * moneyness
    terms = {"rate": rate, "dividend_yield": dividend_yield, "volatility": volatility}

    call, put = option_price(np.array([True, False]), spot, strike, years, **terms)

    owed = spot * math.exp(-dividend_yield * years) - strike * math.exp(-rate * years)
    assert abs(call - put - owed) <= 1e-12 * spot
    assert max(owed, 0.0) - 1e-12 * spot <= call <= spot
    assert max(-owed, 0.0) - 1e-12 * spot <= put


@pytest.mark.parametrize("call", [True, False])
def test_prices_are_the_integral_of_what_is_paid(call):
    """Against the expectation under the lognormal law, summed by quadrature: no formula shared."""
    spot, strike, years, rate, dividends, sigma = 1300.0, 1250.0, 0.4, 0.03, 0.018, 0.27
    z = np.linspace(-12.0, 12.0, 400_001)
    drift = (rate - dividends - 0.5 * sigma**2) * years
    at_expiry = spot * np.exp(drift + sigma * math.sqrt(years) * z)
    paid = np.maximum((at_expiry - strike) * (1.0 if call else -1.0), 0.0)
    expected = math.exp(-rate * years) * np.trapezoid(paid * norm.pdf(z), z)

    terms = {"rate": rate, "dividend_yield": dividends, "volatility": sigma}
    found = option_price(call, spot, strike, years, **terms)

    assert float(found) == pytest.approx(expected, abs=1e-6)


def test_delta_and_vega_are_slopes_of_the_price():
    at = {"rate": 0.03, "dividend_yield": 0.018}
    bump = 1e-4

    def price(call, *, spot=100.0, sigma=0.25):
        return float(option_price(call, spot, 96.0, 0.3, **at, volatility=sigma))

    for call in (True, False):
        up, down = price(call, spot=100.0 + bump), price(call, spot=100.0 - bump)
        delta = option_delta(call, 100.0, 96.0, 0.3, **at, volatility=0.25)
        assert delta == pytest.approx((up - down) / (2 * bump), abs=1e-8)
        vega = float(option_vega(100.0, 96.0, 0.3, **at, volatility=0.25))
        up, down = price(call, sigma=0.25 + bump), price(call, sigma=0.25 - bump)
        assert vega == pytest.approx((up - down) / (2 * bump), abs=1e-5)


def test_an_option_at_its_end_is_worth_what_it_pays():
    calls = np.array([True, True, False, False])
    strikes = np.array([90.0, 110.0, 90.0, 110.0])

    for years in (0.0, -1.0):
        assert option_price(calls, 100.0, strikes, years, **FLAT).tolist() == [10.0, 0.0, 0.0, 10.0]
    assert option_vega(100.0, strikes, 0.0, **FLAT).tolist() == [0.0] * 4


def test_without_uncertainty_an_option_is_worth_its_discounted_payment():
    still = {"rate": 0.05, "dividend_yield": 0.02, "volatility": 1e-9}

    found = option_price(np.array([True, False]), 100.0, 95.0, 1.0, **still)

    kept = 100.0 * math.exp(-0.02) - 95.0 * math.exp(-0.05)
    assert found.tolist() == [pytest.approx(kept, abs=1e-12), 0.0]


def test_an_unknown_argument_gives_an_unknown_price():
    prices = option_price(True, np.array([100.0, np.nan]), 100.0, 1.0, **FLAT)

    assert np.isnan(prices).tolist() == [False, True]


def test_total_variance_is_linear_between_the_two_indices_and_flat_outside():
    years = np.array([10.0, 30.0, 61.5, 93.0, 365.0]) / 365.0

    found = atm_volatility(0.20, 0.24, years)

    halfway = math.sqrt((0.5 * 0.20**2 * NEAR + 0.5 * 0.24**2 * FAR) / years[2])
    assert found == pytest.approx([0.20, 0.20, halfway, 0.24, 0.24], abs=1e-15)


def test_the_smile_is_the_stated_polynomial_of_moneyness():
    smile = Smile(0.2, slope=-0.18, curvature=0.02)
    forward, years = 100.0, 0.25  # one standard deviation is 0.1 in logarithms
    strikes = forward * np.exp(np.array([-0.1, 0.0, 0.2, -0.9]))

    found = smile.volatility(strikes, forward, years)

    at_four = 0.2 * (1.0 + 0.18 * 4.0 + 0.02 * 16.0)  # a strike further away is no further up
    assert found == pytest.approx([0.24, 0.2, 0.2 * (1.0 - 0.36 + 0.08), at_four], abs=1e-12)


def test_a_volatility_is_kept_within_its_bounds():
    assert float(Smile(0.06, -0.5).volatility(200.0, 100.0, 0.1)) == LOWEST_VOL
    assert float(Smile(2.5, -0.5).volatility(20.0, 100.0, 0.1)) == HIGHEST_VOL


@pytest.mark.parametrize("slope", [0.0, -0.18, -0.27, -0.5])
@pytest.mark.parametrize(
    ("call", "size"), [(False, 0.05), (False, 0.3), (True, 0.16), (True, 0.02)]
)
def test_a_strike_found_by_delta_has_that_delta(slope, call, size):
    smile = Smile(0.22, slope, 0.02 if slope else 0.0)
    at = {"rate": 0.03, "dividend_yield": 0.015}

    strike = strike_at_delta(call, size, 1400.0, DAYS_45, **at, smile=smile)

    forward = float(forward_price(1400.0, DAYS_45, **at))
    sigma = float(smile.volatility(strike, forward, DAYS_45))
    delta = option_delta(call, 1400.0, strike, DAYS_45, **at, volatility=sigma)
    assert abs(delta) == pytest.approx(size, abs=1e-9)


def test_a_delta_no_strike_reaches_has_no_strike():
    at = {"rate": 0.0, "dividend_yield": 0.5}  # dividends eat half the index: no call has delta 0.9

    assert strike_at_delta(True, 0.9, 100.0, 1.0, **at, smile=Smile(0.2)) is None
    assert strike_at_delta(True, 0.9, 100.0, 1.0, **at, smile=Smile(0.2, -0.1)) is None
