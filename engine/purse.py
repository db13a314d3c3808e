"""Cash of several currencies: what converting only what is short of costs.

Money is in the base currency throughout. Each currency pays what it owes from its own balance; what
it is short of is bought with base currency, and where that runs out it is bought with what other
currencies have over, in the order of their columns. Each amount that changes hands pays the rate.
"""

from dataclasses import dataclass

import numpy as np

from engine.types import FloatArray, IntArray


@dataclass(frozen=True, kw_only=True)
class Conversion:
    """Money that changed from one currency to another on one row."""

    row: int
    into: FloatArray  # (c,) each currency's own units, below 0 out of it; 0 in the base's column


@dataclass(frozen=True, kw_only=True)
class Purse:
    """Balances of an account and the cost of converting a unit of them."""

    home: float  # base currency
    abroad: (
        FloatArray  # (c,) what each currency's balance is worth, 0 in the base currency's column
    )
    rate: float

    def costs(self, money: FloatArray, currency: IntArray) -> FloatArray:
        """Return what conversions cost (k,) to pay `money` (k,), below 0 received."""
        return self.shared(money, currency, self.moved(self.needs(money, currency)))

    def needs(self, money: FloatArray, currency: IntArray) -> FloatArray:
        """Return what is to be paid in each currency, (c,)."""
        needs: FloatArray = np.bincount(currency, money, minlength=len(self.abroad)).astype(float)
        return needs

    def moved(self, needs: FloatArray) -> FloatArray:
        """Return what is converted into each currency (c,), below 0 out of it, 0 for the base.

        A debt of the base currency is paid too; it stays where nothing is over.
        """
        left = self.abroad - needs
        left[0] = 0.0
        into = np.maximum(-left, 0.0)
        asked = max(float(needs[0]), 0.0) + float(into.sum()) * (1.0 + self.rate)
        home = self.home - min(float(needs[0]), 0.0)
        missing = max(asked - home, 0.0)
        for column in np.flatnonzero(left > 0.0).tolist():
            out = min(float(left[column]), missing / (1.0 - self.rate))
            into[column] -= out
            missing -= out * (1.0 - self.rate)
        return into

    def shared(self, money: FloatArray, currency: IntArray, into: FloatArray) -> FloatArray:
        """Return the cost of conversions (c,) by who of `money` (k,) caused it.

        What was converted into a currency was for those who pay in it, what was converted out of
        one for all that base currency was spent on, or where nothing was, for all that moved alike.
        """
        paid = np.maximum(money, 0.0)
        bought = np.maximum(into, 0.0)
        asked = np.bincount(currency, paid, minlength=len(into))
        own = paid * np.divide(bought, asked, out=np.zeros_like(into), where=asked > 0.0)[currency]
        drawn = own + np.where(currency == 0, paid, 0.0)
        sold = float(np.abs(np.minimum(into, 0.0)).sum())
        moves = (money != 0.0) | ~money.any()
        drawn = drawn if drawn.any() else moves.astype(np.float64)
        share = drawn / drawn.sum() if sold > 0.0 else np.zeros_like(drawn)
        cost: FloatArray = self.rate * (own + sold * share)
        return cost

    def slack(self, needs: FloatArray) -> FloatArray:
        """Return the base currency left (...,) after `needs` (..., c); below 0 they are too much.

        What other currencies have over counts at what it would bring.
        """
        left = self.abroad - needs
        left[..., 0] = 0.0
        short, over = np.maximum(-left, 0.0), np.maximum(left, 0.0)
        spent = needs[..., 0] + short.sum(axis=-1) * (1.0 + self.rate)
        slack: FloatArray = self.home - spent + over.sum(axis=-1) * (1.0 - self.rate)
        return slack

    def spendable(self, column: int, needs: FloatArray) -> float:
        """Return the most that may be paid in one currency beside `needs` (c,), at least 0."""
        slack = max(float(self.slack(needs)), 0.0)
        if column == 0:
            return slack
        own = max(float(self.abroad[column] - needs[column]), 0.0)
        if slack <= own * (1.0 - self.rate):
            return slack / (1.0 - self.rate)
        return own + (slack - own * (1.0 - self.rate)) / (1.0 + self.rate)
