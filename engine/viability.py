"""How little money a run may begin with and still earn what its benchmark does.

Flat fees, whole shares and smallest parcels weigh on small accounts. The excess grows with the
capital almost, not exactly: shares come whole, so the search trusts no single crossing.
"""

import math
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Final, Literal

import numpy as np

from engine.backtest import Request, account
from engine.decide import Targets
from engine.errors import EngineError
from engine.panel import Panel
from engine.ratios import cagr
from engine.types import FloatArray

SMALLEST, LARGEST, POINTS = 1e3, 1e7, 25
BISECTIONS: Final = 6

Verdict = Literal["number", "always", "never", "unknown"]


@dataclass(frozen=True, kw_only=True)
class Viability:
    """`capital` is the smallest found that keeps up, and so does everything larger that was tried.

    `always` keeps up from the smallest tried on, `never` not even with the largest; `unknown`
    where a growth rate is undefined: under a year, or without a benchmark.
    """

    verdict: Verdict
    capital: float | None  # base currency; None unless a number or always
    # The largest found that keeps up where the market's own answer to large orders has eaten the
    # excess of everything larger; None where the largest tried keeps up, or nothing does.
    capacity: float | None = None
    # (capital, annual growth less the benchmark's, None where the account was ruined), ascending
    curve: tuple[tuple[float, float | None], ...] = ()


def smallest_capital(
    panel: Panel, chosen: Targets, request: Request, *, checkpoint: Callable[[float], None]
) -> Viability:
    """Search 1,000 to 10 million for the capital on which a run grows as its benchmark does, net.

    The decisions are those made; they are traded anew with each capital, costs and all. The
    benchmark is its index, which pays nothing. Where trades move prices the largest is sought too.
    """
    books = account(panel, chosen, request).books
    days = int(books.session[-1] - books.session[0])
    level = panel.benchmark[books.row]
    wanted = cagr(level[0], level[-1], days) if np.isfinite(level[[0, -1]]).all() else math.nan
    if math.isnan(wanted):
        return Viability(verdict="unknown", capital=None)

    def excess(capital: float) -> float | None:
        try:
            equity = account(panel, chosen, replace(request, capital=capital)).books.equity
        except EngineError:
            return None
        return cagr(equity[0], equity[-1], days) - wanted

    moved = request.costs.impact_coefficient > 0.0
    return search(excess, capacity=moved, checkpoint=checkpoint)


def search(
    excess: Callable[[float], float | None],
    *,
    capacity: bool = False,
    checkpoint: Callable[[float], None],
) -> Viability:
    """Go down the grid of capitals from its top to the first that fails, then between the two.

    For a `capacity`, where the top fails, go on to the first that keeps up.
    """
    grid: FloatArray = np.geomspace(SMALLEST, LARGEST, POINTS)
    tried: dict[float, float | None] = {}

    def passes(capital: float) -> bool:
        found = tried[capital] = excess(capital)
        checkpoint(min(len(tried) / (POINTS + BISECTIONS), 1.0))
        return found is not None and found >= 0.0

    failing = next((each for each in reversed(grid.tolist()) if not passes(each)), None)
    if failing is None:
        return Viability(verdict="always", capital=float(grid[0]), curve=_curve(tried))
    if failing == grid[-1]:
        lower = reversed(grid[:-1].tolist()) if capacity else iter(())
        most = next((each for each in lower if passes(each)), None)
        if most is not None:
            most = _between(min(each for each in tried if each > most), most, passes)
        return Viability(verdict="never", capital=None, capacity=most, curve=_curve(tried))
    viable = _between(failing, min(each for each in tried if each > failing), passes)
    return Viability(verdict="number", capital=viable, curve=_curve(tried))


def _between(failing: float, viable: float, passes: Callable[[float], bool]) -> float:
    """Return the capital nearest to one that fails, on the way from one that does not."""
    for _ in range(BISECTIONS):
        middle = math.sqrt(failing * viable)
        if passes(middle):
            viable = middle
        else:
            failing = middle
    return viable


def _curve(tried: dict[float, float | None]) -> tuple[tuple[float, float | None], ...]:
    return tuple(sorted(tried.items()))
