"""Golden accounts of modelled options; every run asserts the ledger's identities besides."""

from dataclasses import replace

import numpy as np
import pytest
from scipy.stats import norm

from engine.backtest import run
from engine.costs import CostModel
from engine.execution import FillPolicy
from engine.option_surface import nearest_expiry
from engine.options import option_price
from engine.panel import NEVER
from engine.schedule import DecisionClock
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
from tests.engine.panels import ASX_CLOSE, ASX_OPEN, DAY, US_CLOSE, US_OPEN, make_sessions
from tests.engine.volatility_markets import make_index


def on(row):
    return str(make_sessions(row + 1)[row].astype("datetime64[D]"))


def sydney_and_new_york(sessions):
    """Return the terms of a panel of an index of New York and a share of Sydney."""
    day = make_sessions(sessions) * DAY
    closes = np.stack([day + ASX_CLOSE, day + US_CLOSE], axis=1)
    return {
        "market": [1, 0],
        "markets": ("XASX", "XNYS"),
        "opens_at": np.stack([day + ASX_OPEN, day + US_OPEN], axis=1),
        "closes_at": closes,
        "known_at": closes[:, [1, 0]],
    }


@pytest.mark.parametrize(
    ("today", "days", "expiry"),
    [
        ("2000-01-04", 45, "2000-02-18"),  # 45 days on is the very third Friday
        ("2000-01-04", 30, "2000-01-21"),  # 13 days before it, where the next is 15 behind
        ("2000-01-04", 91, "2000-04-21"),  # a Good Friday, listed all the same
        ("2000-01-01", 34, "2000-01-21"),  # 14 days before and 14 behind: the earlier
        ("2000-01-21", 0, "2000-02-18"),  # what expires today cannot be bought today
        ("2018-06-15", 365, "2019-06-21"),
    ],
)
def test_options_expire_on_the_third_friday_nearest_to_what_was_asked(today, days, expiry):
    assert nearest_expiry(day(today), days) == day(expiry)


def test_a_condor_is_opened_a_session_later_at_its_model_prices():
    result = backtest(quiet(sessions=4), make_condor(**PLAIN), **FREE)

    # Decided on 4 January for 18 February; without rates and dividends the forward is the index.
    spread = model_volatility(45.0) * np.sqrt(45.0 / 365.0)
    d1 = np.array([-norm.ppf(0.05), -norm.ppf(0.16), norm.ppf(0.16), norm.ppf(0.05)])
    strikes = 5.0 * np.round(200.0 * np.exp(spread * (0.5 * spread - d1)))
    assert [entry[:2] for entry in options(result)] == [
        ("2000-01-05", f"S000 2000-02-18 {strike:g} {right}")
        for strike, right in zip(strikes, ("put", "put", "call", "call"), strict=True)
    ]
    # Filled on 5 January with 44 days left; a leg pays five cents at least.
    terms = {"rate": 0.0, "dividend_yield": 0.0, "volatility": model_volatility(44.0)}
    calls = np.array([False, False, True, True])
    model = option_price(calls, 1000.0, strikes, 44.0 / 365.0, **terms)
    prices = np.array([entry[3] for entry in options(result)])
    spreads = np.array([0.05, -0.05, -0.05, 0.05])
    assert prices == pytest.approx(100.0 * (model + spreads), abs=1e-9)


def test_the_size_of_a_condor_is_the_risk_over_its_largest_loss():
    result = backtest(quiet(sessions=4), make_condor(**PLAIN, risk_pct=0.05), **FREE)

    strikes = np.array([float(entry[1].split()[2]) for entry in options(result)])
    terms = {"rate": 0.0, "dividend_yield": 0.0, "volatility": model_volatility(45.0)}
    calls, sides = np.array([False, False, True, True]), np.array([1.0, -1.0, -1.0, 1.0])
    known = option_price(calls, 1000.0, strikes, 45.0 / 365.0, **terms) + 0.05 * sides
    width = max(strikes[1] - strikes[0], strikes[3] - strikes[2])
    largest = 100.0 * (width + sides @ known)
    # At the prices of the decision: those of the fill are not known when the size is.
    assert 12 * largest < 50_000.0 < 13 * largest
    assert [entry[2] for entry in options(result)] == [12.0, -12.0, -12.0, 12.0]


def test_a_condor_is_cash_and_four_legs_at_their_marks():
    result = backtest(quiet(sessions=18), make_condor(**PLAIN, exit_dte=0, take=0.9), **FREE)

    books = result.books
    assert result.symbols == (
        "S000",
        "S000 long put",
        "S000 short put",
        "S000 short call",
        "S000 long call",
    )
    credit = result.orders.cash_flow.sum()
    assert credit > 0.0
    assert books.cash[2:] == pytest.approx(1_000_000.0 + credit, abs=1e-6)
    assert np.sign(books.value[2:]).tolist() == [[1.0, -1.0, -1.0, 1.0]] * len(books.value[2:])
    # The spread is paid at once. After that nothing moves but time, and time is what was sold.
    assert result.equity[1] < 1_000_000.0
    assert (np.diff(result.equity[1:]) > 0.0).all()


def test_a_condor_that_expires_between_its_strikes_keeps_its_credit():
    result = backtest(at_expiry(1000.0), make_condor(**HELD_ON), **FREE)

    assert [entry[4] for entry in options(result)] == ["filled"] * 4 + ["settled"] * 4
    assert {entry[0] for entry in options(result)} == {"2000-01-05", "2000-01-21"}
    credit = result.orders.cash_flow[:4].sum()
    assert result.equity[-1] == pytest.approx(1_000_000.0 + credit, abs=1e-6)
    assert result.metrics.trade_hit_rate == 1.0


def test_an_option_in_the_money_settles_at_what_it_is_in():
    result = backtest(at_expiry(800.0), make_condor(**HELD_ON), **FREE)

    settled = [entry for entry in options(result) if entry[4] == "settled"]
    strikes = [float(entry[1].split()[2]) for entry in settled]
    puts = [100.0 * (strike - 800.0) for strike in strikes[:2]]
    assert [entry[3] for entry in settled] == [pytest.approx(puts[0]), pytest.approx(puts[1]), 0, 0]
    assert result.orders.commission.sum() == result.orders.slippage[4:].sum() == 0.0
    # Bounded by the wing: no more is lost than the width less the credit.
    width = max(strikes[1] - strikes[0], strikes[3] - strikes[2])
    credit = result.orders.cash_flow[:4].sum()
    contracts = abs(settled[0][2])
    assert 1_000_000.0 - result.equity[-1] <= 100.0 * width * contracts - credit + 1e-6
    assert result.metrics.trade_hit_rate == 0.0


def test_a_profit_is_taken_a_session_after_it_was_seen():
    vix = np.full(20, 30.0)
    vix[6:] = 10.0

    result = backtest(
        make_index(np.full(20, 1000.0), vix=vix, vix3m=vix + 2), make_condor(), **FREE
    )

    closed = [entry for entry in options(result) if entry[4] == "filled_at_target"]
    assert {entry[0] for entry in closed} == {on(7)}  # it was seen on row 6
    assert result.equity[-1] > 1_000_000.0


def test_a_loss_is_cut_at_its_multiple_of_the_credit():
    level = np.full(18, 1000.0)
    level[8:] = 900.0

    result = backtest(make_index(level), make_condor(), **FREE)

    closed = [entry for entry in options(result) if entry[4] == "filled_at_stop"]
    assert {entry[0] for entry in closed} == {on(9)}
    # The calls are worth less than a tick by then: nobody trades them.
    assert [entry[1].split()[-1] for entry in closed] == ["put", "put"]
    credit = result.orders.cash_flow[:4].sum()
    assert result.equity[-1] < 1_000_000.0 - 2.0 * credit


def test_a_condor_is_closed_before_its_last_days():
    result = backtest(quiet(sessions=18), make_condor(take=0.9, exit_dte=30), **FREE)

    closed = [entry for entry in options(result) if entry[4] == "filled_before_expiry"]
    assert {entry[0] for entry in closed} == {"2000-01-20"}  # a session after 30 days were left
    assert len(closed) == 4


@pytest.mark.parametrize(
    ("market", "parameters", "reason"),
    [
        ({"vix": 36.0, "vix3m": 40.0}, {}, "volatility_out_of_range"),
        ({"vix": 11.0, "vix3m": 12.0}, {}, "volatility_out_of_range"),
        ({"vix": 20.0, "vix3m": 20.0}, {}, "term_structure_inverted"),
        ({}, {"strike_step": 100.0}, "no_strike"),
        ({"level": 5.0}, {"strike_step": 0.01}, "below_tick"),
        ({}, {"half_spread_vol": 5.0}, "no_credit"),
    ],
)
def test_a_condor_is_not_sold_where_it_makes_no_sense(market, parameters, reason):
    result = backtest(quiet(sessions=4, **market), make_condor(**parameters))

    assert result.reasons == {reason: 1}
    assert result.equity.tolist() == [1_000_000.0] * len(result.equity)
    assert "modelled_prices" in result.guards.flags


def test_an_account_too_small_for_a_contract_opens_none_and_says_so():
    result = backtest(quiet(sessions=4), make_condor(), capital=10_000.0)

    assert options(result) == []
    assert result.diagnostics["option_skews"]["positions_not_opened"] == {"too_small": 1}


def test_before_the_three_month_index_exists_nothing_is_decided():
    vix3m = np.full(60, 22.0)
    vix3m[:30] = np.nan

    result = backtest(quiet(vix3m=vix3m), make_condor())

    assert result.decisions[0] >= make_sessions(60)[30]


def test_without_costs_nothing_is_charged_on_options_either():
    result = backtest(quiet(), make_condor())

    assert result.gross[-1] > result.equity[-1]
    assert result.attribution.costs == pytest.approx(
        -(result.orders.commission + result.orders.slippage).sum() / 1_000_000.0, abs=1e-12
    )
    total = result.attribution
    parts = (total.asset, total.currency, total.interaction, total.costs, total.cash)
    assert sum(parts) == pytest.approx(result.equity[-1] / 1_000_000.0 - 1.0, abs=1e-12)
    assert total.by_symbol.sum() + total.cash == pytest.approx(sum(parts), abs=1e-12)


def test_every_contract_pays_its_fee():
    result = backtest(quiet(sessions=4), make_condor(contract_fee=2.5), **FREE)

    assert result.orders.commission.tolist() == (2.5 * result.orders.filled).tolist()


def test_a_wider_spread_costs_more():
    worth = [
        backtest(quiet(), make_condor(half_spread_vol=half), **FREE).equity[-1]
        for half in (0.0, 2.0, 4.0)
    ]

    assert worth == sorted(worth, reverse=True)
    assert worth[0] - worth[1] > 100.0


def test_an_account_in_another_currency_converts_every_premium():
    n = 60
    rate = np.linspace(1.4, 1.6, n)
    foreign = {
        "currencies": ("AUD", "USD"),
        "currency": [1],
        "fx": np.column_stack([np.ones(n), rate]),
        "fx_known_at": np.zeros((n, 2)),
    }
    costs = CostModel(fx_spread_bps=70.0)

    result = backtest(quiet(**foreign), make_condor(), costs=costs)

    traded = result.orders.filled > 0.0
    notional = (result.orders.filled * result.orders.price * result.orders.fx)[traded]
    assert result.orders.fx_cost[traded] == pytest.approx(0.007 * notional)
    assert set(result.orders.fx.tolist()) <= set(rate.tolist())
    assert result.attribution.currency != 0.0


def test_an_order_of_sydney_s_close_fills_at_new_york_s_of_that_day():
    panel = make_index(np.full((30, 2), 1000.0), **sydney_and_new_york(30))

    result = backtest(panel, make_condor(), clock=DecisionClock.ASX_CLOSE, first_row=2, **FREE)

    assert options(result)[0][0] == on(2)


@pytest.mark.parametrize("clock", list(DecisionClock))
def test_a_run_may_begin_on_a_holiday_of_the_index(clock):
    n, first = 30, 5
    session = make_sessions(n)
    level = np.full((n, 2), 1000.0)
    level[first, 0] = np.nan
    markets = sydney_and_new_york(n)
    for told, column in (("opens_at", 1), ("closes_at", 1), ("known_at", 0)):
        markets[told][first, column] = NEVER
    market = make_index(level, session=session, **markets)
    hedge = make_hedge(primary="buy_and_hold", budget=0.03)

    result = backtest(market, hedge, clock=clock, first_row=first, capital=1e7, **FREE)

    [bought] = options(result)[:1]
    assert bought[0] == str(np.int64(session[first + 1]).astype("datetime64[D]"))


@pytest.mark.parametrize("clock", list(DecisionClock))
def test_a_trial_begins_where_its_account_does_whatever_market_opens_first(clock):
    panel = make_index(np.full((30, 2), 1000.0), **sydney_and_new_york(30))
    request = make_request(panel, make_condor(), clock=clock, first_row=2, **FREE)

    found = evaluate(panel, [request], checkpoint=lambda *_: None)

    result = run(panel, request, checkpoint=lambda *_: None)
    assert panel.session[found.row].tolist() == result.session.tolist()
    assert found.equity[:, 0] == pytest.approx(result.equity / request.capital, abs=1e-12)


def test_a_close_at_the_decision_is_flagged_as_nobody_s():
    result = backtest(quiet(sessions=10), make_condor(), fill=FillPolicy.DECISION_CLOSE, **FREE)

    assert options(result)[0][0] == "2000-01-04"
    assert "not_tradable" in result.guards.flags


def test_a_session_without_an_index_neither_fills_nor_marks():
    panel = quiet(sessions=12)
    close = np.array(panel.close)
    close[2] = np.nan
    bar = np.isfinite(close)
    prices = dict.fromkeys(("open", "high", "low", "close"), close)
    known = np.where(bar, panel.known_at, NEVER)
    halted = replace(panel, **prices, tradable=bar, known_at=known, volume=close)

    result = backtest(halted, make_condor(), **FREE)

    assert options(result)[0][0] == "2000-01-06"
