"""A strategy around another one, as it is submitted: its primary is checked before it is queued."""

import pytest

from api.services.strategies import complete_parameters, require_strategy
from engine.strategies.base import Parameters, primaries
from engine.strategies.vol_scaling import VolScaling, VolScalingParameters
from models import Backtest
from tests.api.submitting import changed, rows, submit

INNER = {"lookback": 60, "skip": 5, "top_n": 2}
WRAPPED = {"strategy": "vol_scaling", "start": "2018-09-03"}


def wrapped(inner=INNER, **own):
    return changed(**WRAPPED, parameters={"window": 21, "primary_parameters": inner, **own})


async def test_the_primary_s_parameters_are_filled_in_and_the_same_run_is_the_same(ask, market):
    first = await submit(ask, wrapped())
    again = await submit(ask, wrapped({**INNER, "buffer": 0, "top_n": 2.0}, primary="momentum"))
    other = await submit(ask, wrapped({**INNER, "buffer": 1}))

    assert first["userErrors"] == again["userErrors"] == other["userErrors"] == []
    inner = first["backtest"]["parameters"]["primary_parameters"]
    assert inner.items() >= {**INNER, "buffer": 0, "weighting": "equal"}.items()
    assert inner.keys().isdisjoint(Parameters.model_fields)
    assert again["reused"]
    assert not other["reused"]


@pytest.mark.parametrize(
    ("given", "decided"),
    [
        ({"primary": "momentum"}, "MONTHLY"),
        ({"primary": "stat_arb"}, "DAILY"),
        ({"primary": "stat_arb", "rebalance": "WEEKLY"}, "WEEKLY"),
    ],
)
def test_a_primary_keeps_its_calendar_unless_another_is_asked_for(given, decided):
    complete = complete_parameters(require_strategy("vol_scaling"), given)

    assert complete["rebalance"] == decided
    strategy = VolScaling(VolScalingParameters(**given))
    assert strategy.parameters.rebalance == strategy.primary.parameters.rebalance == decided


REFUSED = {
    "no such primary": (
        {"primary": "momentun"},
        ("INVALID", "parameters.primary", 'primary was "momentun"; use one of'),
    ),
    "a wrapper in a wrapper": (
        {"primary": "vol_scaling"},
        ("INVALID", "parameters.primary", 'primary was "vol_scaling"; use one of'),
    ),
    "a primary of entries and stops": (
        {"primary": "breakout"},
        ("INVALID", "parameters.primary", "run breakout itself, with overlayVolTarget"),
    ),
    "misspelt": (
        {"inner": {"lookbak": 60}},
        ("INVALID", "parameters.primary_parameters.lookbak", "did you mean lookback?"),
    ),
    "out of bounds": (
        {"inner": {"lookback": 7}},
        ("INVALID", "parameters.primary_parameters.lookback", "use at least 21"),
    ),
    "contradiction": (
        {"inner": {"lookback": 30, "skip": 30}},
        ("INVALID", "parameters.primary_parameters.skip", "it must be below lookback"),
    ),
    "a symbol that is not of the run": (
        {"primary": "dual_momentum", "inner": {"lookback": 63, "risky": ["ZZZ"]}},
        ("UNKNOWN_SYMBOL", "parameters.primary_parameters.risky", "no asset of this run"),
    ),
    "said twice": (
        {"inner": {"min_adv": 5.0}},
        ("INVALID", "parameters.primary_parameters.min_adv", "set on vol_scaling itself"),
    ),
    "not a number": (
        {"inner": {"top_n": "many"}},
        ("INVALID", "parameters.primary_parameters.top_n", "write a whole number"),
    ),
    "no object": (
        {"inner": [1]},
        ("INVALID", "parameters.primary_parameters", "write an object"),
    ),
    "both histories together": (
        {"inner": {"lookback": 400}, "window": 200},
        ("INSUFFICIENT_HISTORY", "parameters.window", "vol_scaling needs 603 sessions"),
    ),
}


@pytest.mark.parametrize(("given", "told"), REFUSED.values(), ids=REFUSED)
async def test_what_its_primary_cannot_be_is_refused_by_name(ask, market, sessions, given, told):
    code, field, words = told

    body = await submit(ask, wrapped(**given))

    [error] = body["userErrors"]
    assert (error["code"], error["field"]) == (code, ["input", *field.split(".")])
    assert words in error["message"]
    assert await rows(sessions, Backtest) == 0


def test_what_may_be_wrapped_is_what_the_form_offers():
    offered = require_strategy("vol_scaling").parameter_schema["properties"]["primary"]["enum"]

    assert offered == primaries()
    assert require_strategy("vol_scaling").hands_on == list(Parameters.model_fields)
