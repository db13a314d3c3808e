from dataclasses import replace
from typing import Any, ClassVar

import numpy as np
import pytest

from engine.decide import decide
from engine.errors import EngineError, InsufficientHistory
from engine.panel import NEVER
from engine.schedule import DecisionClock, Rebalance
from engine.strategies import STRATEGIES
from engine.strategies.base import Decision, Parameters, Strategy
from engine.strategies.equal_weight import EqualWeightParameters
from tests.engine.panels import HOUR, make_closes, make_panel, make_sessions
from tests.engine.test_execution import make_two_markets


class Recorder(Strategy[Parameters]):
    """Holds the first asset and remembers how many windows it was lent."""

    key: ClassVar = "recorder"
    name: ClassVar = "Recorder"
    family: ClassVar = "BENCHMARK"
    parameters_type: ClassVar = Parameters

    def __init__(self, parameters=None, *, history=1):
        super().__init__(parameters or Parameters())
        self.history = history
        self.windows = []

    @property
    def warmup(self):
        return self.history

    def decide(self, window, state: Any):
        self.windows.append(window)
        count = (state or 0) + 1
        if count == 2:
            return None, count
        weights = np.zeros(len(window.symbols))
        weights[0] = 1.0 / count
        return Decision(weights, {"seen": 1}), count


def run(panel, strategy, *, first_row=0, last_row=None, rebalance=Rebalance.MONTHLY, **more):
    last_row = len(panel.session) - 1 if last_row is None else last_row
    return decide(
        panel,
        strategy,
        first_row=first_row,
        last_row=last_row,
        rebalance=rebalance,
        clock=DecisionClock.US_CLOSE,
        **more,
    )


def test_the_first_decision_is_on_the_first_row_then_by_the_calendar():
    panel = make_panel(make_closes(sessions=70, assets=2))

    targets = run(panel, Recorder(), first_row=5)

    days = panel.session[targets.rows].astype("datetime64[D]").astype(str).tolist()
    assert days == ["2000-01-10", "2000-02-29", "2000-03-31"]


def test_a_warm_up_puts_off_the_first_decision_and_every_window_holds_it():
    panel = make_panel(make_closes(sessions=70, assets=2))
    strategy = Recorder(history=30)

    targets = run(panel, strategy)

    assert targets.rows[0] == 29
    assert [len(window.session) for window in strategy.windows] == [30, 35, 35]
    assert strategy.windows[0].session[-1] == panel.session[29]


def test_state_passes_from_decision_to_decision_and_none_leaves_the_holdings():
    panel = make_panel(make_closes(sessions=6, assets=2))

    targets = run(panel, Recorder(), rebalance=Rebalance.DAILY)

    np.testing.assert_array_equal(targets.rows, [0, 2, 3, 4])
    np.testing.assert_allclose(targets.weights[:, 0], [1, 1 / 3, 1 / 4, 1 / 5])
    np.testing.assert_array_equal(targets.instants, panel.closes_at[[0, 2, 3, 4], 0])
    assert targets.reasons == {"seen": 4}


@pytest.mark.parametrize("key", ["equal_weight", "buy_and_hold"])
def test_a_market_yet_to_close_or_on_holiday_leaves_its_assets_in_the_choice(key):
    cls = STRATEGIES[key]
    close = make_closes(sessions=8, assets=2)
    panel = make_two_markets(close)
    holiday = panel.closes_at.copy()
    holiday[4, 0] = NEVER
    close[4, 0] = np.nan
    panel = make_two_markets(close, opens_at=holiday - HOUR, closes_at=holiday)

    targets = decide(
        panel,
        cls(cls.parameters_type()),
        first_row=1,
        last_row=7,
        rebalance=Rebalance.DAILY,
        clock=DecisionClock.ASX_CLOSE,
    )

    assert (targets.weights == 0.5).all()
    assert targets.reasons == {}


def test_decisions_fall_on_sessions_of_the_primary_market_only():
    panel = make_panel(make_closes(sessions=30, assets=1))
    closes_at = panel.closes_at.copy()
    closes_at[[0, 20], 0] = NEVER
    panel = make_panel(panel.close, closes_at=closes_at)

    targets = run(panel, Recorder(), last_row=25)

    assert targets.rows.tolist() == [1]  # row 20 was 31 January; row 19 is the recorder's None
    assert run(panel, Recorder(), first_row=19).rows[0] == 19


def test_a_week_that_a_closure_cut_short_unforeseen_has_no_decision():
    weekdays = make_sessions(15, "2001-09-03")
    session = weekdays[(weekdays < weekdays[6]) | (weekdays > weekdays[9])]
    panel = make_panel(make_closes(sessions=len(session), assets=1), session=session)

    targets = run(
        panel, STRATEGIES["equal_weight"](EqualWeightParameters()), rebalance=Rebalance.WEEKLY
    )

    days = panel.session[targets.rows].astype("datetime64[D]").astype(str).tolist()
    assert days == ["2001-09-03", "2001-09-07"]


def test_the_offset_of_the_parameters_moves_the_calendar():
    panel = make_panel(make_closes(sessions=70, assets=2))

    targets = run(panel, Recorder(Parameters(offset=1)), first_row=15)

    assert targets.rows.tolist() == [15, 42, 65]


def test_progress_is_reported_after_each_decision():
    panel = make_panel(make_closes(sessions=5, assets=1))
    seen = []

    run(panel, Recorder(), rebalance=Rebalance.DAILY, checkpoint=lambda *beat: seen.append(beat))

    assert seen == [(0.25, "deciding"), (0.5, "deciding"), (0.75, "deciding"), (1.0, "deciding")]


def test_a_checkpoint_may_stop_the_run():
    panel = make_panel(make_closes(sessions=5, assets=1))

    def stop(progress, stage):
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        run(panel, Recorder(), checkpoint=stop)


def test_too_short_a_history_is_said_in_sessions():
    panel = make_panel(make_closes(sessions=30, assets=1))

    with pytest.raises(InsufficientHistory, match="recorder needs 30 sessions before it can"):
        run(panel, Recorder(history=30))


def test_a_decision_needs_a_session_after_it():
    panel = make_panel(make_closes(sessions=30, assets=1))

    with pytest.raises(InsufficientHistory):
        run(panel, Recorder(), first_row=29)


class ShortSeller(Recorder):
    """Sells the first asset short, whether it may or not."""

    def __init__(self, *, allowed):
        super().__init__()
        self.allowed = allowed

    @property
    def shorts(self):
        return self.allowed

    def decide(self, window, state: Any):
        return Decision(np.where(np.arange(len(window.symbols)) == 0, -0.25, 0.5)), state


def test_only_a_strategy_that_says_so_may_sell_short():
    panel = make_panel(make_closes(sessions=30, assets=2))

    with pytest.raises(EngineError, match=r"recorder asked for a weight of -0\.2500; it must not"):
        run(panel, ShortSeller(allowed=False))
    assert run(panel, ShortSeller(allowed=True)).weights[0].tolist() == [-0.25, 0.5]


class Measuring(Recorder):
    """Measures itself anew at each decision."""

    def decide(self, window, state: Any):
        decision, count = super().decide(window, state)
        told = {} if count % 2 else {"model": {"events": count}}
        return decision and replace(decision, flags=("b", "a")[:count], diagnostics=told), count


def test_flags_are_told_once_and_of_each_topic_the_latest_measurement():
    panel = make_panel(make_closes(sessions=100, assets=2))

    targets = run(panel, Measuring())

    assert len(targets.rows) == 4
    assert targets.flags == ("b", "a")
    assert targets.diagnostics == {"model": {"events": 4}}
