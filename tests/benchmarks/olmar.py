"""On-line moving-average reversion against universal-portfolios: NYSE(O), 5,000 sessions."""

import statistics
from collections.abc import Iterator

import numpy as np
import pandas as pd
from universal.algos import OLMAR

from engine.decide import Targets, decide
from engine.reversion import mean_reversion, walk
from engine.schedule import DecisionClock, Rebalance
from engine.strategies.olmar import Olmar, OlmarParameters
from engine.types import FloatArray
from tests.benchmarks.figure import Check, Figure, alternate, median_ratio, spell
from tests.engine.panels import make_panel
from tests.golden.olps import read_levels, stretches, uniform

SESSIONS, WINDOW, EPSILON = 5000, 5, 10.0
ROUNDS = 5
REPEATS = 5  # of ours per round
TARGET = 20.0


def walked(levels: FloatArray) -> FloatArray:
    """Return the weights decided on each session from the first on which the package decides."""
    predicted = mean_reversion(stretches(levels, WINDOW))
    return walk(uniform(levels), predicted[1:], EPSILON)


def decided(levels: FloatArray) -> Targets:
    """Let the strategy decide daily, each time on what was known, as a run does."""
    return decide(
        make_panel(levels),
        Olmar(OlmarParameters(min_price=0.0)),
        first_row=WINDOW,
        last_row=len(levels) - 1,
        rebalance=Rebalance.DAILY,
        clock=DecisionClock.US_CLOSE,
    )


def walked_by_peer(frame: pd.DataFrame) -> pd.DataFrame:
    return OLMAR(window=WINDOW, eps=EPSILON).weights(frame, min_history=WINDOW, log_progress=False)


def figures() -> Iterator[Figure]:
    levels = read_levels("nyse_o")[: SESSIONS + WINDOW]
    frame = pd.DataFrame(levels)
    mine = walked(levels)
    # The package writes what it decides on one session in the row of the next.
    peer_error = np.abs(mine[:-1] - walked_by_peer(frame).to_numpy()[WINDOW + 1 :]).max()
    run_error = np.abs(mine[:-1] - decided(levels).weights).max()
    runs = [lambda: walked(levels), lambda: walked_by_peer(frame), lambda: decided(levels)]
    ours, theirs, through = alternate(runs, rounds=ROUNDS, repeats=REPEATS)
    peer = Check(what="weights equal universal-portfolios'", error=peer_error, bound=1e-6)
    own = Check(what="equal those of the walk alone", error=run_error, bound=1e-12)
    size = f"{SESSIONS:,} x {levels.shape[1]}"
    yield _figure(f"OLMAR, {size}", ours, theirs, peer)
    # As a run has it: panel, screens, what was known of each window, one decision a session.
    yield _figure(f"OLMAR decided by a run, {size}", through, theirs, own)


def _figure(name: str, ours: list[float], theirs: list[float], check: Check) -> Figure:
    ratio = median_ratio(theirs, ours)
    return Figure(
        name=name,
        ours=spell(statistics.median(ours)),
        peer=f"universal-portfolios {spell(statistics.median(theirs))}",
        ratio=f"{ratio:.0f}x",
        target=f">= {TARGET:.0f}x",
        met=ratio >= TARGET,
        checks=[check],
    )
