"""What the guide says of a strategy: its notes, and what its viewer has tried of it."""

import math

import pytest

from models.session import unit_of_work
from tests.factories import STRANGER, make_trial

GUIDE = "{ strategies { key notes ledgers { family count bestSharpe expectedMaximumSharpe } } }"


async def test_ledgers_come_with_the_strategies_in_one_statement(ask, sessions, counting):
    async with unit_of_work(sessions) as session:
        session.add_all(
            [
                make_trial(content_key="a", sharpe=0.05),
                make_trial(content_key="b", sharpe=0.02),
                make_trial(content_key="c", family="momentum:OTHER", sharpe=None),
                make_trial(content_key="d", family="hrp:SAMPLE_US", sharpe=0.01),
                make_trial(content_key="e", family="momentum_like:SAMPLE_US"),
                make_trial(content_key="f", owner_id=STRANGER),
            ]
        )

    with counting() as seen:
        told = (await ask(GUIDE))["data"]["strategies"]

    ledgers = {each["key"]: each["ledgers"] for each in told}
    assert [(each["family"], each["count"]) for each in ledgers["momentum"]] == [
        ("momentum:SAMPLE_US", 2),
        ("momentum:OTHER", 1),
    ]
    best, unknown = ledgers["momentum"]
    assert best["bestSharpe"] == pytest.approx(0.05 * math.sqrt(252))
    assert 0.0 < best["expectedMaximumSharpe"] < best["bestSharpe"]
    assert (unknown["bestSharpe"], unknown["expectedMaximumSharpe"]) == (None, None)
    assert [each["family"] for each in ledgers["hrp"]] == ["hrp:SAMPLE_US"]
    assert ledgers["nco"] == []
    assert len(seen) == 1


async def test_every_strategy_says_what_it_needs_and_where_it_is_weak(ask):
    told = (await ask("{ strategies { key summary notes references } }"))["data"]["strategies"]

    for each in told:
        assert len(each["summary"]) <= 100, each["key"]
        assert len(each["notes"]) >= 60, each["key"]
        assert each["references"], each["key"]
