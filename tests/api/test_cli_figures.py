"""What the terminal says of a finished run."""

import io

import pytest
from rich.console import Console

from api.cli.figures import SHOWN, Finished, print_figures
from tests.factories import make_backtest, make_job


@pytest.mark.parametrize(
    ("trials", "words"), [(1, "over 1 trial: unknown"), (1200, "over 1,200 trials: unknown")]
)
def test_trials_are_counted_in_words(trials, words):
    job = make_job()
    summary = {
        "metrics": {name: None for name, _, _ in SHOWN},
        "benchmark_metrics": None,
        "overfitting": {"psr": None, "min_track_record_length": None, "sharpe_interval": None},
        "guards": {"flags": []},
    }
    run = make_backtest(job, summary=summary, trials=trials)
    said = io.StringIO()

    print_figures(Console(file=said), Finished(run=run, job=job, reused=True))

    assert words in said.getvalue()
