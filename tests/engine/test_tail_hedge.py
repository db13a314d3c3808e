"""Another strategy and its puts; every run asserts the ledger's identities besides."""

import numpy as np
import pytest
from pydantic import ValidationError

from engine.errors import InvalidParameters
from engine.option_positions import Exits, Held
from engine.orders import Reason
from engine.schedule import Rebalance
from engine.strategies.tail_hedge import TailHedge, TailHedgeParameters
from tests.contracts.strategy_runs import run
from tests.engine.ledgers import make_costs
from tests.engine.option_runs import backtest, make_hedge, options
from tests.engine.panels import make_sessions
from tests.engine.volatility_markets import make_index

FREE = {"costs": make_costs()}


def months_of(result):
    return [entry[0][:7] for entry in options(result) if entry[2] > 0.0]


def crash(sessions=120, at=60):
    """Return an index that loses four tenths in a session, on which its volatility triples."""
    level, vix = np.full(sessions, 1000.0), np.full(sessions, 20.0)
    level[at:], vix[at:] = 600.0, 60.0
    return make_index(level, vix=vix, vix3m=1.1 * vix)


def test_the_budget_of_each_month_buys_puts_for_three():
    result = backtest(make_index(np.full(80, 1000.0)), make_hedge(budget=0.02), **FREE)

    bought = [entry for entry in options(result) if entry[2] > 0.0]
    # Decided on 4 January and on the last session of each month, for the expiry nearest 90 days on.
    assert [entry[:2] for entry in bought] == [
        ("2000-01-05", "S000 2000-03-17 800 put"),
        ("2000-03-01", "S000 2000-05-19 800 put"),
        ("2000-04-03", "S000 2000-06-16 800 put"),
    ]
    # A twelfth of two per cent of a million each, in whole contracts; the rest of one is saved.
    spent = np.cumsum([contracts * price for _, _, contracts, price, _ in bought])
    allowed = 20_000.0 / 12.0 * np.arange(1, 4)
    assert (spent <= 1.01 * allowed).all()
    assert (spent > allowed - 400.0).all()


def test_a_decision_spends_for_every_month_since_the_last():
    panel = make_index(np.full(150, 1000.0))

    targets = run(panel, make_hedge(budget=0.012), rebalance=Rebalance.QUARTERLY, first_row=1)

    # On 4 January for that month, at the ends of March and June for those since.
    assert [each.budget for each in targets.opens] == pytest.approx([0.001, 0.002, 0.003])


def test_the_primary_trades_what_a_year_of_the_budget_leaves():
    panel = make_index(np.full((80, 2), 1000.0))
    hedged, alone = make_hedge(budget=0.03), make_hedge(budget=0.03).primary

    weights = run(panel, hedged, first_row=1).weights

    assert weights.tolist() == (0.97 * run(panel, alone, first_row=1).weights).tolist()


def test_a_put_is_sold_before_its_last_days():
    result = backtest(make_index(np.full(80, 1000.0)), make_hedge(budget=0.02, roll_dte=30), **FREE)

    sold = [entry for entry in options(result) if entry[4] == "filled_before_expiry"]
    # 30 days before 17 March it is seen, a session later sold.
    assert (sold[0][0], sold[0][1]) == ("2000-02-17", "S000 2000-03-17 800 put")


def test_half_is_sold_when_a_crash_has_made_it_dear():
    result = backtest(crash(), make_hedge(budget=0.02, roll_dte=0), **FREE)

    dear = [entry for entry in options(result) if entry[4] == "filled_at_target"]
    after = str(make_sessions(62)[61].astype("datetime64[D]"))
    held = [entry for entry in options(result) if entry[2] > 0.0 and entry[0] < after]
    assert {entry[0] for entry in dear} == {after}
    by_name = {entry[1]: entry[2] for entry in held}
    for _, name, contracts, _, _ in dear:
        assert -contracts == np.ceil(by_name[name] / 2)


def test_a_hedge_pays_in_the_crash_it_was_bought_for():
    panel = crash()

    hedged = backtest(panel, make_hedge(budget=0.02), **FREE)
    alone = backtest(panel, make_hedge(budget=0.0), **FREE)

    assert hedged.equity[50] < alone.equity[50]
    assert hedged.equity[62] > alone.equity[62] + 10_000.0
    assert hedged.metrics.max_drawdown > alone.metrics.max_drawdown


def test_what_a_month_cannot_buy_is_saved():
    panel = make_index(np.full(300, 1000.0))

    small = backtest(panel, make_hedge(budget=0.005), capital=200_000.0, **FREE)

    months = months_of(small)
    # 83 a month, where one contract costs some 400: one is bought every few months.
    assert 2 <= len(months) <= 4
    assert small.diagnostics["option_skews"]["positions_not_opened"]["too_small"] >= 8
    spent = -sum(
        flow
        for flow, name in zip(small.orders.cash_flow.tolist(), small.traded, strict=True)
        if name not in small.symbols and flow < 0.0
    )
    years = 300 / 252
    assert spent <= 0.005 * 200_000.0 * (years + 1.0 / 12.0)


def test_a_primary_that_never_trades_again_pays_once_a_year():
    panel = make_index(np.full(600, 1000.0))

    result = backtest(panel, make_hedge(primary="buy_and_hold", budget=0.02), **FREE)

    shares = [
        (str(result.orders.day[k].astype("datetime64[D]"))[:7], int(result.orders.side[k]))
        for k, name in enumerate(result.traded)
        if name == "S000"
    ]
    assert shares == [("2000-01", 1), ("2001-02", -1), ("2002-02", -1)]
    # Decided on the first day and then for each month that ended: all of them bought something.
    assert months_of(result)[:4] == ["2000-01", "2000-03", "2000-04", "2000-05"]
    assert len(months_of(result)) == len(set(months_of(result))) >= 25


def test_without_a_budget_it_is_the_primary():
    panel = make_index(np.linspace(900.0, 1100.0, 80))

    result = backtest(panel, make_hedge(budget=0.0), **FREE)
    primary = backtest(panel, make_hedge().primary, **FREE)

    assert result.equity.tobytes() == primary.equity.tobytes()
    assert options(result) == []


def test_before_the_three_month_index_exists_the_primary_goes_unhedged():
    vix3m = np.full(80, 22.0)
    vix3m[:30] = np.nan

    result = backtest(make_index(np.full(80, 1000.0), vix3m=vix3m), make_hedge(budget=0.02), **FREE)

    assert months_of(result)[0] >= "2000-03"
    assert result.decisions[0] == make_sessions(80)[1]
    assert "hedge_missing" in result.guards.flags
    assert result.reasons["volatility_unknown"] >= 1


def test_a_put_of_less_than_a_cent_is_not_bought():
    panel = make_index(np.full(80, 100.0), vix=9.0, vix3m=9.5)

    result = backtest(panel, make_hedge(moneyness=0.6), **FREE)

    assert options(result) == []
    assert set(result.reasons) == {"below_tick"}


def test_a_split_of_the_primary_s_share_leaves_its_puts_alone():
    level = np.full((80, 2), 1000.0)
    level[40:, 1] /= 2.0
    split = np.ones((80, 2))
    split[40, 1] = 2.0
    halved = make_index(level, split=split, tr_factor=np.cumprod(split, axis=0))

    result = backtest(halved, make_hedge(budget=0.02), **FREE)
    whole = backtest(make_index(np.full((80, 2), 1000.0)), make_hedge(budget=0.02), **FREE)

    assert result.equity == pytest.approx(whole.equity, abs=1e-6)
    assert options(result) == options(whole)


@pytest.mark.parametrize("seed", range(6))
def test_the_accounts_of_any_hedge_add_up(seed):
    rng = np.random.default_rng(seed)
    n, m = 260, 3
    level = 1000.0 * np.exp(np.cumsum(rng.standard_t(3, (n, m)) * 0.012, axis=0))
    vix = np.clip(20.0 + np.cumsum(rng.normal(0.0, 1.0, n)), 9.0, 80.0)
    rate = 1.5 * np.exp(np.cumsum(rng.normal(0.0, 0.006, n)))
    panel = make_index(
        level,
        vix=vix,
        vix3m=vix * rng.uniform(0.95, 1.2, n),
        currencies=("AUD", "USD"),
        currency=[1, 0, 1],
        fx=np.column_stack([np.ones(n), rate]),
        fx_known_at=np.zeros((n, 2)),
    )
    hedge = make_hedge(
        primary=["equal_weight", "buy_and_hold", "inverse_vol"][seed % 3],
        budget=float(rng.uniform(0.005, 0.03)),
        monetise=2.0,
        dte=int(rng.integers(40, 200)),
        moneyness=0.95,
    )

    terms = {"costs": make_costs(cash_rate=0.03), "first_row": 70, "capital": 2e7}
    result = backtest(panel, hedge, **terms)

    assert len(options(result)) > 4
    assert (result.books.cash >= -1e-6).all()
    total = result.attribution
    parts = (total.asset, total.currency, total.interaction, total.costs, total.cash)
    assert sum(parts) == pytest.approx(result.equity[-1] / 2e7 - 1.0, abs=1e-10)


def test_what_is_told_of_the_future_changes_no_session_before():
    rng = np.random.default_rng(5)
    level = 1000.0 * np.exp(np.cumsum(rng.normal(0.0, 0.012, 300)))
    panel = make_index(level)
    hedge = make_hedge(primary="buy_and_hold", budget=0.02, moneyness=0.95)

    whole = backtest(panel, hedge)

    for cut in range(40, 290, 50):
        short = backtest(panel.truncate(cut), hedge)
        assert short.equity.tobytes() == whole.equity[: len(short.equity)].tobytes()


@pytest.mark.parametrize(
    ("held", "asked"),
    [
        ({"value": 7.9, "days": 60}, None),
        ({"value": 8.0, "days": 60}, (0.5, Reason.TARGET)),
        ({"value": 8.0, "days": 60, "reduced": True}, None),
        ({"value": 8.0, "days": 30}, (1.0, Reason.BEFORE_EXPIRY)),
        ({"value": 0.1, "days": 31}, None),
    ],
)
def test_a_put_is_kept_until_it_is_dear_or_old(held, asked):
    exits = Exits(days=30, monetise=8.0)

    assert exits.ask(Held(**{"entry": -1.0, "reduced": False, **held})) == asked


@pytest.mark.parametrize(
    ("value", "days", "asked"),
    [
        (-1.0, 40, None),
        (-0.5, 40, (1.0, Reason.TARGET)),
        (-0.51, 40, None),
        (-3.0, 40, (1.0, Reason.STOPPED)),
        (-2.99, 40, None),
        (-1.0, 14, (1.0, Reason.BEFORE_EXPIRY)),
        (-0.2, 14, (1.0, Reason.TARGET)),
        (-5.0, 14, (1.0, Reason.STOPPED)),
    ],
)
def test_a_condor_is_kept_until_it_won_lost_or_aged(value, days, asked):
    exits = Exits(days=14, stop=2.0, take=0.5)

    assert exits.ask(Held(entry=1.0, value=value, days=days, reduced=False)) == asked


def test_parameters_that_contradict_each_other_are_refused():
    with pytest.raises(ValidationError, match="roll_dte was 90; it must be below dte"):
        TailHedgeParameters(roll_dte=90)
    with pytest.raises(InvalidParameters, match=r"primary_parameters\.lookback"):
        TailHedge(TailHedgeParameters(primary="momentum", primary_parameters={"lookback": 1}))
