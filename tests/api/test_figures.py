"""What a stored summary becomes in the API, whatever version of the engine measured it."""

import dataclasses

import numpy as np

from api.graphql.figures import Metrics, metrics_of
from engine.metrics import measure
from tests.api.finished import METRICS
from tests.engine.panels import make_closes, make_sessions


def test_a_summary_from_before_a_figure_existed_leaves_it_null():
    found = metrics_of(METRICS)

    assert (found.total_return, found.sharpe, found.sessions) == (0.5, 1.25, 120)
    assert found.effective_holdings is found.alpha_t_stat is found.best_year is None
    assert found.undefined == {
        "tailRatio": "fewer than 20 returns",
        "calmar": "no losing period",
    }


def test_every_figure_the_engine_measures_is_published_as_it_was_measured():
    equity, benchmark = make_closes(sessions=400, assets=2).T
    measured = dataclasses.asdict(
        measure(equity, make_sessions(400), rf=np.zeros(400), benchmark=benchmark)
    )

    found = metrics_of(measured)

    money = {"total_costs", "final_value"}
    published = {field.name for field in dataclasses.fields(Metrics)} - {"excess_kurtosis"}
    exact = published - money - {"undefined"}
    assert {name: getattr(found, name) for name in exact} == {
        name: value for name, value in measured.items() if name in exact
    }
    assert exact | money | {"undefined"} == set(measured)
    assert found.excess_kurtosis == measured["kurtosis"] - 3.0
    assert found.undefined["effectiveHoldings"] == "not recorded"
    assert found.undefined["payoffRatio"] == "no closed trade"
