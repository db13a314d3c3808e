"""The strategy that holds a scanner's hits: the scan of each decision, and nothing else."""

import numpy as np
import pytest

from engine.decide import lend
from engine.errors import InvalidParameters
from engine.scanners import SCANNERS
from engine.strategies.screen import LEFT_OUT, Screen, ScreenParameters
from tests.engine.scanning import EASY, ROWS, close_of, make_market, scanned

OFFERED = ScreenParameters.model_json_schema()["properties"]["scanner"]["enum"]


def decided(panel, row, **parameters):
    strategy = Screen(ScreenParameters(**parameters))
    window = lend(panel, strategy, row, close_of(panel, row))
    return strategy.decide(window, None)[0]


@pytest.mark.parametrize("key", OFFERED)
def test_it_holds_what_the_scan_of_that_day_finds(key):
    panel = make_market()
    held = 0
    for row in range(260, ROWS, 4):
        found = scanned(panel, key, row=row, **LEFT_OUT.get(key, {}))
        best = [hit.asset for hit in found.hits[:3]]

        decision = decided(panel, row, scanner=key, top_n=3)

        expected = np.zeros(len(panel.symbols))
        expected[best] = 1.0 / 3.0
        np.testing.assert_array_equal(decision.weights, expected)
        held += len(best)
    # The others' default settings ask for what random walks hardly do.
    assert held > 0 or key not in {"momentum", "mean_reversion", "new_high", "quiet"}


def test_places_without_a_hit_are_cash_or_are_spread():
    panel = make_market()
    found = next(
        (row, hits)
        for row in range(260, ROWS)
        if 0 < (hits := len(scanned(panel, "new_high", row=row).hits)) < 5
    )

    cash, spread = (
        decided(panel, found[0], scanner="new_high", top_n=5, fill=fill).weights.sum()
        for fill in ("cash", "spread")
    )

    assert (cash, spread) == (pytest.approx(found[1] / 5), pytest.approx(1.0))


@pytest.mark.parametrize("key", OFFERED)
def test_it_asks_what_the_scan_was_asked(key):
    """Rules over price, turnover in Australian dollars, benchmark and opens among them."""
    asked = {**EASY[key], "rank_base": "universe"}
    if key == "quallamaggie":
        asked |= {"min_price_us": 5.0, "min_turnover_us": 1e6, "beat_benchmark": True}
    noise = np.random.default_rng(3).normal(0.0, 0.01, (ROWS, 12))
    panel = make_market(
        open=make_market().close * np.exp(noise),
        currency=np.ones(12),
        currencies=("AUD", "USD"),
        fx=np.tile([1.0, 1.5], (ROWS, 1)),
        fx_known_at=np.zeros((ROWS, 2)),
    )
    held = 0
    for row in range(260, ROWS, 4):
        found = scanned(panel, key, row=row, **asked)
        best = [hit.asset for hit in found.hits[:3]]

        decision = decided(panel, row, scanner=key, scanner_parameters=asked, top_n=3)

        assert np.flatnonzero(decision.weights).tolist() == sorted(best)
        held += len(best)
    assert held > 0


def test_every_scanner_is_offered():
    assert sorted(SCANNERS) == OFFERED


def test_a_parameter_the_scanner_does_not_know_is_refused_by_name():
    for unknown in ({"min_rsi": 3}, {"min_share": 2.0}):
        parameters = ScreenParameters(scanner="new_high", scanner_parameters=unknown)
        with pytest.raises(InvalidParameters, match=f"scanner_parameters.{next(iter(unknown))}"):
            Screen(parameters)


def test_it_says_how_many_each_rule_let_go():
    panel = make_market()
    row = ROWS - 1
    found = scanned(panel, "new_high", row=row)
    gone = {step.code: step.failed + step.unknown for step in found.funnel}

    decision = decided(panel, row, scanner="new_high")

    assert dict(decision.reasons) == {code: count for code, count in gone.items() if count}


def test_a_history_too_short_for_a_rule_holds_nobody():
    decision = decided(make_market(), ROWS - 1, scanner="momentum", history=100)

    assert decision.weights.sum() == 0.0
    assert decision.reasons["place"] == 12
