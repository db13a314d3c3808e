"""Strategies around another one: what the primary is built from, and what is refused."""

from dataclasses import fields
from typing import ClassVar

import numpy as np
import pytest

from engine.errors import InvalidParameters
from engine.returns import MAX_GAP
from engine.strategies.wrapping import Wrapper, WrappingParameters, build_primary
from tests.engine.panels import make_closes, make_panel


class Around(Wrapper[WrappingParameters]):
    parameters_type: ClassVar = WrappingParameters

    def decide(self, window, state):
        return self.primary.decide(window, state)


def wrapped(**changes):
    return Around(WrappingParameters(**changes))


def test_the_primary_has_its_own_parameters_and_shares_calendar_and_floors():
    strategy = wrapped(
        primary="momentum",
        primary_parameters={"lookback": 63, "top_n": 3},
        rebalance="WEEKLY",
        min_price=5.0,
    )

    primary = strategy.primary.parameters
    assert (strategy.primary.key, primary.lookback, primary.top_n) == ("momentum", 63, 3)
    assert (primary.rebalance, primary.min_price) == ("WEEKLY", 5.0)


def test_the_warm_up_of_the_primary_comes_on_top():
    assert wrapped(primary_parameters={"lookback": 63}).warmup == 1 + 64
    assert wrapped(primary="buy_and_hold").warmup == 1 + 1


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"primary": "momentun"}, "primary was 'momentun'; choose one of .*momentum"),
        (
            {"primary_parameters": {"lookbak": 63}},
            r"primary_parameters\.lookbak was refused: Extra inputs are not permitted",
        ),
        (
            {"primary_parameters": {"lookback": 7}},
            r"primary_parameters\.lookback was refused: Input should be greater than or equal",
        ),
        (
            {"primary_parameters": {"lookback": 63, "skip": 63}},
            "primary_parameters was refused: .*skip was 63; it must be below lookback",
        ),
        (
            {"primary_parameters": {"rebalance": "DAILY"}},
            r"primary_parameters\.rebalance is a parameter of the wrapping strategy; set it there",
        ),
    ],
    ids=["unknown", "misspelt", "out of bounds", "contradiction", "said twice"],
)
def test_what_the_primary_cannot_be_is_refused_by_name(changes, message):
    with pytest.raises(InvalidParameters, match=message):
        build_primary(WrappingParameters(**changes))


def test_the_primary_sees_what_it_would_see_on_its_own():
    """Whatever fields a window has: twelve assets, more than the primary has rows."""
    panel = make_panel(make_closes(sessions=300, assets=12))
    strategy = wrapped(primary="buy_and_hold")
    instant = int(panel.closes_at[299, 0])
    rows = strategy.primary.warmup + MAX_GAP

    seen = strategy.seen_by_primary(panel.window(299, 200, instant))

    alone = panel.window(299, rows, instant)
    assert rows < len(panel.symbols)
    for entry in fields(alone):
        np.testing.assert_array_equal(getattr(seen, entry.name), getattr(alone, entry.name))


def test_what_the_primary_trades_costs_what_it_costs_alone():
    names = {"btc": ["A"], "gold": ["B"], "silver": ["C"]}

    around = wrapped(primary="hard_assets", primary_parameters=names)

    assert around.extra_slippage() == {"A": 10.0, "B": 30.0, "C": 30.0}
