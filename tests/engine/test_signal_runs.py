"""Whole runs of entries and exits: nothing ahead is seen, limits hold, searches trade the same."""

import dataclasses
from collections import Counter
from typing import Any, ClassVar

import numpy as np
import pytest

from engine.backtest import Request, run
from engine.costs import CostModel
from engine.decide import ask_all, decide, lend
from engine.errors import InvalidParameters
from engine.execution import FillPolicy
from engine.guards import check_truncation
from engine.limits import Constraints
from engine.panel import NEVER
from engine.schedule import DecisionClock, Rebalance, decision_instants
from engine.strategies import STRATEGIES
from engine.strategies.base import Strategy
from engine.strategies.breakout import Breakout, BreakoutParameters
from engine.trials import approximations, evaluate
from engine.validation import Fold
from engine.walk_forward import Choice, trade_choices
from tests.engine.breakout_market import make_breakouts
from tests.engine.panels import DAY
from tests.engine.signals import run_signals

PANEL = make_breakouts(sessions=480)
SESSIONS = len(PANEL.session)
FIRST = 235
SPAN: dict[str, Any] = {
    "first_row": FIRST,
    "last_row": SESSIONS - 1,
    "rebalance": Rebalance.DAILY,
    "clock": DecisionClock.US_CLOSE,
}
CHOSEN: dict[str, Any] = {"base": 12, "top_pct": 0.5, "adr_min": 0.02}
MODES = ("next_open", "stop_order")


def make_strategy(**parameters):
    return Breakout(BreakoutParameters(**{**CHOSEN, **parameters}))


def make_request(strategy=None, **changes):
    terms: dict[str, Any] = {
        "strategy": strategy or make_strategy(),
        "capital": 100_000.0,
        "constraints": Constraints(),
        "costs": CostModel(),
        "fill": FillPolicy.NEXT_OPEN,
        "whole_shares": True,
        **SPAN,
    }
    return Request(**{**terms, **changes})


def trade(request, panel=PANEL):
    return run(panel, request, checkpoint=lambda *_: None)


def image(orders, equity, row, base):
    """Return what was traded and owned up to `row`, to the bit."""
    past = orders.row <= row
    columns = (getattr(orders, entry.name)[past] for entry in dataclasses.fields(orders))
    return b"".join(column.tobytes() for column in columns), equity[: row - base + 1].tobytes()


@pytest.mark.parametrize("mode", MODES)
def test_no_fill_and_no_equity_depends_on_rows_that_were_cut_off(mode):
    """Guard 7.1 over 200 cuts, a hundred for each way of entering, for what signals came to."""
    targets = decide(PANEL, make_strategy(entry_mode=mode), **SPAN)
    whole = run_signals(PANEL, targets, first_row=FIRST)
    cuts = np.random.default_rng(4).choice(np.arange(FIRST + 2, SESSIONS - 1), 100, replace=False)

    broken = []
    for cut in cuts.tolist():
        past = targets.select(targets.rows < cut)
        short = run_signals(PANEL.truncate(cut), past, first_row=FIRST)
        parts = [(ledger.orders, ledger.books.equity, cut, FIRST) for ledger in (short, whole)]
        if image(*parts[0]) != image(*parts[1]):
            broken.append(cut)

    assert broken == []
    assert (whole.orders.filled > 0).sum() > 20


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize(
    "change",
    [lambda p: p * 1000.0, lambda p: p[::-1], lambda p: np.full_like(p, np.nan)],
    ids=["thousandfold", "reversed", "nan"],
)
def test_a_poisoned_future_changes_no_past_signal_and_no_past_fill(mode, change):
    """Guard 7.2, fills included: stops are met by the bars up to the row and no others."""
    row, strategy = 390, make_strategy(entry_mode=mode)
    fields = {}
    for name in ("open", "high", "low", "close", "volume"):
        values = np.array(getattr(PANEL, name))
        values[row + 1 :] = change(values[row + 1 :])
        fields[name] = values
    bar = np.isfinite(fields["close"])
    known = np.where(bar, PANEL.known_at, np.iinfo(np.int64).max)
    poisoned = dataclasses.replace(PANEL, **fields, known_at=known, tradable=bar)

    runs = [
        (targets, run_signals(panel, targets, first_row=FIRST))
        for panel, targets in (
            (panel, decide(panel, strategy, **SPAN)) for panel in (PANEL, poisoned)
        )
    ]
    (clean, net), (other, bad) = runs
    past = clean.rows <= row

    assert [s.image() for s in clean.signals[: past.sum()]] == [
        s.image() for s in other.signals[: past.sum()]
    ]
    assert image(net.orders, net.books.equity, row, FIRST) == image(
        bad.orders, bad.books.equity, row, FIRST
    )


class Cheat(Breakout):
    """A breakout that gets at what comes after its decision, in one column of its signals."""

    key: ClassVar = "cheat"
    decide_together = Strategy.decide_together  # one by one

    def __init__(self, name, look):
        super().__init__(BreakoutParameters(**CHOSEN))
        self.name_of, self.look = name, look

    def decide(self, window, state):
        decision, state = super().decide(window, state)
        whole = window.total_return
        while whole.base is not None:
            whole = whole.base
        at = int(np.flatnonzero((whole == window.total_return[-1]).all(axis=1))[0])
        told = decision.signals
        column = self.look(told, whole, at)
        return dataclasses.replace(
            decision, signals=dataclasses.replace(told, **{self.name_of: column})
        ), state


@pytest.mark.parametrize("mode", MODES)
def test_what_is_decided_together_is_what_each_window_alone_says(mode):
    rng = np.random.default_rng(8)
    hole = rng.random(PANEL.close.shape) < 0.002
    split = np.where(rng.random(PANEL.close.shape) < 0.002, 1.5, 1.0)
    bars = {
        name: np.where(hole, np.nan, getattr(PANEL, name) / np.cumprod(split, axis=0))
        for name in ("open", "high", "low", "close", "volume")
    }
    known_at = np.where(hole, NEVER, PANEL.known_at + DAY * (rng.random(hole.shape) < 0.01))
    changed = {"split": split, "known_at": known_at, "tradable": PANEL.tradable & ~hole}
    panel, strategy = dataclasses.replace(PANEL, **bars, **changed), make_strategy(entry_mode=mode)
    rows = np.arange(FIRST, SESSIONS)
    instants = decision_instants(panel, rows, DecisionClock.US_CLOSE)

    together = [decision for decision, _, _ in ask_all(panel, strategy, rows, instants)]
    alone = [
        strategy.decide(lend(panel, strategy, int(row), int(instant)), None)[0]
        for row, instant in zip(rows, instants, strict=True)
    ]

    assert sum(len(each.signals) for each in alone) > 10
    for one, other in zip(together, alone, strict=True):
        assert one.signals.image() == other.signals.image()
        assert one.weights.tobytes() == other.weights.tobytes()
    counted = [sum((Counter(d.reasons) for d in made), Counter()) for made in (together, alone)]
    assert counted[0] == counted[1]


CHEATERS = {
    "a stop below the lowest close of the coming days": (
        "floor",
        lambda s, level, at: level[at : at + 4].min(axis=0)[s.asset],
    ),
    "an exit the day before a fall": (
        "leave",
        lambda s, level, at: level[min(at + 1, len(level) - 1)] < 0.97 * level[at],
    ),
    "a limit at a coming close": (
        "limit",
        lambda s, level, at: level[min(at + 2, len(level) - 1)][s.asset],
    ),
    "a distance by the range of all history": (
        "distance",
        lambda s, level, at: np.full(len(s.asset), level.std()),
    ),
}
CLEAN = {
    "the lowest close of the past days": (
        "floor",
        lambda s, level, at: level[at - 3 : at + 1].min(axis=0)[s.asset],
    ),
    "an exit after a fall": ("leave", lambda s, level, at: level[at] < 0.97 * level[at - 1]),
}


@pytest.mark.parametrize("name", CHEATERS)
def test_signals_that_leak_in_any_column_are_flagged(name):
    strategy = Cheat(*CHEATERS[name])

    found = check_truncation(PANEL, strategy, decide(PANEL, strategy, **SPAN), **SPAN, cuts=120)

    assert not found.free


@pytest.mark.parametrize("name", CLEAN)
def test_signals_that_look_back_are_left_alone(name):
    strategy = Cheat(*CLEAN[name])

    found = check_truncation(PANEL, strategy, decide(PANEL, strategy, **SPAN), **SPAN, cuts=120)

    assert found.free


def test_a_bar_that_is_known_a_session_late_triggers_a_session_late():
    targets = decide(PANEL, make_strategy(), **SPAN)
    k = next(k for k, signals in enumerate(targets.signals) if len(signals))
    row, asset = int(targets.rows[k]), int(targets.signals[k].asset[0])
    known = np.array(PANEL.known_at)
    known[row, asset] += DAY * 3

    late = decide(dataclasses.replace(PANEL, known_at=known), make_strategy(), **SPAN)

    assert asset not in late.signals[k].asset


def test_a_run_reports_what_its_stops_and_targets_did():
    result = trade(make_request(make_strategy(partial_r=1.0)))

    reasons = set(result.orders.reason)
    assert {"filled", "filled_at_stop", "filled_at_target"} <= reasons
    assert result.guards.lookahead_free
    assert result.guards.fills_on_real_bars
    assert result.gross[-1] > result.equity[-1]
    assert result.metrics.trade_count == int((result.orders.filled > 0).sum())
    assert result.weights.shape == (len(result.decisions), len(PANEL.symbols))
    assert result.targets.tolist() == result.weights[-1].tolist()
    held = result.books.quantity[-1] > 0.0
    assert set(result.books.held[held]) == set(np.flatnonzero(result.targets))


def test_the_same_run_twice_is_the_same_to_the_bit():
    first, second = trade(make_request()), trade(make_request(), make_breakouts(sessions=480))

    assert first.equity.tobytes() == second.equity.tobytes()
    assert first.weights.tobytes() == second.weights.tobytes()


@pytest.mark.parametrize(("limits", "bound"), [({"max_weight": 0.05}, 0.05), ({}, 0.2)])
def test_no_position_is_bought_larger_than_limits_and_rules_allow(limits, bound):
    result = trade(make_request(make_strategy(max_hold=5), constraints=Constraints(**limits)))

    bought = result.orders.side > 0
    equity = dict(zip(result.session.tolist(), result.equity.tolist(), strict=True))
    days = result.session.tolist()
    before = [equity[days[days.index(day) - 1]] for day in result.orders.day[bought].tolist()]
    paid = (result.orders.filled * result.orders.price)[bought] / np.array(before)
    assert paid.max() <= bound + 1e-9
    assert paid.max() > 0.8 * bound


def test_no_more_positions_are_held_than_limits_and_rules_allow():
    result = trade(make_request(constraints=Constraints(max_positions=2)))

    assert (result.books.quantity > 0.0).sum(axis=1).max() == 2


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("max_turnover", 0.5),
        ("no_trade_band", 0.01),
        ("relative_band", 0.1),
        ("min_trade", 500.0),
        ("group_cap", 0.5),
    ],
)
def test_limits_on_how_weights_move_are_refused_by_name(name, value):
    with pytest.raises(InvalidParameters, match=f"{name} was {value}; entries and stops move no"):
        trade(make_request(constraints=Constraints(**{name: value})))


@pytest.mark.parametrize("fill", [FillPolicy.NEXT_CLOSE, FillPolicy.DECISION_CLOSE])
def test_fills_at_closes_are_refused_by_name(fill):
    with pytest.raises(InvalidParameters, match=f"fill was {fill}; breakout trades at opens"):
        trade(make_request(fill=fill))


def test_an_overlay_makes_new_positions_smaller():
    plain = trade(make_request())
    scaled = trade(make_request(overlay_vol_target=0.02))

    assert "overlay_warming_up" in scaled.guards.flags
    assert scaled.exposure.mean() < 0.9 * plain.exposure.mean()
    early = plain.session < PANEL.session[FIRST + 120]
    assert scaled.equity[early].tobytes() == plain.equity[early].tobytes()


def test_a_strategy_that_scales_weights_does_not_wrap_one_of_signals():
    cls = STRATEGIES["vol_scaling"]

    with pytest.raises(InvalidParameters, match="primary was 'breakout'; choose one of"):
        cls(cls.parameters_type(primary="breakout"))


def test_a_trial_of_signals_is_its_backtest():
    requests = [make_request(make_strategy(base=base)) for base in (11, 12)]

    trials = evaluate(PANEL, requests, checkpoint=lambda *_: None)

    for number, request in enumerate(requests):
        result = trade(request)
        assert trials.row.tolist() == result.books.row.tolist()
        np.testing.assert_allclose(
            trials.equity[:, number] * request.capital, result.equity, rtol=1e-14
        )
        assert trials.turnover[number] == pytest.approx(result.turnover.sum(), rel=1e-14)
    assert (
        approximations(CostModel(), FillPolicy.NEXT_OPEN, whole_shares=True, kind="signals") == []
    )


def test_one_choice_throughout_walks_as_its_backtest_does():
    request = make_request()
    rows = np.arange(FIRST, SESSIONS)
    folds = [
        Fold(train=(0, 1), test=(0, 120), partial=False),
        Fold(train=(0, 1), test=(120, len(rows) - 1), partial=False),
    ]

    path = trade_choices(
        PANEL, lambda _: request, rows, [Choice(fold=fold, number=0) for fold in folds]
    )

    np.testing.assert_allclose(path.equity * request.capital, trade(request).equity, rtol=1e-14)


def test_a_new_choice_takes_over_the_positions_of_the_old_one():
    """What is held keeps its stop; what is bought, and what is left, is the new choice's to say."""
    requests = [make_request(), make_request(make_strategy(risk_pct=0.001))]
    rows = np.arange(FIRST, SESSIONS)
    folds = [
        Fold(train=(0, 1), test=(0, 120), partial=False),
        Fold(train=(0, 1), test=(120, len(rows) - 1), partial=False),
    ]
    choices = [Choice(fold=fold, number=number) for number, fold in enumerate(folds)]

    path = trade_choices(PANEL, requests.__getitem__, rows, choices)

    old = trade(requests[0]).equity / requests[0].capital
    assert path.equity[:121].tobytes() == old[:121].tobytes()
    assert path.equity[-1] != old[-1]
