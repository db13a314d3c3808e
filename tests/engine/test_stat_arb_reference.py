"""`stat_arb` against the page: formed by statsmodels and least squares, traded in plain loops."""

import math
from itertools import combinations

import numpy as np
import pytest
from statsmodels.tsa.stattools import coint

from engine.strategies.stat_arb import StatArb, StatArbParameters
from tests.engine.panels import make_panel
from tests.engine.test_page_references import decisions
from tests.engine.test_pairs import make_levels

FIRST, FORM = 130, 126


def line(y, x):
    design = np.column_stack([np.ones_like(x), x])
    (a, b), *_ = np.linalg.lstsq(design, y, rcond=None)
    residual = y - a - b * x
    variance = float(residual @ residual) / (len(y) - 2)
    return a, b, residual, variance, variance * np.linalg.inv(design.T @ design)


def half_life(spread):
    phi = line(spread[1:], spread[:-1])[1]
    return math.log(2.0) / -math.log(phi) if 0.0 < phi < 1.0 else math.nan


def formed(levels, p):
    """2.14, steps 1 to 3, with the closest prices as candidates."""
    price = np.exp(levels - levels[0])
    pairs = list(combinations(range(levels.shape[1]), 2))
    pairs.sort(key=lambda pair: float(((price[:, pair[0]] - price[:, pair[1]]) ** 2).sum()))
    centred = levels - levels.mean(axis=0)
    tested = []
    for one, other in pairs[: p.n_pairs]:
        both = [
            (coint(centred[:, y], centred[:, x])[1], y, x) for y, x in ((one, other), (other, one))
        ]
        tested.append(min(both, key=lambda each: each[0]))
    ordered = sorted(tested)
    most = max(
        (k for k, (q, *_) in enumerate(ordered, 1) if q <= p.p_max * k / len(ordered)), default=0
    )
    found = []
    for _, y, x in ordered[:most]:
        a, b, residual, variance, covariance = line(centred[:, y], centred[:, x])
        crossed = np.count_nonzero(np.diff(np.sign(residual - residual.mean())))
        often = crossed / len(levels) * 252.0 >= 12.0
        if b > 0.0 and often and p.hl_min <= half_life(residual) <= p.hl_max:
            found.append(
                {
                    "y": y,
                    "x": x,
                    "theta": np.array([a, b]),
                    "P": covariance,
                    "R": variance,
                    "life": half_life(residual),
                    "side": 0,
                    "blocked": False,
                }
            )
    return found, levels.mean(axis=0)


def spread_of(pair, y, x, p):
    """Return the score of a session and the slope it was expected with; the filter then learns."""
    if p.hedge == "ols":
        a, b = pair["theta"]
        return (y - a - b * x) / math.sqrt(pair["R"]), b
    h = np.array([1.0, x])
    prior = pair["P"] + p.delta / (1.0 - p.delta) * np.eye(2)
    error, variance = y - h @ pair["theta"], h @ prior @ h + pair["R"]
    gain, slope = prior @ h / variance, pair["theta"][1]
    pair["theta"] = pair["theta"] + gain * error
    pair["P"] = prior - np.outer(gain, h @ prior)
    return error / math.sqrt(variance), slope


def traded(pairs, scores, p):
    """2.14, step 4: leave, then enter the widest where there is a place."""
    for pair, (z, _) in zip(pairs, scores, strict=True):
        was = pair["side"]
        pair["age"] = pair.get("age", 0) + 1 if was else 0
        came_back = z >= -p.z_out if was > 0 else z <= p.z_out
        failed = abs(z) >= p.z_stop or pair["age"] >= 3.0 * pair["life"]
        pair["was"] = was
        if pair["blocked"] and abs(z) < p.z_out:
            pair["blocked"] = False
        if was and (came_back or failed):
            pair["side"] = 0
            pair["blocked"] = failed and not came_back
    waiting = [
        (-abs(z), k)
        for k, (pair, (z, slope)) in enumerate(zip(pairs, scores, strict=True))
        if not pair["was"] and not pair["blocked"] and slope > 0.0 and p.z_in <= abs(z) < p.z_stop
    ]
    places = p.max_pairs - sum(pair["side"] != 0 for pair in pairs)
    for _, k in sorted(waiting)[: max(places, 0)]:
        z, slope = scores[k]
        pairs[k] |= {"side": -int(np.sign(z)), "ratio": slope, "age": 0}


def weights_of(pairs, size, p):
    weights = np.zeros(size)
    for pair in pairs:
        if pair["side"]:
            unit = pair["side"] / p.max_pairs / (1.0 + pair["ratio"])
            weights[pair["y"]] += unit
            weights[pair["x"]] -= unit * pair["ratio"]
    return weights


@pytest.mark.parametrize("hedge", ["ols", "kalman"])
def test_pairs_are_formed_and_traded_as_on_the_page(hedge):
    levels = make_levels(sessions=300, seed=2)
    panel = make_panel(50.0 * np.exp(levels))
    logs = np.log(panel.close)
    p = StatArbParameters(
        form=FORM, form_every=50, cluster="distance", n_pairs=10, hedge=hedge, delta=1e-6,
        z_in=1.2, z_out=0.3, z_stop=2.6, max_pairs=2, hl_min=1, p_max=0.2, min_price=0.0,
    )  # fmt: skip

    pairs, centre, entered, ended = [], None, 0, 0
    for row, found, decision in decisions(panel, StatArb(p), FIRST):
        if (row - FIRST) % 50 == 0:
            pairs, centre = formed(logs[row - FORM : row + 1], p)
            assert decision is not None
            assert decision.diagnostics["stat_arb"]["formation"]["pairs"] == len(pairs)
            np.testing.assert_array_equal(found, 0.0)
            continue
        y, x = logs[row] - centre, logs[row] - centre
        scores = [spread_of(pair, y[pair["y"]], x[pair["x"]], p) for pair in pairs]
        before = [pair["side"] for pair in pairs]
        traded(pairs, scores, p)
        after = [pair["side"] for pair in pairs]
        assert (decision is not None) == (before != after), row
        np.testing.assert_allclose(found, weights_of(pairs, len(levels[0]), p), atol=1e-9)
        entered += sum(new != 0 and old == 0 for old, new in zip(before, after, strict=True))
        ended += sum(new == 0 and old != 0 for old, new in zip(before, after, strict=True))
    assert min(entered, ended) > 3
