import numpy as np
import pandas as pd
import pytest
from pydantic import ValidationError

from engine.panel import NEVER
from engine.strategies.composite_momentum import CompositeMomentum, CompositeMomentumParameters
from tests.engine.panels import make_closes, make_panel

SESSIONS = 300


def decided(close, **parameters):
    strategy = CompositeMomentum(CompositeMomentumParameters(**parameters))
    close = np.asarray(close, np.float64)
    window = make_panel(close).window(len(close) - 1, strategy.warmup, NEVER - 1)
    return strategy.decide(window, None)[0]


def trend(*steps, sessions=SESSIONS):
    """Return paths that grow by `steps` a session, three up and one down so that RSI is known."""
    wave = np.where(np.arange(sessions) % 4 == 3, -1.5, 1.5)[:, None] * 0.001
    return 100.0 * np.exp(np.cumsum(np.array(steps) + wave, axis=0))


def scores_by_pandas(close, p):
    """Return the composite scores of complete closes, by pandas and the definition."""
    frame = pd.DataFrame(close)
    ranks = [
        (frame.iloc[-1] / frame.iloc[-1 - h] - 1.0).rank().sub(1.0) / (frame.shape[1] - 1)
        for h in (252, 126, 21)
    ]
    mixed = (p.a12 * ranks[0] + p.a6 * ranks[1] + p.a1 * ranks[2]) / (p.a12 + p.a6 + p.a1)
    bars = frame.iloc[-(max(p.slow, 252) + 1) :].reset_index(drop=True)

    def seeded(values, window, **how):
        start = values.first_valid_index() + window - 1
        head = values.loc[:start].mean()
        tail = values.loc[start + 1 :]
        return pd.concat([head.to_frame(start).T, tail]).ewm(**how, adjust=False).mean()

    change = bars.diff()
    rise = seeded(change.clip(lower=0.0), p.rsi_window, alpha=1.0 / p.rsi_window)
    fall = seeded((-change).clip(lower=0.0), p.rsi_window, alpha=1.0 / p.rsi_window)
    index = 100.0 - 100.0 / (1.0 + (rise / fall).iloc[-1])
    line = seeded(bars, p.macd_fast, span=p.macd_fast) - seeded(bars, p.macd_slow, span=p.macd_slow)
    signal = seeded(line.dropna(), p.macd_signal, span=p.macd_signal)
    rules = (
        bars.rolling(p.fast).mean().iloc[-1] > bars.rolling(p.slow).mean().iloc[-1],
        index.between(p.rsi_low, p.rsi_high),
        line.iloc[-1] > signal.iloc[-1],
    )
    return (
        p.mix * mixed + (1.0 - p.mix) * sum(rule.astype(float) for rule in rules) / 3
    ).to_numpy()


@pytest.mark.parametrize("seed", range(6))
@pytest.mark.parametrize(
    "parameters",
    [{}, {"a12": 0.2, "a6": 0.9, "a1": 0.6, "mix": 0.4}, {"fast": 20, "slow": 280, "rsi_high": 60}],
)
def test_the_names_held_are_those_of_the_definition_by_pandas(parameters, seed):
    close = make_closes(sessions=SESSIONS, assets=12, seed=seed)
    p = CompositeMomentumParameters(top_n=4, **parameters)
    scores = scores_by_pandas(close, p)

    held = np.flatnonzero(decided(close, top_n=4, **parameters).weights)

    best = np.argsort(-np.round(scores, 10), kind="stable")[:4]
    assert held.tolist() == sorted(i for i in best if scores[i] >= p.min_score)


def test_each_name_held_has_an_equal_place_and_the_rest_is_cash():
    decision = decided(trend(0.002, 0.001, -0.002), top_n=4, rsi_high=100.0)

    assert decision.weights.tolist() == [0.25, 0.25, 0.0]
    assert decision.reasons == {"below_min_score": 1}
    spread = decided(trend(0.002, 0.001, -0.002), top_n=4, rsi_high=100.0, fill="spread")
    assert spread.weights.tolist() == [0.5, 0.5, 0.0]


def test_the_shares_of_the_horizons_are_divided_by_their_sum():
    close = make_closes(sessions=SESSIONS, assets=9)

    one = decided(close, a12=0.5, a6=0.25, a1=0.25, min_score=0.6, top_n=9)
    other = decided(close, a12=1.0, a6=0.5, a1=0.5, min_score=0.6, top_n=9)

    assert one.weights.tolist() == other.weights.tolist()
    assert 0 < np.count_nonzero(one.weights) < 9


@pytest.mark.parametrize(
    ("parameters", "message"),
    [
        ({"a12": 0.0, "a6": 0.0, "a1": 0.0}, "a12, a6 and a1 are all 0"),
        ({"fast": 80, "slow": 60}, "fast was 80; it must be below slow"),
        ({"rsi_low": 70.0, "rsi_high": 70.0}, "rsi_low was 70.0; it must be below rsi_high"),
        ({"macd_fast": 30}, "macd_fast was 30; it must be below macd_slow"),
    ],
)
def test_parameters_that_contradict_each_other_are_refused(parameters, message):
    with pytest.raises(ValidationError, match=message):
        CompositeMomentumParameters(**parameters)


def test_an_overheated_asset_misses_a_rule():
    hot = 100.0 * np.exp(0.004 * np.arange(SESSIONS))[:, None]  # never a loss: RSI is 100

    strict = {"mix": 0.0, "min_score": 1.0}

    assert decided(hot, **strict).weights.tolist() == [0.0]
    assert decided(hot, rsi_high=100.0, mix=0.0, min_score=0.6).weights.tolist() == [0.1]


def test_a_collapsing_asset_misses_a_rule():
    fallen = (200.0 - 0.001 * np.arange(SESSIONS) ** 2)[:, None]  # never a gain: RSI is 0

    assert decided(fallen, mix=0.0, min_score=0.3).weights.tolist() == [0.0]
    assert decided(fallen, rsi_low=0.0, mix=0.0, min_score=0.3).weights.tolist() == [0.1]


def test_constant_prices_confirm_nothing():
    """Neither mean is above the other, RSI is 50, and rounding is not a histogram above zero."""
    flat = np.full((SESSIONS, 1), 33.3)

    assert decided(flat, mix=0.0, min_score=0.34).weights.tolist() == [0.0]
    assert decided(flat, mix=0.0, min_score=0.33).weights.tolist() == [0.1]


def test_a_slow_mean_of_more_bars_than_there_are_is_not_exceeded():
    holed = trend(0.002)
    holed[60:140:2] = np.nan
    rules = {"rsi_high": 100.0, "macd_fast": 5, "mix": 0.0}

    assert decided(holed, slow=200, min_score=1.0, **rules).weights.tolist() == [0.1]
    assert decided(holed, slow=240, min_score=1.0, **rules).weights.tolist() == [0.0]
    assert decided(holed, slow=240, min_score=0.6, **rules).weights.tolist() == [0.1]


def test_a_horizon_without_a_price_at_its_start_is_not_ranked():
    late = trend(0.002, 0.001)
    late[:80, 0] = np.nan

    decision = decided(late, min_score=0.0)

    assert decision.weights.tolist() == [0.0, 0.1]
    assert decision.reasons == {"no_end_point": 1}


def test_the_warm_up_follows_the_longer_of_a_year_and_the_slow_mean():
    assert CompositeMomentum(CompositeMomentumParameters()).warmup == 253
    assert CompositeMomentum(CompositeMomentumParameters(slow=400)).warmup == 401
