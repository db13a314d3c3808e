"""Two independent simulations of one portfolio, the one right about costs and the peer's own."""

import numpy as np


def solve_exactly(prices, weights, fill_rows, cost):
    """Return the curve when each fill's cost c solves ``c = cost * sum |w (1 - c) - drifted|``.

    prices (n, m); weights (n_fills, m), fully invested. The solution is found by bisection.
    """
    equity, drifted, curve = 1.0, np.zeros(prices.shape[1]), []
    for target, start, end in zip(weights, fill_rows, [*fill_rows[1:], None], strict=True):
        low, high = 0.0, 4.0 * cost
        for _ in range(60):
            middle = 0.5 * (low + high)
            over = cost * np.abs(target * (1.0 - middle) - drifted).sum() > middle
            low, high = (middle, high) if over else (low, middle)
        equity *= 1.0 - low
        last = len(prices) - 1 if end is None else end
        values = prices[start : last + 1] / prices[start] @ target
        curve.extend(equity * (values if end is None else values[:-1]))
        equity *= values[-1]
        drifted = target * prices[last] / prices[start] / values[-1]
    return np.array(curve)


def size_like_vectorbt(prices, weights, fill_rows, cost):
    """Return the curve of vectorbt's rule for target percent with shared cash, `call_seq` auto.

    Targets are shares of the value before any cost. Orders go in ascending order of their value,
    so sales come first and the largest purchases last; a purchase takes what cash is left, and
    after the fees of all the others that is less than the last ones need.
    """
    cash, held, curve = 1.0, np.zeros(prices.shape[1]), []
    decisions = dict(zip(fill_rows.tolist(), weights, strict=True))
    for row in range(fill_rows[0], len(prices)):
        price = prices[row]
        if row in decisions:
            orders = decisions[row] * (cash + held @ price) - held * price
            cash += (1.0 - cost) * -orders[orders < 0.0].sum()
            buys = np.sort(orders[orders > 0.0])
            affordable = np.clip(cash / (1.0 + cost) - (np.cumsum(buys) - buys), 0.0, buys)
            ascending = np.argsort(orders, kind="stable")
            filled = np.minimum(orders, 0.0)
            filled[ascending[len(orders) - len(buys) :]] = affordable
            cash -= (1.0 + cost) * affordable.sum()
            # A name sold out leaves no last bit behind: equal orders must stay equal, in order.
            held = np.where(decisions[row] == 0.0, 0.0, held + filled / price)
        curve.append(cash + held @ price)
    return np.array(curve)
