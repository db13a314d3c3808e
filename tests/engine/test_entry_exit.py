"""In and out of one asset: closed forms, a plain loop, and vectorbt on the same wishes."""

import subprocess
import sys
from itertools import combinations

import numpy as np
import pytest

from engine.compiled_runs import Prices, Wishes, run_wishes
from engine.entry_exit import crossings, run_crossings, run_states, states
from engine.errors import InvalidParameters
from engine.signals import Rules
from engine.technical import sma
from tests.engine.panels import make_panel
from tests.engine.signals import make_signals, run_signals

NAN = np.nan


def make_price(sessions=900, seed=1):
    steps = np.random.default_rng(seed).normal(0.0003, 0.012, sessions)
    return 100.0 * np.exp(np.cumsum(steps))


def as_text(rows):
    return ["".join("+" if inside else "." for inside in row) for row in rows.tolist()]


def marks(text):
    return np.array([[letter == "x" for letter in text]])


def test_a_crossing_needs_to_have_been_below():
    slow = np.full((1, 9), 5.0)
    fast = np.array([[NAN, 6.0, 6.0, 4.0, 5.0, 6.0, 5.5, 4.9, 5.1]])

    assert as_text(crossings(fast, slow)) == [".....++.+"]


def test_wishes_count_only_where_they_change_the_state():
    assert as_text(states(marks("..x.x....x"), marks(".x....x..."))) == ["..++++...+"]
    assert as_text(states(marks("xx..xx..."), marks("...x.x.x."))) == ["+++.+...."]


def test_a_round_trip_pays_its_cost_twice():
    price = np.array([10.0, 10.0, 12.0, 9.0, 9.0])

    found = run_states(price, np.array([[False, True, True, False, False]]), cost=0.01)

    assert found.total_return.tolist() == pytest.approx([9.0 / 10.0 * 0.99 / 1.01 - 1.0])
    assert found.max_drawdown.tolist() == pytest.approx([9.0 * 0.99 / 12.0 - 1.0])
    assert found.entries.tolist() == [1]


def test_what_is_never_in_earns_nothing_and_has_no_ratio():
    found = run_states(make_price(50), np.zeros((1, 50), np.bool_))

    assert (found.total_return[0], found.max_drawdown[0], found.entries[0]) == (0.0, 0.0, 0)
    assert np.isnan(found.sharpe_ratio[0])


def replay(price, inside, cost):
    """Return equity session by session, by the sentence of `run_states` and nothing else."""
    value, state, curve = 1.0, False, []
    for k, now in enumerate(inside.tolist()):
        if state:
            value *= price[k] / price[k - 1]
        if now != state:
            value = value / (1.0 + cost) if now else value * (1.0 - cost)
        state = now
        curve.append(value)
    return np.array(curve)


@pytest.mark.parametrize("cost", [0.0, 0.002])
def test_figures_are_those_of_the_curve_a_plain_loop_draws(cost):
    price = make_price(300)
    inside = np.random.default_rng(2).random((40, 300)).cumsum(axis=1) % 9.0 < 4.0

    found = run_states(price, inside, cost=cost)

    for number in range(40):
        curve = replay(price, inside[number], cost)
        returns = np.diff(curve, prepend=1.0) / np.concatenate([[1.0], curve[:-1]])
        peaks = np.maximum.accumulate(np.append(1.0, curve))
        sharpe = returns.mean() / returns.std(ddof=1) * np.sqrt(252)
        assert found.total_return[number] == pytest.approx(curve[-1] - 1.0, abs=1e-12)
        assert found.sharpe_ratio[number] == pytest.approx(sharpe, rel=1e-9)
        drawdown = (np.append(1.0, curve) / peaks).min() - 1.0
        assert found.max_drawdown[number] == pytest.approx(drawdown, abs=1e-12)


def as_prices(opening, high, low, close, tradable=None):
    columns = [
        np.asarray(values, np.float64).reshape(len(close), -1)
        for values in (opening, high, low, close)
    ]
    can = np.isfinite(columns[3]) if tradable is None else tradable
    return Prices(open=columns[0], high=columns[1], low=columns[2], close=columns[3], tradable=can)


def test_crossings_without_stops_are_vectorbts():
    """Engine.md 4.9 (c): the same closes, the same states, total return, Sharpe and drawdown."""
    vectorbt = pytest.importorskip("vectorbt")
    import pandas as pd

    price = make_price()
    levels = np.stack([sma(price[:, None], window)[:, 0] for window in range(5, 65, 5)])
    pairs = list(combinations(range(len(levels)), 2))
    inside = np.concatenate(
        [crossings(levels[fast][None], levels[slow][None]) for fast, slow in pairs]
    ).T
    before = np.vstack([np.zeros((1, inside.shape[1]), np.bool_), inside[:-1]])

    ours = run_crossings(price, levels, pairs, cost=0.001)
    theirs = vectorbt.Portfolio.from_signals(
        pd.DataFrame(np.repeat(price[:, None], len(pairs), axis=1)),
        inside & ~before,
        before & ~inside,
        fees=0.001,
        init_cash=1e9,
        engine="rust",
        freq="1D",
    )

    curves = np.asarray(theirs.value()) / 1e9
    returns = curves / np.vstack([np.ones((1, len(pairs))), curves[:-1]]) - 1.0
    sharpe = returns.mean(axis=0) / returns.std(axis=0, ddof=1) * np.sqrt(252)
    drawdown = (curves / np.maximum.accumulate(np.maximum(curves, 1.0))).min(axis=0) - 1.0
    np.testing.assert_allclose(ours.total_return, curves[-1] - 1.0, rtol=0, atol=1e-12)
    np.testing.assert_allclose(ours.sharpe_ratio, sharpe, rtol=1e-9)
    np.testing.assert_allclose(ours.max_drawdown, drawdown, rtol=0, atol=1e-12)


def make_bars(sessions=700, seed=9):
    rng = np.random.default_rng(seed)
    close = make_price(sessions, seed)
    opening = np.append(close[0], close[:-1]) * np.exp(rng.normal(0.0, 0.006, sessions))
    high = np.maximum(opening, close) * (1.0 + rng.uniform(0.0, 0.02, sessions))
    low = np.minimum(opening, close) * (1.0 - rng.uniform(0.0, 0.02, sessions))
    return opening, high, low, close


def as_panel(opening, high, low, close):
    """Return the bars as a market without a limit of volume."""
    fields = {"open": opening, "high": high, "low": low, "volume": np.full(len(close), np.nan)}
    columns = {name: values[:, None] for name, values in fields.items()}
    return make_panel(close[:, None], **columns)


def test_stops_targets_and_gaps_are_vectorbts():
    """The ledger of signals against the compiled engine, all money in one asset.

    Stops lie below the low of the session of the purchase, on which vectorbt looks at none.
    """
    opening, high, low, close = make_bars()
    n = len(close)
    wanted = np.random.default_rng(3).random(n) < 0.2
    wanted[-1] = False
    after = np.append(np.arange(1, n), n - 1)
    floor = np.minimum(close * 0.97, low[after] * 0.999)
    reached = 1.5 * (opening[after] - floor) / opening[after]
    above = high[after] < opening[after] * (1.0 + reached)
    entries = wanted & above
    rules = Rules(risk=1e9, max_position=1.0, max_positions=1, partial=1.0, partial_at=1.5)
    decided = {
        row: make_signals(asset=[0], floor=[floor[row]], rules=rules)
        for row in np.flatnonzero(entries).tolist()
    }
    panel = as_panel(opening, high, low, close)

    ours = run_signals(panel, decided, whole_shares=False, capital=1e9)
    theirs = run_wishes(
        as_prices(opening, high, low, close),
        Wishes(
            entries=entries[:, None],
            exits=np.zeros((n, 1), np.bool_),
            stop=(1.0 - floor / opening[after])[:, None],
            target=reached[:, None],
        ),
    )

    assert set(ours.orders.reason) == {"filled", "filled_at_stop", "filled_at_target"}
    assert ours.orders.row.tolist() == theirs.row.tolist()
    assert ours.orders.side.tolist() == theirs.side.tolist()
    np.testing.assert_allclose(ours.orders.price, theirs.price, rtol=1e-9)
    np.testing.assert_allclose(ours.books.equity / 1e9, theirs.equity[:, 0], rtol=1e-9)
    gapped = (ours.orders.reason == np.array("filled_at_stop")) & np.isin(
        ours.orders.price, opening
    )
    assert gapped.any()


def test_exits_at_the_next_open_are_vectorbts():
    opening, high, low, close = make_bars(seed=5)
    rng = np.random.default_rng(6)
    entries, exits = rng.random(len(close)) < 0.1, rng.random(len(close)) < 0.1
    exits &= ~entries
    entries[-1] = exits[-1] = False
    rules = Rules(risk=1e9, max_position=1.0, max_positions=1)
    decided = {
        row: make_signals(
            asset=[0] if entries[row] else [], leave=[0] if exits[row] else (), rules=rules
        )
        for row in np.flatnonzero(entries | exits).tolist()
    }
    panel = as_panel(opening, high, low, close)

    ours = run_signals(panel, decided, whole_shares=False, capital=1e9)
    theirs = run_wishes(
        as_prices(opening, high, low, close),
        Wishes(entries=entries[:, None], exits=exits[:, None]),
    )

    assert ours.orders.row.tolist() == theirs.row.tolist()
    np.testing.assert_allclose(ours.books.equity / 1e9, theirs.equity[:, 0], rtol=1e-9)


def test_no_compiled_run_fills_on_a_session_that_cannot_be_traded():
    opening, high, low, close = make_bars(sessions=60)
    tradable = np.ones((60, 1), np.bool_)
    tradable[11] = False
    entries = np.zeros((60, 1), np.bool_)
    entries[[10, 20]] = True

    runs = run_wishes(
        as_prices(opening, high, low, close, tradable),
        Wishes(entries=entries, exits=np.zeros_like(entries)),
    )

    assert (runs.row.tolist(), runs.side.tolist()) == ([21], [1])


def test_nothing_of_vectorbt_is_loaded_before_a_compiled_run():
    code = (
        "import sys, engine.backtest, engine.compiled_runs, engine.entry_exit, engine.trials;"
        "print(*sys.modules)"
    )

    loaded = subprocess.check_output([sys.executable, "-c", code], text=True).split()

    assert {"vectorbt", "numba", "pandas"}.isdisjoint(loaded)


def test_without_vectorbt_a_compiled_run_says_what_it_lacks(monkeypatch):
    monkeypatch.setitem(sys.modules, "vectorbt", None)
    none = np.zeros((60, 1), np.bool_)

    with pytest.raises(InvalidParameters, match="need vectorbt, which is absent"):
        run_wishes(as_prices(*make_bars(sessions=60)), Wishes(entries=none, exits=none))


def test_wishes_of_another_shape_are_refused_by_name():
    prices = as_prices(*make_bars(sessions=60))
    none = np.zeros((60, 1), np.bool_)

    with pytest.raises(InvalidParameters, match=r"exits was of shape \(59, 1\)"):
        run_wishes(prices, Wishes(entries=none, exits=none[1:]))
