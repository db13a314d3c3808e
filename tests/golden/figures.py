"""The figures of engine.md 5 in plain Python, without a line of the code they check.

The risk-free rate is zero throughout.
"""

import math
from collections import defaultdict
from itertools import groupby, pairwise


def figures_of_curve(curve, dates):
    """Return the figures that follow from the equity and its dates alone."""
    returns = [after / before - 1.0 for before, after in pairwise(curve)]
    n = len(returns)
    mean = sum(returns) / n
    moment = {k: sum((r - mean) ** k for r in returns) / n for k in (2, 3, 4)}
    deviation = math.sqrt(moment[2] * n / (n - 1))
    downside = math.sqrt(sum(min(r, 0.0) ** 2 for r in returns) / n)
    ordered, tail = sorted(returns), n * 0.05
    whole = math.floor(tail)
    months = by_period(curve, [(day.year, day.month) for day in dates])
    years = by_period(curve, [day.year for day in dates])
    return falls(curve, dates) | {
        "final_value": curve[-1],
        "total_return": curve[-1] / curve[0] - 1.0,
        "mean_return": 252 * mean,
        "volatility": math.sqrt(252) * deviation,
        "downside_deviation": math.sqrt(252) * downside,
        "sharpe": math.sqrt(252) * mean / deviation,
        "sortino": math.sqrt(252) * mean / downside,
        "omega": sum(max(r, 0.0) for r in returns) / sum(max(-r, 0.0) for r in returns),
        "skew": moment[3] / moment[2] ** 1.5,
        "kurtosis": moment[4] / moment[2] ** 2,
        "var95": -ordered[math.ceil(tail) - 1],
        "cvar95": -(sum(ordered[:whole]) + (tail - whole) * ordered[whole]) / tail,
        "hit_rate": sum(r > 0 for r in returns) / sum(r != 0 for r in returns),
        "best_day": max(returns),
        "worst_day": min(returns),
        "best_month": max(months),
        "worst_month": min(months),
        "best_year": max(years),
        "worst_year": min(years),
        "longest_winning_run": longest(r > 0 for r in returns),
        "longest_losing_run": longest(r < 0 for r in returns),
        "sessions": len(curve),
    }


def falls(curve, dates):
    """Return the figures of the fall from the running peak; the deepest has been made good."""
    peaks, depths = [0], []
    for t, value in enumerate(curve):
        peaks.append(t if value >= curve[peaks[-1]] else peaks[-1])
        depths.append(value / curve[peaks[-1]] - 1.0)
    trough = depths.index(min(depths))
    peak = peaks[trough + 1]
    back = next(t for t in range(trough, len(curve)) if curve[t] >= curve[peak])
    return {
        "cagr": growth(curve, dates),
        "calmar": growth(curve, dates) / -min(depths),
        "max_drawdown": min(depths),
        "max_drawdown_days": (dates[back] - dates[peak]).days,
        "max_drawdown_fall_days": (dates[trough] - dates[peak]).days,
        "max_drawdown_fall_sessions": trough - peak,
        "max_drawdown_recovery_days": (dates[back] - dates[trough]).days,
        "max_drawdown_recovery_sessions": back - trough,
        "ulcer_index": math.sqrt(sum(depth**2 for depth in depths) / len(depths)),
    }


def figures_of_trading(curve, gross, weights, book, dates):
    """Return what was held and traded; `weights` has a row of shares of equity per session."""
    held = [[w for w in row if w > 0.0] for row in weights]
    breadth = [sum(row) ** 2 / sum(w * w for w in row) for row in held if row]
    return {
        "turnover": book.turnover / ((dates[-1] - dates[0]).days / 365.25),
        "exposure": sum(map(sum, held)) / len(held),
        "time_invested": sum(map(bool, held)) / len(held),
        "average_holdings": sum(map(len, held)) / len(held),
        "effective_holdings": sum(breadth) / len(breadth),
        "trade_count": len(book.fills),
        "total_costs": book.costs,
        "cost_drag": growth(gross, dates) - growth(curve, dates),
    }


def figures_of_round_trips(book):
    """Return the figures of the positions that were opened and closed again."""
    held, paid, got, trips = (defaultdict(float), defaultdict(float), defaultdict(float), [])
    for _, asset, quantity, price in book.fills:
        held[asset] += quantity
        if quantity > 0.0:
            paid[asset] += quantity * price + book.flat
        else:
            got[asset] += -quantity * price - book.flat
        if held[asset] == 0.0:
            cost, income = paid.pop(asset), got.pop(asset)
            trips.append((income - cost, (income - cost) / cost))
    wins, losses = ([t for t in trips if sign * t[0] > 0.0] for sign in (1, -1))
    won, lost = (sum(t[1] for t in each) / len(each) for each in (wins, losses))
    return {
        "trade_hit_rate": len(wins) / len(trips),
        "average_win": won,
        "average_loss": lost,
        "payoff_ratio": won / -lost,
        "profit_factor": sum(t[0] for t in wins) / -sum(t[0] for t in losses),
    }


def growth(curve, dates):
    return (curve[-1] / curve[0]) ** (365.25 / (dates[-1] - dates[0]).days) - 1.0


def longest(happened):
    return max((sum(1 for _ in run) for was, run in groupby(happened) if was), default=0)


def by_period(curve, keys):
    """Return the compounded return of each period, from the last session of the one before."""
    last = {key: t for t, key in enumerate(keys)}
    ends = sorted({0, *last.values()})
    return [curve[b] / curve[a] - 1.0 for a, b in pairwise(ends)]
