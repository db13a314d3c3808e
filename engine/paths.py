"""Statistics of many equity paths, gathered while the paths are made."""

import math
from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np

from engine.types import SESSIONS_PER_YEAR, FloatArray

FLAT = 1e-12  # a standard deviation of returns below this is none


@dataclass(frozen=True, kw_only=True)
class Paths:
    """One entry per portfolio, and the full curves that were asked for.

    Curves start with the first fill and are in units of the initial capital, which is the value
    before that fill: the first return is its cost.
    """

    total_return: FloatArray  # (C,) decimal fraction
    sharpe_ratio: FloatArray  # (C,) annualised, over rf; NaN below 2 sessions or without variance
    max_drawdown: FloatArray  # (C,) at most 0, the initial capital counts as a peak
    turnover: FloatArray  # (C,) one-way, fraction of equity per year of 252 sessions
    curves: FloatArray  # (len(keep), n_sessions)


def concatenate(parts: Sequence[Paths]) -> Paths:
    names = ("total_return", "sharpe_ratio", "max_drawdown", "turnover", "curves")
    return Paths(
        **{name: np.concatenate([getattr(part, name) for part in parts]) for name in names}
    )


@dataclass
class Recorder:
    """Takes each period's values once and forgets them: memory does not grow with sessions.

    Mean and variance of period after period are combined by Chan, Golub & LeVeque (1979),
    Updating Formulae and a Pairwise Algorithm for Computing Sample Variances.
    """

    n_paths: int
    n_sessions: int
    keep: Sequence[int] = ()
    seen: int = 0
    curves: FloatArray = field(init=False)

    def __post_init__(self) -> None:
        self.curves = np.empty((len(self.keep), self.n_sessions))
        self._last, self._peak = np.ones(self.n_paths), np.ones(self.n_paths)
        self._mean, self._squares = np.zeros(self.n_paths), np.zeros(self.n_paths)
        self._drawdown, self._turnover = np.zeros(self.n_paths), np.zeros(self.n_paths)

    def trade(self, turnover: FloatArray) -> None:
        """Count a fill's turnover, (C,)."""
        self._turnover += turnover

    def add(self, values: FloatArray, rf: FloatArray) -> None:
        """Take the next h values of each path, (C, h), and the risk-free return on each, (h,)."""
        before = np.column_stack([self._last, values[:, :-1]])
        self._combine(values / before - 1.0 - rf)
        peaks = np.maximum.accumulate(np.column_stack([self._peak, values]), axis=1)
        fall = (values / peaks[:, 1:]).min(axis=1) - 1.0
        self._drawdown = np.minimum(self._drawdown, fall)
        self.curves[:, self.seen : self.seen + values.shape[1]] = values[list(self.keep)]
        self._last, self._peak = values[:, -1].copy(), peaks[:, -1].copy()
        self.seen += values.shape[1]

    def finish(self) -> Paths:
        variance = self._squares / max(self.seen - 1, 1)
        deviation = np.where(variance > FLAT**2, np.sqrt(variance), np.nan)
        return Paths(
            total_return=self._last - 1.0,
            sharpe_ratio=math.sqrt(SESSIONS_PER_YEAR) * self._mean / deviation,
            max_drawdown=self._drawdown,
            turnover=self._turnover * (SESSIONS_PER_YEAR / self.seen),
            curves=self.curves,
        )

    def _combine(self, excess: FloatArray) -> None:
        count = excess.shape[1]
        mean = excess.mean(axis=1)
        shift = mean - self._mean
        share = count / (self.seen + count)
        self._squares += np.square(excess - mean[:, None]).sum(axis=1)
        self._squares += np.square(shift) * (self.seen * share)
        self._mean += shift * share
