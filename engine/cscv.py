"""Probability of backtest overfitting: whether the best in one half is good in the other."""

from dataclasses import dataclass
from itertools import combinations
from typing import Final

import numpy as np

from engine.types import FloatArray, IntArray

BLOCKS: Final = 16
CHOICES: Final = (16, 14, 12, 10, 8)  # the most blocks that are long enough
LEAST_ROWS: Final = 20  # of a block
FLAT: Final = 1e-12  # a standard deviation below this is none
AT_ONCE: Final = 2_000_000  # cells of splits x trials held at once
PERCENT: Final = np.linspace(0.0, 1.0, 101)
ROUNDING: Final = 1e-12  # of a quantile between two equal values


@dataclass(frozen=True, kw_only=True)
class Cscv:
    """What came of the splits, one entry each."""

    logits: FloatArray  # (splits,) of the out-of-sample rank of the best in sample
    in_sample: FloatArray  # (splits,) Sharpe ratio per session of the chosen trial
    out_of_sample: FloatArray
    anyone: FloatArray  # (101,) percentiles out of sample of all trials in all splits

    @property
    def chosen(self) -> FloatArray:
        """Percentiles (101,) out of sample of the chosen trials."""
        percentiles: FloatArray = np.quantile(self.out_of_sample, PERCENT)
        return percentiles

    @property
    def dominates(self) -> bool:
        """Whether at every percentile choosing did as well as picking blindly: of first order."""
        return bool((self.chosen >= self.anyone - ROUNDING).all())

    @property
    def dominates_second(self) -> bool:
        """Whether the mean of the lowest so many per cent did, for each so many."""
        gain = np.cumsum(self.chosen - self.anyone)
        return bool((gain >= -ROUNDING * len(gain)).all())

    @property
    def pbo(self) -> float:
        """Share of splits in which the chosen trial was no better than the median."""
        return float(np.count_nonzero(self.logits <= 0.0)) / len(self.logits)


def blocks_for(rows: int) -> int | None:
    """Return into how many blocks so many rows are cut; None where they are too few."""
    return next((blocks for blocks in CHOICES if rows // blocks >= LEAST_ROWS), None)


def cscv(returns: FloatArray, *, blocks: int = BLOCKS) -> Cscv | None:
    """Split the rows into equal halves in every way, choose in one and rank in the other.

    Parameters
    ----------
    returns : ndarray of shape (T, N)
        Excess returns of N trials over the same T sessions, no NaN. The oldest rows that fill no
        block are left out.
    blocks : int
        Even number of blocks of which each half takes one half.

    Returns
    -------
    Cscv or None
        None with fewer than two trials. The best in sample has the highest Sharpe ratio, of equal
        ones the first trial. Its rank of N out of sample (1 worst, ties on average) gives the
        logit ``ln(w / (1 - w))``, ``w = rank / (N + 1)``.

    References
    ----------
    Bailey, D., Borwein, J., López de Prado, M. & Zhu, J. (2017). The Probability of Backtest
    Overfitting. Journal of Computational Finance, 20(4).
    """
    rows, trials = returns.shape
    size = rows // blocks
    if trials < 2 or size < 1:
        return None
    kept = returns[rows - size * blocks :]
    level = kept.mean(axis=0)
    # Around its mean a trial that never moves has squares of zero and not what rounding leaves.
    around = (kept - level).reshape(blocks, size, trials)
    sums, squares = around.sum(axis=1), np.square(around).sum(axis=1)
    halves = np.array(list(combinations(range(blocks), blocks // 2)))
    chosen = np.zeros((len(halves), blocks))
    np.put_along_axis(chosen, halves, 1.0, axis=1)
    half = _Half(sums=sums, squares=squares, level=level, count=size * blocks // 2)
    pieces = max(1, len(chosen) * trials // AT_ONCE)
    parts = [_ranked(part, half) for part in np.array_split(chosen, pieces)]
    logits, inside, outside = (np.concatenate(columns) for columns in zip(*parts, strict=True))
    some = half.sharpes(chosen[::pieces])  # as many halves as are held at once
    return Cscv(
        logits=logits,
        in_sample=inside,
        out_of_sample=outside,
        anyone=np.quantile(some, PERCENT),
    )


@dataclass(frozen=True, kw_only=True)
class _Half:
    """Sums over each block, (blocks, N), of returns less their mean `level` (N,)."""

    sums: FloatArray
    squares: FloatArray
    level: FloatArray
    count: int  # rows of a half

    def sharpes(self, chosen: FloatArray) -> FloatArray:
        """Return Sharpe ratios per session of blocks (splits, blocks); 0 of what never moved."""
        mean = chosen @ self.sums / self.count
        variance = np.maximum(chosen @ self.squares / self.count - mean**2, 0.0)
        deviation = np.sqrt(variance * (self.count / max(self.count - 1, 1)))
        moves = deviation > FLAT
        return np.divide(mean + self.level, deviation, out=np.zeros_like(mean), where=moves)


def _ranked(chosen: FloatArray, half: _Half) -> tuple[FloatArray, FloatArray, FloatArray]:
    inside, outside = half.sharpes(chosen), half.sharpes(1.0 - chosen)
    splits = np.arange(len(chosen))
    best: IntArray = np.argmax(inside, axis=1)
    reached = outside[splits, best]
    below = np.count_nonzero(outside < reached[:, None], axis=1)
    equal = np.count_nonzero(outside == reached[:, None], axis=1)
    share = (below + (equal + 1) / 2.0) / (outside.shape[1] + 1)
    return np.log(share / (1.0 - share)), inside[splits, best], reached
