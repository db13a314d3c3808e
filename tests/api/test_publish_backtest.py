from types import SimpleNamespace

import pytest

from api.services.publish_backtest import family_of, judge

# Worked example of Bailey & López de Prado (2014): annual Sharpe 2.5 over 1,250 days.
MOMENTS = {"sharpe": 0.1581138830, "sessions": 1250, "skew": -3.0, "kurtosis": 10.0}


def test_a_lone_trial_is_not_deflated():
    judged = judge(MOMENTS, [MOMENTS["sharpe"]])

    assert judged["trials"] == 1
    assert judged["psr"] == pytest.approx(0.999997, abs=5e-7)
    assert judged["deflated_sharpe"] == judged["psr"]
    assert judged["verdict"] == "strong"


def test_more_trials_deflate():
    trials = [0.02, 0.05, 0.04, -0.01, 0.06]

    judged = judge({"sharpe": 0.06, "sessions": 1000, "skew": 0.0, "kurtosis": 3.0}, trials)

    # engine golden 6.2-2: PSR(0) .9709348, DSR .8022484
    assert judged["trials"] == 5
    assert judged["psr"] == pytest.approx(0.9709348, abs=5e-8)
    assert judged["deflated_sharpe"] == pytest.approx(0.8022484, abs=5e-8)
    assert judged["verdict"] == "weak"


def test_a_run_without_variance_is_judged_unknown():
    judged = judge({"sharpe": None, "sessions": 250, "skew": None, "kurtosis": None}, [])

    assert judged == {
        "psr": None,
        "deflated_sharpe": None,
        "min_track_record_length": None,
        "sharpe_interval": None,
        "trials": 1,
        "effective_trials": None,
        "pbo": None,
        "verdict": "unknown",
    }


def test_trials_compete_within_a_strategy_and_a_universe():
    run = SimpleNamespace(strategy_key="momentum", universe_key="SAMPLE_US", symbols=["AAPL"])

    assert family_of(run) == "momentum:SAMPLE_US"


def test_the_order_of_symbols_makes_no_new_family():
    one = SimpleNamespace(strategy_key="hrp", universe_key=None, symbols=["KO", "AAPL"])
    other = SimpleNamespace(strategy_key="hrp", universe_key=None, symbols=["AAPL", "KO"])
    third = SimpleNamespace(strategy_key="hrp", universe_key=None, symbols=["AAPL", "KO", "GE"])

    assert family_of(one) == family_of(other)
    assert family_of(one) != family_of(third)
