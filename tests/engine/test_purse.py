"""Cash of several currencies: only what is short is converted, and everything is somewhere."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.purse import Purse

amounts = st.floats(min_value=0.0, max_value=1e6)
rates = st.sampled_from([0.0, 0.006, 0.05])


@st.composite
def purses(draw):
    abroad = np.array([0.0, draw(amounts), draw(amounts)])
    return Purse(home=draw(amounts), abroad=abroad, rate=draw(rates))


def after(purse, needs):
    """Return what is left in each currency, the base first."""
    into = purse.moved(needs)
    left = purse.abroad + into - needs
    left[0] = purse.home - needs[0] - into.sum() - purse.rate * np.abs(into).sum()
    return left


def test_a_currency_pays_from_its_own_balance_before_anything_is_converted():
    purse = Purse(home=1_000.0, abroad=np.array([0.0, 300.0]), rate=0.006)

    into = purse.moved(np.array([0.0, 500.0]))

    assert into.tolist() == [0.0, 200.0]
    cost = purse.costs(np.array([400.0, 100.0]), np.array([1, 1]))
    assert cost.tolist() == pytest.approx([0.96, 0.24])  # of 200 at 60 bps, by who asked


def test_the_base_currency_takes_what_others_have_over():
    purse = Purse(home=100.0, abroad=np.array([0.0, 500.0, 50.0]), rate=0.01)

    into = purse.moved(np.array([397.0, 200.0, 0.0]))

    # 300 are over in the first; 297 of them arrive.
    assert into.tolist() == pytest.approx([0.0, -300.0, 0.0])
    assert after(purse, np.array([397.0, 200.0, 0.0])).tolist() == pytest.approx([0.0, 0.0, 50.0])


def test_what_one_currency_lacks_another_pays_through_the_base():
    purse = Purse(home=0.0, abroad=np.array([0.0, 500.0, 0.0]), rate=0.01)

    left = after(purse, np.array([0.0, 0.0, 99.0]))

    # 99 cost 99.99 at home, for which 101 are sold.
    assert left.tolist() == pytest.approx([0.0, 399.0, 0.0])


def test_proceeds_are_converted_nowhere():
    purse = Purse(home=0.0, abroad=np.array([0.0, 5.0]), rate=0.01)

    assert purse.moved(np.array([-10.0, -20.0])).tolist() == [0.0, 0.0]


@given(purses(), st.tuples(amounts, amounts, amounts))
def test_needs_are_met_without_an_overdraft_exactly_where_there_is_slack(purse, asked):
    needs = np.array(asked)

    slack, left = float(purse.slack(needs)), after(purse, needs)

    assert (left[1:] >= -1e-6).all()
    if slack >= 0.0:
        assert left[0] >= -1e-6
    else:
        assert left[0] == pytest.approx(slack, abs=1e-6)


@given(purses(), st.tuples(amounts, amounts, amounts), st.integers(0, 2))
def test_the_most_that_may_be_spent_leaves_nothing(purse, asked, column):
    needs = np.array(asked) / 10.0
    most = purse.spendable(column, needs)

    if purse.slack(needs) < 0.0:
        assert most == 0.0
        return
    spent = needs.copy()
    spent[column] += most
    assert float(purse.slack(spent)) == pytest.approx(0.0, abs=1e-6)


@given(purses(), st.lists(st.tuples(amounts, st.integers(0, 2)), min_size=1, max_size=6))
def test_the_cost_of_all_conversions_is_shared_out_whole(purse, orders):
    money, currency = (np.array(column) for column in zip(*orders, strict=True))
    into = purse.moved(purse.needs(money, currency))

    cost = purse.shared(money, currency, into)

    assert cost.sum() == pytest.approx(purse.rate * np.abs(into).sum(), rel=1e-9, abs=1e-9)
    assert (cost >= 0.0).all()


def test_an_order_that_moved_nothing_pays_no_conversion():
    # A debt of 100 at home is paid out of what a sale brought; the other order sold nothing.
    purse = Purse(home=-100.0, abroad=np.array([0.0, 0.0]), rate=0.01)

    cost = purse.costs(np.array([0.0, -500.0]), np.array([1, 1]))

    assert cost.tolist() == [0.0, pytest.approx(100.0 / 0.99 * 0.01)]
