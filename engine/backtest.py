"""A whole backtest: decide, constrain, trade, measure, and say what it can be trusted for."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final

import numpy as np

from engine.costs import CostModel
from engine.decide import Checkpoint, Targets, decide, join_targets
from engine.errors import Infeasible, InvalidParameters, LookedAhead
from engine.execution import FillPolicy
from engine.fallbacks import MOST_RECORDS
from engine.guards import check_truncation, missing_figures
from engine.ledger import Ledger, simulate
from engine.limits import Constraints, OnInfeasible, constrain
from engine.option_assumptions import Modelled
from engine.option_book import OptionBook
from engine.option_opening import open_book
from engine.option_skews import compare_skews
from engine.orders import Orders
from engine.overlay import VolatilityTerms, volatility_scales
from engine.panel import Panel
from engine.report import Attribution, Guards, Result, report
from engine.schedule import DecisionClock, Rebalance
from engine.shorting import Shorting
from engine.signal_ledger import simulate_signals
from engine.strategies.base import Strategy
from engine.strategies.wrapping import Overlay
from engine.types import FloatArray

__all__ = ["Attribution", "Constraints", "Guards", "Orders", "Request", "Result", "run"]

# Where each stage ends on the way from 0 to 1.
DECIDED: Final = 0.35
TRADED: Final = 0.6
REPEATED: Final = 0.8
REPRICED: Final = 0.85
CHECKED: Final = 0.95


@dataclass(frozen=True, kw_only=True)
class Request:
    """One run: a strategy, the rows it covers, and the terms it trades under."""

    strategy: Strategy[Any]
    first_row: int
    last_row: int
    capital: float  # base currency
    rebalance: Rebalance
    constraints: Constraints
    costs: CostModel
    fill: FillPolicy
    whole_shares: bool
    clock: DecisionClock
    overlay_vol_target: float | None = None  # annual; None trades the strategy's own weights

    def __post_init__(self) -> None:
        if self.costs.residual_pass and self.constraints.caps_groups:
            raise InvalidParameters(
                "residual_pass was true, but groups are capped, and one share more may lead above"
                " a cap; leave out either"
            )


def run(panel: Panel, request: Request, *, checkpoint: Checkpoint) -> Result:
    """Run one backtest. `checkpoint(progress, stage)` may raise to stop it.

    1. Decide on every decision day, seeing only what was known (`engine.decide`).
    2. Constrain the weights; what cannot hold together stays in cash and is flagged. Under an
       overlay scale them by the volatility of the strategy's own account (`engine.overlay`).
    3. Trade them share by share (`engine.ledger`), and once more without costs. Options are traded
       at two other slopes of their modelled prices as well (`engine.option_skews`).
    4. Measure, tabulate, attribute.
    5. Decide again on truncated panels: nothing may change, else there is no result to show.

    Raises InsufficientHistory, MissingData, BrokenIdentity, LookedAhead.
    """
    if not (np.isfinite(request.capital) and request.capital > 0.0):
        raise InvalidParameters(f"capital was {request.capital}; give an amount above 0")
    chosen = decided(panel, request, _within(checkpoint, 0.0, DECIDED))
    targets, notes = constrain(panel, chosen, request.constraints)
    at_decided = _within(checkpoint, DECIDED, DECIDED)
    targets, overlay_flags = overlaid(panel, targets, request, at_decided)
    net = trade(panel, targets, request, request.costs, _within(checkpoint, DECIDED, TRADED))
    notes = (*notes, *net.notes)
    if net.notes and request.constraints.on_infeasible == OnInfeasible.FAIL:
        raise Infeasible(f"limits on {net.notes[0]}")
    free = request.costs.without_costs()
    gross = trade(panel, targets, request, free, _within(checkpoint, TRADED, REPEATED))
    if targets.signals:
        targets = replace(targets, weights=net.weights)
    skews = _skews(panel, request, net, _within(checkpoint, REPEATED, REPRICED))
    checkpoint(REPRICED, "checking")
    lookahead = check_truncation(panel, request.strategy, chosen, **_span(request))
    if not lookahead.free:
        raise LookedAhead(f"{request.strategy.key} looked ahead: {lookahead.detail}")
    checkpoint(CHECKED, "measuring")
    # Before its first decision a run is all cash, which flatters or hurts but tells nothing.
    warming_up = request.strategy.warmup > request.first_row + 1
    result = report(
        panel, targets, net, gross, lookahead=lookahead, notes=notes, warming_up=warming_up
    )
    silent = missing_figures(panel, request.strategy.inputs(), result.session)
    guards = replace(
        result.guards,
        flags=(*result.guards.flags, *overlay_flags),
        missing_data=(*result.guards.missing_data, *silent),
    )
    told = {**result.diagnostics, **skews, **_held_back(net.notes)}
    return replace(result, guards=guards, diagnostics=told)


def _held_back(notes: Sequence[str]) -> dict[str, Any]:
    """Return what the turnover cap kept out of reach as the result shows it, the first of many."""
    if not notes:
        return {}
    parted = [note.partition(": ") for note in notes[:MOST_RECORDS]]
    records = [{"day": day, "why": why} for day, _, why in parted]
    return {"turnover_cap": {"decisions": len(notes), "records": records}}


def decided(panel: Panel, request: Request, checkpoint: Checkpoint) -> Targets:
    """Return what the strategy of a request wants, before any limit. Raises InsufficientHistory."""
    return decide(panel, request.strategy, checkpoint=checkpoint, **_span(request))


def account(panel: Panel, chosen: Targets, request: Request) -> Ledger:
    """Return the net account of decisions that were made already: nothing is measured or checked.

    Raises BrokenIdentity, EngineError when the account is ruined.
    """
    targets, _ = constrain(panel, chosen, request.constraints)
    targets, _ = overlaid(panel, targets, request, lambda *_: None)
    return trade(panel, targets, request, request.costs, lambda *_: None)


def decide_within_limits(panel: Panel, request: Request) -> tuple[Targets, tuple[str, ...]]:
    """Return what a run trades towards, and in numbers what its limits left in cash.

    Raises InsufficientHistory.
    """
    targets, notes = _limited(panel, request)
    targets, _ = overlaid(panel, targets, request, lambda *_: None)
    return targets, notes


def _limited(panel: Panel, request: Request) -> tuple[Targets, tuple[str, ...]]:
    chosen = decide(panel, request.strategy, **_span(request))
    return constrain(panel, chosen, request.constraints)


def overlaid(
    panel: Panel, targets: Targets, request: Request, checkpoint: Checkpoint
) -> tuple[Targets, tuple[str, ...]]:
    """Return the targets scaled as the request asks, and what is to be said about it."""
    terms = _overlay(request)
    if terms is None:
        return targets, ()
    # What the account is worth on a day is known when the last of its markets has closed.
    unknown = 1 if request.clock is DecisionClock.ASX_CLOSE else 0
    first, own = _own_account(panel, targets, request, terms.window + unknown)
    ledger = trade(panel, own, replace(request, first_row=first), request.costs, checkpoint)
    books = ledger.books
    last = targets.rows - int(books.row[0]) - unknown
    scales, warming = volatility_scales(books.equity, last, terms, interest=books.interest)
    return targets.scaled(scales), ("overlay_warming_up",) if warming else ()


def _overlay(request: Request) -> VolatilityTerms | None:
    """Return the terms of the run's overlay: the request's, or those of its strategy."""
    target, strategy = request.overlay_vol_target, request.strategy
    if target is not None and strategy.kind == "options" and not strategy.wraps:
        raise InvalidParameters(
            f"overlay_vol_target was {target}; {strategy.key} holds options alone, whose size its"
            " own risk sets"
        )
    if not isinstance(strategy, Overlay):
        return None if target is None else VolatilityTerms(target=target)
    if target is not None:
        raise InvalidParameters(
            f"overlay_vol_target was {target}, and {strategy.key} has a target; give one of them"
        )
    return strategy.terms


def _own_account(
    panel: Panel, targets: Targets, request: Request, sessions: int
) -> tuple[int, Targets]:
    """Return the first row of the unscaled account, and what it trades towards.

    Where the strategy's history reaches it begins so many sessions before the first decision that
    its volatility is known by then; from then on it follows what the run decided.
    """
    strategy = request.strategy
    if isinstance(strategy, Overlay):
        strategy = strategy.primary
    ready = int(targets.rows[0])
    first = ready - sessions
    if first < strategy.warmup - 1:
        return request.first_row, targets
    before = replace(request, strategy=strategy, first_row=first, last_row=ready)
    lead, _ = _limited(panel, before)
    early = lead.rows < ready
    return first, join_targets([lead.select(early), targets])


def _span(request: Request) -> dict[str, Any]:
    return {
        "first_row": request.first_row,
        "last_row": request.last_row,
        "rebalance": request.rebalance,
        "clock": request.clock,
    }


def trade(
    panel: Panel, targets: Targets, request: Request, costs: CostModel, checkpoint: Checkpoint
) -> Ledger:
    """Trade decisions share by share, whatever they are made of."""
    if targets.signals:
        return trade_signals(panel, targets, request, costs, checkpoint)
    return simulate(
        panel,
        targets,
        costs=costs,
        fill=request.fill,
        whole_shares=request.whole_shares,
        capital=request.capital,
        first_row=request.first_row,
        last_row=request.last_row,
        trim=request.constraints.trim,
        shorting=_lending(request, costs),
        extra_slippage=_extra_slippage(panel, request, costs),
        derivatives=_options(panel, targets, request, costs),
        checkpoint=lambda share: checkpoint(share, "trading"),
    )


def trade_signals(
    panel: Panel, targets: Targets, request: Request, costs: CostModel, checkpoint: Checkpoint
) -> Ledger:
    """Trade entries, stops and exits. Raises InvalidParameters for fills they do not have."""
    if request.fill is not FillPolicy.NEXT_OPEN:
        raise InvalidParameters(
            f"fill was {request.fill}; {request.strategy.key} trades at opens, stops and targets,"
            f" choose {FillPolicy.NEXT_OPEN}"
        )
    return simulate_signals(
        panel,
        targets,
        costs=costs,
        whole_shares=request.whole_shares,
        capital=request.capital,
        first_row=request.first_row,
        last_row=request.last_row,
        extra_slippage=_extra_slippage(panel, request, costs),
        checkpoint=lambda share: checkpoint(share, "trading"),
    )


def _options(
    panel: Panel, targets: Targets, request: Request, costs: CostModel
) -> OptionBook | None:
    """Return the book of what the targets open; without costs nothing is charged in it either."""
    if not targets.opens:
        return None
    return open_book(
        panel,
        targets,
        policy=request.fill,
        charged=costs is request.costs,
        last_row=request.last_row,
    )


def _skews(
    panel: Panel, request: Request, net: Ledger, checkpoint: Checkpoint
) -> Mapping[str, Any]:
    """Return the run's figures at every slope of its modelled prices; nothing of any other run."""
    if not isinstance(request.strategy, Modelled):
        return {}

    def at(strategy: Strategy[Any]) -> Ledger:
        other = replace(request, strategy=strategy)
        targets, _ = decide_within_limits(panel, other)
        return trade(panel, targets, other, request.costs, checkpoint)

    return compare_skews(request.strategy, net, at)


def _extra_slippage(panel: Panel, request: Request, costs: CostModel) -> FloatArray | None:
    """Return what the strategy's assets cost on top (m,); nothing where costs are left out."""
    extra = request.strategy.extra_slippage()
    if not extra or costs is not request.costs:
        return None
    return np.array([extra.get(symbol, 0.0) for symbol in panel.symbols])


def _lending(request: Request, costs: CostModel) -> Shorting | None:
    """Return the terms of short sales; without costs the lender charges nothing either."""
    terms = request.strategy.shorting
    free = terms is not None and costs is not request.costs
    return replace(terms, borrow_bps=0.0) if terms is not None and free else terms


def _within(checkpoint: Checkpoint, start: float, end: float) -> Checkpoint:
    """Return the checkpoint of a stage that runs from `start` to `end` of the whole."""
    return lambda share, stage: checkpoint(start + share * (end - start), stage)
