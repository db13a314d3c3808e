import numpy as np
import pytest

from engine.cash_flows import Rate, modified_dietz, money_weighted_rate, time_weighted_return


def days(*texts):
    return np.array(texts, "datetime64[D]").astype(np.int64)


def test_the_published_spreadsheet_example():
    flows = np.array([-10_000.0, 2_750.0, 4_250.0, 3_250.0, 2_750.0])
    on = days("2008-01-01", "2008-03-01", "2008-10-30", "2009-02-15", "2009-04-01")

    assert money_weighted_rate(flows, on).value == pytest.approx(0.3733625335, abs=1e-10)


def test_money_that_came_at_the_top_earns_less_than_time_says():
    """1,000 grows 10 %, another 1,000 comes, all falls 10 %."""
    twr = time_weighted_return(np.array([1000.0, 1100.0, 1890.0]), np.array([0.0, 0.0, 1000.0]))
    mwr = money_weighted_rate(np.array([-1000.0, -1000.0, 1890.0]), np.array([0, 365, 730]))

    assert twr == pytest.approx(-0.01, abs=1e-12)
    assert (1.0 + twr) ** 0.5 - 1.0 == pytest.approx(-0.00501256, abs=1e-8)
    assert mwr.value == pytest.approx(-0.03712612, abs=1e-8)


@pytest.mark.parametrize(
    ("flows", "reason"),
    [
        ([-1000.0, -50.0], "flows of one sign only"),
        ([0.0, 50.0], "flows of one sign only"),
        ([-100.0, 230.0, -132.0], "multiple roots"),  # 10 % and 20 %
        ([-1.0, 1000.0], "no rate fits"),
    ],
)
def test_what_has_no_single_rate_says_why(flows, reason):
    on = 365 * np.arange(len(flows))

    assert money_weighted_rate(np.array(flows), on) == Rate(None, reason)


def test_modified_dietz_weighs_a_flow_by_the_time_it_was_invested():
    """100 to 110 with 20 put in half-way: -10 / 110."""
    found = modified_dietz(100.0, 110.0, np.array([20.0]), np.array([0.5]))

    assert found == pytest.approx(-10.0 / 110.0, abs=1e-15)
    assert modified_dietz(0.0, 0.0, np.empty(0), np.empty(0)) is None
