"""From the start of a process to its first result: import, read closes, decide and trade.

Momentum of 500 assets over 2,520 sessions, monthly: in the kernel as a trial of a search, and share
by share as a worker's backtest, with all that the worker imports for it.
"""

import resource
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import numpy as np

from tests.benchmarks.figure import Check, Figure, spell
from tests.engine.panels import make_closes

ASSETS, SESSIONS, WARMUP = 500, 2_520, 252
ROUNDS = 3
HEAVY = ("vectorbt", "numba", "skfolio", "sklearn", "statsmodels", "scipy", "pandas")
START = """
import sys
import numpy as np
{imports}
from engine.backtest import Constraints, Request, run
from engine.costs import CostModel
from engine.execution import FillPolicy
from engine.schedule import DecisionClock, Rebalance
from engine.strategies.momentum import Momentum, MomentumParameters
from engine.trials import evaluate
from tests.engine.panels import make_panel

panel = make_panel(np.load(sys.argv[1]))
request = Request(
    strategy=Momentum(MomentumParameters(top_n=50)), first_row=252,
    last_row=len(panel.session) - 1, capital=1e6, rebalance=Rebalance.MONTHLY,
    constraints=Constraints(), costs=CostModel(), fill=FillPolicy.NEXT_OPEN,
    whole_shares=True, clock=DecisionClock.US_CLOSE,
)
{run}
print(*(name for name in {heavy} if name in sys.modules))
"""
TRIAL = "assert np.isfinite(evaluate(panel, [request], checkpoint=lambda *_: None).equity).all()"
BACKTEST = "assert np.isfinite(run(panel, request, checkpoint=lambda *_: None).equity).all()"
# name, what a worker loads beside the engine, what it does, seconds
SIDES = (
    ("cold process to first trial", "", TRIAL, 2.0),
    ("worker to first backtest", "import api.works", BACKTEST, None),
)


def figures() -> Iterator[Figure]:
    with tempfile.TemporaryDirectory(prefix="pp") as folder:
        closes = Path(folder) / "closes.npy"
        np.save(closes, make_closes(sessions=SESSIONS + WARMUP, assets=ASSETS))
        for name, imports, run, target in SIDES:
            yield _figure(name, START.format(imports=imports, run=run, heavy=HEAVY), closes, target)


def _figure(name: str, code: str, closes: Path, target: float | None) -> Figure:
    _started(code, closes)  # reads the files in
    taken, loaded = zip(*(_started(code, closes) for _ in range(ROUNDS)), strict=True)
    seconds, heavy = statistics.median(taken), sum(map(len, loaded))
    return Figure(
        name=f"{name}, {ASSETS} x {SESSIONS:,}",
        ours=spell(seconds),
        target="-" if target is None else f"<= {target:.0f} s",
        met=None if target is None else seconds <= target,
        checks=[Check(what="heavy libraries loaded", error=float(heavy), bound=0.0)],
        notes=[f"processor seconds, fastest {spell(min(taken))}"],
    )


def _started(code: str, closes: Path) -> tuple[float, list[str]]:
    """Return the processor's seconds from the spawn to the end, and the heavy modules loaded."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    command = [sys.executable, "-c", code, str(closes)]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    spent = after.ru_utime - before.ru_utime + after.ru_stime - before.ru_stime
    return spent, done.stdout.split()
