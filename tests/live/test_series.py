"""What publishers of series say of days everybody can look up."""

from datetime import date

import pytest

from api.adapters.yahoo_series import YahooSeries
from api.services.named_panels import DOLLAR_PANELS
from tests.providers.market import EPOCH


def number(text):
    return (date.fromisoformat(text) - EPOCH).days


async def test_yahoo_quotes_the_australian_dollar_in_us_dollars(yahoo):
    (rates,) = await YahooSeries(yahoo).fetch_rates(date(2024, 3, 6), date(2024, 3, 8))

    assert rates.day.tolist() == [number(f"2024-03-0{day}") for day in (6, 7, 8)]
    assert rates.value.tolist() == pytest.approx([0.6502, 0.6563, 0.6621], rel=0.01)


async def test_the_indices_of_fear_are_there(yahoo):
    vix, vix3m = await YahooSeries(yahoo).fetch_macro(date(2024, 3, 7), date(2024, 3, 8))

    assert vix.value.tolist() == pytest.approx([14.44, 14.74], abs=0.01)
    assert vix3m.day.tolist() == vix.day.tolist()
    assert (vix3m.value > vix.value).all()  # a calm week


async def test_the_ecb_fixed_the_euro(ecb):
    (rates,) = await ecb.fetch_rates(date(2024, 3, 8), date(2024, 3, 11))

    assert rates.day.tolist() == [number("2024-03-08"), number("2024-03-11")]
    assert rates.value.tolist() == [1.0932 / 1.6469, 1.0926 / 1.6546]


async def test_the_library_knows_the_bill_rate_of_its_first_months(french):
    tables = {(t.factor_set, t.frequency): t for t in await french.fetch_factors()}

    american = {(s, f) for s in ("FF3", "FF5") for f in ("monthly", "daily")}
    regional = {(s, "monthly") for s in DOLLAR_PANELS}
    assert set(tables) == american | regional
    for which, month, rate in (("FF3", "1926-07-31", 0.0022), ("FF5", "1963-07-31", 0.0027)):
        (bill,) = (each for each in tables[which, "monthly"].series if each.key == "RF")
        assert (int(bill.day[0]), bill.value[0]) == (number(month), pytest.approx(rate, abs=1e-9))
