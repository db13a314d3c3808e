"""Named panels beside prices: which rows of the sample they are, and when those were known."""

from datetime import date

import numpy as np
import pytest
from sqlalchemy import text

from api.adapters.csv_series import read_series
from api.adapters.local_store import LocalStore
from api.services.import_series import import_series
from api.services.panels import PanelRequest, load_panel
from api.services.read_panels import read_panels
from models.session import unit_of_work
from tests.api.test_import_series import FF5, NEWS, NOW, VIX3M

DAY = 86_400 * 10**9
ASKED = PanelRequest(
    universe="SAMPLE_US",
    start=date(2016, 1, 4),
    end=date(2016, 6, 30),
    currency="USD",
    panels=("FF3", "VIX", "VIX3M"),
)


def iso(day):
    return str(np.int64(day).astype("datetime64[D]"))


@pytest.fixture(scope="module")
async def panel(sample_sessions, tmp_path_factory):
    return await load_panel(sample_sessions, LocalStore(tmp_path_factory.mktemp("kept")), ASKED)


async def brought(sessions, files, names, symbols=()):
    async with unit_of_work(sessions) as session:
        for content, name in files:
            file = read_series(content.encode(), name="figures.csv", panel=name)
            await import_series(session, file, now=NOW)
    async with unit_of_work(sessions) as session:
        span = {"first": date(2024, 1, 2), "last": date(2024, 1, 31)}
        return await read_panels(session, names, symbols, **span)


def test_what_is_stored_of_a_panel_comes_with_the_prices_and_the_rest_stays_away(panel):
    assert set(panel.extra) == {"FF3", "VIX"}


def test_factors_are_fractions_of_whole_months_known_five_weeks_after_them(panel):
    factors = panel.extra["FF3"]

    assert factors.columns == ("Mkt-RF", "SMB", "HML", "RF")
    last = factors.column("Mkt-RF")[-1]
    # Of June 2016 the library says -0.05 percent.
    assert (iso(factors.day[-1]), last) == ("2016-06-30", pytest.approx(-0.0005))
    assert ((factors.known_at - (factors.day + 1) * DAY) == 35 * DAY).all()


def test_a_figure_stands_on_the_first_session_and_none_lies_behind_the_last(panel):
    for published in panel.extra.values():
        assert published.day[0] < panel.session[0]
        assert published.day[-1] <= panel.session[-1]
        assert np.isfinite(published.on(panel.session)).all()


def test_a_decision_sees_the_index_of_the_evening_before(panel):
    row = 60
    closed = int(panel.closes_at[row, 0])

    seen = panel.window(row, 1, closed).extra["VIX"]

    # It is computed a quarter of an hour after the close.
    assert seen.day[-1] == panel.session[row - 1]


async def test_a_file_s_own_instants_rule_and_days_without_news_are_zeros(sessions):
    symbols = ("AAPL", "BRK-B", "XOM")

    found = await brought(sessions, [(NEWS, "NEWS_FLAG")], ["NEWS_FLAG"], symbols)

    news = found["NEWS_FLAG"]
    assert (news.columns, news.reach) == (("AAPL", "BRK-B"), 0)
    assert news.value.tolist() == [[1.0, 0.0], [0.0, 1.0]]
    known = news.known_at.astype("datetime64[ns]").astype("datetime64[h]").astype(str).tolist()
    assert known == ["2024-01-02T20", "2024-01-05T00"]


async def test_each_panel_is_its_own_rows_and_one_without_any_is_absent(sessions):
    found = await brought(sessions, [(FF5, "FF5"), (VIX3M, "VIX3M")], ["FF5", "VIX3M", "FF3"])

    assert set(found) == {"FF5", "VIX3M"}
    assert [iso(day) for day in found["FF5"].day] == ["2023-11-30", "2023-12-31"]
    assert found["VIX3M"].columns == ("value",)
    assert found["VIX3M"].value[:, 0].tolist() == [14.5, 15.25, 13.9]


async def test_a_month_that_lacks_a_factor_is_left_out(sessions):
    async with unit_of_work(sessions) as session:
        await import_series(session, read_series(FF5.encode(), name="f.csv", panel="FF5"), now=NOW)
        await session.execute(text("DELETE FROM factor_return WHERE factor = 'CMA' AND value > 0"))

    found = await brought(sessions, [], ["FF5"])

    assert [iso(day) for day in found["FF5"].day] == ["2023-11-30"]
