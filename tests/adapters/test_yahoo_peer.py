"""yfinance's own reading of the same charts, as a second opinion of ours and of the fake."""

import asyncio
from datetime import timedelta

import numpy as np
import pytest
import yfinance

from api.adapters.yahoo_session import YahooSession
from tests.adapters.yahoo import END, NOW, SPLIT, START, make_share, number, request, yahoo
from tests.providers.market import Scenario
from tests.providers.yahoo import CHART


def read_by_yfinance(url, folder):
    """Let yfinance ask as it does: cookie and crumb, the time zone, and then the bars."""
    yfinance.set_tz_cache_location(str(folder))
    session = YahooSession(url, timeout_seconds=5.0, clock=NOW.timestamp)
    ticker = yfinance.Ticker("AAPL", session=session)
    history = ticker.history(start=START, end=END + timedelta(days=1), auto_adjust=False)
    session.close()
    return history


@pytest.mark.filterwarnings("ignore:The inplace keyword in DataFrame.s.*t_index is deprecated")
async def test_yfinance_reads_the_same_out_of_the_fake_as_we_do(tmp_path):
    async with yahoo(Scenario(shares={"AAPL": make_share()})) as (prices, fake):
        ours = await prices.fetch(request())
        charts_of_ours = fake.count(CHART)
        theirs = await asyncio.to_thread(read_by_yfinance, fake.url, tmp_path)
        charts_of_theirs = fake.count(CHART) - charts_of_ours

    values = ours.batch.values
    by = np.where(ours.batch.day < number(SPLIT), 4.0, 1.0)
    for column in ("Open", "High", "Low", "Close"):
        np.testing.assert_array_equal(theirs[column] * by, values[column.lower()])
    np.testing.assert_array_equal(theirs["Volume"] / by, values["volume"])
    np.testing.assert_array_equal(theirs["Adj Close"], values["adjusted_close"])
    assert [number(day.date()) for day in theirs.index] == ours.batch.day.tolist()
    split, dividend = theirs["Stock Splits"], theirs["Dividends"]
    assert (split[split > 0].tolist(), dividend[dividend > 0].tolist()) == ([4.0], [0.82 / 4])
    assert (charts_of_ours, charts_of_theirs) == (1, 2)
