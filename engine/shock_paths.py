"""A run that goes on through a shock: it decides, rebalances and stops on the way, and pays for it.

The same request begins anew some two years before the run's end, with the equity it had then, and
goes on over sessions that `engine.shock_market` draws. What it makes is counted from the run's last
session on. Each shock is drawn several times: around one and the same fall a strategy meets
different days.
"""

import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Final

import numpy as np

from engine.backtest import Request, account, decided
from engine.costs import BASIS_POINT, CostModel
from engine.decide import Targets
from engine.drawdowns import drawdowns
from engine.errors import BrokenIdentity, EngineError, PanelError
from engine.ledger import Ledger
from engine.panel import Panel
from engine.returns import MAX_GAP
from engine.scenarios import PATHS, PathShock
from engine.shock_market import Past, go_on, past_of
from engine.types import FloatArray

DRAWS: Final = 8
LEAD: Final = 504  # sessions for the account to become what the run's was
MARGIN: Final = 300  # before the lead's first decision, for overlays and late bars
MULTIPLIED: Final = (
    "commission_flat",
    "commission_bps",
    "minimum_commission",
    "slippage_bps",
    "half_spread_us_bps",
    "half_spread_au_bps",
    "half_spread_crypto_bps",
    "impact_coefficient",
    "fx_spread_bps",
)
MOST_BPS: Final = 0.99 / BASIS_POINT
NOTHING_HELD: Final = "the run held nothing before the shock or on the way, and cash does not fall"

Span = tuple[float, float]


@dataclass(frozen=True, kw_only=True)
class PathOutcome:
    """What a shock did over its draws; fractions of the equity before it, None where not told.

    A figure is the median of the draws, a span their lowest and highest.
    """

    key: str
    covered: bool
    reason: str | None = None  # why it is not
    draws: int = 0
    benchmark_return: float | None = None  # at the trough, base currency
    at_trough: float | None = None
    at_trough_span: Span | None = None
    at_end: float | None = None
    at_end_span: Span | None = None
    max_drawdown: float | None = None
    worst_drawdown: float | None = None
    turnover: float | None = None  # one way, all decisions on the way
    costs: float | None = None  # at least 0


def through_shocks(
    panel: Panel,
    chosen: Targets,
    ledger: Ledger,
    request: Request,
    *,
    seed: int,
    draws: int = DRAWS,
    shocks: Sequence[PathShock] = PATHS,
    checkpoint: Callable[[float], None],
) -> list[PathOutcome]:
    """Take a run through each shock, or say why it cannot be.

    Parameters
    ----------
    chosen, ledger : Targets, Ledger
        What the run decided and the account it made of it.
    seed : int
        Of the content: the same run meets the same days.
    """
    refused = _refusal(panel, chosen, request)
    past = None if refused else past_of(panel, request.last_row)
    if past is None:
        reason = refused or "the run's sessions are too few to draw from"
        return [PathOutcome(key=shock.key, covered=False, reason=reason) for shock in shocks]
    tail = _tail(chosen, ledger, request)
    found = []
    for number, shock in enumerate(shocks):
        made = 0

        def step(number: int = number) -> None:
            nonlocal made
            made += 1
            checkpoint((number + made / draws) / len(shocks))

        outcomes = _walks(panel, tail, past, shock, [seed, number], draws, step)
        try:
            found.append(_summary(shock, list(outcomes)))
        except (PanelError, BrokenIdentity):
            raise  # a fault of ours and not of the run's
        except EngineError as e:
            found.append(PathOutcome(key=shock.key, covered=False, reason=str(e)))
    return found


def _refusal(panel: Panel, chosen: Targets, request: Request) -> str | None:
    """Tell what of a run has no path of its own: published figures, and what is priced by them."""
    needed = request.strategy.inputs()
    if needed or chosen.opens:
        named = " and ".join(needed) or "the prices of options"
        return f"how {named} would move under a shock is not guessed"
    if not np.isfinite(panel.fx[request.last_row]).all():
        return "an exchange rate is unknown on the run's last session"
    return None


def _tail(chosen: Targets, ledger: Ledger, request: Request) -> Request:
    """Return the request from its last decision before the lead on, with the equity of then."""
    at = int(np.searchsorted(chosen.rows, request.last_row - LEAD, side="right")) - 1
    if at <= 0:
        return request
    first, books = int(chosen.rows[at]), ledger.books
    equity = float(books.equity[np.searchsorted(books.row, first)])
    return replace(request, first_row=first, capital=equity)


def _walks(
    panel: Panel,
    tail: Request,
    past: Past,
    shock: PathShock,
    seed: list[int],
    draws: int,
    step: Callable[[], None],
) -> Iterator[dict[str, float]]:
    start = max(tail.first_row - tail.strategy.warmup - MAX_GAP - MARGIN, 0)
    here = tail.last_row - start
    request = replace(
        tail,
        first_row=tail.first_row - start,
        last_row=here + shock.down + shock.recover,
        costs=_multiplied(tail.costs, shock.costs),
    )
    for number in range(draws):
        onward = go_on(panel, start, tail.last_row, past, shock, [*seed, number])
        chosen = decided(onward, request, lambda *_: None)
        ledger = account(onward, chosen, request)
        yield _figures(onward, ledger, here, here + shock.down)
        step()


def _multiplied(costs: CostModel, times: float) -> CostModel:
    values = {name: getattr(costs, name) for name in MULTIPLIED}
    raised = {
        name: min(value * times, MOST_BPS) if name.endswith("_bps") else value * times
        for name, value in values.items()
        if value is not None
    }
    return replace(costs, **raised)


def _figures(panel: Panel, ledger: Ledger, here: int, trough: int) -> dict[str, float]:
    """Return what one draw made from row `here` on."""
    books = ledger.books
    equity = books.equity[here - int(books.row[0]) :]
    before = float(equity[0])
    level = panel.benchmark
    return {
        "benchmark_return": float(level[trough] / level[here] - 1.0),
        "at_trough": float(equity[trough - here] / before - 1.0),
        "at_end": float(equity[-1] / before - 1.0),
        "max_drawdown": float(drawdowns(equity).min()),
        "turnover": float(ledger.turnover[ledger.decisions >= here].sum()),
        "costs": -float(books.costs[-len(equity) + 1 :].sum()) / before,
        "held": float(np.abs(books.value[-len(equity) :]).sum()),
    }


def _summary(shock: PathShock, outcomes: Sequence[dict[str, float]]) -> PathOutcome:
    drawn = {name: np.array([each[name] for each in outcomes]) for name in outcomes[0]}
    if not drawn["held"].any():
        return PathOutcome(key=shock.key, covered=False, reason=NOTHING_HELD)
    middle = {name: float(np.median(values)) for name, values in drawn.items()}
    benchmark = middle["benchmark_return"]
    return PathOutcome(
        key=shock.key,
        covered=True,
        draws=len(outcomes),
        benchmark_return=benchmark if math.isfinite(benchmark) else None,
        at_trough=middle["at_trough"],
        at_trough_span=_span(drawn["at_trough"]),
        at_end=middle["at_end"],
        at_end_span=_span(drawn["at_end"]),
        max_drawdown=middle["max_drawdown"],
        worst_drawdown=float(drawn["max_drawdown"].min()),
        turnover=middle["turnover"],
        costs=middle["costs"],
    )


def _span(drawn: FloatArray) -> Span:
    return float(drawn.min()), float(drawn.max())
