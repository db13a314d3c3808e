"""A finished run's curves as they are stored: the price curve where there is one."""

import io

import numpy as np
import orjson
import pyarrow.parquet as pq
import pytest

from api.services.results import FULL, curve_key, read_columns
from api.services.series import objects
from tests.engine.panels import make_closes, make_panel
from tests.engine.test_backtest import backtest

DIVIDEND = np.where(np.arange(60)[:, None] % 20 == 19, 0.5, 0.0) * [1.0, 0.0]


def stored(**changes):
    panel = make_panel(make_closes(sessions=60, assets=2), **changes)
    result = backtest(panel, [0.5, 0.5])
    return result, dict(objects(result, "run/"))


def test_a_run_on_raw_prices_keeps_its_curve_without_dividends():
    result, kept = stored(dividend=DIVIDEND)

    columns = read_columns(kept[curve_key("run/", "equity", FULL)]).columns

    assert orjson.loads(columns["price"]) == pytest.approx(result.price.tolist())
    assert orjson.loads(columns["price"])[-1] < orjson.loads(columns["net"])[-1]
    assert "price" in pq.read_table(io.BytesIO(kept["run/series.parquet"])).column_names


def test_a_run_on_adjusted_prices_keeps_none():
    _, kept = stored(flags=("vendor_adjusted",))

    assert "price" not in read_columns(kept[curve_key("run/", "equity", FULL)]).columns
