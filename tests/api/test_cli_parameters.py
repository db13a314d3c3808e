import pytest

from api.cli.backtest import Wish, parse_parameters
from api.errors import InvalidInput, NotFound


def test_values_are_read_as_json_lists_by_commas_the_rest_as_text():
    given = ["top_n=3", "hurdle=zero", "cash_floor=false", "defensive=KO, PG"]

    parameters = parse_parameters("dual_momentum", given)

    assert parameters == {
        "top_n": 3,
        "hurdle": "zero",
        "cash_floor": False,
        "defensive": ["KO", "PG"],
    }


def test_a_single_symbol_is_a_list_too():
    assert parse_parameters("dual_momentum", ["defensive=KO"]) == {"defensive": ["KO"]}


@pytest.mark.parametrize(
    ("given", "message"),
    [
        (["top_n"], "--param was 'top_n'; write it as name=value, as in top_n=5"),
        (["=5"], "--param was '=5'; write it as name=value"),
        (["top_n=5", "top_n=6"], "--param top_n was given twice"),
    ],
)
def test_a_broken_pair_is_named(given, message):
    with pytest.raises(InvalidInput, match=message):
        parse_parameters("momentum", given)


def test_an_unknown_strategy_is_named():
    with pytest.raises(NotFound, match="momentun"):
        parse_parameters("momentun", [])


def test_a_capital_that_is_no_number_is_named():
    wish = Wish(
        strategy="momentum", universe="SAMPLE_US", symbols=None, start=None, end=None,
        parameters=[], capital="lots", currency="AUD", benchmark=None, rebalance=None,
        fill="NEXT_OPEN", name=None,
    )  # fmt: skip

    with pytest.raises(InvalidInput, match="--capital was 'lots'"):
        wish.request()
