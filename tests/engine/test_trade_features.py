import numpy as np
import pytest

from engine.fractional import difference_weights
from engine.panel import NEVER
from engine.published import Published
from engine.regime_following import Index
from engine.regimes import detect
from engine.trade_features import NAMES, stress_probability, trade_features
from tests.engine.panels import make_closes, make_panel, make_sessions

SESSIONS = 300
NAN = np.nan


def make_market(**changes):
    close = make_closes(sessions=SESSIONS, assets=3)
    rng = np.random.default_rng(1)
    up, down = np.abs(rng.normal(0.0, 0.01, (2, SESSIONS, 3)))
    values = {
        "open": close * (1.0 + rng.normal(0.0, 0.005, close.shape)),
        "high": close * (1.0 + up),
        "low": close * (1.0 - down),
        "volume": rng.uniform(1e5, 1e6, close.shape),
    }
    close = changes.pop("close", close)
    return make_panel(close, **{**values, **changes})


def told(panel, asset=0, scores=(0.3, NAN, 0.1), row=None):
    row = len(panel.session) - 1 if row is None else row
    window = panel.window(row, row + 1, NEVER - 1)
    [features] = trade_features(window, np.array([asset]), np.array(scores), 0.25)
    return dict(zip(NAMES, features, strict=True))


def test_each_column_is_what_its_name_says():
    panel = make_market()
    close, opens = panel.close[:, 0], panel.open[:, 0]
    high, low, volume = panel.high[:, 0], panel.low[:, 0], panel.volume[:, 0]
    returns = close[1:] / close[:-1] - 1.0

    found = told(panel)

    expected = {
        **{f"volatility_{n}": returns[-n:].std(ddof=1) for n in (10, 21, 63)},
        **{f"return_{n}": close[-1] / close[-1 - n] - 1.0 for n in (5, 21, 63, 252)},
        **{f"distance_to_mean_{n}": close[-1] / close[-n:].mean() - 1.0 for n in (10, 50, 200)},
        "relative_volume": volume[-1] / volume[-20:].mean() - 1.0,
        "range": (high[-1] - low[-1]) / close[-1],
        "gap": opens[-1] / close[-2] - 1.0,
        "score": 0.3,
        "rank": 0.0,
        "stress": 0.25,
    }
    assert {name: found[name] for name in expected} == pytest.approx(expected, rel=1e-9)
    level = np.log(close[-253:])
    weights = difference_weights(0.4)
    difference = weights @ (level - level.mean())[: -len(weights) - 1 : -1]
    assert found["fractional_difference"] == pytest.approx(difference, rel=1e-9)
    ranges = np.maximum(high[1:], close[:-1]) - np.minimum(low[1:], close[:-1])
    assert found["atr"] == pytest.approx(ranges[-60:].mean() / close[-1], rel=0.3)


def test_the_vix_and_its_percentile_with_half_of_the_ties():
    values = np.arange(SESSIONS) % 4 + 15.0
    vix = Published(
        columns=("VIX",),
        day=make_sessions(SESSIONS),
        value=values[:, None],
        known_at=np.zeros(SESSIONS),
    )

    found = told(make_market(extra={"VIX": vix}))

    # The last of 252 is 18, the highest of four equal quarters.
    assert (found["vix"], found["vix_percentile"]) == (18.0, 0.875)


def test_without_a_vix_it_is_unknown():
    found = told(make_market())

    assert np.isnan([found["vix"], found["vix_percentile"]]).all()


def test_what_only_closes_tell_is_known_and_the_rest_is_not_made_up():
    close = make_closes(sessions=SESSIONS, assets=3)
    nothing = np.full_like(close, NAN)

    found = told(make_market(open=nothing, high=nothing, low=nothing, volume=nothing))

    unknown = {name for name, value in found.items() if np.isnan(value)}
    assert unknown == {"gap", "relative_volume", "vix", "vix_percentile"}
    assert found["range"] == 0.0
    assert found["return_5"] == pytest.approx(close[-1, 0] / close[-6, 0] - 1.0)


def test_a_short_history_leaves_out_what_it_does_not_reach():
    found = told(make_market(), row=30)

    unknown = {name for name, value in found.items() if np.isnan(value)}
    assert unknown == {
        "volatility_63",
        "return_63",
        "return_252",
        "distance_to_mean_50",
        "distance_to_mean_200",
        "fractional_difference",
        "vix",
        "vix_percentile",
    }


def test_nothing_has_a_unit():
    plain = make_market()
    dearer = {name: getattr(plain, name) * 8.0 for name in ("open", "high", "low", "close")}

    assert told(make_market(**dearer, volume=plain.volume * 4.0)) == pytest.approx(
        told(plain), rel=1e-9, nan_ok=True
    )


def test_ranks_run_from_the_best_to_the_worst_and_ties_share_the_better():
    panel = make_market()
    scores = (0.1, 0.3, 0.1)

    assert [told(panel, asset, scores)["rank"] for asset in range(3)] == [0.5, 0.0, 0.5]


def test_stress_is_the_filtered_probability_of_the_last_session():
    level = make_closes(sessions=900, assets=1)[:, 0]
    session = make_sessions(900)

    told = stress_probability(Index.of(session, level, None))

    assert told == pytest.approx(detect(level).probability[-1, -1], abs=1e-9)


@pytest.mark.parametrize("sessions", [0, 100, 400])
def test_without_a_model_of_the_market_its_stress_is_unknown(sessions):
    level = make_closes(sessions=400, assets=1)[:sessions, 0]

    assert np.isnan(stress_probability(Index.of(make_sessions(400)[:sessions], level, None)))


def test_nothing_chosen_makes_no_rows():
    panel = make_market()
    window = panel.window(SESSIONS - 1, SESSIONS, NEVER - 1)

    assert trade_features(window, np.empty(0, np.int64), np.zeros(3), NAN).shape == (0, len(NAMES))
