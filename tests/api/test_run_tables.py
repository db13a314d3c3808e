"""What lies beside the curves of a run: rolling figures, holdings, the spread of returns."""

from array import array
from datetime import date

import orjson
import pytest

from api.services.backtest_results import histogram, read_curve, read_held
from api.services.stored_holdings import read_holdings, spaced, write_holdings
from api.wiring import App
from models.session import make_engine, make_sessions
from tests.api.asking import asked
from tests.api.finished import finish_backtest
from tests.api.market import make_settings
from tests.api.test_run_backtest import HELD_APPLE, finished, shipped_closes
from tests.conftest import SAMPLE

FIELDS = """
query Tables($id: ID!, $window: Int, $most: Int, $at: Date, $bins: Int) {
  backtest(id: $id) {
    rolling(metric: VOLATILITY, window: $window, maxPoints: $most) {
      dates strategy benchmark pointCount totalPoints
    }
    weights(maxPoints: $most) { dates symbols weights }
    holdings(at: $at) { symbol weight shares value }
    returnDistribution(bins: $bins) { edges counts }
  }
}
"""


def table(days, symbols, equity, quantity, value):
    blocks = [array("d", block).tobytes() for block in (equity, quantity, value)]
    return read_holdings(write_holdings(days, symbols, *blocks))


THREE = table(
    ["2024-01-02", "2024-01-03", "2024-01-05"],
    ["AAA", "BBB", "CCC"],
    [100.0, 200.0, 400.0],
    [1.0, 0.0, 0.0, 1.0, 2.0, 0.0, 1.0, 2.5, 0.0],
    [50.0, 0.0, 0.0, 60.0, 120.0, 0.0, 80.0, 300.0, 0.0],
)


def test_a_day_shows_the_last_close_up_to_it_largest_first():
    held = THREE.on(date(2024, 1, 4))

    assert [(one.symbol, one.weight, one.shares, one.value) for one in held] == [
        ("BBB", 0.6, 2.0, 120.0),
        ("AAA", 0.3, 1.0, 60.0),
    ]


def test_no_day_is_the_end_and_a_day_before_the_run_holds_nothing():
    assert [one.value for one in THREE.on(None)] == [300.0, 80.0]
    assert THREE.on(date(2024, 1, 1)) == []


def test_weights_leave_out_what_was_never_held():
    dates, columns = THREE.weights(None)

    assert dates == ["2024-01-02", "2024-01-03", "2024-01-05"]
    assert columns == {"AAA": [0.5, 0.3, 0.2], "BBB": [0.0, 0.6, 0.75]}
    assert THREE.weights(2)[0] == ["2024-01-02", "2024-01-05"]


@pytest.mark.parametrize(
    ("total", "most", "rows"),
    [(5, None, [0, 1, 2, 3, 4]), (5, 9, [0, 1, 2, 3, 4]), (5, 3, [0, 2, 4]), (0, 2, [])],
)
def test_rows_are_spaced_evenly_with_both_ends(total, most, rows):
    assert spaced(total, most) == rows


def test_bars_of_equal_width_hold_every_value_once():
    edges, counts = histogram([-0.02, -0.01, 0.0, 0.01, 0.02], 4)

    assert edges == pytest.approx([-0.02, -0.01, 0.0, 0.01, 0.02])
    assert counts == [1, 1, 1, 2]


def test_equal_values_fall_into_one_bar():
    assert histogram([0.01, 0.01], 3) == ([0.01, 0.01, 0.01, 0.01], [2, 0, 0])


@pytest.fixture(scope="module")
async def apple(make_database, sample_url, worker_id, tmp_path_factory):
    """An application on the sample, and a run that bought Apple and kept it."""
    url = await make_database(f"tables_{worker_id}", template=SAMPLE)
    app = App(make_settings(tmp_path_factory.mktemp("home"), database_url=url))
    app.engine = make_engine(url, pool_size=2, command_timeout_seconds=60.0)
    app.sessions = make_sessions(app.engine)
    run = await finished(app.sessions, app.store, HELD_APPLE)
    yield app, run
    await app.engine.dispose()


async def test_a_holding_is_its_shares_at_the_close_of_the_day(apple):
    app, run = apple
    closes = shipped_closes("AAPL")
    held = await read_held(app.store, run)
    curve = await read_curve(app.store, run, "equity", max_points=None)

    [one] = held.on(date(2010, 7, 4))  # a Sunday
    assert one.shares == pytest.approx(100_000 / closes["2000-01-03"], rel=1e-9)
    assert one.value == pytest.approx(one.shares * closes["2010-07-02"], rel=1e-12)
    assert list(held.equity) == orjson.loads(curve.columns["net"])


async def test_every_table_is_told_by_the_api(apple):
    app, run = apple
    body = await asked(
        app,
        FIELDS,
        viewer_id=run.owner_id,
        id=f"backtest_{run.id}",
        window=63,
        most=50,
        at="2010-06-30",
        bins=20,
    )

    shipped = [day for day in shipped_closes("AAPL") if day >= "2000-01-03"]
    told = body["data"]["backtest"]
    rolling = told["rolling"]
    assert rolling["pointCount"] == len(rolling["dates"]) == len(rolling["strategy"]) == 50
    assert rolling["totalPoints"] == len(shipped) - 63
    assert all(0.0 < value < 2.0 for value in rolling["strategy"])
    assert told["weights"]["symbols"] == ["AAPL"]
    assert len(told["weights"]["dates"]) == 50
    assert [one["symbol"] for one in told["holdings"]] == ["AAPL"]
    assert sum(told["returnDistribution"]["counts"]) == len(shipped) - 1


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ({"window": 5}, "window was 5; choose 63, 126, 252 sessions"),
        ({"most": 1}, "maxPoints was 1; ask for at least 2"),
        ({"bins": 0}, "bins was 0; ask for 1 to 200"),
    ],
)
async def test_what_cannot_be_shown_is_refused_by_name(apple, given, words):
    app, run = apple
    body = await asked(app, FIELDS, viewer_id=run.owner_id, id=f"backtest_{run.id}", **given)

    assert words in {error["message"] for error in body["errors"]}


async def test_a_run_stored_without_tables_has_none(ask, app):
    run = await finish_backtest(app)

    body = await ask(FIELDS, id=f"backtest_{run.id}")

    told = body["data"]["backtest"]
    assert (told["rolling"], told["weights"], told["holdings"]) == (None, None, [])
