import math
from datetime import UTC, date, datetime
from decimal import Decimal

import pytest

from api.services.content_key import (
    canonical_json,
    component_hashes,
    content_key,
    digest,
    joined_key,
)


def test_golden_of_the_engine_page():
    value = {"skip": 21, "lookback": 252}

    assert canonical_json(value) == b'{"lookback":252,"skip":21}'
    assert digest(value) == "9effc7b77fc6f6952a9b8244def6905cadaac56547be435cb1402f61d29ff602"


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (-0.0, "0.0"),
        (0.1 + 0.2, "0.30000000000000004"),
        (Decimal("100000.00"), '"100000"'),
        (date(2020, 1, 2), '"2020-01-02"'),
        (datetime(2020, 1, 2, tzinfo=UTC), '"2020-01-02T00:00:00+00:00"'),
        ("e\u0301", '"\u00e9"'),
        ((1, None, True), "[1,null,true]"),
        ({"b": 1, "a": []}, '{"a":[],"b":1}'),
    ],
)
def test_canonical_forms(value, text):
    assert canonical_json(value) == text.encode()


@pytest.mark.parametrize("value", [math.nan, math.inf, {"x": [-math.inf]}])
def test_what_is_no_number_is_refused(value):
    with pytest.raises(ValueError, match="has no canonical form"):
        canonical_json(value)


def test_an_object_without_a_form_is_refused():
    with pytest.raises(TypeError, match="set has no canonical form"):
        canonical_json({1, 2})


def test_the_order_of_keys_does_not_matter_and_a_value_does():
    key = content_key({"strategy": {"key": "hrp"}, "engine_version": "1"})

    assert key == content_key({"engine_version": "1", "strategy": {"key": "hrp"}})
    assert key != content_key({"engine_version": "2", "strategy": {"key": "hrp"}})


def test_components_say_what_moved():
    before = component_hashes({"costs": {"slippage_bps": 5.0}, "data": "a"})
    after = component_hashes({"costs": {"slippage_bps": 6.0}, "data": "a"})

    assert [name for name in before if before[name] != after[name]] == ["costs"]


def test_a_key_of_written_components_is_that_of_the_components():
    components = {"b": {"x": 0.5, "ü": None}, "a": [1, "two"], "data": "0" * 64}

    written = {name: canonical_json(value) for name, value in components.items()}

    assert joined_key(written) == content_key(components)
