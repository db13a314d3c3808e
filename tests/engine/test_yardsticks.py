"""A run beside what no skill would have made of the same assets."""

from itertools import pairwise

import numpy as np
import pytest

from engine.backtest import Constraints, account, decided, run
from engine.costs import CostModel
from engine.execution import FillPolicy
from engine.schedule import Rebalance
from engine.strategies.equal_weight import EqualWeight, EqualWeightParameters
from engine.yardsticks import FIGURES, yardsticks
from tests.engine.ledgers import make_costs
from tests.engine.panels import make_closes, make_panel
from tests.engine.test_backtest import make_request


def beside(panel, **changes):
    terms = {"costs": make_costs(), "whole_shares": False, "fill": FillPolicy.DECISION_CLOSE}
    request = make_request(panel, [1.0, 0.0], **{**terms, **changes})
    own = account(panel, decided(panel, request, lambda *_: None), request)
    return yardsticks(panel, request, own, checkpoint=lambda *_: None)


def test_both_are_those_of_their_definition():
    """One doubles over a year of 261 weekdays, one stands still: (2 + 1) / 2 when left alone."""
    n = 262
    path = 2.0 ** (np.arange(n) / (n - 1))
    close = np.column_stack([100.0 * path, np.full(n, 50.0)])
    panel = make_panel(close)

    found = beside(panel, first_row=1)

    years = float(panel.session[-1] - panel.session[0]) / 365.25
    left_alone = 0.5 + 0.5 * path[-1] / path[1]
    assert found["buy_and_hold"]["cagr"] == pytest.approx(left_alone ** (1 / years) - 1, rel=1e-6)
    month_ends = np.flatnonzero(np.diff(panel.session.astype("datetime64[D]").astype("M8[M]")) != 0)
    bought = [1, *month_ends[month_ends > 1].tolist(), n - 1]
    restored = np.prod([0.5 + 0.5 * path[b] / path[a] for a, b in pairwise(bought)])
    assert found["equal_weight"]["cagr"] == pytest.approx(restored ** (1 / years) - 1, rel=1e-6)
    assert found["this_run"]["cagr"] == pytest.approx((2 / path[1]) ** (1 / years) - 1, rel=1e-6)


def test_each_pays_what_the_run_pays_and_nothing_where_its_name_says_so():
    panel = make_panel(make_closes(sessions=300, assets=2))
    own = EqualWeight(EqualWeightParameters())
    dear = {"costs": CostModel(commission_flat=20.0), "fill": FillPolicy.NEXT_OPEN}

    found = beside(panel, strategy=own, whole_shares=True, **dear)

    request = make_request(panel, [], strategy=own, **dear)
    result = run(panel, request, checkpoint=lambda *_: None)
    assert found["equal_weight"] == {name: getattr(result.metrics, name) for name in FIGURES}
    assert found["equal_weight"] == found["this_run"]
    for name in ("equal_weight", "buy_and_hold"):
        assert found[f"{name}_without_costs"]["cagr"] > found[name]["cagr"]


def test_the_limits_of_the_run_are_none_of_theirs():
    panel = make_panel(make_closes(sessions=300, assets=2))
    tight = {"constraints": Constraints(max_weight=0.1), "rebalance": Rebalance.DAILY}

    loose, limited = beside(panel), beside(panel, **tight, overlay_vol_target=0.05)

    assert limited["this_run"] != loose["this_run"]
    for name in ("equal_weight", "buy_and_hold"):
        assert limited[name] == loose[name]


def test_a_yardstick_that_is_ruined_has_no_figures():
    """All that could be held, 500 shares of each, ends at nothing; the run never held it."""
    close = np.full((300, 2), 100.0)
    close[100:] = np.nan
    delisted, terminal = np.zeros(close.shape), np.full(close.shape, np.nan)
    delisted[100], terminal[100] = 1.0, 0.0
    ended = {"delisted": delisted, "terminal_value": terminal}
    panel = make_panel(close, by_asset=ended)

    terms = {"costs": make_costs(), "fill": FillPolicy.DECISION_CLOSE}
    request = make_request(panel, [0.0, 0.0], **terms)
    own = account(panel, decided(panel, request, lambda *_: None), request)
    found = yardsticks(panel, request, own, checkpoint=lambda *_: None)

    assert found["this_run"]["cagr"] == 0.0
    assert found["equal_weight"] == dict.fromkeys(FIGURES)
