"""Shares and cash that are borrowed: on what terms, and what the account owes for them.

What a short sale brings stays with the lender as collateral. It is cash of the account, but earns
nothing and buys nothing. Each night the lender charges a fee on the market value; whoever is short
on an ex date pays the dividend. Where equity at a close is below a share of the gross exposure,
every position is reduced in proportion on the next open.
"""

from dataclasses import dataclass
from typing import Final

import numpy as np

from engine.errors import InvalidParameters
from engine.types import BoolArray, FloatArray, IntArray

BORROW_BPS: Final = 50.0  # a year, where the strategy has no parameter of its own
MAINTENANCE: Final = 0.3  # least equity over gross exposure at a close
DAYS: Final = 365.0
# Nobody publishes whose shares can be borrowed in Sydney, so nobody's are.
NOT_LENT: Final = frozenset({"XASX"})


@dataclass(frozen=True, kw_only=True)
class Shorting:
    """On what terms a run may sell what it does not hold."""

    borrow_bps: float = BORROW_BPS  # a year, of market value
    everywhere: bool = False  # also where no lender is known

    def __post_init__(self) -> None:
        if not 0.0 <= self.borrow_bps < np.inf:
            raise InvalidParameters(
                f"borrow_bps was {self.borrow_bps}; give a number of at least 0"
            )

    def borrow_fee(self, value: FloatArray, days: int) -> FloatArray:
        """Return the charge over `days` for positions worth `value`, below 0 where short."""
        fee: FloatArray = np.maximum(-value, 0.0) * (self.borrow_bps * 1e-4 * days / DAYS)
        return fee


def interest(cash: float, *, collateral: float, credit: float, debit: float) -> float:
    """Return what cash earns over some nights: at `credit` what is no collateral, else `debit`.

    Both are for all of the nights together, the debit's spread included.
    """
    if cash < 0.0:
        return cash * debit
    return max(cash - collateral, 0.0) * credit


def is_lent(markets: tuple[str, ...], market: IntArray, shorting: Shorting | None) -> BoolArray:
    """Tell of each asset (m,) whether a run on these terms may sell it short."""
    if shorting is None:
        return np.zeros(len(market), np.bool_)
    lends = np.array([shorting.everywhere or name not in NOT_LENT for name in markets], np.bool_)
    lent: BoolArray = lends[market]
    return lent


def share_kept(value: FloatArray, cash: float) -> float:
    """Return the share of every position that the margin allows to keep, 1 where it suffices.

    What is worth nothing needs no margin, even of an account that is ruined.
    """
    gross = float(np.abs(value).sum())
    equity = cash + float(value.sum())
    needed = MAINTENANCE * gross
    return 1.0 if equity >= needed or needed == 0.0 else max(equity, 0.0) / needed
