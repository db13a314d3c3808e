"""What factors explain of a run: its whole months beside those that were published."""

import numpy as np
import pytest

from api.services.run_factors import Factors, explained

MONTHS = [(2000 + month // 12, 1 + month % 12) for month in range(40)]
FIRST = 30 * 12  # January 2000


def make_factors(name="FF3", *, months=40, factors=("Mkt-RF", "SMB")):
    values = np.random.default_rng(5).normal(0.0, 0.04, (40, len(factors) + 1))[:months]
    values[:, -1] = 0.002
    month = {FIRST + row: row for row in range(months)}
    return Factors(name=name, factors=factors, month=month, values=values)


def make_monthly(known):
    noise = np.random.default_rng(6).normal(0.0, 0.001, len(MONTHS))
    padded = np.zeros((len(MONTHS), known.values.shape[1]))
    padded[: len(known.values)] = known.values
    gained = 0.004 + padded @ [0.9, -0.3, 1.0] + noise
    return [(*at, float(value), None) for at, value in zip(MONTHS, gained, strict=True)]


def test_a_run_made_of_factors_is_explained_by_them():
    known = make_factors()

    told = explained(make_monthly(known), [False, False], [known])["factor_regression"]

    assert (told["factors"], told["months"]) == ("FF3", 40)
    assert told["alpha"] == pytest.approx(12 * 0.004, abs=0.005)
    assert [each["factor"] for each in told["loadings"]] == ["Mkt-RF", "SMB"]
    assert [each["loading"] for each in told["loadings"]] == pytest.approx([0.9, -0.3], abs=0.02)
    assert told["r_squared"] > 0.98


def test_months_in_part_are_left_out():
    known = make_factors()
    monthly = make_monthly(known)
    monthly[0], monthly[-1] = (2000, 1, 9.0, None), (2003, 4, -0.9, None)

    told = explained(monthly, [True, True], [known])["factor_regression"]

    assert told["months"] == 38
    assert told["r_squared"] > 0.98


def test_the_wider_set_is_taken_where_it_covers_two_years():
    wide = make_factors("FF5", months=24)
    short, narrow = make_factors("FF5", months=23), make_factors()
    monthly = make_monthly(narrow)

    def taken(known):
        return explained(monthly, [False, False], known)["factor_regression"]

    assert taken([wide, narrow])["factors"] == "FF5"
    assert taken([short, narrow])["factors"] == "FF3"
    assert taken([short]) == {
        "factors": "FF5",
        "months": 23,
        "undefined": "fewer than 24 whole months beside the factors",
    }


def test_without_factors_nothing_is_said():
    nothing = Factors(name="FF3", factors=("Mkt-RF",), month={}, values=np.empty((0, 2)))

    assert explained([], [False, False], [nothing]) == {}
