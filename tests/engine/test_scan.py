"""Scans: conservation in the funnel, what is not known, order, score, and no look ahead."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.scan import gates, percentile
from engine.scan_rules import Operator, Rule, Unit, written
from engine.scan_view import Aside, look
from engine.scanners import SCANNERS
from tests.engine.panels import make_closes, make_panel
from tests.engine.scanning import (
    ASSETS,
    EASY,
    ROWS,
    close_of,
    holed,
    make_market,
    make_scanner,
    scanned,
)


def test_a_share_with_too_few_bars_is_unknown_and_no_hit():
    # engine.md 9, golden: five names, one of them with 150 bars.
    close = make_closes(sessions=300, assets=5)
    close[:150, 3] = np.nan

    found = scanned(make_panel(close), "mean_reversion", max_rsi=100.0)

    trend = next(step for step in found.funnel if step.code == "above_sma_200")
    assert (trend.entered, trend.unknown) == (5, 1)
    assert trend.because == {"fewer than 200 bars": 1}
    assert "S003" not in found.symbols


@pytest.mark.parametrize("key", sorted(SCANNERS))
@settings(max_examples=15, deadline=None)
@given(seed=st.integers(0, 10_000), share=st.floats(0.0, 0.3))
def test_who_enters_a_rule_passes_fails_or_is_unknown(key, seed, share):
    panel = holed(make_market(seed % 5), share, seed)

    found = scanned(panel, key, **EASY[key])

    steps = found.funnel
    assert steps[0].entered == ASSETS
    for step in steps:
        assert step.entered == step.passed + step.failed + step.unknown
        assert sum(step.because.values()) == step.unknown
    assert [step.entered for step in steps[1:]] == [step.passed for step in steps[:-1]]
    assert len(found.hits) == steps[-1].passed


@pytest.mark.parametrize("key", sorted(SCANNERS))
def test_the_score_is_the_sum_of_its_parts_within_a_hundred(key):
    found = scanned(make_market(), key, **EASY[key])

    scanner = make_scanner(key)
    assert sum(part.weight for part in scanner.parts()) == pytest.approx(1.0, abs=1e-12)
    for hit in found.hits:
        assert sum(share.points for share in hit.shares) == pytest.approx(hit.score, abs=1e-9)
        assert 0.0 <= hit.score <= 100.0
    scores = [hit.score for hit in found.hits]
    assert scores == sorted(scores, reverse=True)


@pytest.mark.parametrize(
    ("seen", "why"),
    [
        ({"volume": np.full((ROWS, ASSETS), np.nan)}, "volume is not known at their source"),
        ({"flags": ("vendor_adjusted",)}, "close as traded is not known at their source"),
        ({"benchmark": np.full(ROWS, np.nan)}, "the benchmark has no level"),
        ({"high": np.full((ROWS, ASSETS), np.nan)}, "high is not known at their source"),
    ],
)
def test_a_rule_over_what_a_source_does_not_carry_passes_nobody_and_says_so(seen, why):
    panel = make_market(**seen)
    lenient = EASY["quallamaggie"] | {
        "min_price_us": 1.0,
        "min_turnover_us": 1.0,
        "beat_benchmark": True,
    }

    found = scanned(panel, "quallamaggie", aside=_aside(panel), **lenient)

    [step] = [step for step in found.funnel if step.unknown]
    assert (step.passed, step.failed, step.unknown) == (0, 0, step.entered)
    assert [reason.startswith(why) for reason in step.because] == [True]
    assert found.hits == ()


def _aside(panel):
    traded = None if "vendor_adjusted" in panel.flags else panel.close[-1]
    return Aside(traded_close=traded, aud={"USD": 1.5})


def test_without_a_rate_to_australian_dollars_turnover_is_unknown():
    found = scanned(make_market(), "quallamaggie", **EASY["quallamaggie"] | {"min_turnover_us": 1})

    step = next(step for step in found.funnel if step.code == "turnover")
    assert step.unknown == step.entered == ASSETS


def test_turnover_is_asked_in_australian_dollars_of_each_market():
    close = np.full((60, 2), 10.0)
    panel = make_panel(
        close,
        currency=[0, 1],
        currencies=("USD", "AUD"),
        fx=np.tile([1.0, 0.8], (60, 1)),
        fx_known_at=np.zeros((60, 2)),
        volume=np.full((60, 2), 1e6),
    )
    view = look(panel, 59, close_of(panel, 59), bars=20)
    [rule] = [
        each
        for each in make_scanner("quallamaggie", min_turnover_us=12e6).rules()
        if each.code == "turnover"
    ]

    judged = rule.judge(view, view.member)

    # Ten dollars a million times: 12.5 million AUD at 0.8 US dollars each, and 10 million.
    np.testing.assert_allclose(judged.value, [12.5e6, 10e6])
    assert judged.threshold.tolist() == [12e6, 2e6]
    assert judged.asked() == "at least 2,000,000 or 12,000,000"


def test_neither_an_unknown_figure_nor_an_unknown_bound_passes():
    view = look(make_market(), ROWS - 1, close_of(make_market(), ROWS - 1), bars=5)
    figure = np.array([np.nan, 1.0, 1.0] + [0.0] * (ASSETS - 3))
    bound = np.array([0.0, np.nan, 0.0] + [1.0] * (ASSETS - 3))
    for operator in Operator:
        rule = Rule(
            code="x",
            name="X",
            measure=lambda *_: figure,
            threshold=lambda *_: bound,
            operator=operator,
        )
        judged = rule.judge(view, view.member)
        assert not judged.passed[:2].any()
        assert judged.known.tolist() == [False, False] + [True] * (ASSETS - 2)


def test_ties_are_broken_by_id():
    close = np.tile(make_closes(sessions=300, assets=1), (1, 4))

    found = scanned(make_panel(close), "momentum", top_fraction=1.0)

    assert [hit.asset for hit in found.hits] == [0, 1, 2, 3]
    assert {hit.score for hit in found.hits} == {50.0}


def test_percentile_ranks():
    values = np.array([3.0, 1.0, 3.0, np.nan, 9.0])

    everybody = percentile(values, np.ones(5, np.bool_))
    nobody_else = percentile(values, np.array([True, False, False, False, False]))

    # Of four known: 1 is worst, the 3s share places one and two, 9 is best.
    np.testing.assert_allclose(everybody, [0.5, 0.0, 0.5, 0.0, 1.0])
    np.testing.assert_allclose(nobody_else, [0.5, 0.0, 0.0, 0.0, 0.0])


def test_a_stale_or_holed_share_is_let_go_before_any_rule():
    close = make_closes(sessions=300, assets=3)
    close[-1, 0] = np.nan
    close[280:287, 1] = np.nan

    found = scanned(make_panel(close), "new_high", min_share=0.01)

    current, gap = found.funnel[:2]
    assert (current.entered, current.passed, current.unknown) == (3, 2, 1)
    assert (gap.entered, gap.passed, gap.failed) == (2, 1, 1)
    assert found.symbols == ("S002",)
    assert [rule.code for rule in gates(5)] == ["current", "gap"]


def test_only_members_of_the_day_enter():
    member = np.ones((ROWS, ASSETS), np.bool_)
    member[-1, :5] = False

    found = scanned(make_market(member=member), "momentum", top_fraction=1.0)

    assert found.funnel[0].entered == ASSETS - 5
    assert min(hit.asset for hit in found.hits) == 5


def test_figures_are_written_for_people():
    assert written(0.4231, Unit.FRACTION) == "42.3 %"
    assert written(0.1231, Unit.FRACTION, difference=True) == "12.3 points"
    assert written(23_456_789.4, Unit.MONEY) == "23,456,789"
    assert written(5.0, Unit.MONEY) == "5.00"
    assert written(6.889909, Unit.NUMBER) == "6.89"
