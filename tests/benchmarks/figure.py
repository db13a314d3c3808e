"""What a benchmark reports: both sides, their ratio, and that the results agree."""

import statistics
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field


@dataclass(frozen=True, kw_only=True)
class Check:
    """An agreement that must hold before a time means anything."""

    what: str
    error: float
    bound: float

    @property
    def holds(self) -> bool:
        return self.error <= self.bound


@dataclass(frozen=True, kw_only=True)
class Figure:
    name: str
    ours: str
    target: str
    met: bool | None  # None: shown beside a figure that has the target
    peer: str = "-"
    ratio: str = "-"
    checks: Sequence[Check] = ()
    notes: Sequence[str] = field(default=())


def alternate(
    runs: Sequence[Callable[[], object]], *, rounds: int, repeats: int = 1
) -> list[list[float]]:
    """Return processor seconds per run and round, each round running every side once, in turn.

    All sides run on one thread, so on an idle machine this is time by the clock, and on a busy
    one it leaves out the waiting. The first of the runs is made `repeats` times in a row and its
    mean is taken: one of a few milliseconds would measure how cold the peer left the caches.
    """
    seconds: list[list[float]] = [[] for _ in runs]
    for _ in range(rounds):
        for number, (run, taken) in enumerate(zip(runs, seconds, strict=True)):
            times = 1 if number else repeats
            start = time.process_time()
            for _ in range(times):
                run()
            taken.append((time.process_time() - start) / times)
    return seconds


def median_ratio(peer: Sequence[float], ours: Sequence[float]) -> float:
    """Return the median over rounds of peer time divided by our time in the same round."""
    return statistics.median(p / o for p, o in zip(peer, ours, strict=True))


def spell(seconds: float) -> str:
    if seconds < 1e-3:
        return f"{seconds * 1e6:.0f} us"
    return f"{seconds * 1e3:.2f} ms" if seconds < 1.0 else f"{seconds:.2f} s"
