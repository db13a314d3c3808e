"""Residual momentum: which months are regressed, who is held, and what is said of it."""

import numpy as np
import pytest

from engine.decide import decide
from engine.errors import MissingData
from engine.published import Published
from engine.residuals import formation_scores, monthly_returns, months_of, regress_on, volatility
from engine.schedule import DecisionClock, Rebalance
from engine.strategies.residual_momentum import ResidualMomentum, ResidualMomentumParameters
from tests.engine.panels import DAY, make_closes, make_panel, make_sessions

SESSIONS = 1_000
COLUMNS = ("Mkt-RF", "SMB", "HML", "RF")
LAG = 35


def make_factors(*, session, columns=COLUMNS, lag=LAG, seed=11):
    """Return factors of every month that ends with the sessions, known `lag` days later."""
    months = np.unique(months_of(session))[:-1]
    day = (months + 1).astype("datetime64[M]").astype("datetime64[D]").astype(np.int64) - 1
    value = np.random.default_rng(seed).normal(0.004, 0.04, (len(months), len(columns)))
    value[:, -1] = np.abs(value[:, -1]) / 10.0
    return Published(columns=columns, day=day, value=value, known_at=(day + lag) * DAY)


def make_market(*, assets=6, factors=None, **changes):
    close = changes.pop("close", None)
    close = make_closes(sessions=SESSIONS, assets=assets) if close is None else close
    factors = factors or make_factors(session=make_sessions(len(close)))
    return make_panel(close, **{"extra": {"FF3": factors}, **changes})


def make_strategy(**changes):
    return ResidualMomentum(ResidualMomentumParameters(**{"top_n": 2, **changes}))


def decided(panel, row=None, **changes):
    """Return the decision on one row, the last by default."""
    strategy = make_strategy(**changes)
    row = len(panel.session) - 1 if row is None else row
    window = panel.window(row, strategy.warmup + 5, int(panel.closes_at[row, 0]))
    decision, state = strategy.decide(window, None)
    assert state is None
    return decision


def scored(panel, last, *, form=12, skip=1, reg_months=36):
    """Return the fit and scores of months up to `last`, from the panel's closes themselves."""
    published = panel.extra["FF3"]
    months = np.arange(last - reg_months + 1, last + 1)
    place = np.searchsorted(months_of(published.day), months)
    excess = monthly_returns(panel.close, panel.session, months) - published.value[place, 3:]
    fit = regress_on(excess, published.value[place, :3], min_months=24)
    return fit, formation_scores(fit.residual, form=form, skip=skip, standardise="formation")


def test_the_regression_ends_with_the_last_month_whose_factors_are_known():
    """On the last session of a month the factors of the month before are a few days away."""
    panel = make_market()
    row = int(np.flatnonzero(np.diff(months_of(panel.session)))[-1])
    now = int(months_of(panel.session[[row]])[0])

    decision = decided(panel, row)

    fit, scores = scored(panel, now - 2)
    best = np.argsort(-scores)[:2]
    assert np.flatnonzero(decision.weights).tolist() == sorted(best.tolist())
    assert decision.weights[best].tolist() == [0.5, 0.5]
    told = decision.diagnostics["residual_momentum"]
    assert (told["factors"], told["lag_months"]) == ("FF3", 2)
    assert told["last_month"] == str(np.datetime64(now - 2, "M"))
    first = told["held"][panel.symbols[best[0]]]
    assert first["score"] == pytest.approx(scores[best[0]], rel=1e-9)
    assert first["betas"]["SMB"] == pytest.approx(fit.betas[1, best[0]], rel=1e-9)
    assert first["residual_volatility"] == pytest.approx(
        volatility(fit.residual)[best[0]], rel=1e-9
    )
    assert first["months"] == 36
    assert decision.flags == ()


def test_factors_known_earlier_move_the_regression_on():
    panel = make_market(factors=make_factors(session=make_sessions(SESSIONS), lag=0))
    row = int(np.flatnonzero(np.diff(months_of(panel.session)))[-1]) + 1

    decision = decided(panel, row)

    assert decision.diagnostics["residual_momentum"]["lag_months"] == 1


def test_without_recent_factors_all_is_cash_and_said():
    factors = make_factors(session=make_sessions(SESSIONS))
    panel = make_market(factors=factors.until(int(make_sessions(SESSIONS)[-1]) - 130))

    decision = decided(panel)

    assert not decision.weights.any()
    assert decision.reasons == {"factors_unknown": 6}
    assert decision.flags == ("factors_stale",)
    assert decided(make_market(factors=factors.until(0))).flags == ("factors_stale",)


def test_shares_in_another_currency_have_no_factors():
    panel = make_market(
        currencies=("AUD", "USD"),
        currency=[0, 1, 1, 0, 1, 1],
        fx=np.column_stack([np.ones(SESSIONS), make_closes(sessions=SESSIONS, assets=1, seed=5)]),
        fx_known_at=np.zeros((SESSIONS, 2)),
    )

    decision = decided(panel, top_n=6)

    assert decision.reasons == {"no_factors_of_its_market": 2}
    assert np.flatnonzero(decision.weights).tolist() == [1, 2, 4, 5]
    in_dollars = decided(make_market(), top_n=6)
    own, dollars = (d.diagnostics["residual_momentum"]["held"] for d in (decision, in_dollars))
    assert own.items() <= dollars.items()


@pytest.mark.parametrize("weighting", ["equal", "inverse_resid_vol"])
def test_places_without_a_candidate_are_cash_or_are_spread(weighting):
    cash, spread = (
        decided(make_market(), top_n=8, weighting=weighting, fill=fill).weights
        for fill in ("cash", "spread")
    )

    assert cash.sum() == pytest.approx(6 / 8, rel=1e-12)
    np.testing.assert_allclose(spread, cash * 8 / 6, rtol=1e-12)


def test_a_quieter_residual_has_the_larger_share_when_asked():
    panel = make_market()

    decision = decided(panel, top_n=3, weighting="inverse_resid_vol")

    held = decision.diagnostics["residual_momentum"]["held"]
    inverse = {name: 1.0 / told["residual_volatility"] for name, told in held.items()}
    for name, raw in inverse.items():
        weight = decision.weights[panel.symbols.index(name)]
        assert weight == pytest.approx(raw / sum(inverse.values()), rel=1e-12)


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        (lambda c: c[:, 0].fill(np.nan), "no_bar"),
        (lambda c: c[:620, 0].fill(np.nan), "short_history"),
        (lambda c: c[:, 0].fill(20.0), "zero_variance"),
        (lambda c: c[800:830, 0].fill(np.nan), "gap"),
    ],
    ids=["no bars", "young", "constant", "halted"],
)
def test_what_cannot_be_scored_is_left_out_with_its_reason(change, reason):
    close = make_closes(sessions=SESSIONS, assets=3)
    change(close)
    factors = make_factors(session=make_sessions(SESSIONS))
    if reason == "zero_variance":  # less RF, which must not vary either
        factors = Published(
            columns=factors.columns,
            day=factors.day,
            value=np.column_stack([factors.value[:, :3], np.full(len(factors.day), 0.002)]),
            known_at=factors.known_at,
        )

    decision = decided(make_market(close=close, factors=factors), top_n=3)

    assert decision.reasons == {reason: 1}
    assert np.flatnonzero(decision.weights).tolist() == [1, 2]
    assert decision.weights.sum() == pytest.approx(2.0 / 3.0)


def test_floors_on_score_and_fit_leave_their_places_in_cash():
    panel = make_market()
    whole = decided(panel, top_n=6)
    held = whole.diagnostics["residual_momentum"]["held"]
    middle = sorted(told["score"] for told in held.values())[3]
    fits = sorted(told["r_squared"] for told in held.values())[3]

    by_score = decided(panel, top_n=6, min_score=round(middle, 6) - 1e-6)
    by_fit = decided(panel, top_n=6, min_r2=round(fits, 6) - 1e-6)

    assert by_score.reasons == {"below_min_score": 3}
    assert by_fit.reasons == {"below_min_r2": 3}
    assert by_score.weights.sum() == by_fit.weights.sum() == 0.5


def test_a_month_that_was_never_published_leaves_nobody_to_score():
    factors = make_factors(session=make_sessions(SESSIONS))
    kept = np.arange(len(factors.day)) != len(factors.day) - 6
    holed = Published(
        columns=factors.columns,
        day=factors.day[kept],
        value=factors.value[kept],
        known_at=factors.known_at[kept],
    )

    decision = decided(make_market(factors=holed))

    assert decision.reasons == {"missing_month": 6}
    assert not decision.weights.any()


def test_dependent_factors_are_said():
    factors = make_factors(session=make_sessions(SESSIONS))
    value = np.array(factors.value)
    value[:, 2] = value[:, 0]
    twin = Published(
        columns=factors.columns, day=factors.day, value=value, known_at=factors.known_at
    )

    assert decided(make_market(factors=twin)).flags == ("factors_dependent",)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"min_months": 15, "factors": "ff5"}, "min_months was 15; ff5 needs 17 or more"),
        ({"min_months": 40}, "min_months was 40; ff3 needs 15 or more, and there are 36 at most"),
        ({"form": 3, "skip": 2}, "skip was 2; leave two of the 3 months or more"),
    ],
)
def test_months_that_leave_no_estimate_are_refused(changes, message):
    with pytest.raises(ValueError, match=message):
        ResidualMomentumParameters(**changes)


def in_two_currencies(base):
    """Return four shares quoted in Australian dollars and two in US dollars, in either as base."""
    rate = 0.7 * np.exp(np.cumsum(np.random.default_rng(4).normal(0.0, 0.01, SESSIONS)))
    per_unit = {"AUD": 1.0 / rate, "USD": rate}[base]
    codes = ("AUD", "USD") if base == "AUD" else ("USD", "AUD")
    quoted = ["AUD", "USD", "AUD", "AUD", "USD", "AUD"]
    factors = make_factors(session=make_sessions(SESSIONS))
    return make_panel(
        make_closes(sessions=SESSIONS, assets=6),
        extra={"FF3": factors, "FF3_ASIA_PACIFIC": factors},
        currencies=codes,
        currency=[codes.index(code) for code in quoted],
        fx=np.column_stack([np.ones(SESSIONS), per_unit]),
        fx_known_at=np.zeros((SESSIONS, 2)),
    ), rate


def test_factors_of_another_region_rank_its_shares_by_their_returns_in_us_dollars():
    """The Asian factors, like all of the library, are measured in US dollars."""
    (home, rate), (abroad, _) = in_two_currencies("AUD"), in_two_currencies("USD")
    closes = make_closes(sessions=SESSIONS, assets=6)
    closes[:, [0, 2, 3, 5]] *= rate[:, None]  # the same shares, had they been quoted in New York

    by_home, by_abroad = (
        decided(panel, top_n=2, region="asia_pacific") for panel in (home, abroad)
    )
    quoted = decided(make_market(close=closes), top_n=6).diagnostics["residual_momentum"]["held"]

    assert by_home.reasons == {"no_factors_of_its_market": 2}
    told, other = (d.diagnostics["residual_momentum"] for d in (by_home, by_abroad))
    assert told["factors"] == "FF3_ASIA_PACIFIC"
    assert told["held"].keys() == other["held"].keys()
    for symbol, figures in told["held"].items():
        for told_of in (quoted[symbol], other["held"][symbol]):
            assert figures["score"] == pytest.approx(told_of["score"], rel=1e-9)
            assert figures["alpha"] == pytest.approx(told_of["alpha"], rel=1e-9)
    scores = {name: each["score"] for name, each in quoted.items() if name not in {"S001", "S004"}}
    assert set(told["held"]) == set(sorted(scores, key=scores.__getitem__)[-2:])


def test_factors_in_us_dollars_need_their_rates():
    panel = make_market(
        currencies=("AUD",),
        extra={"FF3_ASIA_PACIFIC": make_factors(session=make_sessions(SESSIONS))},
    )

    with pytest.raises(MissingData, match="needs rates of the US dollar"):
        decided(panel, region="asia_pacific")


def test_what_it_needs_is_named():
    assert make_strategy().inputs() == ("FF3",)
    assert make_strategy(factors="ff5").inputs() == ("FF5",)
    assert make_strategy(region="asia_pacific").inputs() == ("FF3_ASIA_PACIFIC",)
    abroad = make_strategy(factors="ff5", region="developed_ex_us")
    assert abroad.inputs() == ("FF5_DEVELOPED_EX_US",)
    assert make_strategy().warmup == 88 + 36 * 22


def test_the_warm_up_holds_every_month_of_the_first_regression():
    """The calendar of the test has 261 weekdays a year, more than any exchange's."""
    panel = make_market()
    targets = decide(
        panel,
        make_strategy(),
        first_row=0,
        last_row=SESSIONS - 1,
        rebalance=Rebalance.MONTHLY,
        clock=DecisionClock.US_CLOSE,
    )

    assert targets.rows[0] == 88 + 36 * 22 - 1
    assert "short_history" not in targets.reasons
    assert (targets.weights.sum(axis=1) == 1.0).all()
