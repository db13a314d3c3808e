"""What a batch of C portfolios holds between two fills, and what it is worth there.

Relatives are prices divided by the price at the fill, shape (m + 1, h): a row per asset and a
last row of zeros for a place that nobody takes. Growth, shape (h,), is that of one unit of cash.
"""

from dataclasses import dataclass
from functools import cached_property
from typing import TypeAlias

import numpy as np

from engine.types import BoolArray, FloatArray, IntArray


@dataclass(frozen=True)
class Dense:
    """Any weights at all: (C, m), the rest of each row in cash."""

    weights: FloatArray

    @cached_property
    def cash(self) -> FloatArray:
        """Share of cash, (C,)."""
        return np.asarray(1.0 - self.weights.sum(axis=1))

    def values(self, relatives: FloatArray, growth: FloatArray) -> FloatArray:
        """Value per unit of money at the fill, (C, h)."""
        invested: FloatArray = self.weights @ relatives[:-1]
        return invested + self.cash[:, None] * growth

    def dense(self) -> FloatArray:
        return self.weights

    def holds(self, names: BoolArray) -> bool:
        """Whether any portfolio has a weight in any of `names` (m,)."""
        return bool(self.weights[:, names].any())


@dataclass(frozen=True)
class Ranked:
    """The first k names of each ranking at weight 1/k, for every k of `sizes` at once.

    names (G, K): columns, best first, m where nobody takes the place, whose share is cash.
    Portfolios are ordered by ranking, then size: C = G * len(sizes), K the largest size.
    """

    names: IntArray
    sizes: IntArray  # ascending
    n_assets: int

    @cached_property
    def cash(self) -> FloatArray:
        invested: FloatArray = self._held.reshape(-1, len(self.sizes)) / self.sizes
        return 1.0 - invested.ravel()

    @cached_property
    def _shares(self) -> FloatArray:
        """Weight of each rank in each size, (S, K)."""
        rank = np.arange(self.names.shape[1])
        return (rank < self.sizes[:, None]) / self.sizes[:, None]

    def values(self, relatives: FloatArray, growth: FloatArray) -> FloatArray:
        invested = self._shares @ relatives.take(self.names, axis=0)
        return invested.reshape(-1, relatives.shape[1]) + self.cash[:, None] * growth

    def dense(self) -> FloatArray:
        places = len(self.names), len(self.sizes), self.n_assets + 1
        weights = np.zeros(places)
        columns = np.broadcast_to(self.names[:, None, :], (*places[:2], self.names.shape[1]))
        np.put_along_axis(weights, columns, self._shares[None], axis=2)
        return weights[:, :, :-1].reshape(-1, self.n_assets)

    def holds(self, names: BoolArray) -> bool:
        return bool(np.append(names, False)[self.names].any())

    def compare(self, before: "Drifted", old: "Ranked") -> tuple[FloatArray, FloatArray]:
        """Return what old and new weights share and what of the new is above the old, each (C,).

        That is the sum over names of min(new, drifted) and the sum of new weights above drifted
        ones. Both portfolios of a size k hold a name when its old and its new rank are below k: no
        vector of weights is built.
        """
        rows = np.arange(len(self.names))[:, None]
        old_rank = old._ranks[rows, self.names]
        relative = before.last[self.names]
        value = before.value.reshape(len(self.names), -1)
        shared, raised = np.empty_like(value), np.empty_like(value)
        for column, k in enumerate(self.sizes):
            kept = np.where(old_rank[:, :k] < k, relative[:, :k], 0.0)
            kept /= value[:, column, None]
            raised[:, column] = np.count_nonzero(kept < 1.0, axis=1) / k
            shared[:, column] = np.minimum(kept, 1.0).sum(axis=1) / k
        return shared.ravel(), raised.ravel() - self.cash

    def names_in_either(self, old: "Ranked") -> IntArray:
        """Return how many names the new or the old portfolio of each size holds, (C,)."""
        rows = np.arange(len(self.names))[:, None]
        old_rank = old._ranks[rows, self.names]
        taken = self.names < self.n_assets
        kept = [np.count_nonzero(taken[:, :k] & (old_rank[:, :k] < k), axis=1) for k in self.sizes]
        both: IntArray = np.stack(kept, axis=1).ravel()
        return self._held + old._held - both

    @cached_property
    def _held(self) -> IntArray:
        """Number of names in each portfolio, (C,)."""
        taken = np.count_nonzero(self.names < self.n_assets, axis=1)
        held: IntArray = np.minimum(taken[:, None], self.sizes).ravel()
        return held

    @cached_property
    def _ranks(self) -> IntArray:
        """Rank of each asset in each ranking, K where it has none; (G, m + 1)."""
        rank = np.arange(self.names.shape[1])
        ranks = np.full((len(self.names), self.n_assets + 1), len(rank))
        np.put_along_axis(ranks, self.names, rank[None], axis=1)
        return ranks


Holding: TypeAlias = Dense | Ranked


@dataclass(frozen=True)
class Drifted:
    """A holding at the next fill, before anything trades."""

    holding: Holding
    value: FloatArray  # (C,) per unit of money at the last fill
    last: FloatArray  # (m + 1,) relatives at this fill
    growth: float  # of cash since the last fill

    @property
    def cash(self) -> FloatArray:
        return self.holding.cash * (self.growth / self.value)

    def weights(self) -> FloatArray:
        """Drifted weights, (C, m)."""
        return self.holding.dense() * self.last[:-1] / self.value[:, None]
