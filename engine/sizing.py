"""From target weights to target quantities, on what the decision knew."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

import numpy as np

from engine.costs import BASIS_POINT, CostModel
from engine.purse import Purse
from engine.types import BoolArray, FloatArray, IntArray

# A quantity this near below a whole lot is that lot: 1e-12 of it is rounding of the last bits.
ROUNDING: Final = 1e-12
SHARES_PER_UNIT: Final = 1.0
FRACTIONS_PER_SHARE: Final = 10_000.0  # fractional quantities are multiples of 1e-4 share
RESERVE_ROUNDS: Final = 50


@dataclass(frozen=True, kw_only=True)
class Sizing:
    """What a decision asks of each asset."""

    quantity: FloatArray  # target quantity, whole lots
    gap: FloatArray  # |target weight - held weight|, the priority of purchases


def size_targets(
    weights: FloatArray,
    *,
    held: FloatArray,
    drifted: FloatArray,
    price: FloatArray,
    foreign: BoolArray,
    equity: float,
    costs: CostModel,
    slippage_bps: FloatArray,
    lots_per_share: float,
    most: float = 1.0,
    purse: Purse | None = None,
    currency: IntArray | None = None,
) -> Sizing:
    """Turn weights into whole lots that leave room for the costs of getting there.

    Parameters
    ----------
    weights : ndarray of shape (k,)
        Target weights, below 0 short, what the buffer of cash takes already taken. Equal to the
        drifted weight to the last bit means: do not trade.
    held, drifted : ndarray of shape (k,)
        Quantities held and their share of equity.
    price : ndarray of shape (k,)
        Prices the decision knows, base currency, no NaN.
    equity : float
        Value of the account at those prices, base currency.
    slippage_bps : ndarray of shape (k,)
        What each is expected to cost above its price.
    most : float
        Largest weight that a lot bought with what rounding left may lead to.
    purse : Purse, optional
        Balances by currency, of which `currency` (k,) says whose each asset is; without one each
        trade abroad is converted.

    Notes
    -----
    ``|q| = floor(|w| * investable / (price * (1 + slippage)))`` in lots. Of weights before the
    buffer, investable is ``equity * (1 - buffer)`` less the commissions and conversions of these
    very orders, solved as a fixed point.
    """
    idle = weights == drifted

    def converted(money: FloatArray) -> FloatArray:
        if purse is None or currency is None:
            return costs.conversion(np.abs(money), foreign)
        return purse.costs(money, currency)

    reserve = _reserve(weights, held * price, idle, converted, equity, costs)
    investable = equity - reserve / costs.invested
    paid = price * (1.0 + slippage_bps * BASIS_POINT)
    lots = np.floor(np.abs(weights) * investable / paid * lots_per_share * (1.0 + ROUNDING))
    if costs.residual_pass:
        wished = np.where(idle, 0.0, np.maximum(weights, 0.0))
        lots += _spend_rest(
            wished * investable,
            lots,
            paid / lots_per_share,
            most * investable,
            np.flatnonzero(wished),
        )
    quantity = np.where(idle, held, np.sign(weights) * lots / lots_per_share)
    return Sizing(quantity=quantity, gap=np.abs(weights - drifted))


def _spend_rest(
    money: FloatArray, lots: FloatArray, unit: FloatArray, most: float, bought: IntArray
) -> FloatArray:
    """Return one lot more (k,) of what lies furthest below its money, as far as the rest reaches.

    `money` (k,) is what each of `bought` is to be worth at `unit` a lot; its rounding down left
    less than one lot of each. Nothing is led above `most`.
    """
    short = money - lots * unit
    rest = float(short[bought].sum())
    more = np.zeros_like(lots)
    for k in bought[np.lexsort((bought, -short[bought]))].tolist():
        if unit[k] <= rest and (lots[k] + 1.0) * unit[k] <= most * (1.0 + ROUNDING):
            more[k] = 1.0
            rest -= float(unit[k])
    return more


def _reserve(
    weights: FloatArray,
    value: FloatArray,
    idle: BoolArray,
    converted: Callable[[FloatArray], FloatArray],
    equity: float,
    costs: CostModel,
) -> float:
    """Return the costs R of trading to ``weights * (equity - R / invested)``.

    A contraction where costs are proportional. A flat fee can make one order appear and vanish
    with its own fee; then the larger reserve, which can pay for it, is kept.
    """
    reserve, before = 0.0, -1.0
    for _ in range(RESERVE_ROUNDS):
        money = weights * (equity - reserve / costs.invested) - value
        money[idle | (np.abs(money) <= ROUNDING * equity)] = 0.0
        charged = costs.commission(np.abs(money)) + converted(money)
        before, reserve = reserve, min(float(charged.sum()), equity)
        if abs(reserve - before) <= ROUNDING * equity:
            return reserve
    return max(reserve, before)
