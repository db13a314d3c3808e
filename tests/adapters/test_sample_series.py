"""The sample in the form of a live source: the same figures, cut to a range."""

from datetime import date

import numpy as np

from api.adapters.sample_prices import SamplePrices
from api.adapters.sample_series import SampleSeries

START, END = date(2015, 1, 1), date(2015, 12, 31)


async def test_rates_and_figures_are_the_samples_within_the_range():
    series = SampleSeries(SamplePrices())

    (rates,) = await series.fetch_rates(START, END)
    (vix,) = await series.fetch_macro(START, END)

    assert (rates.key, vix.key) == ("AUDUSD", "VIX")
    for found in (rates, vix):
        days = found.day.astype("datetime64[D]")
        assert str(days[0]) == "2015-01-02"
        assert str(days[-1]) == "2015-12-31"
        assert len(found.value) == len(found.known_at) == len(days)
        assert (np.diff(found.day) > 0).all()


async def test_factors_are_the_three_of_the_package_by_month():
    (table,) = await SampleSeries(SamplePrices()).fetch_factors()

    assert (table.factor_set, table.frequency) == ("FF3", "monthly")
    assert [series.key for series in table.series] == ["Mkt-RF", "SMB", "HML", "RF"]
