"""Runs with options as a whole: truncation, random accounts, three slopes, searches, shocks."""

from dataclasses import replace

import numpy as np
import pytest

from engine import scenarios, stress
from engine.costs import CostModel, FxMode
from engine.errors import InvalidParameters, MissingData
from engine.option_surface import Market
from engine.options import option_price
from engine.trials import evaluate
from tests.engine.option_runs import (
    FREE,
    HELD_ON,
    PLAIN,
    at_expiry,
    backtest,
    day,
    make_condor,
    make_hedge,
    make_request,
    model_volatility,
    options,
    quiet,
)
from tests.engine.volatility_markets import make_index


def test_what_is_told_of_the_future_changes_no_session_before():
    rng = np.random.default_rng(5)
    level = 1000.0 * np.exp(np.cumsum(rng.normal(0.0, 0.012, 300)))
    vix = 20.0 + 4.0 * np.sin(np.arange(300) / 20.0)
    panel = make_index(level, vix=vix, vix3m=1.1 * vix)

    whole = backtest(panel, make_condor(), last_row=299)

    for cut in range(40, 290, 25):
        short = backtest(panel.truncate(cut), make_condor(), last_row=cut)
        assert short.equity.tobytes() == whole.equity[: len(short.equity)].tobytes()
        before = whole.orders.select(whole.orders.row <= cut)
        assert short.orders.price.tobytes() == before.price.tobytes()
        assert short.traded == whole.traded[: len(before)]


@pytest.mark.parametrize("seed", range(12))
def test_the_accounts_of_any_condor_add_up(seed):
    """The run asserts all six identities on every session; here are markets that strain them."""
    rng = np.random.default_rng(seed)
    n = 260
    level = 1000.0 * np.exp(np.cumsum(rng.standard_t(3, n) * rng.uniform(0.005, 0.03)))
    vix = np.clip(20.0 + np.cumsum(rng.normal(0.0, 1.0, n)), 9.0, 80.0)
    rate = 1.5 * np.exp(np.cumsum(rng.normal(0.0, 0.006, n)))
    panel = make_index(
        level,
        vix=vix,
        vix3m=vix * rng.uniform(0.95, 1.2, n),
        rf=np.full(n, rng.uniform(0.0, 2e-4)),
        currencies=("AUD", "USD"),
        currency=[1],
        fx=np.column_stack([np.ones(n), rate]),
        fx_known_at=np.zeros((n, 2)),
    )
    wide = {"vix_lo": 0.0, "vix_hi": 150.0, "risk_pct": float(rng.uniform(0.01, 0.1))}
    days = {"dte": int(rng.integers(20, 91)), "exit_dte": int(rng.integers(0, 19))}

    costs = CostModel(cash_rate=0.03, fx_mode=list(FxMode)[seed % 2])
    result = backtest(panel, make_condor(**wide, **days, take=0.9, stop=4.0), costs=costs)

    # What options bring stays in dollars where it may.
    assert result.books.abroad.any() == costs.holds
    assert np.isfinite(result.equity).all()
    assert (result.books.cash > 0.0).all()
    assert (result.equity > 0.0).all()


def test_a_run_is_made_at_three_slopes_of_the_smile():
    panel = quiet(sessions=200, rf=np.where(np.arange(200) < 50, np.nan, 1e-4))

    result = backtest(panel, make_condor())

    rows = result.diagnostics["option_skews"]["runs"]
    assert [row["skew"] for row in rows] == [0.0, -0.18, pytest.approx(-0.27)]
    assert rows[1]["total_return"] == result.metrics.total_return
    assert rows[1]["max_drawdown"] == result.metrics.max_drawdown
    assert rows[1]["sharpe"] == result.metrics.sharpe is not None
    for row in rows:
        alone = backtest(panel, make_condor(skew=row["skew"]))
        assert row["total_return"] == alone.metrics.total_return
    assert len({row["total_return"] for row in rows}) == 3


def test_a_trial_of_a_search_is_the_account_itself():
    panel = quiet(sessions=120)
    requests = [make_request(panel, make_condor(risk_pct=share)) for share in (0.02, 0.08)]

    found = evaluate(panel, requests, checkpoint=lambda *_: None)

    for trial, request in enumerate(requests):
        alone = backtest(panel, request.strategy)
        assert found.equity[:, trial] == pytest.approx(alone.equity / 1_000_000.0, abs=1e-12)
    assert found.equity[-1, 0] != found.equity[-1, 1]


def test_options_alone_are_under_no_overlay():
    with pytest.raises(InvalidParameters, match="iron_condor holds options alone"):
        backtest(quiet(), make_condor(), overlay_vol_target=0.1)


def test_an_index_that_is_no_asset_and_a_panel_that_is_not_there_are_named():
    with pytest.raises(MissingData, match="index named \\^GSPC"):
        backtest(quiet(), make_condor(index=("^GSPC",)))
    panel = quiet()
    with pytest.raises(MissingData, match="needs the panel VIX3M"):
        backtest(replace(panel, extra={"VIX": panel.extra["VIX"]}), make_condor())


def test_a_market_knows_what_a_price_needs():
    market = Market(
        spot=np.array([1.0, np.nan, 1.0]),
        near=np.array([0.2, 0.2, np.nan]),
        far=np.full(3, 0.2),
        rate=np.zeros(3),
    )

    assert market.known.tolist() == [True, False, False]
    assert make_hedge().warmup == 2


def test_a_shock_reprices_what_is_still_open_at_its_last_close():
    result = backtest(quiet(sessions=10), make_condor(**PLAIN, risk_pct=0.1), **FREE)

    contracts = result.contracts
    legs = result.books.quantity[-1]
    strikes = np.array([float(entry[1].split()[2]) for entry in options(result)])
    calls, days = np.array([False, False, True, True]), day("2000-02-18") - result.session[-1]
    terms = {"rate": 0.0, "dividend_yield": 0.0, "volatility": model_volatility(days)}
    for move in (0.0, -0.1, -0.3):
        spot = 1000.0 * (1.0 + move)
        # The volatility of a strike follows its distance from the forward; here the smile is flat.
        model = option_price(calls, spot, strikes, days / 365.0, **terms)
        assert contracts.worth(move) == pytest.approx(100.0 * legs @ model, abs=1e-6)
    assert contracts.worth() == pytest.approx(result.books.value[-1].sum(), abs=1e-6)
    holdings = stress.Holdings(
        symbols=("S000",),
        weight=np.zeros(1),
        returns=np.full((10, 1), np.nan),
        home=np.full((10, 1), np.nan),
        benchmark=np.full(10, np.nan),
        abroad=np.array([-1.0]),
        benchmark_abroad=0.0,
        contracts=contracts,
        equity=float(result.equity[-1]),
    )
    shocks = {shock.key: shock for shock in scenarios.SHOCKS}
    lost = stress.under(shocks["equity_30"], holdings, np.array([1.0])).total_return
    assert lost == (contracts.worth(-0.3) - contracts.worth()) / result.equity[-1]
    # Both indices at 65: 0.65 for every strike and expiry, since this smile is flat.
    stressed = stress.under(shocks["vix_65"], holdings, np.array([1.0]))
    flat = option_price(calls, 1000.0, strikes, days / 365.0, **terms | {"volatility": 0.65})
    assert stressed.total_return == pytest.approx(
        (100.0 * legs @ flat - contracts.worth()) / result.equity[-1], abs=1e-6
    )
    assert stressed.total_return < 0.0
    assert stressed.benchmark_return is None
    # More than a tenth of equity cannot be lost: that is what the wings are for.
    assert -0.11 < lost < -0.05
    converted = stress.under(shocks["aud_up_20"], holdings, np.array([1.0])).total_return
    assert converted == pytest.approx(contracts.worth() / result.equity[-1] * (1 / 1.2 - 1))


def test_a_run_that_holds_no_option_at_its_end_has_none_to_reprice():
    assert backtest(at_expiry(1000.0), make_condor(**HELD_ON), **FREE).contracts is None
    assert backtest(quiet(sessions=4), make_condor(), capital=10_000.0).contracts is None
