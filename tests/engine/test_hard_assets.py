import numpy as np
import pytest
from pydantic import ValidationError

from engine import sleeves
from engine.errors import MissingData
from engine.panel import NEVER
from engine.published import Published
from engine.strategies.hard_assets import HardAssets, HardAssetsParameters, Held
from tests.engine.panels import DAY, HOUR, US_CLOSE, make_closes, make_panel, make_sessions

NAN = np.nan
SESSIONS = 300
NAMED = {"btc": ("S000",), "gold": ("S001",), "silver": ("S002",)}
CALM, FEAR = 15.0, 30.0


def published(name, values):
    return Published(
        columns=(name,),
        day=make_sessions(len(values)),
        value=np.asarray(values, np.float64)[:, None],
        known_at=np.zeros(len(values)),
    )


def windows_of(close, *, vix=CALM, yields=None, first=None):
    """Lend each row from `first` on, as a daily run does."""
    n = len(close)
    extra = {"VIX": published("VIX", np.broadcast_to(vix, n))}
    if yields is not None:
        extra["US10Y_REAL"] = published("US10Y_REAL", yields)
    panel = make_panel(close, extra=extra)
    rows = range(n - 1 if first is None else first, n)
    return [panel.window(row, 253, NEVER - 1) for row in rows]


def make_strategy(**parameters):
    return HardAssets(HardAssetsParameters(**{**NAMED, **parameters}))


def decide(close, state=None, *, vix=CALM, yields=None, **parameters):
    [window] = windows_of(close, vix=vix, yields=yields)
    return make_strategy(**parameters).decide(window, state)


def shapes(*, btc=0.0, gold=0.0, silver=0.0):
    """Return three wobbling prices whose last 21, 1 and 63 sessions end so much higher."""
    close = make_closes(sessions=SESSIONS, assets=3, seed=3)
    close = 100.0 * (close / close[0]) ** 0.1
    close[-21:, 0] *= 1.0 + btc * np.linspace(1 / 21, 1.0, 21)
    close[-1:, 1] *= 1.0 + gold
    close[-63:, 2] *= 1.0 + silver * np.linspace(1 / 63, 1.0, 63)
    return close


def falling_yields(n=SESSIONS):
    return np.linspace(0.02, 0.01, n)


def test_gold_silver_ratio_golden():
    """2.19: a history of mean 80 and standard deviation 5, today 84: z = 0.8."""
    signs = np.where(np.arange(252) % 2 == 0, 1.0, -1.0)
    history = 80.0 + 5.0 * signs * np.sqrt(251 / 252)  # ddof 1

    assert sleeves.z_score(history, 84.0) == pytest.approx(0.8, abs=1e-12)


def ratio_of(z, *, silver_return):
    """Return gold and silver whose ratio stands `z` deviations above 252 sessions of mean 80."""
    signs = np.where(np.arange(252) % 2 == 0, 1.0, -1.0)
    ratio = np.append(80.0 + 5.0 * signs * np.sqrt(251 / 252), 80.0 + 5.0 * z)
    silver = np.full(253, 20.0)
    silver[-1] *= 1.0 + silver_return
    return np.column_stack([np.full(253, NAN), ratio * silver, silver])


@pytest.mark.parametrize(
    ("z", "silver_return", "held"),
    [(0.8, 0.01, True), (0.8, 0.0, False), (0.8, -0.01, False), (0.4, 0.01, False)],
)
def test_silver_is_held_when_cheap_against_gold_and_rising(z, silver_return, held):
    decision, _ = decide(ratio_of(z, silver_return=silver_return), yields=np.full(253, 0.02))

    assert (decision.weights > 0.0).tolist() == [False, False, held]


def test_silver_without_a_known_return_is_off():
    close = ratio_of(0.8, silver_return=0.01)
    close[-67:-60, 2] = NAN

    decision, _ = decide(close, yields=np.full(253, 0.02))

    assert decision.weights.tolist() == [0.0, 0.0, 0.0]


def test_bitcoin_is_bought_above_its_threshold_and_kept_down_to_half_of_it():
    strategy = make_strategy(btc_thr=0.5)
    scores, wanted, state = [0.5, 0.6, 0.3, 0.24], [], None
    [window] = windows_of(shapes())
    for score in scores:
        level = level_of(score)
        on, since = strategy._bitcoin(window, level, state)
        # Bought longer ago than the shortest hold.
        state = held(wants_btc=on, since=min(since, int(window.session[-7])))
        wanted.append(on)

    assert wanted == [False, True, True, False]


def level_of(score):
    """Return 64 levels of which 21-session return over annual volatility is `score`."""
    low, high = -1.0, 3.0
    for _ in range(80):
        gain = (low + high) / 2
        level = np.full(64, 100.0) * (1.0 + 0.01 * (np.arange(64) % 2))
        level[-21:] *= np.linspace(1.0, 1.0 + gain, 21)
        low, high = (gain, high) if sleeves.momentum_per_risk(level) < score else (low, gain)
    return level * (1.0 + 1e-13)


def held(**changes):
    return Held(**{"month": 0, "weights": (0.0,) * 3, "levels": (1.0,) * 3, **changes})


def test_bitcoin_is_kept_five_sessions_whatever_it_does():
    [window] = windows_of(shapes())
    strategy, crashed = make_strategy(), np.append(np.linspace(100, 130, 63), 20.0)

    kept = [
        strategy._bitcoin(window, crashed, held(wants_btc=True, since=int(window.session[-1 - k])))
        for k in (4, 5)
    ]

    assert [on for on, _ in kept] == [True, False]


def test_bitcoin_of_unknown_score_is_off():
    strategy = make_strategy()
    [window] = windows_of(shapes())
    unknown = np.full(64, NAN)

    assert strategy._bitcoin(window, unknown, None)[0] is False
    long_held = held(wants_btc=True, since=int(window.session[0]))
    assert strategy._bitcoin(window, unknown, long_held)[0] is False


@pytest.mark.parametrize(
    ("yields", "vix", "weight", "flags"),
    [
        (falling_yields(), CALM, 0.4, ()),
        (falling_yields()[::-1], CALM, 0.0, ()),
        (falling_yields()[::-1], FEAR, 0.4, ()),
        (None, FEAR, 0.4, ("real_yield_missing",)),
    ],
)
def test_gold_is_held_on_low_real_yields_or_fear(yields, vix, weight, flags):
    decision, _ = decide(shapes(), vix=vix, yields=yields)

    assert decision.weights.tolist() == [0.0, weight, 0.0]
    assert decision.flags == flags


@pytest.mark.parametrize(("gold", "weight"), [(0.2, 0.4), (-0.2, 0.0)])
def test_gold_without_a_real_yield_follows_its_trend_and_says_so(gold, weight):
    decision, _ = decide(shapes(gold=gold))

    assert decision.weights.tolist() == [0.0, weight, 0.0]
    assert decision.flags == ("real_yield_missing",)


def test_a_yield_that_stopped_being_published_is_missing():
    decision, _ = decide(shapes(gold=-0.2), yields=falling_yields(SESSIONS - 10))

    assert decision.weights.tolist() == [0.0, 0.0, 0.0]
    assert decision.flags == ("real_yield_missing",)


def test_two_share_by_inverse_volatility_and_what_finds_no_room_stays_in_cash():
    decision, _ = decide(shapes(btc=0.9), yields=falling_yields())

    assert decision.weights.tolist() == [0.4, 0.4, 0.0]


def test_three_share_by_risk_parity_within_the_box():
    free = shapes(btc=0.9, silver=0.05)
    free[-1, 1] *= 1.1

    decision, _ = decide(free, yields=falling_yields(), wmin=0.3, wmax=0.38)

    assert decision.weights.sum() == pytest.approx(1.0, abs=1e-12)
    assert decision.weights.min() >= 0.3 - 1e-12
    assert decision.weights.max() <= 0.38 + 1e-12


def test_within_a_month_it_trades_on_drift_alone():
    close = shapes()
    first, state = decide(close, yields=falling_yields())
    calm, unmoved = decide(close * [1.0, 1.05, 1.0], state, yields=falling_yields())
    moved, _ = decide(close * [1.0, 1.4, 1.0], state, yields=falling_yields())

    assert first.weights.tolist() == [0.0, 0.4, 0.0]
    assert calm is None
    assert unmoved.weights == state.weights
    assert moved.weights.tolist() == [0.0, 0.4, 0.0]


def test_the_first_session_of_a_month_trades_whatever_the_drift():
    traded = []
    strategy, state = make_strategy(btc=(), silver=()), None
    for window in windows_of(shapes(), yields=falling_yields(), first=252):
        decision, state = strategy.decide(window, state)
        if decision is not None:
            traded.append(window.session[-1].astype("datetime64[D]"))

    assert [str(day) for day in traded] == ["2000-12-20", "2001-01-01", "2001-02-01"]


def test_a_signal_that_ends_sells_before_the_month_does():
    close = shapes()
    _, state = decide(close, vix=FEAR, yields=falling_yields()[::-1])

    ended, _ = decide(close, state, vix=CALM, yields=falling_yields()[::-1])

    assert ended.weights.tolist() == [0.0, 0.0, 0.0]


def test_an_asset_that_is_not_in_the_run_is_named():
    with pytest.raises(MissingData, match="gold named GLD, which is not an asset of this run"):
        decide(shapes(), gold=("GLD",))


def test_an_asset_left_out_is_never_held():
    decision, _ = decide(shapes(btc=0.9), yields=falling_yields(), btc=())

    assert decision.weights.tolist() == [0.0, 0.4, 0.0]


@pytest.mark.parametrize(
    ("changes", "fault"),
    [
        ({"silver": ("S001",)}, "S000, S001, S001; name each once"),
        ({"gold": ()}, "silver is judged by the price of gold; name gold too"),
        ({"wmin": 0.3, "wmax": 0.3}, "wmin was 0.3; it must be below wmax"),
    ],
)
def test_parameters_that_contradict_each_other_are_refused(changes, fault):
    with pytest.raises(ValidationError, match=fault):
        make_strategy(**changes)


def test_constant_prices_hold_nothing():
    close = np.full((SESSIONS, 3), 50.0)

    decision, _ = decide(close, yields=falling_yields(), vix=FEAR)

    assert decision.weights.tolist() == [0.0, 0.0, 0.0]


def test_extra_slippage_is_by_asset():
    assert make_strategy().extra_slippage() == {"S000": 10.0, "S001": 30.0, "S002": 30.0}


def test_bitcoin_that_trades_at_weekends_is_sampled_on_the_sessions_of_gold():
    """The same decisions, to the bit, as with bitcoin's weekdays alone."""
    close = shapes(btc=0.9, silver=0.05)
    weekdays = make_sessions(SESSIONS)
    days = np.arange(weekdays[0], weekdays[-1] + 1)
    traded = np.isin(days, weekdays)
    every_day = np.full((len(days), 3), NAN)
    every_day[traded] = close
    every_day[~traded, 0] = 1e6  # a weekend's price, which nobody samples
    closes_at = np.stack([days * DAY + US_CLOSE] * 2, axis=1)
    closes_at[~traded, 0] = NEVER
    extra = {"VIX": published("VIX", np.full(SESSIONS, CALM))}
    panel = make_panel(
        every_day,
        session=days,
        market=[1, 0, 0],
        markets=("XNYS", "24/7"),
        closes_at=closes_at,
        opens_at=np.where(closes_at == NEVER, NEVER, closes_at - HOUR),
        benchmark=np.full(len(days), 100.0),
        extra=extra,
    )

    mixed, _ = make_strategy().decide(panel.window(len(days) - 1, 370, NEVER - 1), None)

    alone, _ = decide(close)
    assert mixed.weights.tobytes() == alone.weights.tobytes()
    assert np.count_nonzero(mixed.weights) == 2


def test_without_gold_bitcoin_is_sampled_on_weekdays():
    days = np.arange(make_sessions(1)[0], make_sessions(1)[0] + 420)
    weekday = np.is_busday(days.astype("datetime64[D]"))
    level = np.full(420, 1e6)
    level[weekday] = shapes(btc=0.9)[:, 0]
    panel = make_panel(
        level[:, None], session=days, extra={"VIX": published("VIX", np.full(SESSIONS, CALM))}
    )
    strategy = HardAssets(HardAssetsParameters(btc=("S000",), gold=(), silver=()))

    decision, _ = strategy.decide(panel.window(419, 370, NEVER - 1), None)

    assert decision.weights.tolist() == [0.4]
