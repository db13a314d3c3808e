"""The truncation check flags strategies that leak, and leaves those alone that do not.

A cheater here gets at rows after its decision the way real ones do: through a figure of the whole
history that somebody computed beforehand. `whole` is that history; the window never lends it.
"""

from typing import Any, ClassVar

import numpy as np
import pytest

from engine.backtest import run
from engine.decide import decide
from engine.errors import LookedAhead
from engine.guards import check_truncation, missing_bars, missing_figures
from engine.schedule import DecisionClock, Rebalance
from engine.strategies.base import Decision, Parameters, Strategy
from engine.strategies.olmar import Olmar, OlmarParameters
from tests.engine.panels import DAY, make_closes, make_panel
from tests.engine.test_backtest import make_request
from tests.engine.test_published import make_published

SESSIONS, ASSETS = 300, 6
CLOSE = make_closes(sessions=SESSIONS, assets=ASSETS)
SPAN: dict[str, Any] = {
    "first_row": 60,
    "last_row": SESSIONS - 1,
    "rebalance": Rebalance.WEEKLY,
    "clock": DecisionClock.US_CLOSE,
}


class Scored(Strategy[Parameters]):
    """Holds the three assets with the highest score of a rule."""

    key: ClassVar = "scored"
    name: ClassVar = "Scored"
    family: ClassVar = "BENCHMARK"
    parameters_type: ClassVar = Parameters

    def __init__(self, rule):
        super().__init__(Parameters())
        self.rule = rule

    @property
    def warmup(self):
        return 41

    def decide(self, window, state):
        whole = window.total_return
        while whole.base is not None:
            whole = whole.base
        row = (
            np.flatnonzero((whole[: len(whole)] == window.total_return[-1]).all(axis=1))[0]
            if len(whole) > len(window.session)
            else len(whole) - 1
        )
        score = np.asarray(self.rule(window.total_return, whole, int(row)), np.float64)
        weights = np.zeros(len(score))
        weights[np.argsort(-score, kind="stable")[:3]] = 1.0 / 3.0
        return Decision(weights), state


def later(whole, row, sessions):
    """Return the level some sessions later, or the last there is."""
    return whole[min(row + sessions, len(whole) - 1)]


def first_component(levels):
    returns = np.diff(np.log(levels), axis=0)
    return np.linalg.svd(returns - returns.mean(axis=0))[2][0]


CHEATERS = {
    "fills at a close it has not seen": lambda w, a, r: later(a, r, 1) / w[-1],
    "target in the features": lambda w, a, r: later(a, r, 20) / w[-1],
    "score standardised over the whole history": lambda w, a, r: (
        (w[-1] - a.mean(axis=0)) / a.std(axis=0)
    ),
    "components of the whole sample": lambda w, a, r: first_component(a),
    "gaps filled backwards": lambda w, a, r: (
        np.where(np.arange(ASSETS) == r % ASSETS, later(a, r, 1), w[-1]) / w[-21]
    ),
    "centred mean": lambda w, a, r: a[max(r - 10, 0) : r + 11].mean(axis=0) / w[-1],
    "factor restated by the last close": lambda w, a, r: w[-1] / a[-1],
    "floor on a back-adjusted price": lambda w, a, r: w[-1] / a[-1] > 1.0,
    "members of the last day": lambda w, a, r: a[-1] > np.median(a[-1]),
    "high of the coming week": lambda w, a, r: a[r : r + 6].max(axis=0) / w[-1],
    "label at the left edge of the month": lambda w, a, r: (
        a[(r // 21 + 1) * 21 - 1 :][:1].sum(0) / w[-1]
    ),
    "off by one session": lambda w, a, r: later(a, r, 1) / a[max(r - 19, 0)],
}

CLEAN = {
    "last level": lambda w, a, r: w[-1],
    "return over the window": lambda w, a, r: w[-1] / w[0],
    "return without the last week": lambda w, a, r: w[-6] / w[0],
    "reversal": lambda w, a, r: -w[-1] / w[-6],
    "trailing mean": lambda w, a, r: w[-1] / w[-20:].mean(axis=0),
    "score standardised over the window": lambda w, a, r: (w[-1] - w.mean(0)) / w.std(0),
    "components of the window": lambda w, a, r: first_component(w),
    "distance from the trailing high": lambda w, a, r: w[-1] / w.max(axis=0),
    "low volatility": lambda w, a, r: -np.diff(np.log(w), axis=0).std(axis=0),
    "history up to the decision": lambda w, a, r: w[-1] / a[: r + 1].mean(axis=0),
    "rank of the last return": lambda w, a, r: np.argsort(np.argsort(w[-1] / w[-2])),
    "nothing at all": lambda w, a, r: np.zeros(ASSETS),
}


def look(strategy, *, cuts=SESSIONS, **changes):
    """Cut at every decision unless said otherwise: five cuts can miss a leak that is rare."""
    panel = make_panel(CLOSE)
    span = {**SPAN, **changes}
    return check_truncation(panel, strategy, decide(panel, strategy, **span), cuts=cuts, **span)


@pytest.mark.parametrize("name", CHEATERS)
def test_a_strategy_that_leaks_is_flagged(name):
    found = look(Scored(CHEATERS[name]))

    assert not found.free
    assert found.detail.startswith("the decision of 2000-")


def test_a_run_that_looked_ahead_has_no_result():
    panel = make_panel(CLOSE)
    cheat = Scored(CHEATERS["target in the features"])
    request = make_request(panel, np.zeros(ASSETS), strategy=cheat, **SPAN)

    with pytest.raises(LookedAhead, match="scored looked ahead: the decision of 2000-"):
        run(panel, request, checkpoint=lambda *_: None)


@pytest.mark.parametrize("name", CLEAN)
def test_a_strategy_that_does_not_leak_is_left_alone(name):
    assert look(Scored(CLEAN[name])).free


def test_the_detail_names_the_five_cuts():
    found = look(Scored(CLEAN["last level"]), first_row=280, rebalance=Rebalance.DAILY, cuts=5)

    assert found.detail == (
        "decisions did not change when prices after "
        "2001-02-01, 2001-02-07, 2001-02-13, 2001-02-19, 2001-02-22 were removed"
    )


class Hurried(Olmar):
    """Decides many sessions at once by the closes of the session after each, the last's apart."""

    def decide_together(self, panel, rows, instants, state):
        seen = np.append(rows[1:], rows[-1])
        return super().decide_together(panel, seen, instants + (seen - rows) * 7 * DAY, state)


def test_sessions_decided_together_are_held_to_each_one_s_own_window():
    strategy = Hurried(OlmarParameters())

    held = check_truncation(
        make_panel(CLOSE), strategy, decide(make_panel(CLOSE), strategy, **SPAN), **SPAN
    )
    honest = Olmar(OlmarParameters())
    clean = check_truncation(
        make_panel(CLOSE), honest, decide(make_panel(CLOSE), honest, **SPAN), **SPAN
    )

    assert (held.free, clean.free) == (False, True)


def test_a_decision_that_vanishes_on_the_shorter_panel_is_flagged():
    class Absent(Scored):
        def decide(self, window, state):
            decision, _ = super().decide(window, state)
            whole = window.total_return
            while whole.base is not None:
                whole = whole.base
            return (decision if len(whole) == SESSIONS else None), state

    assert not look(Absent(CLEAN["last level"])).free


def test_an_asset_without_a_bar_in_the_run_is_named():
    close = CLOSE.copy()
    close[10:, 2] = np.nan
    panel = make_panel(close)

    assert missing_bars(panel, np.arange(20, 30)) == ("S002: no bar from 2000-01-31 to 2000-02-11",)
    assert missing_bars(panel, np.arange(5, 30)) == ("S002: no bar after 2000-01-14",)
    assert missing_bars(panel, np.arange(5, 15)) == ()


def test_an_asset_that_begins_late_is_named():
    close = CLOSE.copy()
    close[:20, 1] = np.nan
    panel = make_panel(close)

    assert missing_bars(panel, np.arange(10, 30)) == ("S001: no bar before 2000-01-31",)


@pytest.mark.parametrize(("end", "named"), [(10, ()), (25, ("S002: no bar after 2000-01-14",))])
def test_a_listing_that_ended_misses_no_bar_after_its_end(end, named):
    """One that stood still for weeks before its end misses those."""
    close, delisted = CLOSE.copy(), np.zeros(CLOSE.shape)
    close[10:, 2] = np.nan
    delisted[end, 2] = 1.0
    panel = make_panel(close, by_asset={"delisted": delisted})

    assert missing_bars(panel, np.arange(5, 30)) == named


def test_a_panel_that_is_silent_on_some_sessions_is_named_with_them():
    """A Friday's figure stands for a week; the last one here is of 2000-01-14."""
    panel = make_panel(CLOSE[:20])
    told = np.flatnonzero(panel.session <= panel.session[9])[2:]
    vix = make_published(panel.session[told], np.full(len(told), 20.0))
    panel = make_panel(CLOSE[:20], extra={"VIX": vix, "VIX3M": vix})

    whole = missing_figures(panel, ["VIX"], panel.session)
    within = missing_figures(panel, ["VIX"], panel.session[2:15])

    assert whole == ("VIX: no figure on 7 sessions from 2000-01-03 to 2000-01-28",)
    assert within == ()
