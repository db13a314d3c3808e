import numpy as np
import pytest

from engine.currency import base_per_unit, split_return
from engine.errors import MissingData, PanelError


def test_a_falling_australian_dollar_raises_the_value_of_a_us_asset():
    """G1.2: US$100 to US$110 while AUDUSD falls from 0.70 to 0.665."""
    aud_per_usd = base_per_unit("AUDUSD", np.array([0.70, 0.665]), base="AUD")
    value = np.array([100.0, 110.0]) * aud_per_usd

    parts = split_return(np.array([0.10]), aud_per_usd[1:] / aud_per_usd[:-1] - 1.0)

    np.testing.assert_allclose(value, [142.857143, 165.413534], atol=1e-6)
    assert parts.asset[0] == 0.10
    assert parts.currency[0] == pytest.approx(0.0526315789, abs=1e-10)
    assert parts.interaction[0] == pytest.approx(0.0052631579, abs=1e-10)
    assert sum(part[0] for part in parts) == pytest.approx(0.1578947368, abs=1e-10)
    assert value[1] / value[0] - 1.0 == pytest.approx(0.1578947368, abs=1e-10)


def test_money_made_splits_into_asset_currency_and_interaction():
    """G1.2b: 100 shares, US$50 to US$52, AUDUSD 0.66 to 0.64."""
    aud_per_usd = base_per_unit("AUDUSD", np.array([0.66, 0.64]), base="AUD")
    value = 100.0 * np.array([50.0, 52.0]) * aud_per_usd

    parts = split_return(np.array([52.0 / 50.0 - 1.0]), aud_per_usd[1:] / aud_per_usd[:-1] - 1.0)

    money = [part[0] * value[0] for part in parts]
    np.testing.assert_allclose(money, [303.030303, 236.742424, 9.469697], atol=1e-6)
    assert value[1] - value[0] == pytest.approx(549.242424, abs=1e-6)


def test_the_other_side_of_the_pair_is_the_quote_itself():
    rates = np.array([0.70, np.nan])

    np.testing.assert_array_equal(base_per_unit("AUDUSD", rates, base="USD"), rates)


def test_an_inverted_pair_is_refused():
    with pytest.raises(PanelError, match=r"AUDUSD was 1\.43; it lies between 0\.3 and 1\.3"):
        base_per_unit("AUDUSD", np.array([0.7, 1.43]), base="AUD")


def test_a_currency_the_pair_does_not_quote_is_missing():
    with pytest.raises(MissingData, match="AUDUSD does not quote EUR"):
        base_per_unit("AUDUSD", np.array([0.7]), base="EUR")
