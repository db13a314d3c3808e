"""Cash at published rates: dated, less a margin on credit and with a spread on a debit."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.backtest import run
from engine.burden import interest_told
from engine.cash_rates import cash_growth, debit_rates
from engine.costs import CashRateBasis, FxMode
from engine.errors import BrokenIdentity, MissingData
from engine.identities import check
from engine.shock_market import go_on, past_of
from engine.shorting import Shorting
from engine.trials import evaluate
from tests.engine.ledgers import flat, make_costs, make_ledger
from tests.engine.panels import make_closes, make_panel
from tests.engine.signals import make_signal_targets, make_signals, run_signals
from tests.engine.test_ledger_properties import make_wild_market, make_wild_shorts
from tests.engine.test_shock_paths import FALL
from tests.engine.test_trials import CAPITAL, FREE, SESSIONS, make_request, no_checkpoint

PUBLISHED = CashRateBasis.PUBLISHED
DAY = 1e-4  # a day at 3.65 % a year
# Monday 2000-01-03 to Tuesday 2000-01-11; the rate doubles on Friday the 7th, so that the weekend
# behind it is the first it is paid for.
RATES = np.array([np.nan, 0.0365, 0.0365, 0.0365, 0.0365, 0.073, 0.073])


def published(**changes):
    return make_costs(cash_rate_basis=PUBLISHED, **changes)


def test_a_rate_that_changes_is_paid_from_its_day_on_and_over_the_weekend():
    # Golden by hand: four nights at one, three days of a weekend and one more at two a day.
    panel = make_panel(flat([10.0], 7), cash_rate=RATES)

    books = make_ledger(panel, {0: [0.0]}, costs=published()).books

    by_hand = 10_000.0 * np.array([1.0, *(1 + DAY) ** np.arange(1, 5)])
    monday = by_hand[-1] * (1 + 6 * DAY)
    assert books.cash.tolist() == pytest.approx([*by_hand, monday, monday * (1 + 2 * DAY)], 1e-12)
    assert books.interest[5] == pytest.approx(by_hand[4] * 6 * DAY, rel=1e-12)
    assert books.cash[-1] == pytest.approx(10_012.005_001, abs=1e-6)


def test_the_broker_keeps_a_margin_and_no_cash_pays_for_lying():
    # 3.65 % less 1.825 % is half a basis point a day; 7.3 % less it three halves.
    rates = RATES.copy()
    rates[1:3] = 0.0101, -0.005
    panel = make_panel(flat([10.0], 7), cash_rate=rates)

    books = make_ledger(panel, {0: [0.0]}, costs=published(cash_margin_bps=182.5)).books

    earned = books.interest / np.roll(books.cash, 1)
    by_hand = [0.0, 0.0, 0.0, 0.5 * DAY, 0.5 * DAY, 4.5 * DAY, 1.5 * DAY]
    assert earned.tolist() == pytest.approx(by_hand, rel=1e-9, abs=1e-15)


def test_a_debit_costs_the_rate_of_its_days_and_the_spread_and_no_margin():
    # Half as much again is bought on Tuesday; 365 basis points on top are one a day.
    panel = make_panel(flat([10.0], 7), cash_rate=RATES)
    costs = published(cash_margin_bps=100.0, borrow_spread_bps=365.0)

    books = make_ledger(panel, {0: [1.5]}, costs=costs).books

    first = 10_000.0 * (1 + 0.0265 / 365)
    owed = [first - 15_000.0]
    for nightly in (2 * DAY, 2 * DAY, 2 * DAY, 9 * DAY, 3 * DAY):
        owed.append(owed[-1] * (1 + nightly))
    assert books.cash[1:].tolist() == pytest.approx(owed, rel=1e-12)


def test_the_margin_and_the_spread_hold_at_a_fixed_rate_too():
    panel = make_panel(flat([10.0], 3))
    terms = {"cash_rate": 0.0365, "cash_margin_bps": 182.5, "borrow_spread_bps": 365.0}

    growth = cash_growth(panel, make_costs(**terms))
    debit = debit_rates(panel, make_costs(**terms))

    assert growth.tolist() == pytest.approx([1.0, 1 + 0.5 * DAY, (1 + 0.5 * DAY) ** 2], rel=1e-14)
    assert debit.tolist() == pytest.approx([0.0, 2 * DAY, 2 * DAY], rel=1e-14)


def test_one_rate_on_all_days_is_the_fixed_rate_to_the_last_bit():
    panel = make_panel(make_closes(sessions=60, assets=2), cash_rate=np.full(60, 0.04))
    decisions = {row: [0.9, -0.4] for row in range(0, 50, 7)}
    terms = {"shorting": Shorting(), "whole_shares": True}

    dated = make_ledger(panel, decisions, costs=published(), **terms).books
    fixed = make_ledger(panel, decisions, costs=make_costs(cash_rate=0.04), **terms).books

    assert dated.equity.tobytes() == fixed.equity.tobytes()


@pytest.mark.parametrize("given", [None, "a gap"])
def test_days_without_a_rate_refuse_the_run_and_are_named(given):
    rates = np.full(7, 0.0365)
    rates[5] = np.nan
    panel = make_panel(flat([10.0], 7), cash_rate=None if given is None else rates)
    day = "2000-01-04" if given is None else "2000-01-10"
    signals = make_signal_targets(panel, {0: make_signals()})
    request = replace(make_request("equal_weight", costs=published()), first_row=1, last_row=6)

    for attempt in (
        lambda: make_ledger(panel, {0: [0.0]}, costs=published()),
        lambda: run_signals(panel, signals, costs=published()),
        lambda: evaluate(panel, [request], checkpoint=no_checkpoint),
    ):
        with pytest.raises(MissingData, match=f"no cash rate of USD was known on {day}"):
            attempt()


def test_a_rate_unknown_before_the_run_harms_nobody():
    rates = np.full(7, 0.0365)
    rates[:3] = np.nan
    panel = make_panel(flat([10.0], 7), cash_rate=rates)

    books = make_ledger(panel, {3: [0.0]}, costs=published(), first_row=2).books

    assert books.cash[1] == pytest.approx(10_000.0 * (1 + DAY))


def test_rates_to_come_change_no_session_before_them():
    panel = make_panel(make_closes(sessions=40, assets=2), cash_rate=np.full(40, 0.04))
    later = panel.cash_rate.copy()
    later[25:] = 0.2
    decisions = {row: [0.3, 0.3] for row in range(0, 39, 5)}

    before, after = (
        make_ledger(each, decisions, costs=published()).books.equity
        for each in (panel, replace(panel, cash_rate=later))
    )

    assert before[:25].tobytes() == after[:25].tobytes()
    assert (before[25:] < after[25:]).all()
    assert panel.truncate(24).cash_rate.tolist() == [0.04] * 25


def test_a_shocked_market_goes_on_at_the_last_rate():
    n = 300
    panel = make_panel(
        make_closes(sessions=n, assets=2),
        benchmark=make_closes(sessions=n, assets=1)[:, 0],
        cash_rate=np.linspace(0.01, 0.04, n),
    )
    past = past_of(panel, n - 1)

    onward = go_on(panel, 0, n - 1, past, FALL, [1, 2, 3])

    assert onward.cash_rate[:n].tolist() == panel.cash_rate.tolist()
    assert set(onward.cash_rate[n:]) == {0.04}


def test_a_trial_s_cash_grows_as_the_ledger_s():
    rates = np.where(np.arange(SESSIONS) < SESSIONS - 60, 0.02, 0.09)
    volume = np.full((SESSIONS, 6), 1e12)
    close = make_closes(sessions=SESSIONS, assets=6)
    panel = make_panel(close, volume=volume, cash_rate=rates)
    terms = {"cash_rate_basis": PUBLISHED, "cash_margin_bps": 50.0, "cash_buffer": 0.5}
    request = make_request("equal_weight", costs=replace(FREE, **terms))

    trials = evaluate(panel, [request], checkpoint=no_checkpoint)
    result = run(panel, request, checkpoint=no_checkpoint)

    assert result.attribution.cash > 0.01
    np.testing.assert_allclose(trials.equity[:, 0], result.equity / CAPITAL, rtol=1e-9)


@settings(max_examples=60, deadline=None)
@given(seed=st.integers(0, 2**32 - 1), short=st.booleans())
def test_the_books_add_up_at_any_rates(seed, short):
    rng = np.random.default_rng(seed)
    panel = make_wild_market(rng)
    n = len(panel.session)
    rates = np.repeat(rng.uniform(-0.01, 0.15, -(-n // 9)), 9)[:n]
    costs = published(
        cash_margin_bps=float(rng.choice([0.0, 200.0])),
        borrow_spread_bps=float(rng.choice([0.0, 150.0, 900.0])),
        fx_mode=FxMode(rng.choice(list(FxMode))),
    )
    targets = make_wild_shorts(rng, panel, "US_CLOSE")
    weights = np.clip(targets.weights / 4.0, -0.1, 0.2) if short else np.abs(targets.weights) / 4.0

    ledger = make_ledger(
        replace(panel, cash_rate=rates),
        replace(targets, weights=weights),
        shorting=Shorting() if short else None,
        costs=costs,
        first_row=1,
        capital=1e6,
    )

    books = ledger.books
    change = books.asset + books.currency + books.interaction + books.costs
    assert books.equity[-1] - books.capital == pytest.approx(
        float((change + books.interest + books.revalued).sum()), abs=1e-5
    )


def test_interest_at_another_day_s_rate_breaks_an_identity(monkeypatch):
    panel = make_panel(flat([10.0], 7), cash_rate=RATES)
    wrong = np.full(7, 0.05)

    def shifted(evidence):
        growth = cash_growth(replace(panel, cash_rate=wrong), evidence.terms.costs)
        check(replace(evidence, terms=replace(evidence.terms, growth=growth)))

    monkeypatch.setattr("engine.ledger.check", shifted)

    with pytest.raises(BrokenIdentity, match="identity 1 at 2000-01-04"):
        make_ledger(panel, {0: [0.0]}, costs=published())


def test_what_interest_came_to_is_told_with_its_mean_rate():
    panel = make_panel(flat([10.0], 7), cash_rate=RATES)
    earned = make_ledger(panel, {0: [0.0]}, costs=published()).books
    owed = make_ledger(panel, {0: [2.0]}, costs=published(borrow_spread_bps=365.0)).books

    on_cash, on_debt = interest_told(earned), interest_told(owed)

    # Four nights at 3.65 % and four at 7.3 %: eight days at one and a half times 3.65 %.
    assert on_cash["rate_on_cash"] == pytest.approx(1.5 * 0.0365, rel=1e-3)
    assert on_cash["earned_on_cash"] == pytest.approx(12.005_001, abs=1e-6)
    assert set(on_cash) == {"earned_on_cash", "rate_on_cash"}
    # The first night of all was in cash; seven days of debt are three at twice and four at thrice.
    assert on_debt["rate_on_debt"] == pytest.approx((3 * 2 + 4 * 3) / 7 * 0.0365, rel=1e-3)
    assert on_debt["rate_on_cash"] == pytest.approx(0.0365)
    assert on_debt["paid_on_debt"] == pytest.approx(-owed.interest[2:].sum())
    assert interest_told(make_ledger(panel, {0: [0.0]}).books) == {}
