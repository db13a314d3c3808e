"""Residuals of factor regressions: engine.md 2.11, and statsmodels as the other opinion."""

import numpy as np
import pytest
import statsmodels.api as sm

from engine.residuals import formation_scores, monthly_returns, months_of, regress_on, volatility

MONTHS = 36


def make_factors(months=MONTHS, count=3, seed=3):
    return np.random.default_rng(seed).normal(0.004, 0.04, (months, count))


def make_returns(factors, assets=5, seed=4):
    rng = np.random.default_rng(seed)
    betas = rng.normal(1.0, 0.5, (factors.shape[1], assets))
    return 0.002 + factors @ betas + rng.normal(0.0, 0.05, (len(factors), assets))


def scores_of(fit, *, form=12, skip=1, standardise="formation"):
    return formation_scores(fit.residual, form=form, skip=skip, standardise=standardise)


def test_a_return_that_the_market_explains_exactly_has_no_score():
    """Golden: y = 0.001 + 1.2 Mkt leaves residuals of deviation 0, and 0 / 0 is no score."""
    factors = make_factors()
    exact = (0.001 + 1.2 * factors[:, 0])[:, None]

    fit = regress_on(exact, factors, min_months=24)

    np.testing.assert_allclose(fit.alpha, 0.001, rtol=1e-12)
    np.testing.assert_allclose(fit.betas[:, 0], [1.2, 0.0, 0.0], atol=1e-14)
    np.testing.assert_allclose(fit.r_squared, 1.0, rtol=1e-14)
    assert volatility(fit.residual)[0] < 1e-12
    for standardise in ("formation", "regression"):
        assert np.isnan(scores_of(fit, standardise=standardise)).all()


def test_the_score_is_the_sum_of_eleven_residuals_over_their_deviation():
    """Golden: the same return and an alternating residual of a hundredth, made orthogonal."""
    factors = make_factors()
    design = np.column_stack([np.ones(MONTHS), factors])
    wave = np.where(np.arange(MONTHS) % 2 == 0, 0.01, -0.01)
    e = wave - design @ np.linalg.lstsq(design, wave, rcond=None)[0]
    y = (0.001 + 1.2 * factors[:, 0] + e)[:, None]

    fit = regress_on(y, factors, min_months=24)

    formed = e[24:35]  # months M-11 to M-1 of which M is the last
    by_hand = formed.sum() / np.sqrt(((formed - formed.mean()) ** 2).sum() / 10.0)
    np.testing.assert_allclose(fit.residual[:, 0], e, atol=1e-15)
    assert scores_of(fit)[0] == pytest.approx(by_hand, rel=1e-11)
    whole = formed.sum() / e.std(ddof=1)
    assert scores_of(fit, standardise="regression")[0] == pytest.approx(whole, rel=1e-11)


@pytest.mark.parametrize("count", [3, 5])
def test_every_fit_is_that_of_statsmodels(count):
    factors = make_factors(count=count)
    returns = make_returns(factors, assets=12)
    returns[:7, 1] = np.nan
    returns[5, [2, 3]] = np.nan
    returns[30, 4] = np.nan

    fit = regress_on(returns, factors, min_months=24)

    assert fit.months.tolist() == [36, 29, 35, 35, 35, *[36] * 7]
    assert not fit.deficient
    for asset in range(returns.shape[1]):
        known = np.isfinite(returns[:, asset])
        peer = sm.OLS(returns[known, asset], sm.add_constant(factors[known])).fit()
        np.testing.assert_allclose(fit.alpha[asset], peer.params[0], atol=1e-14)
        np.testing.assert_allclose(fit.betas[:, asset], peer.params[1:], rtol=1e-12, atol=1e-14)
        np.testing.assert_allclose(fit.residual[known, asset], peer.resid, atol=1e-14)
        assert fit.r_squared[asset] == pytest.approx(peer.rsquared, rel=1e-12)
        assert np.isnan(fit.residual[~known, asset]).all()


def test_an_asset_with_too_few_months_is_not_fitted():
    factors = make_factors()
    returns = make_returns(factors, assets=2)
    returns[:13, 0] = np.nan

    fit = regress_on(returns, factors, min_months=24)

    assert fit.months.tolist() == [23, 36]
    for values in (fit.alpha, fit.betas[0], fit.r_squared, fit.residual[20]):
        assert np.isnan(values).tolist() == [True, False]


def test_a_month_without_factors_is_missing_for_everybody():
    factors = make_factors()
    returns = make_returns(factors, assets=2)
    holed = factors.copy()
    holed[4, 1] = np.nan
    kept = np.arange(MONTHS) != 4

    fit = regress_on(returns, holed, min_months=24)

    without = regress_on(returns[kept], factors[kept], min_months=24)
    assert fit.months.tolist() == [35, 35]
    np.testing.assert_allclose(fit.residual[kept], without.residual, atol=1e-15)


def test_factors_that_follow_from_each_other_are_fitted_and_said():
    factors = make_factors()
    twin = np.column_stack([factors[:, :2], factors[:, 0] - 2.0 * factors[:, 1]])
    returns = make_returns(factors)

    fit = regress_on(returns, twin, min_months=24)

    pair = regress_on(returns, factors[:, :2], min_months=24)
    assert fit.deficient
    assert not pair.deficient
    np.testing.assert_allclose(fit.residual, pair.residual, atol=1e-14)


def test_factors_that_depend_in_some_months_only_are_said_too():
    """The last factor stood still but for the first months, which one asset lacks."""
    factors = make_factors()
    factors[8:, 2] = 0.0
    returns = make_returns(factors, assets=2)
    whole = regress_on(returns, factors, min_months=24)
    returns[:8, 1] = np.nan

    fit = regress_on(returns, factors, min_months=24)

    assert not whole.deficient
    assert fit.deficient
    assert fit.betas[2, 1] == 0.0


def test_returns_that_do_not_vary_have_no_r_squared_and_no_score():
    factors = make_factors()

    fit = regress_on(np.zeros((MONTHS, 1)), factors, min_months=24)

    assert np.isnan(fit.r_squared).all()
    assert np.isnan(scores_of(fit)).all()


def test_a_formation_month_that_is_missing_leaves_no_score():
    factors = make_factors()
    returns = make_returns(factors, assets=3)
    returns[26, 0] = np.nan  # in the formation
    returns[35, 1] = np.nan  # the month left out

    scores = scores_of(regress_on(returns, factors, min_months=24))

    assert np.isnan(scores).tolist() == [True, False, False]


def test_monthly_returns_run_from_month_end_to_month_end():
    """Weekdays of January to March 2000; the second share did not trade at the end of February."""
    session = np.busday_offset("2000-01-03", np.arange(64), roll="forward")
    session = session.astype("datetime64[D]").astype(np.int64)
    level = np.column_stack([np.arange(100.0, 164.0), np.full(64, 50.0)])
    level[:, 1] *= 1.001 ** np.arange(64)
    level[36:42, 1] = np.nan  # the last six sessions of February
    months = months_of(session[[30, 60]])

    returns = monthly_returns(level, session, months)

    assert [str(np.datetime64(month, "M")) for month in months.tolist()] == ["2000-02", "2000-03"]
    np.testing.assert_allclose(returns[:, 0], [141.0 / 120.0 - 1.0, 163.0 / 141.0 - 1.0])
    assert np.isnan(returns[:, 1]).all()
    level[36, 1] = 60.0  # within six sessions of the end
    again = monthly_returns(level, session, months)
    np.testing.assert_allclose(again[:, 1], [60.0 / level[20, 1] - 1.0, level[63, 1] / 60.0 - 1.0])


def test_a_month_outside_the_window_has_no_return():
    session = np.arange(10) + 10_957  # 2000-01-01

    returns = monthly_returns(np.ones((10, 1)), session, months_of(session[:1]))

    assert np.isnan(returns).all()
