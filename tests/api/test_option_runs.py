"""A run on modelled options, as a caller sees it."""

import re
from datetime import UTC, datetime

import pytest

from api.adapters.csv_series import read_series
from api.services.import_series import import_series
from models.session import unit_of_work
from tests.api.asking import asked
from tests.api.test_every_strategy import figures, finished, opened, submitted

ASKED = """
query Options($id: ID!) {
  backtest(id: $id) {
    diagnostics
    guards { flags }
    attribution { asset currency interaction costs cash bySymbol }
    metrics { totalReturn maxDrawdown }
    orders(first: 4) { nodes { symbol quantity reason } totalCount }
    weights(maxPoints: 40) { symbols }
  }
}
"""
LEG = re.compile(r"\^GSPC \d{4}-\d{2}-\d{2} \d+ (put|call)")


@pytest.fixture
async def app(make_database, sample_url, worker_id, tmp_path):
    app = await opened(make_database, f"options_{worker_id}", tmp_path)
    async with unit_of_work(app.sessions) as session:
        file = read_series(figures(18.0).encode(), name="synthetic_VIX3M.csv", panel="VIX3M")
        await import_series(session, file, now=datetime.now(UTC))
    yield app
    await app.engine.dispose()


async def test_a_condor_shows_its_legs_its_slopes_and_what_it_is_made_of(app):
    wide = {"vix_lo": 0, "vix_hi": 150, "skew": -0.2}

    told = await submitted(app, "iron_condor", parameters=wide)
    await finished(app, told)
    body = await asked(app, ASKED, id=told["backtest"]["id"])
    assert "errors" not in body, body
    run = body["data"]["backtest"]

    assert "modelled_prices" in run["guards"]["flags"]
    rows = run["diagnostics"]["option_skews"]["runs"]
    assert [row["skew"] for row in rows] == [0.0, -0.2, pytest.approx(-0.3)]
    assert rows[1]["total_return"] == run["metrics"]["totalReturn"]
    assert rows[1]["max_drawdown"] == run["metrics"]["maxDrawdown"]
    assert all(LEG.fullmatch(leg["symbol"]) for leg in run["orders"]["nodes"])
    assert {leg["reason"] for leg in run["orders"]["nodes"]} == {"filled"}
    parts = run["attribution"]
    by_symbol = parts.pop("bySymbol")
    assert sum(parts.values()) == pytest.approx(run["metrics"]["totalReturn"], abs=1e-9)
    assert sum(by_symbol.values()) + parts["cash"] == pytest.approx(sum(parts.values()), abs=1e-9)
    assert {"^GSPC short put", "^GSPC long call"} <= set(by_symbol)
    assert set(run["weights"]["symbols"]) <= set(by_symbol)
